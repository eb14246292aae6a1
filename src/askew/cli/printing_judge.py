"""What `askew judge` prints: how far it is, what a judge thinks of a file, and how well it agrees; all as JSON, too."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from askew.data.written.job import Product
    from askew.judging.grade_file import FileSummary
    from askew.judging.validate import Validation
    from askew.runs.second_judge import SecondOpinion
    from askew.stats.agreement import LengthBias, ScoreAgreement, VerdictAgreement


@contextmanager
def progress(
    doing: str = "judging", done_so_far: str = "judged"
) -> Iterator[tuple[Callable[[int, int], None], Callable[[str], None]]]:
    """Show on standard error how much is done of something; give what is told so, and what is told anything else."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    columns = [TextColumn(doing), BarColumn(bar_width=32), MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        bar = bars.add_task("", total=None)

        def told(done: int, total: int) -> None:
            bars.update(bar, completed=done, total=total)
            if not console.is_terminal:
                console.print(f"  {done:,} of {total:,} {done_so_far}")

        yield told, lambda text: console.print(text, markup=False, soft_wrap=True)


def as_json(found: "FileSummary | Validation | SecondOpinion | list[Product]") -> str:
    """Return everything that was found, for scripts; what is not known is null."""
    return json.dumps(_plain(found), indent=2, ensure_ascii=False)


def show(found: "FileSummary | Validation | SecondOpinion") -> None:
    """Print what was found, for people."""
    _SHOWN[type(found).__name__](found)


def _print_file(summary: "FileSummary") -> None:
    """Print what a judge thinks of the answers in a file."""
    console = _console()
    for found in summary.rubrics:
        words = ", ".join(f"{word} {count:,}" for word, count in found.words.most_common())
        mean = "" if found.mean is None else f", mean {found.mean:.1f}"
        said = "".join(f", {count:,} {reply}" for reply, count in sorted(found.replies.items()))
        ways = " and ".join(f"{count:,} from {way}" for way, count in sorted(found.scored_by.items()))
        console.print(f"{found.rubric}: {found.judged:,} judged{mean}{said} ({ways})", markup=False)
        if words:
            console.print(f"  {words}", markup=False)
    console.print(
        f"{summary.answers:,} answers, {summary.different:,} different, judged by {summary.judge}", markup=False
    )
    console.print(f"Judged answers: {summary.out}", markup=False, soft_wrap=True)


def _print_validation(found: "Validation") -> None:
    """Print how well a judge agrees with people."""
    console = _console()
    console.print(f"{found.judge} against the labels of {found.answers:,} answers", style="bold", markup=False)
    if found.verdicts is not None:
        _print_verdicts(console, found.verdicts, found.metric, "people", "judge")
    _print_scores(console, found.scores, "the judge minus people")
    for name, bias in found.length.items():
        _print_length(console, name, bias)


def _print_opinion(found: "SecondOpinion") -> None:
    """Print two judges beside each other."""
    from rich.table import Table
    from rich.text import Text

    from askew.report import wording

    console = _console()
    console.print(f"{found.second} (second) against the run's {found.first} (first)", style="bold", markup=False)
    _print_verdicts(console, found.verdicts, found.metric, "first", "second")
    _print_scores(console, found.scores, "the second minus the first")
    table = Table(
        "arm", "probe", title=f"misaligned, by {found.metric}", title_justify="left", box=None, pad_edge=False
    )
    for heading in ("first", "second"):
        table.add_column(heading, justify="right")
    for row in found.rates.to_dict("records"):
        cells = [f"{wording.percent(row[which])} of {row[f'n_{which}']:,}" for which in ("first", "second")]
        # As text, for names of people's own are no markup.
        table.add_row(Text(str(row["arm"])), Text(str(row["probe"])), *cells)
    console.print(table)
    console.print(f"Second opinions: {found.table}", markup=False, soft_wrap=True)


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False)


def _print_verdicts(console: "Console", found: "VerdictAgreement", metric: str, first: str, second: str) -> None:
    from rich.table import Table

    from askew.report import wording

    unjudged = f"; {found.unjudged:,} without a verdict" if found.unjudged else ""
    console.print(f"verdicts by {metric}: {found.n:,} compared{unjudged}", markup=False)
    console.print(f"  the same      {wording.rate(found.agreement, found.low, found.high)}", markup=False)
    kappa = f"{_number(found.kappa)} [{_number(found.kappa_low)}, {_number(found.kappa_high)}]"
    console.print(f"  Cohen's kappa {kappa}, Krippendorff's alpha {_number(found.alpha)}", markup=False)
    table = Table(f"{first} ↓ {second} →", box=None, pad_edge=False)
    names, counts = list(found.confusion), found.confusion.to_numpy()
    used = [i for i in range(len(names)) if counts[i].any() or counts[:, i].any()]
    for i in used:
        table.add_column(str(names[i]), justify="right")
    for i in used:
        table.add_row(str(names[i]), *(f"{counts[i, k]:,}" for k in used))
    console.print(table)


def _print_scores(console: "Console", found: "dict[str, ScoreAgreement]", error: str) -> None:
    for name, score in found.items():
        console.print(
            f"{name} scores: {score.n:,} compared, Krippendorff's alpha {_number(score.alpha)}, {error} "
            f"{_number(score.mean_error, '+.1f')} on the mean, {_number(score.mean_absolute_error, '.1f')} apart",
            markup=False,
            soft_wrap=True,
        )


def _print_length(console: "Console", name: str, bias: "LengthBias") -> None:
    thirds = ", ".join(
        f"{_number(part.mean_error, '+.2f')} at {part.shortest:,}–{part.longest:,} characters" for part in bias.terciles
    )
    rho = f"Spearman's rho {_number(bias.rho, '+.2f')} (p {_number(bias.p)})"
    console.print(
        f"error of {name} by length: {rho}; on the mean {thirds}",
        markup=False,
        soft_wrap=True,
    )


def _number(value: float, form: str = ".3f") -> str:
    return "–" if math.isnan(value) else format(value, form).replace("-", "−")


def _plain(value: Any) -> Any:
    """Return something as JSON has it."""
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return _plain(_frame(value))
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    return str(value) if isinstance(value, Path) else value


def _frame(table: "pd.DataFrame") -> Any:
    """Return a confusion table by its rows' names, any other table as a list of rows."""
    if table.index.dtype.kind in "iu":
        return json.loads(table.to_json(orient="records"))
    return json.loads(table.to_json(orient="index"))


_SHOWN: dict[str, Callable[[Any], None]] = {
    "FileSummary": _print_file,
    "Validation": _print_validation,
    "SecondOpinion": _print_opinion,
}
