"""Prints what `askew judge` found: a judged file, a run with its rates, or how far two readings agree."""

import math
from typing import TYPE_CHECKING

from askew.cli.judge_check import print_check
from askew.cli.terminal import console, text

if TYPE_CHECKING:
    from rich.console import Console

    from askew.judging.judge_file import FileSummary
    from askew.judging.validate import Validation
    from askew.runs.run import Run
    from askew.runs.second_judge import SecondOpinion
    from askew.stats.agreement import LengthBias, ScoreAgreement, VerdictAgreement


def print_judged_run(run: "Run", as_json: bool) -> None:
    """Print a run whose rates were filled in."""
    from askew.cli.audit import print_audit
    from askew.cli.run import print_run, run_as_json
    from askew.studies.audit.gate import Gate

    if run.study.command == "audit":
        print_audit(run, Gate(), as_json)
    elif as_json:
        print(run_as_json(run))
    else:
        print_run(run)


def print_file(summary: "FileSummary") -> None:
    """Print the scores that a judge gave the answers in a file."""
    from askew.judging.answer_rows import broken_text

    out = console()
    for found in summary.rubrics:
        words = ", ".join(f"{word} {count:,}" for word, count in found.words.most_common())
        mean = "" if found.mean is None else f", mean {found.mean:.1f}"
        said = "".join(f", {count:,} {reply}" for reply, count in sorted(found.replies.items()))
        ways = " and ".join(f"{count:,} from {way}" for way, count in sorted(found.scored_by.items()))
        out.print(f"{found.rubric}: {found.judged:,} judged{mean}{said} ({ways})", markup=False)
        if words:
            out.print(f"  {words}", markup=False)
    reused = f"; {summary.reused:,} judgements were reused" if summary.reused else ""
    out.print(
        f"{summary.answers:,} answers, {summary.different:,} different, judged by {summary.judge}{reused}",
        markup=False,
        soft_wrap=True,
    )
    if summary.broken:
        out.print(text(broken_text(summary.broken, summary.broken_rows, "not judged")), soft_wrap=True)
    print_check(out, summary.check)
    out.print(f"Judged answers: {summary.out}", markup=False, soft_wrap=True)


def print_validation(found: "Validation") -> None:
    """Print the agreement of a judge with people."""
    from askew.judging.answer_rows import broken_text

    out = console()
    out.print(f"{found.judge} against the labels of {found.answers:,} answers", style="bold", markup=False)
    if found.broken:
        out.print(text(broken_text(found.broken, found.broken_rows, "left out")), soft_wrap=True)
    if found.verdicts is not None:
        _print_verdicts(out, found.verdicts, found.metric, "people", "judge")
    _print_scores(out, found.scores, "the judge minus people")
    for name, bias in found.length.items():
        _print_length(out, name, bias)


def print_opinion(found: "SecondOpinion") -> None:
    """Print the agreement of two judges and the rates by each."""
    from rich.table import Table

    from askew.report import wording

    out = console()
    out.print(f"{found.second} (second) against the run's {found.first} (first)", style="bold", markup=False)
    print_check(out, found.check)
    _print_verdicts(out, found.verdicts, found.metric, "first", "second")
    _print_scores(out, found.scores, "the second minus the first")
    table = Table(
        "arm", "probe", title=f"misaligned, by {found.metric}", title_justify="left", box=None, pad_edge=False
    )
    for heading in ("first", "second"):
        table.add_column(heading, justify="right")
    for row in found.rates.to_dict("records"):
        cells = [
            f"{wording.rate(row[which], row[f'{which}_low'], row[f'{which}_high'])} of {row[f'n_{which}']:,}"
            for which in ("first", "second")
        ]
        table.add_row(text(row["arm"]), text(row["probe"]), *cells)
    out.print(table)
    out.print(f"Second opinions: {found.table}", markup=False, soft_wrap=True)


def _print_verdicts(out: "Console", found: "VerdictAgreement", metric: str, first: str, second: str) -> None:
    from rich.table import Table

    from askew.report import wording

    unjudged = f"; {found.unjudged:,} without a verdict" if found.unjudged else ""
    out.print(f"verdicts by {metric}: {found.n:,} compared{unjudged}", markup=False)
    out.print(f"  the same      {wording.rate(found.agreement, found.low, found.high)}", markup=False)
    kappa = f"{_number(found.kappa)} [{_number(found.kappa_low)}, {_number(found.kappa_high)}]"
    out.print(f"  Cohen's kappa {kappa}, Krippendorff's alpha {_number(found.alpha)}", markup=False)
    table = Table(f"{first} ↓ {second} →", box=None, pad_edge=False)
    names, counts = list(found.confusion), found.confusion.to_numpy()
    used = [i for i in range(len(names)) if counts[i].any() or counts[:, i].any()]
    for i in used:
        table.add_column(text(names[i]), justify="right")
    for i in used:
        table.add_row(text(names[i]), *(f"{counts[i, k]:,}" for k in used))
    out.print(table)


def _print_scores(out: "Console", found: "dict[str, ScoreAgreement]", error: str) -> None:
    for name, score in found.items():
        out.print(
            f"{name} scores: {score.n:,} compared, Krippendorff's alpha {_number(score.alpha)}, {error} "
            f"{_number(score.mean_error, '+.1f')} on the mean, {_number(score.mean_absolute_error, '.1f')} apart",
            markup=False,
            soft_wrap=True,
        )


def _print_length(out: "Console", name: str, bias: "LengthBias") -> None:
    thirds = ", ".join(
        f"{_number(part.mean_error, '+.2f')} at {part.shortest:,}–{part.longest:,} characters" for part in bias.terciles
    )
    rho = f"Spearman's rho {_number(bias.rho, '+.2f')} (p {_number(bias.p)})"
    out.print(
        f"error of {name} by length: {rho}; on the mean {thirds}",
        markup=False,
        soft_wrap=True,
    )


def _number(value: float, form: str = ".3f") -> str:
    return "–" if math.isnan(value) else format(value, form).replace("-", "−")
