# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:importtracks: GeoLife folders, CSV and Parquet as a layer of fixes."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsProcessing, QgsProcessingParameterFile, QgsWkbTypes

from ..core.sources.readers import FORMATS
from .base import RawAlgorithm
from .form import ANY_FILE, Run
from .words import describe, tr


class ImportTracks(RawAlgorithm):
    """Files of fixes, cleaned and sorted, as points."""

    ID = "importtracks"
    ICON = "import"
    TITLE = "Import tracks"
    SUMMARY = "GeoLife folders, CSV and Parquet files as a layer of fixes with real times, cleaned and sorted."
    TAGS = ("trajectory", "movement", "gps", "load", "geolife", "movebank", "csv", "parquet", "plt")
    NEEDS = ("pyarrow",)

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        source = QgsProcessingParameterFile("SOURCE", tr("File or folder"), fileFilter=ANY_FILE)
        source.setHelp(tr("A CSV or Parquet file. For a folder (GeoLife, many files) write or paste its path."))
        self.add(source)
        self.add_choice("FORMAT", "Format", "auto: recognised from the files.", FORMATS, "auto")
        self.add_text("USER_FIELD", "User column (empty: guessed)", optional=True)
        self.add_text("TRACK_FIELD", "Track column (empty: guessed)", optional=True)
        self.add_text("TIME_FIELD", "Time column (empty: guessed)", optional=True)
        self.add_time_zone()
        self.add_sink("OUTPUT", "Fixes", QgsProcessing.TypeVectorPoint)
        self.add_counts()

    def run_on(self, run: Run) -> dict[str, Any]:
        """Read, write."""
        import numpy as np

        from ..core.sources.readers import read
        from ..layers import styling, writing

        user, track, moment = (run.text(name).strip() or None for name in ("USER_FIELD", "TRACK_FIELD", "TIME_FIELD"))
        path, kind, zone = run.text("SOURCE").strip(), run.text("FORMAT") or "auto", run.text("TIMEZONE").strip()
        tracks, skipped, fields = read(path, kind, zone, user, track, moment, run.stage(tr("Reading"), 0, 50))
        run.info(tr("Fields: {fields}.").format(fields=fields))
        run.info(describe(tracks))
        if skipped:
            run.warn(str(skipped))
        table = {
            "user_id": tracks.user_ids[tracks.user], "track_id": tracks.track_ids[tracks.track], "t": tracks.t,
        }  # fmt: skip
        destination = self.write_table(
            run, "OUTPUT", table, styling.Fixes(), writing.points(np.column_stack([tracks.lon, tracks.lat])),
            QgsWkbTypes.Point, QgsCoordinateReferenceSystem("EPSG:4326"), start=50,
        )  # fmt: skip
        return {
            "OUTPUT": destination, "N_USERS": tracks.n_users, "N_POINTS": len(tracks), "N_SKIPPED": skipped.total,
        }  # fmt: skip
