# SPDX-License-Identifier: GPL-2.0-or-later
"""The names of Qt and QGIS that the plugin uses, in the QGIS that runs the tests: on Qt 5 and Qt 6."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "raw_qgis_plugin"
SOURCES = sorted(PLUGIN.rglob("*.py"))
# QVariant has types only where QGIS before 3.38 is served.
OLD = {"QVariant"}


def imported(tree: ast.AST) -> dict[str, Any]:
    """What a module imports from QGIS, by the name that it has there."""
    return {
        alias.asname or alias.name: getattr(import_module(node.module), alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.")
        for alias in node.names
    }


def chains(tree: ast.AST, known: dict[str, Any]) -> Iterator[tuple[int, Any, list[str]]]:
    """Line, object and the attributes that are asked of it one after the other."""
    for node in ast.walk(tree):
        names: list[str] = []
        value: Any = node
        while isinstance(value, ast.Attribute):
            names.insert(0, value.attr)
            value = value.value
        if names and isinstance(value, ast.Name) and value.id in known and value.id not in OLD:
            yield node.lineno, known[value.id], names


def test_every_module_is_imported(staged: None) -> None:
    for path in SOURCES:
        parts = path.relative_to(ROOT).with_suffix("").parts
        import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    assert len(SOURCES) > 150


def wrong_names(path: Path) -> Iterator[str]:
    """Names that are not there, and members of an enum without its scope."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for line, owner, names in chains(tree, imported(tree)):
        for name in names:
            found = getattr(owner, name, None)
            unscoped = isinstance(found, enum.Enum) and not issubclass(owner, enum.Enum)
            if unscoped or not hasattr(owner, name):
                yield f"{path.relative_to(PLUGIN)}:{line}: {owner.__name__}.{name}"
                break
            owner = found


def test_every_name_is_there_and_enums_have_their_scope() -> None:
    """Qt 6 and QGIS 4 know enums by their scoped names: Qt.ItemDataRole.UserRole, not Qt.UserRole."""
    assert [wrong for path in SOURCES for wrong in wrong_names(path)] == []
