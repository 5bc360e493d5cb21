# SPDX-License-Identifier: GPL-2.0-or-later
"""The tab of forecasts: where all or the selected tracks may be next, with the map's clock at the data's own time."""

from __future__ import annotations

from typing import Any

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
    QFormLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QWidget,
)

from ...processing.provider import PROVIDER_ID
from ...processing.words import tr
from ..desktop import Desktop
from ..session import Session
from ..widgets.charts import HorizonChart, metres
from ..widgets.layout import column, delete, escaped, row, wrapped


class ForecastTab(QWidget):
    """The form, the chart of the expected error, and the steps of the map's clock."""

    def __init__(self, session: Session, desktop: Desktop) -> None:
        super().__init__(objectName="raw_forecast")
        self.session, self.desktop, self.iface = session, desktop, desktop.iface
        self.horizon, self.step = (
            QDoubleSpinBox(objectName=name, minimum=0.01, maximum=1e5, value=minutes, suffix=tr(" min"))
            for name, minutes in (("raw_horizon", 30.0), ("raw_step", 5.0))
        )
        self.selected = QCheckBox(tr("Selected features only"), objectName="raw_selected")
        self.go = QPushButton(tr("Forecast"), objectName="raw_go", clicked=self.run)
        tip = tr("Accuracy of such forecasts on the past of this layer, compared with simple methods")
        self.backtest = QPushButton(
            tr("Backtest…"), objectName="raw_backtest_button", toolTip=tip, clicked=self.open_backtest
        )
        self.words = wrapped()
        self.track = QComboBox(
            objectName="raw_track", toolTip=tr("Zoom to a track and set the map's clock to its last fix"),
            sizeAdjustPolicy=QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon,
            activated=self.show_track,
        )  # fmt: skip
        self.chart: HorizonChart | None = None
        self._ends: list[tuple[int, int, QgsRectangle]] = []  # of each track listed: first and last ms, its extent
        self._lay_out()
        session.changed.connect(self._enable)
        session.worked.connect(self._enable)
        self._enable()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(tr("How far ahead"), self.horizon)
        form.addRow(tr("One forecast every"), self.step)
        form.addRow(self.selected)
        arrows = Qt.ArrowType
        back = QToolButton(objectName="raw_back", toolTip=tr("A step back"), arrowType=arrows.LeftArrow)
        ahead = QToolButton(objectName="raw_ahead", toolTip=tr("A step ahead"), arrowType=arrows.RightArrow)
        back.clicked.connect(lambda: self.turn(-1))
        ahead.clicked.connect(lambda: self.turn(1))
        self.clock = QWidget()
        self.clock.setLayout(row(QLabel(tr("Track")), self.track, back, ahead, stretch=self.track, margins_px=0))
        self.clock.hide()
        self.place = column()
        buttons = row(self.go, self.backtest, None)
        self.setLayout(column(form, buttons, self.words, self.clock, self.place, None, margins_px=(2, 6, 2, 2)))

    # ---- forecasting --------------------------------------------------------------------------------------------

    def _input(self) -> Any:
        """The layer, or its selected features."""
        layer = self.session.layer
        return QgsProcessingFeatureSourceDefinition(layer.id() if layer else "", self.selected.isChecked())

    def run(self) -> None:
        """Forecast from the last fixes."""
        layer = self.session.layer
        if self.selected.isChecked() and layer is not None and not layer.selectedFeatureCount():
            self.words.setText(tr("Nothing is selected: select features of the layer, or forecast all."))
            return
        values = {"HORIZON": self.horizon.value(), "STEP": self.step.value(), "INPUT": self._input()}
        outputs = ["OUTPUT", "OUTPUT_TRACKS", "OUTPUT_AREAS"]
        self.session.run_algorithm("forecasttracks", values, outputs, tr("Forecasting"), self._done)

    def _done(self, results: dict[str, Any], layers: dict[str, QgsVectorLayer], warnings: list[str]) -> None:
        points = layers.get("OUTPUT")
        if points is None or not points.featureCount():
            self.words.setText(
                "<br>".join([tr("There is no track of two fixes to forecast."), *map(escaped, warnings)])
            )
            return
        minutes = values_of(points, "horizon_min")
        radii = values_of(points, "radius50_m"), values_of(points, "radius80_m")
        horizons = np.unique(minutes)
        medians = [np.array([np.nanmedian(r[minutes == h]) for h in horizons]) for r in radii]
        self._show_chart(horizons, *medians)
        self._list_tracks(layers.get("OUTPUT_AREAS", points))
        count = len(set(map(str, values_of(points, "user_id", object))))
        words = tr("Forecasts of {n:,} users, {m:g} min ahead: half of them are within {a}, four fifths within {b}.")
        summary = words.format(n=count, m=horizons[-1], a=metres(medians[0][-1]), b=metres(medians[1][-1]))
        self.words.setText("<br>".join([summary, *map(escaped, warnings)]))
        self.show_track(0)
        show_controller(self.iface)

    def _show_chart(self, minutes: np.ndarray, radius50: np.ndarray, radius80: np.ndarray) -> None:
        while self.place.count():
            delete(self.place.takeAt(0).widget())
        self.chart = HorizonChart(minutes, radius50, radius80)
        self.chart.setObjectName("raw_chart")
        self.place.addWidget(QLabel(tr("<b>How far off it may be</b> (median over the tracks)")))
        self.place.addWidget(self.chart)

    # ---- the clock ----------------------------------------------------------------------------------------------

    def _list_tracks(self, areas: QgsVectorLayer, max_listed: int = 500) -> None:
        """List the tracks for the clock: those that end last come first."""
        t = np.array([value.toMSecsSinceEpoch() for value in values_of(areas, "t", object)])
        ahead_ms = values_of(areas, "horizon_min") * 60_000
        ids = [map(str, values_of(areas, name, object)) for name in ("user_id", "track_id")]
        boxes = [feature.geometry().boundingBox() for feature in areas.getFeatures()]
        names = np.array([user if user == track else f"{user} · {track}" for user, track in zip(*ids)], object)
        self.track.clear()
        self._ends = []
        tracks, which = np.unique(names, return_inverse=True)
        last = np.zeros(len(tracks), np.int64)
        np.maximum.at(last, which, t)
        for number in np.argsort(-last, kind="stable")[:max_listed]:
            rows = np.flatnonzero(which == number)
            box = QgsRectangle(boxes[rows[0]])
            for at in rows[1:]:
                box.combineExtentWith(boxes[at])
            self.track.addItem(str(tracks[number]))
            self._ends.append((int((t[rows] - ahead_ms[rows]).min()), int(last[number]), box))
        self._areas = areas
        self.clock.show()

    def show_track(self, at: int) -> None:
        """Set the map's clock to a track's own time, and zoom to the track."""
        if not 0 <= at < len(self._ends):
            return
        first, last, box = self._ends[at]
        controller = self.iface.mapCanvas().temporalController()
        begin, end = (QDateTime.fromMSecsSinceEpoch(ms, Qt.TimeSpec.UTC) for ms in (first, last))
        controller.setNavigationMode(QgsTemporalNavigationObject.Animated)  # its name before 3.36 too
        controller.setTemporalExtents(QgsDateTimeRange(begin, end.addSecs(1)))
        controller.setFrameDuration(QgsInterval(self.step.value() * 60.0))
        controller.setCurrentFrameNumber(1)
        canvas = self.iface.mapCanvas()
        try:
            extent = canvas.mapSettings().layerExtentToOutputExtent(self._areas, box)
        except (QgsCsException, RuntimeError):  # the layer was removed
            return
        extent.scale(1.2)
        canvas.setExtent(extent)
        canvas.refresh()

    def turn(self, step: int) -> None:
        """Move the map's clock by a frame."""
        controller = self.iface.mapCanvas().temporalController()
        controller.next() if step > 0 else controller.previous()

    # ---- state --------------------------------------------------------------------------------------------------

    def open_backtest(self) -> Any:
        """Open the backtest's dialog, filled in."""
        if self.session.layer is None:
            return None
        fields = self.session.fields  # a field left empty in the dialog is guessed
        return self.desktop.open_dialog("backtest", {
            "INPUT": self._input(), "USER_FIELD": fields.user or "", "TRACK_FIELD": fields.track or "",
            "TIME_FIELD": fields.time or "", "TIMEZONE": self.session.timezone, "MODEL": self.session.model_path,
            "HORIZON": self.horizon.value(), "STEP": self.step.value(),
        })  # fmt: skip

    def _enable(self) -> None:
        registry = QgsApplication.processingRegistry()
        self.backtest.setVisible(registry.algorithmById(f"{PROVIDER_ID}:backtest") is not None)
        self.go.setEnabled(self.session.tracks is not None and self.session.job is None)
        self.backtest.setEnabled(self.session.layer is not None)

    def remove(self) -> None:
        """Nothing on the map belongs to this tab."""


def values_of(layer: QgsVectorLayer, name: str, kind: Any = float) -> np.ndarray:
    """(n,) values of a field."""
    values, _ = QgsVectorLayerUtils.getValues(layer, name)
    return np.array([*values, None], object)[:-1].astype(kind)


def show_controller(iface: Any) -> None:
    """Show QGIS's temporal controller, no higher than it needs: on a small screen the map has little room."""
    window = iface.mainWindow()
    dock = window.findChild(QDockWidget, "Temporal Controller")
    if dock is not None and not dock.isVisible():
        dock.setVisible(True)
        window.resizeDocks([dock], [9 * dock.fontMetrics().height()], Qt.Orientation.Vertical)  # its three rows
