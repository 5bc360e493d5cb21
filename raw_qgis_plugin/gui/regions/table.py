# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of regions in the dock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from ...layers.styling import short, title_of
from ...processing.words import tr

if TYPE_CHECKING:
    from ...core.bundle.bundle import Bundle
    from .card import Region


class RegionTable(QTableWidget):
    """A row a region: its name, which can be changed, its people and what the model's first head says."""

    def __init__(self) -> None:
        super().__init__(0, 3)
        self.setObjectName("raw_region_list")
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            self.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setToolTip(tr("Double click a name to change it"))

    def fill(self, regions: Sequence[Region], bundle: Bundle | None, current: int) -> None:
        """List these, and choose one. bundle: of the model that is chosen; None while it is being opened."""
        heads = bundle.heads("region") if bundle is not None else []
        heads = [head for head in heads if "hours" not in head]  # of stretches nothing is worked out here
        self.blockSignals(True)
        self.setRowCount(len(regions))
        titles = [tr("Region"), tr("People"), title_of(heads[0]) if heads else tr("Fixes")]
        self.setHorizontalHeaderLabels(titles)
        for row, region in enumerate(regions):
            said = region.view.columns if region.bundle is bundle else {}  # not another model's
            value = said.get(heads[0]["name"]) if heads else region.view.n_points
            people = "–" if region.view.n_users is None else f"{region.view.n_users:,}"
            figure = "–" if value is None or value != value else short(value) if not isinstance(value, str) else value
            for column, text in enumerate((region.name, people, figure)):
                item = QTableWidgetItem(text)
                if column:
                    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, column, item)
        self.blockSignals(False)
        self.setFixedHeight(30 + 22 * min(max(len(regions), 1), 5))
        self.clearSelection()
        if regions:
            self.selectRow(min(max(current, 0), len(regions) - 1))
