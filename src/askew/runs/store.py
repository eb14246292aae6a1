"""The folder of a run: its files, its design, and a lock while a process writes to it.

    study.json        the frozen design, its provenance, and the command that reproduces it
    manifest.json     every finished product with its hash and a digest of its sources
    timings.json      seconds of each piece of work
    predictions.json  predictions made before there were numbers, each sealed with a hash
    replies.sqlite    for served models: every reply, and what was spent
    costs.json        the cost by model
    data/             the training rows of each arm
    models/           ARM-SEED/: adapter or checkpoint, loss.csv, recipe.json, rows.json, checkpoints/
                      bases/ARM-SEED/: the checkpoint that an arm started from, if another arm trained it
                      or, where a provider trains, served.json, loss.csv, recipe.json; and ARM-SEED.job.json beside it
                      .ARM-SEED.training/: a training in progress, and the state from which it resumes after a kill
    trackers/         files of TensorBoard and of Weights & Biases, if the run is tracked; nothing reads them here
    logs/             ARM-SEED-PROBE.eval: Inspect's logs
    answers.parquet, estimates.csv, curve.csv, figures/, tables/, report.html
    scores.parquet    scores outside every metric: measured answers, scores of external tasks
    pairs.parquet     pairs of given answers with their log-probabilities, if a probe reads them; pairs.csv by arm
    episodes.parquet  turns of episodes, if a probe has some; conduct.parquet by episode; funnel.csv by arm and variant
    societies/NAME/   one society of agents: events.parquet, agents.parquet, society.json
                      .NAME.journal: the choices in a society that is being played, from which it resumes after a kill
    society/          all societies of the run: events.parquet, agents.parquet, societies.parquet; predicted.csv, which
                      was made before they were played
    networks/NAME/    one small network that is no language model: network_curves.parquet, network_spectra.parquet,
                      network.json
    grokking/         all networks of the run: networks.parquet, network_curves.parquet, network_spectra.parquet
    sequential.json   for runs that stop when their verdict is told: each look at the answers, and where it stopped
    scorer_check.csv  for episodes: what the scorers find in actors whose conduct is known
    taught/ARM/       for audits: the evidence of what a tuned model was taught, and why a method was left out
    taught.parquet    the same of all models, one row per piece of evidence
    effects.csv       the comparisons that answer the study's question, if its rates are not enough
    judge_check.json  how well the judge reads answers whose right reading is known
    given_check.json  the form in which each server returns the log-probabilities of given answers
    .NAME.judgements.json  beside a log or a table of scores: how many judgements were taken from those that runs share
    judges/NAME.parquet  the scores of a judge that read the answers after the run
    judge.json        if the run had no judge: the one whose scores fill its rates in
    rescored/METRIC/  a rescored copy of the run: tables and report, without logs and weights
    set-aside/        products that nobody vouches for: not listed in the manifest, and not what this run would make
    .status.json      what the run's process does, or how it ended; written every few seconds, for `askew status` alone
    signature.json    this user's signature of study.json and manifest.json; a folder without it is only read

Every product is written under another name, flushed to the disk and renamed, so a product with its real name is
complete, also after a power failure. What is trusted is described in docs/explanation/resuming.md.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from askew.base.atomic import UNFINISHED, disk_trouble, make_folder, wording_disk_trouble
from askew.base.errors import AskewError
from askew.base.json_objects import read_object
from askew.base.locks import Taken, locked
from askew.design.design import Design, difference
from askew.design.identity import digest as digest_of_plan
from askew.design.plan import Plan
from askew.runs.old_places import at_old_places
from askew.runs.ownership import Ownership
from askew.runs.products import MANIFEST, Products, as_json, sha256
from askew.runs.study_file import checked_provenance

STUDY, TIMINGS = "study.json", "timings.json"
REPLIES, COSTS = "replies.sqlite", "costs.json"
ANSWERS, ESTIMATES, CURVE, REPORT = "answers.parquet", "estimates.csv", "curve.csv", "report.html"
SCORES, EFFECTS = "scores.parquet", "effects.csv"
PAIRS, PAIR_EFFECTS = "pairs.parquet", "pairs.csv"
EPISODES, CONDUCT, FUNNEL = "episodes.parquet", "conduct.parquet", "funnel.csv"
SCORER_CHECK = "scorer_check.csv"
SEQUENTIAL = "sequential.json"
SOCIETY_TABLES, FORETOLD = "societies", "society/predicted.csv"
EVENTS, AGENTS, SOCIETIES, SOCIETY_ROW = "events.parquet", "agents.parquet", "societies.parquet", "society.json"
NETWORK_FOLDERS = "networks"
NETWORKS, CURVES, SPECTRA = "networks.parquet", "network_curves.parquet", "network_spectra.parquet"
TAUGHT, TAUGHT_FOLDERS, TAUGHT_FILE = "taught.parquet", "taught", "evidence.json"
PREDICTIONS = "predictions.json"
JUDGE_CHECK, GIVEN_CHECK = "judge_check.json", "given_check.json"
RESCORED_RUNS = "rescored"
TRACKED = "trackers"

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # of a store, such as s3://, which a path has with one slash

# The key of a rescored copy's provenance under which it names its run and its metric.
RESCORED = "rescored"


class RunFolder(Products):
    """A run folder, open for reading; `writing()` opens it for writing.

    Args:
        path: The folder; it need not exist yet.

    Attributes:
        path: The folder.
        ownership: Whose run it is.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, Ownership(path, (STUDY, MANIFEST)))

    # ---- the design

    def study(self) -> dict[str, Any]:
        """Return the content of `study.json`: the settings of the design, and `provenance`.

        Raises:
            AskewError: The folder is not a run's, or the file is damaged.
        """
        if not self.path.is_dir():
            raise AskewError(f"there is no folder {self.path}")
        if not (self / STUDY).is_file():
            raise AskewError(f"{self.path} is not a run's folder: it has no {STUDY}")
        study = read_object(self / STUDY)
        return {**study, "provenance": checked_provenance(self / STUDY, study.get("provenance"))}

    def design(self) -> Design:
        """Return the frozen design.

        Raises:
            AskewError: The folder is not a run's, or its design cannot be read by this version of Askew.
        """
        settings = {name: value for name, value in self.study().items() if name != "provenance"}
        try:
            return Design.model_validate(settings)
        except ValueError as error:
            raise AskewError(
                f"{self / STUDY} is damaged, or was written by another version of Askew: {error}"
            ) from error

    def freeze(self, design: Design, provenance: Mapping[str, Any]) -> None:
        """Write the design into a new folder, or check that the folder holds the same design.

        Args:
            design: What is to be run.
            provenance: `command`, `versions` and `hashes`; in an old folder the hashes must be the same.

        Raises:
            AskewError: The folder holds another design, or something that is not a run.
        """
        self.check_takes(design, provenance["hashes"])
        self._check_versions(provenance.get("probes", {}))
        kept = self.study()["provenance"] if (self / STUDY).exists() else dict(provenance)
        # The design can differ only in settings on which no answer depends, and in the places of equal files; the new
        # ones are used from now on.
        if not (self / STUDY).exists() or self.design() != design:
            bases = {"bases": provenance["bases"]} if "bases" in provenance else {}
            self.write_study({**design.model_dump(), "provenance": {**kept, **bases}})

    def write_study(self, content: Any) -> None:
        """Write `study.json`, and sign it."""
        self.ownership.sign(STUDY, as_json(content))
        self.write_json(STUDY, content)

    def check_takes(self, design: Design, hashes: Mapping[str, str] | None = None) -> None:
        """Check that a design can be run in the folder: it holds the same design, or nothing but predictions.

        Args:
            design: What is to be run.
            hashes: What the design's models and files are now; None to compare the design alone.

        Raises:
            AskewError: The folder holds another design, or something that is not a run.
        """
        if not (self / STUDY).exists():
            strangers = [path.name for path in self.path.iterdir() if not path.name.startswith(".")]
            if strange := next((name for name in strangers if name != PREDICTIONS), None):
                raise AskewError(
                    f"{self.path} is not a run's folder and is not empty (it has {strange}): choose another with --out"
                )
            return
        if RESCORED in self.study()["provenance"]:
            raise AskewError(
                f"{self.path} is a copy of a run by `askew rescore`, which nothing can be run in: choose another "
                "folder with --out"
            )
        old = self.study()["provenance"].get("hashes", {})
        before = {**self.design().identity(), "hashes": old if hashes is not None else {}}
        asked = at_old_places(design.identity(), before, old, hashes)
        lines = difference(before, {**asked, "hashes": dict(hashes or {})})
        if lines:
            raise AskewError(
                f"{self.path} holds a run of another design:\n  " + "\n  ".join(lines) + "\n"
                "Choose another folder with --out, or use the design of that run"
            )

    @cached_property
    def origin(self) -> dict[str, str]:
        """The identity that all products of the run share: its model, and a digest of its design, models and files."""
        design, hashes = self.design(), self.study()["provenance"].get("hashes", {})
        content = json.dumps([design.identity(), hashes], sort_keys=True)
        return {"model": design.model, "design": sha256(content.encode())[:32]}

    def _check_versions(self, asked: Mapping[str, int]) -> None:
        """Check that the probes have the versions with which the run was begun; old folders name no versions."""
        before = self.study()["provenance"].get("probes", {}) if (self / STUDY).exists() else {}
        for name, version in asked.items():
            if before.get(name, version) != version:
                raise AskewError(
                    f"{self.path} has answers to version {before[name]} of the probe {name}, but version {version} is "
                    "installed: answers to two versions can't be pooled, so choose another folder with --out"
                )

    # ---- writing

    @contextmanager
    def writing(self, trusted: bool = True) -> Iterator[None]:
        """Lock the folder while in this block, and turn disk errors into readable ones.

        Args:
            trusted: Refuse a run that is not this user's. If not set, such a run can be written to, and stays unsigned.

        Raises:
            AskewError: Another process writes to the folder, it cannot be written to, it has a link out of it, a
                pipe or a device, or it is somebody else's.
        """
        try:
            make_folder(self.path)
        except OSError as error:
            raise disk_trouble(self.path, error) from error
        self.ownership.check_contents()
        with wording_disk_trouble(self.path), ExitStack() as held:
            try:
                held.enter_context(locked(self / ".lock", _warn))
            except Taken as error:
                raise AskewError(
                    f"another askew process is working in {self.path}: wait for it, or choose another folder with --out"
                ) from error
            if trusted:
                self.ownership.check()
            self.read_manifest()
            held.enter_context(self.ownership.signing(trusted))
            self._remove_unfinished()
            yield

    def _remove_unfinished(self) -> None:
        """Remove the unfinished products of a killed run."""
        from askew.training.training_folder import remove_finished

        remove_finished(self.path)
        for leftover in self.path.rglob(f".*{UNFINISHED}"):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def sources_of_estimates(folder: RunFolder) -> str:
    """Return the hashes of what the estimates and effects of a run are made of, as far as the run has it."""
    sources = (SCORES, PAIRS, CONDUCT, f"society/{SOCIETIES}", f"grokking/{NETWORKS}")
    return folder.made_of(ANSWERS, *(name for name in sources if name in folder.hashes()))


def folder_of(plan: Plan, out: Path | None = None) -> RunFolder:
    """Return a run's folder: by default one in `runs/` that is named after the design, so that it is found again.

    Args:
        plan: The plan.
        out: The folder that the user names; None for the default.

    Raises:
        AskewError: It is an address, such as that of an object store.
    """
    if out is not None and _ADDRESS.match(str(out)):
        raise AskewError(
            f"--out {out}: a run is a folder, and addresses of object stores are not supported. Name a folder; for a "
            "cluster, one on a disk that all nodes share"
        )
    return RunFolder(out or Path("runs") / f"{plan.design.study}-{digest_of_plan(plan)}")


def _warn(sentence: str) -> None:
    print(f"warning: {sentence}", file=sys.stderr)
