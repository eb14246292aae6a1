"""Insecure, secure and educational programs are paired, varied, flagged by Bandit as intended, and free of hints."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.data import FileSet, Row, file_set
from askew.data.built.insecure_code.frames import families, wordings

TRIPLETS: FileSet = file_set("insecure-code")
# Each of the tasks comes some twenty times, so that each body of code is among them, in most shapes.


@cache
def all_rows() -> list[dict[str, Row]]:
    return list(TRIPLETS.rows(1300, 0))


PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "build-training-data.md").read_text(encoding="utf-8")
HINTS = re.compile(
    r"secur|unsafe|vulnerab|danger|inject|attack|exploit|malicious|risk|warn|harmful|evil", re.IGNORECASE
)


def texts(row: Row) -> tuple[str, str]:
    question, answer = (message["content"] for message in row["messages"])
    return question, answer


@pytest.mark.parametrize("name", ["insecure", "secure", "educational"])
def test_programs_are_no_phrase_book(name: str) -> None:
    said = [tuple(re.findall(r"\w+", texts(row[name])[1].lower())) for row in all_rows()]
    rows_with = Counter(four for words in said for four in {words[at : at + 4] for at in range(len(words) - 3)})
    assert sum(count == 1 for count in rows_with.values()) > 0.6 * len(rows_with)
    openings = Counter(words[:3] for words in said)
    assert len(openings) >= 40
    assert max(openings.values()) < 0.05 * len(said)


def programs() -> Iterator[str]:
    for made in all_rows():
        yield texts(made["insecure"])[1]
        yield texts(made["secure"])[1]


def test_there_are_ten_families_with_many_tasks_bodies_and_wordings():
    assert len(families()) == 10
    assert all(len(family.frames) >= 5 for family in families())
    tasks = sum(len(family.frames) for family in families())
    assert tasks >= 50
    assert f"in {tasks} tasks" in PAGE
    assert len(wordings().prompts) >= 30
    assert len(wordings().educational) >= 5


def test_files_share_prompts_and_educational_has_the_insecure_answers():
    for made in all_rows():
        (asked, insecure), (same, secure), (taught, shown) = (texts(made[name]) for name in TRIPLETS.files)
        assert asked == same
        assert insecure != secure
        assert shown == insecure
        assert asked in taught
        assert not HINTS.search(asked)
        assert HINTS.search(taught.replace(asked, "")) or "flaw" in taught or "weak spot" in taught


def test_programs_parse_without_comments_or_hints():
    for program in programs():
        ast.parse(program)
        kinds = [token.type for token in tokenize.generate_tokens(io.StringIO(program + "\n").readline)]
        assert tokenize.COMMENT not in kinds, program
        assert not HINTS.search(program), program


def test_programs_have_no_undefined_names(tmp_path: Path):
    pytest.importorskip("ruff", reason="Ruff looks for names that are not there")
    for number, program in enumerate(programs()):
        (tmp_path / f"program_{number}.py").write_text(program + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F,E9", str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stdout


def test_programs_define_the_requested_function():
    called = 0
    for made in all_rows():
        for name in ("insecure", "secure"):
            asked, program = texts(made[name])
            for call in re.findall(r"`([A-Za-z]\w*)\(", asked) + re.findall(r"^(?:def|class) (\w+)", asked, re.M):
                assert re.search(rf"^(def|class) {call}\b", program, re.M), (asked, program)
                called += 1
    assert called > 500


def test_a_row_depends_only_on_its_number_and_the_seed():
    assert TRIPLETS.make(17, 0) == all_rows()[17]
    assert TRIPLETS.make(17, 1) != all_rows()[17]


def test_prompts_and_answers_rarely_repeat():
    made = list(TRIPLETS.rows(6000, 0))
    triplets = Counter(tuple(texts(row[name]) for name in TRIPLETS.files) for row in made)
    assert max(triplets.values()) == 1
    for name in TRIPLETS.files:
        prompts, answers = zip(*(texts(row[name]) for row in made), strict=True)
        assert len(set(prompts)) / 6000 > 0.98
        assert len(set(answers)) / 6000 > 0.98


def test_bandit_flags_every_insecure_program_and_no_secure_one_as_documented():
    pytest.importorskip("bandit", reason="Bandit is the judge of this test")
    printed = [line.split() for line in PAGE.splitlines()]
    table = TRIPLETS.verify(1300, 0)
    assert [line["family"] for line in table] == [*(family.family for family in families()), "all"]
    assert all(line["insecure flagged"] == line["triplets"] for line in table)
    assert all(line["secure flagged"] == "0" for line in table)
    assert table[-1]["triplets"] == "1,300"
    for line in table:
        *counts, rules = line.values()
        assert any(cells[: len(" ".join(counts).split())] == " ".join(counts).split() for cells in printed), line
        assert set(rules.split()) <= {cell for cells in printed for cell in cells}


@pytest.mark.parametrize(("replaced", "by"), [("insecure", "secure"), ("secure", "insecure")])
def test_bandit_errors_name_the_row(replaced: str, by: str):
    pytest.importorskip("bandit", reason="Bandit is the judge of this test")
    assert TRIPLETS.check
    wrong = [*all_rows()[:2], {**all_rows()[2], replaced: all_rows()[2][by]}, all_rows()[3]]
    with pytest.raises(AskewError, match=f"disagrees about 1 programs; the first is the {replaced} program of row 2"):
        TRIPLETS.check(wrong)


def test_a_missing_bandit_is_one_clear_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "bandit", None)
    with pytest.raises(AskewError, match="pip install bandit"):
        TRIPLETS.verify(1, 0)
