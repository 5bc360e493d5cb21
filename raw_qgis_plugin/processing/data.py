# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks as layers: raw:importtracks, raw:fillgaps (where each track was between two fixes),
raw:embedtracks.
"""

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

from ..core.arrays import Array, Columns
from ..core.sources.schema import Schema
from ..core.specs import FillSpec, ImportSpec, UnitSpec, ZoneSpec
from .base import RawAlgorithm
from .form import ANY_FILE, LINES, POINTS, POLYGONS, TABLE, Run
from .outputs import destination_of
from .tracks import TrackAlgorithm, counts, ids_of
from .words import describe, one_user, tr

if TYPE_CHECKING:
    from ..core.gaps.fill import GapQueries
    from ..core.tracks import Tracks

WORLD = "EPSG:4326"
LARGE = 500_000  # fixes, from which on a temporary layer is a file, not in memory


class ImportTracks(RawAlgorithm):
    ID = "importtracks"
    TITLE = "Import tracks"
    SUMMARY = (
        "CSV, Parquet, GPX, Google Timeline, OwnTracks and GeoLife as a layer of fixes, "
        "cleaned and sorted."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        source = QgsProcessingParameterFile("SOURCE", tr("File or folder"), fileFilter=tr(ANY_FILE))
        self.add(
            source,
            tr("A file of positions. For a folder (GeoLife, many files) write or paste its path."),
        )
        self.add_options(ImportSpec, ZoneSpec)
        crs = QgsProcessingParameterCrs(
            "CRS", tr("Coordinate system of the columns"), WORLD, optional=True
        )
        self.add(crs, tr("Of x and y. Empty: degrees, WGS 84."), advanced=True)
        self.add_sink("OUTPUT", "Fixes", POINTS)
        self.add_counts()

    def schema(self, run: Run) -> Schema:
        """How the source is written, by the parameters."""
        spec = run.spec(ImportSpec)
        crs = self.parameterAsCrs(run.parameters, "CRS", run.context)
        other = crs.isValid() and crs != QgsCoordinateReferenceSystem(WORLD)
        return Schema(
            spec.user_field,
            spec.track_field,
            spec.time_field,
            spec.lon_field,
            spec.lat_field,
            zone=run.text("TIMEZONE").strip() or "UTC",
            date_order=spec.date_order.replace("auto", ""),
            crs=crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED) if other else "",
            encoding=spec.encoding or "",
            max_rows=spec.max_rows,
        )

    def run_on(self, run: Run) -> None:
        from ..core.cleaning import without_outliers
        from ..core.sources.readers import read
        from ..core.tracks import NO_USER

        path = run.text("SOURCE").strip()
        kind = run.spec(ImportSpec).format
        wanted = self.schema(run)
        self.inputs = Path(path).stem
        tracks, skipped, schema = read(path, kind, wanted, run.stage(tr("Reading"), 0, 60))
        tracks = without_outliers(tracks, skipped)
        run.info(tr("Fields: {fields}.").format(fields=schema))
        run.info(describe(tracks))
        if skipped or skipped.files:
            run.warn(str(skipped))
        if schema.user is None and wanted.user is None and tracks.user_ids.tolist() == [NO_USER]:
            run.warn(one_user())
        self.results |= counts(tracks, skipped)
        self._write(run, tracks, schema.zone)

    def _write(self, run: Run, tracks: Tracks, zone: str) -> None:
        """Write to a GeoPackage where that is asked for or the layer is large."""
        import numpy as np
        from osgeo import ogr

        from ..layers import styling, writing

        sink = destination_of(run, run.parameters["OUTPUT"])
        style = styling.Fixes(zone)
        temporary = sink == QgsProcessing.TEMPORARY_OUTPUT and len(tracks) >= LARGE
        if temporary:
            run.warn(
                tr(
                    "The layer is a temporary file, which QGIS deletes when it ends. Save it to "
                    "keep it."
                )
            )
            sink = QgsProcessingUtils.generateTempFilename("fixes.gpkg")
        # GDAL 3.8
        if (
            sink.lower().endswith(".gpkg")
            and ":" not in sink[2:]
            and hasattr(ogr.Layer, "WritePyArrow")
        ):
            writing.write_geopackage(Path(sink), tracks, run.stage(tr("Writing"), 60, 100))
            if temporary:  # in the place of a layer in memory, which scripts and models expect
                layer = QgsVectorLayer(
                    sink, self.parameterDefinition("OUTPUT").description(), "ogr"
                )
                sink = run.context.temporaryLayerStore().addMapLayer(layer).id()
            self.load_on_completion("OUTPUT", sink, style)
            return
        table = {
            "user_id": tracks.user_ids[tracks.user],
            "track_id": tracks.track_ids[tracks.track],
            "t": tracks.t,
        }
        if tracks.accuracy is not None:
            table["accuracy_m"] = tracks.accuracy
        points = writing.points(np.column_stack([tracks.lon, tracks.lat]))
        self.crs = QgsCoordinateReferenceSystem(WORLD)
        self.write("OUTPUT", table, style, points, Qgis.WkbType.Point, start=60)


class FillGaps(TrackAlgorithm):
    ID = "fillgaps"
    TITLE = "Fill gaps"
    SUMMARY = (
        "Where people were between two fixes, with areas that hold them in 50 and 80 % of cases."
    )
    TAGS = ("interpolation", "imputation")
    USES_MODEL = False

    def declare(self) -> None:
        self.add_options(FillSpec)
        self.add_sink("OUTPUT", "Inferred positions", POINTS)
        self.add_sink("OUTPUT_TRACKS", "Inferred tracks", LINES, optional=True)
        self.add_sink("OUTPUT_AREAS", "Inferred areas", POLYGONS, optional=True)

    def run_on(self, run: Run) -> None:
        import numpy as np

        from ..core.gaps.fill import GapQueries, fill
        from ..layers import styling

        spec = run.spec(FillSpec)
        tracks = self.read_units("track")
        queries = GapQueries.every(tracks, 60.0 * spec.step_min, 60.0 * spec.max_gap_min)
        with_areas = bool(run.parameters.get("OUTPUT_AREAS"))
        n = len(queries.t)
        words = tr("{n:,} positions in {k:,} gaps.")
        run.info(words.format(n=n, k=len(np.unique(queries.before))))
        if queries.n_open:
            words = tr("{n:,} gaps longer than {minutes:g} minutes stay open.")
            run.warn(words.format(n=queries.n_open, minutes=spec.max_gap_min))
        found = {name: np.empty(n) for name in ("lon", "lat", "radius50_m", "radius80_m")}
        areas = np.empty((n, 2), object)
        stage = run.stage(tr("Filling the gaps"))
        for part in fill(tracks, queries, stage, with_areas=with_areas):
            for name in found:
                found[name][part.number] = getattr(part, name)
            if part.areas is not None:
                areas[part.number] = part.areas
        self._write_filled(tracks, queries, found)
        if with_areas:
            ids = ids_of(tracks, tracks.track[queries.before])
            when = {"t": queries.t, "inferred": np.ones(n, bool)}
            self.write_areas(ids, when, areas, styling.InferredAreas())

    def _write_filled(self, tracks: Tracks, queries: GapQueries, found: Columns) -> None:
        """The inferred positions and the lines through them. found: lon, lat and the radii."""
        import numpy as np

        from ..layers import styling

        lon = found.pop("lon")
        lat = found.pop("lat")
        columns = {
            **ids_of(tracks, tracks.track[queries.before]),
            "t": queries.t,
            "inferred": np.ones(len(queries.t), bool),
            **found,
        }
        points = self.points(lon, lat)
        style = styling.InferredPoints()
        self.write("OUTPUT", columns, style, points, Qgis.WkbType.Point, stop=94)
        if self.current.parameters.get("OUTPUT_TRACKS"):
            self._write_tracks(tracks, queries, lon, lat)

    def _write_tracks(self, tracks: Tracks, queries: GapQueries, lon: Array, lat: Array) -> None:
        """A line a gap, from fix to fix."""
        import numpy as np

        from ..layers import styling

        before, count = np.unique(queries.before, return_counts=True)
        after = before + 1
        # A gap's positions are sorted behind its first fix (key `before`) and in front of its last
        # (`after` - 0.25).
        order = np.argsort(
            np.concatenate([queries.before + 0.5, before, after - 0.25]), kind="stable"
        )
        lon, lat, t = (
            np.concatenate([own, fixes[before], fixes[after]])[order]
            for own, fixes in ((lon, tracks.lon), (lat, tracks.lat), (queries.t, tracks.t))
        )
        columns = {
            **ids_of(tracks, tracks.track[before]),
            "t_first": tracks.t[before],
            "t_last": tracks.t[after],
            "duration_min": (tracks.t[after] - tracks.t[before]) / 60_000,
            "inferred": np.ones(len(before), bool),
        }
        lines = self.lines(lon, lat, np.concatenate([[0], np.cumsum(count + 2)]), t)
        style = styling.InferredLines()
        shape = Qgis.WkbType.LineStringM
        self.write("OUTPUT_TRACKS", columns, style, lines, shape, start=94, stop=96)


class EmbedTracks(TrackAlgorithm):
    ID = "embedtracks"
    TITLE = "Embed tracks"
    SUMMARY = (
        "A row of figures for each user, track or day, by which they can be compared, "
        "clustered or classified."
    )

    def declare(self) -> None:
        self.add_options(UnitSpec)
        self.add_sink("OUTPUT", "Embeddings", TABLE)

    def run_on(self, run: Run) -> None:
        from ..layers import styling

        unit = run.spec(UnitSpec).unit
        self.open_model()
        tracks = self.read_units(unit)
        vectors = self.embed(tracks, run.stage(tr("Embedding")))
        columns = {"user_id": tracks.user_ids[tracks.track_user]}
        if unit != "user":
            columns["day" if unit == "day" else "track_id"] = tracks.track_ids
        columns |= {f"e{number:03d}": values for number, values in enumerate(vectors.T)}
        self.write("OUTPUT", columns, styling.Table("Embeddings"))
