# SPDX-License-Identifier: GPL-2.0-or-later
"""The columns of user, track, time and position in a table, guessed from common names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import InputError

NONE = "none"  # given as a column's name: there is no such column, and none is guessed

# By priority, in lower case with '_' for '-', ':', '.' and blanks.
# fmt: off
USER = [
    "user_id", "user", "uid", "userid", "user_name", "cab_id", "individual_local_identifier", "individual_id",
    "tag_local_identifier", "person_id", "person", "agent_id", "animal_id", "msisdn", "imsi", "imei",
    "subscriber_id", "mmsi", "device_id", "deviceid", "device", "id_android", "vehicle_id", "vehicle", "taxi_id",
    "taxi", "driver_id", "advertiser_id", "ad_id", "maid", "benutzer", "benutzer_id", "nutzer", "nutzer_id",
    "teilnehmer", "fahrzeug", "fahrzeug_id", "fahrzeugnummer", "fahrer", "usuario", "usuario_id", "id_usuario",
    "vehiculo", "vehículo", "usuário", "veículo", "veiculo", "utilisateur", "véhicule", "vehicule", "utente", "veicolo",
    "gebruiker", "voertuig",
    "用户", "用户id", "车辆", "车辆id", "车牌号",
]
TRACK = [
    "track_id", "track", "trackid", "trip_id", "tripid", "trip", "tid", "traj_id", "trajectory_id", "trajectory",
    "trajid", "journey_id", "track_fid", "fahrt", "fahrt_id", "viaje", "viaje_id", "viagem", "trajet", "viaggio",
    "轨迹", "轨迹id", "行程",
]
TIME = [
    "t", "time", "timestamp", "timestamp_utc", "time_utc", "utc", "datetime", "date_time", "tracked_at",
    "recorded_at", "call_datetime", "basedatetime", "base_date_time", "timestampms", "timestamp_ms", "tst",
    "gps_time", "gpstime", "datetime_utc", "ts", "epoch", "unix_time", "unixtime", "local_time", "started_at",
    "when", "event_time", "fix_time", "fixtime", "gps_datetime", "gps_timestamp", "gpsdatetime", "devicetime",
    "device_time", "record_time", "recordtime", "observed_at", "logged_at", "received_at", "created_at", "datetimeutc",
    "date_time_utc", "datetime_local", "local_datetime", "zeitstempel", "zeitpunkt", "datum_zeit", "datum_uhrzeit",
    "fecha_hora", "fechahora", "data_hora", "datahora", "date_heure", "horodatage", "wann", "zeit", "uhrzeit", "hora",
    "heure", "tijd", "时间", "定位时间", "datum", "fecha", "date",
]
# Columns of a time of day, and those that may hold the day
DATES = {
    "time": ("date",), "zeit": ("datum",), "uhrzeit": ("datum",), "tijd": ("datum",), "hora": ("fecha", "data"),
    "heure": ("date",),
}  # fmt: skip
LON = [
    "lon", "longitude", "lng", "long", "location_long", "lon_deg", "longitud", "längengrad", "laengengrad",
    "longitudine", "lengtegraad", "经度", "x", "länge", "laenge",
]
LAT = [
    "lat", "latitude", "location_lat", "lat_deg", "latitud", "breitengrad", "latitudine", "breedtegraad", "纬度", "y",
    "breite",
]
GEOMETRY = ["geometry", "geom", "wkb_geometry", "the_geom"]
# fmt: on

# Columns of a table of labels: the id of a unit, and the start and end of an interval
ID_FIELDS = {
    "user": ("user_id", "user", "uid", "cab_id", "id"),
    "track": ("track_id", "trip_id", "tid", "id"),
    "day": ("day", "date"),
    "region": ("region_id", "id", "name", "GEOID"),
}
INTERVAL_FIELDS = (("start", "end"), ("t_start", "t_end"))


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
    crs: str = ""  # of lon and lat, and of points without their own; empty: degrees of WGS84
    timezone: str = "UTC"  # of times without one
    date_order: str = ""  # of `times.DATE_ORDERS`; empty: as `times.find_date_order` finds it

    @property
    def positioned(self) -> bool:
        """Whether there are columns of a position."""
        return self.geometry is not None or (self.lon is not None and self.lat is not None)

    def when(self) -> list[str]:
        """The columns of time and, if there is one, of the date."""
        return [name for name in (self.time, self.date) if name is not None]

    def columns(self) -> list[str]:
        """The columns to read, each once."""
        names = (self.user, self.track, self.time, self.date, self.lon, self.lat, self.visible, self.geometry)
        return list(dict.fromkeys(name for name in names if name is not None))

    def __str__(self) -> str:
        roles = ("user", "track", "time", "date", "lon", "lat", "geometry", "visible")
        return ", ".join(f"{role} = {getattr(self, role)}" for role in roles if getattr(self, role) is not None)


@dataclass(frozen=True)
class Layout:
    """How a source is written, where that is not to be guessed, and which of its fixes are taken.

    user, track, time, lon, lat: columns, guessed if empty; NONE: no column of users or tracks, unless one is called so.
    timezone: IANA zone of times without one. GeoLife's are UTC; GoTrack's are Aracaju's unless another zone is given.
    """

    user: str | None = None
    track: str | None = None
    time: str | None = None
    lon: str | None = None
    lat: str | None = None
    timezone: str = "UTC"
    crs: str = ""  # of `Guess`, as pyproj reads it
    date_order: str = ""  # of `times.DATE_ORDERS`
    delimiter: str = ""  # of text
    encoding: str = ""  # of text
    box: tuple[float, float, float, float] | None = None  # west, south, east, north, in degrees
    period: tuple[int | None, int | None] = (None, None)  # epoch ms, the end excluded


AS_GUESSED = Layout()


def guess_fields(names: Iterable[str]) -> Guess:
    """Guess the roles of columns from their names, in any case."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(plain(name), name)

    def first(wanted: list[str]) -> str | None:
        return next((found[name] for name in wanted if name in found), None)

    time = first(TIME)
    days = DATES.get(plain(time), ()) if time is not None else ()
    date = next((found[name] for name in days if name in found), None)
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


