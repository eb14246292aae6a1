"""Training one small network that is no language model."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from askew.base.atomic import whole_folder
from askew.base.memory import available
from askew.base.messages import Tell
from askew.base.product_record import doubt, write_record
from askew.base.signatures import sign_product
from askew.design.networks import PlannedNetwork
from askew.design.plan import Plan, Unit
from askew.runs.network_tables import NETWORK_FILE
from askew.runs.pace import Pace
from askew.runs.pool import Resources
from askew.runs.store import CURVES, NETWORK_FOLDERS, SPECTRA, RunFolder
from askew.runs.work import Kind, Session, Work, kinds
from askew.runs.work.meter import Meter


@dataclass(frozen=True)
class GrokWork(Work):
    """Train one network.

    Attributes:
        unit: Its arm and seed.
        network: The network.
        needs: Nothing.
    """

    unit: Unit
    network: PlannedNetwork
    needs: tuple[str, ...] = ()

    kind: ClassVar[str] = "grok"

    @property
    def name(self) -> str:
        """The work's name."""
        return f"train {self.network.name}"

    @property
    def products(self) -> list[str]:
        """The folder with its curve and its spectrum."""
        return [f"{NETWORK_FOLDERS}/{self.network.name}"]

    def doubt(self, folder: RunFolder, product: str, path: Path) -> str:
        """Return why a path is not this network; "" if it is."""
        return doubt(path, self.identity(folder, product))

    def identity(self, folder: RunFolder, product: str) -> dict[str, Any]:
        """Return the identity of the network: its setting and its seed."""
        return {**super().identity(folder, product), "setting": asdict(self.network.setting)}

    def made_from(self, plan: Plan) -> dict[str, Any] | None:
        """Return the setting and the seed of the network."""
        one = self.network
        return {"arm": self.unit.arm.name, "name": one.name, "seed": one.seed, "setting": asdict(one.setting)}

    def seconds(self, plan: Plan, pace: Pace) -> float:
        """Return about how long its training takes on a laptop."""
        return self.network.setting.seconds

    def resources(self, plan: Plan, memory: float) -> Resources:
        """Return those of its training, which is done by a processor."""
        return Resources(gpus=0.0, memory=self.network.setting.bytes)

    def message(self, session: Session) -> dict[str, Any]:
        """Return the setting, the seed and the folder to write."""
        [product] = self.products
        return {
            "name": self.network.name,
            "setting": asdict(self.network.setting),
            "seed": self.network.seed,
            "out": str(session.folder.path.resolve() / product),
            "is": self.identity(session.folder, product),
        }


class GrokKind(Kind[GrokWork]):
    """Training small networks."""

    name = GrokWork.kind
    verb = "training networks"
    libraries = "askew.worlds.grokking.training"

    def planned(self, plan: Plan) -> list[GrokWork]:
        """Return one piece of work per network."""
        return [GrokWork(Unit(plan.arms[one.arm], one.seed), one) for one in plan.networks]

    def summary(self, plan: Plan, works: Sequence[GrokWork]) -> str:
        """Return the number of networks, and of their epochs."""
        epochs = sum(work.network.setting.epochs for work in works)
        return f"{len(works)} network{'' if len(works) == 1 else 's'} with at most {epochs:,} epochs in all"

    def workers(self, plan: Plan, works: Sequence[GrokWork], usual: int) -> int:
        """Return as many as fit into memory."""
        if plan.design.workers:
            return usual
        return max(1, min(usual, int(available() / max(work.network.setting.bytes for work in works))))

    def do(self, message: dict[str, Any], tell: Tell) -> None:
        """Train a network, and report its epochs.

        Raises:
            AskewError: The loss is no number at some epoch; the error names the network.
        """
        import pandas as pd

        from askew.base.errors import AskewError
        from askew.worlds.grokking import CURVE_COLUMNS, SPECTRUM_COLUMNS, Setting
        from askew.worlds.grokking.training import train

        setting, meter = Setting(**message["setting"]), Meter(tell, "epochs")
        try:
            trained = train(
                setting,
                message["seed"],
                lambda epoch: meter.advance(epoch / setting.epochs if setting.epochs else 1.0, epoch),
            )
        except AskewError as error:
            raise AskewError(f"{message['name']}: {error}") from error
        with whole_folder(Path(message["out"])) as unfinished:
            pd.DataFrame(trained.curve, columns=list(CURVE_COLUMNS)).astype({"epoch": int}).to_parquet(
                unfinished / CURVES, index=False
            )
            spectrum = pd.DataFrame(trained.spectrum, columns=list(SPECTRUM_COLUMNS))
            spectrum.astype({"epoch": int, "frequency": int, "share": float}).to_parquet(
                unfinished / SPECTRA, index=False
            )
            known = {"frequencies": trained.frequencies}
            (unfinished / NETWORK_FILE).write_text(json.dumps(known) + "\n", encoding="utf-8")
            write_record(unfinished, message["is"])
            sign_product(unfinished, Path(message["out"]))


kinds.add(GrokKind.name, GrokKind())
