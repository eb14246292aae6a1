"""Public docstrings say what a caller needs: exceptions, the columns or shapes of tables, and a plain first line."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "askew"
TABLE = re.compile(r"DataFrame|Series|Tensor|ndarray|NDArray")
# Columns or shapes, a file or a name that defines them, another docstring that states them, or a shared index.
LAYOUT = re.compile(r"[Cc]olumn|COLUMNS|[Ss]hape|scalar|\.csv|\.parquet|[Ss]ee `|\bindex")
ODD_START = re.compile(r"(What|Whether|Says?|Gives?|Given|Of|The first|How|Who|Which|Why|Where|When|If)\b")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_functions() -> Iterator[tuple[str, Function]]:
    """Yield every public function and method, with its file and name.

    Commands are left out: their docstrings are help texts.
    """
    for path in sorted(SOURCE.rglob("*.py")):
        for name, function in functions_of(ast.parse(path.read_text(encoding="utf-8")), ""):
            if "typer." not in types(function):
                yield f"{path.relative_to(SOURCE)}: {name}", function


def functions_of(parent: ast.Module | ast.ClassDef, owner: str) -> Iterator[tuple[str, Function]]:
    """Yield the public functions of a module or class."""
    for child in parent.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not child.name.startswith("_"):
            yield owner + child.name, child
        if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield from functions_of(child, f"{owner}{child.name}.")


def raises(node: ast.AST) -> bool:
    """Return whether a function raises an exception itself, not only in a function inside it."""
    inner = (child for child in ast.iter_child_nodes(node) if not isinstance(child, Function | ast.Lambda))
    return any((isinstance(child, ast.Raise) and child.exc is not None) or raises(child) for child in inner)


def types(function: Function) -> str:
    """Return the annotations of a function's arguments and result."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    annotations = [*(argument.annotation for argument in arguments), function.returns]
    return " ".join(ast.unparse(annotation) for annotation in annotations if annotation)


def test_functions_that_raise_document_it() -> None:
    raising = [(name, one) for name, one in public_functions() if raises(one)]
    assert len(raising) > 100
    assert [name for name, one in raising if "Raises:" not in (ast.get_docstring(one) or "")] == []


def test_functions_of_tables_document_columns_or_shapes() -> None:
    tables = [(name, one) for name, one in public_functions() if TABLE.search(types(one))]
    assert len(tables) > 100
    assert [name for name, one in tables if not LAYOUT.search(ast.get_docstring(one) or "")] == []


def test_docstrings_begin_plainly() -> None:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                first = (ast.get_docstring(node) or "").partition("\n")[0]
                assert not ODD_START.match(first), f"{path.relative_to(SOURCE)}: {first}"
