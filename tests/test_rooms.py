"""Data flows one way: each file imports only from its own room and from the rooms above it."""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "airscene"
ROOMS = (
    "errors",
    "files",
    "compiled",
    "schema",
    "scene",
    "graphics",
    "images",
    "model",
    "objective",
    "training",
    "inverse",
    "baselines",
    "inference",
    "evaluation",
    "runs",
    "paper",
    "app",
)


def module_names(package: Path) -> dict[str, Path]:
    """Every module of a package by its dotted name; a folder's name stands for its __init__."""
    names = {}
    for path in sorted(package.rglob("*.py")):
        parts = (package.name, *path.relative_to(package).with_suffix("").parts)
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def imported_names(module: str, path: Path) -> Iterator[str]:
    """Dotted names that a file imports, at its top or inside a function, relative ones resolved."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = parents[: len(parents) - node.level + 1] if node.level else []
            base = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def import_graph(package: Path) -> dict[str, set[str]]:
    """Which modules of the package each of its modules imports.

    `from a import b` is the module `a.b` where there is one, and otherwise a name in `a`.
    """
    modules = module_names(package)
    graph = {}
    for module, path in modules.items():
        graph[module] = set()
        for name in imported_names(module, path):
            while name not in modules and "." in name:
                name = name.rpartition(".")[0]
            if name in modules:
                graph[module].add(name)
    return graph


def violations(package: Path, rooms: tuple[str, ...] = ROOMS) -> list[str]:
    """One line for each import that goes down, each unknown room, and the first cycle found."""
    graph = import_graph(package)
    entries = {package.name, f"{package.name}.__main__"}  # may import from anywhere
    found = []

    def rank(module: str) -> int:
        # Importing an entry imports every room, so entries stand below the last one.
        return len(rooms) if module in entries else rooms.index(module.split(".")[1])

    for module in sorted(graph.keys() - entries):
        if module.split(".")[1] not in rooms:
            found.append(f"{module} is in no known room")
    if found:
        return found
    for module, imports in sorted(graph.items()):
        for other in sorted(imports):
            if rank(other) > rank(module):
                found.append(f"{module} imports {other}, which lies below it")
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        found.append("imports go round: " + " -> ".join(error.args[1]))
    return found


def test_the_package_keeps_the_rule():
    assert len(import_graph(PACKAGE)) > 1
    assert violations(PACKAGE) == []


def write_tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in {"__init__.py": "", **files}.items():
        path = root / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root / "toy"


RIGHT = {
    "__init__.py": "from toy.model.air import AIR\nfrom toy.app.cli import main",
    "scene/__init__.py": "from toy.scene.scene import Scene",
    "scene/scene.py": "import json\nimport numpy as np",
    "model/__init__.py": "from .air import AIR",
    "model/pose.py": "from toy.scene import Scene",
    "model/air.py": "from toy.model import pose\nfrom ..scene import scene",
    "app/cli.py": "import toy.model.air\ndef main():\n    from toy.model import AIR",
}


def test_a_tree_that_keeps_the_rule(tmp_path):
    assert violations(write_tree(tmp_path, RIGHT), ("scene", "model", "app")) == []


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("scene/scene.py", "import toy.model.air", "imports toy.model.air, which lies below"),
        ("scene/scene.py", "from toy.model import pose", "imports toy.model.pose, which lies"),
        ("scene/scene.py", "from ..model.air import AIR", "imports toy.model.air, which lies"),
        ("model/air.py", "def f():\n    from toy import app", "imports toy, which lies below"),
        ("model/air.py", "from toy import main", "imports toy, which lies below"),
        ("model/pose.py", "from toy.model.air import AIR", "imports go round"),
        ("model/pose.py", "from toy.model import AIR", "imports go round"),
        ("attic/old.py", "", "toy.attic.old is in no known room"),
    ],
)
def test_a_tree_that_breaks_it(tmp_path, file, text, message):
    found = violations(write_tree(tmp_path, {**RIGHT, file: text}), ("scene", "model", "app"))
    assert any(message in line for line in found), found


def test_no_room_is_crowded_and_no_file_long():
    """A folder with more modules wants sub-folders, each a concept; so does a long file."""
    sizes = {path: path.read_text().count("\n") for path in PACKAGE.rglob("*.py")}
    folders = [path.parent for path in sizes if path.name != "__init__.py"]
    crowded = {str(f): folders.count(f) for f in folders if folders.count(f) > 15}
    long = {str(path): lines for path, lines in sizes.items() if lines > 300}
    assert (crowded, long) == ({}, {})


def test_tests_mirror_the_rooms():
    """Each folder of tests has the name of a folder of the package."""
    tests = Path(__file__).parent
    folders = {path.parent.relative_to(tests) for path in tests.rglob("test_*.py")}
    assert [str(f) for f in sorted(folders) if not (PACKAGE / f).is_dir()] == []


def test_only_the_command_line_imports_tyro():
    users = set()
    for module, path in module_names(PACKAGE).items():
        if any(name.split(".")[0] == "tyro" for name in imported_names(module, path)):
            users.add(module.split(".")[1])
    assert users == {"app"}
