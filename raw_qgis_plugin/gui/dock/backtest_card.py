# SPDX-License-Identifier: GPL-2.0-or-later
"""A backtest in the dock: the verdict in one line, the errors by horizon as a chart, and a window with a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QPushButton, QTableWidget, QTableWidgetItem

from ...core.evaluation.verdicts import Advice, Verdict, from_json, in_one_line, in_words, nearer_in_half
from ...core.evaluation.words import metres_words
from ...layers.styling import VERDICTS
from ...processing.words import tr
from ..desktop import Desktop
from ..results import values_of
from ..widgets.card import Card
from ..widgets.charts import BLUE, GREY, HorizonChart
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, escaped, row


@dataclass(frozen=True)
class Horizon:
    """What a backtest found at the horizon of its verdict. Errors are means in metres, nan without that method.

    best: the name of the best simple method. interval: of the model's error over its error, nan where too few were
    tested. medians: metres by method.
    """

    model_m: float
    best: str
    best_m: float
    staying_m: float
    interval: tuple[float, float]
    verdict: Verdict
    medians: dict[str, float]


def horizons_of(table: QgsVectorLayer) -> list[Horizon]:
    """The horizons in the output of raw:backtest, the nearest first; none where it has no verdicts."""
    minutes, means, medians = (values_of(table, name) for name in ("horizon_min", "mean_m", "median_m"))
    low, high = (values_of(table, name, object) for name in ("ratio_low", "ratio_high"))  # NULL for simple methods
    method, found = values_of(table, "method", object), []
    for verdict in from_json(str(table.customProperty(VERDICTS) or "")):
        rows = np.flatnonzero(minutes == verdict.horizon_s / 60)
        if not (ours := rows[method[rows] == "model"].tolist()):  # somebody has deleted that row
            continue
        mean = {str(method[at]): float(means[at]) for at in rows}
        simple = {name: value for name, value in mean.items() if name != "model"}
        best = min(simple, key=lambda name: simple[name], default="")
        interval = (np.nan, np.nan) if verdict.advice is Advice.TOO_FEW else (float(low[ours[0]]), float(high[ours[0]]))
        found.append(
            Horizon(
                mean["model"], best, simple.get(best, np.nan), simple.get("persistence", np.nan), interval,
                verdict, {str(method[at]): float(medians[at]) for at in rows},
            )
        )  # fmt: skip
    return found


class BacktestCard(Card):
    """One backtest."""

    def __init__(self, table: QgsVectorLayer, horizons: list[Horizon], warnings: list[str], desktop: Desktop) -> None:
        """table: the output of raw:backtest. horizons: one or more."""
        super().__init__("raw_backtest_card")
        self.table, self.desktop, self.horizons = table, desktop, horizons
        verdicts = [each.verdict for each in horizons]
        self.add(tr("Would such forecasts have been right?"), heading=True)
        self.add(
            escaped(in_one_line(verdicts)),
            objectName="raw_verdict",
            toolTip="<br>".join(escaped(str(each)) for each in verdicts),
        )
        halves = [(each.verdict.horizon, words) for each in horizons if each.model_m < each.best_m
                  and (words := nearer_in_half(each.medians["model"], each.medians))]  # fmt: skip
        if halves:  # a simple method is clearly nearer in half of the cases, though the model's mean is less
            at, (first, half) = ", ".join(title for title, _ in halves), halves[0]
            words = tr("{at}: in half of all cases a simple method is nearer. At {first}, {half}.")
            self.add(escaped(words.format(at=at, first=first, half=half)), objectName="raw_backtest_half")
        for words in warnings:
            self.add(escaped(words))
        errors = np.array([(each.staying_m, each.best_m, each.model_m) for each in horizons]).T
        names = (tr("staying"), GREY), (tr("best simple method"), "#e69f00"), (tr("the model"), BLUE)
        lines = [(*name, values) for name, values in zip(names, errors)]
        bars = np.array([each.interval for each in horizons]).T * errors[1]
        words = tr("Mean error {m} min ahead: staying {0}, best simple method {1}, the model {2}")
        minutes = np.array([each.verdict.horizon_s / 60 for each in horizons])
        chart = HorizonChart(minutes, lines, words, bars=bars, title=tr("mean error"))
        chart.setObjectName("raw_errors")
        self.column.addWidget(chart)
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

    def show_table(self) -> None:
        """Open a window with a row for each horizon."""
        if not sip.isdeleted(self.table):
            self.desktop.keep(BacktestTable(self.horizons, self.table, self.desktop)).show()


class BacktestTable(RawDialog):
    """A row for each horizon, and a way to the layer, which has one for each horizon and method."""

    def __init__(self, horizons: list[Horizon], layer: QgsVectorLayer, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "raw_backtest_rows", tr("Backtest"))
        self.layer, self.iface = layer, desktop.iface
        titles = (
            tr("Horizon"), tr("Model"), tr("Best simple method"), tr("Its error"), tr("Difference"),
            tr("95 % interval"), tr("Verdict"),
        )  # fmt: skip
        self.rows = QTableWidget(len(horizons), len(titles), objectName="raw_backtest_list", wordWrap=True)
        self.rows.setHorizontalHeaderLabels(list(titles))
        self.rows.verticalHeader().hide()
        self.rows.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        for number, horizon in enumerate(horizons):
            for at, words in enumerate(cells(horizon)):
                self.rows.setItem(number, at, QTableWidgetItem(words))
        self.rows.resizeColumnsToContents()
        self.rows.horizontalHeader().setStretchLastSection(True)
        self.resize(1060, 480)
        self.rows.resizeRowsToContents()
        more = QPushButton(tr("All methods…"), objectName="raw_backtest_all", autoDefault=False)
        more.clicked.connect(self.show_layer)
        more.setToolTip(tr("The layer: errors of every method, with median and 90 % quantile"))
        self.setLayout(column(self.rows, self.buttons(more), stretch=self.rows))

    def show_layer(self) -> None:
        """Open the layer's table."""
        if not sip.isdeleted(self.layer):
            self.iface.showAttributeTable(self.layer)


def cells(horizon: Horizon) -> list[str]:
    """The words of a row. Errors are means; the difference is that of the model from the best simple method."""

    def metres(value: float) -> str:
        return metres_words(value) if value == value else "–"

    def difference(ratio: float) -> str:  # such as '−11 %'
        return f"{100 * (ratio - 1):+.0f} %".replace("-", "−") if ratio == ratio else "–"

    ratio = horizon.model_m / horizon.best_m if horizon.best_m > 0 else np.nan
    (low, high), verdict = horizon.interval, horizon.verdict
    return [
        verdict.horizon, metres(horizon.model_m), in_words(horizon.best), metres(horizon.best_m), difference(ratio),
        f"{difference(low)} … {difference(high)}" if low == low else "–", verdict.words,
    ]  # fmt: skip
