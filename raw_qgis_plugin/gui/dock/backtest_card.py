# SPDX-License-Identifier: GPL-2.0-or-later
"""The card of a backtest: the verdict in one line, the errors by horizon as a chart, and the way to the table."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QPushButton

from ...core.evaluation.verdicts import in_one_line, nearer_in_half
from ...processing.words import tr
from ..desktop import Desktop
from ..widgets.card import Card
from ..widgets.charts import BLUE, GREY, HorizonChart
from ..widgets.layout import escaped, row
from .backtest_table import BacktestTable, Horizon


class BacktestCard(Card):
    """One backtest."""

    def __init__(self, table: QgsVectorLayer, horizons: list[Horizon], warnings: list[str], desktop: Desktop) -> None:
        """table: the output of raw:backtest. horizons: one or more."""
        super().__init__("raw_backtest_card")
        self.table, self.desktop, self.horizons = table, desktop, horizons
        verdicts = [each.verdict for each in self.horizons]
        line = in_one_line(verdicts, [(each.model_m, each.best_m) for each in self.horizons])
        self.add(tr("Would such forecasts have been right?"), heading=True)
        self.add(escaped(line), objectName="raw_verdict", toolTip="<br>".join(escaped(str(each)) for each in verdicts))
        self._show_medians()
        for words in warnings:
            self.add(escaped(words))
        self._show_chart()
        self.add(
            tr(
                "The mean error is judged, at moments all along the tracks. A forecast begins at the last fix, where "
                "people are often at home: it can be much nearer. A bar is the model's 95 % interval beside the best "
                "simple method: where it reaches that line, an advantage is not proved."
            ),
            objectName="raw_backtest_bars",
        )
        show = QPushButton(tr("Table…"), objectName="raw_backtest_table", clicked=self.show_table)
        self.column.addLayout(row(show, None))

    def _show_medians(self) -> None:
        """Name the horizons where a simple method is clearly nearer in half of the cases, though the model's mean is
        less.
        """
        found = [(each.verdict.horizon, words) for each in self.horizons if each.model_m < each.best_m
                 and (words := nearer_in_half(each.medians))]  # fmt: skip
        if found:
            at, (first, half) = ", ".join(title for title, _ in found), found[0]
            words = tr("{at}: in half of all cases a simple method is nearer. At {first}, {half}.")
            self.add(escaped(words.format(at=at, first=first, half=half)), objectName="raw_backtest_half")

    def _show_chart(self) -> None:
        errors = np.array([(each.staying_m, each.best_m, each.model_m) for each in self.horizons]).T
        names = (tr("staying"), GREY), (tr("best simple method"), "#e69f00"), (tr("the model"), BLUE)
        lines = [(*name, values) for name, values in zip(names, errors)]
        bars = np.array([each.interval for each in self.horizons]).T * errors[1]
        words = tr("Mean error {m} min ahead: staying {0}, best simple method {1}, the model {2}")
        minutes = np.array([each.verdict.horizon_s / 60 for each in self.horizons])
        chart = HorizonChart(minutes, lines, words, bars=bars, title=tr("mean error"))
        chart.setObjectName("raw_errors")
        self.column.addWidget(chart)

    def show_table(self) -> None:
        """Open a window with a row for each horizon."""
        if not sip.isdeleted(self.table):
            self.desktop.keep(BacktestTable(self.horizons, self.table, self.desktop.iface)).show()
