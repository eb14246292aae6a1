"""`askew adopt`: checks and signs a run that was not made here, so that it can be resumed."""

from askew.cli.options import RunFolderArgument
from askew.cli.terminal import console

ADOPT_EXAMPLES = """
[bold]Examples[/bold]

\b
  askew adopt runs/theirs

A run that was not made here can be read, reported, viewed and exported. Only an adopted one can be resumed, judged by
another judge, rescored in its folder, and predicted. Adopt a run once after you moved it to another machine, or if an
older version of Askew made it.
"""


def adopt(folder: RunFolderArgument) -> None:
    """Check a run that was not made here, and sign it, so that it can be resumed and changed."""
    from askew.runs.adopt import adopt

    adopted = adopt(folder)
    out = console()
    out.print(f"{folder}: {adopted.study} on the model {adopted.model}", markup=False, soft_wrap=True)
    out.print(f"  {adopted.command}", markup=False, soft_wrap=True)
    files = f"{adopted.products} product{'' if adopted.products == 1 else 's'}"
    if adopted.was_ours:
        out.print(f"It is signed already: its design and {files} are as they were written.")
    else:
        out.print(f"Signed: its design and {files} are as the manifest lists them. Askew now treats them as yours.")
