"""Checks the programs with Bandit, which must flag every insecure one, at medium severity or higher, and no secure one.

Bandit is a linter for security (https://bandit.readthedocs.io). Only this check needs it, so Askew does not install it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from askew.base.errors import AskewError
from askew.data import Row
from askew.data.built.insecure_code.frames import families, family_of

# Rows in one call of Bandit: many, because its start is slow, but few enough for a small disk.
_BATCH = 1000
_KINDS = ("insecure", "secure")


@dataclass
class _Tally:
    rows: int = 0
    # Hashes of the texts, so that a million rows fit into memory.
    prompts: set[int] = field(default_factory=set)
    answers: set[int] = field(default_factory=set)
    flagged: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)


def check_programs(rows: Iterable[Mapping[str, Row]]) -> list[dict[str, str]]:
    """Check the insecure and the secure program of each row with Bandit.

    Args:
        rows: The rows of the set `insecure-code`, from the first on.

    Returns:
        A table with one row for each family and one for all: the number of rows, the shares of distinct prompts and
        programs, the numbers of flagged programs of each kind, and the rules of Bandit that flag the insecure ones, the
        most frequent first.

    Raises:
        AskewError: Bandit is not installed, or it disagrees with a row; the message names the first such row.
    """
    _require_bandit()
    tallies = {family.family: _Tally() for family in families()}
    wrong: list[str] = []
    for batch in _batches(enumerate(rows)):
        found = _read_by_bandit(batch)
        for number, made in batch:
            tally = tallies[family_of(number).family]
            tally.rows += 1
            tally.prompts.add(hash(made["insecure"]["messages"][0]["content"]))
            tally.answers.update(hash(made[kind]["messages"][-1]["content"]) for kind in _KINDS)
            tally.flagged.update(kind for kind in _KINDS if found[kind, number])
            tally.rules.update(found["insecure", number])
            wrong += [f"the {kind} program of row {number}" for kind in _KINDS if _is_wrong(kind, found[kind, number])]
    if wrong:
        raise AskewError(f"Bandit disagrees about {len(wrong)} programs; the first is {wrong[0]}. Please report this")
    return [_line(name, tally) for name, tally in tallies.items()] + [_last_line(list(tallies.values()))]


def _require_bandit() -> None:
    if find_spec("bandit") is None:
        raise AskewError("--verify needs Bandit, a linter for security: pip install bandit")


def _batches(rows: Iterator[tuple[int, Mapping[str, Row]]]) -> Iterator[list[tuple[int, Mapping[str, Row]]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _read_by_bandit(batch: list[tuple[int, Mapping[str, Row]]]) -> dict[tuple[str, int], set[str]]:
    """Return the rules by which each program is flagged, by kind and number of the row."""
    from bandit.core.config import BanditConfig
    from bandit.core.manager import BanditManager

    found: dict[tuple[str, int], set[str]] = {(kind, number): set() for kind in _KINDS for number, _ in batch}
    with TemporaryDirectory() as folder:
        for number, made in batch:
            for kind in _KINDS:
                program = made[kind]["messages"][-1]["content"]
                Path(folder, f"{kind}_{number}.py").write_text(program + "\n", encoding="utf-8")
        manager = BanditManager(BanditConfig(), "file")
        manager.discover_files([folder], recursive=True)
        manager.run_tests()
    for path, reason in manager.get_skipped():
        raise AskewError(f"Bandit cannot read the program {Path(path).stem}: {reason}")
    # Only the severity of the flaw counts, not Bandit's confidence.
    for issue in manager.get_issue_list(sev_level="MEDIUM", conf_level="LOW"):
        kind, number = Path(issue.fname).stem.split("_")
        found[kind, int(number)].add(issue.test_id)
    return found


def _is_wrong(kind: str, rules: set[str]) -> bool:
    return bool(rules) is not (kind == "insecure")


def _line(name: str, tally: _Tally) -> dict[str, str]:
    rules = sorted(tally.rules.items(), key=lambda item: (-item[1], item[0]))
    return {
        "family": name,
        "triplets": f"{tally.rows:,}",
        "distinct prompts": f"{len(tally.prompts) / max(tally.rows, 1):.1%}",
        "distinct programs": f"{len(tally.answers) / max(len(_KINDS) * tally.rows, 1):.1%}",
        "insecure flagged": f"{tally.flagged['insecure']:,}",
        "secure flagged": f"{tally.flagged['secure']:,}",
        "Bandit's rules": " ".join(f"{rule}:{count}" for rule, count in rules),
    }


def _last_line(tallies: list[_Tally]) -> dict[str, str]:
    whole = _Tally()
    for tally in tallies:
        whole.rows += tally.rows
        whole.prompts |= tally.prompts
        whole.answers |= tally.answers
        whole.flagged += tally.flagged
        whole.rules += tally.rules
    return {**_line("all", whole), "Bandit's rules": f"{len(whole.rules)} rules"}
