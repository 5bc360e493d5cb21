# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:importtracks: GeoLife folders, CSV and Parquet as a layer of fixes."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFile,
    QgsProcessingParameterString,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QIcon

from ..core.sources.readers import FORMATS
from .base import ANY_FILE, RawAlgorithm, icon
from .progress import Stage
from .words import describe, tr


class ImportTracks(RawAlgorithm):
    """Files of fixes, cleaned and sorted, as points."""

    ID = "importtracks"
    TITLE = "Import tracks"
    SUMMARY = "GeoLife folders, CSV and Parquet files as a layer of fixes with real times, cleaned and sorted."
    TAGS = ("trajectory", "movement", "gps", "load", "geolife", "movebank", "csv", "parquet", "plt")
    NEEDS = ("pyarrow",)

    @staticmethod
    def icon() -> QIcon:
        """The drawing in toolbar and toolbox."""
        return icon("import")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        source = QgsProcessingParameterFile("SOURCE", tr("File or folder"), fileFilter=ANY_FILE)
        source.setHelp(tr("A CSV or Parquet file. For a folder (GeoLife, many files) write or paste its path."))
        self.addParameter(source)
        self.add_choice("FORMAT", "Format", FORMATS, "auto: told by what is there.", defaultValue="auto")
        for name, label in (
            ("USER_FIELD", "User column (empty: guessed)"),
            ("TRACK_FIELD", "Track column (empty: guessed)"),
            ("TIME_FIELD", "Time column (empty: guessed)"),
        ):
            self.addParameter(QgsProcessingParameterString(name, tr(label), optional=True))
        self.add_time_zone()
        self.addParameter(QgsProcessingParameterFeatureSink("OUTPUT", tr("Fixes"), QgsProcessing.TypeVectorPoint))
        self.add_counts()

    def run_on(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Read, write."""
        import numpy as np

        from ..core.sources.readers import read
        from ..layers import styling, writing

        path, kind, zone, user, track, moment = (
            self.parameterAsString(parameters, name, context).strip()
            for name in ("SOURCE", "FORMAT", "TIMEZONE", "USER_FIELD", "TRACK_FIELD", "TIME_FIELD")
        )
        reading = Stage(feedback, tr("Reading"), 0, 50)
        chosen = (user or None, track or None, moment or None)
        tracks, skipped, guess = read(path, kind or "auto", zone, *chosen, reading)
        feedback.pushInfo(tr("Fields: {fields}.").format(fields=guess))
        feedback.pushInfo(describe(tracks))
        if skipped:
            feedback.pushWarning(str(skipped))
        columns = {
            "user_id": tracks.user_ids[tracks.user],
            "track_id": tracks.track_ids[tracks.track],
            "t": tracks.t,
        }
        geometries = writing.points(np.column_stack([tracks.lon, tracks.lat]))
        destination = self.write_table(
            parameters, "OUTPUT", context, columns, geometries, QgsWkbTypes.Point,
            QgsCoordinateReferenceSystem("EPSG:4326"), styling.Fixes(), Stage(feedback, tr("Writing"), 50, 100),
        )  # fmt: skip
        return {
            "OUTPUT": destination,
            "N_USERS": tracks.n_users,
            "N_POINTS": len(tracks),
            "N_SKIPPED": skipped.total,
        }
