# SPDX-License-Identifier: GPL-2.0-or-later
"""The card of a backtest: the verdict in one line, the errors by horizon as a chart, and the way to the table."""

from __future__ import annotations

from typing import Any

import numpy as np
from qgis.core import QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QPushButton

from ...core.evaluation.backtest import in_one_line
from ...processing.words import tr
from ..results import values_of
from ..widgets.card import Card
from ..widgets.charts import BLUE, GREY, HorizonChart
from ..widgets.layout import escaped, row


class BacktestCard(Card):
    """One backtest."""

    def __init__(self, table: QgsVectorLayer, warnings: list[str], iface: Any) -> None:
        """table: the output of raw:backtest."""
        super().__init__("raw_backtest_card")
        self.table, self.iface = table, iface
        minutes, errors = values_of(table, "horizon_min"), values_of(table, "mean_m")
        method, verdict = values_of(table, "method", object), values_of(table, "verdict", object)
        order = np.argsort(minutes, kind="stable")
        verdicts = [str(verdict[at]) for at in order if method[at] == "model"]
        self.add(tr("Would such forecasts have been right?"), heading=True)
        self.add(escaped(in_one_line(verdicts)), objectName="raw_verdict", toolTip="<br>".join(map(escaped, verdicts)))
        for words in warnings:
            self.add(escaped(words))
        horizons = np.unique(minutes)
        lines = [
            (name, colour, np.array([min(errors[rows & (minutes == h)], default=np.nan) for h in horizons]))
            for name, colour, rows in (
                (tr("staying"), GREY, method == "persistence"),
                (tr("best simple method"), "#e69f00", method != "model"),
                (tr("the model"), BLUE, method == "model"),
            )
        ]
        words = tr("Mean error {m} min ahead: staying {0}, best simple method {1}, the model {2}")
        chart = HorizonChart(horizons, lines, words)
        chart.setObjectName("raw_errors")
        self.column.addWidget(chart)
        show = QPushButton(tr("Table…"), objectName="raw_backtest_table", clicked=self.show_table)
        self.column.addLayout(row(show, None))

    def show_table(self) -> None:
        """Open the table of errors by horizon and method."""
        if not sip.isdeleted(self.table):
            self.iface.showAttributeTable(self.table)
