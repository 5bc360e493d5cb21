# SPDX-License-Identifier: GPL-2.0-or-later
"""A backtest in the dock: the verdict in one line, and a window with a row for each horizon."""

from __future__ import annotations

from typing import Any

from qgis.core import NULL, QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QHeaderView, QPushButton, QTableWidget, QTableWidgetItem

from ...core.evaluation.verdicts import Advice, Verdict, from_json, in_one_line, in_words, metres_words
from ...layers.styling import VERDICTS
from ...processing.words import tr
from ..desktop import Desktop
from ..widgets.card import Card
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, escaped, row

Horizon = tuple[Verdict, dict[str, Any], dict[str, Any]]  # with the rows of the model and of the best simple method


def horizons_of(table: QgsVectorLayer) -> list[Horizon]:
    """The horizons in the output of raw:backtest, the nearest first; none where it has no verdicts."""
    rows, found = [feature.attributeMap() for feature in table.getFeatures()], []
    for verdict in from_json(str(table.customProperty(VERDICTS) or "")):
        here = [each for each in rows if each["horizon_min"] == verdict.horizon_s / 60]
        model = [each for each in here if each["method"] == "model"]
        simple = [each for each in here if each["method"] != "model"]
        if model and simple:  # else somebody has deleted rows
            found.append((verdict, model[0], min(simple, key=lambda each: each["mean_m"])))
    return found


class BacktestCard(Card):
    """One backtest."""

    def __init__(self, table: QgsVectorLayer, horizons: list[Horizon], warnings: list[str], desktop: Desktop) -> None:
        """table: the output of raw:backtest. horizons: one or more."""
        super().__init__("raw_backtest_card")
        self.table, self.desktop, self.horizons = table, desktop, horizons
        verdicts = [verdict for verdict, _, _ in horizons]
        line = in_one_line(verdicts)
        self.add(tr("Would such forecasts have been right?"), heading=True)
        self.add(escaped(line), objectName="raw_verdict", toolTip="<br>".join(escaped(str(each)) for each in verdicts))
        if {Advice.SIMPLE, Advice.NOTHING} & {verdict.advice for verdict in verdicts}:
            self.add(tr("With the method 'simple' Forecast uses the best simple method of each horizon."))
        for words in warnings:
            self.add(escaped(words))
        words = tr(
            "The mean error is judged, at moments all along the tracks. A forecast begins at the last fix, where "
            "people are often at home: it can be much nearer."
        )
        self.add(words)
        show = QPushButton(tr("Table…"), objectName="raw_backtest_table", clicked=self.show_table)
        self.column.addLayout(row(show, None))

    def show_table(self) -> None:
        """Open a window with a row for each horizon."""
        if not sip.isdeleted(self.table):
            self.desktop.keep(BacktestTable(self.horizons, self.table, self.desktop)).show()


class BacktestTable(RawDialog):
    """A row for each horizon, and a way to the layer, which has one for each horizon and method."""

    def __init__(self, horizons: list[Horizon], layer: QgsVectorLayer, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "raw_backtest_rows", tr("Backtest"))
        titles = (
            tr("Horizon"), tr("Model"), tr("Best simple method"), tr("Its error"), tr("Difference"),
            tr("95 % interval"), tr("Verdict"),
        )  # fmt: skip
        self.rows = QTableWidget(len(horizons), len(titles), objectName="raw_backtest_list", wordWrap=True)
        self.rows.setHorizontalHeaderLabels(list(titles))
        self.rows.verticalHeader().hide()
        self.rows.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        for number, horizon in enumerate(horizons):
            for at, words in enumerate(cells(*horizon)):
                self.rows.setItem(number, at, QTableWidgetItem(words))
        for header in (self.rows.horizontalHeader(), self.rows.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.rows.horizontalHeader().setSectionResizeMode(len(titles) - 1, QHeaderView.ResizeMode.Stretch)
        self.resize(1060, 480)
        more = QPushButton(tr("All methods…"), objectName="raw_backtest_all", autoDefault=False)
        more.setToolTip(tr("The layer: errors of every method, with median and 90 % quantile"))
        more.clicked.connect(lambda: None if sip.isdeleted(layer) else desktop.iface.showAttributeTable(layer))
        self.setLayout(column(self.rows, self.buttons(more, page="backtest"), stretch=self.rows))


def cells(verdict: Verdict, model: dict[str, Any], best: dict[str, Any]) -> list[str]:
    """The words of a row. Errors are means; the difference is that of the model from the best simple method."""

    def difference(ratio: Any) -> str:  # such as '−11 %'
        return "–" if ratio in (None, NULL) else f"{100 * (ratio - 1):+.0f} %".replace("-", "−")

    interval, ratio = "–", None
    if best["mean_m"] >= 1:  # else hardly anything moves, and a ratio says nothing
        ratio = model["mean_m"] / best["mean_m"]
        if verdict.advice is not Advice.TOO_FEW:
            interval = f"{difference(model['ratio_low'])} … {difference(model['ratio_high'])}"
    return [
        verdict.horizon, metres_words(model["mean_m"]), in_words(best["method"]), metres_words(best["mean_m"]),
        difference(ratio), interval, verdict.words,
    ]  # fmt: skip
