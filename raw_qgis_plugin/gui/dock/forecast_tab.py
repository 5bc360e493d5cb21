# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecast: where all, or the selected, may be next, with the map's clock set to the data's own time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import (
    QgsApplication,
    QgsCsException,
    QgsDateTimeRange,
    QgsInterval,
    QgsProcessingFeatureSourceDefinition,
    QgsRectangle,
    QgsTemporalNavigationObject,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QDateTime, Qt
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDockWidget,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...processing.provider import PROVIDER_ID
from ...processing.words import tr
from .charts import HorizonChart, metres

if TYPE_CHECKING:
    from ..menu import RawMenu
    from .session import Session

OUTPUTS = ["OUTPUT", "OUTPUT_TRACKS", "OUTPUT_AREAS"]
MOST_LISTED = 500  # tracks to go to


class ForecastTab(QWidget):
    """The form, then the chart of how far off it may be, and the clock."""

    def __init__(self, session: Session, menu: RawMenu) -> None:
        super().__init__()
        self.setObjectName("raw_forecast")
        self.session, self.menu, self.iface = session, menu, menu.iface
        self.horizon, self.step = QDoubleSpinBox(), QDoubleSpinBox()
        self.selected = QCheckBox(tr("Selected features only"))
        self.go = QPushButton(tr("Forecast"))
        self.backtest = QPushButton(tr("Backtest…"))
        self.words = QLabel()
        self.track = QComboBox()
        self.chart: HorizonChart | None = None
        self._ends: list[tuple[int, int, QgsRectangle]] = []  # of each track listed: first and last ms, where
        self._lay_out()
        session.changed.connect(self._enable)
        session.worked.connect(self._enable)
        self._enable()

    def _lay_out(self) -> None:
        form = QGridLayout()
        for row, (box, title, value, name) in enumerate(
            ((self.horizon, tr("How far ahead"), 30.0, "horizon"), (self.step, tr("One forecast every"), 5.0, "step"))
        ):
            box.setObjectName(f"raw_{name}")
            box.setRange(0.01, 100_000)
            box.setDecimals(2)
            box.setValue(value)
            box.setSuffix(tr(" min"))
            form.addWidget(QLabel(title), row, 0)
            form.addWidget(box, row, 1)
        form.setColumnStretch(1, 1)
        self.selected.setObjectName("raw_selected")
        form.addWidget(self.selected, 2, 0, 1, 2)
        buttons = QHBoxLayout()
        self.go.setObjectName("raw_go")
        self.go.clicked.connect(self.run)
        self.backtest.setObjectName("raw_backtest_button")
        self.backtest.setToolTip(tr("How good such forecasts are on this layer's own past, beside simple methods"))
        self.backtest.clicked.connect(self.open_backtest)
        for button in (self.go, self.backtest):
            buttons.addWidget(button)
        buttons.addStretch()
        self.words.setWordWrap(True)
        self.clock = self._clock()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 6, 2, 2)
        layout.addLayout(form)
        layout.addLayout(buttons)
        layout.addWidget(self.words)
        layout.addWidget(self.clock)
        self.place = QVBoxLayout()
        layout.addLayout(self.place)
        layout.addStretch(1)

    def _clock(self) -> QWidget:
        """Which track the map's clock stands at, and a step to and fro."""
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(QLabel(tr("Track")))
        self.track.setObjectName("raw_track")
        self.track.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.track.setToolTip(tr("Zoom to a track and set the map's clock to its last fix"))
        self.track.activated.connect(self.show_track)
        layout.addWidget(self.track, 1)
        for arrow, tip, step in (
            (Qt.ArrowType.LeftArrow, tr("A step back"), -1),
            (Qt.ArrowType.RightArrow, tr("A step ahead"), 1),
        ):
            button = QToolButton()
            button.setObjectName("raw_back" if step < 0 else "raw_ahead")
            button.setArrowType(arrow)
            button.setToolTip(tip)
            button.clicked.connect(lambda _=False, step=step: self.turn(step))
            layout.addWidget(button)
        row.hide()
        return row

    # ---- forecasting --------------------------------------------------------------------------------------------

    def _input(self) -> Any:
        """The layer, or what is selected of it."""
        layer = self.session.layer
        return QgsProcessingFeatureSourceDefinition(layer.id() if layer else "", self.selected.isChecked())

    def run(self) -> None:
        """Forecast from the last fixes."""
        layer = self.session.layer
        if self.selected.isChecked() and layer is not None and not layer.selectedFeatureCount():
            self.words.setText(tr("Nothing is selected: select features of the layer, or forecast all."))
            return
        values = {"HORIZON": self.horizon.value(), "STEP": self.step.value(), "INPUT": self._input()}
        self.session.run_algorithm("forecasttracks", values, OUTPUTS, tr("Forecasting"), self._done)

    def _done(self, results: dict[str, Any], layers: dict[str, QgsVectorLayer], warnings: list[str]) -> None:
        points = layers.get("OUTPUT")
        if points is None or not points.featureCount():
            self.words.setText("<br>".join([tr("There is no track of two fixes to forecast."), *warnings]))
            return
        minutes = column(points, "horizon_min")
        radius50, radius80 = column(points, "radius50_m"), column(points, "radius80_m")
        horizons = np.unique(minutes)
        medians = [np.array([np.nanmedian(r[minutes == h]) for h in horizons]) for r in (radius50, radius80)]
        self._show_chart(horizons, *medians)
        self._list_tracks(layers.get("OUTPUT_AREAS", points))
        count = len(np.unique(column(points, "user_id", object).astype(str)))
        words = tr("Forecasts of {n:,} users, {m:g} min ahead: half of them are within {a}, four fifths within {b}.")
        told = words.format(n=count, m=horizons[-1], a=metres(medians[0][-1]), b=metres(medians[1][-1]))
        self.words.setText("<br>".join([told, *warnings]))
        self.show_track(0)
        show_controller(self.iface)

    def _show_chart(self, minutes: np.ndarray, radius50: np.ndarray, radius80: np.ndarray) -> None:
        while self.place.count():
            old = self.place.takeAt(0).widget()
            old.setParent(None)
            old.deleteLater()
        heading = QLabel(tr("<b>How far off it may be</b> (median over the tracks)"))
        self.chart = HorizonChart(minutes, radius50, radius80)
        self.chart.setObjectName("raw_chart")
        self.place.addWidget(heading)
        self.place.addWidget(self.chart)

    # ---- the clock ----------------------------------------------------------------------------------------------

    def _list_tracks(self, areas: QgsVectorLayer) -> None:
        """The tracks to go to: those that end last come first."""
        t = np.array([value.toMSecsSinceEpoch() for value in column(areas, "t", object)])
        ahead = column(areas, "horizon_min")
        ids = [column(areas, name, object).astype(str) for name in ("user_id", "track_id")]
        boxes = [feature.geometry().boundingBox() for feature in areas.getFeatures()]
        names = np.array([user if user == track else f"{user} · {track}" for user, track in zip(*ids)], object)
        self.track.clear()
        self._ends = []
        tracks, which = np.unique(names.astype(str), return_inverse=True)
        last = np.zeros(len(tracks), np.int64)
        np.maximum.at(last, which, t)
        for number in np.argsort(-last, kind="stable")[:MOST_LISTED]:
            rows = np.flatnonzero(which == number)
            first = int((t[rows] - ahead[rows] * 60_000).min())
            box = QgsRectangle(boxes[rows[0]])
            for row in rows[1:]:
                box.combineExtentWith(boxes[row])
            self.track.addItem(str(tracks[number]))
            self._ends.append((first, int(last[number]), box))
        self._areas = areas
        self.clock.show()

    def show_track(self, at: int) -> None:
        """Set the map's clock to a track's own time, and go there."""
        if not 0 <= at < len(self._ends):
            return
        first, last, box = self._ends[at]
        controller = self.iface.mapCanvas().temporalController()
        begin, end = (QDateTime.fromMSecsSinceEpoch(ms, Qt.TimeSpec.UTC) for ms in (first, last))
        controller.setNavigationMode(QgsTemporalNavigationObject.Animated)  # its name before 3.36 too
        controller.setTemporalExtents(QgsDateTimeRange(begin, end.addSecs(1)))
        controller.setFrameDuration(QgsInterval(self.step.value() * 60.0))
        controller.setCurrentFrameNumber(1)
        self._zoom(box)

    def _zoom(self, box: QgsRectangle) -> None:
        canvas = self.iface.mapCanvas()
        try:
            shown = canvas.mapSettings().layerExtentToOutputExtent(self._areas, box)
        except (QgsCsException, RuntimeError):  # the layer was taken away
            return
        shown.scale(1.2)
        canvas.setExtent(shown)
        canvas.refresh()

    def turn(self, step: int) -> None:
        """Move the map's clock by a frame."""
        controller = self.iface.mapCanvas().temporalController()
        controller.next() if step > 0 else controller.previous()

    # ---- state --------------------------------------------------------------------------------------------------

    def open_backtest(self) -> Any:
        """The backtest's dialog, filled in."""
        if self.session.layer is None:
            return None
        fields = self.session.fields  # the dialog can only leave a field empty, which is guessed
        return self.menu.open_dialog("backtest", parameters={
            "INPUT": self._input(), "USER_FIELD": fields.user or "", "TRACK_FIELD": fields.track or "",
            "TIME_FIELD": fields.time or "", "TIMEZONE": self.session.timezone, "MODEL": self.session.model_path,
            "HORIZON": self.horizon.value(), "STEP": self.step.value(),
        })  # fmt: skip

    def _enable(self) -> None:
        registry = QgsApplication.processingRegistry()
        self.backtest.setVisible(registry.algorithmById(f"{PROVIDER_ID}:backtest") is not None)
        ready = self.session.tracks is not None and self.session.job is None
        self.go.setEnabled(ready)
        self.backtest.setEnabled(self.session.layer is not None)

    def remove(self) -> None:
        """Nothing on the map is this tab's own."""


def column(layer: QgsVectorLayer, name: str, kind: Any = float) -> np.ndarray:
    """(n,) a field's values."""
    values, _ = QgsVectorLayerUtils.getValues(layer, name)
    return np.array([*values, None], object)[:-1].astype(kind)


def show_controller(iface: Any) -> None:
    """Show QGIS's temporal controller, no higher than it needs: on a small screen the map has little room."""
    window = iface.mainWindow()
    dock = window.findChild(QDockWidget, "Temporal Controller")
    if dock is not None and not dock.isVisible():
        dock.setVisible(True)
        window.resizeDocks([dock], [9 * dock.fontMetrics().height()], Qt.Orientation.Vertical)  # its three rows
