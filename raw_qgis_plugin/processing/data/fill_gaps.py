# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:fillgaps: where each track was between two fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsProcessing, QgsProcessingOutputNumber

from ...core.specs import FillSpec, ZoneSpec
from ..form import Run
from ..tracks import TrackAlgorithm, ids_of
from ..words import tr

if TYPE_CHECKING:
    import numpy as np

    from ...core.gaps.fill import GapQueries
    from ...core.tracks import Tracks


class FillGaps(TrackAlgorithm):
    ID = "fillgaps"
    TITLE = "Fill gaps"
    SUMMARY = "Where people were between two fixes, with areas that hold them in 50 and 80 % of cases."
    TAGS = ("trajectory", "movement", "interpolation", "missing data", "imputation", "reconstruction", "uncertainty")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_tracks()
        self.add_options(FillSpec)
        self.add_sink("OUTPUT", "Inferred positions", QgsProcessing.SourceType.TypeVectorPoint)
        self.add_sink("OUTPUT_TRACKS", "Inferred tracks", QgsProcessing.SourceType.TypeVectorLine, optional=True)
        self.add_sink("OUTPUT_AREAS", "Inferred areas", QgsProcessing.SourceType.TypeVectorPolygon, optional=True)
        self.add_options(ZoneSpec)
        self.add_counts()
        self.addOutput(QgsProcessingOutputNumber("N_OPEN", tr("Number of gaps left open")))

    def run_on(self, run: Run) -> dict[str, Any]:
        import numpy as np

        from ...core.gaps.fill import GapQueries, fill
        from ...layers import styling

        spec = run.spec(FillSpec)
        tracks, skipped = self.read_units(run, "track")
        queries = GapQueries.every(tracks, 60.0 * spec.step_min, 60.0 * spec.max_gap_min)
        n, n_gaps, with_areas = len(queries.t), len(np.unique(queries.before)), bool(run.parameters.get("OUTPUT_AREAS"))
        run.info(tr("{n:,} positions in {k:,} gaps.").format(n=n, k=n_gaps))
        if queries.n_open:
            words = tr("{n:,} gaps longer than {minutes:g} minutes stay open.")
            run.warn(words.format(n=queries.n_open, minutes=spec.max_gap_min))
        found, areas = np.empty((4, n)), np.empty((n, 2), object)
        for f in fill(tracks, queries, run.stage(tr("Filling the gaps")), with_areas=with_areas):
            found[:, f.number] = f.lon, f.lat, f.radius50_m, f.radius80_m
            if f.areas is not None:
                areas[f.number] = f.areas
        lon, lat, radius50_m, radius80_m = found
        ids = ids_of(tracks, tracks.track[queries.before])
        when = {"t": queries.t, "inferred": np.ones(n, bool)}
        radii = {"radius50_m": radius50_m, "radius80_m": radius80_m}
        results = {
            "OUTPUT": self.write(
                run, "OUTPUT", {**ids, **when, **radii}, styling.InferredPoints(), self.points(run, lon, lat),
                Qgis.WkbType.Point, stop=94,
            ),
            **self.counts(tracks, skipped), "N_OPEN": queries.n_open,
        }  # fmt: skip
        if run.parameters.get("OUTPUT_TRACKS"):
            results["OUTPUT_TRACKS"] = self._write_tracks(run, tracks, queries, lon, lat)
        if with_areas:
            results["OUTPUT_AREAS"] = self.write_areas(run, ids, when, areas, styling.InferredAreas())
        return results

    def _write_tracks(self, run: Run, tracks: Tracks, queries: GapQueries, lon: np.ndarray, lat: np.ndarray) -> str:
        """A line a gap, from fix to fix."""
        import numpy as np

        from ...layers import styling

        before, count = np.unique(queries.before, return_counts=True)
        after = before + 1
        # A gap's positions are sorted behind its first fix (key `before`) and in front of its last (`after` - 0.25).
        order = np.argsort(np.concatenate([queries.before + 0.5, before, after - 0.25]), kind="stable")
        lon, lat, t = (
            np.concatenate([own, fixes[before], fixes[after]])[order]
            for own, fixes in ((lon, tracks.lon), (lat, tracks.lat), (queries.t, tracks.t))
        )
        columns = {
            **ids_of(tracks, tracks.track[before]), "t_first": tracks.t[before], "t_last": tracks.t[after],
            "duration_min": (tracks.t[after] - tracks.t[before]) / 60_000, "inferred": np.ones(len(before), bool),
        }  # fmt: skip
        lines = self.lines(run, lon, lat, np.concatenate([[0], np.cumsum(count + 2)]), t)
        style, shape = styling.InferredLines(), Qgis.WkbType.LineStringM
        return self.write(run, "OUTPUT_TRACKS", columns, style, lines, shape, start=94, stop=96)
