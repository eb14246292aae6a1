"""Exports a model that a run trained, merged into its base or as an adapter, with a model card that warns.

Nothing is trained or asked. What it writes is a folder that appears whole or not at all; sending it to a hub is another
step, which is asked for by name.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from askew.base.atomic import whole_folder, wording_disk_trouble
from askew.base.errors import AskewError, unknown_name
from askew.base.json_objects import read_object
from askew.base.product_record import RECORD
from askew.design.plan import Plan, Unit
from askew.runs.model_card import model_card
from askew.runs.store import RunFolder

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# Files in a training's product that are not part of the model.
_ABOUT_TRAINING = ("checkpoints", "loss.csv", "recipe.json", "rows.json", "README.md", RECORD)


@dataclass(frozen=True)
class Trained:
    """A model that a run trained.

    Attributes:
        run: The run's folder.
        plan: The run's plan.
        unit: The arm and seed.
        folder: The adapter or checkpoint.
    """

    run: RunFolder
    plan: Plan
    unit: Unit
    folder: Path


def find(name: str) -> Trained:
    """Find a model that a run trained, and check that its files are as they were written.

    Args:
        name: RUN#ARM-SEED.

    Raises:
        AskewError: That is no run, or it trained no such model, or has not finished it.
    """
    path, sign, wanted = name.rpartition("#")
    if not sign:
        raise AskewError(f"{name!r}: name a run and one of its models, such as runs/mine#insecure-0")
    run = RunFolder(Path(path).expanduser())
    run.ownership.warn_of_strangers()
    plan = Plan(run.design())
    units = {str(unit): unit for unit in plan.units}
    trained = list(map(str, plan.trained))
    if wanted in units and wanted not in trained:
        raise AskewError(f"{name!r}: this run did not train {wanted}. It trained {', '.join(trained)}")
    if wanted not in units:
        raise unknown_name(f"model of {path}", wanted, trained)
    product = units[wanted].product
    run.check(product)
    return Trained(run, plan, units[wanted], run / product)


def export(trained: Trained, out: Path, merged: bool) -> None:
    """Write a trained model with its tokenizer, chat template and card.

    Args:
        trained: What to write.
        out: The folder; it must not be there yet, or be empty.
        merged: Whether to fold an adapter into its base, so that the folder is a whole checkpoint.

    Raises:
        AskewError: The folder is not empty, there is no adapter to write, or the disk is full.
    """
    design = trained.plan.design
    check_is_free(out)
    if not merged and design.recipe.method == "full":
        raise AskewError(f"{trained.unit} was fully fine-tuned, so it has no adapter: use --merged")
    base = trained.plan.model
    assert base.checkpoint is not None
    with wording_disk_trouble(out), whole_folder(out) as unfinished:
        if merged and design.recipe.method == "lora":
            from askew.models.merging import save_merged

            save_merged(base.checkpoint, trained.folder, unfinished)
        else:
            left_out = shutil.ignore_patterns(*_ABOUT_TRAINING)
            shutil.copytree(trained.folder, unfinished, ignore=left_out, dirs_exist_ok=True)
        if not merged:
            from askew.models.tokenizers import load_tokenizer

            load_tokenizer(base.checkpoint).save_pretrained(unfinished)
            _name_base(unfinished / "adapter_config.json", design.model)
        (unfinished / "README.md").write_text(
            model_card(trained.run, trained.plan, trained.unit, merged), encoding="utf-8"
        )


def check_is_free(out: Path) -> None:
    """Check that a folder can be written: it does not exist, or it is empty.

    Raises:
        AskewError: It is there and not empty, or is a file.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise AskewError(f"{out} exists already and is not empty: choose another folder")


def hub(repository: str) -> "HfApi":
    """Return the client of the Hugging Face hub, after checks that a model can be pushed there.

    Args:
        repository: ORG/NAME.

    Raises:
        AskewError: No repository can be called that, there is no token, or the network is switched off.
    """
    from huggingface_hub import HfApi, get_token, is_offline_mode
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        raise AskewError(f"--push {repository}: this is not a valid name on the hub: {error}") from error
    if "/" not in repository:
        raise AskewError(f"--push {repository}: write ORG/NAME")
    if is_offline_mode():
        raise AskewError("--push needs the network, but HF_HUB_OFFLINE forbids it: unset HF_HUB_OFFLINE")
    if not get_token():
        raise AskewError("--push needs a token of the Hugging Face hub: set HF_TOKEN, or run `hf auth login`")
    return HfApi()


def push(api: "HfApi", folder: Path, repository: str, public: bool) -> str:
    """Push an exported model to the hub, and return its address.

    Args:
        api: From `hub`.
        folder: What `export` wrote.
        repository: ORG/NAME; made if it is not there.
        public: Whether all the world may see it.

    Raises:
        AskewError: The hub refuses, or the repository is there and public although `public` is not said.
    """
    from huggingface_hub.errors import HfHubHTTPError

    try:
        url = api.create_repo(repository, private=not public, exist_ok=True)
        if not public and not api.model_info(repository).private:
            raise AskewError(f"{repository} exists already and is public: add --public, or choose another repository")
        api.upload_folder(repo_id=repository, folder_path=folder, commit_message="Export from Askew")
    except (HfHubHTTPError, OSError) as error:
        raise AskewError(
            f"the hub did not accept {repository}: {error}. The model is in {folder}; push it again"
        ) from error
    return str(url)


def _name_base(file: Path, model: str) -> None:
    """Name the base in an adapter's configuration by its hub name or folder name, not by its path on this disk."""
    config = read_object(file)
    config["base_model_name_or_path"] = model.removeprefix("hf/") if model.startswith("hf/") else Path(model).name
    file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
