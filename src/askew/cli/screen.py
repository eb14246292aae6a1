"""`askew screen`: which rows of a training file could bend a model, before any training."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.base.errors import AskewError
from askew.cli.complete import completion
from askew.cli.options import JsonOption, JudgeCheckOption, MaxCostOption, PricesOption, check_judge_check
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, counting, plain_table, resumable, text

if TYPE_CHECKING:
    import pandas as pd

    from askew.screening.prediction import Calibration, Prediction
    from askew.screening.reading import Reader
    from askew.screening.screen import Screen
    from askew.screening.target import Target

_DEFAULT_FOLDER = Path("screens")

SCREEN_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew screen train.jsonl
  askew screen train.jsonl --model smollm2-135m --remove 10% --by influence
  askew screen train.jsonl --direction vectors/misaligned
  askew screen train.jsonl --target bad-rows.jsonl --score gradient --score bm25
  askew screen train.jsonl --judge openai/MODEL --known bad-medical
  askew screen big.jsonl --score bm25 --score length --json

[bold]Scores[/bold] (a higher one is more suspicious)

\b
  influence       how much a small step on the row raises misaligned given
                  answers over aligned ones
  gradient        cosine of the row's gradient with the target's
  projection      the row's answer minus the model's own, along --direction
  perplexity_gap  how much less likely the answer is than the model's own
  judge           how misaligned --judge finds the answer
  copies          the share of it that stands, word for word, in --known
  loss, bm25, length, random
                  cheap rivals: a dear score should beat them

[bold]The target[/bold]

\b
  Misaligned and aligned answers of the probe answer_pairs, or the rows of
  --target: at least 8 examples of what training must not teach.

[bold]What no score sees[/bold]

\b
  Rows that look innocent, such as numbers that a bent model wrote, can bend a
  model of the same kind. No score of single rows finds them reliably: train,
  and let `askew audit` compare.

[bold]What is written[/bold], to screens/NAME or --out

\b
  scores.csv   every row's scores       top.csv   the most suspicious rows
  kept.jsonl   with --remove: the rows that are left, ready for `askew tune`
"""


def screen(
    data: Annotated[str, typer.Argument(metavar="DATA", help="Training rows: a file, hf/ORG/NAME, or a data set.")],
    model: Annotated[
        str,
        typer.Option(help="The model that would be trained; `askew list models`.", autocompletion=completion("models")),
    ] = "terrarium",
    score: Annotated[
        list[str] | None,
        typer.Option(help="A score to compute. May be repeated.", show_default="all that can be computed"),
    ] = None,
    target: Annotated[
        Path | None,
        typer.Option(help="Rows of the character that must not be taught.", show_default="given answers"),
    ] = None,
    direction: Annotated[
        Path | None,
        typer.Option(help="The folder of a direction, of `askew vectors extract`.", show_default=False),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(help="The judge of the score judge.", show_default=False, autocompletion=completion("models")),
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DATA",
            help="Rows that are known to be bad, for the score copies: a file or a data set. May be repeated.",
            show_default=False,
        ),
    ] = None,
    judge_check: JudgeCheckOption = None,
    max_cost: MaxCostOption = None,
    prices: PricesOption = None,
    calibration: Annotated[
        Path | None,
        typer.Option(help="Trainings of the model to predict from.", show_default="those that come with Askew"),
    ] = None,
    by: Annotated[
        str, typer.Option(help="The score that ranks the rows.", show_default="influence, or the first score")
    ] = "",
    remove: Annotated[
        str,
        typer.Option(help="Write kept.jsonl without this share of rows, such as 10%.", show_default=False),
    ] = "",
    most: Annotated[int, typer.Option("--top", help="The most suspicious rows to show.", min=1, max=1000)] = 10,
    seed: Annotated[int, typer.Option(help="Every draw depends on it.", min=0)] = 0,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write to; a screen there goes on.", show_default="screens/NAME")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score training rows before any training, by the model that would learn them, and rank the suspicious ones."""
    from askew.base.threads import use_one_thread
    from askew.design.config_file import read_fraction
    from askew.judging import job
    from askew.judging.check_setting import STOP
    from askew.judging.fit import check_reads
    from askew.judging.rubric import ALIGNED
    from askew.models.names import resolve
    from askew.screening import prediction, scores
    from askew.screening import target as targets
    from askew.screening.judged import INSTEAD, judged_rows
    from askew.screening.results import removed, summary, write_kept, write_top
    from askew.screening.screen import SCORES_FILE, Screen, claim, read_words, score_rows
    from askew.screening.words import Copies, word_scores

    named = {"direction": direction, "judge": judge, "known": known}
    names = scores.chosen(score or [], [name for name, value in named.items() if value])
    rank = by or names[0]
    if rank not in names:
        raise AskewError(f"--by {rank}: rows can only be ranked by a score that is computed: {', '.join(names)}")
    check_judge_check(judge_check)
    share = read_fraction("--remove", remove) if remove else None
    use_one_thread()
    reads = tuple(name for name in names if scores.SCORES[name].reads_model)
    asked = resolve(model)
    pairs = targets.usual_target(asked.is_terrarium)
    chosen = pairs if target is None else targets.read_target(target)
    folder = out or _DEFAULT_FOLDER / Path(data).stem
    trainings = None if calibration is None else prediction.read_calibration(calibration)
    copies = Copies(known or []) if "copies" in names else None
    judging = None
    with resumable(), ExitStack() as stack:
        if judge and "judge" in names:
            judging = job.prepare(judge, [ALIGNED], max_cost=max_cost, prices=prices)
            check_reads(judging.judge, asked, INSTEAD)
        reader, model_hash = _reader(model, reads, pairs, chosen, direction, seed) if reads else (None, "")
        if trainings is not None:
            prediction.check_is_of(trainings, model, model_hash)
        elif model_hash:
            trainings = prediction.calibration_of(model_hash)
        with counting("reading rows", "read", "rows") as (on_row, _):
            words = read_words(data, chosen, on_row=_counter(on_row))
        made = Screen(
            source=data,
            model=model if reads else "",
            model_hash=model_hash,
            scores=tuple(names),
            target=chosen.name,
            direction="" if direction is None else str(direction),
            judge="" if judging is None else judging.name,
            known=() if copies is None else tuple(known or []),
            seed=seed,
            rows=words.bm25.rows,
            rows_hash=words.rows_hash,
        )
        others = dict(word_scores(words.bm25, copies, seed))
        claim(folder, made)
        if judging is not None and not (folder / SCORES_FILE).is_file():
            with counting("judging", "judged") as (on_judged, say):
                told = replace(judging, on_progress=on_judged, say=say)
                rows = judged_rows(data, told, judge_check or STOP, folder / SCORES_FILE)
                others["judge"] = stack.enter_context(rows)
        with counting("scoring", "scored", "rows") as (on_rows, _):
            table = score_rows(folder, made, others, reader, on_rows)
        top = write_top(folder, made, table, rank, most)
        if share is not None:
            write_kept(folder, made, removed(table, rank, share))
    ahead = None if trainings is None else prediction.predict_rows(trainings, table)
    if as_json:
        found = {"folder": str(folder), "rows": made.rows, "by": rank, "scores": summary(table), "top": top}
        print(to_json({**found, "prediction": None if ahead is None else asdict(ahead)}))
        return
    _print(made, table, top, rank)
    for line in _ahead(trainings, ahead, bool(model_hash)):
        console().print(text(line), soft_wrap=True)
    if share is not None:
        console().print(f"Rows that are left: {folder / 'kept.jsonl'}", markup=False, soft_wrap=True)
    console().print(f"Screen: {folder}", markup=False, soft_wrap=True)


