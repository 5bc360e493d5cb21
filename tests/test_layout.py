# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of the layout, checked on the files themselves: the direction of imports, the contents
of rooms.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import density
import pytest

ROOT = Path(__file__).parent.parent
PLUGIN = ROOT / "raw_qgis_plugin"
MODEL = ROOT / "model"
FILES = sorted(p for folder in (PLUGIN, MODEL) for p in folder.rglob("*.py"))

# Which rooms of the plugin a room may import from. Rooms that only wire others together are not
# listed.
MAY_IMPORT = {
    "core": {"core"},
    "layers": {"layers", "core"},
    "environment": {"environment", "core"},
    "processing": {"processing", "tasks", "environment", "layers", "core"},
    "tasks": {"tasks", "environment", "layers", "core"},
    "gui": {"gui", "processing", "tasks", "environment", "layers", "core"},
}
# The rooms of core from the bottom to the top. Modules at core's top level are the ground floor.
FLOORS = (
    "disclosure", "sources", "features", "bundle", "embedding", "mobility", "forecasting", "gaps", "encounters", "regions",
    "flows", "evaluation",
)  # fmt: skip
CORE_LIBRARIES = {
    "numpy", "scipy", "shapely", "pyproj", "pyarrow", "onnxruntime", "osgeo",
}  # fmt: skip
# These load in a QGIS that has NumPy and nothing else of ours.
NUMPY_ALONE = (
    "",
    ".core.paths",
    ".core.errors",
    ".core.mobility.people",
    ".core.flows.flows",
    ".core.regions.view",
)


class Import(NamedTuple):
    """One import: file, line, full dotted name, and whether it runs when the file is loaded."""

    file: Path
    line: int
    name: str
    on_load: bool

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.name}"


def imports_of(file: Path) -> Iterator[Import]:
    """Every import of a file, relative names resolved; `from a import b` counts as a.b."""
    package = file.relative_to(ROOT).with_suffix("").parts[:-1]

    def visit(node: ast.AST, on_load: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (
                    Import(file, child.lineno, alias.name, on_load) for alias in child.names
                )
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else ()
                start = ".".join([*base, *([child.module] if child.module else [])])
                yield from (
                    Import(file, child.lineno, f"{start}.{a.name}", on_load) for a in child.names
                )
            elif not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
                inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                yield from visit(child, on_load and not inside)

    yield from visit(ast.parse(file.read_text(encoding="utf-8")), True)


def tracked() -> list[Path]:
    """The files of the repository that are there; outside of a checkout the test is skipped."""
    git = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if git.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in git.stdout.splitlines() if (ROOT / name).exists()]


IMPORTS = [found for file in FILES for found in imports_of(file)]


def room(name: str) -> str:
    """The room of a dotted name: 'core' for raw_qgis_plugin.core.tracks, '' outside every room."""
    parts = name.split(".")
    return (
        parts[1]
        if len(parts) > 1 and parts[0] == "raw_qgis_plugin" and parts[1] in MAY_IMPORT
        else ""
    )


def room_of(file: Path) -> str:
    return room(".".join(file.relative_to(ROOT).with_suffix("").parts))


