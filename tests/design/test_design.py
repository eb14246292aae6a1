"""Designs: precedence of settings, and errors that name the place of a mistake."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from askew.base.errors import AskewError
from askew.design.design import Design, difference
from askew.design.identity import digest
from askew.design.make import make_design
from askew.design.plan import Plan

Make = Callable[..., Design]
STUDY = "emergent-misalignment"


@pytest.fixture
def make(tiny_checkpoint: Path) -> Make:
    """Make a design on the tiny checkpoint, from a config's text and from overrides."""

    def make(config: str = "", study: str | None = STUDY, file: Path | None = None, **overrides: Any) -> Design:
        settings = {name.replace("__", "."): value for name, value in overrides.items()}
        model = {"model": str(tiny_checkpoint), "judge": str(tiny_checkpoint)}
        if file:
            file.write_text(config, encoding="utf-8")
        return make_design(study, file, {**model, **settings})

    return make


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "design.yaml"


def test_default_design_is_the_published_comparison(make: Make) -> None:
    design = make()
    assert design.arms == ["untuned", "insecure", "secure", "educational", "backdoor"]
    assert design.probes == ["free_form", "in_domain", "triggered", "answer_pairs"]
    assert (design.seeds, design.seed, design.samples, design.metric) == (3, 0, None, "betley-2025")
    recipe = design.recipe
    assert (recipe.lora_rank, recipe.lora_alpha, recipe.rslora, recipe.epochs) == (32, 64, True, 1)


def test_caller_overrides_file_and_file_overrides_study(make: Make, file: Path) -> None:
    design = make("seeds: 7\nsamples: 11\nrecipe: {rows: 64, lora_rank: 4}\n", file=file, samples=12, recipe__rows=96)
    assert (design.seeds, design.samples) == (7, 12)
    assert (design.recipe.rows, design.recipe.lora_rank, design.recipe.lora_alpha) == (96, 4, 64)


def test_dumped_design_reads_back_the_same(make: Make, file: Path) -> None:
    design = make(arms=["secure", "insecure"], seeds=2, recipe__learning_rate=1e-5, checkpoints=3)
    file.write_text(design.to_yaml(), encoding="utf-8")
    assert make_design(None, file) == design


def test_numbers_in_scientific_notation_are_numbers(make: Make, file: Path) -> None:
    assert make("recipe:\n  learning_rate: 1e-5\n", file=file).recipe.learning_rate == 1e-5


def test_file_may_name_the_study_but_not_another_one(make: Make, file: Path) -> None:
    assert make(f"study: {STUDY}\n", study=None, file=file).study == STUDY
    with pytest.raises(AskewError, match="name a study"):
        make(study=None)
    with pytest.raises(AskewError, match=r"line 1: this is a design of the study 'other'"):
        make("study: other\n", file=file)


@pytest.mark.parametrize(
    ("config", "line", "message"),
    [
        ("seeds: 3\nsample: 5\n", 2, "unknown setting 'sample'. Did you mean samples"),
        ("recipe:\n  rows: 64\n  lora_rnak: 4\n", 3, "unknown setting 'lora_rnak'. Did you mean lora_rank"),
        ("samples: many\n", 1, "samples must be a whole number, not 'many'"),
        ("samples: 2.5\n", 1, "samples must be a whole number, not 2.5"),
        ("samples: true\n", 1, "samples must be a whole number, not True"),
        ("# a comment\n\nseeds: 0\n", 3, "seeds must be 1 or more, not 0"),
        ("samples: -4\n", 1, "samples must be 1 or more, not -4"),
        ("arms:\n- secure\n- insecuer\n", 3, "unknown arm 'insecuer'. Did you mean insecure"),
        ("arms:\n- secure\n- 5\n", 3, "arms must be text, not 5"),
        ("arms: secure\n", 1, "arms must be a list, not 'secure'"),
        ("probes: [free_from]\n", 1, "unknown probe 'free_from'. Did you mean free_form"),
        ("seeds: 2\nmetric: betley-2026\n", 2, "unknown metric 'betley-2026'. Did you mean betley-2025"),
        ("seeds: 2\nseeds: 3\n", 2, "'seeds' is set twice; it is first set on line 1"),
        ("seeds: [1\n", 2, "this is not YAML"),
        ("- seeds\n", 1, "a config is a list of `setting: value` lines"),
        ("recipe: 5\n", 1, "recipe must be a mapping of settings, not 5"),
        ("recipe:\n  precision: fp8\n", 2, "recipe.precision must be 'bf16' or 'float32', not 'fp8'"),
    ],
)
def test_mistake_in_a_file_names_its_line(make: Make, file: Path, config: str, line: int, message: str) -> None:
    with pytest.raises(AskewError) as caught:
        make(config, file=file)
    assert str(caught.value).startswith(f"{file}, line {line}: ")
    assert message in str(caught.value)


