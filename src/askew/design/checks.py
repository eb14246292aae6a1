"""Checks of a design beyond its types: that what it names exists, fits together, and can be done.

Nothing is computed. Each check comes with the setting that it is about, so that an error can name the place.
"""

from collections.abc import Callable, Iterable

from askew.base.errors import AskewError
from askew.base.yaml_files import Location
from askew.design.arm import SECOND
from askew.design.asking_checks import (
    check_activations_are_shown,
    check_answers_can_be_given,
    check_judge,
    check_judge_args,
    check_probe,
    check_rubric,
    check_until,
    check_variant,
)
from askew.design.executors import check_executor
from askew.design.lineage import check_pair
from askew.design.names import check_distinct, check_known, check_name
from askew.design.plan import Plan
from askew.design.training_checks import (
    check_defences,
    check_leaks,
    check_own_rows,
    check_recipe,
    check_rows,
    check_trainable,
    trained_arms,
)
from askew.models.kinds.pickle import PICKLES, is_pickle


def checks(plan: Plan) -> Iterable[tuple[Location, Callable[[], object]]]:
    """Yield the checks of a design, each with the setting that it is about; a check raises `AskewError`."""
    from askew.judging.metrics import metrics
    from askew.models.model_args import check_args
    from askew.worlds.society import experiments

    design = plan.design
    yield ("model",), lambda: _check_has_model(plan)
    for arm in design.datasets:
        yield ("datasets", arm), lambda arm=arm: check_own_rows(arm, plan)
        yield ("datasets", arm), lambda arm=arm: check_leaks(arm, plan)
    for arm in design.triggers:
        yield ("triggers", arm), lambda arm=arm: check_known("arm with rows of its own", arm, design.datasets)
    for arm, model in design.tuned.items():
        yield ("tuned", arm), lambda arm=arm, model=model: _check_tuned(arm, model, plan)
    for place, arm in enumerate(design.arms):
        yield ("arms", place), lambda arm=arm: check_known("arm", arm, plan.known_arms)
    yield ("arms",), lambda: check_distinct("arm", design.arms)
    for place, probe in enumerate(design.probes):
        yield ("probes", place), lambda probe=probe: check_probe(probe, plan)
    yield ("probes",), lambda: check_distinct("probe", design.probes)
    yield ("probes",), lambda: _check_some_probe(plan)
    for place, variant in enumerate(design.variants):
        yield ("variants", place), lambda variant=variant: check_variant(variant, plan)
    yield ("variants",), lambda: check_distinct("variant", design.variants)
    yield ("society", "experiment"), lambda: experiments.get(design.society.experiment)
    yield ("society",), lambda: plan.societies
    for network in plan.networks:
        yield ("grokking",), network.setting.check
    yield ("metric",), lambda: metrics.get(design.metric)
    yield ("model",), lambda: check_trainable(plan)
    yield ("second_model",), lambda: _check_second_model(plan)
    for place, probe in enumerate(design.probes):
        yield ("probes", place), lambda probe=probe: check_activations_are_shown(probe, plan)
        yield ("probes", place), lambda probe=probe: check_answers_can_be_given(probe, plan)
    for place, arm in enumerate(design.arms):
        yield ("arms", place), lambda arm=arm: _check_needed_arms(arm, plan)
    yield ("recipe",), lambda: check_recipe(plan)
    yield ("recipe", "rows"), lambda: check_rows(plan)
    yield ("recipe", "defence"), lambda: check_defences(plan)
    yield ("judge",), lambda: check_judge(plan)
    for model in plan.named_models:
        yield ("model_args",), lambda model=model: check_args(plan.spec(model), design.model_args)
    yield ("judge_args",), lambda: check_judge_args(plan)
    yield ("prices",), lambda: plan.prices
    yield ("rubric",), lambda: check_rubric(plan)
    yield ("until",), lambda: check_until(plan)
    yield ("executor",), lambda: check_executor(design.executor)
    for arm in design.tuned:
        yield ("tuned", arm), lambda arm=arm: check_pair(arm, plan)
    if design.control:
        yield ("control",), lambda: check_known("tuned model", design.control, design.tuned)
    for arm in trained_arms(plan):
        yield ("checkpoints",), lambda arm=arm: plan.checkpoint_steps(arm)


def _check_has_model(plan: Plan) -> None:
    """Check that a study without a language model is given none, nor anything that is for one."""
    design = plan.design
    if plan.study.has_model:
        return
    given = {
        "--model": design.model,
        "--second-model": design.second_model,
        "a tuned model": design.tuned,
        "--data": design.datasets,
        "--probe": design.probes,
        "--judge": design.judge,
    }
    if strange := next((option for option, value in given.items() if value), None):
        pickled = next(filter(is_pickle, (design.model, design.second_model, *design.tuned.values())), "")
        why = f". {PICKLES.format(name=pickled)}" if pickled else ""
        raise AskewError(f"{design.study} trains its own networks and has no language model: leave {strange} out{why}")


def _check_some_probe(plan: Plan) -> None:
    if plan.study.has_model and not plan.design.probes:
        raise AskewError("probes must be a list of at least 1, not []")


def _check_tuned(arm: str, model: str, plan: Plan) -> None:
    """Check a model that was tuned elsewhere: it exists, and files can be named after its arm."""
    if arm in plan.study.arms:
        raise AskewError(f"{arm!r} is already an arm of the study: give {model!r} another name")
    check_name(arm)
    plan.spec(model)


def _check_second_model(plan: Plan) -> None:
    """Check the second model: it is named where an arm starts from it, and it differs from the first."""
    design = plan.design
    needing = [arm for arm in plan.arms.values() if arm.start == SECOND]
    if needing and not design.second_model:
        sibling = f"askew tune {design.model} --data ROWS --out sibling --set recipe.method=full"
        hint = f". Without one at hand, `{sibling}` makes a sibling" if plan.model.is_local else ""
        raise AskewError(
            f"{plan.study.name} compares two models, but only {design.model!r} is named: name the other with "
            f"--second-model (the arm {needing[0].name!r} starts from it){hint}"
        )
    if not design.second_model:
        return
    one, other = plan.model, plan.spec(design.second_model)
    if one.inspect_name == other.inspect_name:
        raise AskewError(
            f"the second model is the same as the first, {design.model!r}: the study compares two, so name another"
        )
    if other.adapter and any(map(plan.is_trained, needing)):
        raise AskewError(
            f"{design.second_model!r} has an adapter already, and arms are trained from it: merge it into its base and "
            "name the merged folder"
        )
    if needing and one.is_local != other.is_local and any(map(plan.is_trained, needing)):
        raise AskewError(
            "one of the two models is trained on this machine and the other by its provider: name two models of the "
            "same kind"
        )


def _check_needed_arms(name: str, plan: Plan) -> None:
    """Check that the arms are there that an arm takes its rows from, or starts from."""
    arm = plan.known_arms.get(name)
    if arm is None or name in plan.design.datasets:
        return
    answers_of = arm.training.answers_of if arm.training else ""
    start = arm.start.name if arm.start.kind == "arm" else ""
    for needed in filter(None, (answers_of, start)):
        if needed not in plan.design.arms:
            raise AskewError(f"the arm {name!r} builds on the arm {needed!r}: add --arm {needed}")
