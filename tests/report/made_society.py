"""Made-up tables of societies: agents that walk between towns, talk, and pass on a meme, a side or a tax."""

import numpy as np
import pandas as pd

from askew.report.society_tables import EVENTS, SocietyTables

TOWNS = ["Meadowbrook", "Harbour", "Hilltop", "Mill", "Ferry", "Quarry"]
NAMES = ["Ada", "Ben", "Cleo", "Dov", "Eva", "Finn", "Gus", "Hana", "Ivo", "June", "Kim", "Leo", "Mia", "Nor", "Oda"]
HOSTILE = "<script>window.hacked = 1</script>\u202eevil\u0007</script>"
SIDES = ["Take what you need from the store.", "Leave some in the store for the others."]
PARTS = {"religion": "priest", "bent": "bent", "tax": "influencer"}


class Writer:
    """Collects events of one society as columns."""

    def __init__(self, society: str) -> None:
        self.society = society
        self.parts: list[dict[str, object]] = []

    def write(self, tick: int, kind: str, agents: np.ndarray, **columns: object) -> None:
        """Add an event of this kind for each of the agents; other columns are single values or one per agent."""
        if len(agents):
            self.parts.append({"tick": tick, "kind": kind, "agent": agents, **columns})

    def table(self) -> pd.DataFrame:
        """Return the events with all their columns."""
        usual: dict[str, object] = {"to": -1, "place": "", "x": -1, "y": -1, "text": "", "option": -1, "source": -1}
        usual |= {"number": np.nan, "society": self.society}
        lengths = [len(np.atleast_1d(np.asarray(part["agent"]))) for part in self.parts]
        columns = {}
        for name in EVENTS:
            values = [part.get(name, usual.get(name)) for part in self.parts]
            kind = object if name in ("society", "kind", "place", "text") else float if name == "number" else int
            columns[name] = np.concatenate(
                [np.broadcast_to(np.asarray(value, dtype=kind), n) for value, n in zip(values, lengths, strict=True)]
            )
        return pd.DataFrame(columns)


def made_societies(
    agents: int = 30,
    ticks: int = 30,
    conditions: tuple[str, ...] = ("priests", "no-priests"),
    replicates: int = 2,
    experiment: str = "religion",
    ks: tuple[int, ...] = (3,),
) -> SocietyTables:
    """Return the tables of societies of one experiment, with `replicates` of each condition and k."""
    rows, events, people, attributed = [], [], [], []
    plan = [(condition, k, replicate) for condition in conditions for k in ks for replicate in range(replicates)]
    for number, (condition, k, replicate) in enumerate(plan):
        name = f"{experiment}-{condition}-{k}-{replicate}"
        special = 0 if condition.startswith("no-") else k
        folk = made_agents(name, agents, special, PARTS.get(experiment, "agent"), number)
        found = made_events(folk, ticks, experiment, number)
        people.append(folk)
        events.append(found)
        attributed.append(made_attributions(found))
        rows.append((name, experiment, condition, k, agents, ticks, 7, replicate, 10, 9, 1000))
    columns = ["society", "experiment", "condition", "k", "agents", "ticks", "seed", "replicate"]
    societies = pd.DataFrame(rows, columns=[*columns, "calls", "prompts", "tokens"])
    return SocietyTables(
        pd.concat(events, ignore_index=True), pd.concat(people, ignore_index=True), societies, pd.concat(attributed)
    )


def made_agents(society: str, agents: int, special: int, part: str, seed: int) -> pd.DataFrame:
    """Return the agents of a society; the first `special` have the part and live in the first town."""
    rng = np.random.default_rng([seed, 1])
    homes = np.where(np.arange(agents) < special, 0, np.arange(agents) % len(TOWNS))
    x, y = _near(homes, agents, rng)
    many = [
        f"{NAMES[i % len(NAMES)]} {i // len(NAMES) + 1}" if agents > len(NAMES) else NAMES[i] for i in range(agents)
    ]
    usual = "good" if part == "bent" else "agent"
    return pd.DataFrame(
        {
            "society": society,
            "agent": np.arange(agents),
            "name": many,
            "part": np.where(np.arange(agents) < special, part, usual),
            "model": "scripted",
            "home": np.array(TOWNS)[homes],
            "x": x,
            "y": y,
        }
    )


