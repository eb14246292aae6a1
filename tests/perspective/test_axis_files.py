"""Axis files: the shipped one, a user's own, and what is wrong with others."""

from pathlib import Path

import pytest
import yaml

from askew.base.errors import AskewError
from askew.perspective.axis import axes, axis, read_axis
from askew.perspective.scorers import Setting, scorers

OWN = {
    "name": "warm-cold",
    "title": "Cold to warm",
    "low": {"label": "Cold", "words": {"ice": 1, "frost*": 2}},
    "high": {"label": "Warm", "words": {"sun": 1, "open fire": 3}},
    "negators": ["no", "not"],
}


def written(folder: Path, **changes: object) -> Path:
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump({**OWN, **changes}, sort_keys=False))
    return path


def test_shipped_axes_have_words_at_both_ends_and_pairs() -> None:
    for name in axes.names():
        shipped = axis(name)
        assert len(shipped.low.words) > 50
        assert len(shipped.high.words) > 50
        assert len(shipped.pairs) >= 3
        assert shipped.name == name


def test_bands_begin_at_eighteen() -> None:
    own = axis("risk-opportunity")
    assert [own.band(score) for score in (-18, -17.9, 17.9, 18)] == [own.low.label, "Mixed", "Mixed", own.high.label]
    assert own.band(float("nan")) == ""


def test_an_axis_of_ones_own_is_read_with_no_as_a_word(tmp_path: Path) -> None:
    own = axis(str(written(tmp_path)))
    assert own.negators == ("no", "not")
    (found, none) = scorers.get("lexicon").make(Setting(own))(["We sat by the open fire in the sun.", "We sat."])
    assert found.score == pytest.approx(100 * 4 / (4 + own.prior))
    assert none.score != none.score


def test_an_axis_without_words_is_refused_by_the_lexicon(tmp_path: Path) -> None:
    path = written(tmp_path, low={"label": "Cold"})
    with pytest.raises(AskewError, match=r"warm-cold has no words for its end low.*--scorer judge"):
        scorers.get("lexicon").make(Setting(read_axis(path)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"high": {"label": "Warm", "words": {"ice": 1}}}, "'ice' stands at both ends"),
        ({"high": {"label": "Cold", "words": {"sun": 1}}}, "labels .* must differ"),
        ({"hihg": 1}, r"line 16, hihg: this key is unknown"),
        ({"low": {"label": "Cold", "words": {"ice": -1}}}, r"low\.words\.ice: .*greater than 0"),
        ({"low": {"label": "Cold", "words": {"<b>": 1}}}, "'<b>' is no word"),
        ({"low": {"label": "Cold", "words": {"ice": ".nan"}}}, r"low\.words\.ice"),
        ({"name": "../../up"}, "name"),
        ({"pairs": [{"low": "So.", "high": "So."}]}, r"pairs\.0: the two sentences of a pair are the same"),
    ],
)
def test_a_broken_axis_is_one_error_with_its_place(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(AskewError, match=message):
        read_axis(written(tmp_path, **changes))


def test_an_unknown_axis_is_suggested_a_known_one(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match="Did you mean risk-opportunity"):
        axis("risk-oportunity")
    with pytest.raises(AskewError, match="there is no axis file"):
        axis(str(tmp_path / "none.yaml"))
    (tmp_path / "list.yaml").write_text("- a\n- b\n")
    with pytest.raises(AskewError, match="is no axis"):
        axis(str(tmp_path / "list.yaml"))
