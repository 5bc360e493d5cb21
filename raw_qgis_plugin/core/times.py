# SPDX-License-Identifier: GPL-2.0-or-later
"""Times of any kind as epoch milliseconds, UTC. Reads a million in under a second, without a loop over fixes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any

import numpy as np

from .errors import InputError

NO_TIME = int(np.iinfo(np.int64).min)
"""The value of a time that is missing or unreadable (the same bits as NumPy's NaT)."""

UTC = timezone.utc
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
TEXT_WIDTH = 40  # longer texts are cut
DATE_ORDERS = ("day", "month")  # which number comes first in dates whose year is last, such as 31/12/2024

# Layouts with unpadded parts, or nothing between the parts. They are rewritten to the layout of _from_layout.
LOOSE = re.compile(
    r"(?P<year>\d{4})(?:[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}))?)?)"
    r"(?P<fraction>[.,]\d*)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>\S*)"
)
COMPACT = re.compile(
    r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)"
    r"(?:[T ]?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?"
    r"(?P<fraction>[.,]\d*)?(?P<zone>\S*)"
)
ZONE = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?):?(\d\d)?(?::?(\d\d))?")


def parse_times(values: Any, timezone: str = "UTC", date_order: str = "") -> np.ndarray:
    """Read times as (n,) int64 epoch ms, UTC; NO_TIME for a missing or unreadable one.

    values: datetime64; numbers (s, ms, µs or ns by the magnitude of each, or YYYYMMDDhhmmss); ISO text with 'T'
    or a space, fractions of a second, 'Z', an offset or no zone; dates with the year last; datetimes and dates; or a
    mix of them. timezone: IANA name of the zone of times without one. Raises InputError for an unknown zone.
    date_order: one of DATE_ORDERS; '': what `find_date_order` finds in the column, without which such dates stay
    unreadable.
    A local time skipped by a clock change is read as if the clock had not changed; a repeated one as the first.
    """
    zone = find_zone(timezone)
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError("The times are not a single column.")
    if array.dtype.kind == "M":
        return _from_datetime64(array, zone)
    if array.dtype.kind in "iuf":
        return _from_numbers(array, zone)
    if array.dtype.kind in "SU":
        return _from_text(array, zone, date_order)
    if array.dtype.kind == "b":
        return np.full(len(array), NO_TIME)
    return _from_objects(array.astype(object), zone)


def find_zone(name: str) -> tzinfo:
    """The zone of an IANA name, '' (UTC) or an offset such as UTC+03:00. Raises InputError for an unknown name."""
    offset = _zone_ms(name.strip())
    if offset is not None:
        return timezone(timedelta(milliseconds=offset))
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"Unknown time zone '{name}'. Use an IANA name such as UTC, Europe/Berlin or America/Maceio."
        ) from None


def _to_utc(local: np.ndarray, zone: tzinfo) -> np.ndarray:
    """(n,) int64 ms of wall-clock time in `zone` as (n,) ms UTC. NO_TIME stays."""
    if zone is UTC or len(local) == 0:
        return local
    quarter = local // (HOUR_MS // 4)  # clocks change on quarter hours
    # Fixes come in runs of the same quarter of an hour, so sorting the first of each run is fast
    head = np.flatnonzero(np.append(True, quarter[1:] != quarter[:-1]))
    quarters, inverse = np.unique(quarter[head], return_inverse=True)
    offsets = np.array([_offset_ms(int(q), zone) for q in quarters], dtype=np.int64)
    run = np.repeat(inverse, np.diff(np.append(head, len(local))))
    bad = (offsets == NO_TIME)[run] | (local == NO_TIME)
    return np.where(bad, NO_TIME, local - offsets[run])


