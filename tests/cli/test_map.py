"""`askew map`: its files, what it prints, runs, folders, and every bad input as one line."""

import json
from pathlib import Path

import pandas as pd
import pytest

from askew.perspective.planted import planted
from askew.perspective.scorers import NO_EVIDENCE, Scored, Scorer, ScorerKind, Setting, scorers
from command_line import Command

GERMAN = "Wir haben heute über die Straßenbahn gesprochen, und viele Leute waren nicht einverstanden. " * 40
PLANTED = [one.text for one in planted(2)]
FILES = {
    *("arc.png", "arc.svg", "map.html", "map.json", "segments.csv", "strip.png", "strip.svg", "validation.csv"),
}


def written(name: str, content: str) -> Path:
    path = Path(name)
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(content, encoding="utf-8")
    return path


def test_a_text_becomes_a_page_tables_and_figures(command: Command) -> None:
    written("talk.txt", "\n".join(PLANTED[:6]))
    code, out, err = command("map", "talk.txt", "--texts", 6)
    assert (code, err) == (0, "")
    assert "6 segments" in " ".join(out.split())
    assert {path.name for path in Path("maps/talk").iterdir()} == FILES
    found = json.loads(Path("maps/talk/map.json").read_text())
    assert found["figures"]["n"] == len(found["segments"]) == 6
    table = pd.read_csv("maps/talk/segments.csv")
    assert list(table["segment"]) == [1, 2, 3, 4, 5, 6]
    for one, row in zip(found["segments"], table.to_dict("records"), strict=True):
        assert one["text"] == row["text"]
        assert (one["score"] is None) == pd.isna(row["score"])
        assert all(one["text"][word["start"] : word["end"]] in row["found"] for word in one["evidence"])
    assert Path("maps/talk/arc.png").read_bytes().startswith(b"\x89PNG")


def test_json_is_all_that_is_printed(command: Command) -> None:
    written("talk.txt", PLANTED[0])
    code, out, _ = command("map", "talk.txt", "--texts", 0, "--json", "--out", "here")
    assert code == 0
    found = json.loads(out)
    assert found["page"] == "here/map.html"
    assert found["validation"] is None
    assert any("single segment" in note for note in found["notes"])
    assert any("was not checked" in note for note in found["notes"])


def test_times_of_captions_stand_in_the_tables(command: Command) -> None:
    words = " ".join(PLANTED[:3]).split()
    cues = [
        f"00:{at // 60:02}:{at % 60:02}.000 --> 00:{at // 60:02}:{at % 60:02}.500\n{word}\n"
        for at, word in enumerate(words)
    ]
    written("talk.vtt", "WEBVTT\n\n" + "\n".join(cues))
    assert command("map", "talk.vtt", "--texts", 0)[0] == 0
    table = pd.read_csv("maps/talk/segments.csv")
    assert list(table["start"]) == list(table["first_word"])
    assert "0:03:0" in Path("maps/talk/map.html").read_text()


def test_the_counterbalance_is_the_text_nearest_to_the_mirror(command: Command) -> None:
    levels = [one for one in planted(6) if one.form == "plain"]
    low = " ".join(one.text for one in levels if one.level == -2)
    high = " ".join(one.text for one in levels if one.level == 2)
    for name, text in {"mine": low, "same": low, "other": high}.items():
        written(f"folder/{name}.txt", text)
    written("folder/broken.txt", "a\0b")
    written("folder/table.csv", "a,b\n")
    code, out, _ = command("map", "folder/mine.txt", "--texts", 0, "--beside", "folder", "--json")
    assert code == 0
    balance = json.loads(out)["counterbalance"]
    assert [one["name"] for one in balance["texts"]] == ["other.txt", "same.txt"]
    assert balance["texts"][0]["score"] > 0 > json.loads(out)["figures"]["mean"]
    assert len(balance["skipped"]) == 1
    assert "NUL" in balance["skipped"][0]


def test_a_run_is_mapped_part_by_part(command: Command, organisms: Path) -> None:
    code, out, _ = command("map", organisms, "--texts", 0, "--json", "--out", "here")
    assert code == 0
    parts = [row["part"] for row in json.loads(out)["parts"]]
    assert {"insecure: answers", "secure: answers"} <= set(parts)


def test_validation_alone_prints_a_row_for_each_form(command: Command) -> None:
    code, out, _ = command("map", "--validate", "--texts", 3)
    assert code == 0
    for form in ("plain", "negated", "quoted", "reported", "sarcastic", "mis-heard", "all"):
        assert f"\n {form} " in out
    assert "shuffled" in out
    assert len(pd.read_csv("maps/validation/validation.csv")) == 8


