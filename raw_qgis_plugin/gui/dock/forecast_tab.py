# SPDX-License-Identifier: GPL-2.0-or-later
"""The tab of forecasts: where all or the selected tracks may be next, with the map's clock at the data's own time."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from qgis.core import (
    QgsCsException,
    QgsDateTimeRange,
    QgsExpressionContextUtils,
    QgsProcessingFeatureSourceDefinition,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QWidget,
)

from ...core.evaluation.words import metres_words
from ...core.specs import ForecastSpec
from ...layers.legends import TRACK
from ...layers.words import count_users
from ...layers.writing import utc
from ...processing.words import tr
from ..desktop import Desktop
from ..maps.fit import controller_panel, look_at, set_clock, show_controller, switch_clock_off
from ..results import DockRun, last_run, values_of
from ..session import Session
from ..widgets.charts import HorizonChart
from ..widgets.layout import column, delete, escaped, row, wrapped
from ..widgets.option_form import OptionForm
from .backtest_card import BacktestCard, horizons_of
from .run_again import RunAgain

NEAREST_SCALE = 1000.0  # a forecast of somebody at rest is some metres wide: nearer, no street would be in sight

Layers = dict[str, QgsVectorLayer]  # results by output


class ForecastTab(QWidget):
    """The form, the charts of expected and real errors, the track that is chosen, and the steps of the map's clock."""

    def __init__(self, session: Session, desktop: Desktop) -> None:
        super().__init__(objectName="raw_forecast")
        self.session, self.desktop, self.iface = session, desktop, desktop.iface
        self.form = OptionForm(ForecastSpec, "paths")
        self.horizon, self.step, self.unit = (self.form.boxes[name] for name in ("HORIZON", "STEP", "UNIT"))
        self.selected = QCheckBox(tr("Selected features only"), objectName="raw_selected")
        self.go = QPushButton(tr("Forecast"), objectName="raw_go", clicked=lambda: self.run())
        tip = tr("Accuracy of such forecasts on the past of this layer, compared with simple methods")
        self.backtest = QPushButton(
            tr("Backtest"), objectName="raw_backtest_button", toolTip=tip, clicked=lambda: self.run_backtest()
        )
        self.again, self.test_again = (
            RunAgain(session, (name,), self.run_again) for name in ("forecasttracks", "backtest")
        )
        self.words = wrapped()
        self.clock_words = wrapped(objectName="raw_clock_words")
        off = tr("Switch the clock off")
        self.clock_off = QPushButton(
            off, objectName="raw_clock_off", clicked=lambda: switch_clock_off(self.iface.mapCanvas())
        )
        self.track = QComboBox(
            objectName="raw_track", toolTip=tr("Zoom to a track, dim the others, and set the map's clock to its time"),
            sizeAdjustPolicy=QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon,
            activated=lambda at: self.show_track(at - 1),
        )  # fmt: skip
        self.chart: HorizonChart | None = None
        self._layer: QgsVectorLayer | None = None  # of the tracks that the tab shows
        self._layers: Layers = {}
        self._ends: list[tuple[int, int, QgsRectangle]] = []  # of each track listed: first and last ms, its extent
        self._lay_out()
        session.changed.connect(self.show_session)
        session.worked.connect(self._enable)
        self._canvas = self.iface.mapCanvas()
        self._canvas.temporalRangeChanged.connect(self.show_clock)
        self.show_session()

    def _lay_out(self) -> None:
        self.form.addRow(self.selected)
        arrows = Qt.ArrowType
        back = QToolButton(objectName="raw_back", toolTip=tr("A step back"), arrowType=arrows.LeftArrow)
        ahead = QToolButton(objectName="raw_ahead", toolTip=tr("A step ahead"), arrowType=arrows.RightArrow)
        back.clicked.connect(lambda: self.turn(-1))
        ahead.clicked.connect(lambda: self.turn(1))
        self.clock = QWidget()
        tracks = row(QLabel(tr("Track")), self.track, back, ahead, stretch=self.track)
        self.clock.setLayout(column(tracks, self.clock_words, row(self.clock_off, None), margins_px=0))
        self.place, self.tested = column(), column()  # the chart of the forecast, the card of the backtest
        buttons = row(self.go, self.again, self.backtest, None)
        again = row(self.test_again, None)
        parts = self.form, buttons, self.words, self.clock, self.place, self.tested, again, None
        self.setLayout(column(*parts, margins_px=(2, 6, 2, 2)))

    # ---- running ------------------------------------------------------------------------------------------------

    def _settings(self) -> dict[str, Any]:
        layer = self.session.layer
        tracks = QgsProcessingFeatureSourceDefinition(layer.id() if layer else "", self.selected.isChecked())
        return {"HORIZON": self.horizon.value(), "STEP": self.step.value(), "INPUT": tracks}

    def _label(self, title: str) -> str:
        words = tr("{title}, {horizon:g} min every {step:g}")
        return words.format(title=title, horizon=self.horizon.value(), step=self.step.value())

    def run(self, **more: Any) -> None:
        """Forecast from the last fixes. more: parameters of raw:forecasttracks."""
        layer = self.session.layer
        if self.selected.isChecked() and layer is not None and not layer.selectedFeatureCount():
            self.words.setText(tr("Nothing is selected: select features of the layer, or forecast all."))
            return
        values = {**self._settings(), "UNIT": self.unit.currentData() or None, **more}
        outputs = ["OUTPUT", "OUTPUT_TRACKS", "OUTPUT_AREAS", "OUTPUT_RECENT"]
        label = self._label(tr("Forecast"))
        self.session.run_algorithm("forecasttracks", values, outputs, tr("Forecasting"), self._done, label)

    def run_backtest(self, **more: Any) -> None:
        """Test forecasts on the past of the layer. more: parameters of raw:backtest."""
        self.session.run_algorithm(
            "backtest", {**self._settings(), **more}, ["OUTPUT"], tr("Testing forecasts"),
            self._has_tested, self._label(tr("Backtest")),
        )  # fmt: skip

    def _has_tested(self, _results: dict[str, Any], layers: Layers, warnings: list[str]) -> None:
        self._show_backtest(layers, warnings)
        self._scroll_to(self.test_again)  # the card is below the chart, on a small screen out of sight

    def _scroll_to(self, widget: QWidget) -> None:
        """Scroll to a widget once the tab is laid out."""
        viewport = self.parentWidget()
        area = viewport.parentWidget() if viewport is not None else None
        if isinstance(area, QScrollArea):
            QTimer.singleShot(100, lambda: area.ensureWidgetVisible(widget))

    def run_again(self, run: DockRun) -> None:
        """Repeat a run."""
        self._show_settings(run)
        repeat = self.run if run.algorithm == "forecasttracks" else self.run_backtest
        repeat(MODEL=str(run.values.get("MODEL", "")))

    def _done(self, _results: dict[str, Any], layers: Layers, warnings: list[str]) -> None:
        self._show_forecast(layers, warnings)
        self._scroll_to(self.words)  # and the track below: Qt has moved the focus, and the page, further down
        if self._ends:
            self.track.setCurrentIndex(1)
            self.show_track(0)
            show_controller(self.iface)
            self.show_clock()

    # ---- results ------------------------------------------------------------------------------------------------

    def _show_forecast(self, layers: Layers, warnings: list[str]) -> None:
        self._layers, self._ends = layers, []
        self._clear(self.place)
        points = layers.get("OUTPUT")
        self.clock.setVisible(points is not None and points.featureCount() > 0)
        if points is None or not points.featureCount():
            words = tr("There is no track of two fixes to forecast.")
            self.words.setText("<br>".join([words, *map(escaped, warnings)]))
            return
        minutes = values_of(points, "horizon_min")
        radii = values_of(points, "radius50_m"), values_of(points, "radius80_m")
        horizons = np.unique(minutes)
        half, most = ([np.nanmedian(r[minutes == h]) for h in horizons] for r in radii)
        self.chart = HorizonChart(
            horizons, [("80 %", "#e69f00", np.array(most)), ("50 %", "#d55e00", np.array(half))],
            tr("{m} min ahead: {1} in half, {0} in four fifths of cases"), filled=True,
        )  # fmt: skip
        self.chart.setObjectName("raw_chart")
        self.place.addWidget(QLabel(tr("<b>How far off it may be</b> (median over the tracks)")))
        self.place.addWidget(self.chart)
        words = tr("The point on the map is the best single answer. Between two likely places it lies in neither.")
        self.place.addWidget(wrapped(words))
        self._list_tracks(layers.get("OUTPUT_AREAS", points))
        count = len(set(map(str, values_of(points, "user_id", object))))
        words = tr("Forecasts of {users}, {m:g} min ahead: half are expected within {a}, four fifths within {b}.")
        near = {"a": metres_words(half[-1]), "b": metres_words(most[-1])}
        summary = words.format(users=count_users(count), m=horizons[-1], **near)
        self.words.setText("<br>".join([summary, *map(escaped, warnings)]))

    def _show_backtest(self, layers: Layers, warnings: list[str]) -> None:
        self._clear(self.tested)
        if "OUTPUT" in layers and (horizons := horizons_of(layers["OUTPUT"])):
            self.tested.addWidget(BacktestCard(layers["OUTPUT"], horizons, warnings, self.desktop))

    def _clear(self, place: Any) -> None:
        while place.count():
            delete(place.takeAt(0).widget())

    def _show_settings(self, run: DockRun) -> None:
        self.form.show_values({**self.form.values(), **run.values})

    # ---- the chosen track and the clock -------------------------------------------------------------------------

    def _list_tracks(self, areas: QgsVectorLayer, max_listed: int = 500) -> None:
        """List the tracks for the clock: those that end last come first."""
        t = np.array([value.toMSecsSinceEpoch() for value in values_of(areas, "t", object)])
        ahead_ms = values_of(areas, "horizon_min") * 60_000
        ids = [map(str, values_of(areas, name, object)) for name in ("user_id", "track_id")]
        boxes = [feature.geometry().boundingBox() for feature in areas.getFeatures()]
        names = np.array([user if user == track else f"{user} · {track}" for user, track in zip(*ids)], object)
        self.track.clear()
        self.track.addItem(tr("all alike"))
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
        chosen = QgsExpressionContextUtils.layerScope(areas).variable(TRACK)
        self.track.setCurrentIndex(max(0, self.track.findText(str(chosen or ""))))
        self._areas = areas
        self.show_clock()

    def show_track(self, at: int) -> None:
        """Dim all other tracks, set the map's clock to the track's time, and zoom to it. at: -1 for all alike."""
        for layer in self._layers.values():
            if not sip.isdeleted(layer):
                QgsExpressionContextUtils.setLayerVariable(layer, TRACK, self.track.itemText(at + 1) if at >= 0 else "")
                layer.triggerRepaint()
        if not 0 <= at < len(self._ends):
            return
        first, last, box = self._ends[at]
        set_clock(self._canvas, QgsDateTimeRange(utc(first), utc(last).addSecs(1)), self.step.value() * 60.0, frame=1)
        try:
            extent = self._canvas.mapSettings().layerExtentToOutputExtent(self._areas, box)
        except (QgsCsException, RuntimeError):  # the layer was removed
            return
        extent.scale(1.2)
        look_at(self._canvas, extent, NEAREST_SCALE)

    def turn(self, step: int) -> None:
        """Move the map's clock by a frame."""
        controller = self._canvas.temporalController()
        controller.next() if step > 0 else controller.previous()

    def show_clock(self, _range: Any = None) -> None:
        """Say what the map's clock hides: labels, or the forecasts, or that it is off."""
        first, last, _ = self._ends[max(0, self.track.currentIndex() - 1)] if self._ends else (0, 0, None)
        shown = self._canvas.temporalRange()
        on = not shown.isInfinite()
        if not on:
            words = tr(
                "⚠ The map's clock is off: the map shows the last forecasts alone. Choose a track to set the clock."
            )
        elif shown.overlaps(QgsDateTimeRange(utc(first), utc(last))):
            words = tr("The map shows the time of the forecast alone: labels of other times are hidden.")
            panel = controller_panel(self.iface)
            if panel is not None and panel.isHidden():
                words += " " + tr("The Temporal Controller in QGIS's toolbar plays the forecast.")
        else:
            begin, end, a, b = (
                time.toUTC().toString("yyyy-MM-dd HH:mm")
                for time in (shown.begin(), shown.end(), utc(first), utc(last))
            )
            words = tr(
                "⚠ The map's clock is at {begin} to {end} UTC, and this track's forecasts are of {a} to {b} UTC: the "
                "map does not show them. Choose the track again to set the clock."
            ).format(begin=begin, end=end, a=a, b=b)
        self.clock_words.setText(words)
        self.clock_off.setVisible(on)

    # ---- state --------------------------------------------------------------------------------------------------

    def show_session(self) -> None:
        """Show what the project holds of the last runs, after another layer of tracks was chosen."""
        layer = self.session.layer
        if layer is not self._layer:
            self._layer = layer
            self.unit.setCurrentIndex(self.unit.findData("user" if self.session.fields.user else "track"))
            for place in (self.place, self.tested):
                self._clear(place)
            self.words.setText("")
            self.clock.hide()
            for name, show in (("backtest", self._show_backtest), ("forecasttracks", self._show_forecast)):
                found = last_run(name, layer.id()) if layer is not None else None
                if found is not None:
                    self._show_settings(found[0])
                if found is not None and found[1]:
                    with suppress(ValueError, TypeError, IndexError, AttributeError):  # somebody has changed the table
                        show(found[1], [str(words) for words in found[0].warnings])
        self._enable()

    def _enable(self) -> None:
        for button in (self.go, self.backtest):
            button.setEnabled(self.session.tracks is not None and self.session.job is None)

    def remove(self) -> None:
        """Stop listening to the map."""
        self._canvas.temporalRangeChanged.disconnect(self.show_clock)
