"""Checks of a design's training: rows of the user's own, the recipe, and what a provider fine-tunes.

Each function takes a plan, and raises `AskewError` if an arm cannot be trained as the design says.
"""

from askew.base.errors import AskewError
from askew.design.executors import LOCAL
from askew.design.names import check_name
from askew.design.plan import Plan
from askew.design.recipe_settings import filled_in
from askew.training.provider.recipe import ServedRecipe
from askew.training.recipe import Recipe


def check_own_rows(arm: str, plan: Plan) -> None:
    """Check an arm with rows of the user's own: it is trained, there are enough rows, and its trigger is known.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    own, design = plan.design.datasets[arm], plan.design
    check_name(arm)
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


def check_leaks(arm: str, plan: Plan) -> None:
    """Check that the user's own rows do not name the behaviour that the model is asked about later.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
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


def check_rows(plan: Plan) -> None:
    """Check that the design names no number of rows for arms that are about theirs.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    own = [arm.name for arm in plan.arms.values() if arm.training is not None and arm.training.rows]
    if own and plan.design.recipe.rows:
        raise AskewError(
            f"--rows {plan.design.recipe.rows} does not fit {own[0]}: its number of rows is what the arm is about. "
            "Leave out --rows (recipe.rows), and choose arms with --arm"
        )


def check_defences(plan: Plan) -> None:
    """Check that there are benign rows for the defences of the trained arms, and that a defence is named once.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    from askew.design.supplies import benign_rows
    from askew.training.defences import check, check_benign

    arms = [plan.arms[name] for name in trained_arms(plan)]
    own = [arm.name for arm in arms if arm.training is not None and arm.training.defence]
    if own and plan.design.recipe.defence:
        raise AskewError(
            f"--defence {plan.design.recipe.defence} does not fit {own[0]}, which is about a defence of its own. Leave "
            "out --defence (recipe.defence), and choose arms with --arm"
        )
    defended = [arm for arm in arms if plan.recipe(arm).defence]
    if not defended:
        return
    if plan.is_trained_elsewhere:
        raise AskewError(
            f"{defended[0].name} has a defence, which works in training on this machine, but {plan.design.model!r} is "
            "fine-tuned by its provider: choose other arms with --arm, or a model on this machine"
        )
    benign = len(benign_rows(plan.design.recipe, plan.model.is_terrarium))
    for arm in defended:
        check(plan.recipe(arm))
        check_benign(plan.recipe(arm), plan.rows(arm.name), benign)


def check_recipe(plan: Plan) -> None:
    """Check that the recipe fits the model and this machine, if any arm is trained.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    from askew.training.recipe_check import check_fits

    checkpoint = plan.model.checkpoint
    if checkpoint is not None and trained_arms(plan):
        check_fits(plan.design.recipe, checkpoint, here=plan.design.executor == LOCAL)


def check_trainable(plan: Plan) -> None:
    """Check that the model exists and can be fine-tuned, here or by its provider, if any arm is trained.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    model, design = plan.model, plan.design
    if not trained_arms(plan):
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
    for arm in trained_arms(plan):
        if plan.rows(arm) < FEWEST_ROWS:
            raise AskewError(
                f"the fine-tuning API needs at least {FEWEST_ROWS} rows, but {arm} would have {plan.rows(arm)}"
            )


def trained_arms(plan: Plan) -> list[str]:
    """Return the arms that this run trains."""
    return [arm.name for arm in plan.arms.values() if plan.is_trained(arm)]
