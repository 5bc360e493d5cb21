# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema of a table of fixes: which columns hold user, track, time and position. Common names
are guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..errors import InputError, translated

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

# By priority, in lower case without signs and blanks. Beside the words of users and tracks 'id' or
# 'nr' may stand. fmt: off
USER = [
    "userid",
    "user",
    "uid",
    "username",
    "cabid",
    "individuallocalidentifier",
    "individual",
    "taglocalidentifier",
    "person",
    "participant",
    "respondent",
    "subjectid",
    "agentid",
    "animal",
    "msisdn",
    "imsi",
    "imei",
    "subscriber",
    "mmsi",
    "device",
    "idandroid",
    "vehicle",
    "taxi",
    "driver",
    "advertiser",
    "adid",
    "maid",
    "benutzer",
    "nutzer",
    "teilnehmer",
    "personen",
    "gerät",
    "geräte",
    "geraet",
    "fahrzeug",
    "fahrer",
    "usuario",
    "persona",
    "vehiculo",
    "vehículo",
    "usuário",
    "pessoa",
    "veículo",
    "veiculo",
    "utilisateur",
    "personne",
    "véhicule",
    "vehicule",
    "utente",
    "veicolo",
    "gebruiker",
    "persoon",
    "voertuig",
    "用户",
    "车辆",
    "车牌号",
    "vehicleref",
    "uuid",
]
TRACK = [
    "trackid",
    "track",
    "trip",
    "tid",
    "traj",
    "trajectory",
    "journey",
    "journeyref",
    "vehiclejourneyref",
    "ride",
    "datedvehiclejourneyref",
    "trackfid",
    "fahrt",
    "viaje",
    "viagem",
    "trajet",
    "viaggio",
    "轨迹",
    "行程",
]
TIME = [
    "tst",
    "t",
    "time",
    "timestamp",
    "timestamputc",
    "timeutc",
    "utc",
    "datetime",
    "trackedat",
    "recordedat",
    "calldatetime",
    "basedatetime",
    "timestampms",
    "gpstime",
    "datetimeutc",
    "ts",
    "epoch",
    "unixtime",
    "localtime",
    "startedat",
    "when",
    "eventtime",
    "fixtime",
    "gpsdatetime",
    "gpstimestamp",
    "devicetime",
    "recordtime",
    "observedat",
    "loggedat",
    "receivedat",
    "createdat",
    "recordedattime",
    "datetimelocal",
    "localdatetime",
    "zeitstempel",
    "zeitpunkt",
    "datumzeit",
    "datumuhrzeit",
    "fechahora",
    "datahora",
    "dateheure",
    "horodatage",
    "wann",
    "zeit",
    "uhrzeit",
    "hora",
    "heure",
    "tijdstip",
    "tijd",
    "时间",
    "定位时间",
    "datum",
    "fecha",
    "date",
]
# Columns of a time of day, and those that may hold the day
DATES = {
    "time": ("date",),
    "zeit": ("datum",),
    "uhrzeit": ("datum",),
    "tijd": ("datum",),
    "hora": ("fecha", "data"),
    "heure": ("date",),
}
LON = [
    "lon",
    "longitude",
    "lng",
    "long",
    "locationlong",
    "londeg",
    "longitud",
    "längengrad",
    "laengengrad",
    "longitudine",
    "lengtegraad",
    "经度",
    "x",
    "länge",
    "laenge",
]
LAT = [
    "lat",
    "latitude",
    "locationlat",
    "latdeg",
    "latitud",
    "breitengrad",
    "latitudine",
    "breedtegraad",
    "纬度",
    "y",
    "breite",
]
GEOMETRY = ["geometry", "geom", "wkbgeometry", "thegeom"]
ACCURACY = [
    "accuracym",
    "accuracy",
    "acc",
    "locerror",
    "horizontalaccuracy",
    "horizontalaccuracym",
    "haccuracy",
    "locationaccuracy",
    "gpsaccuracy",
    "accuracymeters",
    "genauigkeit",
    "genauigkeitm",
]
SCALED = (
    ("lone6", "late6", 1e-6),
    ("longitudee6", "latitudee6", 1e-6),
    ("longitudee7", "latitudee7", 1e-7),
    ("lone7", "late7", 1e-7),
)
# Parts of names, where a row is a trip or a stay with a start and an end
ENDS = (
    ("started", "ended"),
    ("started", "finished"),
    ("start", "end"),
    ("start", "stop"),
    ("begin", "end"),
    ("pickup", "dropoff"),
    ("origin", "destination"),
    ("departure", "arrival"),
    ("arrival", "departure"),
    ("arrive", "leave"),
)
# fmt: on
NUMBERED = re.compile(r"^id|(id|nr|no|nummer|number|num|número|numéro)$")

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

    @property
    def positioned(self) -> bool:
        """Whether there are columns of a position."""
        return self.geometry is not None or (self.lon is not None and self.lat is not None)

    def when(self) -> list[str]:
        """The columns of time and, if there is one, of the date."""
        return [name for name in (self.time, self.date) if name is not None]

    def columns(self) -> list[str]:
        """The columns to read, each once."""
        return list(
            dict.fromkeys(name for role in ROLES if (name := getattr(self, role)) is not None)
        )

    def __str__(self) -> str:
        found = ((role, getattr(self, role)) for role in ROLES)
        said = {True: translated("{role} = {name} (guessed)"), False: "{role} = {name}"}
        known = ((role, name) for role, name in found if name and name[0] != "*")
        return ", ".join(
            said[role in self.guessed].format(role=translated(role), name=name)
            for role, name in known
        )


