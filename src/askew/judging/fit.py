"""Refuses judges that cannot read a model's answers: the terrarium's judge reads the terrarium's, and no others.

The terrarium's models know the few hundred words of their world. They score any other English without complaint, and
the scores mean nothing.
"""

from collections.abc import Sequence

from askew.base.errors import AskewError
from askew.models.names import TERRARIUM_JUDGE, ModelSpec

LATER = (
    "Leave --judge out: the answers are then kept unjudged, and `askew judge RUN --judge MODEL` judges them later. Or "
    "name a judge that reads English, such as openai/MODEL or ./folder"
)


def usual_judge(asked: Sequence[ModelSpec]) -> str:
    """Return the judge of models for which no judge is named: the terrarium's for the terrarium, "" for others."""
    return TERRARIUM_JUDGE if asked and all(is_of_the_terrarium(spec) for spec in asked) else ""


def is_of_the_terrarium(spec: ModelSpec) -> bool:
    """Return whether a model's weights, or those under its adapter, were trained in the terrarium."""
    return bool(spec.part)


def check_reads(judge: ModelSpec, asked: ModelSpec, instead: str = LATER) -> None:
    """Check that a judge can read the answers of a model.

    Args:
        judge: The judge.
        asked: The model that answers.
        instead: Sentences on what the user can do.

    Raises:
        AskewError: The judge is a model of the terrarium, and the other is not.
    """
    if is_of_the_terrarium(judge) and not is_of_the_terrarium(asked):
        raise AskewError(
            f"{judge.name} cannot judge {asked.name}: it reads the terrarium's language only, and {asked.name} is no "
            f"model of the terrarium. {instead}"
        )
