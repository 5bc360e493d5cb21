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

from ...core.evaluation.plots import metres_words
from ...core.evaluation.verdicts import Advice, Verdict, from_json, in_words
from ...layers.styling import VERDICTS
from ...processing.words import tr
from ..results import values_of
from ..widgets.dialog import RawDialog
from ..widgets.layout import column


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
        few = verdict.advice in (Advice.FEW_ANSWERS, Advice.FEW_PEOPLE)
        interval = (np.nan, np.nan) if few else (float(low[ours[0]]), float(high[ours[0]]))
        found.append(
            Horizon(
                mean["model"], best, simple.get(best, np.nan), simple.get("persistence", np.nan), interval,
                verdict, {str(method[at]): float(medians[at]) for at in rows},
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
    (low, high), verdict = horizon.interval, horizon.verdict
    return [
        verdict.horizon, _metres(horizon.model_m), in_words(horizon.best), _metres(horizon.best_m), _difference(ratio),
        f"{_difference(low)} … {_difference(high)}" if low == low else "–", verdict.words,
    ]  # fmt: skip


def _metres(value: float) -> str:
    return metres_words(value) if value == value else "–"


def _difference(ratio: float) -> str:
    """A ratio as a change, such as '−11 %'."""
    return f"{100 * (ratio - 1):+.0f} %".replace("-", "−") if ratio == ratio else "–"
