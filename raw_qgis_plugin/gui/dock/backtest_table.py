# SPDX-License-Identifier: GPL-2.0-or-later
"""A backtest by horizon: its figures, and a window with a row for each horizon. The layer has all methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QPushButton, QTableWidget, QTableWidgetItem

from ...core.evaluation.backtest import in_words
from ...core.evaluation.plots import horizon_words, metres_words
from ...processing.words import tr
from ..results import values_of
from ..widgets.dialog import RawDialog
from ..widgets.layout import column


@dataclass(frozen=True)
class Horizon:
    """What a backtest found at one horizon. Errors are means in metres, nan without that method.

    best: the name of the best simple method. interval: of the model's error over its error, nan where too few were
    tested. medians: metres by method.
    """

    minutes: float
    model_m: float
    best: str
    best_m: float
    staying_m: float
    interval: tuple[float, float]
    verdict: str
    medians: dict[str, float]

    @property
    def title(self) -> str:
        """Such as '15 min'."""
        return horizon_words(60 * self.minutes)


def horizons_of(table: QgsVectorLayer) -> list[Horizon]:
    """The horizons in the output of raw:backtest, the nearest first."""
    minutes, means, medians = (values_of(table, name) for name in ("horizon_min", "mean_m", "median_m"))
    texts = ("method", "verdict", "ratio_low", "ratio_high")  # NULL in the rows of simple methods
    method, verdict, low, high = (values_of(table, name, object) for name in texts)
    found = []
    for here in np.unique(minutes):
        rows = np.flatnonzero(minutes == here)
        mean = {str(method[at]): float(means[at]) for at in rows}
        simple = {name: value for name, value in mean.items() if name != "model"}
        best = min(simple, key=lambda name: simple[name], default="")
        (ours,) = rows[method[rows] == "model"][:1]
        words = str(verdict[ours])
        interval = (np.nan, np.nan) if ": too few" in words else (float(low[ours]), float(high[ours]))
        found.append(
            Horizon(
                float(here), mean["model"], best, simple.get(best, np.nan), simple.get("persistence", np.nan), interval,
                words, {str(method[at]): float(medians[at]) for at in rows},
            )
        )  # fmt: skip
    return found


class BacktestTable(RawDialog):
    """A row for each horizon, and a way to the layer, which has one for each horizon and method."""

    def __init__(self, horizons: Sequence[Horizon], layer: QgsVectorLayer, iface: Any) -> None:
        super().__init__(iface.mainWindow(), "raw_backtest_rows", tr("Backtest"))
        self.layer, self.iface = layer, iface
        titles = (
            tr("Horizon"), tr("Model"), tr("Best simple method"), tr("Its error"), tr("Difference"),
            tr("95 % interval"), tr("Verdict"),
        )  # fmt: skip
        self.rows = QTableWidget(len(horizons), len(titles), objectName="raw_backtest_list", wordWrap=True)
        self.rows.setHorizontalHeaderLabels(list(titles))
        self.rows.verticalHeader().hide()
        self.rows.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for row, horizon in enumerate(horizons):
            for at, words in enumerate(cells(horizon)):
                item = QTableWidgetItem(words)
                if at not in (2, 6):
                    item.setTextAlignment(right)
                self.rows.setItem(row, at, item)
        header, modes = self.rows.horizontalHeader(), QHeaderView.ResizeMode
        header.setSectionResizeMode(modes.ResizeToContents)
        header.setSectionResizeMode(2, modes.Interactive)
        self.rows.setColumnWidth(2, 190)
        header.setSectionResizeMode(6, modes.Stretch)
        self.rows.verticalHeader().setSectionResizeMode(modes.ResizeToContents)
        words = tr("All methods…")
        more = QPushButton(words, objectName="raw_backtest_all", autoDefault=False, clicked=self.show_layer)
        more.setToolTip(tr("The layer: errors of every method, with median and 90 % quantile"))
        self.setLayout(column(self.rows, self.buttons(more), stretch=self.rows))
        self.resize(1060, 480)

    def show_layer(self) -> None:
        """Open the layer's table."""
        if not sip.isdeleted(self.layer):
            self.iface.showAttributeTable(self.layer)


def cells(horizon: Horizon) -> list[str]:
    """The words of a row. Errors are means; the difference is that of the model from the best simple method."""
    ratio = horizon.model_m / horizon.best_m if horizon.best_m > 0 else np.nan
    low, high = horizon.interval
    return [
        horizon.title, _metres(horizon.model_m), in_words(horizon.best), _metres(horizon.best_m), _difference(ratio),
        f"{_difference(low)} … {_difference(high)}" if low == low else "–", horizon.verdict.partition(": ")[2],
    ]  # fmt: skip


def _metres(value: float) -> str:
    return metres_words(value) if value == value else "–"


def _difference(ratio: float) -> str:
    """A ratio as a change, such as '−11 %'."""
    return f"{100 * (ratio - 1):+.0f} %".replace("-", "−") if ratio == ratio else "–"
