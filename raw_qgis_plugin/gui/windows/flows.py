# SPDX-License-Identifier: GPL-2.0-or-later
"""The window of trips between the drawn regions: a matrix, and the hours of the chosen pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QHeaderView, QPushButton, QTableWidget, QTableWidgetItem, QWidget

from ...core.arrays import Array, Columns
from ...core.flows.flows import BY_MODE, flows
from ...core.flows.zones import read_zones
from ...core.mobility.tables import Journeys
from ...core.specs import FlowSpec
from ...layers.legends import mode_looks
from ...layers.words import clock_words
from ...processing.words import tr
from ..widgets.charts import hour_table
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, escaped, hinting, wrapped


class FlowsWindow(RawDialog):
    """Trips from each region to each other one."""

    def __init__(
        self,
        trips: Journeys,
        names: Sequence[str],
        shapes: Sequence[Any],
        min_users: int,
        parent: QWidget,
        as_layers: Callable[[], Any],
        clock: str = "",
    ) -> None:
        """names, shapes: of the regions, in degrees. as_layers: opens 'Flows between zones' for the
        regions. clock: the time zone of the hours.
        """
        super().__init__(parent, "raw_flows", tr("Trips between regions"))
        zones = read_zones(list(shapes), list(names))
        self.names = list(zones.names)
        hourly = FlowSpec(min_users=min_users, slice="hour")
        self.by_hour = flows(trips, zones, hourly, clock).matrix
        self.clock = clock_words(clock)
        found = flows(trips, zones, FlowSpec(min_users=min_users, slice="all")).matrix
        self.shown = self._figures(found)
        table = self.table = self._make_table()
        # of all at once
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.currentCellChanged.connect(lambda a, b, *_: self._show_hours(a, b))
        self.hours = hinting(objectName="raw_flow_hours")
        words = tr(
            "Trips from stop to stop, by the regions at their ends. A dash: none, or of fewer "
            "than {n} people; draw larger regions, or lower the minimum of people.",
            n=min_users,
        )
        tip = tr("Lines, zones and the whole matrix as layers of the map")
        layers = QPushButton(
            tr("As layers…"), objectName="raw_flow_layers", toolTip=tip, clicked=as_layers
        )
        self.setLayout(
            column(
                wrapped(words), table, self.hours, self.buttons(layers, page="flows"), stretch=table
            )
        )
        self.resize(680, 520)
        table.setCurrentCell(*next(iter(self.shown), (0, 0)))

    def _figures(self, found: Columns) -> dict[tuple[int, int], list[float]]:
        """Trips, people, minutes and metres by the numbers of two regions, if they may be shown."""
        columns = (found[name] for name in ("n_trips", "n_users", "minutes", "metres"))
        ends = zip(found["from_zone"], found["to_zone"])
        return {
            (self.names.index(a), self.names.index(b)): figures
            for (a, b), *figures in zip(ends, *columns)
            if a and figures[0] > 0  # those without trips are of few people
        }

    def _make_table(self) -> QTableWidget:
        """The matrix of trips."""
        n = len(self.names)
        table = QTableWidget(n, n, objectName="raw_flow_matrix")
        table.verticalHeader().setDefaultSectionSize(22)
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        to = [tr("to {region}").format(region=name) for name in self.names]
        table.setHorizontalHeaderLabels(to)
        start = [tr("from {region}").format(region=name) for name in self.names]
        table.setVerticalHeaderLabels(start)
        for pair in np.ndindex(n, n):
            item = QTableWidgetItem(f"{self.shown[pair][0]:,.0f}" if pair in self.shown else "–")
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(*pair, item)
        return table

    def _show_hours(self, a: int, b: int) -> None:
        words = tr("no trips, or of few people")
        if (a, b) in self.shown:
            figures = tr("{0:,.0f} trips of {1:,.0f} people; medians: {2:,.0f} minutes, {3:,.0f} m")
            words = figures.format(*self.shown[a, b])
        ends = [self.table.verticalHeaderItem(a), self.table.horizontalHeaderItem(b)]
        way = escaped(" ".join(end.text() for end in ends) + f": {words}")

        trips = self._trips_by_hour(a, b)
        shares = np.where(trips.sum(axis=0) > 0, trips / max(1.0, trips.max()), np.nan)
        tips = [[self._tip(n, hour) for n, hour in zip(mode, trips.T)] for mode in trips]
        names, colours = zip(*mode_looks().values())
        by_hour = tr("By hour of departure ({clock}):", clock=escaped(self.clock))
        self.hours.setText(f"{way}<br>{by_hour}{hour_table(names, colours, shares, tips)}")

    @staticmethod
    def _tip(n: float, hour: Array) -> str:
        """Words on the trips by a mode in an hour. hour: (modes,) trips, 0 if they are withheld."""
        if hour.any():
            return tr("{n:,.0f} trips").format(n=n)
        return tr("no trips, or of few people")

    def _trips_by_hour(self, a: int, b: int) -> Array:
        """(modes, 24) trips from one region to another, 0 where they are withheld."""
        found = self.by_hour
        here = (found["from_zone"] == self.names[a]) & (found["to_zone"] == self.names[b])
        hours = [int(words[:2]) for words in found["slice"][here]]
        trips = np.zeros((len(BY_MODE), 24))
        trips[:, hours] = [np.nan_to_num(found[name][here]) for name in BY_MODE]
        return trips
