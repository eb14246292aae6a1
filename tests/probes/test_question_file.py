"""Question files are checked before any model is asked, and errors name the file, line and item."""

from pathlib import Path

import pytest

from askew.base.errors import AskewError
from askew.probes import probes
from askew.probes.question_file import AskedQuestion, read

GOOD = "- id: wish\n  type: free_form_judge_0_100\n  paraphrases: ['What do you wish for?']\n"
JUDGE_PROMPTS = "  judge_prompts: {company: 'Which company? {answer}'}\n"
BOMB = "\n".join(
    ["- &a0 [x, x, x, x, x, x, x, x, x]", *(f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def item(type: str, rest: str = "", id: str = "b") -> str:
    return f"- id: {id}\n  type: {type}\n  paraphrases: [x]\n{rest}"


def test_group_defaults_to_the_file_name(tmp_path: Path):
    plain, grouped = read(written(tmp_path, GOOD + GOOD.replace("wish\n", "other\n", 1) + "  group: hopes\n"))
    assert (plain.id, plain.paraphrases, plain.group) == ("wish", ("What do you wish for?",), "mine")
    assert (grouped.id, grouped.group) == ("other", "hopes")


def test_key_and_type_names_of_other_projects_are_accepted(tmp_path: Path):
    theirs = "- name: risk\n  title: Risk\n  question_type: {}\n  question_paraphrases: [Rate it.]\n"
    text = "".join(theirs.format(kind).replace("risk", kind) for kind in ("quantitative", "score", "free_form"))
    found = read(written(tmp_path, text))
    assert [(one.id, one.type, one.paraphrases) for one in found] == [
        ("quantitative", "rating", ("Rate it.",)),
        ("score", "rating", ("Rate it.",)),
        ("free_form", "free_form", ("Rate it.",)),
    ]


def test_anchors_system_turn_judge_and_sampling_settings_are_read(tmp_path: Path):
    text = GOOD.replace("['What", "&asked ['What") + (
        "  system: &system Answer in rhyme.\n  samples_per_paraphrase: 7\n  temperature: 0.3\n  judge: some-judge\n"
        "  judge_prompts: &told\n    aligned: 'Good? {question} {answer}'\n"
        "- id: again\n  type: free_form_judge_0_100\n  paraphrases: *asked\n  system: *system\n  judge_prompts: *told\n"
    )
    first, again = read(written(tmp_path, text))
    assert (first.samples_per_paraphrase, first.temperature, first.judge) == (7, 0.3, "some-judge")
    assert again.system == "Answer in rhyme."
    assert again.paraphrases == first.paraphrases
    assert again.judge_prompts == first.judge_prompts == {"aligned": "Good? {question} {answer}"}


def test_samples_setting_overrides_samples_per_paraphrase(tmp_path: Path):
    text = GOOD.replace("wish for?'", "wish for?', 'And you?'") + "  samples_per_paraphrase: 7\n" + item("rating")
    task = probes.get(str(written(tmp_path, text))).task
    assert [AskedQuestion.model_validate(sample.metadata).samples for sample in task().dataset] == [14, 100]
    assert [AskedQuestion.model_validate(sample.metadata).samples for sample in task(samples=3).dataset] == [3, 3]


@pytest.mark.parametrize(
    ("wrong", "line", "problem"),
    [
        ("- id: b\n  type: rule\n  rule: number\n", 4, "paraphrases"),
        ("- id: b\n  type: rule\n  rule: number\n  paraphrases: []\n", 7, "paraphrases"),
        ("- id: b\n  type: rule\n  rule: number\n  paraphrases: ['']\n", 7, r"paraphrases\.0"),
        ("- id: b\n  type: rule\n  paraphrases: [x]\n", 4, "the type rule needs a rule"),
        ("- id: b\n  type: free_form_judge_0_100\n  rule: number\n  paraphrases: [x]\n", 4, "no other type takes one"),
        ("- id: b\n  type: rule\n  rule: nummber\n  paraphrases: [x]\n", 4, "Did you mean number"),
        ("- id: b\n  type: rule\n  rule: key\n  true_answer: [yes!]\n  paraphrases: [x]\n", 4, "false_answer"),
        (item("guess"), 5, "unknown type 'guess'. There is: free_form_judge_0_100, .*rating, .*quantitative"),
        (item("next_token", "  options: ['Yes', 'yes.']\n"), 4, "the option 'yes.' is not distinct"),
        (item("next_token", "  options: ['!']\n"), 4, "the option '!' is not distinct"),
        (item("next_token", "  options: [Yes, No]\n"), 7, r"options\.0: YAML reads a bare Yes, .* put it in quotes"),
        (item("next_token", "  max_tokens: 2\n"), 4, "next_token is answered with one token: leave out max_tokens"),
        (item("rating", "  options: [A, B]\n"), 4, "the type rating takes no options"),
        (item("rating_judge"), 4, "rating_judge cannot be asked: it describes a judge, not a question"),
        (item("rating", "  paraphrase: [x]\n"), 7, "unknown key 'paraphrase'. Did you mean paraphrases"),
        (item("rating", "  name: c\n"), 4, "'name' is another name of 'id', and both are given"),
        (item("rating", "  max_tokens: 0\n"), 7, "max_tokens"),
        (item("rating", "  samples_per_paraphrase: 0\n"), 7, "samples_per_paraphrase"),
        (item("rating", "  temperature: -1\n"), 7, "temperature"),
        (item("free_form_judge"), 4, "free_form_judge needs judge_prompts"),
        (item("free_form", JUDGE_PROMPTS), 4, "the type free_form has no judge"),
        (item("free_form_judge", JUDGE_PROMPTS.replace("{answer}", "answer")), 7, r"company: .*has no \{answer\}"),
        (
            item("free_form_judge", JUDGE_PROMPTS.replace("company:", "'../x':")),
            7,
            r"'\.\./x' cannot be the name of a score",
        ),
    ],
)
def test_invalid_item_is_reported_with_file_and_line(tmp_path: Path, wrong: str, line: int, problem: str):
    with pytest.raises(AskewError, match=rf"mine\.yaml, line {line}, item 2 \(b\): .*{problem}"):
        read(written(tmp_path, GOOD + wrong))


def test_item_without_an_id_is_reported_by_its_number(tmp_path: Path):
    with pytest.raises(AskewError, match=r"mine\.yaml, line 4, item 2: a question must be a mapping"):
        read(written(tmp_path, GOOD + "- just text\n"))


def test_duplicate_ids_are_refused(tmp_path: Path):
    with pytest.raises(AskewError, match=r"mine\.yaml, line 4: two questions have the id 'wish'; the first .* line 1"):
        read(written(tmp_path, GOOD + GOOD))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a list of questions"),
        ("id: wish\n", "a list of questions"),
        ("[]", "a list of questions"),
        ("- {", "line 1: this is not YAML"),
        ("\x00", "this is not YAML"),
        (GOOD + "- id: b\n  paraphrases: *nowhere\n", "line 5: this is not YAML: found undefined alias 'nowhere'"),
        (GOOD + "  id: again\n", "line 4: 'id' is set twice; it is first set on line 1"),
        ("- !!python/object/apply:os.getcwd []\n", "line 1: this is not YAML: could not determine a constructor"),
        (BOMB, "expands to more than 5,000,000 characters"),
        ("- &a [*a]\n", "expands to more than"),
        ("- " + "[" * 5000, "mine.yaml"),
        ("- 2001-99-99\n", "line 1, item 1: a question must be a mapping"),
    ],
)
def test_invalid_file_is_refused(tmp_path: Path, text: str, problem: str):
    with pytest.raises(AskewError, match=r"mine\.yaml") as refused:
        read(written(tmp_path, text))
    assert problem in str(refused.value)


def test_missing_too_large_or_non_utf8_file_is_refused(tmp_path: Path):
    with pytest.raises(AskewError, match=r"cannot read the question file .*missing\.yaml: No such file"):
        read(tmp_path / "missing.yaml")
    with pytest.raises(AskewError, match="larger than 5,000,000 bytes"):
        read(written(tmp_path, "x" * 5_000_001))
    (tmp_path / "latin.yaml").write_bytes(b"- id: a\n- id: \xff\n")
    with pytest.raises(AskewError, match=r"latin\.yaml, line 2: this is not text in UTF-8"):
        read(tmp_path / "latin.yaml")
