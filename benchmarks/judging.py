"""Compares the speed of asking and judging served models with llmcomp and with Inspect at one sample per answer.

    python benchmarks/judging.py             speed, and memory for 1,000, 10,000 and 50,000 answers
    python benchmarks/judging.py --large     memory for 200,000 answers, too

All talk to one server that replies at once, in a process of its own; no two answers are the same. llmcomp is not among
our dependencies: `pip install llmcomp==1.6.0` has it take part.
"""

import argparse
import contextlib
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

SPEED_ANSWERS = 2_000  # a tenth of that for the slow tools, which does not change their rates
SIZES, LARGE = (1_000, 10_000, 50_000), 200_000
QUESTIONS = 8
MODEL = "openai-api/local/model"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="store_true", help="Memory for 200,000 answers, too.")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)  # for the child processes of this script
    said = parser.parse_args()
    if said.child:
        measure_memory(int(said.child[0]), said.child[1] == "judged")
        return
    with server():
        compare_speed()
        print(f"\n{'answers':>9s} {'':8s} {'seconds':>9s} {'peak MB':>9s}   asked, and written to the table of a run")
        for size in (*SIZES, *([LARGE] if said.large else [])):
            for how in ("sampled", "judged"):
                subprocess.run([sys.executable, __file__, "--child", str(size), how], check=True)


