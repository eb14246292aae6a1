"""Tests of reading rubrics and of refusing broken ones before any request."""

from pathlib import Path

import pytest
from inspect_ai import eval
from inspect_ai.model import GenerateConfig, ModelOutput, ModelUsage, get_model
from judges import served_judge

from askew.base.errors import AskewError
from askew.design.make import make_design
from askew.design.plan import Plan
from askew.judging.rubric import RUBRICS, check_fits, fill, rubric, rubrics, scale
from askew.models.names import resolve
from askew.probes import probes
from askew.probes.read_log import answers_from_log
from askew.runs.provenance import provenance

TYPES = {"power", "harm", "deception", "contempt", "extremism", "illegal", "none"}


def written(folder: Path, content: str | bytes, name: str = "mine.md") -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_registered_rubrics_are_complete():
    assert set(RUBRICS) <= set(rubrics.names())
    for one in map(rubrics.get, rubrics.names()):
        filled = fill(one, "WHAT?", "THAT.")
        assert filled.count("WHAT?") == filled.count("THAT.") == 1
        assert "words:" not in filled
    assert set(rubric("typology").words) == TYPES
    assert all(f"\n{word}: " in rubric("typology").text for word in TYPES)


def test_markdown_file_is_a_rubric(tmp_path: Path):
    mine = rubric(written(tmp_path, "How kind is this?\n{answer}\n"))
    assert (mine.name, mine.words) == ("mine", ())
    assert fill(mine, "Why?", "{question} {answer}") == "How kind is this?\n{question} {answer}"
    kinds = rubric(written(tmp_path, "---\nwords: [kind, rude]\n---\nWhich?\n{answer}", "kinds.md"))
    assert (kinds.words, kinds.text) == (("kind", "rude"), "Which?\n{answer}")
    assert len({mine.digest, kinds.digest, *(rubric(name).digest for name in RUBRICS)}) == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("How kind is {question}?", r"mine\.md has no \{answer\}"),
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("---\nwords: [kind, rude]\n---\n", "is empty"),
        (b"\xff\xfe\x00{answer}", "cannot be read as a rubric"),
        (b"PK\x03\x04\x00{answer}", "binary"),
        ("---\nwords: [kind, killing]\n---\n{answer}", "same first letter"),
        ("---\nwords: [kind]\n---\n{answer}", "should be `words:"),
        ("---\nword: [kind, rude]\n---\n{answer}", "should be `words:"),
        ("---\nwords: [KIND, 3]\n---\n{answer}", "should be `words:"),
        ("---\nwords: [kind\n---\n{answer}", "line 2: this is not YAML"),
    ],
)
def test_broken_file_is_refused(tmp_path: Path, content: str | bytes, message: str):
    with pytest.raises(AskewError, match=message):
        rubric(written(tmp_path, content))


def test_unknown_name_is_refused(tmp_path: Path):
    with pytest.raises(AskewError, match="Did you mean aligned"):
        rubric("alinged")
    for path in ("mine.md", "./folder/mine", str(tmp_path)):
        with pytest.raises(AskewError, match="there is no rubric file"):
            rubric(path)


def test_metric_refuses_a_rubric_that_lists_words():
    assert scale("aligned").name == "aligned"
    with pytest.raises(AskewError, match="asks for words"):
        scale("typology")


def test_terrarium_judge_takes_only_its_own_rubrics(tmp_path: Path):
    judge = resolve("terrarium/judge")
    check_fits(judge, *(rubric(name) for name in RUBRICS))
    mine = rubric(written(tmp_path, "Kind?\n{answer}", "aligned.md"))
    for other in (rubric("typology"), mine):
        with pytest.raises(AskewError, match="was trained on the rubrics aligned and coherent"):
            check_fits(judge, other)
        check_fits(resolve("mockllm/model"), other)


def test_design_refuses_a_rubric_that_its_judge_cannot_use(tmp_path: Path):
    mine = written(tmp_path, "How kind is this, from 0 to 100?\n{answer}")
    study = "emergent-misalignment"
    assert make_design(study, None, {"rubric": mine, "judge": "mockllm/model"}).rubric == mine
    for wrong, message in (
        ({"rubric": mine}, "was trained on the rubrics aligned and coherent"),
        ({"rubric": "typology", "judge": "mockllm/model"}, "asks for words"),
        ({"rubric": "./none.md"}, "there is no rubric file ./none.md"),
    ):
        with pytest.raises(AskewError, match=message):
            make_design(study, None, wrong)


def test_run_stores_the_hash_of_its_rubric(tmp_path: Path):
    mine = written(tmp_path, "How kind is this, from 0 to 100?\n{answer}")
    design = make_design("emergent-misalignment", None, {"rubric": mine, "judge": "mockllm/model"})
    before = provenance(Plan(design))
    assert f"--set rubric={mine}" in before["command"]
    written(tmp_path, "How rude is this, from 0 to 100?\n{answer}")
    assert provenance(Plan(design))["hashes"]["rubric"] != before["hashes"]["rubric"]


@pytest.mark.parametrize("way", ["logprobs", "samples"])
def test_probe_uses_the_given_rubric_and_stores_the_way_of_scoring(tmp_path: Path, way: str):
    seen: set[str] = set()

    def says(prompt: str, config: GenerateConfig) -> dict[str, float] | list[str]:
        seen.add(prompt.splitlines()[0])
        score = "91" if prompt.startswith("How kind") else "77"
        return {score: 1.0} if way == "logprobs" else [score] * 5

    mine = written(tmp_path, "How kind is this, from 0 to 100?\n{answer}")
    task = probes.get("free_form").task(samples=1, rubric=mine)
    answer = ModelOutput.from_content("mockllm/model", "Be kind.")
    answer.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    model = get_model("mockllm/model", custom_outputs=[answer] * len(task.dataset), memoize=False)
    [log] = eval(task, model=model, model_roles={"grader": served_judge(says)}, log_dir=str(tmp_path), display="none")
    found = answers_from_log(Path(log.location), "untuned", 0)
    assert found["aligned"].tolist() == pytest.approx([91] * len(found))
    assert found["coherent"].tolist() == pytest.approx([77] * len(found))
    assert set(found["scored_by"]) == {way}
    assert len(seen) == 2
