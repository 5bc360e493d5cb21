# SPDX-License-Identifier: GPL-2.0-or-later
"""A source's first rows, as they are read and as they are written, and the words about them."""

from __future__ import annotations

import numpy as np
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem

from ...core.sources.preview import Preview
from ...core.sources.schema import ONE_PERSON
from ...core.times import NO_TIME
from ...processing.words import tr

MISSING = "—"


class PreviewTable(QTableWidget):
    """The rows, not to be edited."""

    def __init__(self) -> None:
        super().__init__(objectName="raw_import_rows", alternatingRowColors=True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)

    def show_rows(self, preview: Preview, max_rows: int = 50) -> None:
        """Show the first rows. A value that cannot be read is marked."""
        raw = preview.raw.slice(0, max_rows)
        read = _as_read(preview, max_rows)
        used = [name for name in preview.schema.columns() if name in raw.column_names]
        written = list(dict.fromkeys([*used, *raw.column_names]))  # those that are read come first
        texts = [
            ["" if value is None else str(value)[:80] for value in raw[name].to_pylist()]
            for name in written
        ]
        self.clear()
        self.setRowCount(len(raw))
        self.setColumnCount(len(read) + len(written))
        self.setHorizontalHeaderLabels([*read, *written])
        for column, values in enumerate([*read.values(), *texts]):
            is_read = column < len(read)
            head = self.horizontalHeaderItem(column)
            head.setToolTip(
                tr("As it is read.") if is_read else tr("As it is written in the file.")
            )
            font = head.font()
            font.setBold(is_read)
            head.setFont(font)
            for row, value in enumerate(values):
                item = QTableWidgetItem(value)
                if is_read and value == MISSING:
                    item.setBackground(QColor(214, 96, 77, 110))
                    item.setToolTip(tr("This cannot be read: the row is skipped."))
                self.setItem(row, column, item)
        self.resizeColumnsToContents()


def _as_read(preview: Preview, max_rows: int) -> dict[str, list[str]]:
    """The columns of the fixes as text, by their titles."""
    if preview.fixes is None:
        return {}
    fixes = preview.fixes.slice(0, max_rows)
    columns: dict[str, list[str]] = {}
    for role, title in (("user", tr("User")), ("track", tr("Track"))):
        if role in fixes.column_names:
            columns[title] = [
                MISSING if value is None else str(value) for value in fixes[role].to_pylist()
            ]
    t = fixes["t"].to_numpy()
    moments = np.datetime_as_string(t.astype("datetime64[ms]"), unit="s")
    columns[tr("Time, UTC")] = [
        MISSING if ms == NO_TIME else str(m).replace("T", " ") for ms, m in zip(t, moments)
    ]
    for role, title in (("lon", tr("Longitude")), ("lat", tr("Latitude"))):
        columns[title] = [
            f"{value:.5f}" if np.isfinite(value) else MISSING for value in fixes[role].to_numpy()
        ]
    return columns


def describe(found: Preview) -> str:
    """Which columns have to be chosen; else how many rows there are, and which of the first ones
    are skipped.
    """
    schema = found.schema
    n = len(found.raw)
    if found.problem or schema.date_order == "unknown":
        return found.problem
    words = tr("Of the first {n:,} rows: {skipped}").format(n=n, skipped=found.skipped)
    if schema.end_time:
        ends = tr("Each row has a start and an end and becomes two fixes: at {start} and at {end}.")
        words = f"{ends.format(start=schema.time, end=schema.end_time)} {words}"
    hint = tr("Times without a zone are read as UTC: if they are local, choose their zone.")
    return f"{words} {hint}" if found.no_zone else words


def question(found: Preview) -> str:
    """What has to be asked: the order of dates, or who the users are; else ''."""
    if found.schema.date_order == "unknown":
        name = found.schema.when()[-1]
        date = next((str(value) for value in found.raw[name].to_pylist() if value), name)
        words = tr("{date} may begin with the day or with the month: choose under Dates.")
        return words.format(date=date)
    if (
        found.fixes is None
        or found.schema.user is not None
        or found.raw.schema.metadata == ONE_PERSON
    ):
        return ""
    if found.schema.end_time:
        return tr(
            "No column names the users, so all trips of a file are one user's. If one does, choose "
            "it as User; if none does, choose the trip's id: then each trip is a user of its own."
        )
    return tr("No column names the users. If one does, choose it as User.")
