# SPDX-License-Identifier: GPL-2.0-or-later
"""The help pages of resources/help in a window of their own, which needs no browser and no network."""

from __future__ import annotations

from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtWidgets import QPushButton, QTextBrowser, QWidget

from ...core.paths import RESOURCES
from ...processing.words import tr
from ..desktop import Desktop
from ..widgets.dialog import RawDialog
from ..widgets.layout import column

FOLDER = RESOURCES / "help"
CONTENTS = "index"


class HelpWindow(RawDialog):
    """One page, with links to the others."""

    def __init__(self, page: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, "raw_help", tr("RAW: help"), delete_on_close=True)
        self.browser = QTextBrowser(openExternalLinks=True)
        self.browser.setSearchPaths([str(FOLDER)])
        self.show_page(page)
        contents = QPushButton(tr("Contents"), clicked=lambda: self.show_page(CONTENTS))
        self.setLayout(column(self.browser, self.buttons(contents)))
        self.resize(820, 640)

    def show_page(self, page: str) -> None:
        """Show a page by its name without '.html'; the contents where there is no such page."""
        path = FOLDER / f"{page}.html"
        self.browser.setSource(QUrl.fromLocalFile(str(path if path.is_file() else FOLDER / f"{CONTENTS}.html")))


def open_help(page: str, parent: QWidget) -> HelpWindow:
    """Open a page by its name. The window lives as long as the parent."""
    window = HelpWindow(page, parent)
    window.show()
    return window


def make_contents(desktop: Desktop) -> HelpWindow:
    """Make the window with the table of contents."""
    return HelpWindow(CONTENTS, desktop.iface.mainWindow())