def wall_clock(t: np.ndarray, zone: tzinfo) -> np.ndarray:
    """(n,) int64 ms UTC as (n,) ms of wall-clock time in a zone."""
    quarters, inverse = np.unique(t // (HOUR_MS // 4), return_inverse=True)  # clocks change on quarter hours
    begin = datetime(1970, 1, 1, tzinfo=UTC)
    moments = ((begin + timedelta(minutes=15 * int(quarter))).astimezone(zone) for quarter in quarters)
    ahead = [(moment.utcoffset() or timedelta()) // timedelta(milliseconds=1) for moment in moments]
    return t + np.array(ahead, np.int64)[inverse]


def _offset_ms(quarter: int, zone: tzinfo) -> int:
    """Ms east of UTC in a zone at a quarter of an hour of wall-clock time since 1970."""
    try:
        offset = (datetime(1970, 1, 1) + timedelta(minutes=15 * quarter)).replace(tzinfo=zone).utcoffset()
    except OverflowError:  # NO_TIME, or a year outside 1 to 9999
        return NO_TIME
    return int(offset.total_seconds() * 1000) if offset is not None else NO_TIME


def _from_numbers(array: np.ndarray, zone: tzinfo | None = None) -> np.ndarray:
    """Epoch s, ms, µs or ns as ms, each number by its own magnitude: 1e11 s is the year 5138, 1e11 ms is 1973.

    So it does not matter in which part of a table a number is read, or what other devices wrote.
    zone: the zone of dates written as one number to the second, minute or day; None if there are none. No epoch in ms
    before 2572 looks like a date to the second. Dates to the minute or day look like epochs of the seventies, so they
    are dates only if the whole column is.
    """
    whole = array.dtype.kind in "iu"
    good = np.isfinite(array) & (np.abs(array.astype(np.float64)) < 9.2e18)
    size = np.abs(array[good & (array != 0)].astype(np.float64))
    middle = np.median(size) if len(size) else 0.0
    for factor in (1, 100, 1_000_000):
        if zone is not None and 19e12 <= middle * factor < 21e12:
            dates = _from_date_numbers(array.astype(np.int64 if whole else np.float64) * factor, zone)
            if factor == 1 or (dates != NO_TIME)[good & (array != 0)].all():
                return dates
    number = np.where(good, array, 0)
    unit = np.searchsorted([1e11, 1e14, 1e17], np.abs(number.astype(np.float64)), side="right")  # s, ms, µs or ns
    if whole:
        number = number.astype(np.int64)
        ms = number * np.array([1000, 1, 1, 1])[unit] // np.array([1, 1, 1000, 1_000_000])[unit]
    else:
        ms = np.round(number / np.array([1e-3, 1, 1e3, 1e6])[unit]).astype(np.int64)
    return np.where(good, ms, NO_TIME)


def _from_date_numbers(array: np.ndarray, zone: tzinfo) -> np.ndarray:
    """Dates of the years 1900 to 2099 as numbers YYYYMMDDhhmmss."""
    out = np.full(len(array), NO_TIME)
    rows = np.flatnonzero((array >= 19e12) & (array < 21e12))
    date, clock = np.divmod(array[rows].astype(np.int64), 1_000_000)
    days, real = _days(date // 10_000, date // 100 % 100, date % 100)
    hour, minute, second = clock // 10_000, clock // 100 % 100, clock % 100
    good = real & (hour <= 24) & (minute <= 59) & (second <= 60)
    ms = days * DAY_MS + hour * HOUR_MS + minute * 60_000 + second * 1000
    out[rows] = _to_utc(np.where(good, ms, NO_TIME), zone)
    return out


def _from_objects(array: np.ndarray, zone: tzinfo) -> np.ndarray:
    """Python objects of any kind, read one kind at a time."""
    types = list(map(type, array.tolist()))
    reader_of = {kind: _reader(kind) for kind in set(types)}
    out = np.full(len(types), NO_TIME)
    for reader in set(reader_of.values()):
        if reader is not None:
            rows = np.flatnonzero([reader_of[kind] is reader for kind in types])
            out[rows] = reader(array[rows], zone)
    return out


def _reader(kind: type) -> Callable[[np.ndarray, tzinfo], np.ndarray] | None:
    """The function that reads objects of a type; None for types that hold no time."""
    if issubclass(kind, (type(None), bool, np.bool_)):
        return None
    if issubclass(kind, (int, float, np.integer, np.floating)):
        return _from_number_objects
    if issubclass(kind, np.datetime64):
        return _from_datetime64
    return _from_datetimes if issubclass(kind, date) else _from_text_objects


def _from_number_objects(array: np.ndarray, zone: tzinfo) -> np.ndarray:
    whole = all(issubclass(kind, (int, np.integer)) for kind in set(map(type, array.tolist())))
    try:
        return _from_numbers(array.astype(np.int64 if whole else np.float64), zone)
    except OverflowError:
        return _from_numbers(array.astype(np.float64), zone)


def _from_text_objects(array: np.ndarray, zone: tzinfo) -> np.ndarray:
    texts = (v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in array.tolist())
    return _from_text(np.array([text[:TEXT_WIDTH] for text in texts]), zone)


def _from_datetimes(array: np.ndarray, zone: tzinfo) -> np.ndarray:
    out = np.full(len(array), NO_TIME)
    aware = np.fromiter((getattr(value, "tzinfo", None) is not None for value in array), bool, len(array))
    missing = array != array  # pandas' NaT
    rows = np.flatnonzero(aware & ~missing)
    stamps = map(datetime.timestamp, array[rows])
    out[rows] = np.round(np.fromiter(stamps, np.float64, len(rows)) * 1000).astype(np.int64)
    rows = np.flatnonzero(~aware & ~missing)
    out[rows] = _from_datetime64(array[rows], zone)
    return out


def _from_datetime64(array: np.ndarray, zone: tzinfo) -> np.ndarray:
    return _to_utc(array.astype("datetime64[ms]").astype(np.int64), zone)


def find_date_order(values: np.ndarray) -> str:
    """How a column of text writes dates with the year last: 'day' or 'month' first, by numbers over 12.

    'unknown' where no number or both are over 12; '' where there are no such dates.
    """
    return _order_of(list(_year_last(_as_bytes(np.asarray(values)))))


# Dates of the layout 1/2/2024: their rows, both numbers, and the column where the year begins
_YearLast = tuple[np.ndarray, np.ndarray, np.ndarray, int]


def _order_of(found: list[_YearLast]) -> str:
    if not found:
        return ""
    day, month = (any((numbers > 12).any() for numbers in column) for column in list(zip(*found))[1:3])
    return "unknown" if day == month else "day" if day else "month"


def _year_last(text: np.ndarray) -> Iterator[_YearLast]:
    """The dates with the year last in text (n,) S40, by the digits of their numbers."""
    char = text.view(np.uint8).reshape(len(text), TEXT_WIDTH)
    signs = (45, 47, 46)  # - / .
    for a, b in ((1, 1), (1, 2), (2, 1), (2, 2)):
        rows = np.flatnonzero(np.isin(char[:, a], signs))
        digit, year = char[rows] - np.uint8(48), a + b + 2  # above 9 where not a digit
        fits = (char[rows, year - 1] == char[rows, a]) & (digit[:, year + 4] > 9)
        for column in (*range(a), *range(a + 1, a + 1 + b), *range(year, year + 4)):
            fits &= digit[:, column] <= 9
        if fits.any():
            digit = digit[fits]
            first, second = (digit[:, k] + 10 * digit[:, k - 1] * (n == 2) for k, n in ((a - 1, a), (a + b, b)))
            yield rows[fits], first, second, year


def _year_first(text: np.ndarray, date_order: str) -> np.ndarray:
    """Text (n,) S40 with its dates in the layout of _from_layout, where their order is known."""
    found = list(_year_last(text))
    order = date_order or _order_of(found)
    if not found or order not in DATE_ORDERS:
        return text
    text = text.copy()
    char = text.view(np.uint8).reshape(len(text), TEXT_WIDTH)
    for rows, first, second, year in found:
        day, month = (first, second) if order == "day" else (second, first)
        new = np.zeros((len(rows), TEXT_WIDTH + 4), np.uint8)
        new[:, [4, 7]] = 45
        for column, number in ((5, month), (8, day)):
            new[:, column], new[:, column + 1] = 48 + number // 10, 48 + number % 10
        old = char[rows]
        new[:, :4] = old[:, year : year + 4]
        new[:, 10 : 10 + TEXT_WIDTH - year - 4] = old[:, year + 4 :]
        char[rows] = new[:, :TEXT_WIDTH]
    return text


def _from_text(array: np.ndarray, zone: tzinfo, date_order: str = "") -> np.ndarray:
    """Text of the layouts that `parse_times` lists, or numbers written as text."""
    text = _year_first(_as_bytes(array), date_order)
    out, good = np.full(len(text), NO_TIME), np.zeros(len(text), bool)
    block_rows = 1 << 17  # keeps the columns of digits in the processor's cache
    for start in range(0, len(text), block_rows):
        block = slice(start, start + block_rows)
        out[block], good[block] = _from_layout(text[block], zone)
    rest = np.flatnonzero(~good & (text != b""))
    if len(rest) == 0:
        return out
    words, inverse = np.unique(text[rest], return_inverse=True)
    tidy = np.char.encode(list(map(_tidy, words)), "ascii", "replace")
    again, readable = _from_layout(tidy.astype(f"S{TEXT_WIDTH}"), zone)
    if not readable.all():
        again = np.where(readable, again, _from_numbers(np.array(list(map(_number, words)))))
    out[rest] = again[inverse]
    return out


def _as_bytes(array: np.ndarray) -> np.ndarray:
    """Text as (n,) S40 without leading blanks or quotes; letters that are not ASCII become unreadable."""
    if array.dtype.kind == "U":
        try:
            array = array.astype("S")
        except UnicodeEncodeError:
            array = np.char.encode(array, "ascii", "replace")
    text = np.ascontiguousarray(array, f"S{TEXT_WIDTH}")
    if np.isin(text.view(np.uint8)[::TEXT_WIDTH], (32, 9, 34)).any():  # blank, tab, quote
        text = np.char.strip(array, b' \t"').astype(f"S{TEXT_WIDTH}")
    return text


def _number(word: bytes) -> float:
    try:
        return float(word.replace(b",", b"."))
    except ValueError:
        return np.nan


def _tidy(word: bytes) -> str:
    """A time of another layout in that of _from_layout; other text as it is."""
    text = word.decode("ascii", "replace")
    match = LOOSE.fullmatch(text) or COMPACT.fullmatch(text)
    if not match:
        return text
    part = match.groupdict("")
    if part.get("half"):  # 12 am is midnight
        part["hour"] = str(int(part["hour"] or 0) % 12 + 12 * (part["half"][0] in "Pp"))
    day = "-".join(part[name].zfill(2) for name in ("year", "month", "day"))
    clock = ":".join(part[name].zfill(2) for name in ("hour", "minute", "second"))
    return f"{day} {clock}{part['fraction']}{part['zone']}"


def _from_layout(text: np.ndarray, zone: tzinfo) -> tuple[np.ndarray, np.ndarray]:
    """Ms UTC, and whether readable, of text (n,) S40 of the layout YYYY-MM-DD[ HH:MM[:SS[.fff]]][zone]."""
    char = text.view(np.uint8).reshape(len(text), TEXT_WIDTH)
    letter = np.ascontiguousarray(char[:, :19].T)  # column after column, in which NumPy computes faster
    digit = letter - np.uint8(48)  # above 9 where not a digit

    def number(*columns: int) -> np.ndarray:
        value = np.zeros(len(text), np.int32)
        for column in columns:
            value = value * 10 + digit[column]
        return value

    good = (digit[[0, 1, 2, 3, 5, 6, 8, 9]] <= 9).all(axis=0)
    good &= np.isin(letter[4], (45, 47, 46)) & (letter[7] == letter[4])  # - / .
    year, month, day = number(0, 1, 2, 3), number(5, 6), number(8, 9)

    clock = np.isin(letter[10], (32, 84, 116)) & (letter[13] == 58)  # blank, T, t; colon
    clock &= (digit[[11, 12, 14, 15]] <= 9).all(axis=0)
    seconds = clock & (letter[16] == 58) & (digit[[17, 18]] <= 9).all(axis=0)
    hour = np.where(clock, number(11, 12), 0)
    minute = np.where(clock, number(14, 15), 0)
    second = np.where(seconds, number(17, 18), 0)
    good &= (hour <= 24) & (minute <= 59) & (second <= 60)

    days, real = _days(year, month, day)
    fraction_ms, rest = _fraction(char, np.where(seconds, 19, np.where(clock, 16, 10)), seconds)
    offset, local, known = _zones(char, rest)
    good &= real & known
    ms = ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + fraction_ms
    utc = _to_utc(np.where(local & good, ms, NO_TIME), zone)
    return np.where(good, np.where(local, utc, ms - offset), NO_TIME), good


def _days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Days since 1970-01-01, and whether there is such a date."""
    months = np.where((month >= 1) & (month <= 12), (year - 1970) * 12 + month - 1, 0)
    least, most = int(months.min(initial=0)), int(months.max(initial=0))
    begins = np.arange(least, most + 2).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    first, after = begins[months - least], begins[months - least + 1]
    real = (month >= 1) & (month <= 12) & (day >= 1) & (day <= after - first) & (year >= 1)
    return first + day - 1, real


def _fraction(char: np.ndarray, end: np.ndarray, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Milliseconds after the decimal sign at column `end`, and the column where the zone begins."""
    rows = np.arange(len(char))
    inside = seconds & np.isin(char[rows, end], (44, 46))  # , .
    ms = np.zeros(len(char), np.int64)
    end = end + inside
    weight = 100
    while inside.any() and int(end.max()) < TEXT_WIDTH - 1:
        digit = char[rows, end] - np.uint8(48)
        inside = inside & (digit <= 9)
        ms += np.where(inside, digit, 0).astype(np.int64) * weight
        end = end + inside
        weight //= 10
    return ms, end


def _zones(char: np.ndarray, begin: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The zone from column `begin` on: ms east of UTC, whether there is none, and whether it can be read."""
    left = np.minimum(begin, TEXT_WIDTH - 1)
    if not char[np.arange(len(char)), left].any():
        nothing = np.zeros(len(char), np.int64)
        return nothing, np.ones(len(char), bool), np.ones(len(char), bool)
    column = np.minimum(left[:, None] + np.arange(12), TEXT_WIDTH - 1)
    tail = np.ascontiguousarray(np.take_along_axis(char, column, axis=1)).view("S12").reshape(-1)
    words, inverse = np.unique(tail, return_inverse=True)
    read = [_zone_ms(word.decode("ascii", "replace").strip()) for word in words]
    offset = np.array([0 if value is None else value for value in read], dtype=np.int64)
    local = np.array([word.strip() == b"" for word in words])
    known = np.array([value is not None for value in read])
    return offset[inverse], local[inverse], known[inverse]


def _zone_ms(word: str) -> int | None:
    """Ms east of UTC for 'Z', '+02', '-0300', '+05:30', 'UTC' or '' (0); None if it is no zone."""
    if word.upper() in ("", "Z", "UTC", "GMT"):
        return 0
    match = ZONE.fullmatch(word)
    if not match:
        return None
    sign, hours, minutes, seconds = match.groups("0")
    if int(hours) > 18 or int(minutes) > 59:
        return None
    return (-1 if sign == "-" else 1) * ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000
