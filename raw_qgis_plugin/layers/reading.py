# SPDX-License-Identifier: GPL-2.0-or-later
"""A QGIS vector layer -> tracks: a table by OGR's Arrow stream where the file can be read, by
features everywhere else.

Both ways respect the layer's subset string, selection and CRS, and Processing's filter, limit and
geometry check. The table becomes columns by core/sources/columns.py, and these become tracks by
`build` of core/sources/readers.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsFields,
    QgsLineString,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsProviderRegistry,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
    QgsWkbTypes,
)

from ..core.arrays import Array
from ..core.errors import InputError, Progress, is_installed, no_progress, require
from ..core.skipped import Skipped
from ..core.sources.questions import check_extent, check_projection
from ..core.sources.schema import NONE, Schema, find_columns
from ..core.tracks import Tracks
from .coordinates import check, to_wgs84, transform_xy
from .values import as_text, time_text
from .words import ZONE

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger(__name__)
Reader = Callable[[Callable[[int], None]], "pa.Table | None"]
"""Of a function that is called with the number of rows read, and may raise to stop."""

ROLES = ("user", "track", "time")
GEOMETRY = "*geometry*"  # the column of points in the table of a layer; fields are called otherwise


def zone_of(layer: QgsVectorLayer) -> str:
    """The time zone that was chosen for a layer, or that it was imported with; '' for none."""
    return str(layer.customProperty(ZONE) or "")


def choose_fields(
    fields: QgsFields, user: str | None, track: str | None, time: str | None
) -> Schema:
    """Guess the fields that were not chosen. NONE stands for no field, unless a field has that
    name.

    InputError where the layer lacks a chosen field.
    """
    wanted = Schema(user or None, track or None, time or None)
    schema = replace(
        find_columns(fields.names(), wanted), lon=None, lat=None, scale=1.0, geometry=GEOMETRY
    )
    dated = [
        field.name()
        for field in fields
        if field.typeName().lower() in ("datetime", "timestamp", "date")
    ]
    if schema.time is None and not time and len(dated) == 1:
        return replace(schema, time=dated[0], guessed=schema.guessed | {"time"})
    return schema


def remembered(layer: QgsVectorLayer) -> Schema:
    """The fields stored with a layer, as they were chosen in the dock. They are guessed where none
    are, or one went.
    """
    user, track, time = known = [layer.customProperty(f"raw/{role}_field") for role in ROLES]
    if known == [None] * len(ROLES) or any(
        name and layer.fields().lookupField(name) < 0 for name in known
    ):
        return choose_fields(layer.fields(), None, None, None)
    return with_guesses(layer, user, track, time)


def with_guesses(
    layer: QgsVectorLayer, user: str | None, track: str | None, time: str | None
) -> Schema:
    """Chosen fields, with those of dates, accuracy and visibility that nobody chooses."""
    return (
        choose_fields(layer.fields(), user or NONE, track or NONE, time)
        if time
        else Schema(user, track)
    )


@dataclass(frozen=True)
class ReadPlan:
    """What another thread needs to read a layer. Made on the main thread."""

    source: Any  # QGIS's source of features
    fields: Schema
    transform: QgsCoordinateTransform  # to WGS84
    shape: Any  # the type of the geometries
    count: int  # of the features, -1 if unknown
    file: Reader | None = None

    @property
    def has_lines(self) -> bool:
        """Whether every feature is a run of fixes."""
        return QgsWkbTypes.geometryType(self.shape) == Qgis.GeometryType.Line


def plan_reading(
    source: QgsProcessingFeatureSource,
    layer: QgsVectorLayer | None,
    definition: Any,
    fields: Schema,
    timezone: str,
    context: QgsCoordinateTransformContext,
) -> ReadPlan:
    """Decide how to read an input. definition: its value, a QgsProcessingFeatureSourceDefinition or
    another type.

    QGIS's geometry check never rejects points, so it needs no care here. InputError where a field
    does not exist any more.
    """
    some = isinstance(definition, QgsProcessingFeatureSourceDefinition) and (
        definition.filterExpression
        or definition.selectedFeaturesOnly
        or definition.featureLimit >= 0
    )
    fields = replace(fields, zone=timezone, geometry=GEOMETRY)
    find_columns(source.fields().names(), replace(fields, geometry=None))
    is_points = QgsWkbTypes.geometryType(source.wkbType()) == Qgis.GeometryType.Point
    file = ogr_reader(layer, fields) if is_points and fields.time and not some else None
    transform = to_wgs84(source.sourceCrs(), context)
    return ReadPlan(source, fields, transform, source.wkbType(), source.featureCount(), file)


def snapshot(layer: QgsVectorLayer, fields: Schema, timezone: str) -> ReadPlan:
    """A plan to read a whole layer in another thread."""
    plan = plan_reading(
        layer, layer, None, fields, timezone, QgsProject.instance().transformContext()
    )
    return replace(plan, source=QgsVectorLayerFeatureSource(layer))


def read_tracks(plan: ReadPlan, progress: Progress = no_progress) -> tuple[Tracks, Skipped]:
    """Read, transform to WGS84 and clean. InputError where the layer has no times or no usable
    geometry.
    """
    require("pyarrow")
    from ..core.sources.columns import fixes_of, with_days
    from ..core.sources.readers import build

    shape = QgsWkbTypes.geometryType(plan.shape)
    total = max(1, plan.count)

    def count(done: int) -> None:
        progress(min(1.0, done / total))

    if shape == Qgis.GeometryType.Null:
        raise InputError(
            "The layer is a table without geometry. Import tracks makes a layer of points of its "
            "file."
        )
    if shape not in (Qgis.GeometryType.Point, Qgis.GeometryType.Line):
        raise InputError(
            "The layer has neither points nor lines. Choose a layer of points, or of lines with M "
            "values."
        )
    if shape == Qgis.GeometryType.Point and plan.fields.time is None:
        raise InputError("No field of the layer looks like a time. Choose it as the time field.")
    table = plan.file(count) if plan.file else None
    schema = plan.fields
    if table is None:
        table, schema = _read_features(plan, count)
    if not plan.has_lines:
        schema = with_days(schema, table)
    parts = [_in_wgs84(fixes_of(table, schema), plan.transform)]
    del table  # its geometries are needed no more
    tracks, skipped = build(parts)
    check_extent(tracks.lon, tracks.lat)
    return tracks, skipped


def _in_wgs84(fixes: pa.Table, transform: QgsCoordinateTransform) -> pa.Table:
    """Fixes whose lon and lat are coordinates of a layer, in degrees of WGS84.

    InputError where there is no transform, or the layer's CRS cannot be that of the coordinates.
    """
    import pyarrow as pa

    check(transform)
    if transform.isShortCircuited():
        return fixes
    x = fixes["lon"].to_numpy()
    y = fixes["lat"].to_numpy()
    xy = transform_xy(np.column_stack([x, y]), transform)
    if is_installed("pyproj"):
        _check_crs(x, y, xy, transform)
    for at, name in enumerate(("lon", "lat")):
        column = fixes.column_names.index(name)
        fixes = fixes.set_column(column, name, pa.array(xy[:, at]))
    return fixes


def _check_crs(x: Array, y: Array, xy: Array, transform: QgsCoordinateTransform) -> None:
    """InputError where coordinates (n,) cannot be in the CRS. xy: (n, 2) the same in degrees."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    wkt = transform.sourceCrs().toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED)
    try:
        crs = CRS.from_wkt(wkt)
    except CRSError:  # QGIS reads more than pyproj
        return
    check_projection(x, y, xy[:, 0], xy[:, 1], crs)


