# SPDX-License-Identifier: GPL-2.0-or-later
"""A QGIS vector layer -> tracks: by columns where its file can be read directly, by features everywhere else.

A layer's subset string, selection, changed CRS and Processing's filter, limit and geometry checks count on both ways.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsFeatureRequest,
    QgsFields,
    QgsMultiPoint,
    QgsPoint,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QVariant

from ..core.errors import InputError, Progress, no_progress
from ..core.sources.fields import guess_fields
from ..core.times import NO_TIME, parse_times
from ..core.tracks import Skipped, Tracks, build_tracks
from . import arrow
from .columns import Columns
from .coordinates import to_wgs84, transform_xy

CANCEL_EVERY = 5000  # features between two looks at the Cancel button
ROLES = ("user", "track", "time")
NONE = "none"  # in the place of a field's name: there is none, and none is to be guessed


@dataclass(frozen=True)
class FieldChoice:
    """The fields to read, by name; `guessed` names the roles that nobody chose."""

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
    """Fill in by guess whatever was not chosen; NONE chooses none, where no field has that name. InputError where the
    layer has no field of a chosen name.
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
    """InputError where there is no field of a name."""
    absent = [name for name in names if name and fields.lookupField(name) < 0]
    if absent:
        raise InputError(f"INPUT has no field '{absent[0]}'. Its fields: {', '.join(fields.names()) or 'none'}.")


@dataclass(frozen=True)
class ReadPlan:
    """All it takes to read a layer away from the main thread. Made by `plan_reading` on the main thread."""

    source: QgsProcessingFeatureSource
    fields: FieldChoice
    timezone: str
    transform: QgsCoordinateTransform
    file: arrow.OgrLayer | None = field(default=None)

    @property
    def has_lines(self) -> bool:
        """Whether every feature is a run of fixes."""
        return QgsWkbTypes.geometryType(self.source.wkbType()) == QgsWkbTypes.LineGeometry


def plan_reading(
    source: QgsProcessingFeatureSource,
    layer: QgsVectorLayer | None,
    definition: Any,
    fields: FieldChoice,
    timezone: str,
    context: QgsCoordinateTransformContext,
) -> ReadPlan:
    """Decide how to read. definition: the parameter's value, a QgsProcessingFeatureSourceDefinition or anything else.

    QGIS finds every point valid, so that its check of geometries matters for lines alone. InputError where a field is
    not there, as after it was renamed.
    """
    _check(source.fields(), *_names(fields))
    file = None
    chosen = definition if isinstance(definition, QgsProcessingFeatureSourceDefinition) else None
    is_points = QgsWkbTypes.geometryType(source.wkbType()) == QgsWkbTypes.PointGeometry
    if is_points and fields.time and not (chosen and chosen.filterExpression):
        used = [name for name in (fields.user, fields.track, fields.time) if name]
        selected_only = bool(chosen and chosen.selectedFeaturesOnly)
        file = arrow.ogr_layer(layer, used, selected_only, chosen.featureLimit if chosen else -1)
    return ReadPlan(source, fields, timezone, to_wgs84(source.sourceCrs(), context), file)


def read_tracks(reading: ReadPlan, progress: Progress = no_progress) -> tuple[Tracks, Skipped]:
    """Read, bring to WGS84 and clean. InputError where the layer has no times or no usable geometry."""
    columns = read_columns(reading, progress)
    lonlat = transform_xy(columns.xy, reading.transform)
    return build_tracks(columns.user, columns.track, columns.t, lonlat[:, 0], lonlat[:, 1])


def read_columns(reading: ReadPlan, progress: Progress = no_progress) -> Columns:
    """The fixes as they stand in the layer, in its own CRS."""
    shape = QgsWkbTypes.geometryType(reading.source.wkbType())
    names = reading.fields
    total = max(1, reading.source.featureCount())

    def count(done: int) -> None:
        progress(min(1.0, done / total))

    if shape == QgsWkbTypes.LineGeometry:
        return _read_lines(reading, count)
    if shape != QgsWkbTypes.PointGeometry:
        raise InputError("INPUT has neither points nor lines. Choose a layer of points, or of lines with M values.")
    if names.time is None:
        raise InputError("No field of INPUT looks like a time. Choose it as the time field.")
    if reading.file:
        columns = arrow.read_points(reading.file, names.user, names.track, names.time, reading.timezone, count)
        if columns is not None:
            return columns
    return _read_points(reading, count)


def _indexes(reading: ReadPlan) -> list[int]:
    """Where the user, track and time fields are, -1 for none."""
    fields = reading.source.fields()
    return [fields.lookupField(name) if name else -1 for name in _names(reading.fields)]


def _names(fields: FieldChoice) -> tuple[str | None, str | None, str | None]:
    return fields.user, fields.track, fields.time


