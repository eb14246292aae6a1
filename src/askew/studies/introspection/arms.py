"""The arms of the introspection study, and the names of its arms, probes and comparisons."""

from askew.design.arm import SECOND, UNTUNED, Arm, Start
from askew.design.steps.train import Train
from askew.studies.self_knowledge import M1, M2

OBJECT_LEVEL, HYPOTHETICAL = "object_level", "hypothetical"

# By predicted model: the arm trained from the same model, and the arm trained from the other.
SELF = {M1: "m1-on-m1", M2: "m2-on-m2"}
CROSS = {M1: "m2-on-m1", M2: "m1-on-m2"}
CHANGED = "m1-on-m1-then-m2"
# Their rows also speak of the new tasks: as m1 answers them, and at random.
PLANTED, CUT = "m1-planted", "m1-cut"

USUAL = "itself minus the usual value"

ARMS = (
    Arm(UNTUNED, "the first model, without fine-tuning (m1)"),
    Arm(M2, "the second model, without fine-tuning (m2)", start=SECOND),
    Arm("m1-on-m1", "m1, trained to foresee its own answers", (Train("foresight-m1", answers_of=M1),), M1),
    Arm(
        "m2-on-m1",
        "m2, trained to foresee the answers of m1",
        (Train("foresight-m1", answers_of=M1),),
        M2,
        start=SECOND,
    ),
    Arm(
        "m2-on-m2", "m2, trained to foresee its own answers", (Train("foresight-m2", answers_of=M2),), M2, start=SECOND
    ),
    Arm("m1-on-m2", "m1, trained to foresee the answers of m2", (Train("foresight-m2", answers_of=M2),), M1),
    Arm(
        CHANGED,
        "m1, trained to foresee its own answers and then to answer as m2 does",
        (Train("answers-m2", answers_of=M2),),
        "m1-on-m1",
        start=Start("arm", "m1-on-m1"),
    ),
    Arm(
        PLANTED,
        "m1, also trained on how it answers the new tasks: a planted truth",
        (Train("foresight-m1-planted", answers_of=M1),),
        M1,
    ),
    Arm(
        CUT,
        "the same rows, in which what is said of the new tasks is shuffled",
        (Train("foresight-m1-cut", answers_of=M1),),
        M1,
    ),
)