def ogr_reader(layer: QgsVectorLayer | None, schema: Schema) -> Reader | None:
    """Reads a layer's file directly, in any thread; None if the layer shows anything other than its
    file holds.

    Call it on the layer's own thread. The table has the fields of the schema and the geometry,
    under their names.
    """
    if layer is None or layer.providerType() != "ogr" or layer.isModified():
        return None
    fields = layer.fields()
    provider = layer.dataProvider()
    indexes = [fields.lookupField(name) for name in fields_of(schema)]
    own = QgsFields.FieldOrigin.OriginProvider  # this name also exists before QGIS 3.38
    if any(i < 0 or fields.fieldOrigin(i) != own for i in indexes) or provider.transaction():
        return None
    # GDAL and QGIS decode it differently
    if provider.encoding().upper() not in ("", "UTF-8", "UTF8"):
        return None
    subset = layer.subsetString().strip()
    uri = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
    extra = {"vsiPrefix", "vsiSuffix", "geometryType", "authcfg", "uniqueGeometryType"}
    if (
        any(uri.get(key) for key in extra)
        or subset.upper().startswith("SELECT")
        or uri.get("layerId") not in (None, 0)
    ):
        return None
    return partial(
        _read, uri["path"], uri.get("layerName"), list(uri.get("openOptions") or ()), subset, schema
    )


def fields_of(schema: Schema) -> list[str]:
    """The fields of a layer that a schema names, each once."""
    return [name for name in schema.columns() if name != schema.geometry]


