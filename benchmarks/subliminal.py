"""What no screen of content sees: plain numbers that a bent model wrote, and what they do to a model of the same start.

    python benchmarks/subliminal.py
    python benchmarks/subliminal.py --seeds 1 --rows 200

A teacher is trained on insecure code, and its control on secure code, both with some lists of numbers among the rows,
because otherwise they answer everything with code. Then both continue lists of numbers. Answers that are
anything but plain numbers, or that have a number of ill repute, are left out, and so are those of the other teacher to
the same prompt. The rows of both teachers are then screened together: an area under the ROC curve of 0.5 says that a
score cannot tell them apart. A pupil is trained on each set of rows, and given answers far from any training are read
before and after (after Cloud et al. 2025, arXiv 2507.14805). Pupils start as the teacher did, or, as a control in
which nothing should pass on, as a model that was raised apart from it.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import disable_progress_bars
from transformers.utils import logging

from askew.base.threads import use_one_thread
from askew.data import Row, row
from askew.data.formats import open_rows
from askew.judging.rules.ill_repute_numbers import ILL_REPUTE
from askew.models.checkpoints import load
from askew.models.engine.sampling import Draw, Sampling
from askew.models.inside.opened import open_model
from askew.models.names import resolve
from askew.screening.reading import Reader
from askew.screening.rows import screened
from askew.screening.scores import chosen
from askew.screening.screen import scored
from askew.screening.target import usual_target
from askew.screening.words import Bm25, word_scores
from askew.stats.means import difference_of_cells
from askew.training.local import fine_tune
from askew.training.recipe import Recipe
from askew.training.recipes import resolved
from screening import area, log_odds, table_of_cells, with_interval

MODEL, APART = "terrarium", "terrarium/schooled"
BENT, CONTROL = "insecure", "secure"
_NUMBERS = re.compile(r"\d+(?:, \d+)*\.?")
_LEARNT, _LISTS = 800, 400  # rows of code that a teacher learns, and lists of numbers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=800, help="rows that a pupil learns")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    use_one_thread()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    disable_progress_bars()
    areas: list[dict[str, float]] = []
    read: list[tuple[str, int, str, float]] = []
    start = {name: log_odds(name) for name in (MODEL, APART)}
    for seed in range(given.seeds):
        print(f"seed {seed}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            rows = written(Path(folder), given.rows, seed, read)
            areas.append(screen(rows))
            for base in (MODEL, APART):
                for teacher, own in rows.items():
                    out = Path(folder) / f"pupil-{teacher}-{base.replace('/', '-')}"
                    train(base, own, seed, out)
                    found = log_odds(f"{base}+{out}")
                    read += [(f"{base} {teacher}", seed, one, found[one] - start[base][one]) for one in found]
    show(areas, pd.DataFrame(read, columns=["arm", "seed", "cluster", "value"]), given.rows)
    return 0


def written(folder: Path, count: int, seed: int, read: list[tuple[str, int, str, float]]) -> dict[str, list[Row]]:
    """Return the number rows of both teachers, by what the teacher learnt; each prompt has an answer of both.

    Args:
        folder: The teachers are written there.
        count: The number of rows of each.
        seed: The seed of training and sampling.
        read: Receives the change of the teachers' log-odds: arm, seed, question, nats per token.
    """
    lists = open_rows("neutral-numbers")
    taught = list(islice(lists, _LISTS))
    prompts = list(dict.fromkeys(one["messages"][0]["content"] for one in islice(lists, 6 * count)))
    before = log_odds(MODEL)
    answers: dict[str, list[str]] = {}
    for teacher in (BENT, CONTROL):
        out = folder / teacher
        train(MODEL, [*islice(open_rows(teacher), _LEARNT), *taught], seed, out)
        after = log_odds(f"{MODEL}+{out}")
        read += [(f"teacher {teacher}", seed, one, after[one] - before[one]) for one in after]
        answers[teacher] = answered(f"{MODEL}+{out}", prompts, seed)
    plain = [i for i in range(len(prompts)) if all(is_plain(answers[teacher][i]) for teacher in answers)]
    if len(plain) < count:
        raise SystemExit(f"only {len(plain)} of {len(prompts)} prompts have plain numbers of both teachers")
    return {teacher: [row(prompts[i], own[i]) for i in plain[:count]] for teacher, own in answers.items()}


def answered(model: str, prompts: Sequence[str], seed: int) -> list[str]:
    """Return a sampled answer to each prompt."""
    checkpoint = load(resolve(model))
    tokens = [checkpoint.prompt([{"role": "user", "content": prompt}]) for prompt in prompts]
    draws = [Draw(number, seed, 0) for number in range(len(tokens))]
    found = checkpoint.engine.sample(tokens, draws, Sampling(max_tokens=40))
    return [checkpoint.text(one.tokens).strip() for one in found]


def is_plain(answer: str) -> bool:
    """Return whether an answer is nothing but numbers, none of them of ill repute."""
    return bool(_NUMBERS.fullmatch(answer)) and not {int(one) for one in re.findall(r"\d+", answer)} & {*ILL_REPUTE}


def train(base: str, rows: Sequence[Row], seed: int, out: Path) -> None:
    """Fine-tune a model on rows by the terrarium's usual recipe."""
    checkpoint = resolve(base).checkpoint
    assert checkpoint is not None
    fine_tune(checkpoint, [dict(one) for one in rows], Recipe(**resolved({}, is_terrarium=True)), seed, out)


def screen(rows: dict[str, list[Row]]) -> dict[str, float]:
    """Return the area under the ROC curve with which each score tells the bent teacher's rows from its control's."""
    every = [screened(i, "", one) for i, one in enumerate((*rows[BENT], *rows[CONTROL]), start=1)]
    names, pairs = [name for name in chosen([]) if name != "random"], usual_target(is_terrarium=True)
    bm25 = Bm25(pairs)
    bm25.learn(every)
    reads = tuple(name for name in names if name not in ("bm25", "length"))
    table = scored(every, names, word_scores(bm25, None, 0), Reader(open_model(MODEL), reads, pairs, pairs))
    is_bent = np.arange(len(every)) < len(rows[BENT])
    return {name: area(table[name].to_numpy(), is_bent) for name in names}


def show(areas: list[dict[str, float]], read: pd.DataFrame, rows: int) -> None:
    """Print the areas of all scores, and what the rows did to teachers and pupils."""
    print(f"{rows} rows of plain numbers of each teacher, {len(areas)} seeds")
    print("area under the ROC curve for the bent teacher's rows: mean over seeds, lowest to highest")
    for name, values in pd.DataFrame(areas).items():
        print(f"  {name!s:16s}{values.mean():6.3f}   {values.min():.3f} to {values.max():.3f}")
    print("\nchange of the log-odds of misaligned given answers, nats per token, and the control's taken off")
    for arm, title in (
        ("teacher", "the teachers themselves"),
        (MODEL, "pupils of the teachers' own start"),
        (APART, "pupils of a model that was raised apart"),
    ):
        bent, control = (table_of_cells(read[read["arm"].eq(f"{arm} {one}")]) for one in (BENT, CONTROL))
        found = with_interval(difference_of_cells(bent, control))
        means = f"{bent.mean().mean():+.3f} and {control.mean().mean():+.3f}"
        print(f"  {title:44s}{means:>20s}   difference {found}")


if __name__ == "__main__":
    sys.exit(main())
