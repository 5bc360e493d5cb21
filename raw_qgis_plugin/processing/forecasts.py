# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:forecasttracks (where each track is likely to be after its last fix), and raw:backtest (how
good that is).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qgis.core import Qgis

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
        given = run.parameters
        fields = self.plan.fields
        has_tracks = fields.track is not None or self.plan.has_lines
        by_track = has_tracks and ("track" not in fields.guessed or fields.user is None)
        unit = spec.unit or ("track" if by_track else "user")
        model = self.open_model() if spec.method == "model" else None
        tracks = self.read_units(unit)
        run.info(tr("One forecast for each {unit}, from its last fix.").format(unit=tr(unit)))
        with_areas = bool(given.get("OUTPUT_AREAS"))
        n_paths = spec.paths if given.get("OUTPUT_TRACKS") else 0
        stage = run.stage(tr("Forecasting"))
        horizons_s = spec.horizons_s()
        if model:
            queries = Queries.ahead(tracks, horizons_s)
            found = predict(tracks, model, queries, stage, with_areas=with_areas, n_paths=n_paths)
            self.warn_outside(found.reasons, found.in_domain)
        else:
            n_paths = 0
            found = predict_simply(tracks, horizons_s, stage, with_areas=with_areas)
            if found.reasons:
                run.warn(
                    tr("In place of the model: {methods}.").format(methods="; ".join(found.reasons))
                )
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
        ids = ids_of(tracks, found.track)
        when = {"t": found.t, "horizon_min": found.horizon_s / 60.0}
        inside = {"in_domain": found.in_domain}
        columns = {
            **ids,
            **when,
            "radius50_m": found.radius50_m,
            "radius80_m": found.radius80_m,
            **inside,
        }
        style = styling.ForecastPoints()
        points = self.points(found.lon, found.lat)
        self.write("OUTPUT", columns, style, points, Qgis.WkbType.Point, stop=94)
        if n_paths:
            self._write_tracks(tracks, found)
        if found.areas is not None:
            self.write_areas(ids, when | inside, found.areas, styling.ForecastAreas())

    def _write_tracks(self, tracks: Tracks, forecasts: Prediction) -> None:
        """A line a path: the track's last fix and the path's positions."""
        import numpy as np

        from ..core.arrays import expand_ranges
        from ..layers import styling

        order = np.lexsort((forecasts.t, forecasts.track))
        which, first, size = np.unique(
            forecasts.track[order], return_index=True, return_counts=True
        )
        # the most likely ones first
        path, of = np.nonzero(np.isfinite(forecasts.path_probability[order[first]].T))
        row = order[expand_ranges(first[of], size[of])]
        column = np.repeat(path, size[of])
        offsets = np.concatenate([[0], np.cumsum(size[of] + 1)])
        begin = offsets[:-1] - np.arange(len(of))
        last_fix = (tracks.track_offsets[which + 1] - 1)[of]
        lon, lat = (
            np.insert(positions[row, column], begin, fixes[last_fix])
            for positions, fixes in (
                (forecasts.path_lon, tracks.lon),
                (forecasts.path_lat, tracks.lat),
            )
        )
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
        lines = self.lines(lon, lat, offsets)
        shape = Qgis.WkbType.LineString
        self.write("OUTPUT_TRACKS", columns, styling.ForecastLines(), lines, shape, 94, 96)


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