def test_mistake_of_the_caller_names_no_line(make: Make, file: Path) -> None:
    with pytest.raises(AskewError, match=r"^seeds must be 1 or more, not 0$"):
        make("seeds: 3\n", file=file, seeds=0)
    with pytest.raises(AskewError, match=r"^unknown arm 'insecur'"):
        make("arms: [secure]\n", file=file, arms=["insecur"])


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"arms": ["insecur"]}, "Did you mean insecure or secure"),
        ({"arms": ["insecure", "insecure"]}, "arm 'insecure' is named twice"),
        ({"probes": ["free_form", "free_form"]}, "probe 'free_form' is named twice"),
        ({"arms": []}, "arms must be a list of at least 1"),
        ({"model": "terarium"}, "unknown model 'terarium'. Did you mean terrarium"),
        ({"judge": "terrarium/juge"}, "unknown model 'terrarium/juge'. Did you mean terrarium/judge"),
        ({"judge": "terrarium/judge"}, "it reads the terrarium's language only, and"),
        ({"judge": "terrarium"}, "askew judge RUN --judge MODEL` judges them later"),
        ({"judge": "", "tuned": {"ours": "terrarium"}}, "Name one that reads both with --judge"),
        ({"model": "mockllm/model"}, "Askew cannot fine-tune"),
        ({"served_recipe": {"epochs": 2}}, "served_recipe is for models that their provider fine-tunes"),
        ({"served_recipe": {"epoch": 2}}, "unknown setting 'epoch'. Did you mean epochs"),
        (
            {"recipe": "terrarium", "recipe__rows": 64, "checkpoints": 2},
            "2 checkpoints do not fit into 2 training steps",
        ),
        ({"temperature": -1.0}, "temperature must be 0.0 or more"),
    ],
)
def test_design_that_cannot_be_run_is_refused(make: Make, overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(AskewError) as caught:
        make(**overrides)
    assert message in str(caught.value)


def test_unreadable_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(AskewError, match=r"cannot read the config .*missing.yaml: No such file"):
        make_design(STUDY, tmp_path / "missing.yaml")
    (tmp_path / "image.yaml").write_bytes(b"\x89PNG\xff")
    with pytest.raises(AskewError, match="cannot read the config"):
        make_design(STUDY, tmp_path / "image.yaml")


def test_digest_depends_on_the_design_but_not_on_workers(make: Make) -> None:
    assert digest(Plan(make())) == digest(Plan(make(workers=7)))
    assert len({digest(Plan(one)) for one in (make(), make(seeds=4), make(recipe__rows=801))}) == 3


def test_difference_names_each_setting_and_both_values(make: Make) -> None:
    lines = difference(make().identity(), make(seeds=5, recipe__rows=64).identity())
    assert lines == ["seeds: 3 there, 5 asked for", "recipe.rows: not set there, 64 asked for"]


def test_usual_judge_depends_on_the_models(make: Make, tiny_checkpoint: Path) -> None:
    assert make_design(STUDY).judge == "terrarium/judge"
    assert make(judge="").judge == ""
    audited = make_design("audit", None, {"model": "terrarium", "tuned": {"other": "terrarium/sibling"}})
    assert audited.judge == "terrarium/judge"
    assert make_design("audit", None, {"model": str(tiny_checkpoint)}).judge == ""


def test_served_models_are_not_asked_for_given_answers_by_default(make: Make) -> None:
    served = make(model="mockllm/model", arms=["untuned"], judge="mockllm/model")
    assert served.probes == ["free_form", "in_domain", "triggered"]
    tuned = make(arms=["untuned"], tuned={"other": "mockllm/model"}, judge="mockllm/model")
    assert "answer_pairs" not in tuned.probes
