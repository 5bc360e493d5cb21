# SPDX-License-Identifier: GPL-2.0-or-later
"""Layers of lines and points -> lines: GeoParquet, GeoPackage, GeoJSON, Shapefile and others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, Progress
from .tables import KIND_OF_WORD, Lines, lines_of

# Fields that are guessed, the likeliest first; of names without case
KIND_FIELDS = ("kind", "mode", "route_type", "railway", "route", "type", "transport", "category")
NAME_FIELDS = ("line", "route", "ref", "route_short_name", "name", "route_long_name", "label")
OPENED_FIELDS = ("opened", "open_date", "start_date", "opening_date", "year_opened")
CLOSED_FIELDS = ("closed", "close_date", "end_date", "closing_date", "year_closed")


def lines_of_features(
    columns: Mapping[str, Sequence[Any]],
    shapes: np.ndarray,
    skipped: Counter[str],
    kind_field: str = "",
    kind: str = "",
) -> Lines:
    """Lines of the features of a layer. Multi-part shapes become a line a part.

    columns: the fields, a value a feature. shapes: (n,) shapely geometries in WGS84, or None.
    kind_field: the field of the kind, guessed if it is empty. kind: of all features, if it is
    given. InputError where nobody says which kind the lines are of.
    """
    import shapely

    kinds = _kinds(columns, len(shapes), kind_field, kind)
    names = _texts(columns, NAME_FIELDS, len(shapes), without=kind_field)
    opened = _days(columns, OPENED_FIELDS, len(shapes))
    closed = _days(columns, CLOSED_FIELDS, len(shapes))

    parts, row = shapely.get_parts(shapes, return_index=True)
    is_point = shapely.get_type_id(parts) == shapely.GeometryType.POINT
    is_line = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    of_kind = np.array([KIND_OF_WORD.get(word, "") for word in kinds], object)[row]
    of_kind[is_point] = "stop"
    known = of_kind != ""
    usable = (is_point | is_line) & known & _on_earth(parts)
    skipped["features that are no line and no stop"] += int((~(is_point | is_line)).sum())
    skipped["lines of other kinds"] += int((~known & is_line).sum())
    skipped["lines outside the earth"] += int((known & (is_point | is_line) & ~usable).sum())
    row = row[usable]
    return lines_of(of_kind[usable], names[row], parts[usable], opened[row], closed[row])


def _kinds(columns: Mapping[str, Sequence[Any]], n: int, kind_field: str, kind: str) -> list[str]:
    """The word for the kind of each feature, in lower case."""
    if kind:
        return [kind] * n
    field = kind_field or _guess_kind(columns)
    if not field:
        raise InputError(
            "No field says which lines are of the subway, trams, trains or buses. Choose the field "
            "of the kind, or one kind for all. Fields: {names}.",
            names=", ".join(columns) or "–",
        )
    if field not in columns:
        raise InputError(
            "There is no field '{name}'. Fields: {names}.", name=field, names=", ".join(columns)
        )
    return [str(value or "").strip().lower() for value in columns[field]]


def _guess_kind(columns: Mapping[str, Sequence[Any]]) -> str:
    """The first usual field that holds a known kind; '' if there is none."""
    own = {name.lower(): name for name in columns}
    for usual in KIND_FIELDS:
        values = columns.get(own.get(usual, ""), ())
        if any(str(value or "").strip().lower() in KIND_OF_WORD for value in values):
            return own[usual]
    return ""


def _texts(
    columns: Mapping[str, Sequence[Any]], usual: Sequence[str], n: int, without: str = ""
) -> np.ndarray:
    """(n,) object str: the values of the first usual field that there is."""
    own = {name.lower(): name for name in columns if name != without}
    field = next((own[name] for name in usual if name in own), None)
    texts = np.full(n, "", object)
    if field is not None:
        texts[:] = [str(value or "").strip() for value in columns[field]]
    return texts


def _days(columns: Mapping[str, Sequence[Any]], usual: Sequence[str], n: int) -> np.ndarray:
    """(n,) datetime64[D] of dates, years or years with decimals; NaT where nothing is known."""
    days = [_day(text) for text in _texts(columns, usual, n)]
    return np.array(days, "datetime64[D]")


def _day(text: str) -> np.datetime64:
    year = re.fullmatch(r"(1[89]\d\d|20\d\d)(\.\d+)?", text)
    if year:
        since = np.datetime64(year[1], "D")
        return since + np.timedelta64(int(365 * float(year[2] or 0)), "D")
    date = re.match(r"(1[89]\d\d|20\d\d)[-/](\d\d)[-/](\d\d)", text)
    try:
        return np.datetime64("-".join(date.groups()), "D") if date else np.datetime64("NaT", "D")
    except ValueError:
        return np.datetime64("NaT", "D")


def _on_earth(shapes: np.ndarray) -> np.ndarray:
    """(n,) bool: whether all of a shape has degrees."""
    import shapely

    west, south, east, north = shapely.bounds(shapes).T
    return (west >= -180) & (east <= 180) & (south >= -90) & (north <= 90)


def read_parquet(path: Path, skipped: Counter[str], kind_field: str, kind: str) -> Lines:
    """Lines of a GeoParquet file with WKB in WGS84."""
    import pyarrow as pa
    import shapely
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError("{file} cannot be read: {error}", file=path.name, error=error) from error
    geometry = next(
        (name for name in ("geometry", "geom", "wkb") if name in table.column_names), ""
    )
    if not geometry:
        raise InputError("{file} has no column 'geometry'.", file=path.name)
    shapes = shapely.from_wkb(table[geometry].to_pylist(), on_invalid="ignore")
    columns = table.drop_columns([geometry]).to_pydict()
    return lines_of_features(columns, np.asarray(shapes, object), skipped, kind_field, kind)


def read_ogr(
    path: Path, skipped: Counter[str], kind_field: str, kind: str, progress: Progress
) -> Lines:
    """Lines of all layers of a file that GDAL reads, in any CRS."""
    from ..sources.ogr import opened
    from .tables import concat

    found = []
    with opened(path) as dataset:
        layers = [dataset.GetLayer(k) for k in range(dataset.GetLayerCount())]
        for done, layer in enumerate(layers):
            columns, shapes = _read_layer(layer)
            if len(shapes):
                found.append(lines_of_features(columns, shapes, skipped, kind_field, kind))
            progress((done + 1) / len(layers))
    return concat(found)


def _read_layer(layer: Any) -> tuple[dict[str, list[Any]], np.ndarray]:
    """The fields and shapes (n,) of a layer, in WGS84."""
    import shapely

    names = [field.GetName() for field in layer.schema]
    columns: dict[str, list[Any]] = {name: [] for name in names}
    wkb = []
    for feature in layer:
        for number, name in enumerate(names):
            columns[name].append(feature.GetField(number))
        geometry = feature.GetGeometryRef()
        wkb.append(
            None if geometry is None else bytes(geometry.GetLinearGeometry().ExportToIsoWkb())
        )
    shapes = shapely.force_2d(shapely.from_wkb(np.array([*wkb, None], object), on_invalid="ignore"))
    return columns, _in_degrees(shapes[:-1], layer.GetSpatialRef())


def _in_degrees(shapes: np.ndarray, crs: Any) -> np.ndarray:
    import shapely
    from pyproj import CRS, Transformer

    if crs is None or not len(shapes):
        return shapes
    to_degrees = Transformer.from_crs(CRS.from_wkt(crs.ExportToWkt()), 4326, always_xy=True)
    return shapely.transform(shapes, lambda xy: np.column_stack(to_degrees.transform(*xy.T)))