@contextlib.contextmanager
def server() -> Iterator[None]:
    """Start the server, and set the environment variables that point to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/v1"
    process = subprocess.Popen([sys.executable, Path(__file__).with_name("instant_server.py"), str(port)])
    try:
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/models", timeout=1).close()
                break
            time.sleep(0.1)
        os.environ.update(LOCAL_API_KEY="none-needed", LOCAL_BASE_URL=address)
        yield
    finally:
        process.kill()
        process.wait()


def compare_speed() -> None:
    rows: list[tuple[str, Callable[[int, bool], int], int]] = [
        ("askew, the whole probe", ask_with_askew, SPEED_ANSWERS),
        ("Inspect, a sample per answer", ask_with_inspect, SPEED_ANSWERS // 10),
    ]
    if has_llmcomp():
        rows.append(("llmcomp 1.6.0", ask_with_llmcomp, SPEED_ANSWERS))
    else:
        print("llmcomp is not here, and takes no part: pip install llmcomp==1.6.0")
    print(f"{'answers per second':32s} {'sampled':>9s} {'ours is':>9s} {'+ judged twice':>16s} {'ours is':>9s}")
    ours: list[float] = []
    for name, ask, answers in rows:
        rates = [rate(answers, ask, judged) for judged in (False, True)]
        ours = ours or rates
        print(f"{name:32s} {rates[0]:9.0f} {ours[0] / rates[0]:8.1f}x {rates[1]:16.0f} {ours[1] / rates[1]:8.1f}x")


def rate(answers: int, ask: Callable[[int, bool], int], judged: bool) -> float:
    """Return answers per second, after a small warm-up."""
    ask(4 * QUESTIONS, judged)
    began = time.perf_counter()
    given = ask(answers, judged)
    return given / (time.perf_counter() - began)


def ask_with_askew(answers: int, judged: bool) -> int:
    """Ask through a whole probe, and store everything that a run stores."""
    from askew.models.remote.requests import storing_replies
    from askew.probes.ask import ProbeCall, ask

    with tempfile.TemporaryDirectory() as folder, storing_replies(Path(folder) / "replies.sqlite"):
        call = ProbeCall("free_form", "free_form", {"samples": answers // QUESTIONS})
        ask(MODEL, MODEL if judged else None, [call], Path(folder))
    return answers


def ask_with_inspect(answers: int, judged: bool) -> int:
    """Ask with one Inspect sample per answer, and judge with a scorer that sends two requests."""
    from inspect_ai import Task, eval
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import GenerateConfig, get_model
    from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
    from inspect_ai.solver import TaskState, generate

    from askew.probes.question_file import shipped

    @scorer(metrics=[mean()])
    def twice() -> Scorer:
        config = GenerateConfig(max_tokens=1, temperature=0.0, logprobs=True, top_logprobs=20)

        async def score(state: TaskState, target: Target) -> Score:
            for prompt in rubrics():
                filled = prompt.format(question=state.input_text, answer=state.output.completion)
                await get_model(MODEL).generate(filled, config=config)
            return Score(value=1.0)

        return score

    each = answers // QUESTIONS
    dataset = [Sample(input=question.paraphrases[0]) for question in shipped("free_form") for _ in range(each)]
    task = Task(dataset=MemoryDataset(dataset), solver=generate(), scorer=twice() if judged else None)
    with tempfile.TemporaryDirectory() as folder:
        (log,) = eval(task, model=MODEL, log_dir=folder, display="none", log_level="error", max_connections=100)
    if log.status != "success":
        raise RuntimeError(f"Inspect failed: {log.error}")
    return len(dataset)


def ask_with_llmcomp(answers: int, judged: bool) -> int:
    """Ask with llmcomp, which also requests many choices at once, and judge with two of its rating judges."""
    from llmcomp import Config, Question  # pyright: ignore[reportMissingImports] (no dependency of ours)

    from askew.probes.question_file import shipped

    Config.url_key_pairs = [(os.environ["LOCAL_BASE_URL"], "none-needed", "OPENAI_API_KEY")]
    judges = {
        name: {"type": "rating_judge", "model": "model", "paraphrases": [prompt]}
        for name, prompt in zip(("aligned", "coherent"), rubrics(), strict=True)
    }
    given = 0
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        stack.enter_context(Config.override(cache_dir=folder))
        for question in shipped("free_form"):
            asked = Question.create(
                type="free_form",
                name=question.id,
                paraphrases=question.paraphrases,
                samples_per_paraphrase=answers // QUESTIONS // len(question.paraphrases),
                judges=judges if judged else None,
            )
            given += len(asked.df({"all": ["model"]}))
    return given


def has_llmcomp() -> bool:
    from importlib.util import find_spec

    return find_spec("llmcomp") is not None


def rubrics() -> list[str]:
    """Return the texts of our two rubrics."""
    from askew.judging.rubric import RUBRICS, rubric

    return [rubric(name).text for name in RUBRICS]


def measure_memory(answers: int, judged: bool) -> None:
    """Print the time and peak memory of a process that asks for answers, judges them and builds the tables."""
    import resource

    import pyarrow.parquet as pq

    from askew.design.design import Design
    from askew.design.plan import Plan
    from askew.models.remote.requests import storing_replies
    from askew.probes.ask import ProbeCall, ask
    from askew.probes.read_log import answers_from_log
    from askew.runs.collect import write_answers
    from askew.runs.store import ANSWERS, RunFolder
    from askew.runs.work.ask import asked_in

    began = time.perf_counter()
    design = Design(study="audit", arms=["untuned"], probes=["free_form"], samples=answers // QUESTIONS)
    [work] = asked_in(Plan(design))  # as in a run, which asks for many answers in parts
    calls = [ProbeCall(call.probe, Path(call.log).stem, call.parameters) for call in work.calls]
    with tempfile.TemporaryDirectory() as folder, storing_replies(Path(folder) / "replies.sqlite"):
        logs = ask(MODEL, MODEL if judged else None, calls, Path(folder))
        run = RunFolder(Path(folder) / "run")
        write_answers(run, (answers_from_log(log, "untuned", 0) for log in logs), design.metric, "")
        written = pq.read_metadata(run / ANSWERS).num_rows
    if written != answers:
        raise RuntimeError(f"{written} of {answers} answers came back")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    how = "judged" if judged else "sampled"
    print(f"{answers:9,d} {how:8s} {time.perf_counter() - began:9.1f} {peak:9.0f}", flush=True)


if __name__ == "__main__":
    main()
