# SPDX-License-Identifier: GPL-2.0-or-later
"""The RAW toolbar and menu: the dock, one action an algorithm, and one for each window of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsMapLayer,
    QgsProject,
    QgsSettings,
    QgsTask,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QPushButton, QWidget

try:
    from qgis.PyQt.QtGui import QAction
except ImportError:  # older QGIS with Qt 5
    from qgis.PyQt.QtWidgets import QAction

from ..processing.base import icon
from ..processing.provider import ALGORITHMS, PROVIDER_ID
from ..processing.words import tr
from .regions.saved import SavedRegions

if TYPE_CHECKING:
    from .dock.dock import RawDock

MENU = "RAW"
DOCK_OPEN = "raw/dock_open"


class Window(NamedTuple):
    """A window that the menu and the dock's More button open.

    open: called with the menu (`menu.iface`, `menu.dock` or None). It imports what it needs itself, shows the window,
    and returns it, so that it is closed when the plugin is unloaded; or returns None.
    """

    name: str  # of the action: raw_NAME
    title: str
    tip: str
    icon: str  # of resources/icons
    open: Callable[[RawMenu], Any]


def lazily(module: str, function: str) -> Callable[[RawMenu], Any]:
    """A function of one of our modules that is imported when it is called.

    By __import__, which QGIS watches, so that it forgets the module when the plugin is unloaded.
    """
    return lambda menu: getattr(__import__(f"{__package__}.{module}", fromlist=[function]), function)(menu)


WINDOWS: tuple[Window, ...] = (
    Window(
        "sample", "Open the sample project", "Ten phones in Aracaju, Brazil, and a short tour.", "sample",
        lazily("windows.sample", "open_sample"),
    ),
    Window(
        "train", "Train a model…", "Go on pretraining on your own tracks, or teach a new label from examples.",
        "train", lazily("training.dialog", "open_training"),
    ),
    Window(
        "models", "Models…", "The model that comes with RAW and your own: cards, import, export, compare.",
        "models", lazily("windows.models", "open_models"),
    ),
    Window(
        "environment", "Packages…", "What RAW needs beyond QGIS, what of it is missing, and its installation.",
        "environment", lazily("windows.packages", "open_environment"),
    ),
    Window(
        "diagnostics", "Diagnostics…", "Versions, devices and a timed run of the model, to be copied with a click.",
        "diagnostics", lazily("windows.diagnostics", "open_diagnostics"),
    ),
    Window("help", "Help", "What RAW does and how.", "help", lazily("windows.help", "open_contents")),
)  # fmt: skip
"""In the order of the menu."""


class RawMenu:
    """The actions in the toolbar and in the Plugins menu, and the dock."""

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        self.dock: RawDock | None = None
        self.saved_regions = SavedRegions()  # also while there is no dock
        self.toolbar = iface.addToolBar(MENU)
        self.toolbar.setObjectName("RawToolbar")
        self.actions: list[QAction] = []
        self.windows: list[Any] = []  # Qt does not keep the Python half of an open dialog alive
        tip = tr("Draw regions, look at users, forecast: beside the map.")
        self.dock_action = self._add("dock", tr("RAW dock"), tip, icon("raw"), self.show_dock)
        self.dock_action.setCheckable(True)
        for algorithm in ALGORITHMS:
            title = f"{tr(algorithm.TITLE)}…"
            self._add(
                algorithm.ID, title, tr(algorithm.SUMMARY), algorithm.icon(), partial(self.open_dialog, algorithm.ID)
            )
        for window in WINDOWS:
            opener = partial(self.open_window, window)
            self._add(window.name, tr(window.title), tr(window.tip), icon(window.icon), opener, toolbar=False)
        if QgsSettings().value(DOCK_OPEN, False, type=bool):
            self.dock_action.trigger()

    def _add(
        self, name: str, title: str, tip: str, picture: Any, slot: Callable[..., Any], toolbar: bool = True
    ) -> QAction:
        action = QAction(picture, title, self.iface.mainWindow())
        action.setObjectName(f"raw_{name}")
        action.setToolTip(f"<b>{title}</b><br>{tip}")
        action.triggered.connect(slot)
        if toolbar:
            self.toolbar.addAction(action)
        self.iface.addPluginToMenu(MENU, action)
        self.actions.append(action)
        return action

    def show_dock(self, shown: bool = True) -> RawDock:
        """Show or hide the dock; it is made when it is first asked for."""
        if self.dock is None:
            from .dock.dock import RawDock

            self.dock = RawDock(self)
            self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
            self.dock.closedStateChanged.connect(lambda closed: self._remember(not closed))
        self.dock.setUserVisible(shown)
        self._remember(shown)
        return self.dock

    def _drop_dock(self) -> None:
        if self.dock is not None and not sip.isdeleted(self.dock):
            self.dock.remove()
            self.iface.removeDockWidget(self.dock)
            self.dock.setParent(None)
            self.dock.deleteLater()
        self.dock = None

    def installed(self, error: str) -> None:
        """An installation of packages has ended: a dock that could only say what is missing can do its work now."""
        if not error and self.dock is not None and self.dock.session is None:
            self._drop_dock()
            self.show_dock()

    def _remember(self, shown: bool) -> None:
        self.dock_action.setChecked(shown)
        QgsSettings().setValue(DOCK_OPEN, shown)

    def open_window(self, window: Window, _checked: bool = False) -> Any:
        """Open one of WINDOWS."""
        return self.keep(window.open(self))

    def open_dialog(self, algorithm_id: str, _checked: bool = False, parameters: dict[str, Any] | None = None) -> Any:
        """Open an algorithm's dialog beside the map, or say why it can't run.

        parameters: to fill in, instead of the current layer.
        """
        import processing

        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"{PROVIDER_ID}:{algorithm_id}")
        ready, reason = algorithm.canExecute()
        if not ready:
            self.say_missing(reason)
            return None
        values = fill_in(algorithm, self.iface.activeLayer()) if parameters is None else parameters
        dialog = processing.createAlgorithmDialog(algorithm, values)
        dialog.show()
        return self.keep(dialog)

    def say_missing(self, reason: str) -> None:
        """Say in the message bar what is missing, with a button to the window that installs it."""
        bar = self.iface.messageBar()
        item = bar.createMessage(MENU, reason.split(". ")[0] + ".")  # the bar has room for a sentence
        button = QPushButton(tr("Packages…"))
        button.clicked.connect(lambda: self.open_window(next(w for w in WINDOWS if w.name == "environment")))
        item.layout().addWidget(button)
        bar.pushWidget(item, Qgis.MessageLevel.Warning)

    def keep(self, window: Any) -> Any:
        """Keep a window's Python half while it is open, and close it when the plugin is unloaded.

        Those that were closed since the last one was opened are deleted.
        """
        others = [each for each in self.windows if not sip.isdeleted(each) and each is not window]
        self.windows = [each for each in others if each.isVisible()] + ([] if window is None else [window])
        for each in others:
            if not each.isVisible():
                let_go(each)
        return window

    def remove(self) -> None:
        """Take back the windows, the dock, the actions, the menu and the toolbar."""
        for window in self.windows:
            if not sip.isdeleted(window):
                window.close()
                let_go(window)
        self.windows = []
        self._drop_dock()
        self.saved_regions.close()
        submenu = next((a.menu() for a in self.iface.pluginMenu().actions() if a.text() == MENU), None)
        for action in self.actions:
            if not sip.isdeleted(action):
                self.iface.removePluginMenu(MENU, action)
                action.deleteLater()
        self.actions = []
        if submenu is not None and not sip.isdeleted(submenu):
            submenu.deleteLater()  # QGIS takes it out of its menu and forgets it
        if not sip.isdeleted(self.toolbar):
            self.iface.mainWindow().removeToolBar(self.toolbar)
            self.toolbar.setParent(None)
            self.toolbar.deleteLater()


def let_go(window: Any) -> None:
    """Delete a window that was closed, once no job has anything to tell it any more."""
    if sip.isdeleted(window) or isinstance(window, QgsProcessingAlgorithmDialogBase):
        return  # QGIS deletes its own, which may go on with a run
    jobs = [getattr(part, "job", None) for part in (window, *window.findChildren(QWidget))]
    running = next((job for job in jobs if isinstance(job, QgsTask) and not sip.isdeleted(job)), None)
    if running is None:
        window.deleteLater()
    else:
        running.destroyed.connect(lambda: let_go(window))  # QGIS deletes a job when its end was told


def fill_in(algorithm: Any, current: Any) -> dict[str, Any]:
    """What to begin with: the user's settings; for INPUT and REGIONS the current layer, else the only one that fits."""
    from .settings import settings

    layers = list(QgsProject.instance().mapLayers().values())
    found: dict[str, Any] = {
        name: value
        for name, value in settings().parameters().items()
        if algorithm.parameterDefinition(name) is not None
    }
    for name, fits in (("INPUT", has_fixes), ("REGIONS", has_areas)):
        fitting = [current] if fits(current) else [layer for layer in layers if fits(layer)]
        if algorithm.parameterDefinition(name) is not None and len(fitting) == 1:
            found[name] = fitting[0].id()
    return found


def has_fixes(layer: QgsMapLayer | None) -> bool:
    """Points, or lines with M values."""
    if not isinstance(layer, QgsVectorLayer):
        return False
    shape = layer.geometryType()
    return shape == QgsWkbTypes.PointGeometry or (
        shape == QgsWkbTypes.LineGeometry and QgsWkbTypes.hasM(layer.wkbType())
    )


def has_areas(layer: QgsMapLayer | None) -> bool:
    """Polygons."""
    return isinstance(layer, QgsVectorLayer) and layer.geometryType() == QgsWkbTypes.PolygonGeometry
