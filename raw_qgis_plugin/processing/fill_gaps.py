# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:fillgaps: where each track was between two fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsProcessing, QgsProcessingOutputNumber

from ..core.errors import InputError
from .base import TrackAlgorithm
from .forecast_tracks import ids_of
from .form import Run
from .words import tr

if TYPE_CHECKING:
    import numpy as np

    from ..core.gaps.fill import Questions
    from ..core.tracks import Tracks
    from ..layers.styling import Style
    from ..layers.writing import Parts


class FillGaps(TrackAlgorithm):
    """Positions, lines and areas between the fixes of tracks."""

    ID = "fillgaps"
    ICON = "fill_gaps"
    TITLE = "Fill gaps"
    SUMMARY = "Where people were between two fixes, with areas that hold them in 50 and 80 % of cases."
    TAGS = ("trajectory", "movement", "interpolation", "missing data", "imputation", "reconstruction", "uncertainty")
    NEEDS: tuple[str, ...] = ("scipy", "shapely")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_number("STEP", "Step (minutes)", "Minutes from one position in a gap to the next.", 1.0, 0.01)
        self.add_number(
            "MAX_GAP", "Longest gap (minutes)",
            "Longer gaps are left open, and the log gives their number. Gaps of up to an hour were measured.",
            60.0, 0.01,
        )  # fmt: skip
        self.add_sink("OUTPUT", "Inferred positions", QgsProcessing.SourceType.TypeVectorPoint)
        self.add_sink("OUTPUT_TRACKS", "Inferred tracks", QgsProcessing.SourceType.TypeVectorLine, optional=True)
        self.add_sink("OUTPUT_AREAS", "Inferred areas", QgsProcessing.SourceType.TypeVectorPolygon, optional=True)
        self.add_time_zone()
        self.add_counts()
        self.addOutput(QgsProcessingOutputNumber("N_OPEN", tr("Number of gaps left open")))

    def check(self, run: Run) -> None:
        """Refuse a step that no gap is longer than."""
        super().check(run)
        step, longest = run.number("STEP"), run.number("MAX_GAP")
        if not step < longest:
            raise InputError(f"STEP ({step:g} min) must be shorter than MAX_GAP ({longest:g} min).")

    def run_on(self, run: Run) -> dict[str, Any]:
        """Read, fill, write, some gaps at a time."""
        import numpy as np

        from ..core.gaps.fill import Questions, fill
        from ..layers import styling, writing

        tracks, skipped = self.read_units(run, "track")
        longest = run.number("MAX_GAP")
        questions = Questions.every(tracks, 60.0 * run.number("STEP"), 60.0 * longest)
        n_gaps = len(np.unique(questions.before))
        run.info(tr("{n:,} positions in {k:,} gaps.").format(n=len(questions.t), k=n_gaps))
        if questions.n_open:
            words = tr("{n:,} gaps longer than {minutes:g} minutes stay open.")
            run.warn(words.format(n=questions.n_open, minutes=longest))
        with_areas = bool(run.parameters.get("OUTPUT_AREAS"))
        lon, lat, none = np.empty(len(questions.t)), np.empty(len(questions.t)), np.zeros(0, np.int64)
        points = self._opened(
            run, "OUTPUT", self._point_columns(tracks, questions, none, np.zeros((2, 0))), styling.InferredPoints(),
            Qgis.WkbType.Point,
        )  # fmt: skip
        areas = with_areas and self._opened(
            run, "OUTPUT_AREAS", self._area_columns(tracks, questions, none), styling.InferredAreas(),
            Qgis.WkbType.MultiPolygon,
        )  # fmt: skip
        for f in fill(tracks, questions, run.stage(tr("Filling the gaps")), with_areas=with_areas):
            lon[f.number], lat[f.number] = f.lon, f.lat
            columns = self._point_columns(tracks, questions, f.number, np.stack([f.radius50_m, f.radius80_m]))
            points.add(columns, writing.points(self.in_input_crs(run, f.lon, f.lat)))
            if areas and f.areas is not None:
                shapes = f.areas[:, ::-1].T.ravel()  # the larger ones first, so that they are drawn below
                columns = self._area_columns(tracks, questions, f.number)
                areas.add(columns, self.polygons_in_input_crs(run, shapes))
        results = {"OUTPUT": points.destination, **self.counts(tracks, skipped), "N_OPEN": questions.n_open}
        if areas:
            results["OUTPUT_AREAS"] = areas.destination
        if run.parameters.get("OUTPUT_TRACKS"):
            results["OUTPUT_TRACKS"] = self._write_tracks(run, tracks, questions, lon, lat)
        return results

    def _opened(self, run: Run, name: str, columns: dict[str, Any], style: Style, shape: Any) -> Parts:
        from ..layers import writing

        kinds = writing.kinds_of(columns)
        crs = self.plan.source.sourceCrs()
        return writing.Parts(kinds, *self.open_output(run, name, writing.make_fields(kinds), style, shape, crs))

    @staticmethod
    def _point_columns(
        tracks: Tracks, questions: Questions, number: np.ndarray, radius_m: np.ndarray
    ) -> dict[str, Any]:
        import numpy as np

        return {
            **ids_of(tracks, tracks.track[questions.before[number]]), "t": questions.t[number],
            "inferred": np.ones(len(number), bool), "radius50_m": radius_m[0], "radius80_m": radius_m[1],
        }  # fmt: skip

    @staticmethod
    def _area_columns(tracks: Tracks, questions: Questions, number: np.ndarray) -> dict[str, Any]:
        import numpy as np

        twice = np.tile(number, 2)
        return {
            **ids_of(tracks, tracks.track[questions.before[twice]]), "level": np.repeat([80, 50], len(number)),
            "t": questions.t[twice], "inferred": np.ones(len(twice), bool),
        }  # fmt: skip

    def _write_tracks(self, run: Run, tracks: Tracks, questions: Questions, lon: np.ndarray, lat: np.ndarray) -> str:
        """A line a gap, from fix to fix. M values are epoch seconds, so that it can be INPUT of other algorithms."""
        import numpy as np

        from ..core.geodesy import unwrapped
        from ..layers import styling, writing

        before, first, count = np.unique(questions.before, return_index=True, return_counts=True)
        at = np.concatenate([first, first + count])  # the fixes at both ends come before these rows
        ends = np.concatenate([before, before + 1])
        order = np.argsort(at + np.repeat([0.0, -0.5], len(before)), kind="stable")
        at, ends = at[order], ends[order]
        lon, lat, t = (
            np.insert(own, at, fixes[ends])
            for own, fixes in ((lon, tracks.lon), (lat, tracks.lat), (questions.t, tracks.t))
        )
        offsets = np.concatenate([[0], np.cumsum(count + 2)])
        xy = self.in_input_crs(run, unwrapped(lon, offsets), lat, offsets)
        columns = {
            **ids_of(tracks, tracks.track[before]), "t_first": tracks.t[before], "t_last": tracks.t[before + 1],
            "duration_min": (tracks.t[before + 1] - tracks.t[before]) / 60_000, "inferred": np.ones(len(before), bool),
        }  # fmt: skip
        return self.write_table(
            run, "OUTPUT_TRACKS", columns, styling.InferredLines(),
            writing.lines(np.column_stack([xy, t / 1000]), offsets), Qgis.WkbType.LineStringM,
            self.plan.source.sourceCrs(), start=95,
        )  # fmt: skip