AS_GUESSED = Schema()


def find_columns(names: Sequence[str], wanted: Schema = AS_GUESSED, ends: bool = False) -> Schema:
    """The schema of a table with these columns: those that are wanted, the others guessed from
    their names.

    ends: whether rows may have a start and an end. Raises InputError if a wanted column is missing.
    """
    guess = _guess(names, ends)
    found = {
        role: None if name == NONE and NONE not in names else find_column(names, name, role)
        for role in ROLES
        if (name := getattr(wanted, role))
    }
    other = {role for role, name in found.items() if name != getattr(guess, role)}
    if "time" in other:
        guess = replace(guess, date=None, end_time=None)
    if {"lon", "lat"} & other:
        guess = replace(guess, scale=1.0, end_lon=None, end_lat=None)
    if {"lon", "lat"} & found.keys():
        guess = replace(guess, geometry=None)
    written = {name: getattr(wanted, name) for name in ("crs", "zone", "date_order", "encoding")}
    schema = replace(guess, **found, **written)  # type: ignore[arg-type]
    if schema.geometry:
        schema = replace(schema, lon=None, lat=None)
    guessed = {role for role in ROLES if getattr(schema, role) and not getattr(wanted, role)}
    return replace(schema, guessed=frozenset(guessed))


def _guess(names: Sequence[str], ends: bool) -> Schema:
    """The roles of columns by their names, in any case. Beside x and y a geometry comes first: it
    may have a CRS.

    ends: of `find_columns`.
    """
    names_of = {plain(name): name for name in reversed(names)}
    ids_of = names_of | {
        NUMBERED.sub("", name): names_of[name] for name in names_of if NUMBERED.search(name)
    }

    def first(wanted: Iterable[str], among: dict[str, str] = names_of) -> str | None:
        return next((among[name] for name in wanted if name in among), None)

    time = first(TIME)
    date = first(DATES.get(plain(time), ()) if time is not None else ())
    schema = Schema(
        first(USER, ids_of), first(TRACK, ids_of), time, accuracy=first(ACCURACY), date=date
    )
    lon, lat = first(LON), first(LAT)
    found = _find_ends(names_of) if ends else {}
    if found.get("time") and time in (None, found["time"]):
        schema = replace(schema, time=found["time"], date=None, end_time=found["end_time"])
    if (lon is None or lat is None) and {"lon", "lat"} <= found.keys():
        end_lon, end_lat = (
            found[name] if schema.end_time else None for name in ("end_lon", "end_lat")
        )
        return replace(schema, lon=found["lon"], lat=found["lat"], end_lon=end_lon, end_lat=end_lat)
    for lon_name, lat_name, scale in SCALED:
        if (
            (lon is None or lat is None or plain(lon) == "x")
            and lon_name in names_of
            and lat_name in names_of
        ):
            return replace(schema, lon=names_of[lon_name], lat=names_of[lat_name], scale=scale)
    if lon is None or lat is None:
        return replace(schema, geometry=first(GEOMETRY))
    return replace(
        schema, lon=lon, lat=lat, geometry=first(GEOMETRY) if plain(lon) == "x" else None
    )


def _find_ends(names_of: dict[str, str]) -> dict[str, str]:
    """The columns of starts and ends by their roles, such as time and end_time. names_of: by plain
    names.
    """
    found: dict[str, str] = {}
    for start, end in ENDS:
        for name in (
            name for name in names_of if start in name and name.replace(start, end) in names_of
        ):
            rest = re.sub("^(tpep|lpep|trip|station)", "", name.replace(start, ""))
            for role, known in (("time", [*TIME, "at", ""]), ("lon", LON), ("lat", LAT)):
                if rest in known and role not in found:
                    found |= {
                        role: names_of[name],
                        f"end_{role}": names_of[name.replace(start, end)],
                    }
    return found


def has_fixes(names: Sequence[str], wanted: Schema) -> bool:
    """Whether a table has columns of time and position, guessed or wanted."""
    there = {name.lower() for name in names}
    guess = _guess(names, ends=True)
    positioned, timed = ((name or "").lower() in there for name in (wanted.lon, wanted.time))
    return (guess.positioned or positioned) and (guess.time is not None or timed)


def find_column(names: Sequence[str], wanted: str, role: str) -> str:
    """The column of a name, in any case. Raises InputError that lists the columns."""
    if wanted in names:
        return wanted
    found = next((name for name in names if name.lower() == wanted.lower()), None)
    if found is None:
        words = "There is no {role} column '{name}'. The columns are: {known}."
        raise InputError(words, role=translated(role), name=wanted, known=", ".join(names) or "–")
    return found


def plain(name: str) -> str:
    """The name of a column in lower case, without signs between words."""
    return re.sub(r"[\W_]+", "", name.lower())