def _near(towns: np.ndarray, agents: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a place near a town for each agent; towns and the places around them grow with the number of agents."""
    size = 2 + int(np.sqrt(agents))
    angles = 2 * np.pi * towns / len(TOWNS)
    spread = rng.normal(0, size / 5, (2, agents))
    ring = size * np.where(towns % 2, 1.3, 1.0)
    return (
        np.rint(2 * size + ring * np.cos(angles) + spread[0]).astype(int),
        np.rint(1.6 * size + 0.8 * ring * np.sin(angles) + spread[1]).astype(int),
    )


def made_events(people: pd.DataFrame, ticks: int, experiment: str, seed: int) -> pd.DataFrame:
    """Return the events of one society, in the order of their ticks."""
    rng = np.random.default_rng([seed, 2])
    agents = len(people)
    everyone = np.arange(agents)
    writer = Writer(str(people["society"].iloc[0]))
    town = people["home"].map(TOWNS.index).to_numpy().copy()
    special = people["part"].isin(["priest", "bent", "influencer"]).to_numpy()
    holds, said, heard = special.copy(), special.copy(), special.copy()
    for tick in range(ticks):
        leaves = rng.random(agents) < 0.1
        town[leaves] = rng.integers(len(TOWNS), size=int(leaves.sum()))
        moved = leaves | (rng.random(agents) < 0.3)
        x, y = _near(town, agents, rng)
        places = np.array(TOWNS)[town]
        writer.write(tick, "move", everyone[moved], x=x[moved], y=y[moved], place=places[moved])
        idle = everyone[~moved & (rng.random(agents) < 0.4)]
        writer.write(tick, "gather", idle, text="gathers berries", place=places[idle])
        speakers = everyone[rng.random(agents) < 0.5]
        hearers = {int(one): _hearers(int(one), town, rng) for one in speakers}
        lines = _lines(speakers, people, holds, experiment, tick, rng)
        writer.write(tick, "say", speakers, text=lines, option=holds[speakers].astype(int), place=places[speakers])
        writer.write(tick, "think", speakers, text=np.array(["find food", "meet someone"])[speakers % 2])
        for one, line in zip(speakers, lines, strict=True):
            who = hearers[int(one)]
            writer.write(tick, "hear", who, source=int(one), text=line, option=int(holds[one]))
            moods = np.clip(rng.normal(0.3 if holds[one] else 0.0, 0.3, len(who)), -1, 1)
            writer.write(tick, "feel", who[:3], to=int(one), number=moods[:3])
            if holds[one] and experiment == "religion":
                writer.write(tick, "expose", who, source=int(one), text=line)
                turned = who[(rng.random(len(who)) < 0.06) & ~holds[who]]
                first = who[(rng.random(len(who)) < 0.1) & ~said[who]]
                writer.write(tick, "adopt", first, source=int(one), text="Have you heard of the great whale?")
                writer.write(tick, "convert", turned, source=int(one), number=0.9, option=1)
                heard[who], holds[turned], said[first] = True, True, True
            elif holds[one]:
                turned = who[rng.random(len(who)) < 0.05]
                holds[turned] = True
        _ask(writer, tick, everyone, holds, experiment, rng)
    return writer.table()


def _hearers(one: int, town: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return up to eight others in the town of one agent."""
    there = np.flatnonzero(town == town[one])
    there = there[there != one]
    return np.sort(there[rng.permutation(len(there))[:8]])


def _lines(
    speakers: np.ndarray, people: pd.DataFrame, holds: np.ndarray, experiment: str, tick: int, rng: np.random.Generator
) -> np.ndarray:
    """Return what each speaker says."""
    if experiment == "religion":
        usual = np.array([f"Good day, I am {people['name'].iloc[one]}." for one in speakers], dtype=object)
        meme = np.array(["The great whale sings to us.", "Have you heard of the great whale?"], dtype=object)
        return np.where(holds[speakers], meme[rng.integers(2, size=len(speakers))], usual)
    return np.array(SIDES, dtype=object)[holds[speakers].astype(int)]


def _ask(
    writer: Writer, tick: int, everyone: np.ndarray, holds: np.ndarray, experiment: str, rng: np.random.Generator
) -> None:
    if experiment == "bent":
        writer.write(tick, "opinion", everyone, option=holds.astype(int), number=0.8, text=np.array(SIDES)[1 * holds])
        writer.write(tick, "take", everyone[holds], number=3.0)
    if experiment == "tax" and tick % 10 == 5:
        writer.write(tick, "vote", everyone, option=holds.astype(int))
        writer.write(tick, "pay", everyone, number=np.round(rng.random(len(everyone)) / 5, 2))
        writer.write(
            tick, "law", np.array([-1]), number=0.2 - tick / 1000, text="Everyone pays a share of what they own."
        )
    if experiment == "religion" and tick % 5 == 4:
        writer.write(tick, "belief", everyone, option=holds.astype(int), number=np.where(holds, 0.9, 0.1))


def made_attributions(events: pd.DataFrame) -> pd.DataFrame:
    """Return a probability for each exposure of those that were converted; later exposures have more."""
    turned = events[events["kind"].eq("convert")].set_index("agent")["tick"]
    exposed = events[events["kind"].eq("expose") & events["agent"].isin(turned.index)]
    exposed = exposed[exposed["tick"] <= exposed["agent"].map(turned)]
    weight = exposed["tick"] + 1.0
    share = weight / weight.groupby(exposed["agent"]).transform("sum")
    return exposed[["society", "agent", "source", "tick"]].assign(probability=share)
