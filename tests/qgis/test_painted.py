# SPDX-License-Identifier: GPL-2.0-or-later
"""Every window is painted, on Qt 5 and Qt 6. The pictures lie in build/qt5 and build/qt6, beside each
other for whoever looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsProject, QgsRectangle
from qgis.gui import QgsBrowserGuiModel
from qgis.PyQt.QtCore import QT_VERSION_STR
from qgis.PyQt.QtWidgets import QAction, QApplication, QTabWidget, QWidget

from .tabs import HOME, draw, read
from .waiting import until

PICTURES = Path(__file__).parents[2] / "build" / f"qt{QT_VERSION_STR[0]}"
SAMPLE = Path(__file__).parents[2] / "resources" / "sample"
EAST = QgsRectangle(116.405, 39.895, 116.415, 39.905)


@pytest.fixture
def menu(processing: Any, qgis_iface: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The menu, with what pytest-qgis's stand-in for the desktop lacks."""
    from raw_qgis_plugin.gui.menu import RawMenu

    monkeypatch.setattr(qgis_iface, "actionDraw", QAction, raising=False)
    model = QgsBrowserGuiModel()
    monkeypatch.setattr(qgis_iface, "browserModel", lambda: model, raising=False)
    QgsProject.instance().clear()
    made = RawMenu(qgis_iface)
    yield made
    made.remove()
    QgsProject.instance().clear()


@pytest.fixture
def paint() -> Callable[[QWidget, str], None]:
    """Take a picture of a window, in which there has to be something to see."""

    def take(widget: QWidget, name: str) -> None:
        widget.show()
        QApplication.processEvents()
        image = widget.grab().toImage()
        rows, columns = range(0, image.height(), 2), range(0, image.width(), 2)
        colours = {image.pixel(x, y) for x in columns for y in rows}
        PICTURES.mkdir(parents=True, exist_ok=True)
        assert image.save(str(PICTURES / f"{name}.png"))
        assert len(colours) > 60

    return take


@pytest.mark.parametrize("name", ["environment", "models", "train", "help"])
def test_windows_of_the_menu(menu: Any, name: str, paint: Callable[[QWidget, str], None]) -> None:
    window = menu.open_window(name)
    ready = {"environment": lambda: window.gpus is not None, "models": lambda: window.list.count()}
    until(ready.get(name, lambda: True))
    paint(window, name)
    window.close()


def test_the_window_of_an_import(menu: Any, paint: Callable[[QWidget, str], None]) -> None:
    window = menu.import_tracks()
    window.source.setFilePath(str(SAMPLE / "city_tracks.parquet"))
    until(lambda: window.preview is not None)
    paint(window, "import")
    window.close()


def test_the_dialogs_of_the_algorithms(menu: Any, paint: Callable[[QWidget, str], None]) -> None:
    from raw_qgis_plugin.processing.provider import ALGORITHMS

    for algorithm in ALGORITHMS:
        if algorithm.ID != "importtracks":
            dialog = menu.open_dialog(algorithm.ID)
            paint(dialog, algorithm.ID)
            dialog.close()


def test_the_dock_and_the_windows_of_its_tabs(
    menu: Any, make: Callable[..., Any], fixes: Any, paint: Callable[[QWidget, str], None]
) -> None:
    from raw_qgis_plugin.gui.settings import settings

    settings().min_users.setValue(2)
    dock = menu.show_dock()
    dock.resize(480, 900)
    tabs = dock.findChild(QTabWidget, "raw_tabs")
    menu.iface.mapCanvas().setDestinationCrs(make(fixes).crs())
    read(dock.session, make(fixes))
    for at in range(tabs.count()):
        tabs.setCurrentIndex(at)
        paint(dock, f"dock_{at}")
    tabs.setCurrentIndex(0)
    for box in (HOME, EAST):
        draw(dock.regions, box)
    dock.regions.list.selectAll()
    paint(dock, "dock_regions")
    paint(dock.regions.show_comparison(), "comparison")
    paint(dock.regions.show_flows(), "flows")
    settings().min_users.remove()
