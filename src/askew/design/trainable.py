"""Whether the model of a design can be fine-tuned as the design says: here, or by its provider."""

from typing import TYPE_CHECKING

from askew.base.errors import AskewError
from askew.design.recipe_settings import filled_in
from askew.training.provider.recipe import ServedRecipe
from askew.training.recipe import Recipe

if TYPE_CHECKING:
    from askew.design.design import Design


def check_can_be_trained(design: "Design") -> None:
    """Make sure that there is such a model, and that it can be fine-tuned if an arm wants that.

    Raises:
        AskewError: There is none, it cannot be fine-tuned, or something is set that would go unheeded.
    """
    from askew.models.names import resolve

    model = resolve(design.model)
    if not any(map(design.is_trained, design.arms)):
        return
    if not model.is_local:
        _check_elsewhere(design, model.inspect_name)
        return
    if design.served_recipe != ServedRecipe():
        raise AskewError(
            f"served_recipe is for models that their provider fine-tunes, and {design.model!r} is trained here"
        )
    if model.adapter:
        raise AskewError(f"{design.model!r} has an adapter already: merge it into its base and name the merged folder")


def _check_elsewhere(design: "Design", model: str) -> None:
    """Check that a provider fine-tunes the model, and that nothing is set that it would take no notice of."""
    from askew.training.provider.endpoints import address
    from askew.training.provider.rows import FEWEST_ROWS

    address(model)
    usual = Recipe.model_validate(filled_in({}, design.model))
    unheeded = [name for name in Recipe.model_fields if getattr(design.recipe, name) != getattr(usual, name)]
    here = next((name for name in unheeded if name != "rows"), None)
    if here:
        raise AskewError(
            f"recipe.{here} is of training on this machine, and {design.model!r} is fine-tuned by its provider, "
            f"which takes {', '.join(f'served_recipe.{name}' for name in ServedRecipe.model_fields)}"
        )
    if design.checkpoints:
        raise AskewError(
            f"{design.model!r} is fine-tuned by its provider, which chooses itself what it keeps: leave checkpoints out"
        )
    for arm in filter(design.is_trained, design.arms):
        if design.rows(arm) < FEWEST_ROWS:
            raise AskewError(
                f"the fine-tuning API takes no fewer than {FEWEST_ROWS} rows, and {arm} would have {design.rows(arm)}"
            )
