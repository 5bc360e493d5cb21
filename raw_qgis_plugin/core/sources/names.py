# SPDX-License-Identifier: GPL-2.0-or-later
"""The names of columns that are guessed, by priority, in lower case without signs and blanks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def _words(text: str) -> list[str]:
    return text.split()


# Beside the words of users and tracks 'id' or 'nr' may stand.
USER = _words("""
userid user uid username cabid individuallocalidentifier individual taglocalidentifier person
participant respondent subjectid agentid animal msisdn imsi imei subscriber mmsi device idandroid
vehicle taxi driver advertiser adid maid tracker benutzer nutzer teilnehmer personen gerät geräte
geraet fahrzeug fahrer usuario persona vehiculo vehículo usuário pessoa veículo veiculo utilisateur
personne véhicule vehicule utente veicolo gebruiker persoon voertuig 用户 车辆 车牌号 vehicleref
uuid
""")
# These are users beside 'id' or 'nr' only: alone they may be a kind.
USER_WITH_ID = _words("""
bird ship vessel boat bike bicycle scooter truck car bus collar tag sensor logger phone customer
client patient student employee member rider courier agent subject player
""")
# These are never users, whatever stands beside 'id'.
NOT_USER = _words("""
event point fix row record location loc obs observation object feature segment seg stop line route
cell zone place message sequence
""")
TRACK = _words("""
trackid track trip tid traj trajectory journey journeyref vehiclejourneyref ride
datedvehiclejourneyref trackfid fahrt viaje viagem trajet viaggio 轨迹 行程
""")
TIME = _words("""
tst t time timestamp timestamputc timeutc utctime utc datetime trackedat recordedat calldatetime
basedatetime timestampms gpstime datetimeutc ts epoch unixtime localtime startedat when eventtime
fixtime gpsdatetime gpstimestamp devicetime recordtime observedat loggedat receivedat createdat
recordedattime datetimelocal localdatetime zeitstempel zeitpunkt datumzeit datumuhrzeit fechahora
datahora dateheure horodatage wann zeit uhrzeit hora heure tijdstip tijd clock timeofday 时间
定位时间 datum fecha date
""")
# Columns of a time of day, and those that may hold the day
DATES = {
    "time": ("date", "utcdate", "dateutc", "localdate", "gpsdate", "day"),
    "timeutc": ("dateutc", "utcdate", "date"),
    "utctime": ("utcdate", "dateutc", "date"),
    "gpstime": ("gpsdate", "date"),
    "localtime": ("localdate", "date"),
    "fixtime": ("fixdate", "date"),
    "clock": ("date", "day"),
    "timeofday": ("date", "day"),
    "zeit": ("datum",),
    "uhrzeit": ("datum",),
    "tijd": ("datum",),
    "hora": ("fecha", "data"),
    "heure": ("date",),
}
LON = _words("""
lon longitude lng long locationlong londeg longitud längengrad laengengrad longitudine lengtegraad
经度 x länge laenge
""")
LAT = _words("""
lat latitude locationlat latdeg latitud breitengrad latitudine breedtegraad 纬度 y breite
""")
GEOMETRY = ["geometry", "geom", "wkbgeometry", "thegeom"]
ACCURACY = _words("""
accuracym accuracy acc locerror horizontalaccuracy horizontalaccuracym haccuracy locationaccuracy
gpsaccuracy accuracymeters genauigkeit genauigkeitm
""")
# Degrees as integers: longitude, latitude, and the degrees in one unit
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
NUMBERED = re.compile(r"^id|(id|nr|no|nummer|number|num|número|numéro)$")
ID = re.compile(r"(.*)(?:[\W_]+[Ii][Dd]|(?<=[a-z])I[Dd])|[Ii][Dd]")  # bird_id, tripID, ID


def plain(name: str) -> str:
    """The name of a column in lower case, without signs between words."""
    return re.sub(r"[\W_]+", "", name.lower())


def plain_names(names: Sequence[str]) -> dict[str, str]:
    """The columns by their plain names. Of several with one plain name the first counts."""
    return {plain(name): name for name in reversed(names)}


def without_id(names_of: dict[str, str]) -> dict[str, str]:
    """The columns that are numbers of something, by the plain names of what they number."""
    return {
        NUMBERED.sub("", name): column for name, column in names_of.items() if NUMBERED.search(name)
    }


def first(wanted: Iterable[str], names_of: dict[str, str]) -> str | None:
    """The column that has the first of the wanted names; None for none."""
    return next((names_of[name] for name in wanted if name in names_of), None)


def likely_users(names: Sequence[str]) -> list[str]:
    """Columns of ids that may be users, if their values repeat: 'colony_id', and at last 'ID'."""
    found = []
    for name in names:
        match = ID.fullmatch(name)
        of = plain(match[1] or "") if match else ""
        if match and of not in NOT_USER and of not in TRACK and f"{of}id" not in TRACK:
            found.append(name)
    return sorted(found, key=lambda name: plain(name) == "id")


def find_ends(names_of: dict[str, str]) -> dict[str, str]:
    """The columns of starts and ends by their roles, such as time and end_time."""
    found: dict[str, str] = {}
    for start, end in ENDS:
        for name in names_of:
            other = name.replace(start, end)
            if start in name and other in names_of:
                role = _role_of(re.sub("^(tpep|lpep|trip|station)", "", name.replace(start, "")))
                if role and role not in found:
                    found[role] = names_of[name]
                    found[f"end_{role}"] = names_of[other]
    return found


def _role_of(rest: str) -> str:
    """What a column is that has this name beside the word of a start; '' for none."""
    for role, known in (("time", [*TIME, "at", ""]), ("lon", LON), ("lat", LAT)):
        if rest in known:
            return role
    return ""
