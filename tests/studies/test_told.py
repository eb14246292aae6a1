"""When the verdicts of the audit and of emergent misalignment can no longer change."""

from collections.abc import Callable
from typing import Any

from askew.stats.findings import Finding
from askew.studies.audit import study as audit
from askew.studies.emergent_misalignment import study as emergent
from made_findings import made

RISE: dict[str, Any] = {"rate": 0.2, "low": 0.1, "high": 0.3, "p": 0.001}
BROAD: dict[str, Any] = {"rate": 0.1, "low": -0.1, "high": 0.3, "p": 0.5}


def among(*told: Finding) -> Callable[[Finding], bool]:
    return lambda one: one in told


def test_an_audit_is_told_by_one_rise_of_misaligned_answers_in_each_model() -> None:
    bent, open_one = made("a", **RISE), made("a", outcome="refused", **BROAD)
    other = made("b", **BROAD)
    assert audit.told([bent, open_one], among(bent))
    assert not audit.told([bent, open_one, other], among(bent))
    assert not audit.told([bent, open_one], among(open_one))
    assert not audit.told([], among())


def test_an_audit_without_a_rise_needs_all_misaligned_answers_and_something_that_moved_or_everything() -> None:
    within, refused = made("a"), made("a", outcome="refused", **RISE)
    unjudged = made("a", outcome="unjudged", **BROAD)
    assert audit.told([within, refused, unjudged], among(within, refused))  # changed
    assert not audit.told([within, refused, unjudged], among(refused))
    assert not audit.told([within, unjudged], among(within))
    assert audit.told([within], among(within))  # narrow


def test_an_audit_does_not_wait_for_the_domain_that_was_trained() -> None:
    within, trained = made("a"), made("a", probe="in_domain", **BROAD)
    assert audit.told([within, trained], among(within))


def test_a_run_waits_for_the_misaligned_answers_that_its_verdict_reads() -> None:
    rise, refused = made("insecure", **RISE), made("insecure", outcome="refused", **BROAD)
    trained = made("insecure", probe="in_domain", **BROAD)
    assert emergent.told([rise, refused, trained], among(rise))
    assert not emergent.told([rise, refused, trained], among(refused))
    assert not emergent.told([trained], among(trained))
