# SPDX-License-Identifier: GPL-2.0-or-later
"""The columns of user, track, time and position in a table, guessed from common names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..errors import InputError

# By priority, in lower case with '_' for '-', ':', '.' and blanks.
# fmt: off
USER = [
    "user_id", "user", "uid", "userid", "user_name", "cab_id", "individual_local_identifier", "individual_id",
    "tag_local_identifier", "person_id", "person", "agent_id", "animal_id", "msisdn", "imsi", "imei",
    "subscriber_id", "mmsi", "device_id", "deviceid", "device", "id_android", "vehicle_id", "vehicle", "taxi_id",
    "taxi", "driver_id", "advertiser_id", "ad_id", "maid",
]
TRACK = [
    "track_id", "track", "trackid", "trip_id", "tripid", "trip", "tid", "traj_id", "trajectory_id", "trajectory",
    "trajid", "journey_id", "track_fid",
]
TIME = [
    "t", "time", "timestamp", "timestamp_utc", "time_utc", "utc", "datetime", "date_time", "tracked_at",
    "recorded_at", "call_datetime", "basedatetime", "base_date_time", "timestampms", "timestamp_ms", "tst",
    "gps_time", "gpstime", "datetime_utc", "ts", "epoch", "unix_time", "unixtime", "local_time", "started_at",
    "date",
]
LON = ["lon", "longitude", "lng", "long", "location_long", "lon_deg", "x"]
LAT = ["lat", "latitude", "location_lat", "lat_deg", "y"]
GEOMETRY = ["geometry", "geom", "wkb_geometry", "the_geom"]
# fmt: on


@dataclass(frozen=True)
class Guess:
    """Names of the columns, or None; str() of it is for the log."""

    user: str | None = None
    track: str | None = None
    time: str | None = None
    lon: str | None = None
    lat: str | None = None
    scale: float = 1.0  # degrees in one unit of lon and lat
    date: str | None = None  # the day, where `time` may be a time of day only
    visible: str | None = None  # Movebank: false marks an outlier
    geometry: str | None = None  # points as WKB, where there is no lon and lat

    @property
    def positioned(self) -> bool:
        """Whether there are columns of a position."""
        return self.geometry is not None or (self.lon is not None and self.lat is not None)

    def columns(self) -> list[str]:
        """The columns to read, each once."""
        names = (self.user, self.track, self.time, self.date, self.lon, self.lat, self.visible, self.geometry)
        return list(dict.fromkeys(name for name in names if name is not None))

    def __str__(self) -> str:
        roles = ("user", "track", "time", "date", "lon", "lat", "geometry", "visible")
        return ", ".join(f"{role} = {getattr(self, role)}" for role in roles if getattr(self, role) is not None)


def guess_fields(names: Iterable[str]) -> Guess:
    """Guess the roles of columns from their names, in any case."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(plain(name), name)

    def first(wanted: list[str]) -> str | None:
        return next((found[name] for name in wanted if name in found), None)

    time = first(TIME)
    date = found.get("date") if time is not None and plain(time) == "time" else None
    guess = Guess(first(USER), first(TRACK), time, date=date, visible=found.get("visible"))
    lon, lat = first(LON), first(LAT)
    scaled = (
        ("lon_e6", "lat_e6", 1e-6), ("longitude_e6", "latitude_e6", 1e-6),
        ("longitudee7", "latitudee7", 1e-7), ("lon_e7", "lat_e7", 1e-7),
    )  # fmt: skip
    for lon_name, lat_name, scale in scaled:
        if (lon is None or lat is None or plain(lon) == "x") and lon_name in found and lat_name in found:
            return replace(guess, lon=found[lon_name], lat=found[lat_name], scale=scale)
    if lon is None or lat is None:
        return replace(guess, geometry=first(GEOMETRY))
    return replace(guess, lon=lon, lat=lat)


def choose_fields(
    names: list[str], user: str | None = None, track: str | None = None, time: str | None = None
) -> Guess:
    """The guess, or the named columns instead. Raises InputError if a named column is missing."""
    guess = guess_fields(names)
    if user:
        guess = replace(guess, user=find_column(names, user, "user"))
    if track:
        guess = replace(guess, track=find_column(names, track, "track"))
    if time:
        guess = replace(guess, time=find_column(names, time, "time"), date=None)
    return guess


def find_column(names: list[str], wanted: str, role: str) -> str:
    """The column of a name, in any case. Raises InputError that lists the columns."""
    if wanted in names:
        return wanted
    for name in names:
        if name.lower() == wanted.lower():
            return name
    raise InputError(f"There is no {role} column '{wanted}'. The columns are: {', '.join(names) or 'none'}.")


def plain(name: str) -> str:
    """The name of a column in lower case, with '_' between words."""
    text = name.strip().strip("\ufeff").strip('"').lower()
    for sign in "-:. ":
        text = text.replace(sign, "_")
    return text
