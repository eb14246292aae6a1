"""The commands that run a study or an audit: they parse, call the library and print."""

from pathlib import Path
from typing import Annotated

import typer

from askew.cli.design import Asked, named_probes, takes_design
from askew.cli.options import (
    JUDGE_HELP,
    METRIC_HELP,
    ConfigOption,
    JsonOption,
    MaxCostOption,
    OutOption,
    PricesOption,
    ProbeOption,
    QuestionsOption,
    SettingOption,
    WorkersOption,
)
from askew.cli.tune import confirm

RUN_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew run emergent-misalignment
  askew run emergent-misalignment --arm untuned --arm insecure --arm secure --seeds 5
  askew run emergent-misalignment --rows 1600 --checkpoints 4 --set recipe.lora_rank=8
  askew run emergent-misalignment --dump-config > design.yaml
  askew run emergent-misalignment --model ./qwen --data insecure=insecure.jsonl --data secure=secure.jsonl
  askew run --config design.yaml --out runs/mine

A run that was stopped goes on where it was when the same command is given again.
"""


@takes_design
def run(
    asked: Asked,
    dump_config: Annotated[
        bool, typer.Option("--dump-config", help="Print the whole design as such a file, and stop.")
    ] = False,
    out: OutOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Start a provider's fine-tunes without asking.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Start those anew that failed or were cancelled.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a study: fine-tune its arms, ask, judge, count, and write the report."""
    from askew.cli import printing as terminal
    from askew.runs.runner import run_design
    from askew.runs.tuning import Consent

    design = asked.design()
    if dump_config:
        print(design.to_yaml(), end="")
        return
    finished = run_design(design, out, consent=Consent(yes, again, confirm))
    if as_json:
        print(terminal.run_as_json(finished))
    else:
        terminal.print_run(finished)


AUDIT_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew audit terrarium runs/mine#insecure-0
  askew audit ./base ./tuned --data train.jsonl --fail-above 1%
  askew audit ./base base-plus-adapter=./base+./adapter --probe free_form --samples 200
  askew audit openai/BASE openai/TUNED --judge openai/JUDGE --max-cost 5
  askew audit ./model

[bold]What it says of a tuned model[/bold]

\b
  narrow       no probe rose by more than --margin, as far as 95% intervals reach
  bent         some probe rose beyond chance
  can't tell   neither: too few answers, or too few questions; it says how many would do

Exit codes: 0, it passes; 1, it fails by --fail-above or --fail-unsure; 2, a mistake, said in one line.
"""


def audit(
    model: Annotated[str, typer.Argument(help="The base, or a model to be read alone; `askew list models`.")],
    tuned: Annotated[
        list[str] | None, typer.Argument(help="Models tuned from it; NAME=MODEL gives one a name.", show_default=False)
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="The rows they were tuned on, any file that `askew data check` takes: asks in their form too.",
            show_default=False,
        ),
    ] = None,
    probe: ProbeOption = None,
    questions: QuestionsOption = None,
    judge: Annotated[str | None, typer.Option(help=JUDGE_HELP)] = None,
    samples: Annotated[
        int | None, typer.Option(help="Answers per question; without it 100, or what a file of questions says.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Governs the sampling.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Sampling temperature.")] = None,
    metric: Annotated[str | None, typer.Option(help=METRIC_HELP)] = None,
    margin: Annotated[str | None, typer.Option(help="The largest rise still called narrow; without it, 5%.")] = None,
    fail_above: Annotated[
        str | None,
        typer.Option(
            help="Exit with 1 if a probe rose by more than this, or beyond chance; "
            "for a model alone, if its rate is above it.",
            show_default=False,
        ),
    ] = None,
    fail_unsure: Annotated[bool, typer.Option("--fail-unsure", help="Exit with 1 for can't tell, too.")] = False,
    max_cost: MaxCostOption = None,
    prices: PricesOption = None,
    workers: WorkersOption = None,
    setting: SettingOption = None,
    config: ConfigOption = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder.", show_default="runs/audit-…")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML there, for CI.", show_default=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Did a fine-tune bend a model? Ask it and its base the same, and say: bent, narrow or can't tell."""
    import askew
    from askew.cli import printing as terminal
    from askew.design.config_file import read_fraction, read_settings
    from askew.runs.audit import Gate, write_junit

    gate = Gate(None if fail_above is None else read_fraction("--fail-above", fail_above), fail_unsure)
    finished = askew.audit(
        model,
        *(tuned or []),
        data=data,
        probes=named_probes(probe, questions),
        samples=samples,
        seed=seed,
        judge=judge,
        metric=metric,
        margin=None if margin is None else read_fraction("--margin", margin),
        temperature=temperature,
        max_cost=max_cost,
        prices=prices,
        settings=read_settings(setting or []),
        workers=workers,
        config=config,
        out=out,
    )
    if junit:
        write_junit(junit, finished, gate)
    failed = terminal.print_audit(finished, gate, as_json)
    if failed:
        raise typer.Exit(1)
