# SPDX-License-Identifier: GPL-2.0-or-later
"""A source's first rows, as they are read and as they are written, and what is chosen for it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem

from ...core.sources.fields import NONE
from ...core.sources.preview import Preview
from ...core.times import NO_TIME
from ...processing.words import tr

MISSING = "—"


class Choices(NamedTuple):
    """What was chosen for a file."""

    delimiter: str
    encoding: str
    columns: dict[str, str]  # by role
    zone: str
    order: str  # of dates
    crs: QgsCoordinateReferenceSystem


class PreviewTable(QTableWidget):
    """The rows, not to be edited."""

    def __init__(self) -> None:
        super().__init__(objectName="raw_import_rows")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)

    def show_rows(self, preview: Preview, most: int = 50) -> None:
        """Show the first rows. A value that cannot be read is marked."""
        raw = preview.raw.slice(0, most)
        names = raw.column_names
        names = [*(name for name in preview.guess.columns() if name in names), *names]
        written = list(dict.fromkeys(names))  # those that are read come first
        read = _as_read(preview, most)
        self.clear()
        self.setRowCount(len(raw))
        self.setColumnCount(len(read) + len(written))
        self.setHorizontalHeaderLabels([*read, *written])
        for column, values in enumerate(read.values()):
            head = self.horizontalHeaderItem(column)
            head.setToolTip(tr("As it is read."))
            font = head.font()
            font.setBold(True)
            head.setFont(font)
            for row, value in enumerate(values):
                self.setItem(row, column, _item(value, strong=True))
        for column, name in enumerate(written, len(read)):
            self.horizontalHeaderItem(column).setToolTip(tr("As it is written in the file."))
            for row, value in enumerate(raw[name].to_pylist()):
                self.setItem(row, column, _item("" if value is None else str(value)[:80]))
        self.resizeColumnsToContents()


def _as_read(preview: Preview, most: int) -> dict[str, list[str]]:
    """The columns of the fixes as text, by their titles."""
    if preview.fixes is None:
        return {}
    fixes = preview.fixes.slice(0, most)
    columns: dict[str, list[str]] = {}
    for role, title in (("user", tr("User")), ("track", tr("Track"))):
        if role in fixes.column_names:
            columns[title] = [MISSING if value is None else str(value) for value in fixes[role].to_pylist()]
    t = fixes["t"].to_numpy()
    moments = np.datetime_as_string(t.astype("datetime64[ms]"), unit="s")
    columns[tr("Time, UTC")] = [MISSING if ms == NO_TIME else str(m).replace("T", " ") for ms, m in zip(t, moments)]
    for role, title in (("lon", tr("Longitude")), ("lat", tr("Latitude"))):
        columns[title] = [f"{value:.5f}" if np.isfinite(value) else MISSING for value in fixes[role].to_numpy()]
    return columns


def _item(value: str, strong: bool = False) -> Any:
    item = QTableWidgetItem(value)
    if strong and value == MISSING:
        item.setBackground(QColor(214, 96, 77, 110))
        item.setToolTip(tr("This cannot be read: the row is skipped."))
    return item


def guessed(found: Preview) -> list[str]:
    """The columns as they are guessed, as the window lists them."""
    none = {"user": NONE, "track": NONE, "time": "", "lon": "", "lat": ""}
    return [getattr(found.guess, role) or nothing for role, nothing in none.items()]


def missing(found: Preview) -> str:
    """Which columns have to be chosen, as none was recognised; else ''."""
    if found.guess.time is None and not found.guess.positioned:
        return tr("No time and no position column was recognised: choose Time, Longitude and Latitude on the left.")
    if found.guess.time is None:
        return tr("No time column was recognised: choose it as Time on the left.")
    if not found.guess.positioned:
        return tr("No position column was recognised: choose Longitude and Latitude on the left.")
    return ""


def question_of_users(found: Preview) -> str:
    """The question for the users, with the columns that may name them."""
    words = tr(
        "No column names the users: all fixes of a file become one user's. If a column names them, choose it as User."
    )
    counts = found.candidates
    named = ", ".join(f"{name} ({n:,})" for name, n in counts.items())
    return f"{words} {tr('Columns with several values: {names}.').format(names=named)}" if counts else words


def first_value(found: Preview, name: str) -> str:
    """The first value of a column."""
    return next((str(value) for value in found.raw[name].to_pylist() if value), name)


def describe(found: Preview, unknown: bool) -> str:
    """How many rows there are, and which of the first ones are skipped. unknown: the order of dates."""
    n, skipped = len(found.raw), found.skipped
    words = tr("About {n:,} rows. ").format(n=found.total) if found.total > n else ""
    if unknown:
        return words
    return words + tr("Of the first {n:,} rows: {skipped}").format(n=n, skipped=skipped)
