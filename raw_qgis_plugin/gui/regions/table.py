# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of regions in the dock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.PyQt.QtCore import QItemSelectionModel, Qt
from qgis.PyQt.QtGui import QKeyEvent, QKeySequence
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from ...core.bundle.bundle import Bundle
from ...layers.legends import short, title_of
from ...processing.words import tr
from ..widgets.layout import silent
from .card import Region

KEYS = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Delete  # they belong to the tab


class RegionTable(QTableWidget):
    """A row per region: its name, which can be edited, its people, and the figure of the model's first head."""

    def __init__(self) -> None:
        super().__init__(0, 3, objectName="raw_region_list", toolTip=tr("Double click a name to change it"))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the keys of the tab to it: a table would search for a row by them."""
        if any(map(event.matches, KEYS)):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def fill(self, regions: Sequence[Region], bundle: Bundle | None, current: int) -> None:
        """List regions, and select one, or the same rows as before where several of as many were selected.

        bundle: of the chosen model; None while it is being opened.
        """
        chosen = [index.row() for index in self.selectionModel().selectedRows()]
        several = chosen if len(chosen) > 1 and self.rowCount() == len(regions) else []
        heads = [head for head in (bundle.heads("region") if bundle is not None else []) if "hours" not in head]
        with silent(self):
            self.setRowCount(len(regions))
            titles = [tr("Region"), tr("People"), title_of(heads[0]) if heads else tr("Fixes")]
            self.setHorizontalHeaderLabels(titles)
            for row, region in enumerate(regions):
                value: Any = region.view.columns.get(heads[0]["name"]) if heads else region.view.n_points
                people = "–" if region.view.n_users is None else f"{region.view.n_users:,}"
                missing = value is None or value != value
                figure = "–" if missing else value if isinstance(value, str) else short(value)
                for column, words in enumerate((region.name, people, figure)):
                    item = QTableWidgetItem(words)
                    if column:
                        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                    self.setItem(row, column, item)
            self.clearSelection()
            if regions:
                self.selectRow(min(max(current, 0), len(regions) - 1))
            rows = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
            for chosen_row in several:
                self.selectionModel().select(self.model().index(chosen_row, 0), rows)
        self.setFixedHeight(30 + 22 * min(max(len(regions), 1), 5))
