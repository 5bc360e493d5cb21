# SPDX-License-Identifier: GPL-2.0-or-later
"""A card: texts about one user or one region, one below the other."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from qgis import utils
from qgis.PyQt.QtCore import QDate, QUrl
from qgis.PyQt.QtWidgets import QLabel, QMessageBox, QToolButton, QWidget

from ...core.bundle.bundle import Bundle
from ...core.evaluation.report import Page
from ...core.labels import UNKNOWN, CardData
from ...layers.legends import is_unproven, short
from ...processing.words import tr
from .dialog import file_to_write
from .layout import column, escaped, hinting, wrapped


class Card(QWidget):
    """A card with a title. `add` texts to it, and widgets to its `column`."""

    def __init__(self, name: str, title: str) -> None:
        """name: of the object. title: plain text."""
        super().__init__(objectName=name)
        self.title = title
        self.texts = list[str]()
        self.column = column(spacing_px=4, margins_px=0)
        self.setLayout(self.column)
        self.column.addWidget(wrapped(f"<b>{escaped(title)}</b>"))

    def add(self, words: str, heading: bool = False, **properties: Any) -> QLabel:
        """Add a text, in Qt's rich text, which can be copied. What is `hinted` in it shows its
        hint.
        """
        self.texts.append(f"<b>{words}</b>" if heading else words)
        label = hinting(self.texts[-1], **properties)
        self.column.addWidget(label)
        return label

    def add_save(self, bundle: Bundle, remark: str) -> None:
        """Add a button that saves the card as a page. bundle, remark: of `save_page`."""
        save = QToolButton(
            objectName="raw_card_save", text=tr("Save…"), toolTip=tr("The card as a page of HTML")
        )
        save.clicked.connect(lambda: save_page(self, self.title, bundle, remark, self.texts))
        self.column.addWidget(save)
        self.column.addStretch()


def save_page(
    parent: QWidget, title: str, bundle: Bundle, remark: str, texts: Sequence[str]
) -> None:
    """Ask for a file, and write a page of HTML into it, with its date and model.

    title, remark: plain text. bundle: of the model. texts: Qt's rich text, whose links lead to
    parts of the dock.
    """
    today = QDate.currentDate().toString("yyyy-MM-dd")
    words = tr("Made on {date} with RAW and the model {model}.").format(
        date=today, model=bundle.name
    )
    page = Page(title, f"{words} {remark}")
    for text in texts:
        page.markup(f"<div>{re.sub('</?a[^>]*>', '', text)}</div>")
    save_file(parent, tr("Save the page"), f"{title}.html", tr("HTML files (*.html)"), page.write)


def save_table(parent: QWidget, name: str, rows: Sequence[Sequence[str]]) -> None:
    """Ask for a CSV file, and write rows of rich text into it as plain text."""

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8-sig", newline="") as file:  # as spreadsheets expect it
            for cells in rows:
                csv.writer(file).writerow(
                    html.unescape(re.sub("<[^>]*>", "", cell)) for cell in cells
                )

    save_file(parent, tr("Save the table"), f"{name}.csv", "CSV (*.csv)", write)


def save_file(
    parent: QWidget, title: str, name: str, kinds: str, write: Callable[[Path], Any]
) -> None:
    """Ask for a file as `file_to_write` does, let `write` write it, and say so in QGIS's message
    bar.
    """
    path = file_to_write(parent, title, name, kinds)
    if path is None:
        return
    try:
        write(path)
    except OSError as error:
        QMessageBox.warning(parent, title, str(error))
        return
    if utils.iface:
        url = QUrl.fromLocalFile(str(path)).toEncoded().data().decode()
        link = f'<a href="{url}">{escaped(str(path))}</a>'
        utils.iface.messageBar().pushSuccess("RAW", tr("Written: {path}").format(path=link))


def plain(word: str) -> str:
    """A class of a head in words: 'public_transport' is 'public transport'."""
    return word.replace("_", " ")


def figure(head: CardData, values: dict[str, Any]) -> str:
    """The answer of a head for one unit, in rich text. values: the unit's, by column."""
    name = head["name"]
    value = values[name]
    if value == UNKNOWN or value != value:  # nan
        return tr("<b>unknown</b>")
    if head["kind"] != "number":
        p = values[f"{name}_p"]  # of a yes or no, the probability of yes
        return f"<b>{escaped(plain(str(value)))}</b> {1 - p if value == 'no' else p:.0%}"
    write = "{:.0%}".format if name.startswith("share_") else short
    low, high = (write(values[name + end]) for end in ("_low", "_high"))
    unit = escaped(tr(head.get("unit_of_measure", "")))
    return f"<b>{write(value)}</b> {unit} ({low} – {high})"


def unproven_mark(head: CardData) -> str:
    """A mark in rich text for a head that does not prove better than a simple method; '' for
    others.
    """
    return f" <i>({tr('not proven')})</i>" if is_unproven(head) else ""
