# SPDX-License-Identifier: GPL-2.0-or-later
"""Imports every module of the plugin under PyQt6, with a stand-in for QGIS's own classes, and paints its charts.

Prints JSON: the modules, what failed, names of PyQt that PyQt6 does not have, and the colours of each chart.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PyQt6 import QtCore, QtGui, QtWidgets, sip

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "raw_qgis_plugin"


class Anything(type):
    """The class of stand-ins: every attribute is a stand-in, calling one makes an object with such attributes."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return stand_in(name)

    def __or__(cls, other: Any) -> Any:
        return cls


def stand_in(name: str) -> Any:
    """A class that can be subclassed, called and combined, for one of QGIS's."""
    return Anything(name, (), {"__init__": lambda self, *_, **__: None, "__getattr__": lambda self, n: stand_in(n)})


class Qgis(ModuleType):
    """A module of QGIS. Its widgets are Qt's, from which they descend."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        bases = {"QgsDockWidget": QtWidgets.QDockWidget, "QgsOptionsPageWidget": QtWidgets.QWidget}
        value = bases.get(name) or stand_in(name)
        setattr(self, name, value)
        return value


def install() -> None:
    """Put the stand-ins into sys.modules."""
    QtWidgets.QAction = QtGui.QAction  # as qgis.PyQt does
    sys.modules["qgis"] = package = Qgis("qgis")
    sys.modules["qgis.PyQt"] = package.PyQt = pyqt = ModuleType("qgis.PyQt")
    pyqt.sip = sip
    for name in ("QtCore", "QtGui", "QtWidgets", "QtXml", "QtNetwork", "QtTest"):
        module = importlib.import_module(f"PyQt6.{name}")
        sys.modules[f"qgis.PyQt.{name}"] = module
        setattr(pyqt, name, module)
    for name in ("core", "gui", "utils", "analysis"):
        module = Qgis(f"qgis.{name}")
        sys.modules[f"qgis.{name}"] = module
        setattr(package, name, module)
    package.core.Qgis.versionInt = lambda: 40_000
    sys.modules["processing"] = Qgis("processing")


def modules() -> Iterator[tuple[str, Path]]:
    """Names and files of the plugin's modules."""
    for path in sorted(PLUGIN.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def missing_names(path: Path) -> Iterator[str]:
    """Names of PyQt that a file uses and PyQt6 does not have: enums without their scope, for the most part."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = {
        alias.asname or alias.name: getattr(importlib.import_module(node.module), alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.PyQt")
        for alias in node.names
    }
    for node in ast.walk(tree):
        names: list[str] = []
        value: Any = node
        while isinstance(value, ast.Attribute):
            names.insert(0, value.attr)
            value = value.value
        # QVariant has types only where QGIS before 3.38 is served
        if names and isinstance(value, ast.Name) and value.id in known and value.id != "QVariant":
            found = known[value.id]
            for name in names:
                if not hasattr(found, name):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}: {value.id}.{'.'.join(names)}"
                    break
                found = getattr(found, name)


def paint() -> dict[str, int]:
    """The number of colours in the picture of each chart."""
    from raw_qgis_plugin.gui.widgets import charts

    rng = np.random.default_rng(0)
    day = rng.dirichlet(np.ones(4), 24)
    drawn = [
        charts.WeekStrip(rng.integers(0, 40, (7, 24)), 10),
        charts.DayPlot(day, ["place 1", "place 2", "elsewhere", "no data"]),
    ]
    colours = {}
    for widget in drawn:
        widget.resize(320, 170)
        image = widget.grab().toImage()
        pixels = {image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}
        colours[type(widget).__name__] = len(pixels)
    return colours


def main() -> None:
    """Import, look, paint, print."""
    sys.path.insert(0, str(ROOT))
    install()
    app = QtWidgets.QApplication([])
    report: dict[str, Any] = {"modules": [], "failed": {}, "missing": []}
    for name, path in modules():
        try:
            importlib.import_module(name)
            report["modules"].append(name)
        except Exception:  # any failure is reported, with the others
            report["failed"][name] = traceback.format_exc(limit=-2)
        report["missing"] += missing_names(path)
    report["colours"] = paint()
    report["qt"] = QtCore.QT_VERSION_STR
    print(json.dumps(report))
    app.quit()


if __name__ == "__main__":
    main()