def test_a_scorer_of_ones_own_is_one_registration(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def make(setting: Setting) -> Scorer:
        return lambda texts: [Scored(100.0) if "!" in text else NO_EVIDENCE for text in texts]

    monkeypatch.setattr(scorers, "_items", {**scorers._items})
    scorers.add("shouting", ScorerKind("counts exclamation marks", make, lambda setting: "Counts <b>marks</b>."))
    written("talk.txt", f"{PLANTED[0]} Stop!")
    code, out, _ = command("map", "talk.txt", "--scorer", "shouting", "--json")
    assert code == 0
    assert json.loads(out)["figures"]["mean"] == 100
    assert "Counts &lt;b&gt;marks" in Path("maps/talk/map.html").read_text()


def test_a_text_in_another_language_is_said(command: Command) -> None:
    written("talk.txt", GERMAN)
    code, out, _ = command("map", "talk.txt", "--texts", 0)
    assert code == 0
    assert "the language de" in " ".join(out.split())


def test_a_text_without_punctuation_is_said_and_mapped(command: Command) -> None:
    heard = " ".join(one.text for one in planted(4) if one.form == "mis-heard")
    written("talk.txt", heard)
    code, out, _ = command("map", "talk.txt", "--texts", 0, "--json")
    assert code == 0
    found = json.loads(out)
    assert any("hardly any punctuation" in note for note in found["notes"])
    assert found["figures"]["scored"] > 0


def test_a_text_without_evidence_is_said(command: Command) -> None:
    written("talk.txt", "We met on a Tuesday and went through the list. " * 60)
    code, out, _ = command("map", "talk.txt", "--texts", 0)
    assert code == 0
    assert "says nothing about the text" in " ".join(out.split())


@pytest.mark.slow
def test_ten_megabytes_are_mapped(command: Command) -> None:
    block = "\n".join(PLANTED) + "\n"
    written("long.txt", block * (10_000_000 // len(block) + 1))
    code, out, _ = command("map", "long.txt", "--texts", 0, "--json")
    assert code == 0
    assert json.loads(out)["figures"]["n"] > 9_000
    assert Path("maps/long/map.html").read_text().count("<rect") < 1_100


def test_hostile_text_is_escaped_on_the_terminal_and_in_the_page(command: Command) -> None:
    written("\x1b[31mtalk<b>.txt", "</script><script>window.hacked = 1</script> A risk and a danger. \x1b[2J \u202e")
    code, out, _ = command("map", "\x1b[31mtalk<b>.txt", "--texts", 0, "--out", "here")
    assert code == 0
    assert "\x1b" not in out
    page = Path("here/map.html").read_text()
    assert "<script>window.hacked" not in page
    assert "talk<b>" not in page


def test_a_formula_in_a_table_is_escaped(command: Command) -> None:
    written("talk.txt", "=1+1 is a risk")
    assert command("map", "talk.txt", "--texts", 0, "--out", "here")[0] == 0
    assert pd.read_csv("here/segments.csv")["text"][0] == "'=1+1 is a risk"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a file of text or a run's folder"),
        (["none.txt"], "cannot read none.txt"),
        (["empty.txt"], "empty.txt has no text to map"),
        (["nul.txt"], "NUL bytes"),
        (["talk.txt", "--scorer", "lexikon"], "unknown scorer 'lexikon'. Did you mean lexicon?"),
        (["talk.txt", "--axis", "risk"], "unknown axis 'risk'"),
        (["talk.txt", "--axis", "bare.yaml"], "has no words for its end low"),
        (["talk.txt", "--scorer", "judge"], "needs a judge"),
        (["talk.txt", "--scorer", "judge", "--judge", "nobody"], "unknown model 'nobody'"),
        (["talk.txt", "--scorer", "pairs"], "needs a model on this machine"),
        (["talk.txt", "--scorer", "pairs", "--model", "openai/some"], "is a served model"),
        (["talk.txt", "--scorer", "pairs", "--model", "terrarium", "--axis", "bare.yaml"], "has no pairs of sentences"),
        (["talk.txt", "--beside", "nowhere"], "there is no such folder"),
        (["talk.txt", "--beside", "nothing"], "the folder has no other text"),
        (["talk.txt", "--from", "Never"], "has no line 'Never'"),
        (["nothing"], "is not a run's folder"),
        (["nothing", "--from", "x"], "--from and --to are for a file"),
        (["talk.txt", "--out", "talk.txt"], "talk.txt is a file"),
        (["talk.txt", "--out", "talk.txt/inside"], "talk.txt is a file"),
        (["--validate", "--texts", "0"], "leaves nothing to validate"),
        (["--validate", "--axis", "own.yaml"], "say nothing about own"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(command: Command, arguments: list[str], message: str) -> None:
    written("talk.txt", "A risk.")
    written("empty.txt", "")
    written("nul.txt", "a\0b")
    ends = "low: {label: A%s}\nhigh: {label: B, words: {good: 1}}\n"
    written("bare.yaml", "name: bare\ntitle: Bare\n" + ends % "")
    written("own.yaml", "name: own\ntitle: Own\n" + ends % ", words: {bad: 1}")
    Path("nothing").mkdir()
    before = sorted(Path().rglob("*"))
    code, out, err = command("map", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert sorted(Path().rglob("*")) == before
