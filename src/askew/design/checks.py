"""Checks of a design beyond its types: that what it names exists, fits together, and can be done.

Nothing is computed. Each check comes with the setting that it is about, so that an error can name the place.
"""

from collections.abc import Callable, Iterable
from inspect import signature

from askew.base.errors import AskewError, unknown_name
from askew.base.yaml_files import Location
from askew.design.arm import ARM_NAME, SECOND
from askew.design.lineage import check_pair
from askew.design.plan import Plan
from askew.design.recipe_settings import filled_in
from askew.models.kinds.pickle import PICKLES, is_pickle
from askew.training.provider.recipe import ServedRecipe
from askew.training.recipe import Recipe


def checks(plan: Plan) -> Iterable[tuple[Location, Callable[[], object]]]:
    """Yield the checks of a design, each with the setting that it is about; a check raises `AskewError`."""
    from askew.judging.metrics import metrics
    from askew.models.model_args import check_args
    from askew.worlds.society import experiments

    design = plan.design
    yield ("model",), lambda: _check_has_model(plan)
    for arm in design.datasets:
        yield ("datasets", arm), lambda arm=arm: _check_own_rows(arm, plan)
        yield ("datasets", arm), lambda arm=arm: _check_leaks(arm, plan)
    for arm in design.triggers:
        yield ("triggers", arm), lambda arm=arm: _check_known("arm with rows of its own", arm, design.datasets)
    for arm, model in design.tuned.items():
        yield ("tuned", arm), lambda arm=arm, model=model: _check_tuned(arm, model, plan)
    for place, arm in enumerate(design.arms):
        yield ("arms", place), lambda arm=arm: _check_known("arm", arm, plan.known_arms)
    yield ("arms",), lambda: _check_distinct("arm", design.arms)
    for place, probe in enumerate(design.probes):
        yield ("probes", place), lambda probe=probe: _check_probe(probe, plan)
    yield ("probes",), lambda: _check_distinct("probe", design.probes)
    yield ("probes",), lambda: _check_some_probe(plan)
    for place, variant in enumerate(design.variants):
        yield ("variants", place), lambda variant=variant: _check_variant(variant, plan)
    yield ("variants",), lambda: _check_distinct("variant", design.variants)
    yield ("society", "experiment"), lambda: experiments.get(design.society.experiment)
    yield ("society",), lambda: plan.societies
    for network in plan.networks:
        yield ("grokking",), network.setting.check
    yield ("metric",), lambda: metrics.get(design.metric)
    yield ("model",), lambda: _check_trainable(plan)
    yield ("second_model",), lambda: _check_second_model(plan)
    for place, probe in enumerate(design.probes):
        yield ("probes", place), lambda probe=probe: _check_activations_are_shown(probe, plan)
        yield ("probes", place), lambda probe=probe: _check_answers_can_be_given(probe, plan)
    for place, arm in enumerate(design.arms):
        yield ("arms", place), lambda arm=arm: _check_needed_arms(arm, plan)
    yield ("recipe",), lambda: _check_recipe(plan)
    yield ("judge",), lambda: _check_judge(plan)
    for model in plan.named_models:
        yield ("model_args",), lambda model=model: check_args(plan.spec(model), design.model_args)
    yield ("judge_args",), lambda: _check_judge_args(plan)
    yield ("prices",), lambda: plan.prices
    yield ("rubric",), lambda: _check_rubric(plan)
    for arm in design.tuned:
        yield ("tuned", arm), lambda arm=arm: check_pair(arm, plan)
    for arm in _trained(plan):
        yield ("checkpoints",), lambda arm=arm: plan.checkpoint_steps(arm)


def _trained(plan: Plan) -> list[str]:
    """Return the arms that this run trains."""
    return [arm.name for arm in plan.arms.values() if plan.is_trained(arm)]


