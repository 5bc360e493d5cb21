# SPDX-License-Identifier: GPL-2.0-or-later
"""The base class of RAW's windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsFileUtils
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QImage, QTextCursor, QTextDocument
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QMessageBox,
    QPushButton,
    QTextBrowser,
    QWidget,
)

from ...core.errors import Progress
from ...core.paths import RESOURCES
from ...processing.base import icon
from ...processing.words import tr
from ...tasks.job import Job
from .layout import column

HELP = RESOURCES / "help"


class RawDialog(QDialog):
    """An empty window with RAW's icon. It is deleted when it is closed."""

    def __init__(self, parent: QWidget | None, name: str, title: str) -> None:
        """name: of the object. title: follows 'RAW – '."""
        super().__init__(parent, objectName=name, windowTitle=f"RAW – {title}")
        self.setWindowIcon(icon("raw"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._job: Job | None = None

    def run_until_closed(
        self,
        title: str,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
    ) -> None:
        """Run a job. Closing the window cancels it, and drops its result."""

        def unless_closed(slot: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda result: None if sip.isdeleted(self) else slot(result)

        self._job = Job(title, work, unless_closed(done), unless_closed(failed)).start()

    def closing(self) -> None:
        """Called before the window closes."""
        if self._job is not None and not sip.isdeleted(self._job):
            self._job.cancel()

    def done(self, result: int) -> None:
        """Called by Qt when the window is closed, by a button, its frame or Esc."""
        self.closing()
        super().done(result)

    def buttons(self, *actions: QPushButton, page: str = "") -> QDialogButtonBox:
        """A row of buttons, with Close and Help at its end. actions: further buttons. page: of the
        help.
        """
        kind = QDialogButtonBox.StandardButton
        box = QDialogButtonBox(kind.Close | kind.Help if page else kind.Close, rejected=self.close)
        box.helpRequested.connect(lambda: HelpWindow(page, self).show())
        for each, words in ((kind.Close, tr("Close")), (kind.Help, tr("Help"))):
            if box.button(each) is not None:
                box.button(each).setText(words)  # Qt's own translations are another package
        for button in actions:
            box.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        return box


class HelpWindow(RawDialog):
    """A page of resources/help, with links to the others. It needs no browser and no network."""

    def __init__(self, page: str, parent: QWidget | None = None) -> None:
        """page: its name without '.html'. The window lives as long as the parent."""
        super().__init__(parent, "raw_help", tr("Help"))
        self.browser = QTextBrowser(openExternalLinks=True)
        self.browser.setSearchPaths([str(HELP)])
        self.show_page(page)
        contents = QPushButton(tr("Contents"), clicked=lambda: self.show_page("index"))
        self.setLayout(column(self.browser, self.buttons(contents)))
        self.resize(820, 640)

    def show_page(self, page: str) -> None:
        """Show a page by its name; the contents where there is no such page."""
        path = HELP / f"{page}.html"
        self.browser.setSource(
            QUrl.fromLocalFile(str(path if path.is_file() else HELP / "index.html"))
        )


def file_to_write(parent: QWidget, title: str, name: str, kinds: str) -> Path | None:
    """Ask for a file. The proposed suffix is appended to one of no kind; None where the user
    cancels.

    title: of the window that asks. name: proposed, with the suffix. kinds: of files, for Qt.
    """
    name = QgsFileUtils.stringToSafeFilename(name)
    chosen = QFileDialog.getSaveFileName(parent, title, name, kinds)[0]
    suffix = Path(name).suffix
    if not chosen or f"*{Path(chosen).suffix.lower()})" in kinds:
        return Path(chosen) if chosen else None
    path = Path(chosen + suffix)  # Qt has asked about the other name
    words = tr("{file} exists already. Replace it?").format(file=path.name)
    yes = QMessageBox.StandardButton.Yes
    return path if not path.exists() or QMessageBox.question(parent, title, words) == yes else None


class CardView(QTextBrowser):
    """Shows text of others as text: no picture is loaded, no link opened, no HTML read."""

    def __init__(self, name: str = "") -> None:
        super().__init__(objectName=name, openLinks=False)

    def loadResource(self, kind: int, url: QUrl) -> QImage:  # noqa: N802 - Qt's name
        """Called by Qt for a picture. An empty one: for none Qt would open the file itself."""
        return QImage(1, 1, QImage.Format.Format_ARGB32)

    def show_card(self, bundle: Path) -> None:
        """Show the README.md of a model bundle, else its card.json."""
        readme = bundle / "README.md"
        card = bundle / "card.json"
        kind = QTextDocument.MarkdownFeature
        if readme.is_file():
            text = readme.read_text("utf-8", "replace").replace("![", "[")
            # Qt 5 takes no plain sum of features
            features = QTextDocument.MarkdownFeatures(
                kind.MarkdownDialectGitHub | kind.MarkdownNoHTML
            )
            self.document().setMarkdown(text, features)
        else:
            self.setPlainText(card.read_text(encoding="utf-8") if card.is_file() else bundle.name)
        self.moveCursor(QTextCursor.MoveOperation.Start)  # else Qt 6 shows the end