def _read_points(reading: ReadPlan, count: Callable[[int], None]) -> Columns:
    user_at, track_at, time_at = _indexes(reading)
    request = QgsFeatureRequest().setSubsetOfAttributes([i for i in (user_at, track_at, time_at) if i >= 0])
    users: list[Any] = []
    tracks: list[Any] = []
    times: list[Any] = []
    xy: list[tuple[float, float]] = []
    nowhere = (np.nan, np.nan)
    for done, feature in enumerate(reading.source.getFeatures(request)):
        if done % CANCEL_EVERY == 0:
            count(done)
        geometry = feature.geometry().constGet()
        if isinstance(geometry, QgsMultiPoint):
            geometry = geometry.geometryN(0) if geometry.numGeometries() == 1 else None
        xy.append((geometry.x(), geometry.y()) if isinstance(geometry, QgsPoint) else nowhere)
        times.append(feature[time_at])
        if user_at >= 0:
            users.append(feature[user_at])
        if track_at >= 0:
            tracks.append(feature[track_at])
    return Columns(
        _ids(users) if user_at >= 0 else None,
        _ids(tracks) if track_at >= 0 else None,
        times_of(times, reading.timezone),
        np.array(xy, np.float64).reshape(-1, 2),
    )


def _read_lines(reading: ReadPlan, count: Callable[[int], None]) -> Columns:
    """Every vertex is a fix, and every line a track of its own unless a field says otherwise."""
    if not QgsWkbTypes.hasM(reading.source.wkbType()):
        raise InputError(
            "INPUT has lines without M values, so its vertices have no time. Use lines whose M is epoch seconds, "
            "or points with a time field."
        )
    user_at, track_at, _ = _indexes(reading)
    request = QgsFeatureRequest().setSubsetOfAttributes([i for i in (user_at, track_at) if i >= 0])
    users: list[Any] = []
    tracks: list[Any] = []
    parts: list[np.ndarray] = [np.empty((0, 3))]
    sizes: list[int] = []
    for done, feature in enumerate(reading.source.getFeatures(request)):
        if done % CANCEL_EVERY == 0:
            count(done)
        vertices = _vertices(feature.geometry())
        parts.append(vertices)
        sizes.append(len(vertices))
        users.append(feature[user_at] if user_at >= 0 else None)
        tracks.append(feature[track_at] if track_at >= 0 else done + 1)
    xym = np.concatenate(parts)
    repeat = np.repeat(np.arange(len(sizes)), sizes)
    return Columns(
        _ids(users)[repeat] if user_at >= 0 else None,
        _ids(tracks)[repeat],
        parse_times(xym[:, 2], "UTC"),
        xym[:, :2],
    )


def _vertices(geometry: Any) -> np.ndarray:
    """A line, simple or of several parts -> (n, 3) x, y, m. A NULL has no vertices."""
    found: list[np.ndarray] = [np.empty((0, 3))]
    for part in geometry.constParts():
        line = part if part.wkbType() in (QgsWkbTypes.LineStringM, QgsWkbTypes.LineStringZM) else part.curveToLine()
        width = 4 if line.is3D() else 3
        numbers = np.frombuffer(line.asWkb().data(), "<f8", offset=9).reshape(-1, width)
        found.append(numbers[:, [0, 1, width - 1]])
    return np.concatenate(found)


def _ids(values: list[Any]) -> np.ndarray:
    """Attribute values -> (n,) text or numbers, None in place of a NULL."""
    clean = [None if isinstance(value, QVariant) else value for value in values]
    kinds = set(map(type, clean))
    if len(kinds) == 1 and kinds <= {str, int, float}:
        return np.array(clean)
    return np.array(clean + [None], object)[:-1]  # the None keeps NumPy from looking into the values


def times_of(values: list[Any], timezone: str) -> np.ndarray:
    """Attribute values -> (n,) int64 epoch ms UTC. A QDateTime without a zone is a wall clock's, read in TIMEZONE.

    QGIS gives such a time the computer's own zone, which says nothing about the data.
    """
    instants = np.full(len(values), NO_TIME)
    clocks: list[Any] = [None] * len(values)
    for i, value in enumerate(values):
        if isinstance(value, QDateTime):
            if not value.isValid():
                continue
            if value.timeSpec() == Qt.TimeSpec.LocalTime:
                wall = QDateTime(value.date(), value.time(), Qt.TimeSpec.UTC)
                clocks[i] = np.datetime64(wall.toMSecsSinceEpoch(), "ms")
            else:
                instants[i] = value.toMSecsSinceEpoch()
        elif isinstance(value, QDate):
            clocks[i] = np.datetime64(value.toString(Qt.DateFormat.ISODate)) if value.isValid() else None
        elif not isinstance(value, QVariant):
            clocks[i] = value
    kinds = set(map(type, clocks))
    if kinds == {type(None)}:
        return instants
    read = parse_times(np.array(clocks + [None], object)[:-1], timezone)
    return np.where(instants == NO_TIME, read, instants)