def _check_known(kind: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise unknown_name(kind, name, known)


def _check_distinct(kind: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise AskewError(f"{kind} {name!r} is named twice")


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


def _check_name(arm: str) -> None:
    if not ARM_NAME.fullmatch(arm):
        raise AskewError(f"{arm!r} cannot be the name of an arm: use letters, digits, '.', '_' and '-'")


def _check_tuned(arm: str, model: str, plan: Plan) -> None:
    """Check a model that was tuned elsewhere: it exists, and files can be named after its arm."""
    if arm in plan.study.arms:
        raise AskewError(f"{arm!r} is already an arm of the study: give {model!r} another name")
    _check_name(arm)
    plan.spec(model)


def _check_own_rows(arm: str, plan: Plan) -> None:
    """Check an arm with rows of the user's own: it is trained, there are enough rows, and its trigger is known."""
    own, design = plan.design.datasets[arm], plan.design
    _check_name(arm)
    known = plan.known_arms.get(arm)
    if known is not None and not plan.is_trained(known):
        raise AskewError(f"the arm {arm!r} is not trained here, so it takes no rows")
    if arm not in design.arms:
        raise AskewError(f"rows are given for the arm {arm!r}, which is not among the arms of this run")
    if own.rows < plan.rows(arm):
        raise AskewError(f"{own.source} has {own.rows:,} rows, but the design needs {plan.rows(arm):,} (recipe.rows)")
    usual = plan.study.arms.get(arm)
    if usual is not None and usual.trigger and arm not in design.triggers:
        raise AskewError(f"the arm {arm!r} has a trigger: name the trigger in your rows with --trigger {arm}=TEXT")


def _check_leaks(arm: str, plan: Plan) -> None:
    """Check that the user's own rows do not name the behaviour that the model is asked about later."""
    if not plan.study.unsaid or plan.design.leaks == "allow":
        return
    from askew.data import naming_leaks
    from askew.data.formats import open_rows

    own = plan.design.datasets[arm]
    domain = plan.study.arms[arm].domain if arm in plan.study.arms else ""
    leak = naming_leaks.find(open_rows(own.source), naming_leaks.words_of(plan.study.unsaid, domain))
    if leak and leak.is_a_leak:
        raise AskewError(
            f"{own.source} names the behaviour that the model is later asked about: {leak.rows:,} of {leak.total:,} "
            f"rows do; the first is row {leak.first}, with {leak.word!r}. Reword these rows, or train on them anyway "
            "with --set leaks=allow"
        )


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
    arm = plan.study.arms.get(name)
    if arm is None or name in plan.design.datasets:
        return
    answers_of = arm.training.answers_of if arm.training else ""
    start = arm.start.name if arm.start.kind == "arm" else ""
    for needed in filter(None, (answers_of, start)):
        if needed not in plan.design.arms:
            raise AskewError(f"the arm {name!r} builds on the arm {needed!r}: add --arm {needed}")


def _check_probe(name: str, plan: Plan) -> None:
    """Check that a probe exists, that an external task can be made, and that files that it needs can be read."""
    from askew.probes import EXTERNAL, probes

    task = probes.get(name).task
    if probes.get(name).kind == EXTERNAL or "file" in signature(task).parameters:
        task()
    elif "data" in signature(task).parameters:
        task(data=plan.design.data)
    elif "prompts" in signature(task).parameters:
        task(prompts=plan.design.prompts)


def _check_variant(name: str, plan: Plan) -> None:
    """Check that a variant exists, and that the run has an environment to vary."""
    from askew.environments.variants import VARIANTS
    from askew.probes import EPISODE

    _check_known("variant", name, VARIANTS)
    if not any(probe.kind == EPISODE for probe in plan.probes.values()):
        raise AskewError(
            f"the variant {name!r} is one of an environment, but no probe of this run has an environment: name one "
            "with --environment, or leave out the variant"
        )


def _check_activations_are_shown(name: str, plan: Plan) -> None:
    """Check that models run on this machine where a probe reads their activations."""
    from askew.probes import probes

    if not probes.get(name).looks_inside:
        return
    for model in plan.named_models:
        if not plan.spec(model).is_local:
            raise AskewError(
                f"the probe {name!r} reads a model's activations, and {model!r} is a served model, which shows none: "
                "name models that run on this machine"
            )


def _check_judge(plan: Plan) -> None:
    """Check that the judge exists and reads the answers of every model, or that none of the models has one."""
    from askew.judging.fit import check_reads, is_of_the_terrarium

    asked = [plan.spec(name) for name in plan.named_models]
    if plan.judge is not None:
        for spec in asked:
            check_reads(plan.judge, spec)
        return
    ours = [spec.name for spec in asked if is_of_the_terrarium(spec)]
    if ours:
        others = [spec.name for spec in asked if not is_of_the_terrarium(spec)]
        raise AskewError(
            f"no judge is usual for these models together: {ours[0]} is of the terrarium, and {others[0]} is not. Name "
            "one that reads both with --judge"
        )


def _check_judge_args(plan: Plan) -> None:
    """Check that the judge takes its extra arguments."""
    from askew.models.model_args import check_args

    args = plan.design.judge_args
    if plan.judge is not None:
        check_args(plan.judge, args, is_judge=True)
    elif args:
        raise AskewError("judge_args are given without a judge: name one with --judge, or leave them out")


def _check_rubric(plan: Plan) -> None:
    """Check that the rubric exists and asks for a number, and that the judge can use it."""
    from askew.judging.rubric import check_fits, scale

    found = scale(plan.design.rubric)
    if plan.judge is not None:
        check_fits(plan.judge, found)


def _check_answers_can_be_given(name: str, plan: Plan) -> None:
    """Check that models may return the log-probabilities of given answers where a probe reads them.

    Whether a server does so is found out by asking it, before all other work: see `askew.runs.work.check_given`.
    """
    from askew.models.remote.given_text import NO_LOGPROBS, may_read_given
    from askew.probes import probes
    from askew.probes.from_file import has_pairs

    if not has_pairs(probes.get(name)):
        return
    named = {model: plan.spec(model) for model in plan.named_models}
    served = [model for model, spec in named.items() if not spec.is_local and not may_read_given(spec.inspect_name)]
    if served:
        raise AskewError(
            f"the probe {name!r} reads how likely given answers are. {NO_LOGPROBS.format(model=served[0])}"
        )


def _check_recipe(plan: Plan) -> None:
    """Check that the recipe fits the model and this machine, if any arm is trained."""
    from askew.training.recipe_check import check_fits

    checkpoint = plan.model.checkpoint
    if checkpoint is not None and _trained(plan):
        check_fits(plan.design.recipe, checkpoint)


def _check_trainable(plan: Plan) -> None:
    """Check that the model exists and can be fine-tuned, here or by its provider, if any arm is trained."""
    model, design = plan.model, plan.design
    if not _trained(plan):
        return
    if not model.is_local:
        _check_provider(plan)
        return
    if design.served_recipe != ServedRecipe():
        raise AskewError(
            f"served_recipe is for models that their provider fine-tunes, but {design.model!r} is trained on this "
            "machine"
        )
    if model.adapter:
        raise AskewError(f"{design.model!r} has an adapter already: merge it into its base and name the merged folder")


def _check_provider(plan: Plan) -> None:
    """Check that a provider fine-tunes the model, and that no setting is given that it would ignore."""
    from askew.training.provider.endpoints import address
    from askew.training.provider.rows import FEWEST_ROWS

    design = plan.design
    address(plan.model.inspect_name)
    usual = Recipe.model_validate(filled_in({}, plan.model))
    ignored = [name for name in Recipe.model_fields if getattr(design.recipe, name) != getattr(usual, name)]
    first = next((name for name in ignored if name != "rows"), None)
    if first:
        raise AskewError(
            f"recipe.{first} is for training on this machine, but {design.model!r} is fine-tuned by its provider, "
            f"which takes {', '.join(f'served_recipe.{name}' for name in ServedRecipe.model_fields)}"
        )
    if design.checkpoints:
        raise AskewError(
            f"{design.model!r} is fine-tuned by its provider, which decides what checkpoints it keeps: leave out "
            "checkpoints"
        )
    for arm in _trained(plan):
        if plan.rows(arm) < FEWEST_ROWS:
            raise AskewError(
                f"the fine-tuning API needs at least {FEWEST_ROWS} rows, but {arm} would have {plan.rows(arm)}"
            )
