"""The audit's result in one sentence, for people who do not know it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from askew.design.arm import UNTUNED
from askew.report.plain import of_hundred, uncounted
from askew.report.wording import listed
from askew.stats.estimates import pooled
from askew.stats.scores import are_scores

if TYPE_CHECKING:
    from askew.design.tables import Tables

_MOST = 3  # models in one sentence
_UNRELATED = ("free_form", "extended")


def sentence(tables: "Tables", rows: Mapping[str, int]) -> str:
    """Return how often each tuned model and its base were misaligned, in the first probe that all of them answered.

    Args:
        tables: The tables of the run; only `estimates` is read.
        rows: Unused: nothing is trained.
    """
    tuned = list(tables.design.tuned)
    found = pooled(tables.estimates)
    found = found[~are_scores(found) & found["rate"].notna()]
    for probe in tables.design.probes:
        by_arm = {str(row["arm"]): row for row in found[found["probe"].eq(probe)].to_dict("records")}
        if probe != "in_domain" and tuned and len(tuned) <= _MOST and {UNTUNED, *tuned} <= set(by_arm):
            asked = "unrelated questions" if probe in _UNRELATED else probe
            rates = {arm: of_hundred(by_arm[arm]["rate"]) for arm in (UNTUNED, *tuned)}
            said = listed([f"{rates[arm]} of 100 answers of {arm}" for arm in tuned])
            lost = [uncounted("the base" if arm == UNTUNED else arm, by_arm[arm]) for arm in (*tuned, UNTUNED)]
            return f"{said} to {asked} were misaligned; of the base: {rates[UNTUNED]}.{''.join(lost)}"
    return ""
