# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:diary: where people stopped, and how they got from stop to stop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsProcessing, QgsProcessingParameterFileDestination

from ...core.specs import DiarySpec
from ..form import Run
from ..tracks import TrackAlgorithm
from ..words import describe_head, tr

if TYPE_CHECKING:
    from ...core.tracks import Tracks


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
        self.add_options(DiarySpec)
        self.add_sink("OUTPUT_STOPS", "Stops", QgsProcessing.SourceType.TypeVectorPoint)
        self.add_sink("OUTPUT_TRIPS", "Trips", QgsProcessing.SourceType.TypeVectorLine)
        files, label = tr("GeoJSON files (*.geojson)"), tr("Trips with times, for kepler.gl or deck.gl")
        geojson = QgsProcessingParameterFileDestination("OUTPUT_GEOJSON", label, files, None, True, False)
        self.add(geojson, "GeoJSON whose fourth coordinate is the time in epoch seconds.")
        self.add_model()

    def run_on(self, run: Run) -> dict[str, Any]:
        """Read, find stops and trips, write."""
        from ...core.diary.diary import find_diaries, join_diaries
        from ...core.diary.geojson import write_geojson
        from ...core.diary.modes import HEAD
        from ...layers import styling, writing

        model = self.open_model(run)
        heads = [head for head in model.bundle.heads("track") if head["name"] == HEAD]
        for head in heads:
            run.info(describe_head(head))
        tracks, skipped = self.read_units(run, "user")
        stage = run.stage(tr("Finding stops and trips"))
        diary = join_diaries(list(find_diaries(tracks, model, run.spec(DiarySpec), stage)))
        words = tr("Stops: {n:,}, trips: {m:,} ({seen:,} with fixes on the way), users: {k:,}.")
        n, trips = len(diary.stop_lon), diary.trips
        run.info(words.format(n=n, m=len(trips["mode"]), seen=int(trips["observed"].sum()), k=tracks.n_users))
        if n:
            run.warn(tr("Stops show where people live and work: they are personal data."))
        crs = self.plan.source.sourceCrs()
        if run.text("OUTPUT_GEOJSON"):
            write_geojson(Path(run.text("OUTPUT_GEOJSON")), diary)
        points = writing.points(self.in_input_crs(run, diary.stop_lon, diary.stop_lat))
        return {
            "OUTPUT_STOPS": self.write_table(
                run, "OUTPUT_STOPS", diary.stops, styling.Stops(), points, Qgis.WkbType.Point, crs, 90, 95
            ),
            "OUTPUT_TRIPS": self.write_table(
                run, "OUTPUT_TRIPS", trips, styling.Trips(heads), self._lines(run, diary.trip_fixes),
                Qgis.WkbType.LineStringM, crs, 95, 100,
            ),
            **({"OUTPUT_GEOJSON": run.text("OUTPUT_GEOJSON")} if run.text("OUTPUT_GEOJSON") else {}),
            **self.counts(tracks, skipped, model.provider),
        }  # fmt: skip

    def _lines(self, run: Run, ways: Tracks) -> list[Any]:
        """Trips as lines whose M values are epoch seconds, so that they can be INPUT of other algorithms."""
        import numpy as np

        from ...core.geodesy import unwrapped
        from ...layers import writing

        xy = self.in_input_crs(run, unwrapped(ways.lon, ways.track_offsets), ways.lat, ways.track_offsets)
        return writing.lines(np.column_stack([xy, ways.t / 1000]), ways.track_offsets)
