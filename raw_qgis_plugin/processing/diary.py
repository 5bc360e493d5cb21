# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:diary: where people stopped, and how they got from stop to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsProcessing

from .base import TrackAlgorithm
from .form import Run
from .words import describe_head, tr

if TYPE_CHECKING:
    from ..core.diary.diary import Diary


class WriteDiary(TrackAlgorithm):
    """Stops as points and trips as lines, from the tracks of each user."""

    ID = "diary"
    ICON = "diary"
    TITLE = "Write a travel diary"
    SUMMARY = "Where people stopped and how long, and their trips in between with the mode of transport."
    TAGS = ("trajectory", "stop", "stay point", "trip", "segmentation", "transport mode", "home", "work", "mobility")
    NEEDS: tuple[str, ...] = ("onnxruntime", "scipy")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_number(
            "MIN_STOP", "Least length of a stop (minutes)",
            "Shorter halts are part of a trip. Ten minutes suit short and long stops.", 10.0, 1.0,
        )  # fmt: skip
        self.add_sink("OUTPUT_STOPS", "Stops", QgsProcessing.SourceType.TypeVectorPoint)
        self.add_sink("OUTPUT_TRIPS", "Trips", QgsProcessing.SourceType.TypeVectorLine)
        self.add_model()

    def run_on(self, run: Run) -> dict[str, Any]:
        """Read, find stops and trips, write."""
        from ..core.diary.diary import find_diaries
        from ..core.diary.modes import HEAD
        from ..layers import styling

        model = self.open_model(run)
        heads = [head for head in model.bundle.heads("track") if head["name"] == HEAD]
        for head in heads:
            run.info(describe_head(head))
        tracks, skipped = self.read_units(run, "user")
        found = list(find_diaries(tracks, model, run.number("MIN_STOP"), run.stage(tr("Finding stops and trips"))))
        stops, trips = (columns_of(found, name) for name in ("stops", "trips"))
        words = tr("Stops: {n:,}, trips: {m:,}, users: {k:,}.")
        run.info(words.format(n=len(stops["kind"]), m=len(trips["mode"]), k=tracks.n_users))
        if len(stops["kind"]):
            run.warn(tr("Stops show where people live and work. Publish figures of regions instead."))
        crs = self.plan.source.sourceCrs()
        return {
            "OUTPUT_STOPS": self.write_table(
                run, "OUTPUT_STOPS", stops, styling.Stops(), self._points(run, found), Qgis.WkbType.Point, crs, 90, 95
            ),
            "OUTPUT_TRIPS": self.write_table(
                run, "OUTPUT_TRIPS", trips, styling.Trips(heads), self._lines(run, found), Qgis.WkbType.LineStringM,
                crs, 95, 100,
            ),
            **self.counts(tracks, skipped, model.provider),
        }  # fmt: skip

    def _points(self, run: Run, found: list[Diary]) -> list[Any]:
        from ..layers import writing

        return [p for diary in found for p in writing.points(self.in_input_crs(run, diary.stop_lon, diary.stop_lat))]

    def _lines(self, run: Run, found: list[Diary]) -> list[Any]:
        """Trips as lines whose M values are epoch seconds, so that they can be INPUT of other algorithms."""
        import numpy as np

        from ..core.geodesy import unwrapped
        from ..layers import writing

        lines = []
        for way in (diary.ways for diary in found):
            xy = self.in_input_crs(run, unwrapped(way.lon, way.track_offsets), way.lat, way.track_offsets)
            lines += writing.lines(np.column_stack([xy, way.t / 1000]), way.track_offsets)
        return lines


def columns_of(found: list[Diary], name: str) -> dict[str, Any]:
    """The columns of all stops or trips."""
    import numpy as np

    parts = [getattr(diary, name) for diary in found]
    return {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}
