# SPDX-License-Identifier: GPL-2.0-or-later
"""What the dock and the windows share: QGIS's interface, the dock, the open windows. The menu makes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import QgsProject, QgsTask
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QWidget

from .maps import fit
from .settings import settings

if TYPE_CHECKING:
    from ..environment.install import InstallRequest
    from .session import Session


class Desktop:
    """Windows know this class and none of its callers, so that no import leads back to the menu."""

    # The menu has these
    open_window: Callable[[str], Any]  # by the name of its action; returns it
    open_dialog: Callable[..., Any]  # of an algorithm, with values that it starts with
    import_tracks: Callable[..., Any]  # the window that imports files; of a file or folder to begin with
    show_dock: Callable[..., Any]  # made when it is first shown
    install: Callable[[InstallRequest], Any]  # packages; the installation that runs already, if there is one
    watch_training: Callable[[], None]  # show a message when a training ends

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        self.dock: Any = None
        self.windows: list[Any] = []  # Qt does not keep the Python half of an open dialog alive
        self.entries: list[Any] = []  # the actions of the menu
        self.installation: Any = None  # the last one, running or not

    @property
    def session(self) -> Session | None:
        """The session of the dock, None where there is none."""
        return self.dock.session if self.dock is not None else None

    def tracks_layer(self) -> Any:
        """The layer chosen in the dock, else QGIS's current layer; None where there is neither."""
        session = self.session
        return (session.layer if session is not None else None) or self.iface.activeLayer()

    def use_layer(self, layer: Any) -> None:
        """Make a layer the current one, show it whole, and choose it in the dock."""
        self.iface.setActiveLayer(layer)
        fit.show_in_shape(self.iface, layer)
        self.iface.zoomToActiveLayer()
        fit.show_in_time(self.iface, layer)
        if self.dock is not None:
            self.dock.choose_layer(layer)

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
        if self.session is not None:
            self.session.take_settings()

    def models_changed(self) -> None:
        """Models were added to or removed from the user's folder."""
        if self.dock is not None:
            self.dock.list_models()

    def keep(self, window: Any) -> Any:
        """Hold a window until it is closed, by the plugin at the latest. Windows that were closed are deleted."""
        others = [each for each in self.windows if not sip.isdeleted(each) and each is not window]
        self.windows = [each for each in others if each.isVisible()] + ([] if window is None else [window])
        for each in others:
            if not each.isVisible():
                delete_closed(each)
        return window

    def opened(self, name: str) -> Any:
        """The open window of an object name, raised; None where there is none."""
        found = [x for x in self.windows if not sip.isdeleted(x) and x.objectName() == name and x.isVisible()]
        for window in found:
            window.raise_()
        return next(iter(found), None)

    def close_windows(self) -> None:
        """Close and delete all windows."""
        for window in self.windows:
            if not sip.isdeleted(window):
                window.close()
                delete_closed(window)
        self.windows = []


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
