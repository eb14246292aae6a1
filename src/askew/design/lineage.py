"""Checks by lineage that a base and the models tuned from it are what they are said to be.

What the files prove is refused: one model given twice, and a base that was tuned from the "tuned" model. What they only
suggest becomes a note.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from askew.base.errors import AskewError

if TYPE_CHECKING:
    from askew.design.plan import Plan
    from askew.models.names import ModelSpec


def check_pair(arm: str, plan: "Plan") -> None:
    """Refuse a model that is its own base, and one that its base was tuned from.

    Args:
        arm: The arm of a model that was tuned elsewhere.
        plan: The plan.

    Raises:
        AskewError: The two are one model, or were given in the wrong order.
    """
    from askew.models.lineage import ancestors, reads_alike, same_weights

    base, tuned = plan.model, plan.spec(plan.design.tuned[arm])
    if same_weights(base, tuned) and reads_alike(base, tuned):
        empty = tuned.adapter and not base.adapter
        reason = "the adapter changes nothing" if empty else "they have the same weights"
        if base.inspect_name == tuned.inspect_name:
            reason = "the two names stand for it"
        raise AskewError(
            f"{base.name!r} and {tuned.name!r} are one model, because {reason}: a comparison of a model with itself "
            "shows nothing. Name the base and a model that was tuned from it"
        )
    if any(same_weights(older, tuned) for older in ancestors(base)):
        raise AskewError(
            f"the base {base.name!r} was tuned from {tuned.name!r}, which is named as the tuned model: name the base "
            "first, and then the model that was tuned from it"
        )


def notes(plan: "Plan") -> list[str]:
    """Return a sentence for each thing about the models' lineage that makes a comparison with the base doubtful."""
    if not plan.design.tuned:
        return []
    tuned = {arm: plan.spec(model) for arm, model in plan.design.tuned.items()}
    return [
        *_of_base(plan.model),
        *(note for spec in (plan.model, *tuned.values()) for note in _of_adapter(spec)),
        *(note for arm, spec in tuned.items() for note in _of_pair(plan.model, arm, spec)),
        *_of_twins(tuned),
    ]


def _of_base(base: "ModelSpec") -> Iterator[str]:
    from askew.models.lineage import ancestors, same_weights

    older = next(ancestors(base), None)
    if older is not None and same_weights(older, base) is False:
        yield (
            f"The base {base.name} is itself tuned, from {older.name}: the audit shows what changed since, and not "
            "what it had learnt before."
        )


def _of_adapter(spec: "ModelSpec") -> Iterator[str]:
    """Yield a note on an adapter that was trained on another base than the one that it is put on."""
    from dataclasses import replace

    from askew.models.lineage import recorded_base, same_weights

    recorded = recorded_base(spec.adapter) if spec.adapter else None
    if recorded is not None and same_weights(recorded, replace(spec, adapter=None, inspect_name="")) is False:
        yield (
            f"By its own record, the adapter of {spec.name} was trained on {recorded.name}, which has other weights "
            "than the model that it is put on."
        )


def _of_pair(base: "ModelSpec", arm: str, tuned: "ModelSpec") -> Iterator[str]:
    from askew.models.lineage import ancestors, same_weights

    if same_weights(base, tuned):
        yield f"{arm} has the weights of its base, and another chat template or tokenizer: only those differ."
    # Of a model whose files are gone, nobody can say that it was not the base.
    sources = {older.name: same_weights(older, base) for older in ancestors(tuned)}
    if sources and all(same is False for same in sources.values()):
        yield (
            f"By its record, {arm} was tuned from {' and before that from '.join(sources)}, and not from the base "
            f"{base.name}: differences may have other causes than its tuning."
        )


def _of_twins(tuned: "dict[str, ModelSpec]") -> Iterator[str]:
    from itertools import combinations

    from askew.models.lineage import same_weights

    for (arm, one), (other_arm, other) in combinations(tuned.items(), 2):
        if same_weights(one, other):
            yield f"{arm} and {other_arm} are the same model."
