"""`askew predict`: asks for probabilities before a run, seals them in its folder, and scores them afterwards."""

import getpass
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from askew.base.errors import AskewError
from askew.base.json_values import plain
from askew.base.untrusted import visible
from askew.cli.design import Given, takes_design
from askew.cli.options import JsonOption, OutOption, StudyArgument
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, may_ask, plain_table, text

if TYPE_CHECKING:
    from rich.table import Table

    from askew.design.predictions import Prediction
    from askew.runs.predictions import Seal
    from askew.stats.forecasts import ScoredForecasts

PREDICT_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew predict emergent-misalignment
  askew predict emergent-misalignment --as Ada --from ada.yaml
  askew predict emergent-misalignment --seeds 5 --out runs/mine
  askew predict --score runs/mine

Give the options that you will give to `askew run`: the same options lead to the same folder. The run scores the
predictions at its end, in the terminal and in the report.
"""

_SCALE = """\
How likely is it that this run will show the following? Answer in percent: 0 is certainly not, 50 no idea, 100 certain.
The scores reward honest probabilities. Nothing is saved before the last answer; Ctrl-C discards everything.
"""
_ADVICE = """\
The hash protects against accidents. To prove later that nothing was changed, send it to another person beforehand."""


@takes_design("run")
def predict(
    given: Given,
    study: StudyArgument = None,
    who: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Your name as a forecaster.", show_default="your login")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Probabilities in YAML or JSON, one `statement: 80%` per line."),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(metavar="ID=PROBABILITY", help="The probability of one statement. May be repeated."),
    ] = None,
    score: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Only score the predictions of a finished run.")
    ] = None,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Predict a run's results before it starts: seal a probability for each statement of its study."""
    if score is not None:
        if study or given.config or given.settings or file or answer or who or out:
            raise AskewError("--score takes a run's folder and no other option but --json")
        _score(score, as_json)
        return
    from askew.design.make import make_plan
    from askew.runs.predictions import check_can_seal, seal, statements
    from askew.runs.store import folder_of

    plan = make_plan(study, given.config, given.settings)
    folder, name = folder_of(plan, out), _login() if who is None else who
    found = statements(plan)
    check_can_seal(folder, plan, name)
    probabilities = _probabilities(plan.study.question, found, file, answer or [])
    print_seal(seal(folder, plan, name, probabilities), folder.path, as_json)


def _probabilities(question: str, found: "list[Prediction]", file: Path | None, answers: list[str]) -> dict[str, float]:
    """Return a probability for every statement: from the command line, else from the file, else from the terminal."""
    from askew.design.forecast_file import read_answers, read_file

    known = [one.id for one in found]
    given = {**(read_file(file, known) if file else {}), **read_answers(answers, known)}
    missing = [one for one in found if one.id not in given]
    if missing and (given or not may_ask()):
        raise AskewError(
            f"no probability for {', '.join(one.id for one in missing)}: add --answer {missing[0].id}=PERCENT, "
            "or a line in the file of --from. `askew list statements` shows the statements"
        )
    return given or _ask(question, missing)


def _ask(question: str, statements: "Sequence[Prediction]") -> dict[str, float]:
    """Ask for the probability of each statement until one is given, all on standard error.

    Args:
        question: The study's question.
        statements: The statements.

    Returns:
        Probabilities, 0-1, by id.
    """
    from askew.design.forecast_file import read_probability

    print(f"{question}\n\n{_SCALE}", file=sys.stderr)
    answers: dict[str, float] = {}
    for number, one in enumerate(statements, start=1):
        print(f"{number} of {len(statements)}. {one.statement}", file=sys.stderr)
        while one.id not in answers:
            try:
                answers[one.id] = read_probability(typer.prompt("  percent", err=True))
            except AskewError as error:
                print(f"  {error}", file=sys.stderr)
    return answers


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise AskewError("the name of your login is unknown: add --as NAME") from error


def _score(folder: Path, as_json: bool) -> None:
    from askew.runs.run import load_run

    predicted = load_run(folder).predicted
    if predicted is None:
        raise AskewError(f"the run in {folder} has no predictions: use `askew predict` before the run")
    if predicted.changed:
        raise AskewError(
            f"the predictions of {visible(', '.join(predicted.changed))} in {folder} are not scored: they were changed "
            "or damaged after they were sealed, or belong to another design. Restore predictions.json"
        )
    print_scores(predicted, as_json)


def print_seal(seal: "Seal", folder: Path, as_json: bool) -> None:
    """Print sealed predictions and their hash."""
    from rich.table import Table

    from askew.runs.store import PREDICTIONS

    file = folder / PREDICTIONS
    if as_json:
        print(to_json({"file": str(file), **seal.model_dump()}))
        return
    out = console()
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    for one in seal.statements:
        table.add_row(f"{100 * one.probability:g}%", text(one.statement))
    out.print(table)
    begun = "while the run was under way" if seal.begun else "before the run"
    out.print(f"Sealed for {seal.who}, {begun}, in {file}", soft_wrap=True, markup=False)
    out.print(f"SHA-256: {seal.sha256}", soft_wrap=True)
    out.print(_ADVICE, style="dim")


def print_scores(predicted: "ScoredForecasts", as_json: bool = False) -> None:
    """Print the score of each prediction, then each forecaster's mean beside the naive forecast."""
    from askew.report.sections import predictions as words

    if as_json:
        print(to_json(plain_predictions(predicted)))
        return
    out = console()
    if predicted.forecasts:
        out.print(_table("What was predicted", words.STATEMENT_HEADINGS, _once(words.statement_rows(predicted))))
        out.print(_table("Mean scores; smaller is better", words.MEAN_HEADINGS, words.mean_rows(predicted)))
    for note in words.notes(predicted):
        out.print(visible(note), style="dim", markup=False)


def plain_predictions(predicted: "ScoredForecasts") -> dict[str, Any]:
    """Return scored predictions as plain data; unknown numbers are None."""
    from askew.stats.forecasts import CLIPPED_AT, NAIVE, mean_scores

    return {
        "scores": [plain(asdict(one)) for one in mean_scores(predicted.forecasts)],
        "statements": [plain({**asdict(one), "brier": one.brier, "log": one.log}) for one in predicted.forecasts],
        "forecasters": [asdict(one) for one in predicted.forecasters],
        "naive_probability": NAIVE,
        "log_clipped_at": CLIPPED_AT,
    }


def _once(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the rows without a statement and its outcome where the row above has the same."""
    before = ["", *(row[0] for row in rows[:-1])]
    return [("", "", *row[2:]) if row[0] == above else row for row, above in zip(rows, before, strict=True)]


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> "Table":
    table = plain_table(title)
    table.add_column(headings[0], overflow="fold")
    for heading in headings[1:]:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*map(text, row))
    return table
