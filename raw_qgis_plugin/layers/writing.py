# SPDX-License-Identifier: GPL-2.0-or-later
"""Columns -> features of a sink: field types, NULLs, UTC times and geometries."""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from qgis.core import (
    NULL,
    Qgis,
    QgsExpression,
    QgsFeature,
    QgsFeatureSink,
    QgsFeatureSource,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QDateTime, QMetaType, Qt, QVariant

from ..core.arrays import Array
from ..core.errors import Progress, no_progress
from ..core.scratch import Scratch
from ..core.times import NO_TIME
from ..core.tracks import Tracks
from .coordinates import line_wkb

TIMES = ("t", "t_first", "t_last", "t_start", "t_end", "t_arrive", "t_leave")

_T = QMetaType.Type
TYPES = {
    "text": _T.QString,
    "int": _T.LongLong,
    "number": _T.Double,
    "bool": _T.Bool,
    "time": _T.QDateTime,
}


def make_fields(kinds: Mapping[str, str]) -> QgsFields:
    """Fields in the mapping's order. kinds: name -> 'text', 'int', 'number', 'bool' or 'time'
    (UTC).
    """
    # which takes QVariant's types, of the same numbers
    fields = QgsFields()
    old = Qgis.versionInt() < 33800
    for name, kind in kinds.items():
        fields.append(QgsField(name, QVariant.Type(TYPES[kind]) if old else TYPES[kind]))
    return fields


def kinds_of(columns: Mapping[str, Array]) -> dict[str, str]:
    """The kind of every column by its NumPy type; those of TIMES hold epoch milliseconds."""
    by_type = {"b": "bool", "i": "int", "u": "int", "f": "number"}
    return {
        name: "time" if name in TIMES else by_type.get(np.ma.getdata(values).dtype.kind, "text")
        for name, values in columns.items()
    }


def attribute_values(values: Array, kind: str) -> list[Any]:
    """A column as QGIS's own values: NaN, None, NO_TIME and masked entries become NULL."""
    missing = np.ma.getmaskarray(values)
    items = np.ma.getdata(values).tolist()
    if kind == "time":
        return [NULL if gone or ms == NO_TIME else utc(ms) for ms, gone in zip(items, missing)]
    make = {"text": str, "int": int, "number": float, "bool": bool}[kind]
    return [
        NULL if gone or item is None or item != item else make(item)
        for item, gone in zip(items, missing)
    ]


def utc(ms: int) -> QDateTime:
    """Epoch milliseconds -> QDateTime in UTC."""
    return QDateTime.fromMSecsSinceEpoch(ms, Qt.TimeSpec.UTC)


class Output:
    """An output under way.

    A GeoPackage, or a table of one, is written in a folder of its own and gets its place when it is
    complete: a full disk, a cancel or an error leaves the old one whole, and no half one. Other
    outputs are as QGIS writes them.
    """

    def __init__(
        self, sink: QgsFeatureSink | None, destination: str, folder: Scratch | None = None
    ) -> None:
        self.sink: Any = sink
        self.destination = destination
        self.folder = folder
        self.count = 0

    @classmethod
    def in_file(cls, path: Path, table: str = "") -> Output:
        """An output that is made as `file`. table: of the GeoPackage `path`, which keeps its other
        ones.
        """
        return cls(
            None,
            f"{path}|layername={table}" if table else str(path),
            Scratch(".raw-output-", path.parent),
        )

    @property
    def file(self) -> Path:
        """The file under way."""
        return Path(
            self.folder.name if self.folder else "", Path(self.destination.partition("|")[0]).name
        )

    def write(
        self,
        fields: QgsFields,
        attributes: Sequence[Sequence[Any]],
        geometries: Sequence[QgsGeometry | None],
        progress: Progress = no_progress,
    ) -> None:
        """Add features, some thousand at a time. attributes: for each field a sequence with one
        value a feature.
        """
        n = len(geometries)
        batch_size = 5000
        for start in range(0, n, batch_size):
            progress(start / n)
            batch = []
            for i in range(start, min(n, start + batch_size)):
                feature = QgsFeature(fields)
                feature.setAttributes([column[i] for column in attributes])
                if geometries[i] is not None:
                    feature.setGeometry(geometries[i])
                batch.append(feature)
            if not self.sink.addFeatures(batch, QgsFeatureSink.Flag.FastInsert):
                raise OSError(f"The output could not be written: {self.sink.lastError()}")
        self.count += n
        progress(1.0)

    def finish(self) -> None:
        """Close, check, and put it in its place. OSError where it does not hold what was added."""
        try:
            if self.folder:
                if self.sink is not None:
                    sip.delete(self.sink)  # which writes the rest
                    self.sink = None
                self._place()
        finally:
            self.discard()

    def _place(self) -> None:
        path, _, table = self.destination.partition("|layername=")
        layer = QgsVectorLayer(str(self.file), "written", "ogr")
        # GDAL writes it last
        missing = QgsFeatureSource.SpatialIndexPresence.SpatialIndexNotPresent
        bare = layer.isSpatial() and layer.hasSpatialIndex() == missing
        if not layer.isValid() or 0 <= layer.featureCount() < self.count or bare:
            raise OSError(f"{self.destination} cannot be written: is the disk full?")
        del layer
        if table:
            self._replace_table(path, table)
        else:
            os.replace(self.file, path)

    def _replace_table(self, path: str, table: str) -> None:
        """Write the new table under another name, so that a failure leaves the old one whole."""
        from osgeo import gdal

        from ..core.sources.ogr import raising

        new = f"{table} partial"
        update = gdal.OF_VECTOR | gdal.OF_UPDATE
        database = None
        with raising():
            try:
                mode = "overwrite" if Path(path).exists() else None
                gdal.VectorTranslate(path, str(self.file), layerName=new, accessMode=mode)
                database = gdal.OpenEx(path, update)  # a context manager since GDAL 3.8
                if database.GetLayerByName(new).GetFeatureCount() < self.count:
                    raise RuntimeError("is the disk full?")
                _drop(database, table)
                database.GetLayerByName(new).Rename(table)
            except RuntimeError as error:  # of GDAL
                database = None  # which closes it
                with contextlib.suppress(RuntimeError):
                    _drop(gdal.OpenEx(path, update), new)
                raise OSError(f"{self.destination} cannot be written: {error}") from None

    def discard(self) -> None:
        """Give up what is not finished."""
        if self.folder:
            if self.sink is not None:
                sip.delete(self.sink)
            self.folder.cleanup()
        self.sink = None


def _drop(database: Any, table: str) -> None:
    if database.GetLayerByName(table) is not None:
        database.ExecuteSQL(f"DELLAYER:{table}")


def points(xy: Array) -> list[QgsGeometry | None]:
    """(n, 2) coordinates -> n points; None where one is not finite."""
    return [_geometry(wkb) if good else None for wkb, good in zip(_points_wkb(xy), _finite(xy))]


def _points_wkb(xy: Array) -> list[bytes]:
    header = np.frombuffer(struct.pack("<BI", 1, 1), np.uint8)  # byte order, type
    numbers = np.ascontiguousarray(xy, "<f8").reshape(-1, 2).view(np.uint8)
    return np.hstack([np.tile(header, (len(xy), 1)), numbers]).view("V21").ravel().tolist()


def lines(xy: Array, offsets: Array) -> list[QgsGeometry | None]:
    """For every k the line through the rows offsets[k] to offsets[k + 1] of xy; None with fewer
    than two points.

    xy: (n, 2), or (n, 3) with M values.
    """
    parts = (xy[start:stop] for start, stop in zip(offsets[:-1], offsets[1:]))
    return [
        _geometry(line_wkb(line)) if len(line) > 1 else None
        for line in (part[_finite(part)] for part in parts)
    ]


def cut_lines(xy: Array, offsets: Array, begins: Array) -> list[QgsGeometry | None]:
    """For every k the rows offsets[k] to offsets[k + 1] of xy (n, 2) as a MultiLineString; None
    where no part has two.

    begins: (n,) bool, rows to which no line leads, such as those after a gap.
    """
    cuts = np.union1d(np.flatnonzero(begins), offsets)
    parts = np.array(lines(xy, cuts), object)
    # one more than it is cut at
    of_each = np.split(parts, np.searchsorted(cuts, offsets[1:-1]))[: len(offsets) - 1]
    there = [[part for part in of_one if part is not None] for of_one in of_each]
    return [QgsGeometry.collectGeometry(line) if line else None for line in there]


def multipolygons(shapes: Array) -> list[QgsGeometry | None]:
    """(n,) shapely polygons or multipolygons -> n multipolygons; None for a missing, empty or
    infinite shape.
    """
    import shapely

    both = zip(shapely.to_wkb(shapes), _finite(shapely.bounds(shapes)))
    result = [_geometry(wkb) if finite else None for wkb, finite in both]
    for geometry in result:
        if geometry is not None:
            geometry.convertToMultiType()
    return result


def geometries(shapes: Array) -> list[QgsGeometry | None]:
    """(n,) shapely shapes -> n geometries; None for a missing one."""
    import shapely

    return [None if wkb is None else _geometry(wkb) for wkb in shapely.to_wkb(shapes)]


def _finite(xy: Array) -> Array:
    return np.isfinite(xy).all(axis=1)


def _geometry(wkb: bytes) -> QgsGeometry:
    geometry = QgsGeometry()
    geometry.fromWkb(wkb)
    return geometry


def _record_batch(tracks: Tracks, some: slice) -> Any:
    """The columns of some fixes as Arrow has them."""
    import pyarrow as pa

    places = np.column_stack([tracks.lon[some], tracks.lat[some]])
    columns = {
        "user_id": pa.array(tracks.user_ids[tracks.user[some]], pa.string()),
        "track_id": pa.array(tracks.track_ids[tracks.track[some]], pa.string()),
        "t": pa.array(tracks.t[some]).cast(pa.timestamp("ms", "UTC")),
        "geom": pa.array(_points_wkb(places), pa.binary()),
    }
    if tracks.accuracy is not None:
        accuracy = tracks.accuracy[some].astype(float)
        columns["accuracy_m"] = pa.array(accuracy, from_pandas=True)  # nan is null
    return pa.record_batch(columns)


def _create_fields(layer: Any, *, with_accuracy: bool) -> None:
    from osgeo import ogr

    layer.CreateField(ogr.FieldDefn("user_id", ogr.OFTString))
    layer.CreateField(ogr.FieldDefn("track_id", ogr.OFTString))
    layer.CreateField(ogr.FieldDefn("t", ogr.OFTDateTime))
    if with_accuracy:
        layer.CreateField(ogr.FieldDefn("accuracy_m", ogr.OFTReal))


def write_geopackage(path: Path, tracks: Tracks, progress: Progress = no_progress) -> None:
    """Write fixes as a GeoPackage of one layer with spatial index, named as the file, by GDAL's
    Arrow writer.

    The file gets its name when it is complete; one of this name is replaced. OSError where it
    cannot be written.
    """
    from osgeo import gdal, ogr, osr

    from ..core.sources.ogr import raising

    output = Output.in_file(path)
    dataset = None
    layer = None
    # Until it has its name nobody needs the file: SQLite need not wait until it is on the disk
    quick = gdal.config_option("OGR_SQLITE_SYNCHRONOUS", "OFF")
    try:
        with quick, raising():
            world = osr.SpatialReference()
            world.SetFromUserInput("EPSG:4326")
            dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(output.file))
            layer = dataset.CreateLayer(
                path.stem, world, ogr.wkbPoint, ["GEOMETRY_NAME=geom", "SPATIAL_INDEX=NO"]
            )
            _create_fields(layer, with_accuracy=tracks.accuracy is not None)
            dataset.StartTransaction()
            for start in range(0, len(tracks), 1 << 16):
                progress(0.9 * start / len(tracks))
                batch = _record_batch(tracks, slice(start, start + (1 << 16)))
                layer.WritePyArrow(batch, ["GEOMETRY_NAME=geom"])
            dataset.CommitTransaction()
            progress(0.9)
            dataset.ExecuteSQL(
                f"SELECT CreateSpatialIndex({QgsExpression.quotedString(path.stem)}, 'geom')"
            )
            output.count = len(tracks)
            layer = dataset = None
        output.finish()
    except RuntimeError as error:  # of GDAL
        raise OSError(
            f"{path} cannot be written: {error}".replace(str(output.file), path.name)
        ) from error
    finally:
        with gdal.ExceptionMgr(useExceptions=False):  # of what is not complete
            layer = dataset = None  # which closes the file
        output.discard()
    progress(1.0)
