# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:forecasttracks: where each track is likely to be after its last fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsProcessing

from ...core.specs import MIN_USERS, ForecastSpec
from ..form import Run
from ..tracks import TrackAlgorithm
from ..words import tr

if TYPE_CHECKING:
    import numpy as np

    from ...core.forecasting.predict import Prediction
    from ...core.tracks import Tracks


class ForecastTracks(TrackAlgorithm):
    """Positions, lines and areas ahead of every track's last fix."""

    ID = "forecasttracks"
    ICON = "forecast"
    TITLE = "Forecast tracks"
    SUMMARY = "Where people are likely to be after their last fix, with areas that hold them in 50 and 80 % of cases."
    TAGS = ("trajectory", "movement", "prediction", "predict", "next location", "uncertainty", "mobility", "gps")
    NEEDS: tuple[str, ...] = ("onnxruntime", "scipy", "shapely", "pyproj")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_options(ForecastSpec)
        self.add_sink("OUTPUT", "Forecast positions", QgsProcessing.SourceType.TypeVectorPoint)
        line = QgsProcessing.SourceType.TypeVectorLine
        self.add_sink("OUTPUT_TRACKS", "Forecast tracks", line, optional=True)
        self.add_sink("OUTPUT_AREAS", "Forecast areas", QgsProcessing.SourceType.TypeVectorPolygon, optional=True)
        self.add_sink("OUTPUT_RECENT", "Recent tracks", line, optional=True, made=False)
        self.add_model()

    def check(self, run: Run) -> None:
        """Refuse a step that leaves no forecast, or too many."""
        super().check(run)
        run.spec(ForecastSpec).horizons_s()

    def _default_unit(self) -> str:
        """'track' if a track field was chosen or there are no users, else 'user'."""
        fields = self.plan.fields
        has_tracks = fields.track is not None or self.plan.has_lines
        by_track = has_tracks and ("track" not in fields.guessed or fields.user is None)
        return "track" if by_track else "user"

    def run_on(self, run: Run) -> dict[str, Any]:
        """Read, forecast, write."""
        from ...core.forecasting.predict import Queries, predict

        spec = run.spec(ForecastSpec)
        unit = spec.unit or self._default_unit()
        model = self.open_model(run)
        tracks, skipped = self.read_units(run, unit)
        run.info(tr("One forecast for each {unit}, from its last fix.").format(unit=tr(unit)))
        with_areas = bool(run.parameters.get("OUTPUT_AREAS"))
        with_lines = bool(run.parameters.get("OUTPUT_TRACKS"))
        queries = Queries.ahead(tracks, spec.horizons_s())
        forecasts = predict(
            tracks, model, queries, run.stage(tr("Forecasting")), with_areas=with_areas,
            n_paths=spec.paths if with_lines else 0,
        )  # fmt: skip
        self.warn_outside(forecasts.reasons, forecasts.in_domain, run)
        if forecasts.few_users.any():
            words = tr(
                "{k:,} of {n:,} forecasts rest on the past of fewer than {m} other users: they may show where one of "
                "them goes. Treat them as personal data."
            )
            run.warn(words.format(k=int(forecasts.few_users.sum()), n=len(forecasts.t), m=MIN_USERS))
        results = {"OUTPUT": self._write_points(run, tracks, forecasts)}
        if with_lines:
            results["OUTPUT_TRACKS"] = self._write_tracks(run, tracks, forecasts)
        if forecasts.areas is not None:
            results["OUTPUT_AREAS"] = self._write_areas(run, tracks, forecasts, forecasts.areas)
        if run.parameters.get("OUTPUT_RECENT"):
            results["OUTPUT_RECENT"] = self._write_recent(run, tracks)
        return {**results, **self.counts(tracks, skipped, model.provider)}

    def _write_points(self, run: Run, tracks: Tracks, forecasts: Prediction) -> str:
        from ...layers import styling, writing

        columns = {
            **ids_of(tracks, forecasts.track),
            "t": forecasts.t,
            "horizon_min": forecasts.horizon_s / 60.0,
            "radius50_m": forecasts.radius50_m,
            "radius80_m": forecasts.radius80_m,
            "in_domain": forecasts.in_domain,
        }
        return self.write_table(
            run, "OUTPUT", columns, styling.ForecastPoints(),
            writing.points(self.in_input_crs(run, forecasts.lon, forecasts.lat)), Qgis.WkbType.Point,
            self.plan.source.sourceCrs(), stop=95,
        )  # fmt: skip

    def _write_tracks(self, run: Run, tracks: Tracks, forecasts: Prediction) -> str:
        """A line a path: the track's last fix and the path's positions, on the same side of the antimeridian."""
        import numpy as np

        from ...core.arrays import expand_ranges
        from ...core.geodesy import near_lon
        from ...layers import styling, writing

        order = np.lexsort((forecasts.t, forecasts.track))
        which, first, size = np.unique(forecasts.track[order], return_index=True, return_counts=True)
        path, of = np.nonzero(np.isfinite(forecasts.path_probability[order[first]].T))  # the most likely ones first
        row, column = order[expand_ranges(first[of], size[of])], np.repeat(path, size[of])
        offsets = np.concatenate([[0], np.cumsum(size[of] + 1)])
        begin, last_fix = offsets[:-1] - np.arange(len(of)), (tracks.track_offsets[which + 1] - 1)[of]
        lon, lat = (
            np.insert(positions[row, column], begin, fixes[last_fix])
            for positions, fixes in ((forecasts.path_lon, tracks.lon), (forecasts.path_lat, tracks.lat))
        )
        lon = near_lon(lon, np.repeat(tracks.lon[last_fix], size[of] + 1))
        last = order[first + size - 1][of]
        columns = {
            **ids_of(tracks, which[of]),
            "t_first": tracks.t[last_fix],
            "t_last": forecasts.t[last],
            "horizon_min": forecasts.horizon_s[last] / 60.0,
            "in_domain": ~np.isin(which[of], forecasts.track[~forecasts.in_domain]),
            "path": path + 1,
            "probability": forecasts.path_probability[last, path],
        }
        return self.write_table(
            run, "OUTPUT_TRACKS", columns, styling.ForecastLines(),
            writing.lines(self.in_input_crs(run, lon, lat, offsets), offsets), Qgis.WkbType.LineString,
            self.plan.source.sourceCrs(), start=95, stop=96,
        )  # fmt: skip

    def _write_recent(self, run: Run, tracks: Tracks, min_fixes: int = 3) -> str:
        """A line a track: its last fixes, for twice as long as the forecast looks ahead, and at least `min_fixes`."""
        import numpy as np

        from ...core.arrays import expand_ranges
        from ...core.embedding.applicability import after_gap
        from ...core.geodesy import unwrapped
        from ...layers import styling, writing

        first, last = tracks.track_offsets[:-1], tracks.track_offsets[1:] - 1
        late = tracks.t >= tracks.t[last][tracks.track] - 120_000 * run.spec(ForecastSpec).horizon_min
        size = np.maximum(
            np.bincount(tracks.track[late], minlength=tracks.n_tracks), np.minimum(min_fixes, last - first + 1)
        )
        rows, offsets = expand_ranges(last + 1 - size, size), np.concatenate([[0], np.cumsum(size)])
        columns = {
            **ids_of(tracks, np.arange(tracks.n_tracks)), "t_first": tracks.t[last + 1 - size], "t_last": tracks.t[last]
        }  # fmt: skip
        xy = self.in_input_crs(run, unwrapped(tracks.lon[rows], offsets), tracks.lat[rows], offsets)
        return self.write_table(
            run, "OUTPUT_RECENT", columns, styling.ForecastRecent(),
            writing.cut_lines(xy, offsets, after_gap(tracks)[rows]), Qgis.WkbType.MultiLineString,
            self.plan.source.sourceCrs(), start=99,
        )  # fmt: skip

    def _write_areas(self, run: Run, tracks: Tracks, forecasts: Prediction, areas: np.ndarray) -> str:
        """Two areas a forecast, the larger one first, so that it is drawn below. areas: (n, 2), the 50 % area first."""
        import numpy as np

        from ...layers import styling

        n = len(forecasts.track)
        twice = np.tile(np.arange(n), 2)
        columns = {
            **ids_of(tracks, forecasts.track[twice]),
            "level": np.repeat([80, 50], n),
            "t": forecasts.t[twice],
            "horizon_min": forecasts.horizon_s[twice] / 60.0,
            "in_domain": forecasts.in_domain[twice],
        }
        return self.write_table(
            run, "OUTPUT_AREAS", columns, styling.ForecastAreas(),
            self.polygons_in_input_crs(run, areas[:, ::-1].T.ravel()), Qgis.WkbType.MultiPolygon,
            self.plan.source.sourceCrs(), start=96,
        )  # fmt: skip


def ids_of(tracks: Tracks, track: np.ndarray) -> dict[str, np.ndarray]:
    """The id columns of rows that belong to the tracks of these numbers."""
    return {"user_id": tracks.user_ids[tracks.track_user[track]], "track_id": tracks.track_ids[track]}
