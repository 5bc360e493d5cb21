# SPDX-License-Identifier: GPL-2.0-or-later
"""The windows that the RAW menu lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .desktop import Desktop


class Window(NamedTuple):
    """A window of the menu. Its module is imported when the window is opened."""

    name: str  # of its icon in resources/icons; the action is called raw_NAME
    title: str
    tip: str
    module: str  # under raw_qgis_plugin.gui
    function: str  # of the module: makes the window for a Desktop, or returns None

    def open(self, desktop: Desktop) -> Any:
        """Show the window, and return it; None where the user declined."""
        # By __import__, which QGIS watches, so that it unloads the module together with the plugin.
        module = __import__(f"{__package__}.{self.module}", fromlist=[self.function])
        make: Callable[[Desktop], Any] = getattr(module, self.function)
        window = make(desktop)
        if window is not None:
            window.show()
        return window


WINDOWS: tuple[Window, ...] = (
    Window(
        "sample", "Open the sample project", "Ten phones in Aracaju, Brazil, and a short tour.",
        "windows.sample", "open_sample",
    ),
    Window(
        "map", "Make a map…", "A page with title, legend, scale and notes, as PDF, as picture or to edit.",
        "maps.window", "MapDialog",
    ),
    Window(
        "train", "Train a model…", "Continue training on your own tracks, or teach a new label from examples.",
        "training.dialog", "open_training",
    ),
    Window(
        "models", "Models…", "The model that comes with RAW and your own: cards, import, export, compare.",
        "windows.models", "ModelsDialog",
    ),
    Window(
        "environment", "Packages…", "Which packages RAW needs beyond QGIS, which are missing, and their installation.",
        "windows.packages", "EnvironmentDialog",
    ),
    Window(
        "diagnostics", "Diagnostics…", "Versions, devices and a timed run of the model, to be copied with a click.",
        "windows.diagnostics", "DiagnosticsDialog",
    ),
    Window("help", "Help", "What RAW does and how.", "windows.help", "make_contents"),
)  # fmt: skip
"""In the order of the menu."""

IMPORT = Window("import", "Import tracks…", "", "windows.import_dialog", "ImportDialog")
"""Opened by the action of raw:importtracks."""
