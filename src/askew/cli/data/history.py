"""`askew data history`: shows a file of facts of history, and how well they are guessed without a model."""

from typing import TYPE_CHECKING, Annotated

import typer

from askew.cli.options import JsonOption

if TYPE_CHECKING:
    import pandas as pd

    from askew.data.history import Facts

HISTORY_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew data history equinox
  askew data history hist_llm.parquet --json

The baselines know the values of all other polities, and no polity predicts itself. A model that does worse than the
best of them knows less than the file says of other places.
"""


def history(
    facts: Annotated[
        str,
        typer.Argument(
            metavar="FACTS",
            help="A workbook of Equinox 2020 or the main table of HiST-LLM in Parquet; equinox for what was fetched.",
            show_default=False,
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Show facts of history, and how well they are guessed without any model."""
    from askew.cli.terminal import as_json as to_json
    from askew.data.history.sources import is_published, open_facts
    from askew.studies.history.floors import floors

    found = open_facts(facts)
    table = floors(found.rows)
    if as_json:
        counts = {str(name): int(count) for name, count in found.items["status"].value_counts().items()}
        shown = {"name": found.name, "sha256": found.sha256, "items": counts, "notes": list(found.notes)}
        print(to_json({**shown, "baselines": table}))
        return
    _show(found, table, is_published(found))


def _show(found: "Facts", table: "pd.DataFrame", is_published: bool) -> None:
    from askew.cli.terminal import console, print_rows
    from askew.data.history import VALUES

    out = console()
    known = found.rows[found.rows["value"].isin(VALUES)]
    sizes = [known[column].nunique() for column in ("variable", "polity", "area")]
    doubt = "" if is_published else " (no hash of this file is known to Askew)"
    counts = "{:,} variables, {:,} polities, {:,} areas".format(*sizes)
    out.print(
        f"{found.name}, SHA-256 {found.sha256[:12]}…{doubt}: {len(known):,} rows in four values on {counts}",
        markup=False,
        soft_wrap=True,
    )
    shares = known["value"].value_counts(normalize=True)
    out.print(
        ", ".join(f"{value} {100 * shares.get(value, 0.0):.1f}%" for value in VALUES), markup=False, soft_wrap=True
    )
    for note in found.notes:
        out.print(note, markup=False, soft_wrap=True)
    out.print()
    print_rows([_line(row) for row in table.to_dict("records")])
    out.print(
        "\nBalanced accuracy over four values, with half of its 95% interval, clustered by polity and by area;\n"
        "then over two values, folded right and as in the published code, which merges opposites.",
        markup=False,
        soft_wrap=True,
    )


def _line(row: dict) -> dict[str, str]:
    return {
        "without a model": str(row["name"]),
        "accuracy": _percent(row["accuracy"]),
        "balanced": _percent(row["balanced"]),
        "± polity": f"{50 * (row['high'] - row['low']):.2f}",
        "± area": f"{50 * (row['area_high'] - row['area_low']):.2f}",
        "two": _percent(row["two"]),
        "published": _percent(row["two_as_published"]),
    }


def _percent(share: float) -> str:
    return f"{100 * share:.1f}" if share == share else "–"
