# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:fillgaps: where each track was between two fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsProcessing, QgsProcessingOutputNumber

from ...core.errors import InputError
from ...core.specs import FillSpec, ZoneSpec
from ..forecasts.forecast_tracks import ids_of
from ..form import Run
from ..tracks import TrackAlgorithm
from ..words import tr

if TYPE_CHECKING:
    import numpy as np

    from ...core.gaps.fill import GapQueries
    from ...core.tracks import Tracks
    from ...layers.styling import Style
    from ...layers.writing import Parts


class FillGaps(TrackAlgorithm):
    """Positions, lines and areas between the fixes of tracks."""

    ID = "fillgaps"
    ICON = "fill_gaps"
    TITLE = "Fill gaps"
    SUMMARY = "Where people were between two fixes, with areas that hold them in 50 and 80 % of cases."
    TAGS = ("trajectory", "movement", "interpolation", "missing data", "imputation", "reconstruction", "uncertainty")
    NEEDS: tuple[str, ...] = ("onnxruntime", "scipy", "shapely")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_options(FillSpec)
        self.add_sink("OUTPUT", "Inferred positions", QgsProcessing.SourceType.TypeVectorPoint)
        self.add_sink("OUTPUT_TRACKS", "Inferred tracks", QgsProcessing.SourceType.TypeVectorLine, optional=True)
        self.add_sink("OUTPUT_AREAS", "Inferred areas", QgsProcessing.SourceType.TypeVectorPolygon, optional=True)
        self.add_options(ZoneSpec)
        self.add_counts()
        self.addOutput(QgsProcessingOutputNumber("N_OPEN", tr("Number of gaps left open")))

    def check(self, run: Run) -> None:
        """Refuse a step that no gap is longer than."""
        super().check(run)
        spec = run.spec(FillSpec)
        if not spec.step_min < spec.max_gap_min:
            raise InputError(f"STEP ({spec.step_min:g} min) must be shorter than MAX_GAP ({spec.max_gap_min:g} min).")

    def run_on(self, run: Run) -> dict[str, Any]:
        """Read, fill, write, some gaps at a time."""
        import numpy as np

        from ...core.gaps.fill import GapQueries, fill
        from ...layers import styling, writing

        spec = run.spec(FillSpec)
        tracks, skipped = self.read_units(run, "track")
        queries = GapQueries.every(tracks, 60.0 * spec.step_min, 60.0 * spec.max_gap_min)
        n_gaps = len(np.unique(queries.before))
        run.info(tr("{n:,} positions in {k:,} gaps.").format(n=len(queries.t), k=n_gaps))
        if queries.n_open:
            words = tr("{n:,} gaps longer than {minutes:g} minutes stay open.")
            run.warn(words.format(n=queries.n_open, minutes=spec.max_gap_min))
        with_areas = bool(run.parameters.get("OUTPUT_AREAS"))

        def columns(number: np.ndarray, **more: np.ndarray) -> dict[str, Any]:
            ids = ids_of(tracks, tracks.track[queries.before[number]])
            return {**ids, **more, "t": queries.t[number], "inferred": np.ones(len(number), bool)}

        def area_columns(number: np.ndarray) -> dict[str, Any]:
            """Two areas a position, the larger one first, so that it is drawn below."""
            return columns(np.tile(number, 2), level=np.repeat([80, 50], len(number)))

        none = np.zeros(0, np.int64)
        radii = {"radius50_m": np.zeros(0), "radius80_m": np.zeros(0)}
        points = self._opened(run, "OUTPUT", {**columns(none), **radii}, styling.InferredPoints(), Qgis.WkbType.Point)
        areas = with_areas and self._opened(
            run, "OUTPUT_AREAS", area_columns(none), styling.InferredAreas(), Qgis.WkbType.MultiPolygon
        )
        lon, lat = np.empty((2, len(queries.t)))
        for f in fill(tracks, queries, run.stage(tr("Filling the gaps")), with_areas=with_areas):
            lon[f.number], lat[f.number] = f.lon, f.lat
            radii = {"radius50_m": f.radius50_m, "radius80_m": f.radius80_m}
            points.add({**columns(f.number), **radii}, writing.points(self.in_input_crs(run, f.lon, f.lat)))
            if areas and f.areas is not None:
                areas.add(area_columns(f.number), self.polygons_in_input_crs(run, f.areas[:, ::-1].T.ravel()))
        results = {"OUTPUT": points.destination, **self.counts(tracks, skipped), "N_OPEN": queries.n_open}
        if areas:
            results["OUTPUT_AREAS"] = areas.destination
        if run.parameters.get("OUTPUT_TRACKS"):
            results["OUTPUT_TRACKS"] = self._write_tracks(run, tracks, queries, lon, lat)
        return results

    def _opened(self, run: Run, name: str, columns: dict[str, Any], style: Style, shape: Any) -> Parts:
        from ...layers import writing

        kinds = writing.kinds_of(columns)
        crs = self.plan.source.sourceCrs()
        return writing.Parts(kinds, *self.open_output(run, name, writing.make_fields(kinds), style, shape, crs))

    def _write_tracks(self, run: Run, tracks: Tracks, queries: GapQueries, lon: np.ndarray, lat: np.ndarray) -> str:
        """A line a gap, from fix to fix. M values are epoch seconds, so that it can be INPUT of other algorithms."""
        import numpy as np

        from ...core.geodesy import unwrapped
        from ...layers import styling, writing

        before, count = np.unique(queries.before, return_counts=True)
        after = before + 1
        # A gap's positions are sorted behind its first fix (key `before`) and in front of its last (`after` - 0.25).
        key = np.concatenate([queries.before + 0.5, before, after - 0.25])
        order = np.argsort(key, kind="stable")
        lon, lat, t = (
            np.concatenate([own, fixes[before], fixes[after]])[order]
            for own, fixes in ((lon, tracks.lon), (lat, tracks.lat), (queries.t, tracks.t))
        )
        offsets = np.concatenate([[0], np.cumsum(count + 2)])
        xy = self.in_input_crs(run, unwrapped(lon, offsets), lat, offsets)
        columns = {
            **ids_of(tracks, tracks.track[before]), "t_first": tracks.t[before], "t_last": tracks.t[after],
            "duration_min": (tracks.t[after] - tracks.t[before]) / 60_000, "inferred": np.ones(len(before), bool),
        }  # fmt: skip
        return self.write_table(
            run, "OUTPUT_TRACKS", columns, styling.InferredLines(),
            writing.lines(np.column_stack([xy, t / 1000]), offsets), Qgis.WkbType.LineStringM,
            self.plan.source.sourceCrs(), start=95,
        )  # fmt: skip
