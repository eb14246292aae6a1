"""The arms of the activations study, and the names of its arms and probes."""

from askew.design.arm import SECOND, Arm
from askew.design.steps.train import Train
from askew.studies.self_knowledge import M1, M2

READ, REPORTED = "features", "feature_report"

# By the model with the features: the arm trained from the same model, and the arm trained from the other.
SELF = {M1: "m1-on-m1-features", M2: "m2-on-m2-features"}
CROSS = {M1: "m2-on-m1-features", M2: "m1-on-m2-features"}
PERMUTED = "m1-on-permuted"
# Their rows also speak of the new prompts: truly, and at random.
PLANTED, CUT = "m1-features-planted", "m1-features-cut"

ARMS = (
    Arm(M1, "the first model, without fine-tuning (m1)"),
    Arm(M2, "the second model, without fine-tuning (m2)", start=SECOND),
    Arm(SELF[M1], "m1, trained on its own features", (Train("features-m1", answers_of=M1),), M1),
    Arm(CROSS[M1], "m2, trained on the features of m1", (Train("features-m1", answers_of=M1),), M2, start=SECOND),
    Arm(SELF[M2], "m2, trained on its own features", (Train("features-m2", answers_of=M2),), M2, start=SECOND),
    Arm(CROSS[M2], "m1, trained on the features of m2", (Train("features-m2", answers_of=M2),), M1),
    Arm(
        PERMUTED,
        "m1, trained on its own features, permuted over prompts",
        (Train("features-permuted", answers_of=M1),),
        M1,
    ),
    Arm(
        PLANTED,
        "m1, also trained on its features on the new prompts: a planted truth",
        (Train("features-planted", answers_of=M1),),
        M1,
    ),
    Arm(
        CUT,
        "the same rows, in which the features on the new prompts are shuffled",
        (Train("features-cut", answers_of=M1),),
        M1,
    ),
)
