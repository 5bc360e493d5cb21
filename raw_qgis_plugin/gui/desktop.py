# SPDX-License-Identifier: GPL-2.0-or-later
"""The interface through which the dock and the windows use the RAW menu, so that none of them imports it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol


class Desktop(Protocol):
    """The members of `RawMenu` that the dock and the windows use."""

    iface: Any  # QgisInterface
    windows: list[Any]  # the windows that are open
    entries: list[Any]  # QAction: the entries of RAW's menu, some of which are menus
    dock: Any  # RawDock; None before it is first shown
    installation: Any  # the last installation of packages, running or not; None before the first

    def keep(self, window: Any) -> Any:
        """Hold a window's Python object until the window is closed."""

    def open_window(self, name: str) -> Any:
        """Open one of `window_list.WINDOWS`."""

    def import_tracks(self, path: str = "") -> Any:
        """Open the window that imports files. path: of a file or folder to begin with."""

    def use_layer(self, layer: Any) -> None:
        """Make a layer the current one, show it whole, and choose it in the dock."""

    def show_dock(self, shown: bool = True) -> Any:
        """Show or hide the dock, and return it."""

    def tracks_layer(self) -> Any:
        """The layer chosen in the dock, else QGIS's current layer; None where there is neither."""

    def watch_training(self) -> None:
        """A training was started: show a message when it ends."""

    def use_model(self, path: Path | None, everywhere: bool = True) -> None:
        """Use a model bundle in this project, None: the shipped one. everywhere: it also becomes the default."""

    def settings_changed(self) -> None:
        """The user has changed the settings: the dock reads its layer again if it used others."""

    def models_changed(self) -> None:
        """Models were added to or removed from the user's folder."""

    def install(self, request: Any) -> Any:
        """Start an installation of packages, or return the one that is running: `windows.installation.Installation`.

        request: `environment.install.InstallRequest`. Raises RawError.
        """
