"""Checks of a design's questions: its probes and variants, the judge and its rubric.

Each function takes a plan, and raises `AskewError` if the design cannot be asked or judged as it says.
"""

from inspect import signature
from pathlib import Path

from askew.base.errors import AskewError
from askew.design.design import TOLD
from askew.design.names import check_known
from askew.design.plan import Plan
from askew.design.study import studies


def check_probe(name: str, plan: Plan) -> None:
    """Check that a probe exists, that an external task can be made, and that files that it needs can be read.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    from askew.probes import EXTERNAL, probes

    task = probes.get(name).task
    if probes.get(name).kind == EXTERNAL or "file" in signature(task).parameters:
        task()
    elif "data" in signature(task).parameters:
        task(data=plan.design.data)
    elif "prompts" in signature(task).parameters:
        task(prompts=plan.design.prompts)


def check_variant(name: str, plan: Plan) -> None:
    """Check that a variant exists, and that the run has an environment to vary.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    from askew.environments.variants import VARIANTS
    from askew.probes import EPISODE

    check_known("variant", name, VARIANTS)
    if not any(probe.kind == EPISODE for probe in plan.probes.values()):
        raise AskewError(
            f"the variant {name!r} is one of an environment, but no probe of this run has an environment: name one "
            "with --environment, or leave out the variant"
        )


def check_activations_are_shown(name: str, plan: Plan) -> None:
    """Check that models run on this machine where a probe reads their activations.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    from askew.probes import probes

    if not probes.get(name).looks_inside:
        return
    for model in plan.named_models:
        if not plan.spec(model).is_local:
            raise AskewError(
                f"the probe {name!r} reads a model's activations, and {model!r} is a served model, which shows none: "
                "name models that run on this machine"
            )


def check_judge(plan: Plan) -> None:
    """Check that the judge exists and reads the answers of every model, or that none of the models has one.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    from askew.judging.fit import check_reads, is_of_the_terrarium

    asked = [plan.spec(name) for name in plan.named_models]
    if plan.judge is not None:
        for spec in asked:
            check_reads(plan.judge, spec)
        return
    ours = [spec.name for spec in asked if is_of_the_terrarium(spec)]
    if ours:
        others = [spec.name for spec in asked if not is_of_the_terrarium(spec)]
        raise AskewError(
            f"no judge is usual for these models together: {ours[0]} is of the terrarium, and {others[0]} is not. Name "
            "one that reads both with --judge"
        )


def check_judge_args(plan: Plan) -> None:
    """Check that the judge takes its extra arguments.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    from askew.models.model_args import check_args

    args = plan.design.judge_args
    if plan.judge is not None:
        check_args(plan.judge, args, is_judge=True)
    elif args:
        raise AskewError("judge_args are given without a judge: name one with --judge, or leave them out")


def check_rubric(plan: Plan) -> None:
    """Check that the rubric exists and asks for a number, and that the judge can use it.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    from askew.judging.rubric import check_fits, scale

    found = scale(plan.design.rubric)
    if plan.judge is not None:
        check_fits(plan.judge, found)


def check_answers_can_be_given(name: str, plan: Plan) -> None:
    """Check that models may return the log-probabilities of given answers where a probe reads them.

    Whether a server does so is found out by asking it, before all other work: see `askew.runs.work.check_given`.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    from askew.models.remote.given_text import NO_LOGPROBS, may_read_given
    from askew.probes import probes
    from askew.probes.from_file import has_pairs

    if not has_pairs(probes.get(name)):
        return
    named = {model: plan.spec(model) for model in plan.named_models}
    served = [model for model, spec in named.items() if not spec.is_local and not may_read_given(spec.inspect_name)]
    if served:
        raise AskewError(
            f"the probe {name!r} reads how likely given answers are. {NO_LOGPROBS.format(model=served[0])}"
        )


def check_until(plan: Plan) -> None:
    """Check that a run that is to stop when its verdict is told can be told anything from batches of answers.

    Raises:
        AskewError: The check fails; the error says what to do.
    """
    from askew.stats.sequential import FIRST_BATCH

    design, option = plan.design, "--until told"
    if design.until != TOLD:
        return
    if plan.study.told is None:
        able = [name for name in studies.names() if studies.get(name).told is not None]
        raise AskewError(
            f"{option} stops by rates of misaligned answers, and the verdict of {design.study} rests on other numbers: "
            f"leave it out; {' and '.join(able)} have it"
        )
    if not plan.controls:
        raise AskewError(
            f"{option} waits for a comparison, and no arm of this run has a control: add one, or leave it out"
        )
    if design.samples is not None and design.samples < FIRST_BATCH:
        raise AskewError(
            f"{option} first asks {FIRST_BATCH} answers to each question, and --samples {design.samples} is the most: "
            f"name a limit of at least {FIRST_BATCH}, or leave out {option}"
        )
    if design.checkpoints:
        raise AskewError(f"{option} is for finished models: leave out --checkpoints {design.checkpoints}, or {option}")
    if not plan.looks:
        raise AskewError(f"{option} needs a probe whose answers are sampled, and this run has none: leave it out")
    if plan.needs_judge and not design.judge:
        raise AskewError(f"{option} reads the judge's scores after each batch: name a judge with --judge")
    if design.samples is None:
        _check_file_sets_no_number(plan, option)


def _check_file_sets_no_number(plan: Plan, option: str) -> None:
    """Check that no question file sets a number of answers, which would be another limit than the run's."""
    from askew.probes.question_file import read

    for name in plan.looks:
        file = plan.probes[name].file
        own = [one.id for one in read(Path(file).expanduser()) if one.samples_per_paraphrase] if file else []
        if own:
            raise AskewError(
                f"{file} sets the number of answers to {own[0]!r}, and {option} needs the most answers to every "
                "question: name it with --samples"
            )
