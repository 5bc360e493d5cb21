# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:importtracks: files of positions as a layer of fixes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterCrs,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFile,
    QgsProcessingUtils,
    QgsVectorLayer,
)

from ..core.sources.fields import Layout
from ..core.sources.readers import FORMATS
from ..core.times import DATE_ORDERS
from .base import RawAlgorithm
from .form import ANY_FILE, Run
from .outputs import destination_of
from .words import describe, tr, warn_of_one_user

if TYPE_CHECKING:
    from ..core.tracks import Tracks

WORLD = "EPSG:4326"
DELIMITERS = {"auto": "", "comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "blank": " "}
LARGE = 500_000  # fixes, from which on a temporary layer is a file, not in memory


class ImportTracks(RawAlgorithm):
    """Files of fixes, cleaned and sorted, as points."""

    ID = "importtracks"
    ICON = "import"
    TITLE = "Import tracks"
    SUMMARY = (
        "CSV, Parquet, GPX, FIT, GTFS-realtime, Google Timeline, OwnTracks and GeoLife as a layer of fixes, cleaned "
        "and sorted."
    )
    TAGS = (
        "trajectory", "movement", "gps", "load", "geolife", "movebank", "csv", "parquet", "plt", "gpx", "timeline",
        "google", "owntracks", "fit", "garmin", "wahoo", "gtfs", "realtime",
    )  # fmt: skip
    NEEDS = ("pyarrow",)

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        source = QgsProcessingParameterFile("SOURCE", tr("File or folder"), fileFilter=ANY_FILE)
        source.setHelp(tr("A file of positions. For a folder (GeoLife, many files) write or paste its path."))
        self.add(source)
        self.add_choice("FORMAT", "Format", "auto: recognised from the files.", FORMATS, "auto")
        self.add_text("USER_FIELD", "User column (empty: guessed)", optional=True)
        self.add_text("TRACK_FIELD", "Track column (empty: guessed)", optional=True)
        self.add_text("TIME_FIELD", "Time column (empty: guessed)", optional=True)
        self.add_time_zone()
        self._add_layout()
        self.add_sink("OUTPUT", "Fixes", QgsProcessing.SourceType.TypeVectorPoint)
        self.add_counts()

    def _add_layout(self) -> None:
        self.add_text("LON_FIELD", "Longitude or x column (empty: guessed)", optional=True, advanced=True)
        self.add_text("LAT_FIELD", "Latitude or y column (empty: guessed)", optional=True, advanced=True)
        self.add(
            QgsProcessingParameterCrs("CRS", tr("Coordinate system of the columns"), WORLD, optional=True),
            "Of x and y. Empty: degrees, WGS 84.", advanced=True,
        )  # fmt: skip
        self.add_choice(
            "DATE_ORDER", "First number of dates such as 01/02/2024",
            "auto: recognised where a day over 12 shows it. Where none does, the algorithm asks for it.",
            ("auto", *DATE_ORDERS), "auto", advanced=True,
        )  # fmt: skip
        self.add_choice("DELIMITER", "Delimiter of text", "", tuple(DELIMITERS), "auto", advanced=True)
        self.add_text(
            "ENCODING", "Encoding of text", "Empty: recognised. Or utf-8, latin-1, cp1252 …", optional=True,
            advanced=True,
        )  # fmt: skip
        box = QgsProcessingParameterExtent("EXTENT", tr("Only fixes in this box"), optional=True)
        self.add(box, advanced=True)
        kind = QgsProcessingParameterDateTime.Type.DateTime
        for name, label in (("FROM", "Only fixes from this time on"), ("TO", "Only fixes before this time")):
            moment = QgsProcessingParameterDateTime(name, tr(label), kind, None, optional=True)
            self.add(moment, "In the time zone above.", advanced=True)

    def check(self, run: Run) -> None:
        """The period must not end before it begins."""
        from ..core.errors import InputError

        first, end = self.layout(run).period
        if first is not None and end is not None and first >= end:
            raise InputError(tr("TO has to be later than FROM."))

    def layout(self, run: Run) -> Layout:
        """How the source is written, by the parameters."""
        from ..core.times import NO_TIME
        from ..layers.reading import times_of

        crs = self.parameterAsCrs(run.parameters, "CRS", run.context)
        world = QgsCoordinateReferenceSystem(WORLD)
        box = self.parameterAsExtent(run.parameters, "EXTENT", run.context, world)
        zone, roles = run.text("TIMEZONE").strip(), ("USER", "TRACK", "TIME", "LON", "LAT")
        user, track, moment, lon, lat = (run.text(f"{role}_FIELD").strip() or None for role in roles)
        first, end = (int(t) if t != NO_TIME else None for t in times_of([run.moment("FROM"), run.moment("TO")], zone))
        wkt = crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED)
        return Layout(
            user, track, moment, lon, lat, zone, crs=wkt if crs.isValid() and crs != world else "",
            date_order=run.text("DATE_ORDER").replace("auto", ""),
            delimiter=DELIMITERS[run.text("DELIMITER") or "auto"], encoding=run.text("ENCODING").strip(),
            box=None if box.isNull() else (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()),
            period=(first, end),
        )  # fmt: skip

    def run_on(self, run: Run) -> dict[str, Any]:
        """Read, write."""
        from ..core.sources.outliers import without_outliers
        from ..core.sources.preview import preview
        from ..core.sources.readers import read

        path, kind, layout = run.text("SOURCE").strip(), run.text("FORMAT") or "auto", self.layout(run)
        self.inputs = Path(path).stem
        tracks, skipped, fields = read(path, kind, layout, run.stage(tr("Reading"), 0, 60))
        tracks = without_outliers(tracks, skipped)
        run.info(tr("Fields: {fields}.").format(fields=fields))
        run.info(describe(tracks))
        if skipped:
            run.warn(str(skipped))
        if fields.user is None and layout.user is None and tracks.n_users == 1:
            warn_of_one_user(run.warn, preview(path, kind, layout).candidates)
        return {
            "OUTPUT": self._write(run, tracks), "N_USERS": tracks.n_users, "N_POINTS": len(tracks),
            "N_SKIPPED": skipped.total,
        }  # fmt: skip

    def _write(self, run: Run, tracks: Tracks) -> str:
        """Write to a GeoPackage of our own where that is asked for or the layer is large. Returns the layer's id."""
        import numpy as np

        from ..layers import loading, styling, writing

        file, temporary = self._file(run, len(tracks))
        if file:
            writing.write_geopackage(Path(file), tracks, run.stage(tr("Writing"), 60, 100))
            output = self._temporary_layer(run, file) if temporary else file
            self._load_on_completion(run, output)
            name = self.parameterDefinition("OUTPUT").description()
            loading.on_load(run.context, output, styling.Fixes(), name, self.inputs)
            return output
        table = {
            "user_id": tracks.user_ids[tracks.user], "track_id": tracks.track_ids[tracks.track], "t": tracks.t,
        }  # fmt: skip
        return self.write_table(
            run, "OUTPUT", table, styling.Fixes(), writing.points(np.column_stack([tracks.lon, tracks.lat])),
            Qgis.WkbType.Point, QgsCoordinateReferenceSystem(WORLD), start=60,
        )  # fmt: skip

    def _file(self, run: Run, n_fixes: int) -> tuple[str, bool]:
        """The path of the GeoPackage to write, '' where the output is another; and whether it is a temporary one."""
        sink = destination_of(run, run.parameters["OUTPUT"])
        if sink == QgsProcessing.TEMPORARY_OUTPUT and n_fixes >= LARGE:
            run.warn(tr("The layer is a temporary file, which QGIS deletes when it ends. Save it to keep it."))
            return QgsProcessingUtils.generateTempFilename("fixes.gpkg"), True
        return ("" if Path(sink).suffix.lower() != ".gpkg" or ":" in sink[2:] else sink), False

    def _temporary_layer(self, run: Run, file: str) -> str:
        """Open the file in the place of a layer in memory, which scripts and models expect. Returns the layer's id."""
        layer = QgsVectorLayer(file, self.parameterDefinition("OUTPUT").description(), "ogr")
        return run.context.temporaryLayerStore().addMapLayer(layer).id()

    def _load_on_completion(self, run: Run, output: str) -> None:
        """Tell QGIS to load the output into the project where that is asked for, as it does with its own outputs."""
        definition = run.parameters["OUTPUT"]
        if isinstance(definition, QgsProcessingOutputLayerDefinition) and definition.destinationProject is not None:
            name = definition.destinationName or self.parameterDefinition("OUTPUT").description()
            details = QgsProcessingContext.LayerDetails(
                name, definition.destinationProject, "OUTPUT", QgsProcessingUtils.LayerHint.Vector
            )
            run.context.addLayerToLoadOnCompletion(output, details)
