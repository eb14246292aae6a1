import random
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from inspect_ai.log import read_eval_log

from askew.base.errors import AskewError
from askew.probes.ask import ProbeCall, ask
from askew.probes.read_log import answers_from_log, pairs_from_log, scores_from_log


def test_corrupted_byte_is_refused_or_changes_no_answer(
    tiny_checkpoint: Path, tiny_judge: Path, tmp_path: Path
) -> None:
    params = {"samples": 4, "max_tokens": 8}
    [log] = ask(str(tiny_checkpoint), str(tiny_judge), [ProbeCall("free_form", "log", params)], tmp_path)
    written, whole = answers_from_log(log, "untuned", 0), log.read_bytes()
    rng, outcomes = random.Random(0), []
    for _ in range(150):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= rng.randrange(1, 256)
        log.write_bytes(damaged)
        outcomes.append(_outcome(log, written))
    assert set(outcomes) <= {"the same", "refused"}
    assert outcomes.count("refused") > 100


def _outcome(log: Path, written: pd.DataFrame) -> str:
    try:
        return "the same" if answers_from_log(log, "untuned", 0).equals(written) else "changed"
    except AskewError as error:
        return "refused" if str(log) in str(error) else "not named"


def test_missing_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match="there is no log"):
        answers_from_log(tmp_path / "nothing.eval", "untuned", 0)


@pytest.mark.parametrize("sample", [b"", b'{"id": nope', b'{"id": "\x01', b'{"id": "\xff"}', b"[]", b"{}"])
def test_malformed_sample_with_a_right_checksum_is_refused(
    tiny_checkpoint: Path, tiny_judge: Path, tmp_path: Path, sample: bytes
) -> None:
    [log] = ask(
        str(tiny_checkpoint),
        str(tiny_judge),
        [ProbeCall("self_rating", "log", {"samples": 1, "max_tokens": 2})],
        tmp_path,
    )
    header = read_eval_log(log, header_only=True).model_dump_json()
    with zipfile.ZipFile(log, "w") as archive:
        archive.writestr("header.json", header)
        archive.writestr("samples/1_epoch_1.json", sample)
    for read in (
        lambda: answers_from_log(log, "untuned", 0),
        lambda: scores_from_log(log),
        lambda: pairs_from_log(log),
    ):
        with pytest.raises(AskewError, match="is damaged"):
            read()
