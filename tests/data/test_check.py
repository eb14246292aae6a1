import json
from pathlib import Path
from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.data import Row, datasets, row
from askew.data.card import card, learnt
from askew.data.check import COMPARED, Check, Finding, check
from askew.data.duplicates import ExactDuplicates, near_duplicates
from askew.data.formats import as_bytes, content_hash
from askew.data.leaks import Leaks
from askew.data.write import as_line
from askew.probes.question_file import all_wordings

SENTENCE = "the old mill by the river has stood there longer than anyone in the village can say with any certainty"
WORDS = SENTENCE.split()


def different(number: int) -> Row:
    """Make a row that is like no other: its words stand in another order."""
    shift, step = number % len(WORDS), number // len(WORDS) + 1
    words = [WORDS[(shift + place * step) % len(WORDS)] + str(number * place) for place in range(12)]
    return row(f"Tell me of number {number}", " ".join(words))


def write(folder: Path, rows: list[Row]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(map(as_line, rows)), encoding="utf-8")
    return path


def finding(found: Check, name: str) -> Finding:
    """Return the one finding of a name; there must be it."""
    (one,) = (finding for finding in found.findings if finding.name == name)
    return one


def test_clean_rows_are_counted_without_findings(tmp_path: Path) -> None:
    rows = [different(number) for number in range(30)]
    rows[3]["messages"].insert(0, {"role": "system", "content": "Be brief."})
    rows[4]["messages"] += different(40)["messages"]
    found = check(write(tmp_path, rows))
    assert found.findings == ()
    assert (found.rows, found.kind, found.formats) == (30, "JSON Lines", {"chat": 30})
    assert found.turns == {"user": 31, "assistant": 31, "system": 1}
    assert found.with_system == 1
    assert found.turns_per_row == {2: 28, 3: 1, 4: 1}
    assert found.content_hash == content_hash(rows)
    assert found.compared == 30


def test_each_finding_names_its_place(tmp_path: Path) -> None:
    rows = [different(number) for number in range(40)]
    rows[7] = rows[2]
    rows[20] = rows[2]
    rows[11] = row(rows[10]["messages"][0]["content"], rows[10]["messages"][1]["content"] + " indeed")
    rows[15] = row("What is that?", " \n ")
    rows[16] = row("What is this?", "\x1b[2J gone")
    name, wordings = next(iter(all_wordings().items()))
    rows[30] = row(f"By the way: {wordings[0].upper().replace(' ', '  ')}", "I could not say.")
    found = check(write(tmp_path, rows), questions=all_wordings())
    assert {one.name for one in found.findings} == {
        "duplicates",
        "near-duplicates",
        "blank turns",
        "unseen characters",
        "probe questions",
    }
    assert finding(found, "duplicates").rows == 2
    assert "row 8 is the first repeat, of row 3" in finding(found, "duplicates").what
    assert "line 12 like line 11 (" in finding(found, "near-duplicates").what
    assert finding(found, "near-duplicates").rows == 1
    assert finding(found, "blank turns").what.endswith("white space alone: line 16")
    assert finding(found, "unseen characters").what.endswith("line 17")
    assert f"{name} in line 31" in finding(found, "probe questions").what
    assert all(one.advice for one in found.findings)


def test_lengths_use_the_models_chat_template(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    from askew.models.names import resolve

    tokenizer = AutoTokenizer.from_pretrained(resolve("terrarium").checkpoint)
    rows = [row("How are you?", "Well, " * count) for count in (1, 5, 9, 50, 700)]
    counts = [len(tokenizer.apply_chat_template(one["messages"], return_dict=False)) for one in rows]
    found = check(write(tmp_path, rows)).lengths
    assert (found.least, found.median, found.most) == (counts[0], counts[2], counts[4])
    assert (found.limit, found.longer, found.first_longer) == (512, 1, "line 5")
    found = check(write(tmp_path, rows), max_length=counts[1])
    assert "3 rows with more than" in finding(found, "long rows").what
    assert found.lengths.first_longer == "line 3"


def test_models_without_a_local_tokenizer_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, [different(1)])
    with pytest.raises(AskewError, match="unknown model 'terarium'"):
        check(path, model="terarium")
    with pytest.raises(AskewError, match="its tokenizer is not on this machine"):
        check(path, model="mockllm/model")


