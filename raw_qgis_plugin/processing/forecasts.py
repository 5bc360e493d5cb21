# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:forecasttracks (where each track is likely to be after its last fix), and raw:backtest (how
good that is).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import Qgis

from ..core.arrays import Array
from ..core.errors import InputError
from ..core.specs import MIN_USERS, BacktestSpec, ForecastSpec
from .form import LINES, POINTS, POLYGONS, TABLE, Run
from .tracks import TrackAlgorithm, ids_of
from .words import tr

if TYPE_CHECKING:
    from ..core.forecasting.predict import Prediction
    from ..core.tracks import Tracks


class ForecastTracks(TrackAlgorithm):
    ID = "forecasttracks"
    TITLE = "Forecast tracks"
    SUMMARY = (
        "Where people are likely to be after their last fix, with areas that hold them in "
        "50 and 80 % of cases."
    )
    TAGS = ("prediction", "next location")

    def declare(self) -> None:
        self.add_options(ForecastSpec)
        self.add_sink("OUTPUT", "Forecast positions", POINTS)
        self.add_sink("OUTPUT_TRACKS", "Forecast tracks", LINES, optional=True)
        self.add_sink("OUTPUT_AREAS", "Forecast areas", POLYGONS, optional=True)

    def run_on(self, run: Run) -> None:
        from ..core.evaluation.backtest import predict_simply
        from ..core.forecasting.predict import Queries, predict
        from ..layers import styling

        spec = run.spec(ForecastSpec)
        model = self.open_model() if spec.method == "model" else None
        unit = spec.unit or self._usual_unit()
        tracks = self.read_units(unit)
        run.info(tr("One forecast for each {unit}, from its last fix.").format(unit=tr(unit)))
        with_areas = bool(run.parameters.get("OUTPUT_AREAS"))
        with_tracks = bool(run.parameters.get("OUTPUT_TRACKS")) and model is not None
        stage = run.stage(tr("Forecasting"))
        if model:
            queries = Queries.ahead(tracks, spec.horizons_s())
            n_paths = spec.paths if with_tracks else 0
            found = predict(tracks, model, queries, stage, with_areas=with_areas, n_paths=n_paths)
            self.warn_outside(found.reasons, found.in_domain)
        else:
            found = predict_simply(tracks, spec.horizons_s(), stage, with_areas=with_areas)
            if found.reasons:
                words = tr("In place of the model: {methods}.")
                run.warn(words.format(methods="; ".join(found.reasons)))
        if found.few_users.any():
            run.warn(
                tr(
                    "{k:,} of {n:,} forecasts rest on the past of fewer than {m} other users: "
                    "they may show where one of them goes. Treat them as personal data.",
                    k=int(found.few_users.sum()),
                    n=len(found.t),
                    m=MIN_USERS,
                )
            )
        self._write_points(tracks, found)
        if with_tracks:
            self._write_tracks(tracks, found)
        if found.areas is not None:
            ids = ids_of(tracks, found.track)
            when = {"t": found.t, "horizon_min": found.horizon_s / 60.0}
            columns = {**when, "in_domain": found.in_domain}
            self.write_areas(ids, columns, found.areas, styling.ForecastAreas())

    def _usual_unit(self) -> str:
        """Tracks where the layer has some that its user chose, or no users."""
        fields = self.plan.fields
        has_tracks = fields.track is not None or self.plan.has_lines
        by_track = has_tracks and ("track" not in fields.guessed or fields.user is None)
        return "track" if by_track else "user"

    def _write_points(self, tracks: Tracks, found: Prediction) -> None:
        from ..layers import styling

        columns = {
            **ids_of(tracks, found.track),
            "t": found.t,
            "horizon_min": found.horizon_s / 60.0,
            "radius50_m": found.radius50_m,
            "radius80_m": found.radius80_m,
            "in_domain": found.in_domain,
        }
        points = self.points(found.lon, found.lat)
        style = styling.ForecastPoints()
        self.write("OUTPUT", columns, style, points, Qgis.WkbType.Point, stop=94)

    def _write_tracks(self, tracks: Tracks, found: Prediction) -> None:
        """A line a path: the track's last fix and the path's positions."""
        import numpy as np

        from ..core.arrays import expand_ranges
        from ..layers import styling

        order = np.lexsort((found.t, found.track))
        first, size = np.unique(found.track[order], return_index=True, return_counts=True)[1:]
        # A row a path, the most likely ones first
        path, at = np.nonzero(np.isfinite(found.path_probability[order[first]].T))
        track = found.track[order[first[at]]]
        last_fix = tracks.track_offsets[track + 1] - 1

        last = order[first + size - 1][at]
        columns = {
            **ids_of(tracks, track),
            "t_first": tracks.t[last_fix],
            "t_last": found.t[last],
            "horizon_min": found.horizon_s[last] / 60.0,
            "in_domain": ~np.isin(track, found.track[~found.in_domain]),
            "path": path + 1,
            "probability": found.path_probability[last, path],
        }
        row = order[expand_ranges(first[at], size[at])]
        lines = self._lines(tracks, found, last_fix, size[at], (row, np.repeat(path, size[at])))
        style = styling.ForecastLines()
        self.write("OUTPUT_TRACKS", columns, style, lines, Qgis.WkbType.LineString, 94, 96)

    def _lines(
        self,
        tracks: Tracks,
        found: Prediction,
        last_fix: Array,
        size: Array,
        where: tuple[Array, Array],
    ) -> list[Any]:
        """The lines of k paths. last_fix, size: (k,) the fix before each path, and its positions.

        where: rows and columns of the positions of all paths.
        """
        import numpy as np

        ends = np.cumsum(size)
        lon = np.insert(found.path_lon[where], ends - size, tracks.lon[last_fix])
        lat = np.insert(found.path_lat[where], ends - size, tracks.lat[last_fix])
        return self.lines(lon, lat, np.concatenate([[0], ends + np.arange(1, len(ends) + 1)]))


class Backtest(TrackAlgorithm):
    ID = "backtest"
    TITLE = "Backtest forecasts"
    SUMMARY = (
        "Errors of forecasts on the past of these tracks, by horizon, beside simple "
        "methods, with a verdict in words."
    )

    def declare(self) -> None:
        self.add_options(BacktestSpec)
        self.add_sink("OUTPUT", "Backtest", TABLE)
        self.add_report(optional=True)
        self.add_sentence("VERDICT", "What to use, one sentence per horizon")

    def run_on(self, run: Run) -> None:
        from ..core.evaluation.backtest import ANONYMOUS, backtest, columns_of, make_page, warning
        from ..core.evaluation.verdicts import to_json
        from ..layers import styling

        model = self.open_model()
        if warning(model.bundle):
            run.warn(warning(model.bundle))
        read = self.read()
        tracks = self.split(read, "track" if read.anonymous else "user")
        if tracks.anonymous:
            run.info(tr(ANONYMOUS))
        if not len(tracks):
            raise InputError("There is nothing to test on.")
        result = backtest(tracks, model, run.spec(BacktestSpec), run.stage(tr("Testing")))
        verdict = self.results["VERDICT"] = "\n".join(map(str, result.verdicts))
        run.info(verdict)
        self.warn_outside(result.answer.reasons, result.answer.in_domain)
        self.write(
            "OUTPUT", columns_of(result), styling.Table("Backtest", to_json(result.verdicts))
        )
        if report := run.text("REPORT"):
            make_page(
                result, self.plan.source.sourceName() or tr("these tracks"), model.bundle
            ).write(Path(report))
            self.results["REPORT"] = report
