# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:importtracks: files of positions as a layer of fixes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingParameterCrs,
    QgsProcessingParameterFile,
    QgsProcessingUtils,
    QgsVectorLayer,
)

from ...core.sources.schema import Schema
from ...core.specs import ImportSpec, ZoneSpec
from ..base import RawAlgorithm
from ..form import ANY_FILE, Run
from ..outputs import destination_of
from ..words import describe, one_user, tr

if TYPE_CHECKING:
    from ...core.tracks import Tracks

WORLD = "EPSG:4326"
LARGE = 500_000  # fixes, from which on a temporary layer is a file, not in memory


class ImportTracks(RawAlgorithm):
    ID = "importtracks"
    TITLE = "Import tracks"
    SUMMARY = "CSV, Parquet, GPX, Google Timeline, OwnTracks and GeoLife as a layer of fixes, cleaned and sorted."
    TAGS = (
        "trajectory", "movement", "gps", "load", "geolife", "movebank", "csv", "parquet", "plt", "gpx", "timeline",
        "google", "owntracks",
    )  # fmt: skip

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        source = QgsProcessingParameterFile("SOURCE", tr("File or folder"), fileFilter=ANY_FILE)
        self.add(source, "A file of positions. For a folder (GeoLife, many files) write or paste its path.")
        self.add_options(ImportSpec, ZoneSpec)
        crs = QgsProcessingParameterCrs("CRS", tr("Coordinate system of the columns"), WORLD, optional=True)
        self.add(crs, "Of x and y. Empty: degrees, WGS 84.", advanced=True)
        self.add_sink("OUTPUT", "Fixes", QgsProcessing.SourceType.TypeVectorPoint)
        self.add_counts()

    def schema(self, run: Run) -> Schema:
        """How the source is written, by the parameters."""
        spec, crs = run.spec(ImportSpec), self.parameterAsCrs(run.parameters, "CRS", run.context)
        other = crs.isValid() and crs != QgsCoordinateReferenceSystem(WORLD)
        return Schema(
            spec.user_field, spec.track_field, spec.time_field, spec.lon_field, spec.lat_field,
            zone=run.text("TIMEZONE").strip() or "UTC", date_order=spec.date_order.replace("auto", ""),
            crs=crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED) if other else "",
            encoding=spec.encoding or "",
        )  # fmt: skip

    def run_on(self, run: Run) -> dict[str, Any]:
        from ...core.sources.readers import read
        from ...core.tracks import without_outliers

        path, kind, wanted = run.text("SOURCE").strip(), run.spec(ImportSpec).format, self.schema(run)
        self.inputs = Path(path).stem
        tracks, skipped, schema = read(path, kind, wanted, run.stage(tr("Reading"), 0, 60))
        tracks = without_outliers(tracks, skipped)
        run.info(tr("Fields: {fields}.").format(fields=schema))
        run.info(describe(tracks))
        if skipped or skipped.files:
            run.warn(str(skipped))
        if schema.user is None and wanted.user is None and tracks.n_users == 1:
            run.warn(one_user())
        return {
            "OUTPUT": self._write(run, tracks, schema.zone), "N_USERS": tracks.n_users, "N_POINTS": len(tracks),
            "N_SKIPPED": skipped.total,
        }  # fmt: skip

    def _write(self, run: Run, tracks: Tracks, zone: str) -> str:
        """Write to a GeoPackage where that is asked for or the layer is large. Returns the layer's id."""
        import numpy as np
        from osgeo import ogr

        from ...layers import styling, writing

        sink = destination_of(run, run.parameters["OUTPUT"])
        is_file, temporary = Path(sink).suffix.lower() == ".gpkg" and ":" not in sink[2:], False
        if sink == QgsProcessing.TEMPORARY_OUTPUT and len(tracks) >= LARGE:
            run.warn(tr("The layer is a temporary file, which QGIS deletes when it ends. Save it to keep it."))
            sink, temporary = QgsProcessingUtils.generateTempFilename("fixes.gpkg"), True
        style = styling.Fixes(zone)
        if (is_file or temporary) and hasattr(ogr.Layer, "WritePyArrow"):  # GDAL 3.8
            writing.write_geopackage(Path(sink), tracks, zone, run.stage(tr("Writing"), 60, 100))
            if temporary:  # in the place of a layer in memory, which scripts and models expect
                layer = QgsVectorLayer(sink, self.parameterDefinition("OUTPUT").description(), "ogr")
                sink = run.context.temporaryLayerStore().addMapLayer(layer).id()
            self.load_on_completion(run, "OUTPUT", sink, style)
            return sink
        table = {"user_id": tracks.user_ids[tracks.user], "track_id": tracks.track_ids[tracks.track], "t": tracks.t}
        if tracks.accuracy is not None:
            table["accuracy_m"] = tracks.accuracy
        points = writing.points(np.column_stack([tracks.lon, tracks.lat]))
        self.crs = QgsCoordinateReferenceSystem(WORLD)
        return self.write(run, "OUTPUT", table, style, points, Qgis.WkbType.Point, start=60)