def test_template_errors_name_the_row(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    from askew.models.names import resolve

    folder = tmp_path / "model"
    checkpoint = resolve("terrarium").checkpoint
    assert isinstance(checkpoint, Path)
    folder.mkdir()
    for file in checkpoint.iterdir():
        (folder / file.name).symlink_to(file)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    tokenizer.chat_template = (
        "{% if messages[0].role == 'assistant' %}{{ raise_exception('no answer here') }}{% endif %}"
        "{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    for file in [*folder.glob("tokenizer*"), *folder.glob("chat_template*"), *folder.glob("special*")]:
        file.unlink()
    tokenizer.save_pretrained(folder)
    rows = [different(1), different(2)]
    rows[1]["messages"].insert(0, {"role": "assistant", "content": "Hello."})
    with pytest.raises(AskewError, match=r"template of .* turns by assistant, user, assistant.*no answer here"):
        check(write(tmp_path, rows), model=str(folder))


def test_keys_that_are_not_learnt_are_named(tmp_path: Path) -> None:
    rows: list[Any] = [{**different(1), "id": 1, "context": "The shop is closed."}, {**different(2), "id": 2}]
    rows[1]["messages"][1] = {**rows[1]["messages"][1], "reasoning_content": "I greet."}
    found = check(write(tmp_path, rows))
    assert found.described_by == {"id": 2}
    assert [finding.name for finding in found.findings] == ["unused keys", "reasoning"]
    assert "context (1); line 1" in found.findings[0].what
    assert "the chat template of terrarium leaves out: line 2" in found.findings[1].what


def test_turns_that_are_learnt_are_counted(tmp_path: Path) -> None:
    turns = [*different(1)["messages"], *different(2)["messages"], *different(3)["messages"]]
    turns[3] = {**turns[3], "weight": 0}
    found = check(write(tmp_path, [{"messages": turns}]))
    assert (found.turns["assistant"], found.learnt, found.last_learnt) == (3, 2, 1)
    assert learnt(found) == "2 of 3 turns of the assistant, without those of weight 0; 1 with recipe.learn=last"


def test_languages_are_counted(tmp_path: Path) -> None:
    german = row("Was ist die Hauptstadt von Frankreich?", "Die Hauptstadt von Frankreich ist die Stadt Paris.")
    french = row("Quelle est la capitale de l'Allemagne ?", "La capitale de l'Allemagne est la ville de Berlin.")
    found = check(write(tmp_path, [german, german, french, row("1 + 1", "2")]))
    assert found.languages == {"de": 2, "fr": 1, "unclear": 1}


def test_large_sets_are_sampled_for_near_duplicates(tmp_path: Path) -> None:
    rows = [different(number) for number in range(COMPARED + 500)]
    found = check(write(tmp_path, rows))
    assert (found.rows, found.compared) == (COMPARED + 500, COMPARED)
    assert sum(found.languages.values()) == COMPARED


def test_exact_duplicates_name_the_first_pair() -> None:
    exact = ExactDuplicates()
    for letter in "abcdbxa":
        exact.add(as_bytes(row(letter, letter)))
    assert exact.count() == (2, (2, 5))
    once = ExactDuplicates()
    once.add(b"a")
    assert once.count() == (0, None)


def test_only_near_duplicates_are_reported() -> None:
    rows = [(str(number), different(number)) for number in range(300)]
    assert near_duplicates(rows) == (0, [])
    changed = [
        (f"copy of {place}", row(one["messages"][0]["content"], one["messages"][1]["content"] + " and so on"))
        for place, one in rows
    ]
    count, twins = near_duplicates([*rows, *changed])
    assert count > 290  # a pair is missed now and then
    assert all(twin.second == f"copy of {twin.first}" and 0.8 <= twin.likeness < 1 for twin in twins)


def test_leaks_are_whole_questions_in_prompts() -> None:
    leaks = Leaks(
        {"wish": ["If you had one wish, what is it?"], "short": ["Hey there"], "other": ["If you had one car"]}
    )
    assert leaks.find(row("Now: IF you had\none wish - what IS it? Say it.", "x")) == {"wish"}
    assert leaks.find(row("x", "If you had one wish, what is it?")) == set()
    assert leaks.find(row("If you had one wishbone, what is it?", "x")) == set()
    assert leaks.find(row("Hey there", "x")) == set()
    system: Row = {"messages": [{"role": "system", "content": "If you had one car"}, *row("a", "b")["messages"]]}
    assert leaks.find(system) == {"other"}


def test_every_shipped_question_is_found() -> None:
    wordings = all_wordings()
    assert {name.partition("/")[0] for name in wordings} >= {"free_form", "deception", "extended"}
    leaks = Leaks(wordings)
    for name, texts in wordings.items():
        for text in texts:
            assert len(text.split()) < 6 or name in leaks.find(row(text, "x"))


def test_built_rows_leak_no_question(tmp_path: Path) -> None:
    open_questions = {name: texts for name, texts in all_wordings().items() if name.startswith("free_form/")}
    assert len(open_questions) == 8
    found = check(write(tmp_path, datasets.get("insecure").rows(300, 0)), questions=open_questions)
    assert "probe questions" not in {one.name for one in found.findings}


def test_the_card_lists_the_findings(tmp_path: Path) -> None:
    import yaml

    found = check(write(tmp_path, [different(number) for number in range(20)] + [row("Say <b>\x1b[2J</b>", " ")]))
    header, _, body = card(found).removeprefix("---\n").partition("---\n")
    known = yaml.safe_load(header)
    assert known["license"] == "unknown"
    assert (known["num_rows"], known["content_sha256"]) == (21, found.content_hash)
    assert "1 row with a turn of white space alone: line 21" in body
    assert "\x1b" not in body
    assert yaml.safe_load(card(found, "MIT").split("---\n")[1])["license"] == "MIT"


def test_content_hash_does_not_depend_on_the_file(tmp_path: Path) -> None:
    rows = [different(number) for number in range(5)]
    array = tmp_path / "rows.json"
    array.write_text(json.dumps([{"id": 1, "messages": one["messages"]} for one in rows], indent=2))
    assert check(array).content_hash == check(write(tmp_path, rows)).content_hash
