# SPDX-License-Identifier: GPL-2.0-or-later
"""The help pages of resources/help in a window of their own, so that they open without a browser or network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from ...core.paths import RESOURCES
from ...processing.base import icon
from ...processing.words import tr

if TYPE_CHECKING:
    from ..menu import RawMenu

FIRST = "index"


class HelpWindow(QDialog):
    """One page, with links to the others."""

    def __init__(self, page: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("RAW: help"))
        self.setWindowIcon(icon("raw"))
        self.browser = QTextBrowser()
        self.browser.setOpenExternalLinks(True)
        self.browser.setSearchPaths([str(RESOURCES / "help")])
        self.browser.setSource(QUrl.fromLocalFile(page_file(page)))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        back = buttons.addButton(tr("Contents"), QDialogButtonBox.ButtonRole.ActionRole)
        back.clicked.connect(lambda: self.browser.setSource(QUrl.fromLocalFile(page_file(FIRST))))
        layout = QVBoxLayout(self)
        layout.addWidget(self.browser)
        layout.addWidget(buttons)
        self.resize(820, 640)


def page_file(page: str) -> str:
    """The file of a page; of the contents where there is no such page."""
    path = RESOURCES / "help" / f"{page}.html"
    return str(path if path.is_file() else RESOURCES / "help" / f"{FIRST}.html")


def open_help(page: str = FIRST, parent: QWidget | None = None) -> HelpWindow:
    """Show a page of resources/help by its name without '.html'. With a parent it lives as long as that."""
    window = HelpWindow(page, parent)
    window.show()
    return window


def open_contents(menu: RawMenu) -> HelpWindow:
    """Show the first page."""
    return open_help(FIRST, menu.iface.mainWindow())
