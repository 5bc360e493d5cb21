# SPDX-License-Identifier: GPL-2.0-or-later
"""A card: texts and charts about one user or one region, one below the other."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from qgis import utils
from qgis.PyQt.QtCore import QDate, QLocale, Qt, QUrl
from qgis.PyQt.QtWidgets import QGridLayout, QLabel, QLayout, QMessageBox, QToolButton, QWidget

from ...core.bundle.bundle import Bundle
from ...core.embedding.profiles import UNKNOWN
from ...core.evaluation.report import Page
from ...layers.legends import is_unproven, short
from ...processing.words import tr
from .charts import Chart
from .dialog import file_to_write
from .layout import column, escaped, wrapped


class Card(QWidget):
    """An empty card. `add` texts to it, and widgets to its `column`."""

    def __init__(self, name: str) -> None:
        """name: of the object."""
        super().__init__(objectName=name)
        self.column = column(spacing_px=4, margins_px=0)
        self.setLayout(self.column)

    def add(self, words: str, heading: bool = False, **properties: Any) -> QLabel:
        """Add a text, in Qt's rich text, which can be copied."""
        browser = Qt.TextInteractionFlag.TextBrowserInteraction
        how = {"textFormat": Qt.TextFormat.RichText, "textInteractionFlags": browser} | properties
        label = wrapped(f"<b>{words}</b>" if heading else words, **how)
        self.column.addWidget(label)
        return label

    def add_save(self, title: str, bundle: Bundle, remark: str) -> None:
        """Add a button that saves the card as a page. title, remark: plain text. bundle: of the model."""
        self.title, self.bundle, self.remark = title, bundle, remark
        tip = tr("The card as a page of HTML, with its charts")
        self.column.addWidget(QToolButton(objectName="raw_card_save", text=tr("Save…"), toolTip=tip, clicked=self.save))
        self.column.addStretch()

    def save(self) -> None:
        """Ask for a file, and write the page into it."""
        save_page(self, self.page(), tr("Save the card"))

    def page(self) -> Page:
        """The card as a page."""
        page = new_page(self.title, self.bundle, self.remark)
        for part in self.parts():
            page.markup(part)
        return page

    def parts(self) -> list[str]:
        """The card in HTML, without its title."""
        return list(html_of(self.column))[1:]


def new_page(title: str, bundle: Bundle, remark: str) -> Page:
    """A page with its date and model. title, remark: plain text. bundle: of the model."""
    today = QLocale().toString(QDate.currentDate(), QLocale.FormatType.LongFormat)
    words = tr("Made on {date} with RAW and the model {model}.").format(date=today, model=bundle.name)
    return Page(title, f"{words} {remark}")


def save_page(parent: QWidget, page: Page, title: str) -> None:
    """Ask for a file, write a page into it, and say so in QGIS's message bar. title: of the window that asks."""
    save_file(parent, title, f"{page.title}.html", tr("HTML files (*.html)"), page.write)


def save_file(parent: QWidget, title: str, name: str, kinds: str, write: Callable[[Path], Any]) -> None:
    """Ask for a file as `file_to_write` does, let `write` write it, and say so in QGIS's message bar."""
    path = file_to_write(parent, title, name, kinds)
    if path is None:
        return
    try:
        write(path)
    except OSError as error:
        QMessageBox.warning(parent, title, str(error))
        return
    if utils.iface:
        link = f'<a href="{QUrl.fromLocalFile(str(path)).toEncoded().data().decode()}">{escaped(str(path))}</a>'
        utils.iface.messageBar().pushSuccess("RAW", tr("Written: {path}").format(path=link))


def save_table(parent: QWidget, name: str, rows: Sequence[Sequence[str]], title: str) -> None:
    """Ask for a CSV file, and write rows of rich text into it as plain text. title: of the window that asks."""

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8-sig", newline="") as file:  # as spreadsheets expect it
            for cells in rows:
                csv.writer(file).writerow(html.unescape(re.sub("<[^>]*>", "", cell)) for cell in cells)

    save_file(parent, title, f"{name}.csv", "CSV (*.csv)", write)


def html_of(layout: QLayout) -> Iterator[str]:
    """The texts and charts of a layout. The texts are Qt's rich text, whose links lead to parts of the dock."""
    for at in range(layout.count()):
        item = layout.itemAt(at)
        widget, inner = item.widget(), item.layout()
        if isinstance(widget, QLabel):
            yield f"<p>{re.sub('</?a[^>]*>', '', widget.text())}</p>"
        elif isinstance(widget, Chart):
            yield f'<img width="{widget.width()}" src="data:image/png;base64,{widget.png()}">'
        elif isinstance(inner, QGridLayout):
            cells, wide = [f"<td>{cell}</td>" for cell in html_of(inner)], inner.columnCount()
            rows = ("".join(cells[start : start + wide]) for start in range(0, len(cells), wide))
            yield f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def plain(word: str) -> str:
    """A class of a head in words: 'public_transport' is 'public transport'."""
    return word.replace("_", " ")


def figure(head: dict[str, Any], values: dict[str, Any]) -> str:
    """The answer of a head for one unit, in rich text. values: the unit's, by column."""
    name = head["name"]
    value = values[name]
    if value == UNKNOWN or value != value:  # nan
        return tr("<b>unknown</b>")
    if head["kind"] != "number":
        p = values[f"{name}_p"]  # of a yes or no, the probability of yes
        return f"<b>{escaped(plain(str(value)))}</b> {1 - p if value == 'no' else p:.0%}"
    low, high = (short(values[name + end]) for end in ("_low", "_high"))
    unit = escaped(str(head.get("unit_of_measure", "")))
    return f"<b>{short(value)}</b> {unit} ({low} – {high})"


def unproven_mark(head: dict[str, Any]) -> str:
    """A mark in rich text for a head that does not prove better than a simple method; '' for others."""
    return f" <i>({tr('not proven')})</i>" if is_unproven(head) else ""
