"""The structure of the source: places, floors and import arrows, with no circles; type-only imports count.

A *place* is a package or module directly in `askew`, or the folder of the benchmarks. An *arrow* leads from a place to
another that it imports anything from. A place's *floor* is one above the highest place that it imports from. Run
`python tests/test_layers.py` to print them; docs/explanation/architecture.md describes them.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "askew"
MOST_PLACES, MOST_FLOORS, MOST_ARROWS = 24, 10, 116

# The places that each place may import from. The command line and the Python API may import from any.
MAY_IMPORT = {
    "base": set(),
    "stats": {"base"},
    "models": {"base"},
    "environments": {"base"},
    "training": {"base", "models"},
    "worlds": {"base", "models"},
    "judging": {"base", "models", "stats"},
    "data": {"base", "models", "worlds", "judging"},
    "probes": {"base", "environments", "models", "worlds", "data", "judging", "stats"},
    "report": {"base", "judging", "stats"},
    "perspective": {"base", "models", "data", "judging", "stats", "report"},
    "vectors": {"base", "models", "probes", "stats"},
    "screening": {"base", "data", "judging", "models", "probes", "vectors"},
    "design": {"base", "environments", "models", "training", "data", "judging", "probes", "stats", "worlds", "report"},
    "studies": {"base", "environments", "models", "worlds", "data", "judging", "probes", "stats", "report", "design"},
    "runs": {
        "base",
        "environments",
        "models",
        "training",
        "worlds",
        "data",
        "judging",
        "probes",
        "stats",
        "report",
        "design",
    },
}

Graph = Mapping[str, set[str]]


@cache
def files() -> dict[str, Path]:
    """Return the file of every module of Askew and of every benchmark, by its dotted name."""
    named = {}
    for path in SOURCE.rglob("*.py"):
        parts = ("askew", *path.relative_to(SOURCE).with_suffix("").parts)
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    for path in (ROOT / "benchmarks").rglob("*.py"):
        named[".".join(path.relative_to(ROOT).with_suffix("").parts)] = path
    return named


def imports(path: Path) -> Iterator[str]:
    """Yield the modules of Askew that a file imports, at the top, in functions and for types."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in files())
        elif isinstance(node, ast.ImportFrom) and node.module in files():
            for name in node.names:
                submodule = f"{node.module}.{name.name}"
                yield submodule if submodule in files() else str(node.module)


@cache
def modules() -> Graph:
    """Return the modules that each module imports."""
    return {name: set(imports(path)) - {name} for name, path in files().items()}


def place(module: str) -> str:
    """Return the place of a module: `models` of `askew.models.names`, `askew` of the package itself."""
    parts = module.split(".")
    return parts[0] if parts[0] == "benchmarks" or len(parts) == 1 else parts[1]


@cache
def places() -> Graph:
    """Return the places that each place imports from."""
    found: dict[str, set[str]] = {place(module): set() for module in modules()}
    for module, imported in modules().items():
        found[place(module)] |= {place(other) for other in imported} - {place(module)}
    return found


def circles(graph: Graph) -> list[list[str]]:
    """Return groups of nodes that reach each other (Tarjan 1972), without single nodes."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in index:
            visit(node)
    return found


def floor(node: str, graph: Graph) -> int:
    """Return the floor of a place in a graph without circles."""
    return 1 + max((floor(other, graph) for other in graph[node]), default=0)


def arrows(graph: Graph) -> int:
    """Return the number of arrows of a graph."""
    return sum(map(len, graph.values()))


def test_no_module_imports_itself_in_a_circle() -> None:
    # A package's own __init__ may be imported by its modules, and find them again only when asked for a name.
    assert circles(modules()) == []


def test_no_place_imports_itself_in_a_circle() -> None:
    assert circles(places()) == []


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_a_place_imports_only_what_lies_below_it(name: str) -> None:
    assert places()[name] <= MAY_IMPORT[name]


def test_every_package_has_a_rule() -> None:
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert packages - set(MAY_IMPORT) == {"cli"}


def test_the_house_stays_small() -> None:
    graph = places()
    highest = max(floor(node, graph) for node in graph)
    print(f"{len(graph)} places on {highest} floors, {arrows(graph)} arrows")
    assert len(graph) <= MOST_PLACES
    assert highest <= MOST_FLOORS
    assert arrows(graph) <= MOST_ARROWS


if __name__ == "__main__":
    graph = places()
    for node in sorted(graph, key=lambda node: (-floor(node, graph), node)):
        print(f"floor {floor(node, graph):2}  {node:18} imports {', '.join(sorted(graph[node])) or 'nothing'}")
    print(f"{len(graph)} places on {max(floor(node, graph) for node in graph)} floors, {arrows(graph)} arrows")
    print(f"circles of places: {circles(graph) or 'none'}; of modules: {circles(modules()) or 'none'}")
