# SPDX-License-Identifier: GPL-2.0-or-later
"""The RAW toolbar and menu: a table of actions, in groups. Each opens the dock, an algorithm or a
window.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import QgsApplication
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QAction, QMenu

from ..processing.base import icon
from ..processing.provider import ALGORITHMS, GROUPS, PROVIDER_ID
from ..processing.words import group_title, tr
from .desktop import Desktop
from .results import KeptResults
from .settings import start_values
from .widgets.dialog import HelpWindow
from .widgets.layout import escaped

if TYPE_CHECKING:
    from .dock.dock import RawDock

MENU = "RAW"
# where the name is another
ICONS = {"dock": "raw", "basemap": "map", "train": "pretrain"}
TOOLBAR = ("dock", "importtracks", "profileusers", "diary", "scoreregions", "forecasttracks", "map")


Entry = tuple[str, str, "Callable[[RawMenu], Any]"]
"""Title, tip, and what opens the window and returns it, or None."""


def window(module: str, make: str, name: str = "none") -> Callable[[RawMenu], Any]:
    """Opens a window, or raises the one of this object name.

    Its module is imported then, by __import__, which QGIS watches to unload it with the plugin.
    """
    return lambda menu: (
        menu.opened(name)
        or menu.show(getattr(__import__(f"{__package__}.{module}", fromlist=[make]), make)(menu))
    )


def entries() -> dict[str, Entry]:
    """All actions that are no algorithms, by name."""
    return {
        "dock": (
            tr("RAW dock"),
            tr("Draw regions, look at users, forecast: beside the map."),
            lambda menu: menu.show_dock(menu.actions["dock"].isChecked()),
        ),
        "help": (
            tr("Help"),
            tr("What RAW does and how."),
            lambda menu: menu.show(HelpWindow("index", menu.iface.mainWindow())),
        ),
        **windows(),
    }


def windows() -> dict[str, Entry]:
    """The actions that open a window of their own."""
    return {
        "sample": (
            tr("Open the sample project"),
            tr("Ten phones in Aracaju, Brazil, and what to try."),
            window("windows.sample", "open_sample"),
        ),
        "map": (
            tr("Make a map…"),
            tr("A page with title, legend, scale and notes in QGIS's layout window."),
            window("maps.page", "open_designer"),
        ),
        "basemap": (
            tr("Basemap…"),
            tr(
                "Tiles of an XYZ connection of QGIS, below the layers. You are asked before the "
                "first request."
            ),
            window("maps.basemap", "ask"),
        ),
        "train": (
            tr("Train a model…"),
            tr("Continue training on your own tracks, or teach a new label from examples."),
            window("windows.training", "TrainingDialog", "raw_training"),
        ),
        "models": (
            tr("Models…"),
            tr("The model of RAW and your own: cards and import."),
            window("windows.models", "ModelsDialog", "raw_models"),
        ),
        "environment": (
            tr("Packages…"),
            tr("The packages and devices that RAW uses, their installation, and a report to copy."),
            window("windows.packages", "PackagesDialog", "RawEnvironment"),
        ),
    }


def groups() -> list[tuple[str, tuple[str, ...]]]:
    """Titles of the menu's groups, and the actions in them; a group without a title stands in the
    menu itself.
    """
    tools = {"models": ("train", "models")}
    found = [
        (group_title(group), tools.get(group, ()) + tuple(each.ID for each in members))
        for group, members in GROUPS.items()
    ]
    return [
        ("", ("sample", "dock")),
        *found,
        (tr("Maps"), ("map", "basemap")),
        ("", ("environment", "help")),
    ]


class RawMenu(Desktop):
    """The actions in the toolbar and the Plugins menu, the dock, and the windows that are open."""

    def __init__(self, iface: Any) -> None:
        super().__init__(iface)
        self.dock: RawDock | None = None
        self.kept_results = KeptResults(iface)  # also while there is no dock
        self.actions: dict[str, QAction] = {}
        for algorithm in ALGORITHMS:
            slot = (
                self.import_tracks
                if algorithm.ID == "importtracks"
                else partial(self.open_dialog, algorithm.ID)
            )
            self._add(
                algorithm.ID,
                f"{tr(algorithm.TITLE)}…",
                tr(algorithm.SUMMARY),
                algorithm.icon(),
                slot,
            )
        for name, (title, tip, open_it) in entries().items():
            self._add(name, title, tip, icon(ICONS.get(name, name)), partial(open_it, self))
        self.toolbar = iface.addToolBar(MENU)
        self.toolbar.setObjectName("RawToolbar")
        self.toolbar.addActions([self.actions[name] for name in TOOLBAR])
        self.entries: list[QAction] = []  # of the menu
        self.menus: list[QMenu] = []
        for title, names in groups():
            actions = [self.actions[name] for name in names]
            if title:
                self.menus.append(QMenu(title, iface.mainWindow()))
                self.menus[-1].addActions(actions)
                actions = [self.menus[-1].menuAction()]
            self.entries += actions
        for entry in self.entries:
            iface.addPluginToMenu(MENU, entry)

    def _add(self, name: str, title: str, tip: str, picture: Any, slot: Callable[[], Any]) -> None:
        action = QAction(
            picture,
            title,
            self.iface.mainWindow(),
            objectName=f"raw_{name}",
            toolTip=f"<b>{title}</b><br>{tip}",
            checkable=name == "dock",
            triggered=lambda: slot(),
        )
        if name == "dock":
            self.iface.registerMainWindowAction(action, "Ctrl+Alt+K")  # QGIS's options change it
        self.actions[name] = action

    # ---- the dock

    def show_dock(self, shown: bool = True) -> RawDock:
        """Show or hide the dock. It is made when it is first shown."""
        if self.dock is None:
            from .dock.dock import RawDock

            self.dock = RawDock(self)
            self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
            self.dock.closedStateChanged.connect(
                lambda closed: self.actions["dock"].setChecked(not closed)
            )
        self.dock.setUserVisible(shown)
        return self.dock

    def _drop_dock(self) -> None:
        if self.dock is not None and not sip.isdeleted(self.dock):
            self.dock.remove()
            self.iface.removeDockWidget(self.dock)
            self.dock.setParent(None)
            self.dock.deleteLater()
        self.dock = None

    # ---- windows

    def open_window(self, name: str) -> Any:
        """Open a window by the name of its action."""
        return entries()[name][-1](self)

    def _new(self, name: str) -> Any:
        """An algorithm; None, and the window of packages with the reason, where it lacks some."""
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"{PROVIDER_ID}:{name}")
        ready, reason = algorithm.canExecute()
        if ready:
            return algorithm
        self.open_window("environment").with_training.setChecked(
            "train" in getattr(algorithm, "PACKAGES", ())
        )
        # it has room for a sentence
        self.iface.messageBar().pushWarning(MENU, escaped(reason.split(". ")[0] + "."))
        return None

    def import_tracks(self) -> Any:
        """Open the window that imports files, or explain why it cannot."""
        window = self.opened("raw_import_dialog")
        if window is None and self._new("importtracks") is not None:
            from .windows.import_dialog import ImportDialog

            window = self.show(ImportDialog(self))
        return window

    def open_dialog(self, name: str, **values: Any) -> Any:
        """Open an algorithm's dialog beside the map, or explain why the algorithm cannot run.

        It starts with values, the user's settings, the dock's layer of tracks while that is shown,
        and the layers that fit.
        """
        from qgis import processing

        algorithm = self._new(name)
        if algorithm is None:
            return None
        shown = (
            self.session.layer
            if self.session is not None and self.actions["dock"].isChecked()
            else None
        )
        starts = start_values(algorithm, self.iface.activeLayer(), shown) | values
        dialog = processing.createAlgorithmDialog(algorithm, starts)
        dialog.algorithmFinished.connect(self._show_model)
        return self.show(dialog)

    def _show_model(self, good: bool, results: dict[str, Any]) -> None:
        """An algorithm has ended. If it made a model, say how good it is; the dock lists it."""
        if good and results.get("BUNDLE"):
            self.models_changed()
            words = tr("The dock lists the model {name} now. {verdict}")
            words = words.format(
                name=Path(results["BUNDLE"]).name, verdict=results.get("VERDICT", "")
            )
            self.iface.messageBar().pushSuccess(MENU, escaped(words))

    def packages_installed(self) -> None:
        """Make a dock anew that could only list missing packages."""
        if self.dock is not None and self.dock.session is None:
            self._drop_dock()
            self.show_dock()

    def remove(self) -> None:
        """Remove the windows, the dock, the actions, the menu and the toolbar from QGIS."""
        self.close_windows()
        self._drop_dock()
        self.kept_results.close()
        submenu = next(
            (a.menu() for a in self.iface.pluginMenu().actions() if a.text() == MENU), None
        )
        for entry in self.entries:
            self.iface.removePluginMenu(MENU, entry)
        self.iface.mainWindow().removeToolBar(self.toolbar)
        self.toolbar.setParent(None)
        # QGIS forgets the submenu
        for each in (*self.actions.values(), *self.menus, submenu, self.toolbar):
            if each is not None and not sip.isdeleted(each):
                each.deleteLater()
        self.actions = {}
        self.entries = []
        self.menus = []
