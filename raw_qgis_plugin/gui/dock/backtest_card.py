# SPDX-License-Identifier: GPL-2.0-or-later
"""A backtest in the dock: the verdict in one line, a sentence for each horizon, and a way to the
table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.core import QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QPushButton

from ...core.evaluation.verdicts import Advice, from_json, in_one_line
from ...layers.styling import VERDICTS
from ...processing.words import tr
from ..widgets.card import Card
from ..widgets.layout import escaped, row


class BacktestCard(Card):
    """One backtest."""

    def __init__(self, table: QgsVectorLayer, warnings: Sequence[str], iface: Any) -> None:
        """table: the output of raw:backtest. It may come from anybody's project: without verdicts
        the card is empty.
        """
        super().__init__("raw_backtest_card", tr("Would such forecasts have been right?"))
        verdicts = from_json(str(table.customProperty(VERDICTS) or ""))
        if not verdicts:
            self.hide()
        self.add(f"<b>{escaped(in_one_line(verdicts))}</b>", objectName="raw_verdict")
        if {Advice.SIMPLE, Advice.NOTHING} & {verdict.advice for verdict in verdicts}:
            self.add(
                tr("With the method 'simple' Forecast uses the best simple method of each horizon.")
            )
        words = tr(
            "The mean error is judged, at moments all along the tracks. A forecast begins at the "
            "last fix, where people are often at home: it can be much nearer."
        )
        for each in (*map(str, verdicts), *warnings):
            self.add(escaped(each))
        self.add(words)
        tip = tr("The layer: errors of every method, with median and 90 % quantile")
        show = QPushButton(tr("Table…"), objectName="raw_backtest_table", toolTip=tip)
        show.clicked.connect(
            lambda: None if sip.isdeleted(table) else iface.showAttributeTable(table)
        )
        self.column.addLayout(row(show, None))