def module_of(file: Path) -> str:
    """The dotted name of a file: 'model.evaluate' for its __init__.py."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(file): file for file in FILES}


def imported_module(name: str) -> str | None:
    """The own module that a dotted name stands for: its longest part that is a file. None for other
    libraries.
    """
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def floor_of(module: str) -> int:
    """The floor of a module of core, 0 at the ground."""
    room = module.split(".")[2] if module.count(".") >= 2 else ""
    return 1 + FLOORS.index(room) if room in FLOORS else 0


def test_no_circle_of_imports() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for i in IMPORTS:
        module, target = module_of(i.file), imported_module(i.name)
        if target is not None and target != module:
            graph[module].add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("a circle of imports: " + " -> ".join(reversed(error.args[1])))


def test_every_room_of_core_has_its_floor() -> None:
    assert {p.name for p in (PLUGIN / "core").iterdir() if (p / "__init__.py").exists()} <= set(
        FLOORS
    )


def test_rooms_of_core_import_only_from_the_floors_below() -> None:
    wrong = []
    for i in (i for i in IMPORTS if room_of(i.file) == "core"):
        target = imported_module(i.name)
        if (
            target
            and target.startswith("raw_qgis_plugin.core.")
            and floor_of(target) > floor_of(module_of(i.file))
        ):
            wrong.append(str(i))
    assert not wrong


def test_rooms_are_small() -> None:
    most = {PLUGIN / "core": 16, MODEL: 20}
    files = Counter(file.parent for file in FILES)
    assert not [
        f"{room.relative_to(ROOT)}: {n}" for room, n in files.items() if n > most.get(room, 12)
    ]


# What one has to hold in the head at most. These figures only ever go down.
MAX_NODES = 315_000  # of the syntax tree of the whole source
MAX_WORDS = 25_000  # of hand-written Markdown


def test_rooms_are_not_dense() -> None:
    assert not density.exceeded()


def test_the_whole_source_stays_small() -> None:
    assert density.total_nodes() <= MAX_NODES


def test_documents_stay_short() -> None:
    pages = [p for p in tracked() if p.suffix == ".md" and p.name != "CHANGELOG.md"]
    generated = {"reference", "resources"}
    by_hand = [p for p in pages if not generated & set(p.relative_to(ROOT).parts)]
    assert by_hand
    assert sum(len(p.read_text("utf-8").split()) for p in by_hand) <= MAX_WORDS


def test_there_is_something_to_check() -> None:
    assert len(FILES) > 10
    assert any(i.name == "numpy" for i in IMPORTS)


def test_every_room_has_its_rule() -> None:
    assert {p.name for p in PLUGIN.iterdir() if p.is_dir() and any(p.glob("*.py"))} <= set(
        MAY_IMPORT
    )


def test_rooms_import_only_downwards() -> None:
    own = [i for i in IMPORTS if room_of(i.file) and i.name.startswith("raw_qgis_plugin")]
    assert not [str(i) for i in own if room(i.name) not in MAY_IMPORT[room_of(i.file)]]


def test_core_knows_arrays_only() -> None:
    wrong = [
        str(i)
        for i in IMPORTS
        if room_of(i.file) == "core"
        and (top := i.name.split(".")[0]) not in CORE_LIBRARIES | {"raw_qgis_plugin"}
        and top not in sys.stdlib_module_names
    ]
    assert not wrong


def test_environment_needs_qgis_and_the_standard_library_only() -> None:
    allowed = sys.stdlib_module_names | {"qgis", "raw_qgis_plugin"}
    here = [i for i in IMPORTS if room_of(i.file) == "environment"]
    assert not [str(i) for i in here if i.name.split(".")[0] not in allowed]
    used = {imported_module(i.name) for i in here if room(i.name) == "core"}
    assert used == {"raw_qgis_plugin.core.errors", "raw_qgis_plugin.core.paths"}
    files = {PLUGIN / "core" / name for name in ("errors.py", "paths.py")}
    assert not {i.name.split(".")[0] for i in IMPORTS if i.file in files} - sys.stdlib_module_names


def test_onnxruntime_is_loaded_by_the_runtime_and_late() -> None:
    users = [
        i for i in IMPORTS if i.name.split(".")[0] == "onnxruntime" and PLUGIN in i.file.parents
    ]
    assert {i.file for i in users} <= {
        PLUGIN / "core" / "bundle" / name for name in ("devices.py", "runtime.py")
    }
    assert not [str(i) for i in users if i.on_load]


def test_plugin_never_imports_the_model_room_or_torch_or_a_qt_binding() -> None:
    never = {"model", "torch", "onnx", "safetensors", "PyQt5", "PyQt6", "PySide6", "sip"}
    assert not [
        str(i) for i in IMPORTS if PLUGIN in i.file.parents and i.name.split(".")[0] in never
    ]


def test_model_imports_nothing_of_the_plugin_but_its_core() -> None:
    of_model = [i for i in IMPORTS if MODEL in i.file.parents]
    assert not [str(i) for i in of_model if i.name.split(".")[0] in {"qgis", "PyQt5", "PyQt6"}]
    wrong = [
        str(i) for i in of_model if i.name.startswith("raw_qgis_plugin") and room(i.name) != "core"
    ]
    assert not wrong


@pytest.mark.parametrize("module", NUMPY_ALONE)
def test_loads_with_numpy_alone(module: str) -> None:
    blocked = sorted(CORE_LIBRARIES - {"numpy"} | {"torch", "qgis", "matplotlib"})
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked!r})); sys.path.insert(0, {str(ROOT)!r}); "
        f"import raw_qgis_plugin{module}"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_no_module_hides_one_of_the_standard_library() -> None:
    names = {p.stem for p in FILES} | {
        p.name for p in [*PLUGIN.rglob("*"), *MODEL.rglob("*")] if p.is_dir()
    }
    assert not (names - {"__init__", "__main__", "__pycache__"}) & sys.stdlib_module_names


def test_every_module_names_its_licence_and_has_under_400_lines() -> None:
    texts = {p: p.read_text("utf-8") for p in FILES}
    assert not [
        p
        for p, text in texts.items()
        if "SPDX-License-Identifier: GPL-2.0-or-later" not in text[:200]
    ]
    assert not [p for p, text in texts.items() if len(text.splitlines()) >= 400]


def is_number(value: ast.expr) -> bool:
    """Whether an expression is a number, or a tuple, list, set, dict, arithmetic or array of
    numbers.
    """
    if isinstance(value, ast.Constant):
        return isinstance(value.value, (int, float, complex)) and not isinstance(value.value, bool)
    if isinstance(value, (ast.Tuple, ast.List, ast.Set)):
        return any(map(is_number, value.elts))
    if isinstance(value, ast.Dict):
        return any(map(is_number, value.values))
    if isinstance(value, ast.BinOp):
        return is_number(value.left) or is_number(value.right)
    if isinstance(value, ast.UnaryOp):
        return is_number(value.operand)
    # np.array([1, 2]), range(5)
    return isinstance(value, ast.Call) and any(map(is_number, value.args))


def numeric_constants(file: Path) -> Iterator[str]:
    """Names that are assigned a number at module level."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if (
            isinstance(node, (ast.Assign, ast.AnnAssign))
            and node.value is not None
            and is_number(node.value)
        ):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                yield from (f"{module_of(file)}.{ast.unparse(name)}" for name in names)


def test_thresholds_are_settings_and_few_numbers_stand_at_module_level() -> None:
    found = [name for file in FILES for name in numeric_constants(file)]
    assert 0 < len(found) < 200, f"{len(found)} numeric constants: {', '.join(found)}"


def test_top_level_holds_no_other_files() -> None:
    assert {p.relative_to(ROOT).parts[0] for p in tracked()} <= {
        "raw_qgis_plugin",
        "model",
        "resources",
        "docs",
        "tests",
        "metadata.txt",
        "Makefile",
        "README.md",
        "LICENSE",
        "SECURITY.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "pyproject.toml",
        ".ci",
        ".gitignore",
    }


def test_there_is_no_geolife_data() -> None:
    kept = [
        p
        for folder in (PLUGIN, MODEL, ROOT / "resources", ROOT / "tests")
        for p in folder.rglob("*")
    ]
    assert not [str(p) for p in kept if p.suffix == ".plt"]
    assert not [
        str(p) for p in kept if "geolife" in p.name.lower() and p.suffix not in {".py", ".pyc", ""}
    ]
