# SPDX-License-Identifier: GPL-2.0-or-later
"""A QGIS vector layer -> tracks: by columns where its file can be read directly, by features everywhere else.

Both ways respect the layer's subset string, selection and CRS, and Processing's filter, limit and geometry check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from qgis.core import (
    Qgis,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsFeatureRequest,
    QgsFields,
    QgsGeometry,
    QgsLineString,
    QgsMultiPoint,
    QgsPoint,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime, QVariant

from ..core.arrays import object_column
from ..core.errors import InputError, Progress, no_progress
from ..core.sources.fields import NONE as NONE
from ..core.sources.fields import guess_fields, user_candidates
from ..core.sources.outliers import are_skipped
from ..core.times import NO_TIME, parse_times
from ..core.tracks import Coded, IdColumn, Skipped, Tracks, build_tracks
from . import arrow
from .columns import Columns
from .coordinates import to_wgs84, transform_xy

ROLES = ("user", "track", "time")


@dataclass(frozen=True)
class FieldChoice:
    """The fields to read, by name. guessed: the roles whose field was guessed, not chosen."""

    user: str | None
    track: str | None
    time: str | None
    guessed: frozenset[str] = frozenset()

    def __str__(self) -> str:
        roles = ((role, getattr(self, role)) for role in ROLES)
        words = [
            f"{role} {'none' if name is None else repr(name)}{' (guessed)' if role in self.guessed else ''}"
            for role, name in roles
        ]
        return "Fields: " + ", ".join(words) + "."


def choose_fields(fields: QgsFields, user: str | None, track: str | None, time: str | None) -> FieldChoice:
    """Guess the fields that were not chosen. NONE stands for no field, unless a field has that name.

    InputError where the layer lacks a chosen field.
    """
    chosen = dict(zip(ROLES, (user, track, time)))
    without = {role for role, name in chosen.items() if name == NONE and fields.lookupField(NONE) < 0}
    _check(fields, *(name for role, name in chosen.items() if role not in without))
    guess = guess_fields(fields.names())
    found = {role: None if role in without else name or getattr(guess, role) or None for role, name in chosen.items()}
    if found["time"] is None and "time" not in without:
        dated = [f.name() for f in fields if f.typeName().lower() in ("datetime", "timestamp", "date")]
        found["time"] = dated[0] if len(dated) == 1 else None
    guessed = frozenset(role for role, name in found.items() if name and not chosen[role])
    return FieldChoice(**found, guessed=guessed)


def _check(fields: QgsFields, *names: str | None) -> None:
    """InputError where the layer lacks one of the fields."""
    absent = [name for name in names if name and fields.lookupField(name) < 0]
    if absent:
        known = ", ".join(fields.names()) or "none"
        raise InputError(f"The layer has no field '{absent[0]}': choose another one. Its fields: {known}.")


def fields_of_users(source: Any, fields: FieldChoice, most_rows: int = 20_000) -> dict[str, int]:
    """Fields of a source of features that may name users, with the number of values in its first rows."""
    named = [field for field in source.fields() if field.name() not in _names(fields) and not field.isDateOrTime()]
    at = [source.fields().lookupField(field.name()) for field in named]
    request = QgsFeatureRequest().setSubsetOfAttributes(at).setLimit(most_rows)
    request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    rows = [[feature[i] for i in at] for feature in source.getFeatures(request)]
    columns = {field.name(): _plain([row[i] for row in rows]) for i, field in enumerate(named)}
    guess = guess_fields(columns)
    others = {name: values for name, values in columns.items() if name not in (*guess.columns(), "fid", "ogc_fid")}
    has_lines = QgsWkbTypes.geometryType(source.wkbType()) == Qgis.GeometryType.Line
    return user_candidates(others, has_lines)


@dataclass(frozen=True)
class ReadPlan:
    """What another thread needs to read a layer. Made by `plan_reading` on the main thread."""

    source: QgsProcessingFeatureSource
    fields: FieldChoice
    timezone: str
    transform: QgsCoordinateTransform
    file: arrow.OgrLayer | None = None

    @property
    def has_lines(self) -> bool:
        """Whether every feature is a run of fixes."""
        return QgsWkbTypes.geometryType(self.source.wkbType()) == Qgis.GeometryType.Line


def plan_reading(
    source: QgsProcessingFeatureSource,
    layer: QgsVectorLayer | None,
    definition: Any,
    fields: FieldChoice,
    timezone: str,
    context: QgsCoordinateTransformContext,
) -> ReadPlan:
    """Decide how to read. definition: the parameter's value, a QgsProcessingFeatureSourceDefinition or another type.

    QGIS's geometry check never rejects points, so it needs no care here. InputError where a field does not exist any
    more.
    """
    _check(source.fields(), *_names(fields))
    file = None
    chosen = definition if isinstance(definition, QgsProcessingFeatureSourceDefinition) else None
    is_points = QgsWkbTypes.geometryType(source.wkbType()) == Qgis.GeometryType.Point
    if is_points and fields.time and not (chosen and chosen.filterExpression):
        selected_only, limit = (chosen.selectedFeaturesOnly, chosen.featureLimit) if chosen else (False, -1)
        names = tuple(name or "" for name in _names(fields))
        file = arrow.ogr_layer(layer, names, timezone, selected_only, limit)
    return ReadPlan(source, fields, timezone, to_wgs84(source.sourceCrs(), context), file)


def read_tracks(plan: ReadPlan, progress: Progress = no_progress) -> tuple[Tracks, Skipped]:
    """Read, transform to WGS84 and clean. InputError where the layer has no times or no usable geometry."""
    columns = read_columns(plan, progress)
    user, track, t, lonlat = columns.user, columns.track, columns.t, transform_xy(columns.xy, plan.transform)
    del columns  # its coordinates are needed no more
    return build_tracks(user, track, t, lonlat[:, 0], lonlat[:, 1])


def skipped_fixes(plan: ReadPlan, tracks: Tracks, progress: Progress = no_progress) -> tuple[np.ndarray, np.ndarray]:
    """Positions, (k, 2) degrees, and times, (k,) epoch ms, of the fixes that are not among the tracks of a layer."""
    columns = read_columns(plan, progress)
    lonlat = transform_xy(columns.xy, plan.transform)
    rows = are_skipped(tracks, columns.t, lonlat[:, 0], lonlat[:, 1])
    return lonlat[rows], columns.t[rows]


def read_columns(plan: ReadPlan, progress: Progress = no_progress) -> Columns:
    """The fixes as stored in the layer, in its own CRS."""
    shape = QgsWkbTypes.geometryType(plan.source.wkbType())
    total = max(1, plan.source.featureCount())

    def count(done: int) -> None:
        progress(min(1.0, done / total))

    if shape == Qgis.GeometryType.Line:
        return _read_lines(plan, count)
    if shape == Qgis.GeometryType.Null:
        raise InputError("The layer is a table without geometry. Import tracks makes a layer of points of its file.")
    if shape != Qgis.GeometryType.Point:
        raise InputError("The layer has neither points nor lines. Choose a layer of points, or of lines with M values.")
    if plan.fields.time is None:
        raise InputError("No field of the layer looks like a time. Choose it as the time field.")
    if plan.file:
        columns = arrow.read_points(plan.file, count)
        if columns is not None:
            return columns
    return _read_points(plan, count)


def _names(fields: FieldChoice) -> tuple[str | None, str | None, str | None]:
    return fields.user, fields.track, fields.time


def _features(
    plan: ReadPlan, count: Callable[[int], None], every: int = 5000
) -> Iterator[tuple[QgsGeometry, list[Any]]]:
    """Each feature's geometry and its values of user, track and time, None where the plan has no such field.

    count is called with the number of features read, after every `every` features, and may raise to stop.
    """
    fields = plan.source.fields()
    at = [fields.lookupField(name) if name else -1 for name in _names(plan.fields)]
    request = QgsFeatureRequest().setSubsetOfAttributes([i for i in at if i >= 0])
    for done, feature in enumerate(plan.source.getFeatures(request)):
        if done % every == 0:
            count(done)
        yield feature.geometry(), [feature[i] if i >= 0 else None for i in at]


def _read_points(plan: ReadPlan, count: Callable[[int], None]) -> Columns:
    fields = plan.source.fields()
    dated = fields.field(fields.lookupField(plan.fields.time)).isDateOrTime()
    users, tracks = IdColumn(), IdColumn()
    xy: list[np.ndarray] = [np.empty((0, 2))]
    times: list[Any] = []
    features = _features(plan, count)
    while part := list(islice(features, 1 << 16)):  # Python's objects take ten times the memory of columns
        xy.append(np.array([_xy(geometry) for geometry, _ in part]))
        user_ids, track_ids, moments = (list(column) for column in zip(*(row for _, row in part)))
        users.add(_plain(user_ids))
        tracks.add(_plain(track_ids))
        times += [times_of(moments, plan.timezone)] if dated else moments
    t = np.concatenate([np.empty(0, np.int64), *times]) if dated else times_of(times, plan.timezone)
    user, track = (
        ids.coded() if name else None for ids, name in ((users, plan.fields.user), (tracks, plan.fields.track))
    )
    return Columns(user, track, t, np.concatenate(xy))


def _xy(geometry: QgsGeometry) -> tuple[float, float]:
    point = geometry.constGet()
    if isinstance(point, QgsMultiPoint):
        point = point.geometryN(0) if point.numGeometries() == 1 else None
    return (point.x(), point.y()) if isinstance(point, QgsPoint) else (np.nan, np.nan)


def _read_lines(plan: ReadPlan, count: Callable[[int], None]) -> Columns:
    """Every vertex is a fix. Every line is a track of its own, unless a field names its track."""
    if not QgsWkbTypes.hasM(plan.source.wkbType()):
        raise InputError(
            "INPUT has lines without M values, so its vertices have no time. Use lines whose M is epoch seconds, "
            "or points with a time field."
        )
    lines: list[np.ndarray] = []
    users, tracks = IdColumn(), IdColumn()
    for geometry, (user, track, _) in _features(plan, count):
        lines.append(_vertices(geometry))
        users.add(_plain([user]))
        tracks.add(_plain([track if plan.fields.track else len(lines)]))
    xym = np.concatenate([np.empty((0, 3)), *lines])
    line = np.repeat(np.arange(len(lines)), [len(vertices) for vertices in lines])
    user, track = (Coded(codes[line], names) for codes, names in (users.coded(), tracks.coded()))
    return Columns(user if plan.fields.user else None, track, parse_times(xym[:, 2], "UTC"), xym[:, :2])


def _vertices(geometry: Any) -> np.ndarray:
    """The vertices of a line or multiline -> (n, 3) x, y, m. A NULL has none; a line without M has m of NaN. Of curves
    they are the points that somebody drew, and none between these.
    """
    found: list[np.ndarray] = [np.empty((0, 3))]
    for part in geometry.constParts():
        line = part if isinstance(part, QgsLineString) else QgsLineString(list(part.vertices()))
        width = 2 + line.is3D() + line.isMeasure()
        numbers = np.frombuffer(line.asWkb().data(), "<f8", offset=9).reshape(-1, width)
        m = numbers[:, -1] if line.isMeasure() else np.full(len(numbers), np.nan)
        found.append(np.column_stack([numbers[:, :2], m]))
    return np.concatenate(found)


def _plain(values: list[Any]) -> list[Any]:
    """Attribute values with None for a NULL, and dates and times as text, as GDAL has them."""
    return [None if isinstance(value, QVariant) else as_text(value) for value in values]


def as_text(value: Any) -> Any:
    """A date or time as text such as '2024-07-01 08:30:00', None for one that is not valid; else the value itself."""
    if isinstance(value, QDateTime) and value.timeSpec() == Qt.TimeSpec.LocalTime:
        value = clock_of(value)
    if not isinstance(value, (QDate, QDateTime, QTime)):
        return value
    return value.toString(Qt.DateFormat.ISODate).replace("T", " ").removesuffix("Z") if value.isValid() else None


def clock_of(value: QDateTime) -> QDateTime:
    """The date and time of day of a time without a zone, as if they were in UTC.

    QGIS gives such a time the computer's zone, which has nothing to do with the data and skips an hour in spring.
    """
    return QDateTime(value.date(), value.time(), Qt.TimeSpec.UTC)


def times_of(values: list[Any], timezone: str) -> np.ndarray:
    """Attribute values -> (n,) int64 epoch ms UTC. A QDateTime without a zone is read in `timezone`."""
    instants = np.full(len(values), NO_TIME)
    clocks: list[Any] = [None] * len(values)
    for i, value in enumerate(values):
        if isinstance(value, QDateTime):
            if value.timeSpec() == Qt.TimeSpec.LocalTime:
                clock = clock_of(value)
                clocks[i] = np.datetime64(clock.toMSecsSinceEpoch(), "ms") if clock.isValid() else None
            elif value.isValid():
                instants[i] = value.toMSecsSinceEpoch()
        elif isinstance(value, QDate):
            clocks[i] = np.datetime64(value.toString(Qt.DateFormat.ISODate)) if value.isValid() else None
        elif not isinstance(value, QVariant):
            clocks[i] = value
    if all(clock is None for clock in clocks):
        return instants
    read = parse_times(object_column(clocks), timezone)
    return np.where(instants == NO_TIME, read, instants)
