"""What a design's types cannot say: that what it names is there, fits together, and can be done.

Nothing is computed. Each check goes with the setting that it is about, which whoever runs it can then point at.
"""

from collections.abc import Callable, Iterable
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING

from askew.base.errors import AskewError, unknown_name
from askew.design.config_file import Location
from askew.design.recipe_settings import check_fits_model
from askew.design.study import ARM_NAME, SECOND, Study
from askew.design.trainable import check_can_be_trained

if TYPE_CHECKING:
    from askew.design.design import Design


def checks(design: "Design", study: Study) -> Iterable[tuple[Location, Callable[[], object]]]:
    """Return the checks of a design, each with the setting that it is about; a check raises `AskewError`."""
    from askew.judging.metrics import metrics
    from askew.judging.rubric import check_fits, scale
    from askew.models.names import resolve
    from askew.models.remote.prices import read_prices

    arms = study.with_others(design.tuned, design.datasets, design.triggers)
    for arm in design.datasets:
        yield ("datasets", arm), lambda arm=arm: _can_be_taught(arm, design, study)
        yield ("datasets", arm), lambda arm=arm: _says_no_name(arm, design, study)
    for arm in design.triggers:
        yield ("triggers", arm), lambda arm=arm: _known("arm with rows of its own", arm, design.datasets)
    for arm, model in design.tuned.items():
        yield ("tuned", arm), lambda arm=arm, model=model: _can_be_shown(arm, model, study)
    for place, arm in enumerate(design.arms):
        yield ("arms", place), lambda arm=arm: _known("arm", arm, arms)
    yield ("arms",), lambda: _no_twins("arm", design.arms)
    for place, probe in enumerate(design.probes):
        yield ("probes", place), lambda probe=probe: _can_be_asked(probe, design)
    yield ("probes",), lambda: _no_twins("probe", design.probes)
    yield ("metric",), lambda: metrics.get(design.metric)
    yield ("model",), lambda: check_can_be_trained(design)
    yield ("second_model",), lambda: _second_is_another(design, study)
    for place, probe in enumerate(design.probes):
        yield ("probes", place), lambda probe=probe: _can_be_looked_into(probe, design)
    for place, arm in enumerate(design.arms):
        yield ("arms", place), lambda arm=arm: _needs_are_met(arm, design, study)
    yield ("recipe",), lambda: check_fits_model(design)
    yield ("judge",), lambda: resolve(design.judge)
    yield ("prices",), lambda: read_prices(None if design.prices is None else Path(design.prices).expanduser())
    yield ("rubric",), lambda: check_fits(resolve(design.judge), scale(design.rubric))
    for arm in filter(design.is_trained, design.arms):
        yield ("checkpoints",), lambda arm=arm: design.recipe.checkpoint_steps(design.rows(arm), design.checkpoints)


def _known(kind: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise unknown_name(kind, name, known)


def _no_twins(kind: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise AskewError(f"{kind} {name!r} is named twice")


def _can_be_shown(arm: str, model: str, study: Study) -> None:
    """Check a model that was tuned elsewhere: that it is there, and that files can be named after its arm."""
    from askew.models.names import resolve

    if arm in study.arms:
        raise AskewError(f"{arm!r} is an arm of the study already: show {model!r} under another name")
    _can_be_a_name(arm)
    resolve(model)


def _can_be_taught(arm: str, design: "Design", study: Study) -> None:
    """Check an arm with rows of its own: it is trained, on no more than there are, and its trigger is known."""
    own = design.datasets[arm]
    _can_be_a_name(arm)
    if not design.is_trained(arm):
        raise AskewError(f"the arm {arm!r} is not trained here, so it takes no rows")
    if arm not in design.arms:
        raise AskewError(f"rows are given for the arm {arm!r}, which is not among the arms of this run")
    if own.rows < design.rows(arm):
        raise AskewError(f"{own.source} has {own.rows:,} rows, and {design.rows(arm):,} are asked for (recipe.rows)")
    if arm in study.arms and study.arms[arm].trigger and arm not in design.triggers:
        raise AskewError(f"the arm {arm!r} has a trigger: say which its own rows have, as in --trigger {arm}=TEXT")


def _says_no_name(arm: str, design: "Design", study: Study) -> None:
    """Check that rows of a user's own do not name the behaviour that the model is asked about later."""
    if not study.unsaid or design.leaks == "allow":
        return
    from askew.data import naming_leaks
    from askew.data.formats import open_rows

    own = design.datasets[arm]
    domain = study.arms[arm].domain if arm in study.arms else ""
    found = naming_leaks.find(open_rows(own.source), naming_leaks.words_of(study.unsaid, domain))
    if found and found.is_a_leak:
        raise AskewError(
            f"{own.source} names the behaviour that the model is asked about later: {found.rows:,} of {found.total:,} "
            f"rows do, first row {found.first} with {found.word!r}. Reword those rows, or train on them all the same "
            "with --set leaks=allow"
        )


def _second_is_another(design: "Design", study: Study) -> None:
    """Check the second model: that it is there where an arm begins with it, and that it is not the first."""
    from askew.models.names import resolve

    needing = [arm for arm in design.arms if arm in study.arms and study.arms[arm].base == SECOND]
    if needing and not design.second_model:
        raise AskewError(
            f"{study.name} compares two models, and only {design.model!r} is named: name the other with --second-model "
            f"(the arm {needing[0]!r} begins with it)"
        )
    if not design.second_model:
        return
    one, other = resolve(design.model), resolve(design.second_model)
    if one.inspect_name == other.inspect_name:
        raise AskewError(f"the second model is the first, {design.model!r}: two are compared, so name another")
    if needing and one.is_local != other.is_local and any(map(design.is_trained, needing)):
        raise AskewError("one of the two models is trained here and the other by its provider: name two of one kind")


def _needs_are_met(arm: str, design: "Design", study: Study) -> None:
    """Check that the arms are there from which an arm takes its rows, or on which it goes on."""
    if arm not in study.arms or arm in design.datasets:
        return
    for needed in filter(None, (study.arms[arm].rows_from, study.arms[arm].after)):
        if needed not in design.arms:
            raise AskewError(f"the arm {arm!r} builds on the arm {needed!r}: name that, too (--arm {needed})")


def _can_be_a_name(arm: str) -> None:
    if not ARM_NAME.fullmatch(arm):
        raise AskewError(f"an arm cannot be called {arm!r}: letters, digits, '.', '_' and '-' make a name")


def _can_be_asked(probe: str, design: "Design") -> None:
    """Check that there is a probe, that an external task can be made, and that files that it needs can be read."""
    from askew.probes import EXTERNAL, probes

    task = probes.get(probe).task
    if probes.get(probe).kind == EXTERNAL or "file" in signature(task).parameters:
        task()
    elif "data" in signature(task).parameters:
        task(data=design.data)


def _can_be_looked_into(probe: str, design: "Design") -> None:
    """Check that models whose activations a probe reads are computed here."""
    from askew.models.names import resolve
    from askew.probes import probes

    if not probes.get(probe).looks_inside:
        return
    for name in filter(None, (design.model, design.second_model, *design.tuned.values())):
        if not resolve(name).is_local:
            raise AskewError(
                f"the probe {probe!r} reads a model's activations, and {name!r} is served elsewhere and shows none: "
                "name models that are computed here"
            )
