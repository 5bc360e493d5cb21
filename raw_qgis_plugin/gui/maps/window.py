# SPDX-License-Identifier: GPL-2.0-or-later
"""Make a map: a print layout of what the map shows, as PDF, as a picture, or in QGIS's layout designer."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsMapLayer, QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QApplication, QFormLayout, QLineEdit, QPlainTextEdit

from ...core.errors import RawError
from ...processing.words import tr
from ..desktop import Desktop
from ..settings import settings
from ..widgets.dialog import RawDialog, file_to_write
from ..widgets.layout import buttons, column, row, scrolling, wrapped
from ..windows import sample
from .fit import in_sight
from .layout import export, make_layout
from .notes import model_at, notes, title_of_layer, warnings


class MapDialog(RawDialog):
    """Title and notes of the map, which can be changed, and what of single people it shows."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "raw_map", tr("Make a map"))
        self.iface, self.canvas = desktop.iface, desktop.iface.mapCanvas()
        session = desktop.dock.session if desktop.dock is not None else None
        layers = self.canvas.layers()
        bundle = session.model.bundle if session is not None and session.model is not None else None
        bundle = bundle or model_at(settings().model.value())[1]
        self.title = QLineEdit(title_for(in_sight(self.canvas)), objectName="raw_map_title")
        words = "\n".join(notes(self.canvas, session, bundle))
        self.notes = QPlainTextEdit(words, objectName="raw_map_notes")
        form = QFormLayout()
        form.addRow(tr("Title"), self.title)
        form.addRow(tr("Notes"), self.notes)
        plain = Qt.TextFormat.PlainText
        shown = warnings(layers)
        faults = wrapped("\n".join([tr("Before you publish this map:"), *shown]), textFormat=plain)
        faults.setObjectName("raw_map_warnings")
        faults.setAlignment(Qt.AlignmentFlag.AlignTop)
        listed = scrolling(faults)  # a project of many layers has a long list
        listed.setVisible(bool(shown))
        self.done_words = wrapped(textFormat=plain, objectName="raw_map_done")
        actions = buttons(
            "raw_map_",
            ("pdf", tr("Save as PDF…"), tr("One page, A4"), lambda: self.save("pdf")),
            ("png", tr("Save as picture…"), tr("A PNG file, 300 dots an inch"), lambda: self.save("png")),
            ("designer", tr("Edit the layout"), tr("Open it in QGIS's layout designer"), self.edit),
        )
        below = row(*actions.values(), None, self.buttons())
        self.setLayout(column(form, listed, self.done_words, below, stretch=listed))
        self.resize(760, 420)

    def save(self, suffix: str) -> None:
        """Ask for a file, and write the map into it."""
        types = {"pdf": tr("PDF files (*.pdf)"), "png": tr("PNG files (*.png)")}
        path = file_to_write(self, self.windowTitle(), f"{self.title.text()}.{suffix}", types[suffix])
        if path is not None:
            self.write(path)

    def write(self, path: Path) -> None:
        """Write the map into a PDF or PNG file."""
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            export(make_layout(QgsProject.instance(), self.canvas, self.title.text(), self.notes.toPlainText()), path)
            self.done_words.setText(tr("Written: {path}").format(path=path))
        except RawError as error:
            self.done_words.setText(str(error))
        finally:
            QApplication.restoreOverrideCursor()

    def edit(self) -> None:
        """Add the layout to the project, and open it in the designer."""
        layout = make_layout(QgsProject.instance(), self.canvas, self.title.text(), self.notes.toPlainText())
        manager = QgsProject.instance().layoutManager()
        name, number = layout.name(), 2
        while manager.layoutByName(layout.name()) is not None:
            layout.setName(f"{name} {number}")
            number += 1
        manager.addLayout(layout)
        self.iface.openLayoutDesigner(layout)


def title_for(layers: list[QgsMapLayer]) -> str:
    """The title of the project, else that of the uppermost layer. That of the sample is for maps with its layers."""
    title = QgsProject.instance().title()
    if title == sample.title() and layers and not any(map(sample.is_of_sample, layers)):
        title = ""
    return title or next(map(title_of_layer, layers), tr("Map"))
