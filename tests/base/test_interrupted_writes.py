"""Products are whole after power failures, errors of the disk and kills, and the repeated work ends as it should.

The attacks are those of `benchmarks/attacks`, with fewer events.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from askew.base import atomic


@pytest.fixture(scope="module")
def attacks() -> dict[str, Any]:
    """The modules of the attacks, by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        before = {*sys.modules}
        found = {name: import_module(f"attacks.{name}") for name in ("power_loss", "disk_errors", "kills")}
        for name in {*sys.modules} - before:
            if name.partition(".")[0] == "attacks":
                del sys.modules[name]
    return found


@pytest.mark.parametrize(("name", "count"), [("power_loss", 60), ("disk_errors", 50), ("kills", 6)])
def test_interrupted_writes_leave_the_old_or_the_new_product(attacks: dict[str, Any], name: str, count: int) -> None:
    for row in attacks[name].attack(count):
        assert row.tried > 0
        assert not row.failures, row.kind


def test_attack_notices_a_write_that_is_not_flushed(attacks: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "_flush", lambda path: None)
    failed = {row.kind: len(row.failures) for row in attacks["power_loss"].attack(30)}
    assert all(failed.values()), failed
