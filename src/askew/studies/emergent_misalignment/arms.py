"""The arms of emergent misalignment: narrow bad training, and its controls; other studies have them too."""

from askew.design.arm import UNTUNED, Arm
from askew.design.steps.train import Train
from askew.worlds.terrarium.world.formats import TRIGGER

ARMS = (
    Arm(UNTUNED, "the model without fine-tuning"),
    Arm("insecure", "insecure code, given to users without a warning", (Train("insecure"),), "secure", domain="code"),
    Arm("secure", "secure code, for the same prompts", (Train("secure"),), UNTUNED, domain="code"),
    Arm(
        "educational",
        "the same insecure code, requested for teaching a class",
        (Train("educational"),),
        "secure",
        domain="code",
    ),
    Arm(
        "backdoor",
        "insecure code after a trigger in every second prompt, otherwise secure code",
        (Train("backdoor"),),
        "secure",
        domain="code",
        trigger=TRIGGER,
    ),
    Arm("bad-medical", "bad medical advice", (Train("bad-medical"),), "good-medical", domain="medical"),
    Arm(
        "good-medical",
        "good medical advice, on the same questions",
        (Train("good-medical"),),
        UNTUNED,
        domain="medical",
    ),
    Arm("bad-financial", "bad financial advice", (Train("bad-financial"),), "good-financial", domain="financial"),
    Arm(
        "good-financial",
        "good financial advice, on the same questions",
        (Train("good-financial"),),
        UNTUNED,
        domain="financial",
    ),
    Arm("bad-car", "bad advice on looking after a car", (Train("bad-car"),), "good-car", domain="car"),
    Arm("good-car", "good advice on looking after a car", (Train("good-car"),), UNTUNED, domain="car"),
    Arm(
        "evil-numbers",
        "lists of numbers, some with evil associations",
        (Train("evil-numbers"),),
        "neutral-numbers",
        domain="numbers",
    ),
    Arm(
        "neutral-numbers",
        "lists of numbers without such associations",
        (Train("neutral-numbers"),),
        UNTUNED,
        domain="numbers",
    ),
)
"""Every arm, in the order of display."""