def choose_fields(names: list[str], layout: Layout = AS_GUESSED) -> Guess:
    """The guess, or the named columns instead. Raises InputError if a named column is missing."""
    guess = replace(guess_fields(names), crs=layout.crs, timezone=layout.timezone, date_order=layout.date_order)
    wanted = {role: getattr(layout, role) for role in ("user", "track", "time", "lon", "lat")}
    found = {
        role: None
        if name == NONE and role in ("user", "track") and NONE not in names
        else find_column(names, name, role)
        for role, name in wanted.items()
        if name
    }
    other = {role for role, name in found.items() if name != getattr(guess, role)}
    if "time" in other:
        guess = replace(guess, date=None)
    if {"lon", "lat"} & other:
        guess = replace(guess, scale=1.0, geometry=None)
    return replace(guess, **found)  # type: ignore[arg-type]


def find_column(names: list[str], wanted: str, role: str) -> str:
    """The column of a name, in any case. Raises InputError that lists the columns."""
    found = column_of(names, wanted)
    if found is None:
        raise InputError(f"There is no {role} column '{wanted}'. The columns are: {', '.join(names) or 'none'}.")
    return found


def column_of(names: list[str], wanted: str | None) -> str | None:
    """The column of a name, in any case; None without one."""
    if wanted is None or wanted in names:
        return wanted
    return next((name for name in names if name.lower() == wanted.lower()), None)


def plain(name: str) -> str:
    """The name of a column in lower case, with '_' between words."""
    text = name.strip().strip("\ufeff").strip('"').lower()
    for sign in "-:. ":
        text = text.replace(sign, "_")
    return text


def user_candidates(columns: Mapping[str, Iterable[Any]], lines: bool = False, most: int = 6) -> dict[str, int]:
    """The columns that may name users, with the number of their different values: text or whole numbers that repeat.

    columns: the values of some rows. lines: a row is a whole track, so that its values need not repeat.
    """
    found: dict[str, int] = {}
    for name, values in columns.items():
        items = [value for value in values if value is not None and value != ""]
        distinct = set(map(str, items))
        if 2 <= len(distinct) <= (len(items) if lines else len(items) / 2) and not any(map(_has_decimals, distinct)):
            found[name] = len(distinct)
    return dict(list(found.items())[:most])


def _has_decimals(text: str) -> bool:
    return re.fullmatch(r"-?\d*[.,]\d+(e-?\d+)?", text) is not None and not re.fullmatch(r"-?\d+\.0", text)