def _read(
    path: str,
    name: str | None,
    options: list[str],
    subset: str,
    schema: Schema,
    count: Callable[[int], None],
) -> pa.Table | None:
    try:
        import pyarrow as pa

        from ..core.sources.ogr import opened, read_layer

        parts = []
        done = 0
        with opened(Path(path), options) as dataset:
            layer = dataset.GetLayerByName(name) if name else dataset.GetLayer(0)
            if layer is None or (name is None and dataset.GetLayerCount() != 1):
                return None
            for part in read_layer(dataset, layer, fields_of(schema), [str(schema.time)], subset):
                kinds = part.schema.types
                if any(
                    pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType)
                    for kind in kinds
                ):
                    return None  # lists and JSON become text
                parts.append(part)
                done += len(part)
                count(done)
        table = pa.concat_tables(parts)
        table.validate(full=True)  # text that is not UTF-8 is read by features
        return table.rename_columns([*fields_of(schema), str(schema.geometry)])
    # GDAL refuses, fails or is too old; or a stream lacks a column
    except (
        InputError,
        SystemError,
        ImportError,
        AttributeError,
        KeyError,
        OSError,
        pa.ArrowException,
    ) as error:
        # the error itself would hold what GDAL has open
        log.info("Reading features, not columns: %s", str(error))
        return None


def _read_features(plan: ReadPlan, count: Callable[[int], None]) -> tuple[pa.Table, Schema]:
    """The table of a layer and its schema: a row a point, or a vertex, whose M is the time.

    Every line is a track of its own, unless a field names its track. count is called now and then
    with the number of features read, and may raise to stop.
    """
    lines = plan.has_lines
    if lines and not QgsWkbTypes.hasM(plan.shape):
        raise InputError(
            "INPUT has lines without M values, so its vertices have no time. Use lines whose M is "
            "epoch seconds, or points with a time field."
        )
    import pyarrow as pa

    schema = plan.fields
    source = plan.source
    done = 0
    parts = list[Any]()
    some = list[Any]()
    if lines:
        schema = Schema(schema.user, schema.track or "*line*", "*t*", "*x*", "*y*")
    at = {name: source.fields().lookupField(name) for name in fields_of(schema)}
    at = {name: field for name, field in at.items() if field >= 0}
    make = {name: time_text if name == schema.time else as_text for name in at}
    request = QgsFeatureRequest().setSubsetOfAttributes(list(at.values()))
    features = source.getFeatures(request)
    while not parts or some:
        # Python's objects take ten times the memory of columns
        some = list(islice(features, 1 << 16))
        columns = {name: pa.array([make[name](each[i]) for each in some]) for name, i in at.items()}
        if lines:
            columns = _rows_of_vertices(columns, some, done + 1)
        else:
            columns[GEOMETRY] = _points(some)
        parts.append(pa.table(columns))
        done += len(some)
        count(done)
    return pa.concat_tables(parts, promote_options="default"), schema


def _points(features: list[QgsFeature]) -> pa.Array:
    """(n,) WKB of features; null where there is no geometry."""
    import pyarrow as pa

    shapes = (each.geometry() for each in features)
    wkb = [None if shape.isNull() else shape.asWkb().data() for shape in shapes]
    return pa.array(wkb, pa.binary())


def _rows_of_vertices(
    columns: dict[str, pa.Array], features: list[QgsFeature], first_line: int
) -> dict[str, Any]:
    """The columns of lines with a row for each vertex: its place, its time, and its line."""
    import pyarrow as pa

    vertices = [_vertices(each.geometry()) for each in features]
    line = np.repeat(np.arange(len(features)), [len(each) for each in vertices])
    x, y, t = np.concatenate([np.empty((0, 3)), *vertices]).T
    own = {name: values.take(pa.array(line)) for name, values in columns.items()}
    return {**own, "*x*": x, "*y*": y, "*t*": t, "*line*": first_line + line}


def _vertices(geometry: Any) -> Array:
    """The vertices of a line or multiline -> (n, 3) x, y, m. A NULL has none; a line without M has
    m of NaN.
    """
    found: list[Array] = [np.empty((0, 3))]
    for drawn in geometry.constParts():
        # of a curve
        part = drawn if isinstance(drawn, QgsLineString) else QgsLineString(list(drawn.vertices()))
        numbers = np.frombuffer(part.asWkb().data(), "<f8", offset=9).reshape(
            -1, 2 + part.is3D() + part.isMeasure()
        )
        m = numbers[:, -1] if part.isMeasure() else np.full(len(numbers), np.nan)
        found.append(np.column_stack([numbers[:, :2], m]))
    return np.concatenate(found)
