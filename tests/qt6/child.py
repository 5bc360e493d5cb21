# SPDX-License-Identifier: GPL-2.0-or-later
"""Imports every module of the plugin under PyQt6, with stand-ins for QGIS's own classes, and opens
its windows.

Prints JSON: the modules, what failed, names of PyQt that PyQt6 does not have, the colours of each
window, which are also saved as build/qt6_NAME.png, and what Qt warned of.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import shapely
from PyQt6 import QtCore, QtGui, QtWidgets, sip

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "raw_qgis_plugin"


class Anything(type):
    """The class of stand-ins: every attribute is a stand-in, calling one makes an object with such
    attributes.
    """

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return stand_in(name)

    def __or__(cls, other: Any) -> Any:
        return cls


def stand_in(name: str) -> Any:
    """A class that can be subclassed, called and combined, for one of QGIS's."""
    body = {"__init__": lambda self, *_, **__: None, "__getattr__": lambda self, n: stand_in(n),
            "__iter__": lambda self: iter(())}  # fmt: skip
    return Anything(name, (), body)


class AnyWidgetKind(type(QtWidgets.QWidget)):
    """The class of stand-ins for QGIS's own widgets."""

    __getattr__ = Anything.__getattr__


class AnyWidget(QtWidgets.QWidget, metaclass=AnyWidgetKind):
    """An empty widget, whose further attributes are stand-ins."""

    def __init__(self, *_: Any, **properties: Any) -> None:
        super().__init__(objectName=properties.get("objectName", ""))

    def __getattr__(self, name: str) -> Any:
        return stand_in(name)


class Entry:
    """A setting of QGIS that has its default."""

    def __init__(self, _name: str, _node: Any, default: Any, *_: Any, **__: Any) -> None:
        self.value = lambda: default


class Qgis(ModuleType):
    """A module of QGIS. Its widgets are Qt's, from which they descend."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = QtWidgets.QDockWidget if name == "QgsDockWidget" else stand_in(name)
        if name.endswith(("Widget", "Box")) and name != "QgsDockWidget":
            value = AnyWidgetKind(name, (AnyWidget,), {})
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
    package.core.QgsApplication.qgisSettingsDirPath = lambda: tempfile.mkdtemp()
    package.core.QgsSettingsEntryString = package.core.QgsSettingsEntryInteger = Entry
    project = stand_in("project")()  # an empty one
    project.readEntry, project.mapLayers, project.mapLayer = (
        lambda *_: ("", False),
        dict,
        lambda _: None,
    )
    package.core.QgsProject.instance = lambda: project
    sys.modules["processing"] = Qgis("processing")


def modules() -> Iterator[tuple[str, Path]]:
    """Names and files of the plugin's modules."""
    for path in sorted(PLUGIN.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def missing_names(path: Path) -> Iterator[str]:
    """Names of PyQt that a file uses and PyQt6 does not have: enums without their scope, for the
    most part.
    """
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


def windows() -> dict[str, QtWidgets.QWidget]:
    """The windows and the dock by their names, filled where that needs no layer of QGIS."""
    from raw_qgis_plugin.core.bundle import library
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.core.mobility.tables import Journeys
    from raw_qgis_plugin.core.paths import RESOURCES
    from raw_qgis_plugin.core.regions.view import RegionView
    from raw_qgis_plugin.core.sources.readers import preview
    from raw_qgis_plugin.gui.desktop import Desktop
    from raw_qgis_plugin.gui.dock.dock import RawDock
    from raw_qgis_plugin.gui.regions.card import Region, RegionCard
    from raw_qgis_plugin.gui.regions.compare import Comparison
    from raw_qgis_plugin.gui.widgets.dialog import HelpWindow
    from raw_qgis_plugin.gui.windows.flows import FlowsWindow
    from raw_qgis_plugin.gui.windows.import_dialog import ImportDialog
    from raw_qgis_plugin.gui.windows.models import ModelsDialog
    from raw_qgis_plugin.gui.windows.packages import PackagesDialog
    from raw_qgis_plugin.gui.windows.training import TrainingDialog

    rng, bundle, main = np.random.default_rng(0), open_bundle(), QtWidgets.QMainWindow()
    desktop = Desktop(stand_in("iface")())
    desktop.iface.mainWindow, desktop.iface.actionDraw = lambda: main, QtGui.QAction
    imports, models = ImportDialog(desktop), ModelsDialog(desktop)
    imports.preview = preview(RESOURCES / "sample" / "city_tracks.parquet")
    imports._list_columns(imports.preview)
    imports.rows.show_rows(imports.preview)
    imports._show_state()
    models._list(library.entries(Path(tempfile.mkdtemp())), None)
    view = RegionView(1.0, False, {"n_users": 40, "n_points": 900, "n_visits": 90, "dwell_min": 12.0},
                      rng.integers(0, 40, (7, 24)))  # fmt: skip
    cards = [RegionCard(Region(at, f"Region {at}", view), bundle, 10) for at in range(2)]
    n, west, east = 60, shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    t, ends = 3_600_000 * np.arange(n), [np.tile([x, 0.5], (n, 1)) for x in (0.5, 1.5)]
    trips = Journeys(np.arange(n), np.arange(n), t, t + 600_000, *ends, np.full(n, 5000.0), np.full((n, 4), 0.2),
                  np.ones(n, bool))  # fmt: skip
    return {
        "packages": PackagesDialog(desktop), "training": TrainingDialog(desktop), "help": HelpWindow("index", main),
        "import": imports, "models": models, "comparison": Comparison(*cards, main),
        "flows": FlowsWindow(trips, ["West", "East"], [west, east], 1, main, list),
        "dock": RawDock(desktop),
    }  # fmt: skip


def paint() -> dict[str, int]:
    """The number of colours in the picture of each window."""
    colours = {}
    for name, widget in windows().items():
        widget.show()
        QtWidgets.QApplication.processEvents()
        image = widget.grab().toImage()
        pixels = {
            image.pixel(x, y)
            for x in range(0, image.width(), 2)
            for y in range(0, image.height(), 2)
        }
        colours[name] = len(pixels)
        image.save(str(ROOT / "build" / f"qt6_{name}.png"))
    return colours


def main() -> None:
    """Import, look, paint, print."""
    sys.path.insert(0, str(ROOT / "build"))  # as it is installed, with its lists of packages
    install()
    report: dict[str, Any] = {"modules": [], "failed": {}, "missing": [], "warned": []}
    # says the platform without a screen of each window
    offscreen = "This plugin does not support propagateSizeHints()"

    def take(_kind: Any, _context: Any, words: str) -> None:
        report["warned"] += [words] * (words != offscreen)

    QtCore.qInstallMessageHandler(take)
    app = QtWidgets.QApplication([])
    for name, path in modules():
        try:
            importlib.import_module(name)
            report["modules"].append(name)
        except Exception:  # any failure is reported, with the others
            report["failed"][name] = traceback.format_exc(limit=-2)
        report["missing"] += missing_names(path)
    # in a slot
    sys.excepthook = lambda *error: report["warned"].append(
        "".join(traceback.format_exception(*error))
    )
    try:
        report["colours"] = paint()
    except Exception:
        report["failed"]["windows"] = traceback.format_exc(limit=-3)
    report["qt"] = QtCore.QT_VERSION_STR
    print(json.dumps(report))
    app.quit()


if __name__ == "__main__":
    main()
