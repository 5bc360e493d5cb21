# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:diary: where people stopped, and how they got from stop to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsProcessing, QgsProcessingParameterFileDestination

from ...core.specs import DiarySpec
from ..form import Run
from ..tracks import TrackAlgorithm
from ..words import describe_head, tr


class WriteDiary(TrackAlgorithm):
    ID = "diary"
    TITLE = "Write a travel diary"
    SUMMARY = "Where people stopped and how long, and their trips in between with the mode of transport."
    TAGS = ("trajectory", "stop", "stay point", "trip", "segmentation", "transport mode", "home", "work", "mobility")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_tracks()
        self.add_options(DiarySpec)
        self.add_sink("OUTPUT_STOPS", "Stops", QgsProcessing.SourceType.TypeVectorPoint)
        self.add_sink("OUTPUT_TRIPS", "Trips", QgsProcessing.SourceType.TypeVectorLine)
        files, label = tr("GeoJSON files (*.geojson)"), tr("Trips with times, for kepler.gl or deck.gl")
        geojson = QgsProcessingParameterFileDestination("OUTPUT_GEOJSON", label, files, None, True, False)
        self.add(geojson, "GeoJSON whose fourth coordinate is the time in epoch seconds.")
        self.add_model()

    def run_on(self, run: Run) -> dict[str, Any]:
        from ...core.diary.diary import find_diary
        from ...core.diary.geojson import write_geojson
        from ...core.diary.modes import HEAD
        from ...layers import styling

        model = self.open_model(run)
        heads = [head for head in model.bundle.heads("track") if head["name"] == HEAD]
        for head in heads:
            run.info(describe_head(head))
        tracks, skipped = self.read_units(run, "user")
        stage = run.stage(tr("Finding stops and trips"))
        diary = find_diary(tracks, model, run.spec(DiarySpec), stage)
        words = tr("Stops: {n:,}, trips: {m:,} ({seen:,} with fixes on the way), users: {k:,}.")
        n, trips, fixes = len(diary.stop_lon), diary.trips, diary.trip_fixes
        run.info(words.format(n=n, m=len(trips["mode"]), seen=int(trips["observed"].sum()), k=tracks.n_users))
        if n:
            run.warn(tr("Stops show where people live and work: they are personal data."))
        if geojson := run.text("OUTPUT_GEOJSON"):
            write_geojson(Path(geojson), diary)
        stops = self.points(run, diary.stop_lon, diary.stop_lat)
        lines = self.lines(run, fixes.lon, fixes.lat, fixes.track_offsets, fixes.t)
        shapes = Qgis.WkbType
        return {
            "OUTPUT_STOPS": self.write(run, "OUTPUT_STOPS", diary.stops, styling.Stops(), stops, shapes.Point, 90, 95),
            "OUTPUT_TRIPS": self.write(
                run, "OUTPUT_TRIPS", trips, styling.Trips(heads), lines, shapes.LineStringM, start=95
            ),
            **({"OUTPUT_GEOJSON": geojson} if geojson else {}),
            **self.counts(tracks, skipped, model.provider),
        }
