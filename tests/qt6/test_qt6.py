# SPDX-License-Identifier: GPL-2.0-or-later
"""Qt 6, which QGIS 4 is built with: the plugin's modules are imported and its windows painted under
PyQt6.
"""

from __future__ import annotations

import ast
import enum
import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

CHILD = Path(__file__).with_name("child.py")
PLUGIN = Path(__file__).parents[2] / "raw_qgis_plugin"


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    if find_spec("PyQt6") is None:
        pytest.skip("PyQt6 is not installed (on Debian: python3-pyqt6)")
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, str(CHILD)], capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_module_is_imported(report: dict[str, Any]) -> None:
    assert report["failed"] == {}
    assert len(report["modules"]) > 150 and report["qt"].startswith("6.")


def test_every_name_of_qt_is_in_qt_6(report: dict[str, Any]) -> None:
    assert report["missing"] == []


def test_every_window_opens_and_is_painted_without_a_warning(report: dict[str, Any]) -> None:
    assert report["warned"] == []
    assert len(report["colours"]) == 8 and min(report["colours"].values()) > 90


def test_enums_of_qgis_have_their_scope() -> None:
    """QGIS 4 knows enums by their scoped names: Qgis.WkbType.Point, not QgsWkbTypes.Point."""
    old = []
    for path in sorted(PLUGIN.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        known = {
            alias.asname or alias.name: getattr(import_module(node.module), alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module in ("qgis.core", "qgis.gui")
            for alias in node.names
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in known
            ):
                owner = known[node.value.id]
                if isinstance(getattr(owner, node.attr, None), enum.Enum) and not issubclass(
                    owner, enum.Enum
                ):
                    old.append(
                        f"{path.relative_to(PLUGIN)}:{node.lineno}: {node.value.id}.{node.attr}"
                    )
    assert old == []
