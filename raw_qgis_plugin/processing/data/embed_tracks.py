# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:embedtracks: the model's embeddings of users, tracks or days, as a table of numbers."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessing

from ...core.specs import EmbedSpec
from ..form import Run
from ..tracks import TrackAlgorithm
from ..words import tr


class EmbedTracks(TrackAlgorithm):
    ID = "embedtracks"
    TITLE = "Embed tracks"
    SUMMARY = "A row of figures for each user, track or day, by which they can be compared, clustered or classified."
    TAGS = ("trajectory", "movement", "embedding", "vector", "representation", "machine learning", "mobility")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_tracks()
        self.add_options(EmbedSpec)
        self.add_sink("OUTPUT", "Embeddings", QgsProcessing.SourceType.TypeVector)
        self.add_model()

    def run_on(self, run: Run) -> dict[str, Any]:
        from ...layers import styling

        unit = run.spec(EmbedSpec).unit
        model = self.open_model(run)
        tracks, skipped = self.read_units(run, unit)
        vectors = self.cached(model, run)(tracks, run.stage(tr("Embedding")))
        columns = {"user_id": tracks.user_ids[tracks.track_user]}
        if unit != "user":
            columns["day" if unit == "day" else "track_id"] = tracks.track_ids
        columns |= {f"e{number:03d}": values for number, values in enumerate(vectors.T)}
        output = self.write(run, "OUTPUT", columns, styling.Table("Embeddings"))
        return {"OUTPUT": output, **self.counts(tracks, skipped, model.provider)}
