# SPDX-License-Identifier: GPL-2.0-or-later
"""The window of models: the shipped bundle and the user's own, their cards, import, export, comparison, removal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QFont
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFileDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QSplitter,
    QWidget,
)

from ...core.bundle import library
from ...core.bundle.library import Entry
from ...environment.folders import models_folder
from ...processing.words import tr
from ..desktop import Desktop
from ..settings import settings
from ..widgets.dialog import CardView, RawDialog, file_to_write
from ..widgets.layout import buttons, column, row, silent, wrapped
from .models_compare import comparison


class ModelsDialog(RawDialog):
    """A list on the left, the selected model's card on the right."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "raw_models", tr("Models"))
        self.desktop = desktop
        self.entries: list[Entry] = []
        self.list = QListWidget(objectName="raw_models_list", currentRowChanged=self.show_entry)
        self.card = CardView("raw_models_card")
        self.other = QComboBox(objectName="raw_models_other", currentIndexChanged=self.show_entry)
        self.note = wrapped(objectName="raw_models_note")
        self.buttons_by_name = buttons(
            "raw_models_",
            ("default", tr("Use as default"), tr("Where no other model is chosen"), self.use),
            ("export", tr("Export…"), tr("Write it as a .zip, to pass it on"), self.export),
            ("remove", tr("Remove…"), tr("Delete one of your own models"), self.remove),
            ("import", tr("Import…"), tr("Import a model from a .zip; it is checked first"), self.take),
            ("folder", tr("Import folder…"), tr("Import a model from a folder"), self.take_folder),
        )
        default, export, remove, *below = self.buttons_by_name.values()
        left, right = QWidget(), QWidget()
        left.setLayout(column(self.list, *below, margins_px=0))
        top = row(QLabel(tr("Compare with")), self.other, default, export, remove, stretch=self.other)
        right.setLayout(column(top, self.card, stretch=self.card, margins_px=0))
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setSizes([220, 680])
        self.setLayout(column(splitter, self.note, self.buttons(page="models"), stretch=splitter))
        self.resize(940, 600)
        self.read()

    def read(self, chosen: Path | None = None) -> None:
        """Check all bundles in a task, and list them. chosen: the folder of the one to select."""
        self._run(
            tr("Checking the models …"), lambda: library.entries(models_folder()),
            lambda found: self._list(found, chosen),
        )  # fmt: skip

    def _run(self, words: str, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.note.setText(words)
        for button in self.buttons_by_name.values():
            button.setEnabled(False)
        self.run_until_closed(f"RAW: {words}", lambda _: work(), done, self._show_note)

    def _show_note(self, words: str) -> None:
        self.note.setText(words)
        self.show_entry()

    def _list(self, found: list[Entry], chosen: Path | None) -> None:
        now = self.entry()
        before = chosen or (now.path if now else None)
        self.entries = found
        default = settings().model.value()
        with silent(self.list, self.other):
            self.list.clear()
            self.other.clear()
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
        self.list.setCurrentRow(next((n for n, entry in enumerate(found) if entry.path == before), 0))
        self._show_note("")

    def entry(self) -> Entry | None:
        """The selected model."""
        at = self.list.currentRow()
        return self.entries[at] if 0 <= at < len(self.entries) else None

    def show_entry(self, _row: int = 0) -> None:
        """Show its card, its comparison with another model, or why it was refused."""
        entry = self.entry()
        good = entry is not None and entry.card is not None
        enabled = {"default": good, "export": good, "remove": entry is not None and not entry.shipped}
        for name, button in self.buttons_by_name.items():
            button.setEnabled(enabled.get(name, True))
        self.other.setEnabled(good)
        if entry is None:
            return
        other = self.other.currentData()
        if entry.card is None:
            self.card.setPlainText(tr("This model was refused: {why}").format(why=entry.refusal))
        elif other is not None and self.entries[other] is not entry:
            self.card.setHtml(comparison(entry, self.entries[other]))
        else:
            self.card.show_card(entry.path)

    def use(self) -> None:
        """Make it the default."""
        entry = self.entry()
        if entry is not None:
            self.desktop.use_model(None if entry.shipped else entry.path)
            self._list(self.entries, entry.path)
            self.note.setText(tr("{name} is used where no other model is chosen.").format(name=entry.name))

    def take(self, path: str = "") -> None:
        """Import a .zip."""
        kinds = f"{tr('Model bundles')} (*.zip)"
        self._take(path or QFileDialog.getOpenFileName(self, tr("Import a model"), "", kinds)[0])

    def take_folder(self, path: str = "") -> None:
        """Import a folder."""
        self._take(path or QFileDialog.getExistingDirectory(self, tr("Import a model")))

    def _take(self, name: str) -> None:
        if name:
            path = Path(name)
            words = tr("Checking {name} …").format(name=path.name)
            self._run(words, lambda: library.add(path, models_folder()), self._changed)

    def _changed(self, path: Path) -> None:
        self.desktop.models_changed()
        self.read(path)

    def export(self, path: str = "") -> None:
        """Write a .zip."""
        entry = self.entry()
        if entry is None:
            return
        name = f"{entry.path.name}.zip"
        archive = Path(path) if path else file_to_write(self, tr("Export the model"), name, "ZIP (*.zip)")
        if archive:
            words = tr("Written: {path}").format(path=archive)
            work = lambda: library.pack(entry.path, archive)  # noqa: E731
            self._run(tr("Exporting the model …"), work, lambda _: self._show_note(words))

    def remove(self, ask: bool = True) -> None:
        """Delete one of the user's own models, after a question."""
        entry = self.entry()
        if entry is None or entry.shipped:
            return
        words = tr("Delete the model '{name}'? It cannot be brought back.").format(name=entry.name)
        yes = QMessageBox.StandardButton.Yes
        if ask and QMessageBox.question(self, tr("Remove the model"), words) != yes:
            return
        path = entry.path
        if settings().model.value() == str(path):
            self.desktop.use_model(None)
        work = lambda: library.remove(path, models_folder())  # noqa: E731
        self._run(tr("Removing the model …"), work, lambda _: self._changed(path))
