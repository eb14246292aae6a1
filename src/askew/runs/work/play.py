"""Playing: one society of agents, whose models the run has trained."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from askew.base.atomic import whole_folder
from askew.base.messages import Tell
from askew.base.product_record import doubt, record_digest, write_record
from askew.design.plan import Plan, Unit
from askew.design.societies import EVERYONE, PlannedSociety
from askew.runs import cost
from askew.runs.pace import Pace
from askew.runs.pool import Resources
from askew.runs.store import AGENTS, EVENTS, SOCIETY_ROW, SOCIETY_TABLES, RunFolder
from askew.runs.work import WAITING, Kind, Requests, Session, Work, kinds
from askew.runs.work.ask import asked_in, model_name
from askew.runs.work.meter import Meter
from askew.runs.work.start import ready_start, start_message
from askew.runs.work.unit_training import work_name

# A prompt tells what an agent knows in a few sentences, and lists its options; an answer in words names one of them.
_TOKENS_READ, _TOKENS_WRITTEN = 150, 8


@dataclass(frozen=True)
class PlayWork(Work):
    """Play one society.

    Attributes:
        unit: The model that the society tells about.
        society: The society.
        players: The model of each part.
        needs: The work that trains its models, and the asking from which its outcome is predicted.
    """

    unit: Unit
    society: PlannedSociety
    players: Mapping[str, Unit]
    needs: tuple[str, ...] = ()

    kind: ClassVar[str] = "play"

    @property
    def name(self) -> str:
        """The work's name."""
        return f"play {self.society.name}"

    @property
    def products(self) -> list[str]:
        """The folder with its tables."""
        return [f"{SOCIETY_TABLES}/{self.society.name}"]

    def doubt(self, folder: RunFolder, product: str, path: Path) -> str:
        """Return why a path is not this society; "" if it is."""
        trained = {str(unit): record_digest(folder / unit.product) for unit in self.players.values()}
        return doubt(path, {**self.identity(folder, product), "trained": trained})

    def identity(self, folder: RunFolder, product: str) -> dict[str, Any]:
        """Return the identity of the society, without the digests of the trained models that play in it."""
        society = self.society
        players = {part: str(unit) for part, unit in self.players.items()}
        return {
            "product": product,
            **folder.origin,
            "setting": asdict(society.setting),
            "seed": society.seed,
            "players": players,
        }

    def seconds(self, plan: Plan, pace: Pace) -> float:
        """Return about how long its agents' choices take, as if each prompt were a pair of given answers."""
        return _choices(self.society) * pace.given

    def message(self, session: Session) -> dict[str, Any]:
        """Return the setting, the models and the terms for served models."""
        plan, base = session.plan, session.folder.path.resolve()
        units = list(dict.fromkeys(self.players.values()))
        starts = [start_message(session.folder, plan, unit) for unit in units]
        return {
            "name": self.society.name,
            "setting": asdict(self.society.setting),
            "seed": self.society.seed,
            "players": {part: [model_name(plan, unit, base)] for part, unit in self.players.items()},
            "called": {model_name(plan, unit, base): str(unit) for unit in units},
            "starts": [start for start in starts if start],
            "trained": {str(unit): str(base / unit.product) for unit in units},
            "model_args": plan.design.model_args,
            "temperature": plan.design.temperature,
            "max_tokens": plan.design.max_tokens,
            "out": str(base / self.products[0]),
            "is": self.identity(session.folder, self.products[0]),
            "terms": cost.terms(session),
        }

    def requests(self, plan: Plan) -> Iterable[Requests]:
        """Yield the requests of its agents, as far as their models are served."""
        setting = self.society.setting
        bent = setting.k / setting.agents
        for part, unit in self.players.items():
            spec = plan.spec(plan.start_name(unit.arm))
            if spec.is_local:
                continue
            share = 1 - bent if part == EVERYONE and len(self.players) > 1 else bent if part else 1.0
            count = round(_choices(self.society) * share)
            yield Requests(spec.inspect_name, "plays", count, count * _TOKENS_READ, count * _TOKENS_WRITTEN)

    def resources(self, plan: Plan, memory: float) -> Resources:
        """Return those of local models, unless all that play are served."""
        is_local = any(plan.start(unit.arm).is_local for unit in self.players.values())
        return super().resources(plan, memory) if is_local else WAITING


class PlayKind(Kind[PlayWork]):
    """Playing societies."""

    name = PlayWork.kind
    verb = "playing"
    libraries = "askew.probes.society.playing"

    def planned(self, plan: Plan) -> list[PlayWork]:
        """Return one piece of work per society."""
        trained = set(plan.trained)
        asked = {work.unit: work.name for work in asked_in(plan) if not work.step}
        works = []
        for society in plan.societies:
            players = plan.players(society)
            units = list(dict.fromkeys(players.values()))
            before = [work_name(unit) for unit in units if unit in trained]
            before += [asked[unit] for unit in units if unit in asked]
            works.append(PlayWork(units[-1], society, players, tuple(before)))
        return works

    def summary(self, plan: Plan, works: Sequence[PlayWork]) -> str:
        """Return the number of societies, and of their agents' choices."""
        count = sum(_choices(work.society) for work in works)
        return f"{len(works)} societ{'y' if len(works) == 1 else 'ies'} with about {count:,} choices of agents"

    def do(self, message: dict[str, Any], tell: Tell) -> None:
        """Play a society, from where it was killed if it was."""
        from askew.probes.society.playing import play_society
        from askew.worlds.society import Setting

        for start in message["starts"]:
            ready_start(start, tell)
        out = Path(message["out"])
        journal = out.with_name(f".{out.name}.journal")
        setting, meter = Setting(**message["setting"]), Meter(tell, "choices")
        with cost.on_terms(message["terms"], tell):
            outcome = play_society(
                setting,
                message["seed"],
                message["name"],
                message["players"],
                journal,
                temperature=message["temperature"],
                max_tokens=message["max_tokens"],
                model_args=message["model_args"],
                called=message["called"],
                on_tick=lambda tick, ticks: meter.advance(tick / ticks, setting.agents * tick),
            )
        trained = {unit: record_digest(Path(folder)) for unit, folder in message["trained"].items()}
        _write(out, outcome.events, outcome.agents, outcome.society, {**message["is"], "trained": trained})
        journal.unlink(missing_ok=True)


def _write(
    folder: Path,
    events: Mapping[str, Any],
    agents: Mapping[str, Any],
    society: Mapping[str, Any],
    identity: Mapping[str, Any],
) -> None:
    """Write the folder of a society."""
    import pandas as pd

    with whole_folder(folder) as unfinished:
        pd.DataFrame(events).to_parquet(unfinished / EVENTS, index=False)
        pd.DataFrame(agents).to_parquet(unfinished / AGENTS, index=False)
        (unfinished / SOCIETY_ROW).write_text(json.dumps(society) + "\n", encoding="utf-8")
        write_record(unfinished, identity)


def _choices(society: PlannedSociety) -> int:
    """Return about how many choices the agents of a society make."""
    setting = society.setting
    return setting.agents * setting.ticks // setting.pace


kinds.add(PlayKind.name, PlayKind())
