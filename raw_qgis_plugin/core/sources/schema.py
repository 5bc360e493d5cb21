# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema of a table of fixes: which columns hold user, track, time and position.

Columns that nobody chose are guessed from their names (names.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..errors import InputError, translated
from ..specs import MAX_ROWS
from .names import (
    ACCURACY,
    DATES,
    GEOMETRY,
    LAT,
    LON,
    SCALED,
    TIME,
    TRACK,
    USER,
    USER_WITH_ID,
    find_ends,
    first,
    plain,
    plain_names,
    without_id,
)

# metadata of tables of formats that are one person's by nature
ONE_PERSON = {b"raw": b"the fixes of one person"}
NONE = "none"  # given as a column's name: there is no such column, and none is guessed
ROLES = (
    "user",
    "track",
    "time",
    "date",
    "lon",
    "lat",
    "end_time",
    "end_lon",
    "end_lat",
    "accuracy",
    "geometry",
)
WRITTEN = ("crs", "zone", "date_order", "encoding", "max_rows")  # how a table is written

# Columns of a table of labels: the id of a unit, and the start and end of an interval
ID_FIELDS = {
    "user": ("user_id", "user", "uid", "cab_id", "id"),
    "track": ("track_id", "trip_id", "tid", "id"),
    "day": ("day", "date"),
    "region": ("region_id", "id", "geoid", "GEOID", "code", "name", "fid"),
}
INTERVAL_FIELDS = (("start", "end"), ("t_start", "t_end"))


@dataclass(frozen=True)
class Schema:
    """The columns of a table of fixes, and how they are written; str() of it is for the log.

    Given to a reader, None is a column to be guessed, and NONE no column of users or tracks, unless
    one is called so. Found by `find_columns`, None is no column.
    """

    user: str | None = None
    track: str | None = None
    time: str | None = None
    lon: str | None = None
    lat: str | None = None
    accuracy: str | None = None  # of positions, in metres
    date: str | None = None  # the day, where `time` may be a time of day only
    geometry: str | None = None  # points as WKB, where there is no lon and lat
    end_time: str | None = None  # of rows with a start, which are two fixes each; never given
    end_lon: str | None = None  # where the end has a position of its own
    end_lat: str | None = None
    scale: float = 1.0  # degrees in one unit of lon and lat
    # of lon and lat, and of points without their own, as pyproj reads it; empty: degrees of WGS84
    crs: str = ""
    zone: str = "UTC"  # IANA name or offset, of times without one
    date_order: str = ""  # 'day' or 'month' first; empty: as `times.find_date_order` finds it
    encoding: str = ""  # of text; empty: recognised
    guessed: frozenset[str] = frozenset()  # roles of the columns that were not given
    days_from: float | None = None  # times are days; this number is 1970-01-01. See `times`
    max_rows: int = MAX_ROWS  # of a compressed file

    @property
    def positioned(self) -> bool:
        """Whether there are columns of a position."""
        return self.geometry is not None or (self.lon is not None and self.lat is not None)

    def when(self) -> list[str]:
        """The columns of time and, if there is one, of the date."""
        return [name for name in (self.time, self.date) if name is not None]

    def columns(self) -> list[str]:
        """The columns to read, each once."""
        names = (getattr(self, role) for role in ROLES)
        return list(dict.fromkeys(name for name in names if name is not None))

    def __str__(self) -> str:
        parts = []
        for role in ROLES:
            name = getattr(self, role)
            if name and name[0] != "*":
                guessed = role in self.guessed
                words = translated("{role} = {name} (guessed)") if guessed else "{role} = {name}"
                parts.append(words.format(role=translated(role), name=name))
        return ", ".join(parts)


AS_GUESSED = Schema()


def find_columns(names: Sequence[str], wanted: Schema = AS_GUESSED, ends: bool = False) -> Schema:
    """The schema of a table with these columns: those that are wanted, the others guessed.

    ends: whether rows may have a start and an end. Raises InputError if a wanted column is missing.
    """
    guess = _guess(names, ends)
    found: dict[str, str | None] = {}
    for role in ROLES:
        name = getattr(wanted, role)
        if name == NONE and NONE not in names:
            found[role] = None
        elif name:
            found[role] = find_column(names, name, role)
    other = {role for role, name in found.items() if name != getattr(guess, role)}
    if "time" in other:
        guess = replace(guess, date=None, end_time=None)
    if {"lon", "lat"} & other:
        guess = replace(guess, scale=1.0, end_lon=None, end_lat=None)
    if {"lon", "lat"} & found.keys():
        guess = replace(guess, geometry=None)
    written = {name: getattr(wanted, name) for name in WRITTEN}
    schema = replace(guess, **found, **written)  # type: ignore[arg-type]
    if schema.geometry:
        schema = replace(schema, lon=None, lat=None)
    guessed = {role for role in ROLES if getattr(schema, role) and not getattr(wanted, role)}
    return replace(schema, guessed=frozenset(guessed))


def _guess(names: Sequence[str], ends: bool) -> Schema:
    """The roles of columns by their names, in any case. ends: of `find_columns`."""
    names_of = plain_names(names)
    numbered = without_id(names_of)
    user = first(USER, names_of | numbered) or first(USER_WITH_ID, numbered)
    time = first(TIME, names_of)
    schema = Schema(
        user,
        first(TRACK, names_of | numbered),
        time,
        accuracy=first(ACCURACY, names_of),
        date=None if time is None else first(DATES.get(plain(time), ()), names_of),
    )
    found = find_ends(names_of) if ends else {}
    if found.get("time") and time in (None, found["time"]):
        schema = replace(schema, time=found["time"], date=None, end_time=found["end_time"])
    return _with_position(schema, names_of, found)


def _with_position(schema: Schema, names_of: dict[str, str], ends: dict[str, str]) -> Schema:
    """The schema with the columns of the position. ends: of `find_ends`.

    Beside x and y a geometry comes first: it may have a CRS.
    """
    lon = first(LON, names_of)
    lat = first(LAT, names_of)
    if (lon is None or lat is None) and {"lon", "lat"} <= ends.keys():
        schema = replace(schema, lon=ends["lon"], lat=ends["lat"])
        if schema.end_time:
            return replace(schema, end_lon=ends["end_lon"], end_lat=ends["end_lat"])
        return schema
    if lon is not None and lat is not None and plain(lon) != "x":
        return replace(schema, lon=lon, lat=lat)
    for lon_name, lat_name, scale in SCALED:
        if {lon_name, lat_name} <= names_of.keys():
            return replace(schema, lon=names_of[lon_name], lat=names_of[lat_name], scale=scale)
    geometry = first(GEOMETRY, names_of)
    if lon is None or lat is None:
        return replace(schema, geometry=geometry)
    return replace(schema, lon=lon, lat=lat, geometry=geometry)


def has_fixes(names: Sequence[str], wanted: Schema) -> bool:
    """Whether a table has columns of time and position, guessed or wanted."""
    there = {name.lower() for name in names}
    guess = _guess(names, ends=True)
    positioned = guess.positioned or (wanted.lon or "").lower() in there
    timed = guess.time is not None or (wanted.time or "").lower() in there
    return positioned and timed


def find_column(names: Sequence[str], wanted: str, role: str) -> str:
    """The column of a name, in any case. Raises InputError that lists the columns."""
    if wanted in names:
        return wanted
    found = next((name for name in names if name.lower() == wanted.lower()), None)
    if found is None:
        words = "There is no {role} column '{name}'. The columns are: {known}."
        raise InputError(words, role=translated(role), name=wanted, known=", ".join(names) or "–")
    return found
