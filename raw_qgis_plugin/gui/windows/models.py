# SPDX-License-Identifier: GPL-2.0-or-later
"""The models window: the shipped bundle and one's own, their cards, import and export, compare, remove."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QFont
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ...core.bundle import library
from ...core.bundle.library import Entry
from ...environment.folders import models_folder
from ...processing.base import icon
from ...processing.words import tr
from ...tasks.job import Job
from ..settings import settings
from ..training.run import use_model
from .help import open_help
from .models_compare import comparison

if TYPE_CHECKING:
    from ..menu import RawMenu


def open_models(menu: RawMenu) -> ModelsDialog:
    """Show the window."""
    dialog = ModelsDialog(menu)
    dialog.show()
    return dialog


class ModelsDialog(QDialog):
    """A list on the left, the chosen model's card on the right."""

    def __init__(self, menu: RawMenu) -> None:
        super().__init__(menu.iface.mainWindow())
        self.setObjectName("raw_models")
        self.setWindowTitle(tr("RAW: models"))
        self.setWindowIcon(icon("raw"))
        self.menu = menu
        self.job: Job | None = None
        self.entries: list[Entry] = []
        self.list = QListWidget()
        self.list.setObjectName("raw_models_list")
        self.card = QTextBrowser()
        self.card.setObjectName("raw_models_card")
        self.card.setOpenExternalLinks(True)
        self.other = QComboBox()
        self.other.setObjectName("raw_models_other")
        self.note = QLabel()
        self.note.setObjectName("raw_models_note")
        self.note.setWordWrap(True)
        self.buttons = {
            name: self._button(name, words, tip, slot)
            for name, words, tip, slot in (
                ("default", tr("Use as default"), tr("Where no other model is chosen"), self.use),
                ("export", tr("Export…"), tr("Write it as a .zip, to pass it on"), self.export),
                ("remove", tr("Remove…"), tr("Delete one of your own models"), self.remove),
                ("import", tr("Import…"), tr("Take in a model bundle, a .zip; it is checked first"), self.take),
                ("folder", tr("Import folder…"), tr("Take in a model bundle that is a folder"), self.take_folder),
                ("help", tr("Help"), tr("What models are, and what is checked"), lambda: open_help("models", self)),
            )
        }
        self._lay_out()
        self.list.currentRowChanged.connect(self.show_entry)
        self.other.currentIndexChanged.connect(self.show_entry)
        self.read()

    def _button(self, name: str, words: str, tip: str, slot: Any) -> QPushButton:
        button = QPushButton(words)
        button.setObjectName(f"raw_models_{name}")
        button.setToolTip(tip)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: slot())
        return button

    def _lay_out(self) -> None:
        left, right = QWidget(), QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        for name in ("import", "folder", "help"):
            column.addWidget(self.buttons[name])
        row = QHBoxLayout()
        row.addWidget(QLabel(tr("Compare with")))
        row.addWidget(self.other, 1)
        for name in ("default", "export", "remove"):
            row.addWidget(self.buttons[name])
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.card, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setSizes([220, 680])
        layout = QVBoxLayout(self)
        layout.addWidget(splitter, 1)
        layout.addWidget(self.note)
        self.resize(940, 600)

    def read(self, chosen: Path | None = None) -> None:
        """Check all bundles in a task, and list them."""
        self.note.setText(tr("Checking the models …"))
        self._run(
            tr("checking models"), lambda: library.entries(models_folder()), lambda found: self._list(found, chosen)
        )

    def _run(self, title: str, work: Any, done: Any) -> None:
        for button in self.buttons.values():
            button.setEnabled(False)
        self.job = Job(f"RAW: {title}", lambda _progress: work(), done, self._failed)
        self.job.start()

    def _failed(self, words: str) -> None:
        self.note.setText(words)
        self.show_entry()

    def _list(self, found: list[Entry], chosen: Path | None) -> None:
        self.note.setText("")
        now = self.entry()
        before = chosen or (now.path if now else None)
        self.entries = found
        default = settings().model.value()
        for widget in (self.list, self.other):
            widget.blockSignals(True)
            widget.clear()
        self.other.addItem(tr("no other"), None)
        for n, entry in enumerate(found):
            words = tr("{name} (comes with RAW)").format(name=entry.name) if entry.shipped else entry.name
            item = QListWidgetItem(words if entry.card is not None else tr("{name}: refused").format(name=words))
            if (not default and entry.shipped) or str(entry.path) == default:
                font = QFont(item.font())
                font.setBold(True)
                item.setFont(font)
                item.setToolTip(tr("The default"))
            self.list.addItem(item)
            if entry.card is not None:
                self.other.addItem(words, n)
        for widget in (self.list, self.other):
            widget.blockSignals(False)
        at = next((n for n, entry in enumerate(found) if entry.path == before), 0)
        self.list.setCurrentRow(at)
        self.show_entry()

    def entry(self) -> Entry | None:
        """The chosen one."""
        row = self.list.currentRow()
        return self.entries[row] if 0 <= row < len(self.entries) else None

    def show_entry(self, _row: int = 0) -> None:
        """Its card, or the two side by side, or why it was refused."""
        entry = self.entry()
        good = entry is not None and entry.card is not None
        for name, on in (
            ("default", good), ("export", good), ("remove", entry is not None and not entry.shipped),
            ("import", True), ("folder", True), ("help", True),
        ):  # fmt: skip
            self.buttons[name].setEnabled(on)
        self.other.setEnabled(good)
        if entry is None:
            return
        if entry.card is None:
            self.card.setPlainText(tr("This model was refused: {why}").format(why=entry.refusal))
            return
        other = self.other.currentData()
        if other is not None and self.entries[other] is not entry:
            self.card.setHtml(comparison(entry, self.entries[other]))
            return
        readme = entry.path / "README.md"
        self.card.setMarkdown(readme.read_text("utf-8") if readme.is_file() else f"# {entry.name}")

    # ---- what one can do ----------------------------------------------------------------------------------------

    def use(self) -> None:
        """Make it the default."""
        entry = self.entry()
        if entry is not None:
            use_model(self.menu, None if entry.shipped else entry.path)
            self._list(self.entries, entry.path)
            self.note.setText(tr("{name} is used where no other model is chosen.").format(name=entry.name))

    def take(self, path: str = "") -> None:
        """Import a .zip."""
        path = path or QFileDialog.getOpenFileName(self, tr("Import a model"), "", f"{tr('Model bundles')} (*.zip)")[0]
        if path:
            self._take(Path(path))

    def take_folder(self, path: str = "") -> None:
        """Import a folder."""
        path = path or QFileDialog.getExistingDirectory(self, tr("Import a model"))
        if path:
            self._take(Path(path))

    def _take(self, path: Path) -> None:
        self.note.setText(tr("Checking {name} …").format(name=path.name))
        self._run(tr("importing a model"), lambda: library.add(path, models_folder()), self._taken)

    def _taken(self, path: Path) -> None:
        if self.menu.dock is not None:
            self.menu.dock.list_models()
        self.read(path)

    def export(self, path: str = "") -> None:
        """Write a .zip."""
        entry = self.entry()
        if entry is None:
            return
        path = (
            path
            or QFileDialog.getSaveFileName(self, tr("Export the model"), f"{entry.path.name}.zip", "ZIP (*.zip)")[0]
        )
        if path:
            archive = Path(path if path.lower().endswith(".zip") else f"{path}.zip")
            words = tr("Written: {path}").format(path=archive)
            self._run(tr("exporting a model"), lambda: library.pack(entry.path, archive), lambda _: self._failed(words))

    def remove(self, ask: bool = True) -> None:
        """Delete one of one's own, after a question."""
        entry = self.entry()
        if entry is None or entry.shipped:
            return
        words = tr("Delete the model '{name}'? It cannot be brought back.").format(name=entry.name)
        yes = QMessageBox.StandardButton.Yes
        if ask and QMessageBox.question(self, tr("Remove the model"), words) != yes:
            return
        if settings().model.value() == str(entry.path):
            use_model(self.menu, None)
        path = entry.path
        self._run(tr("removing a model"), lambda: library.remove(path, models_folder()), lambda _: self._taken(path))
