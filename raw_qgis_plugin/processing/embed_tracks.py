# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:embedtracks: what the model makes of users, tracks or days, as a table of figures."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSink,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QIcon

from .base import COMPUTED, READ, TrackAlgorithm, cached, icon
from .profile_users import UNITS
from .progress import Stage
from .words import tr


class EmbedTracks(TrackAlgorithm):
    """Embeddings of users, tracks or days."""

    ID = "embedtracks"
    TITLE = "Embed tracks"
    SUMMARY = "A row of figures for each user, track or day, by which they can be compared, clustered or classified."
    TAGS = ("trajectory", "movement", "embedding", "vector", "representation", "machine learning", "mobility")

    @staticmethod
    def icon() -> QIcon:
        """The drawing in toolbar and toolbox."""
        return icon("embed")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_choice(
            "UNIT", "One row for each", UNITS, "user: all tracks of a user together. day: a user's day of mean solar "
            "time.", defaultValue="user",
        )  # fmt: skip
        self.addParameter(
            QgsProcessingParameterFeatureSink("OUTPUT", tr("Embeddings"), QgsProcessing.SourceType.TypeVector)
        )
        self.add_model()

    def run_on(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Read, embed, write."""
        from ..layers import styling

        unit = self.parameterAsString(parameters, "UNIT", context) or "user"
        model = self.open_model(parameters, context, feedback)
        read, skipped = self.read(feedback)
        tracks = self.cut(read, unit, skipped, feedback)
        vectors = cached(model, feedback)(tracks, Stage(feedback, tr("Embedding"), READ, COMPUTED))
        columns = {"user_id": tracks.user_ids[tracks.track_user]}
        if unit != "user":
            columns["day" if unit == "day" else "track_id"] = tracks.track_ids
        columns.update({f"e{number:03d}": vectors[:, number] for number in range(vectors.shape[1])})
        destination = self.write_table(
            parameters, "OUTPUT", context, columns, [None] * tracks.n_tracks, QgsWkbTypes.Type.NoGeometry,
            QgsCoordinateReferenceSystem(), styling.Embeddings(), Stage(feedback, tr("Writing"), COMPUTED, 100),
        )  # fmt: skip
        return {"OUTPUT": destination, **self.counts(tracks, skipped, model)}
