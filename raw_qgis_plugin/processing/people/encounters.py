# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:encounters: who was near whom at the same time."""

from __future__ import annotations

from typing import Any

from qgis.core import Qgis, QgsProcessing

from ...core.specs import EncounterSpec, ZoneSpec
from ..form import Run
from ..tracks import TrackAlgorithm
from ..words import tr


class FindEncounters(TrackAlgorithm):
    ID = "encounters"
    TITLE = "Find encounters"
    SUMMARY = "Pairs of users who were, or may have been, near each other at the same time."
    TAGS = ("trajectory", "meeting", "contact", "proximity", "co-location", "encounter", "uncertainty")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_tracks()
        self.add_options(EncounterSpec)
        self.add_sink("OUTPUT", "Encounters", QgsProcessing.SourceType.TypeVectorPoint)
        self.add_options(ZoneSpec)
        self.add_counts()

    def run_on(self, run: Run) -> dict[str, Any]:
        import numpy as np

        from ...core.encounters.encounters import find_encounters
        from ...layers import styling

        tracks, skipped = self.read_units(run, "user")
        found = find_encounters(tracks, run.spec(EncounterSpec), run.stage(tr("Finding encounters")))
        words = tr("Encounters: {n:,}, observed: {k:,}.")
        run.info(words.format(n=len(found.one), k=int(found.observed.sum())))
        gaps = np.diff(tracks.t)[tracks.steps()] / 60_000
        if len(gaps) and (longer := float(np.mean(gaps > run.spec(EncounterSpec).max_gap_min))) >= 0.5:
            words = tr(
                "Encounters are missed: {share:.0%} of the gaps between two fixes are longer than MAX_GAP. Half of all "
                "gaps last {minutes:.0f} minutes or more; set MAX_GAP (Longest gap) higher."
            )
            run.warn(words.format(share=longer, minutes=float(np.median(gaps))))
        if tracks.n_users < 2:
            run.warn(tr("INPUT has fewer than two users: choose the user field."))
        if len(found.one):
            run.warn(tr("Encounters tell who knows whom. They are personal data: do not publish them."))
        columns = {
            "user_a": tracks.user_ids[found.one], "user_b": tracks.user_ids[found.other], "t_start": found.t_start,
            "t_end": found.t_end, "probability": found.probability, "observed": found.observed,
        }  # fmt: skip
        points = self.points(run, found.lon, found.lat)
        output = self.write(run, "OUTPUT", columns, styling.Encounters(), points, Qgis.WkbType.Point)
        return {"OUTPUT": output, **self.counts(tracks, skipped)}
