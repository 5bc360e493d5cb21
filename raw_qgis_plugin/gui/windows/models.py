# SPDX-License-Identifier: GPL-2.0-or-later
"""The window of models: the shipped bundle and the user's own, their cards, import, removal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.PyQt.QtGui import QFont
from qgis.PyQt.QtWidgets import QFileDialog, QListWidget, QListWidgetItem, QMessageBox

from ...core.bundle import library
from ...core.bundle.library import Entry
from ...environment.folders import models_folder
from ...processing.words import tr
from ..desktop import Desktop
from ..settings import settings
from ..widgets.dialog import CardView, RawDialog
from ..widgets.layout import buttons, column, row, silent, wrapped


class ModelsDialog(RawDialog):
    """A list on the left, the selected model's card on the right."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "raw_models", tr("Models"))
        self.desktop = desktop
        self.entries: list[Entry] = []
        self.list = QListWidget(objectName="raw_models_list", currentRowChanged=self.show_entry)
        self.card = CardView("raw_models_card")
        self.note = wrapped(objectName="raw_models_note")
        self.buttons_by_name = buttons(
            "raw_models_",
            ("default", tr("Use as default"), tr("Where no other model is chosen"), self.use),
            ("remove", tr("Remove…"), tr("Delete one of your own models"), self.remove),
            (
                "import",
                tr("Import…"),
                tr("From a .zip or the folder of a model, which is checked first"),
                self.take,
            ),
        )
        self.list.setMaximumWidth(240)
        both = row(self.list, self.card, stretch=self.card)
        above = row(*self.buttons_by_name.values(), None)
        self.setLayout(column(above, both, self.note, self.buttons(page="models"), stretch=both))
        self.resize(940, 600)
        self.read()

    def read(self, chosen: Path | None = None) -> None:
        """Check all bundles in a task, and list them. chosen: the folder of the one to select."""
        self._run(
            tr("Checking the models …"),
            lambda: library.entries(models_folder()),
            lambda found: self._list(found, chosen),
        )

    def _run(self, words: str, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.note.setText(words)
        for button in self.buttons_by_name.values():
            button.setEnabled(False)
        self.run_until_closed(f"RAW: {words}", lambda _: work(), done, self._show_note)

    def _show_note(self, words: str) -> None:
        self.note.setText(words)
        self.show_entry()

    def _list(self, found: list[Entry], chosen: Path | None) -> None:
        self.entries = found
        default = settings().model.value()
        with silent(self.list):
            self.list.clear()
            for entry in found:
                words = (
                    tr("{name} (comes with RAW)").format(name=entry.name)
                    if entry.shipped
                    else entry.name
                )
                item = QListWidgetItem(
                    words if entry.card is not None else tr("{name}: refused").format(name=words)
                )
                if (not default and entry.shipped) or str(entry.path) == default:
                    font = QFont(item.font())
                    font.setBold(True)
                    item.setFont(font)
                item.setToolTip(str(entry.path))  # a .zip of this folder can be imported elsewhere
                self.list.addItem(item)
            self.list.setCurrentRow(
                next((n for n, entry in enumerate(found) if entry.path == chosen), 0)
            )
        self._show_note("")

    def entry(self) -> Entry | None:
        """The selected model."""
        at = self.list.currentRow()
        return self.entries[at] if 0 <= at < len(self.entries) else None

    def show_entry(self, _row: int = 0) -> None:
        """Show its card, or why it was refused."""
        entry = self.entry()
        good = entry is not None and entry.card is not None
        enabled = {"default": good, "remove": entry is not None and not entry.shipped}
        for name, button in self.buttons_by_name.items():
            button.setEnabled(enabled.get(name, True))
        if entry is not None and entry.card is None:
            self.card.setPlainText(tr("This model was refused: {why}").format(why=entry.refusal))
        elif entry is not None:
            self.card.show_card(entry.path)

    def use(self) -> None:
        """Make it the default."""
        entry = self.entry()
        if entry is not None:
            self.desktop.use_model(None if entry.shipped else entry.path)
            self._list(self.entries, entry.path)
            self.note.setText(
                tr("{name} is used where no other model is chosen.").format(name=entry.name)
            )

    def take(self, path: str = "") -> None:
        """Import a .zip, or the folder of a card.json."""
        kinds = f"{tr('Model bundles')} (*.zip card.json)"
        name = path or QFileDialog.getOpenFileName(self, tr("Import a model"), "", kinds)[0]
        if name:
            source = Path(name.removesuffix("card.json"))
            words = tr("Checking {name} …").format(name=source.name)
            self._run(words, lambda: library.add(source, models_folder()), self._changed)

    def _changed(self, path: Path) -> None:
        self.desktop.models_changed()
        self.read(path)

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
