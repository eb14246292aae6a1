"""Compares the facts per second that a model is asked by the study history with those of one request per fact.

    python benchmarks/history.py [--model MODEL] [--items N]

The same lettered questions about the chronicle, each after its four shots, are read twice with a model on this machine:
as `askew run history` reads them, all prompts together and what they have in common once; and with one request per
fact, as evaluation scripts do. The goal is 2 times the facts per second of the second way.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence

from inspect_ai.model import Model, get_model

from askew.models.names import resolve
from askew.models.provider import AskewAPI
from askew.probes.lettered import letter_weights, likeliest_after
from askew.studies.history.items import asked_facts
from askew.studies.history.probes import batches
from askew.studies.history.prompts import LETTERS, Put, as_letters

GOAL = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--items", type=int, default=60)
    chosen = parser.parse_args()
    asked = asked_facts("chronicle", "", 0, "", 0)
    rows = asked.items.sort_values("root", kind="stable").head(chosen.items).to_dict("records")
    put = [as_letters(row, asked.shots[str(row["root"])], 0) for row in rows]
    ways = {
        "all together": list(batches(put)),
        "one request per fact": [[one] for part in batches(put) for one in part],
    }
    model = get_model(resolve(chosen.model).inspect_name)
    asyncio.run(read(model, put[:1]))  # loads the model
    rates: dict[str, float] = {}
    found: dict[str, list[int]] = {}
    for name, parts in ways.items():
        begun = time.process_time()
        weights = [one for part in parts for one in asyncio.run(read(model, part))]
        rates[name] = len(put) / (time.process_time() - begun)
        found[name] = [max(range(len(LETTERS)), key=one.__getitem__) for one in weights]
        print(f"{name:24s} {len(put):5,} facts {rates[name]:9.2f} facts/s of processor time")
    together, alone = found.values()
    same = sum(one == other for one, other in zip(together, alone, strict=True))
    print(f"the same answer to {same} of {len(put)} facts")
    print(f"ratio: {rates['all together'] / rates['one request per fact']:.1f} (goal {GOAL:g})")


async def read(model: Model, part: Sequence[Put]) -> list[tuple[float, ...]]:
    assert isinstance(model.api, AskewAPI), "a model on this machine"
    read = await likeliest_after(model, model.api, [one.text for one in part])
    return [letter_weights(tokens, len(LETTERS)) for tokens in read]


if __name__ == "__main__":
    main()
