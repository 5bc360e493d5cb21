# SPDX-License-Identifier: GPL-2.0-or-later
"""How dense the code of a room is. `python tests/density.py` prints it.

A node is a node of Python's syntax tree, which no line break and no comment changes. Only bodies of functions count,
without their docstrings.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINE_LENGTH = 100
MAX_LINES, MAX_LOCALS, MAX_UNPACKED = 40, 15, 3  # of a function; of one assignment from a call
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def source_files() -> list[Path]:
    return sorted(p for top in ("raw_qgis_plugin", "model") for p in (ROOT / top).rglob("*.py"))


def body_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """The statements of a function, without its docstring."""
    return function.body[1:] if ast.get_docstring(function) is not None else function.body


def local_names(nodes: list[ast.AST]) -> set[str]:
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def is_swap(target: ast.Tuple, value: ast.Tuple) -> bool:
    return sorted(map(ast.unparse, target.elts)) == sorted(map(ast.unparse, value.elts))


def packed(nodes: list[ast.AST]) -> int:
    """Assignments of a tuple to a tuple that are no swap, and calls unpacked into too many names."""
    count = 0
    for node in nodes:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
            continue
        target = node.targets[0]
        if isinstance(node.value, ast.Tuple):
            count += not is_swap(target, node.value)
        elif isinstance(node.value, ast.Call):
            count += len(target.elts) > MAX_UNPACKED
    return count


def measure() -> dict[str, dict[str, float]]:
    """For each room the means, and how many functions and lines exceed what is allowed."""
    rooms: dict[str, Counter] = {}
    for file in source_files():
        text = file.read_text(encoding="utf-8")
        room = rooms.setdefault(str(file.parent.relative_to(ROOT)), Counter())
        room["long_lines"] += sum(len(line) > LINE_LENGTH for line in text.splitlines())
        for function in ast.walk(ast.parse(text)):
            if not isinstance(function, FUNCTIONS) or not (body := body_of(function)):
                continue
            nodes = [node for statement in body for node in ast.walk(statement)]
            lines = body[-1].end_lineno - body[0].lineno + 1
            room["nodes"] += len(nodes)
            room["statements"] += sum(isinstance(node, ast.stmt) for node in nodes)
            room["lines"] += lines
            room["long_functions"] += lines > MAX_LINES
            room["functions_of_many_locals"] += len(local_names(nodes)) > MAX_LOCALS
            room["packed_assignments"] += packed(nodes)
    return {
        name: {
            "nodes_a_statement": round(room["nodes"] / max(room["statements"], 1), 1),
            "nodes_a_line": round(room["nodes"] / max(room["lines"], 1), 1),
            "long_functions": room["long_functions"],
            "functions_of_many_locals": room["functions_of_many_locals"],
            "packed_assignments": room["packed_assignments"],
            "long_lines": room["long_lines"],
        }
        for name, room in rooms.items()
    }


# What a room holds at most. These figures only ever go down.
LIMITS = {
    "nodes_a_statement": 16.0,
    "nodes_a_line": 12.0,
    "long_functions": 0,
    "functions_of_many_locals": 0,
    "packed_assignments": 0,
    "long_lines": 0,
}


def exceeded() -> list[str]:
    """What is above its limit, in words."""
    return [
        f"{room}: {what} {value}, at most {LIMITS[what]}"
        for room, figures in measure().items()
        for what, value in figures.items()
        if value > LIMITS[what]
    ]


def total_nodes() -> int:
    return sum(1 for file in source_files() for _ in ast.walk(ast.parse(file.read_text("utf-8"))))


if __name__ == "__main__":
    for name, room in measure().items():
        print(f"{name:42}", *(f"{what} {value}" for what, value in room.items()))
    print("nodes of the whole source:", total_nodes())
