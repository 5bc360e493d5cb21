# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:forecasttracks: where everybody is likely to be next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QIcon

from ..core.errors import InputError
from .base import COMPUTED, READ, TrackAlgorithm, icon
from .progress import Stage
from .words import tr

if TYPE_CHECKING:
    import numpy as np

    from ..core.forecasting.predict import Forecasts
    from ..core.tracks import Tracks

UNITS = ("user", "track")
LEVELS = (80, 50)  # percent; the larger area lies below
MOST_STEPS = 1000


class ForecastTracks(TrackAlgorithm):
    """Positions, lines and areas ahead of every track's last fix."""

    ID = "forecasttracks"
    TITLE = "Forecast tracks"
    SUMMARY = "Where people are likely to be after their last fix, with areas that hold them in 50 and 80 % of cases."
    TAGS = ("trajectory", "movement", "prediction", "predict", "next location", "uncertainty", "mobility", "gps")
    NEEDS: tuple[str, ...] = ("onnxruntime", "scipy", "shapely", "pyproj")

    @staticmethod
    def icon() -> QIcon:
        """The drawing in toolbar and toolbox."""
        return icon("forecast")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_horizons()
        self.add_choice(
            "UNIT", "One forecast for each", UNITS, "Empty: a track where a track field is chosen (or INPUT has no "
            "users), else a user, after the last fix of all the user's tracks.", optional=True,
        )  # fmt: skip
        for name, label, shape in (
            ("OUTPUT", "Forecast positions", QgsProcessing.TypeVectorPoint),
            ("OUTPUT_TRACKS", "Forecast tracks", QgsProcessing.TypeVectorLine),
            ("OUTPUT_AREAS", "Forecast areas", QgsProcessing.TypeVectorPolygon),
        ):
            self.addParameter(QgsProcessingParameterFeatureSink(name, tr(label), shape, optional=name != "OUTPUT"))
        self.add_model()

    def add_horizons(self) -> None:
        """Add HORIZON and STEP."""
        for name, label, default, help_text in (
            ("HORIZON", "Horizon (minutes)", 30.0, "How far ahead of the last fix."),
            ("STEP", "Step (minutes)", 5.0, "One forecast every so many minutes, up to the horizon."),
        ):
            number = QgsProcessingParameterNumber(
                name, tr(label), QgsProcessingParameterNumber.Double, default, minValue=0.01
            )
            number.setHelp(tr(help_text))
            number.setMetadata({"widget_wrapper": {"decimals": 2}})
            self.addParameter(number)

    def check_own(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """A step beyond the horizon leaves nothing to forecast; too small a one never ends."""
        super().check_own(parameters, context)
        self.horizons(parameters, context)

    def horizons(self, parameters: dict[str, Any], context: QgsProcessingContext) -> np.ndarray:
        """(h,) seconds after the last fix: every STEP up to HORIZON."""
        import numpy as np

        horizon = self.parameterAsDouble(parameters, "HORIZON", context)
        step = self.parameterAsDouble(parameters, "STEP", context)
        if not 0 < step <= horizon:
            raise InputError(f"STEP ({step:g} min) must be above 0 and no longer than HORIZON ({horizon:g} min).")
        count = int(np.floor(horizon / step + 1e-9))
        if count > MOST_STEPS:
            least = f"{horizon / MOST_STEPS:g} min"
            raise InputError(f"{count:,} steps for each track are too many: choose a STEP of {least} or more.")
        return np.arange(1, count + 1) * step * 60.0

    def _unit(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        """What was chosen; else a track where a track field was chosen or there is nobody to follow, else a user."""
        fields = self.reading.fields
        chosen = self.parameterAsString(parameters, "UNIT", context)
        has_tracks = fields.track is not None or self.reading.has_lines
        by_track = has_tracks and ("track" not in fields.guessed or fields.user is None)
        return chosen or ("track" if by_track else "user")

    def run_on(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Read, forecast, write."""
        from ..core.forecasting.predict import forecast

        unit = self._unit(parameters, context)
        model = self.open_model(parameters, context, feedback)
        read, skipped = self.read(feedback)
        tracks = self.cut(read, unit, skipped, feedback)
        feedback.pushInfo(tr("One forecast for each {unit}, from its last fix.").format(unit=tr(unit)))
        stage = Stage(feedback, tr("Forecasting"), READ, COMPUTED)
        horizons, with_areas = self.horizons(parameters, context), bool(parameters.get("OUTPUT_AREAS"))
        answer = forecast(tracks, model, horizons, stage, with_areas=with_areas)
        self.warn_outside(answer.reasons, answer.in_domain, feedback)
        results = {
            "OUTPUT": self._write_points(parameters, context, feedback, tracks, answer),
            "OUTPUT_TRACKS": self._write_tracks(parameters, context, tracks, answer),
            "OUTPUT_AREAS": self._write_areas(parameters, context, feedback, tracks, answer),
        }
        written = {name: destination for name, destination in results.items() if destination}
        return {**written, **self.counts(tracks, skipped, model)}

    def _write_points(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback,
        tracks: Tracks, answer: Forecasts,
    ) -> str:  # fmt: skip
        from ..layers import styling, writing

        columns = {
            **ids_of(tracks, answer.track),
            "t": answer.t,
            "horizon_min": answer.horizon_s / 60.0,
            "radius50_m": answer.radius50_m,
            "radius80_m": answer.radius80_m,
            "in_domain": answer.in_domain,
        }
        geometries = writing.points(self._in_input_crs(context, answer.lon, answer.lat))
        stage = Stage(feedback, tr("Writing"), COMPUTED, 95)
        return self.write_table(
            parameters, "OUTPUT", context, columns, geometries, QgsWkbTypes.Point, self.reading.source.sourceCrs(),
            styling.ForecastPoints(), stage,
        )  # fmt: skip

    def _write_tracks(
        self, parameters: dict[str, Any], context: QgsProcessingContext, tracks: Tracks, answer: Forecasts
    ) -> str:
        """A line a track: its last fix and the forecasts in order, on the same side of the antimeridian."""
        import numpy as np

        from ..core.geodesy import near_lon
        from ..layers import styling, writing

        if not parameters.get("OUTPUT_TRACKS"):
            return ""
        which = np.unique(answer.track)
        order = np.lexsort((answer.t, answer.track))
        last_fix = tracks.track_offsets[which + 1] - 1
        at = np.asarray(np.searchsorted(answer.track[order], which))
        lon = np.insert(answer.lon[order], at, tracks.lon[last_fix])
        lat = np.insert(answer.lat[order], at, tracks.lat[last_fix])
        offsets = np.append(at + np.arange(len(which)), len(lon))
        lon = near_lon(lon, np.repeat(tracks.lon[last_fix], np.diff(offsets)))
        end = np.searchsorted(answer.track[order], which, side="right") - 1
        columns = {
            **ids_of(tracks, which),
            "t_first": tracks.t[last_fix],
            "t_last": answer.t[order][end],
            "horizon_min": answer.horizon_s[order][end] / 60.0,
            "in_domain": ~np.isin(which, answer.track[~answer.in_domain]),
        }
        geometries = writing.lines(self._in_input_crs(context, lon, lat), offsets)
        return self.write_table(
            parameters, "OUTPUT_TRACKS", context, columns, geometries, QgsWkbTypes.LineString,
            self.reading.source.sourceCrs(), styling.ForecastLines(),
        )  # fmt: skip

    def _write_areas(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback,
        tracks: Tracks, answer: Forecasts,
    ) -> str:  # fmt: skip
        """Two areas a forecast, of several parts where it may be at several places."""
        import numpy as np
        import shapely

        from ..layers import styling, writing

        if answer.areas is None:
            return ""
        n = len(answer.track)
        twice = np.tile(np.arange(n), len(LEVELS))
        areas = answer.areas[:, ::-1].T.ravel()  # the larger first, below
        lon, lat = shapely.get_coordinates(areas).T
        areas = shapely.set_coordinates(areas, self._in_input_crs(context, lon, lat))
        columns = {
            **ids_of(tracks, answer.track[twice]),
            "level": np.repeat(np.array(LEVELS), n),
            "t": answer.t[twice],
            "horizon_min": answer.horizon_s[twice] / 60.0,
            "in_domain": answer.in_domain[twice],
        }
        stage = Stage(feedback, tr("Writing"), 95, 100)
        return self.write_table(
            parameters, "OUTPUT_AREAS", context, columns, writing.multipolygons(areas), QgsWkbTypes.MultiPolygon,
            self.reading.source.sourceCrs(), styling.ForecastAreas(), stage,
        )  # fmt: skip

    def _in_input_crs(self, context: QgsProcessingContext, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """(n,) degrees -> (n, 2) in INPUT's CRS."""
        import numpy as np

        from ..layers.coordinates import from_wgs84, transform_xy

        transform = from_wgs84(self.reading.source.sourceCrs(), context.transformContext())
        return transform_xy(np.column_stack([lon, lat]), transform)


def ids_of(tracks: Tracks, track: np.ndarray) -> dict[str, np.ndarray]:
    """The id columns of rows that belong to the tracks of these numbers."""
    return {"user_id": tracks.user_ids[tracks.track_user[track]], "track_id": tracks.track_ids[track]}
