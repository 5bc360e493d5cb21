# SPDX-License-Identifier: GPL-2.0-or-later
"""What the dock and the windows share: QGIS's interface, the dock, the open windows. The menu makes
them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import QgsProject
from qgis.PyQt import sip

from .maps import fit
from .settings import settings

if TYPE_CHECKING:
    from .session import Session


class Desktop:
    """Windows know this class and none of its callers, so that no import leads back to the menu."""

    # The menu has these
    open_window: Callable[[str], Any]  # by the name of its action; returns it
    open_dialog: Callable[..., Any]  # of an algorithm, with values that it starts with
    show_dock: Callable[..., Any]  # made when it is first shown
    packages_installed: Callable[[], None]  # they have come while QGIS ran

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        self.dock: Any = None
        self.windows: list[Any] = []  # Qt does not keep the Python half of an open dialog alive

    @property
    def session(self) -> Session | None:
        """The session of the dock, None where there is none."""
        return self.dock.session if self.dock is not None else None

    def use_layer(self, layer: Any) -> None:
        """Make a layer the current one, show it whole, and choose it in the dock."""
        self.iface.setActiveLayer(layer)
        fit.show_in_shape(self.iface, layer)
        self.iface.zoomToActiveLayer()
        fit.show_in_time(self.iface, layer)
        if self.session is not None:
            self.dock.source.choose_layer(layer)

    def use_model(self, path: Path | None, everywhere: bool = True) -> None:
        """Use a model bundle in this project, None: the shipped one. everywhere: it also becomes
        the default.
        """
        if everywhere:
            settings().model.setValue(str(path or ""))
        else:
            QgsProject.instance().writeEntry("raw", "model", str(path or ""))
        self.models_changed()

    def models_changed(self) -> None:
        """Models were added to or removed from the user's folder, or another one is to be used."""
        if self.session is not None:
            self.dock.source.take_model()

    def show(self, window: Any) -> Any:
        """Show a window, and hold it until it is closed, by the plugin at the latest. None: the
        user declined.
        """
        self.windows = [each for each in self.windows if not sip.isdeleted(each)]
        if window is not None:
            window.show()
            self.windows.append(window)
        return window

    def opened(self, name: str) -> Any:
        """The open window of an object name, raised; None where there is none."""
        found = [
            x
            for x in self.windows
            if not sip.isdeleted(x) and x.objectName() == name and x.isVisible()
        ]
        for window in found:
            window.raise_()
        return next(iter(found), None)

    def close_windows(self) -> None:
        """Close all windows, which deletes them; QGIS deletes its own, in which an algorithm may
        still run.
        """
        for window in self.windows:
            if not sip.isdeleted(window):
                window.close()
