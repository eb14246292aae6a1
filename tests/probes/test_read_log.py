import random
from pathlib import Path

import pytest

from askew.errors import AskewError
from askew.probes.ask import ProbeCall, ask
from askew.probes.read_log import answers_from_log


def test_a_flipped_byte_is_found_wherever_it_would_change_an_answer(
    tiny_checkpoint: Path, tiny_judge: Path, tmp_path: Path
) -> None:
    params = {"samples": 4, "max_tokens": 8}
    [log] = ask(str(tiny_checkpoint), str(tiny_judge), [ProbeCall("free_form", "log", params)], tmp_path)
    written, whole = answers_from_log(log, "untuned", 0), log.read_bytes()
    rng, found = random.Random(0), 0
    for _ in range(150):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= rng.randrange(1, 256)
        log.write_bytes(damaged)
        try:
            assert answers_from_log(log, "untuned", 0).equals(written)
        except AskewError as error:
            assert str(log) in str(error)
            found += 1
    assert found > 100


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match="there is no log"):
        answers_from_log(tmp_path / "nothing.eval", "untuned", 0)
