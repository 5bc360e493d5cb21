# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw docs/architecture.svg: the rooms of the code on floors, with the arrows that the imports
make.

A room stands above all rooms that it imports from; rooms that import from each other share a floor.
An arrow that follows from others (a to b and b to c, so a to c) is left out.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from boxes import Box, draw

ROOT = Path(__file__).parents[2]
TOPS = ("raw_qgis_plugin", "model")
COLOUR = {"core": "green", "model": "orange"}


def files() -> list[Path]:
    """The source files, as paths in the repository."""
    return sorted(path.relative_to(ROOT) for top in TOPS for path in (ROOT / top).rglob("*.py"))


@cache
def room(file: Path) -> str:
    """The room of a file: a package of the plugin; in core and model, a package in them.

    A file that lies beside the packages of core or model and imports from them stands above them,
    so it is a room of its own; those of model are the commands.
    """
    parts = [part for part in file.with_suffix("").parts if part != TOPS[0]]
    if parts[0] not in COLOUR:
        return parts[0] if len(parts) > 1 else "plugin"
    if len(parts) > 2:
        return "/".join(parts[: 3 if parts[1] == "shipped" else 2])
    command = 'if __name__ == "__main__"' in (ROOT / file).read_text("utf-8")
    above = any(path.parent.parent == file.parent for path in imported(file))
    return "model: commands" if command else "/".join(parts) if above else parts[0]


@cache
def imported(file: Path) -> set[Path]:
    """The files of the repository that a file imports from."""
    package, found = file.with_suffix("").parts[:-1], set()
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        names: list[list[str]] = []
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            start = [*base, *(node.module.split(".") if node.module else [])]
            names = [[*start, alias.name] for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        for name in names:
            if name[0] in TOPS:  # a module, else a name in one
                found |= {Path(*name).with_suffix(".py"), Path(*name[:-1]).with_suffix(".py")}
    return {path for path in found if (ROOT / path).is_file()}


def graph() -> dict[str, set[str]]:
    """Which rooms each room imports from."""
    result: dict[str, set[str]] = {}
    for file in files():
        of_file = result.setdefault(room(file), set())
        of_file |= {room(path) for path in imported(file)} - {room(file)}
    return result


def reach(edges: dict[str, set[str]], start: str) -> set[str]:
    """All rooms below a room."""
    found: set[str] = set()
    todo = [start]
    while todo:
        new = edges[todo.pop()] - found
        found |= new
        todo += new
    return found


def floors(below: dict[str, set[str]]) -> list[list[str]]:
    """Rooms by floor, the lowest first. below: all rooms under each room."""
    circle = {
        name: {name, *(other for other in below[name] if name in below[other])} for name in below
    }
    level: dict[str, int] = {}
    while len(level) < len(below):
        for name in below:
            under = set().union(*(below[one] for one in circle[name])) - circle[name]
            if name not in level and under <= level.keys():
                level |= {
                    one: 1 + max((level[other] for other in under), default=-1)
                    for one in circle[name]
                }
    return [
        [name for name in below if level[name] == floor] for floor in range(max(level.values()) + 1)
    ]


def contents(name: str) -> str:
    """The files and folders of a room, in lines."""
    names = set()
    for path in (path for path in files() if room(path) == name and path.name != "__init__.py"):
        parts = [part for part in path.with_suffix("").parts if part != TOPS[0]]
        names.add(parts[min(name.count("/") + (name != "plugin"), len(parts) - 1)])
    return "\n".join(textwrap.wrap(", ".join(sorted(names)), 28))


def picture() -> str:
    """The SVG."""
    edges = graph()
    below = {name: reach(edges, name) for name in edges}
    needed = [
        (a, b)
        for a in edges
        for b in sorted(edges[a])
        if not any(
            b in below[c] and c not in below[b] and a not in below[c] for c in edges[a] - {b}
        )
    ]
    where: dict[str, float] = {}
    rows: list[list[Box]] = []
    for row in floors(below):  # each room over the rooms that it stands on
        under = {name: [where[b] for a, b in needed if a == name and b in where] for name in row}
        row.sort(
            key=lambda name: (sum(under[name]) / len(under[name]) if under[name] else 0.5, name)
        )
        where |= {name: (number + 0.5) / len(row) for number, name in enumerate(row)}
        rows.insert(
            0,
            [
                Box(name, contents(name), COLOUR.get(re.split("[/:]", name)[0], "blue"))
                for name in row
            ],
        )
    return draw(rows, needed, width=1000, widest=230)


if __name__ == "__main__":
    (ROOT / "docs/architecture.svg").write_text(picture(), encoding="utf-8")
