"""Runs a sweep: every design of a grid in a folder of its own, beneath one folder with one table and one report."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from askew.base.atomic import check_can_be_folder, make_folder, wording_disk_trouble, write_whole
from askew.base.errors import AskewError
from askew.base.json_objects import read_object
from askew.base.json_values import plain
from askew.design.design import digest_of
from askew.design.executors import LOCAL
from askew.design.grid import Grid, SweptDesign
from askew.models.remote.prices import money
from askew.runs import cost, pool
from askew.runs.looks import asked_so_far
from askew.runs.outlook import SECONDS_TO_REPORT, SECONDS_TO_START, summary
from askew.runs.pace import TERRARIUM_PACE
from askew.runs.run import Run
from askew.runs.runner import NO_CONSENT, run_plan
from askew.runs.store import REPORT, RunFolder
from askew.runs.sweep.shared_work import SharedWork, key_of
from askew.runs.work import Consent, Work, by_kind, planned

if TYPE_CHECKING:
    from collections.abc import Callable

RECORD, RUNS = "sweep.json", "runs"
ASKS_FROM, REFUSES_FROM = 100, 10_000
"""A sweep of more designs asks first; one of so many is refused without consent on the command line."""


@dataclass(frozen=True)
class SweepOutlook:
    """The work that is left of a sweep.

    Attributes:
        folder: Its folder, which need not exist.
        designs: The number of designs.
        units: The number of pieces of work that are left, shared ones counted once.
        shared: The number of pieces that other designs have or will have made.
        work: The work that is left by design, in words; "" for a design with none.
        seconds: About how long it takes; None where the speed of a model is only measured when a run begins.
        dollars: The most that served models cost; None if a price is unknown, 0 if none is asked.
    """

    folder: Path
    designs: int
    units: int
    shared: int
    work: Mapping[str, str]
    seconds: float | None
    dollars: float | None


def folder_of(grid: Grid, designs: Sequence[SweptDesign], out: Path | None) -> Path:
    """Return the folder of a sweep: by default one in `sweeps/` that is named after its designs.

    Args:
        grid: The grid.
        designs: Its designs.
        out: The folder that the user names; None for the default.

    Raises:
        AskewError: The folder holds another sweep, or something else.
    """
    study = designs[0].plan.design.study
    digest = digest_of({one.name: one.plan.design.identity() for one in designs})
    folder = out or Path("sweeps") / f"{study}-{digest}"
    check_can_be_folder(folder)
    if not (folder / RECORD).is_file():
        strangers = [path.name for path in folder.iterdir() if path.name[0] != "."] if folder.is_dir() else []
        if strangers:
            raise AskewError(
                f"{folder} is not a sweep's folder and is not empty (it has {min(strangers)}): choose another with "
                "--out"
            )
    elif read_object(folder / RECORD).get("designs") != _record(grid, designs)["designs"]:
        raise AskewError(
            f"{folder} holds another sweep, of other designs: choose another folder with --out, or use the designs of "
            f"that sweep, which are in {folder / RECORD}"
        )
    return folder


def check_size(count: int, yes: bool, confirm: "Callable[[str], bool]") -> None:
    """Ask before a large sweep, and refuse a huge one.

    Args:
        count: The number of designs.
        yes: The user agreed on the command line.
        confirm: Asks a question on the terminal and returns whether the answer was yes.

    Raises:
        AskewError: The user does not agree.
    """
    if yes or count <= ASKS_FROM:
        return
    if count >= REFUSES_FROM:
        raise AskewError(f"this is a sweep of {count:,} designs: if that is meant, repeat the command with --yes")
    if not confirm(f"Run {count:,} designs?"):
        raise AskewError(f"you did not agree to {count:,} designs, so none was run: agree with --yes")


def outlook(grid: Grid, designs: Sequence[SweptDesign], out: Path | None = None) -> SweepOutlook:
    """Return what is left to do of a sweep; nothing is computed or written.

    Args:
        grid: The grid.
        designs: Its designs.
        out: The folder of the sweep; None for the default.

    Raises:
        AskewError: The folder is another sweep's, a finished product was changed since, or a key is missing.
    """
    folder = folder_of(grid, designs, out)
    said, every, seconds, dollars, shared = {}, 0, 0.0, 0.0, 0
    seen: set[str] = set()
    stores = {one.name: RunFolder(folder / RUNS / one.name) for one in designs}
    works = {one.name: planned(asked_so_far(one.plan, stores[one.name], if_told=True)) for one in designs}
    for one in designs:
        seen |= {key_of(work, one.plan) for work in works[one.name] if _is_done(work, stores[one.name])}
    known_pace = all(
        one.plan.design.executor == LOCAL and (one.plan.model.is_terrarium or not one.plan.study.has_model)
        for one in designs
    )
    for one in designs:
        store = stores[one.name]
        if store.path.exists():
            store.check_takes(one.plan.design)
        left, taken = [], 0
        for work in works[one.name]:
            key = key_of(work, one.plan)
            if _is_done(work, store):
                continue
            if key and key in seen:
                taken += 1
                continue
            seen.add(key)
            left.append(work)
        every, shared = every + len(left), shared + taken
        said[one.name] = summary(one.plan, by_kind(left))
        workers = min(pool.worker_count(one.plan.design.workers), max(1, len(left)))
        start = SECONDS_TO_START if left else 0.0
        report = 0.0 if REPORT in store.hashes() else SECONDS_TO_REPORT
        seconds += start + sum(work.seconds(one.plan, TERRARIUM_PACE) for work in left) / workers + report
        prices = [estimate.dollars for estimate in cost.estimates(one.plan, left)]
        dollars = float("nan") if None in prices else dollars + sum(price or 0.0 for price in prices)
    return SweepOutlook(
        folder,
        len(designs),
        every,
        shared,
        said,
        seconds if known_pace else None,
        None if dollars != dollars else dollars,
    )


def run_sweep(
    grid: Grid,
    designs: Sequence[SweptDesign],
    out: Path | None = None,
    consent: Consent = NO_CONSENT,
    say: "Callable[[str], None]" = lambda line: None,
) -> tuple[dict[str, Run], list[str]]:
    """Run every design of a grid, or continue an earlier session; then write the sweep's table and report.

    Args:
        grid: The grid.
        designs: Its designs, in the order in which they are run.
        out: The folder of the sweep; None for the default.
        consent: The user's consent to fine-tuning jobs that cost money.
        say: Shows the user a line.

    Returns:
        The finished runs by the names of their designs, and what the sweep found, in sentences.

    Raises:
        AskewError: The folder holds something else, or a run cannot go on; the error names its design.
    """
    folder = folder_of(grid, designs, out)
    with wording_disk_trouble(folder):
        make_folder(folder / RUNS)
        write_whole(folder / RECORD, (json.dumps(_record(grid, designs), indent=1) + "\n").encode())
    made, runs = SharedWork(), {}
    for one in designs:  # what an earlier session has made may be wanted by any design
        store = RunFolder(folder / RUNS / one.name)
        if store.path.exists():
            made.add(one.plan, store)
    for place, one in enumerate(designs, start=1):
        say(f"design {place} of {len(designs)}: {one.name}")
        place_of = folder / RUNS / one.name
        try:
            runs[one.name] = run_plan(one.plan, place_of, False, consent, made.take)
        except AskewError as error:
            raise AskewError(f"the design {one.name}: {error}") from error
        made.add(one.plan, RunFolder(place_of))
    from askew.runs.sweep.write import write_sweep

    return runs, write_sweep(folder, grid, designs, runs)


def price_words(dollars: float | None) -> str:
    """Return the cost of served models in words."""
    if dollars is None:
        return "the price of a served model is not known"
    return f"at most about {money(dollars)}" if dollars else "no cost for served models"


def _is_done(work: Work, folder: RunFolder) -> bool:
    return all(product in folder.hashes() for product in work.products)


def _record(grid: Grid, designs: Sequence[SweptDesign]) -> dict[str, Any]:
    return plain(
        {
            "study": designs[0].plan.design.study,
            "settings": grid.settings,
            "designs": {
                one.name: {"values": dict(one.values), "digest": digest_of(one.plan.design.identity())}
                for one in designs
            },
        }
    )
