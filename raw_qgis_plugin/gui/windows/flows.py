# SPDX-License-Identifier: GPL-2.0-or-later
"""The window of trips between the drawn regions: a matrix, and the hours of the chosen pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QHeaderView, QPushButton, QTableWidget, QTableWidgetItem, QWidget

from ...core.flows.flows import BY_MODE, flows
from ...core.flows.trips import Trips
from ...core.flows.zones import read_zones
from ...core.specs import FlowSpec
from ...layers.legends import MODE_COLOURS
from ...processing.words import tr
from ..widgets.charts import GREY, hour_table
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, escaped, hinting, wrapped


class FlowsWindow(RawDialog):
    """Trips from each region to each other one."""

    def __init__(
        self, trips: Trips, names: Sequence[str], shapes: Sequence[Any], min_users: int, parent: QWidget,
        as_layers: Callable[[], Any],
    ) -> None:  # fmt: skip
        """names, shapes: of the regions, in degrees. as_layers: opens 'Flows between zones' for the regions."""
        super().__init__(parent, "raw_flows", tr("Trips between regions"))
        zones = read_zones(list(shapes), list(names))
        found, self.by_hour = (
            flows(trips, zones, FlowSpec(min_users=min_users, slice=part)).pairs for part in ("all", "hour")
        )
        figures = zip(*(found[name] for name in ("from", "to", "n_trips", "n_users", "minutes", "metres")))
        # The others are of few people, or mostly of one
        shown: dict[tuple[int, ...], list] = {(a, b): row for a, b, *row in figures if row[0] > 0 <= a}
        self.table = table = QTableWidget(len(names), len(names), objectName="raw_flow_matrix")
        table.verticalHeader().setDefaultSectionSize(22)
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.setHorizontalHeaderLabels([tr("to {region}").format(region=name) for name in zones.names])
        table.setVerticalHeaderLabels([tr("from {region}").format(region=name) for name in zones.names])
        full, few = tr("{n:,.0f} people, {m:,.0f} minutes, {km:,.1f} km"), tr("no trips, or of fewer than {n} people")
        for pair in np.ndindex(len(names), len(names)):
            count, people, minutes, metres = shown.get(pair, (0, min_users, 0, 0))
            item = QTableWidgetItem(f"{count:,.0f}" if count else "–")
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip((full if count else few).format(n=people, m=minutes, km=metres / 1000))
            table.setItem(*pair, item)
        table.currentCellChanged.connect(lambda a, b, *_: self._show_hours(a, b))
        self.hours = hinting(objectName="raw_flow_hours")
        words = tr("Trips from stop to stop, by the regions at their ends. A dash: none, or of few people.")
        if not shown:
            few = tr("No two regions have trips of {n} people: draw larger ones, or lower the minimum of people.")
            words = f"{words} {few.format(n=min_users)}"
        tip = tr("Lines, zones and the whole matrix as layers of the map, which can be published")
        layers = QPushButton(tr("As layers…"), objectName="raw_flow_layers", toolTip=tip, clicked=as_layers)
        self.setLayout(column(wrapped(words), table, self.hours, self.buttons(layers, page="flows"), stretch=table))
        self.resize(680, 520)
        table.setCurrentCell(*map(int, next(iter(shown), (0, 0))))

    def _show_hours(self, a: int, b: int) -> None:
        here = (self.by_hour["from"] == a) & (self.by_hour["to"] == b)
        trips = np.zeros((5, 24))
        by_mode = [np.nan_to_num(self.by_hour[name][here]) for name in (*BY_MODE, "trips_unknown")]
        trips[:, [int(words[:2]) for words in self.by_hour["slice"][here]]] = by_mode
        way = f"{self.table.verticalHeaderItem(a).text()} {self.table.horizontalHeaderItem(b).text()}"
        words = tr("Trips {way}, by hour of departure (solar time)").format(way=escaped(way))
        shares = np.where(trips.sum(axis=0) > 0, trips / max(1.0, trips.max()), np.nan)
        few, count = tr("no trips, or of few people"), tr("{n:,.0f} trips")
        said = [[count.format(n=n) if hour.any() else few for n, hour in zip(row, trips.T)] for row in trips]
        modes = [tr("walk"), tr("bike"), tr("motor"), tr("rail"), tr("mode unknown")]
        self.hours.setText(f"{words}{hour_table(modes, [*MODE_COLOURS, GREY], shares, said)}")
