"""`askew predict`: asks for probabilities before a run, seals them in its folder, scores them after. Parses, prints."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.base.errors import AskewError
from askew.base.untrusted import visible
from askew.cli.design import Asked, takes_design
from askew.cli.options import JsonOption, OutOption
from askew.cli.tune import may_ask

if TYPE_CHECKING:
    from askew.design.design import Design
    from askew.design.predictions import Prediction

PREDICT_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew predict emergent-misalignment
  askew predict emergent-misalignment --as Ada --from ada.yaml
  askew predict emergent-misalignment --seeds 5 --out runs/mine
  askew predict --score runs/mine

Say it of the design that will be run: the same options find the same folder. Then `askew run` it; what was predicted is
scored at the end, in the terminal and in the report.
"""


@takes_design
def predict(
    asked: Asked,
    who: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who predicts.", show_default="your login")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Probabilities in YAML or JSON: `statement: 80%`, a line each."),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(metavar="ID=PROBABILITY", help="The probability of one statement; may be given again."),
    ] = None,
    score: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Only score what was predicted of a finished run.")
    ] = None,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Predict a run before there are numbers: a probability for each statement of its study, sealed in its folder."""
    from askew.cli import printing_predict as terminal_predict

    if score is not None:
        if asked.study or asked.config or asked.given or file or answer or who or out:
            raise AskewError("--score takes a run's folder and nothing else but --json")
        _score(score, as_json)
        return
    from askew.runs.predictions import check_can_seal, seal, statements
    from askew.runs.store import folder_of

    design = asked.design()
    folder, name = folder_of(design, out), _login() if who is None else who
    found = statements(design)
    check_can_seal(folder, design, name)
    probabilities = _probabilities(design, found, file, answer or [])
    sealed = seal(folder, design, name, probabilities)
    terminal_predict.print_seal(sealed, folder.path, as_json)


def _probabilities(
    design: "Design", found: "list[Prediction]", file: Path | None, answers: list[str]
) -> dict[str, float]:
    """Gather a probability for every statement: said on the command line, else in the file, else at the terminal."""
    from askew.cli import printing_predict as terminal_predict
    from askew.design.forecast_file import read_answers, read_file
    from askew.design.study import studies

    known = [one.id for one in found]
    given = {**(read_file(file, known) if file else {}), **read_answers(answers, known)}
    missing = [one for one in found if one.id not in given]
    if missing and (given or not may_ask()):
        raise AskewError(
            f"no probability for {', '.join(one.id for one in missing)}: give one by --answer {missing[0].id}=PERCENT, "
            "or in the file of --from. `askew list statements` has the sentences"
        )
    return given or terminal_predict.ask(studies.get(design.study).question, missing)


def _score(folder: Path, as_json: bool) -> None:
    from askew import load_run
    from askew.cli import printing_predict as terminal_predict

    predicted = load_run(folder).predicted
    if predicted is None:
        raise AskewError(f"nobody predicted the run in {folder}: askew predict does, before a run is made")
    if predicted.changed:
        raise AskewError(
            f"what {visible(', '.join(predicted.changed))} predicted in {folder} is not what was sealed for this run: "
            "it was changed or damaged since, or is of another design. It is not scored: restore predictions.json"
        )
    terminal_predict.print_scores(predicted, as_json)


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise AskewError("say who predicts: --as NAME") from error
