# SPDX-License-Identifier: GPL-2.0-or-later
"""Values of attributes as Python, text and times have them."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QByteArray, QDate, QDateTime, Qt, QTime, QVariant

from ..core.arrays import Array, object_column
from ..core.times import parse_times


def as_text(value: Any) -> Any:
    """A date or time as text such as '2024-07-01 08:30:00', as GDAL has it, lists and JSON as text
    too; None for NULL; else the value itself.
    """
    if isinstance(value, (QDate, QDateTime, QTime)):
        text = (time_text(value) or "").replace("T", " ")
        return text.removesuffix("Z").removesuffix(".000") or None
    if isinstance(value, QVariant):  # NULL
        return None
    if isinstance(value, QByteArray):
        return bytes(value)
    return str(value) if isinstance(value, (list, dict)) else value


def time_text(value: Any) -> Any:
    """A date or time as ISO text, of a moment in UTC with a Z; None for NULL; else the value
    itself.

    To a time without a zone QGIS gives the computer's, which has nothing to do with the data and
    skips an hour in spring: it is its date and time of day.
    """
    if isinstance(value, QDateTime):
        local = value.timeSpec() == Qt.TimeSpec.LocalTime
        value = QDateTime(value.date(), value.time(), Qt.TimeSpec.UTC) if local else value.toUTC()
        return value.toString(Qt.DateFormat.ISODateWithMs).removesuffix("Z" * local) or None
    if isinstance(value, (QDate, QTime)):
        return value.toString(Qt.DateFormat.ISODate) or None
    return as_text(value)


def times_of(values: list[Any], timezone: str) -> Array:
    """Attribute values -> (n,) int64 epoch ms UTC. A QDateTime without a zone is read in
    `timezone`.
    """
    return parse_times(object_column(map(time_text, values)), timezone)
