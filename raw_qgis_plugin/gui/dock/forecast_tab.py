# SPDX-License-Identifier: GPL-2.0-or-later
"""The tab of forecasts: where all or the selected tracks may be next, with the map's clock at the
data's own time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from qgis.core import (
    QgsCsException,
    QgsDateTimeRange,
    QgsExpressionContextUtils,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QComboBox, QLabel, QPushButton, QWidget

from ...core.evaluation.verdicts import metres_words
from ...core.specs import ForecastSpec
from ...layers.legends import TRACK
from ...layers.words import count_users
from ...layers.writing import utc
from ...processing.words import tr
from ...tasks.job import Layers
from ..desktop import Desktop
from ..maps.fit import set_clock, show_controller, switch_clock_off
from ..results import last_run, values_of
from ..session import Session
from ..summary import cadence_s
from ..widgets.layout import column, delete, escaped, row, wrapped
from ..widgets.option_form import OptionForm
from .backtest_card import BacktestCard

# a forecast of somebody at rest is some metres wide: nearer, no street would be in sight
NEAREST_SCALE = 5000.0


class ForecastTab(QWidget):
    """The form, the track that is chosen with the map's clock, and the backtest."""

    def __init__(self, session: Session, desktop: Desktop) -> None:
        super().__init__(objectName="raw_forecast")
        self.session = session
        self.iface = desktop.iface
        self.canvas = desktop.iface.mapCanvas()
        self.form = OptionForm(ForecastSpec, "paths")
        self.go = QPushButton(tr("Forecast"), objectName="raw_go", clicked=lambda: self.run())
        tip = tr(
            "Accuracy of such forecasts on the past of this layer, compared with simple methods"
        )
        self.backtest = QPushButton(
            tr("Backtest"),
            objectName="raw_backtest_button",
            toolTip=tip,
            clicked=lambda: self.run_backtest(),
        )
        self.words = wrapped()
        self._build_clock()
        self.tested = column()  # the card of the backtest
        self._layer: QgsVectorLayer | None = None  # of the tracks that the tab shows
        self._new = False  # whether that was not read yet, and has no earlier forecast
        self._layers: Layers = {}
        parts = (
            self.form,
            row(self.go, self.backtest, None),
            self.words,
            self.clock,
            self.tested,
            None,
        )
        self.setLayout(column(*parts, margins_px=(2, 6, 2, 2)))
        session.changed.connect(self.show_session)
        session.worked.connect(self._enable)
        self.canvas.temporalRangeChanged.connect(self.show_clock)
        self.show_session()

    def _build_clock(self) -> None:
        """The choice of a track, and what it does to the map's clock."""
        self.track = QComboBox(
            objectName="raw_track",
            toolTip=tr("Zoom to a track, dim the others, and set the map's clock to its time"),
            sizeAdjustPolicy=QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon,
            activated=self.show_track,
        )
        self.clock_words = wrapped(objectName="raw_clock_words")
        play = QPushButton(
            tr("Play…"), objectName="raw_play", toolTip=tr("Open QGIS's Temporal Controller")
        )
        play.clicked.connect(lambda: show_controller(self.iface))
        self.clock_off = QPushButton(
            tr("Switch the clock off"),
            objectName="raw_clock_off",
            clicked=lambda: switch_clock_off(self.canvas),
        )
        self.clock = QWidget()
        tracks = row(QLabel(tr("Track")), self.track, stretch=self.track)
        self.clock.setLayout(
            column(tracks, self.clock_words, row(play, self.clock_off, None), margins_px=0)
        )

    # ---- running

    def run(self) -> None:
        """Forecast from the last fixes, and show the first track."""

        def done(_results: dict[str, Any], layers: Layers, warnings: list[str]) -> None:
            self._show_forecast(layers, warnings)
            if self.track.count() > 1:
                self.track.setCurrentIndex(1)
                self.show_track(1)

        outputs = ["OUTPUT", "OUTPUT_TRACKS", "OUTPUT_AREAS"]
        self._run("forecasttracks", outputs, tr("Forecasting"), tr("Forecast"), done)

    def run_backtest(self) -> None:
        """Test forecasts on the past of the layer."""
        done = lambda _, layers, warnings: self._show_backtest(layers, warnings)  # noqa: E731
        self._run("backtest", ["OUTPUT"], tr("Testing forecasts"), tr("Backtest"), done)

    def _run(
        self, name: str, outputs: list[str], title: str, group: str, done: Callable[..., None]
    ) -> None:
        values = self.form.values()
        label = tr("{title}, {horizon:g} min every {step:g}")
        label = label.format(title=group, horizon=values["HORIZON"], step=values["STEP"])
        self.session.run_algorithm(
            name, {**values, "UNIT": values["UNIT"] or None}, outputs, title, done, label
        )

    # ---- results

    def _show_forecast(self, layers: Layers, warnings: list[str]) -> None:
        self._layers = layers
        self.track.clear()
        self.track.addItem(tr("all alike"))
        points = layers.get("OUTPUT")
        words = tr("There is no track of two fixes to forecast.")
        self.clock.setVisible(points is not None and points.featureCount() > 0)
        if points is not None and points.featureCount():
            minutes = values_of(points, "horizon_min")
            near, far = (
                np.nanmedian(values_of(points, f"radius{n}_m")[minutes == minutes.max()])
                for n in (50, 80)
            )
            count = len(set(map(str, values_of(points, "user_id", object))))
            words = tr(
                "Forecasts of {users}, {m:g} min ahead: half are expected within {a}, four fifths "
                "within {b} (median over the tracks). The point on the map is the best single "
                "answer. Between two likely places it lies in neither."
            ).format(
                users=count_users(count), m=minutes.max(), a=metres_words(near), b=metres_words(far)
            )
            self._areas = layers.get("OUTPUT_AREAS", points)
            for name, *ends in tracks_in(self._areas):
                self.track.addItem(name, ends)
            chosen = QgsExpressionContextUtils.layerScope(self._areas).variable(TRACK)
            self.track.setCurrentIndex(max(0, self.track.findText(str(chosen or ""))))
            self.show_clock()
        self.words.setText("<br>".join([words, *map(escaped, warnings)]))

    def _show_backtest(self, layers: Layers, warnings: list[str]) -> None:
        while self.tested.count():
            delete(self.tested.takeAt(0).widget())
        if "OUTPUT" in layers:
            self.tested.addWidget(BacktestCard(layers["OUTPUT"], warnings, self.iface))

    # ---- the chosen track and the clock

    def show_track(self, at: int) -> None:
        """Dim all other tracks, set the map's clock to the track's time, and zoom to it. at: 0 for
        all alike.
        """
        for layer in self._layers.values():
            if not sip.isdeleted(layer):
                QgsExpressionContextUtils.setLayerVariable(
                    layer, TRACK, self.track.itemText(at) if at else ""
                )
                layer.triggerRepaint()
        if not at:
            return
        first, last, box = self.track.itemData(at)
        step_s = self.form.boxes["STEP"].value() * 60.0
        set_clock(self.canvas, QgsDateTimeRange(utc(first), utc(last).addSecs(1)), step_s, frame=1)
        with suppress(QgsCsException, RuntimeError):  # the layer was removed
            extent = self.canvas.mapSettings().layerExtentToOutputExtent(self._areas, box)
            extent.scale(1.2)
            self.canvas.setExtent(extent)
            self.canvas.zoomScale(max(self.canvas.scale(), NEAREST_SCALE))
            self.canvas.refresh()

    def show_clock(self, _range: Any = None) -> None:
        """Say what the map's clock hides."""
        on = not self.canvas.temporalRange().isInfinite()
        self.clock_words.setText(
            tr(
                "The map shows the time of the forecast alone, in UTC: labels of other times are "
                "hidden."
            )
            if on
            else tr(
                "⚠ The map's clock is off: the map shows the last forecasts alone. Choose a track "
                "to set the clock."
            )
        )
        self.clock_off.setVisible(on)

    # ---- state

    def show_session(self) -> None:
        """Show what the project holds of the last runs, after another layer was chosen."""
        layer = self.session.layer
        if layer is not self._layer:
            self._layer = layer
            self.form.show_values(
                {**self.form.values(), "UNIT": "user" if self.session.fields.user else "track"}
            )
            self._show_backtest({}, [])
            self.words.setText("")
            self.clock.hide()
            self._new = layer is not None
            for name, show in (
                ("backtest", self._show_backtest),
                ("forecasttracks", self._show_forecast),
            ):
                found = last_run(name, layer.id()) if layer is not None else None
                if found is not None:
                    self._new = False
                    self.form.show_values({**self.form.values(), **found[0].values})
                if found is not None and found[1]:
                    # a table was changed
                    with suppress(ValueError, TypeError, IndexError, AttributeError, KeyError):
                        show(found[1], [str(words) for words in found[0].warnings])
        if self._new and self.session.tracks is not None:  # no finer than the tracks have fixes
            self._new = False
            values = self.form.values()
            step_min = np.round(cadence_s(self.session.tracks) / 60)
            if step_min > values["STEP"]:
                horizon_min = max(values["HORIZON"], 2 * step_min)
                self.form.show_values({**values, "STEP": step_min, "HORIZON": horizon_min})
        self._enable()

    def _enable(self) -> None:
        for button in (self.go, self.backtest):
            button.setEnabled(self.session.tracks is not None and self.session.job is None)

    def remove(self) -> None:
        """Stop listening to the map."""
        self.canvas.temporalRangeChanged.disconnect(self.show_clock)


def tracks_in(
    areas: QgsVectorLayer, max_listed: int = 500
) -> list[tuple[str, int, int, QgsRectangle]]:
    """The tracks of a layer of forecasts, those that end last first: name, first and last ms, and
    extent.
    """
    found: dict[str, tuple[int, int, QgsRectangle]] = {}
    for feature in areas.getFeatures():
        user = str(feature["user_id"])
        track = str(feature["track_id"])
        last = feature["t"].toMSecsSinceEpoch()
        first = last - int(60_000 * feature["horizon_min"])
        box = feature.geometry().boundingBox()
        name = user if user == track else f"{user} · {track}"
        if name in found:
            box.combineExtentWith(found[name][2])
            first = min(first, found[name][0])
            last = max(last, found[name][1])
        found[name] = first, last, box
    return sorted(((name, *ends) for name, ends in found.items()), key=lambda each: -each[2])[
        :max_listed
    ]