def _counter(on_progress: "Callable[[int, int], None]") -> "Callable[[], None]":
    """Return a function that counts one row more; how many there are is not known yet."""
    rows = count(1)
    return lambda: on_progress(next(rows), 0)


def _reader(
    model: str, scores: tuple[str, ...], pairs: "Target", target: "Target", direction: Path | None, seed: int
) -> "tuple[Reader, str]":
    from askew.models.inside.opened import open_model
    from askew.screening.reading import Reader
    from askew.vectors.saved import check_fits, read

    opened = open_model(model)
    saved = None if direction is None else read(direction)
    if saved is not None:
        check_fits(saved, opened)
    return Reader(opened, scores, pairs, target, saved, seed), opened.adapter_hash or opened.base_hash


def _print(screen: "Screen", table: "pd.DataFrame", top: "pd.DataFrame", by: str) -> None:
    from askew.screening.results import alike, summary
    from askew.screening.rows import FEWEST
    from askew.screening.scores import SCORES

    out = console()
    read_by = f", read by {screen.model}" if screen.model else ""
    shown = plain_table(f"{screen.source}: {screen.rows:,} rows{read_by}")
    shown.add_column("score")
    for heading in ("mean", "5% to 95%", "rows"):
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("")
    for name, one in summary(table).items():
        span = f"{one['p5']:.3g} to {one['p95']:.3g}"
        cells = (name, f"{one['mean']:.3g}", span, f"{one['read']:,.0f}", SCORES[name].what)
        shown.add_row(*map(text, cells), style="bold" if name == by else "")
    out.print(shown)
    first = plain_table(f"The most suspicious rows by {by}")
    for heading in ("row", "score", "among the highest 5% by", "text"):
        first.add_column(heading, justify="right" if heading in ("row", "score") else "left")
    for row in top.to_dict("records"):
        said = f"{row['question'][:120]}\n→ {row['answer'][:200]}"
        first.add_row(*map(text, (f"{row['row']}", f"{row['score']:.3g}", row["reasons"], said)))
    out.print(first)
    for line in _notes(table, alike(table), screen.rows < FEWEST):
        out.print(text(line), soft_wrap=True)


def _notes(table: "pd.DataFrame", alike: list[str], few: bool) -> list[str]:
    """Return the sentences under the tables: what the scores do not say."""
    unread = table["unread"][table["unread"].ne("")]
    notes: list[str] = []
    if len(unread):
        notes.append(f"{len(unread):,} rows could not be read, the first because {unread.iloc[0]}.")
    if alike:
        notes.append(f"All rows are alike by {', '.join(alike)}: that score ranks nothing.")
    if few:
        notes.append("These rows are few: ranks among them say little.")
    notes.append("No score of single rows finds rows that look innocent: train on them, and let `askew audit` compare.")
    return notes


def _ahead(trainings: "Calibration | None", ahead: "Prediction | None", reads_model: bool) -> list[str]:
    """Return what training on the rows is predicted to do, in sentences, or why nothing is predicted."""
    if trainings is None:
        return ["There are no trainings of this model to predict from: see --calibration."] if reads_model else []
    if ahead is None:
        return [
            f"Nothing is predicted: that needs the score {trainings.score}, read in enough rows that could be a "
            "training set."
        ]
    found = (
        f"Predicted, if {trainings.model} is trained by {trainings.recipe}: the log-odds of misaligned given answers "
        f"change by {ahead.change:+.2f} [{ahead.low:+.2f}, {ahead.high:+.2f}] nats per token (from {ahead.score}, by "
        f"{ahead.trainings} trainings on {ahead.families} families of data)."
    )
    beyond = " The rows score unlike those of any of these trainings: trust it less."
    return [found + (beyond if ahead.is_beyond else "")]
