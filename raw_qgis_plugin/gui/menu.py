# SPDX-License-Identifier: GPL-2.0-or-later
"""The RAW toolbar and menu: the dock, one action per algorithm, and one per window, in groups."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsApplication, QgsProject, QgsSettings, QgsTask
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import QMenu, QPushButton, QWidget

try:
    from qgis.PyQt.QtGui import QAction
except ImportError:  # older QGIS with Qt 5
    from qgis.PyQt.QtWidgets import QAction

from ..processing.base import icon
from ..processing.provider import ALGORITHMS, PROVIDER_ID
from ..processing.words import tr
from .maps import animation, basemap, fit
from .results import KeptResults
from .settings import settings, start_values
from .window_list import IMPORT, WINDOWS

if TYPE_CHECKING:
    from ..environment.install import InstallRequest
    from .dock.dock import RawDock
    from .training.watch import TrainingWatch
    from .windows.installation import Installation

MENU = "RAW"
DOCK_OPEN = "raw/dock_open"
# Titles of the groups, and the actions in them; a group without a title stands in the menu itself
GROUPS = (
    ("", ("sample", "dock")),
    ("Data", ("importtracks", "fillgaps", "embedtracks")),
    ("People", ("profileusers", "diary", "similarusers", "encounters")),
    ("Regions", ("draw", "box", "scoreregions", "similarregions", "publish")),
    ("Forecasts", ("forecasttracks", "backtest", "animation")),
    ("Maps", ("map", "basemap")),
    ("Models", ("train", "trainhead", "pretrain", "models")),
    ("", ("environment", "diagnostics", "help")),
)
SHORTCUTS = {"dock": "Ctrl+Alt+K", "draw": "Ctrl+Alt+D", "box": "Ctrl+Alt+B"}  # QGIS's options change them


class RawMenu:
    """The actions in the toolbar and in the Plugins menu, the dock, and the windows that are open."""

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        self.dock: RawDock | None = None
        self.kept_results = KeptResults(iface)  # also while there is no dock
        for opened in (QgsProject.instance().readProject, QgsProject.instance().cleared):
            opened.connect(self._show_all_times)
        self.toolbar = iface.addToolBar(MENU)
        self.toolbar.setObjectName("RawToolbar")
        self.groups: list[QMenu] = []
        self.training_watch: TrainingWatch | None = None
        self.windows: list[Any] = []  # Qt does not keep the Python half of an open dialog alive
        self.installation: Installation | None = None  # the last one, running or not
        tip = tr("Draw regions, look at users, forecast: beside the map.")
        self.dock_action = self._add("dock", tr("RAW dock"), tip, icon("raw"), self._toggle_dock)
        self.dock_action.setCheckable(True)
        algorithms = [
            self._add(each.ID, f"{tr(each.TITLE)}…", tr(each.SUMMARY), each.icon(), partial(self._open, each.ID))
            for each in ALGORITHMS
        ]
        windows = [
            self._add(each.name, tr(each.title), tr(each.tip), icon(each.name), partial(self.open_window, each.name))
            for each in WINDOWS
        ]
        self.actions = [self.dock_action, *algorithms, *windows, *self._make_tools()]
        self.entries = self._fill_menu()
        self.toolbar.addActions([self.dock_action, *algorithms])
        if QgsSettings().value(DOCK_OPEN, False, type=bool):
            self.dock_action.trigger()
        self.watch_training()

    def _show_all_times(self, _document: Any = None) -> None:
        """After QGIS has set the map's clock for another project."""
        QTimer.singleShot(0, lambda: fit.show_all_of_a_stopped_clock(self.iface.mapCanvas()))

    def _add(self, name: str, title: str, tip: str, picture: Any, slot: Callable[[], Any]) -> QAction:
        action = QAction(
            picture, title, self.iface.mainWindow(), objectName=f"raw_{name}", toolTip=f"<b>{title}</b><br>{tip}",
            triggered=lambda: slot(),
        )  # fmt: skip
        if name in SHORTCUTS:
            self.iface.registerMainWindowAction(action, SHORTCUTS[name])
        return action

    def _make_tools(self) -> list[QAction]:
        """The actions that open no window of ours."""
        tip = tr("Click the corners of a region on the map; right click closes it.")
        draw = self._add("draw", tr("Draw a region"), tip, icon("regions"), lambda: self.show_dock().draw("polygon"))
        tip = tr("Drag a box on the map: a region.")
        box = self._add("box", tr("Draw a box"), tip, icon("regions"), lambda: self.show_dock().draw("box"))
        tip = tr("Pictures of tracks and forecasts, one a step of the map's clock, by QGIS's own exporter.")
        film = self._add("animation", tr("Animation…"), tip, icon("forecast"), lambda: animation.export(self))
        tip = tr(
            "Tiles of an XYZ connection of QGIS, below the layers. Before the first request it explains whom it asks."
        )
        self.basemap_action = self._add("basemap", tr("Basemap"), tip, icon("map"), self._toggle_basemap)
        self.basemap_action.setCheckable(True)
        return [draw, box, film, self.basemap_action]

    def _fill_menu(self) -> list[QAction]:
        """Put the actions into the menu, by GROUPS. Returns the entries of the menu."""
        named = {action.objectName().removeprefix("raw_"): action for action in self.actions}
        entries = []
        for title, names in GROUPS:
            actions = [named[name] for name in names]
            if title:
                group = QMenu(tr(title), self.iface.mainWindow())
                group.addActions(actions)
                group.aboutToShow.connect(self._show_basemap)
                self.groups.append(group)
                actions = [group.menuAction()]
            entries += actions
        for entry in entries:
            self.iface.addPluginToMenu(MENU, entry)
        return entries

    def _toggle_basemap(self) -> None:
        basemap.toggle(self, self.basemap_action.isChecked())
        self._show_basemap()

    def _show_basemap(self) -> None:
        """The layer may have been added or removed with a project, or by the user."""
        self.basemap_action.setChecked(basemap.basemap() is not None)

    # ---- the dock -----------------------------------------------------------------------------------------------

    def show_dock(self, shown: bool = True) -> RawDock:
        """Show or hide the dock. It is made when it is first shown."""
        if self.dock is None:
            from .dock.dock import RawDock

            self.dock = RawDock(self)
            self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
            self.dock.closedStateChanged.connect(lambda closed: self._remember(not closed))
        self.dock.setUserVisible(shown)
        self._remember(shown)
        return self.dock

    def _toggle_dock(self) -> None:
        self.show_dock(self.dock_action.isChecked())

    def _remember(self, shown: bool) -> None:
        self.dock_action.setChecked(shown)
        QgsSettings().setValue(DOCK_OPEN, shown)

    def _drop_dock(self) -> None:
        if self.dock is not None and not sip.isdeleted(self.dock):
            self.dock.remove()
            self.iface.removeDockWidget(self.dock)
            self.dock.setParent(None)
            self.dock.deleteLater()
        self.dock = None

    def tracks_layer(self) -> Any:
        """The layer chosen in the dock, else QGIS's current layer; None where there is neither."""
        session = self.dock.session if self.dock is not None else None
        return (session.layer if session is not None else None) or self.iface.activeLayer()

    def watch_training(self) -> None:
        """A training was started, or may be running since before: show a message when it ends."""
        if self.training_watch is None:
            from .training.watch import TrainingWatch

            self.training_watch = TrainingWatch(self)
        self.training_watch.start()

    def use_model(self, path: Path | None, everywhere: bool = True) -> None:
        """Use a model bundle in this project, None: the shipped one. everywhere: it also becomes the default."""
        if everywhere:
            settings().model.setValue(str(path or ""))
        else:
            QgsProject.instance().writeEntry("raw", "model", str(path or ""))
        if self.dock is not None:
            self.dock.take_model()

    def settings_changed(self) -> None:
        """The user has changed the settings: the dock reads its layer again if it used others."""
        if self.dock is not None and self.dock.session is not None:
            self.dock.session.take_settings()

    def models_changed(self) -> None:
        """Models were added to or removed from the user's folder."""
        if self.dock is not None:
            self.dock.list_models()

    def install(self, request: InstallRequest) -> Installation:
        """Start an installation of packages, or return the one that is running. Raises RawError."""
        if self.installation is None or not self.installation.running:
            from .windows.installation import Installation

            installation = Installation(request)
            installation.start()
            installation.ended.connect(self._installed)
            self.installation = installation
        return self.installation

    def _installed(self, error: str) -> None:
        """Make a dock anew that could only list missing packages. error: of the installation, '' after success."""
        if not error and self.dock is not None and self.dock.session is None:
            self._drop_dock()
            self.show_dock()

    # ---- windows ------------------------------------------------------------------------------------------------

    def open_window(self, name: str) -> Any:
        """Open one of WINDOWS."""
        return self.keep(next(window for window in WINDOWS if window.name == name).open(self))

    def import_tracks(self, path: str = "") -> Any:
        """Open the window that imports files, or explain why it cannot. path: of a file or folder to begin with."""
        window = next(
            (each for each in self.windows if not sip.isdeleted(each) and each.objectName() == "raw_import_dialog"),
            None,
        )
        if window is None or not window.isVisible():
            ready, reason = QgsApplication.processingRegistry().createAlgorithmById("raw:importtracks").canExecute()
            if not ready:
                self._show_missing(reason)
                return None
            window = self.keep(IMPORT.open(self))
        if path:
            window.choose(path)
        window.raise_()
        return window

    def use_layer(self, layer: Any) -> None:
        """Make a layer the current one, show it whole, and choose it in the dock."""
        self.iface.setActiveLayer(layer)
        fit.show_in_shape(self.iface, layer)
        self.iface.zoomToActiveLayer()
        fit.show_in_time(self.iface, layer)
        if self.dock is not None:
            self.dock.choose_layer(layer)

    def _open(self, algorithm_id: str) -> Any:
        return self.import_tracks() if algorithm_id == "importtracks" else self.open_dialog(algorithm_id)

    def open_dialog(self, algorithm_id: str, **values: Any) -> Any:
        """Open an algorithm's dialog beside the map, or explain why the algorithm cannot run.

        It starts with values, the user's settings, the dock's layer of tracks while that is shown, and the layers that
        fit.
        """
        import processing

        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"{PROVIDER_ID}:{algorithm_id}")
        ready, reason = algorithm.canExecute()
        if not ready:
            self._show_missing(reason)
            return None
        session = self.dock.session if self.dock is not None and self.dock_action.isChecked() else None
        shown = session.layer if session is not None else None
        starts = start_values(algorithm, self.iface.activeLayer(), shown) | values
        dialog = processing.createAlgorithmDialog(algorithm, starts)
        dialog.show()
        return self.keep(dialog)

    def _show_missing(self, reason: str) -> None:
        """Show in the message bar what is missing, with a button to the window that installs it."""
        bar = self.iface.messageBar()
        item = bar.createMessage(MENU, reason.split(". ")[0] + ".")  # the bar has room for a sentence
        item.layout().addWidget(QPushButton(tr("Packages…"), clicked=lambda: self.open_window("environment")))
        bar.pushWidget(item, Qgis.MessageLevel.Warning)

    def keep(self, window: Any) -> Any:
        """Hold a window's Python object until the window is closed, and close the window with the plugin.

        Windows that were closed since the last call are deleted.
        """
        others = [each for each in self.windows if not sip.isdeleted(each) and each is not window]
        self.windows = [each for each in others if each.isVisible()] + ([] if window is None else [window])
        for each in others:
            if not each.isVisible():
                delete_closed(each)
        return window

    def remove(self) -> None:
        """Remove the windows, the dock, the actions, the menu and the toolbar from QGIS."""
        for window in self.windows:
            if not sip.isdeleted(window):
                window.close()
                delete_closed(window)
        self.windows = []
        self._drop_dock()
        if self.training_watch is not None:
            self.training_watch.timer.stop()
        self.kept_results.close()
        for opened in (QgsProject.instance().readProject, QgsProject.instance().cleared):
            opened.disconnect(self._show_all_times)
        if self.installation is not None:
            self.installation.stop()
        submenu = next((a.menu() for a in self.iface.pluginMenu().actions() if a.text() == MENU), None)
        for entry in self.entries:
            self.iface.removePluginMenu(MENU, entry)
        for each in (*self.actions, *self.groups):
            if not sip.isdeleted(each):
                each.deleteLater()
        self.actions, self.entries, self.groups = [], [], []
        if submenu is not None and not sip.isdeleted(submenu):
            submenu.deleteLater()  # QGIS takes it out of its menu and forgets it
        if not sip.isdeleted(self.toolbar):
            self.iface.mainWindow().removeToolBar(self.toolbar)
            self.toolbar.setParent(None)
            self.toolbar.deleteLater()


def delete_closed(window: Any) -> None:
    """Delete a closed window as soon as no job of it is running any more."""
    if sip.isdeleted(window) or isinstance(window, QgsProcessingAlgorithmDialogBase):
        return  # QGIS deletes its own dialogs, in which an algorithm may still run
    jobs = [getattr(part, "job", None) for part in (window, *window.findChildren(QWidget))]
    running = next((job for job in jobs if isinstance(job, QgsTask) and not sip.isdeleted(job)), None)
    if running is None:
        window.deleteLater()
    else:
        running.destroyed.connect(lambda: delete_closed(window))  # QGIS deletes a job after it reported its end
