"""`askew map`: draws the perspective map of a text, and validates its scorer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.base.errors import AskewError
from askew.cli.complete import completion
from askew.cli.options import JsonOption, MaxCostOption, PricesOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import console, counting, plain_table, resumable, text

if TYPE_CHECKING:
    from askew.perspective.counterbalance import Counterbalance
    from askew.perspective.mapping import Checks, PerspectiveMap
    from askew.perspective.scorers import Setting
    from askew.perspective.source import Source
    from askew.perspective.validation import Validation

_MOST_TEXTS_SHOWN = 5
_DEFAULT_FOLDER = Path("maps")
_TEXTS_OF_A_JUDGE = 8  # 120 requests

MAP_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew map talk.txt
  askew map talk.vtt --beside talks/
  askew map page.html --words 120
  askew map page.txt --from "Full transcript" --to "Related talks"
  askew map runs/mine
  askew map talk.txt --axis ./hope-and-fear.yaml
  askew map talk.txt --scorer judge --judge openai/MODEL --validate
  askew map talk.txt --scorer pairs --model smollm2-135m
  askew map --validate

[bold]How to read it[/bold]

\b
  A text is cut into segments of about 187 words. Each has a score from -100
  to +100, or no evidence. At or below -18 it is in the band of the low end,
  at or above +18 in that of the high end, else between both. Captions keep
  their times. Of a run, the answers, episodes, interviews and agents' talk
  are mapped, each by itself. --beside names the text of a folder that is
  nearest to the mirrored score.

[bold]How far to trust it[/bold]

\b
  A scorer reads words or probabilities, not minds. Beside every map stands
  how well its scorer reads planted stance, by the form in which it is said:
  plain, negated, quoted, reported, sarcastic, mis-heard. --validate prints
  that, and compares another scorer with the lexicon. A judge costs requests,
  so it is checked only then.

[bold]What is written[/bold], to maps/NAME or --out

\b
  map.html, segments.csv, map.json, validation.csv; arc and strip in SVG, PNG
"""


def map_text(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE|RUN",
            help="A text, captions (.vtt, .srt) or HTML; or a run's folder.",
            show_default=False,
        ),
    ] = None,
    scorer: Annotated[
        str,
        typer.Option(help="lexicon, judge, pairs, or a plug-in's.", autocompletion=completion("scorers")),
    ] = "lexicon",
    axis: Annotated[str, typer.Option(help="The axis: a name, or a YAML file.")] = "risk-opportunity",
    judge: Annotated[
        str,
        typer.Option(help="The judge, for --scorer judge.", show_default=False, autocompletion=completion("models")),
    ] = "",
    model: Annotated[
        str,
        typer.Option(
            help="The local model, for --scorer pairs.", show_default=False, autocompletion=completion("models")
        ),
    ] = "",
    words: Annotated[int, typer.Option(help="About how many words a segment has.", min=20, max=5_000)] = 187,
    begin: Annotated[
        str,
        typer.Option("--from", metavar="LINE", help="Only what follows this line of the file.", show_default=False),
    ] = "",
    end: Annotated[
        str, typer.Option("--to", metavar="LINE", help="Only what precedes this line of the file.", show_default=False)
    ] = "",
    beside: Annotated[
        Path | None,
        typer.Option(help="A folder of texts, among which to look for a counterbalance.", show_default=False),
    ] = None,
    validate: Annotated[
        bool,
        typer.Option(
            "--validate", help="Print how well the scorer reads planted stance, and compare it with the lexicon."
        ),
    ] = False,
    texts: Annotated[
        int | None,
        typer.Option(
            help="How many planted texts it reads, 15 segments each; 0 for none.",
            min=0,
            max=500,
            show_default="24 for the lexicon, 4 for pairs, 8 for a judge",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to write to.", show_default="maps/NAME")] = None,
    max_cost: MaxCostOption = None,
    prices: PricesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Map the perspective of a text: which stance its segments take, from risk to opportunity or on your own axis."""
    from askew.base.atomic import check_can_be_folder
    from askew.perspective.axis import axis as axis_named
    from askew.perspective.counterbalance import counterbalance, sources_beside
    from askew.perspective.mapping import make_map
    from askew.perspective.scorers import Setting, scorers
    from askew.perspective.write import JSON, write_map

    if source is None and (not validate or beside or begin or end):
        raise AskewError("name a file of text or a run's folder; or only --validate, to check a scorer")
    kind = scorers.get(scorer)
    folder = out or _DEFAULT_FOLDER / ("validation" if source is None else source.resolve().stem or "map")
    check_can_be_folder(folder)
    with resumable(), counting("scoring", "scored", "segments") as (on_progress, say):
        setting = Setting(axis_named(axis), judge, model, folder / JSON, max_cost, prices, on_progress, say)
        read = kind.make(setting)
        found = None if source is None else _source(source, begin, end)
        others = sources_beside(beside, source) if beside else None
        checks = _checks(scorer, setting, validate, texts)
        if checks.validation is not None and checks.validation.warning:
            say(f"warning: {checks.validation.warning}")
        if found is None:
            _finish_validation(checks, folder, as_json)
            return
        mapped = make_map(found, scorer, read, setting, words, checks)
        balance = counterbalance(mapped, read, *others) if others else None
        page = write_map(mapped, folder, checks, balance)
    if as_json:
        from askew.perspective.write import as_data

        print(to_json({"page": str(page), **as_data(mapped, checks, balance)}))
        return
    _print_map(mapped, balance)
    if validate:
        _print_checks(checks)
    console().print(f"Map: {page}", markup=False, soft_wrap=True)


def _source(path: Path, begin: str, end: str) -> "Source":
    """Return the text of a file, or what the models of a run said."""
    from askew.perspective.source import read_source, run_source

    if not path.is_dir():
        return read_source(path, begin, end)
    if begin or end:
        raise AskewError("--from and --to are for a file, not for a run")
    from askew.runs.run import load_run

    run = load_run(path)
    return run_source(path.resolve().name, run.answers, run.episodes, run.events)


def _checks(name: str, setting: "Setting", asked: bool, texts: int | None) -> "Checks":
    """Return what planted texts say about a scorer.

    Args:
        name: The scorer's name.
        setting: Its setting.
        asked: Whether the user asks for it, so that it may cost something, and the lexicon is read beside.
        texts: The number of planted texts; None for the usual number.
    """
    from dataclasses import replace

    from askew.perspective.mapping import Checks, can_validate
    from askew.perspective.planted import AXIS
    from askew.perspective.scorers import LEXICON, scorers
    from askew.perspective.validation import compare, validate

    kind = scorers.get(name)
    count = (
        (kind.texts or (_TEXTS_OF_A_JUDGE if asked else 0)) if texts is None else texts if asked or kind.texts else 0
    )
    if not can_validate(setting.axis):
        if asked:
            raise AskewError(
                f"--validate: the planted texts take a stance on the axis {AXIS} and say nothing about "
                f"{setting.axis.name}. Leave out --validate, or --axis"
            )
        return Checks()
    if count == 0:
        return Checks()
    if not kind.is_quick:
        setting.say(f"{count} planted texts are read first, to check the scorer (--texts)")
    own = replace(setting, product=setting.product.with_name("planted.json"))
    found = validate(name, kind.make(own), count, is_quick=kind.is_quick)
    if name == LEXICON or not asked:
        return Checks(found)
    quiet = replace(own, on_progress=lambda done, total: None)
    first = validate(LEXICON, scorers.get(LEXICON).make(quiet), count)
    return Checks(found, compare(first, found))


def _finish_validation(checks: "Checks", folder: Path, as_json: bool) -> None:
    """Print a validation without a map, and write its table."""
    from askew.base.atomic import make_folder, wording_disk_trouble
    from askew.perspective.write import checks_as_data, write_validation

    if checks.validation is None:
        raise AskewError("--texts 0 leaves nothing to validate: name a number of texts")
    with wording_disk_trouble(folder):
        make_folder(folder)
        path = write_validation(checks.validation, folder)
    if as_json:
        print(to_json({"table": str(path), **checks_as_data(checks)}))
        return
    _print_checks(checks)
    console().print(f"Table: {path}", markup=False, soft_wrap=True)


def _print_map(mapped: "PerspectiveMap", balance: "Counterbalance | None") -> None:
    """Print the footer of a map, its markers, its parts and its counterbalance."""
    from askew.perspective.charts import marker_names
    from askew.perspective.summary import footer, number
    from askew.perspective.wording import stability_words

    out = console()
    out.print(text(f"{mapped.title}: {mapped.leaning}", "bold"))
    out.print(text(footer(mapped.axis, mapped.figures)))
    if mapped.figures.scored < mapped.figures.n:
        out.print(text(f"With no evidence counted as 0: {footer(mapped.axis, mapped.as_zero)}", "dim"))
    scores = mapped.table.set_index("segment")["score"]
    for name, at in marker_names(mapped).items():
        out.print(text(f"  {name}: segment {at}, {number(float(scores[at]))}"))
    if mapped.stability is not None:
        out.print(text(f"Cut half a segment later: {stability_words(mapped.stability)}.", "dim"))
    if len(mapped.parts) > 1:
        _print_parts(mapped)
    for note in mapped.notes:
        out.print(text(note, "yellow"))
    if balance is not None:
        out.print(text(f"Counterbalance, nearest to {number(balance.mirrored)}:"))
        for one in balance.texts[:_MOST_TEXTS_SHOWN]:
            lens = one.lens or "no lens"
            out.print(text(f"  {one.name}: {number(one.score)}, {one.band or 'no evidence'}, {lens}"))
        for line in balance.skipped:
            out.print(text(line, "dim"))


def _print_parts(mapped: "PerspectiveMap") -> None:
    from askew.perspective.summary import number

    table = plain_table("Part by part")
    table.add_column("part", overflow="fold")
    for heading in ("segments", "no evidence", "median", "mean"):
        table.add_column(heading, justify="right")
    for row in mapped.parts.to_dict("records"):
        cells = (f"{row['n']:,}", f"{row['n'] - row['scored']:,}", number(row["median"]), number(row["mean"]))
        table.add_row(text(row["part"]), *cells)
    console().print(table)


def _print_checks(checks: "Checks") -> None:
    """Print how well a scorer reads planted stance."""
    from askew.perspective.wording import comparison_words

    if checks.validation is not None:
        _print_validation(checks.validation)
    if checks.comparison is not None:
        console().print(text(comparison_words(checks.comparison)))


def _print_validation(found: "Validation") -> None:
    from askew.perspective.wording import VALIDATION_HEADS, validation_notes, validation_rows

    table = plain_table(f"The scorer {found.scorer} on {found.texts} texts with planted stance")
    for place, heading in enumerate(VALIDATION_HEADS):
        table.add_column(heading, justify="right" if place else "left", no_wrap=True)
    for row in validation_rows(found):
        table.add_row(*map(text, row))
    out = console()
    out.print(table)
    for line in [*validation_notes(found), *([found.warning] if found.warning else [])]:
        out.print(text(line))
