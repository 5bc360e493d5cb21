# SPDX-License-Identifier: GPL-2.0-or-later
"""Times of any kind as epoch milliseconds, UTC: numbers by their magnitude, text by the layouts
below.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

import numpy as np

from .arrays import Array, Columns
from .errors import InputError, require

NO_TIME = int(np.iinfo(np.int64).min)
"""The value of a time that is missing or unreadable (the same bits as NumPy's NaT)."""

UTC = timezone.utc
DAY_MS = 86_400_000
HOUR_MS = 3_600_000

# The layouts of text, as Arrow's regular expressions: a date, and what may follow it
CLOCK = (
    r"(?:[Tt ]+(?P<hour>\d{1,2}):(?P<minute>\d{1,2})"
    r"(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d*))?)?)?"
)
HALF_AND_ZONE = r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>(?:[^\s\"\d][^\s\"]*)?)[\s\"]*$"
YEAR_FIRST = (
    r"^[\s\"]*(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + CLOCK + HALF_AND_ZONE
)
DAY_FIRST = (
    r"^[\s\"]*(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})" + CLOCK + HALF_AND_ZONE
)
MONTH_FIRST = (
    DAY_FIRST.replace("<day>", "<other>").replace("<month>", "<day>").replace("<other>", "<month>")
)
COMPACT = (
    r"^[\s\"]*(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)"
    r"(?:[Tt ]?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?"
    r"(?:[.,](?P<fraction>\d*))?" + HALF_AND_ZONE
)
NUMBERS = ("year", "month", "day", "hour", "minute", "second", "fraction")  # in layouts
YEAR_LAST = {"day": [DAY_FIRST], "month": [MONTH_FIRST]}  # by the order of dates
ZONE = r"(?:UTC|GMT)?([+-])(\d\d?):?(\d\d)?(?::?(\d\d))?"
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def parse_times(values: Any, timezone: str = "UTC", date_order: str = "") -> Array:
    """Read times as (n,) int64 epoch ms, UTC; NO_TIME for a missing or unreadable one.

    values: an Arrow column, or an array or list that can be one, of numbers (s, ms, µs or ns by the
    magnitude of each, or YYYYMMDDhhmmss), datetimes, dates, or ISO text with 'T' or a space,
    fractions of a second, 'Z', an offset or no zone, or with the year last. timezone: IANA name of
    the zone of times without one. date_order: 'day' or 'month', the first number of 31/12/2024; '':
    what `find_date_order` finds in the column. Raises InputError for an unknown zone or a column
    that holds no times. A local time skipped by a clock change is read as if the clock had not
    changed; a repeated one as the first.
    """
    require("pyarrow")
    import pyarrow as pa
    import pyarrow.compute as pc

    zone = find_zone(timezone)
    try:
        column = values if hasattr(values, "null_count") else pa.array(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError("The times are not a column of one kind: {error}", error=error) from None
    kind = column.type
    if pa.types.is_temporal(kind) and not pa.types.is_time(kind) and not pa.types.is_duration(kind):
        zoned = getattr(kind, "tz", None) is not None  # Arrow keeps zoned times in UTC
        moments = column.cast(pa.timestamp("ms"), safe=False).cast(pa.int64()).fill_null(NO_TIME)
        return _to_utc(moments.to_numpy(zero_copy_only=False), UTC if zoned else zone)
    if is_text(kind) or pa.types.is_null(kind):
        return _from_text(column.cast(pa.string()), zone, date_order)
    if not pa.types.is_integer(kind) and not pa.types.is_floating(kind):
        raise InputError("The column of time holds {kind}, not times.", kind=kind)
    # not as floats with nan:
    numbers = _from_numbers(pc.fill_null(column, 0).to_numpy(zero_copy_only=False), zone)
    # µs would lose their digits
    return np.where(column.is_null().to_numpy(zero_copy_only=False), NO_TIME, numbers)


def is_text(kind: Any) -> bool:
    """Whether an Arrow type is text."""
    import pyarrow.types as types

    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def solar_ms(t: Array, lon: Array) -> Array:
    """Epoch ms (n,) as a clock of mean solar time shows them at longitudes (n,) in degrees."""
    return t + np.rint(lon / 15 * HOUR_MS).astype(np.int64)


def local_ms(t: Array, lon: Array, zone: str) -> Array:
    """Epoch ms (n,) as the clocks of a zone show them, with summer time. '' or UTC, which nobody
    chose: mean solar time at longitudes (n,) in degrees.
    """
    clock = find_zone(zone)
    if clock is UTC:
        return solar_ms(t, lon)
    return t + _offsets_ms(t, UTC, clock)


def find_zone(name: str) -> tzinfo:
    """The zone of an IANA name, '' (UTC) or an offset such as UTC+03:00. Raises InputError for an
    unknown name.
    """
    offset = _zone_ms(name.strip())
    if offset is not None:
        return timezone(timedelta(milliseconds=offset))
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError):
        raise InputError(
            "Unknown time zone '{name}'. Use an IANA name such as UTC, Europe/Berlin or "
            "America/Maceio.",
            name=name,
        ) from None


def _to_utc(local: Array, zone: tzinfo) -> Array:
    """(n,) int64 ms of wall-clock time in `zone` as (n,) ms UTC. NO_TIME stays."""
    if zone is UTC:
        return local
    ahead = _offsets_ms(local, zone, zone)
    return np.where((ahead == NO_TIME) | (local == NO_TIME), NO_TIME, local - ahead)


def _offsets_ms(t: Array, clock: tzinfo, zone: tzinfo) -> Array:
    """(n,) ms east of UTC in a zone, at times (n,) of a clock: UTC or its own; NO_TIME outside of
    the years 1 to 9999.
    """
    epoch = datetime(1970, 1, 1, tzinfo=clock)
    # clocks change on quarter hours
    quarters, inverse = np.unique(t // (HOUR_MS // 4), return_inverse=True)
    offsets = []
    for each in quarters.tolist():
        try:
            offset = (epoch + timedelta(minutes=15 * each)).astimezone(zone).utcoffset()
        except OverflowError:
            offset = None
        offsets.append(NO_TIME if offset is None else offset // timedelta(milliseconds=1))
    return np.array(offsets, np.int64)[inverse]


def _from_numbers(array: Array, zone: tzinfo) -> Array:
    """Epoch s, ms, µs or ns as ms, each number by its own magnitude: 1e11 s is the year 5138, 1e11
    ms is 1973.

    So it does not matter in which part of a table a number is read, or what other devices wrote.
    Numbers of twelve and fourteen digits that look like dates to the minute or second are dates.
    """
    number = array.astype(np.float64)
    good = np.isfinite(number) & (np.abs(number) < 9.2e18)
    ms = _from_epochs(array, good)
    dates = good & np.any(
        [(number >= low) & (number < low / 19 * 21) for low in (19e10, 19e12)], axis=0
    )
    if dates.any():
        import pyarrow as pa

        ms[dates] = _from_text(
            pa.array(array[dates].astype(np.int64)).cast(pa.string()), zone, "", numbers=False
        )
    return ms


def _from_epochs(array: Array, good: Array) -> Array:
    number = np.where(good, array, 0)
    size = np.abs(number.astype(np.float64))
    unit = np.searchsorted([1e11, 1e14, 1e17], size, side="right")  # s, ms, µs or ns

    if array.dtype.kind in "iu":
        times = np.array([1000, 1, 1, 1])
        parts = np.array([1, 1, 1000, 1_000_000])
        ms = number.astype(np.int64) * times[unit] // parts[unit]
    else:
        in_ms = np.array([1e-3, 1, 1e3, 1e6])
        ms = np.round(number / in_ms[unit]).astype(np.int64)
    return np.where(good, ms, NO_TIME)


def as_numbers(column: Any) -> Array:
    """An Arrow column of text as (n,) float64, nan for anything but a number. A decimal comma is
    understood.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.replace_substring(pc.utf8_trim_whitespace(column), ",", ".")
    text = pc.if_else(pc.match_substring_regex(text, NUMBER), text, pa.scalar(None, pa.string()))
    return text.cast(pa.float64()).to_numpy(zero_copy_only=False)


def _from_text(column: Any, zone: tzinfo, date_order: str, numbers: bool = True) -> Array:
    """Text of the layouts above, or numbers written as text. column: of Arrow's strings."""
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = _from_iso(column, zone)
    if plain is not None:
        return plain
    out = np.full(len(column), NO_TIME)
    rest = np.arange(len(column))
    for layout in (YEAR_FIRST, COMPACT, *YEAR_LAST.get(date_order or find_date_order(column), [])):
        parts = pc.extract_regex(column, layout)
        fits = parts.is_valid().to_numpy(zero_copy_only=False)
        if fits.any():
            out[rest[fits]] = _from_parts(parts.drop_null(), zone)
        if fits.all():
            return out
        column = column.filter(pa.array(~fits))
        rest = rest[~fits]
    if numbers:
        values = as_numbers(column)
        out[rest] = _from_epochs(values, np.isfinite(values) & (np.abs(values) < 9.2e18))
    return out


def _from_iso(column: Any, zone: tzinfo) -> Array | None:
    """Plain ISO text, which Arrow reads in a tenth of the time; None if the text is not plain."""
    import pyarrow as pa
    import pyarrow.compute as pc

    shortest = pc.min(pc.binary_length(column)).as_py() or 0
    for length, kind in ((16, pa.timestamp("ms")), (20, pa.timestamp("ms", "UTC"))):
        if shortest >= length:  # of shorter text Arrow reads too much
            try:
                moments = column.cast(kind).cast(pa.int64()).fill_null(NO_TIME)
            except pa.ArrowInvalid:
                continue
            local = moments.to_numpy(zero_copy_only=False)
            return local if kind.tz else _to_utc(local, zone)
    return None


def _from_parts(parts: Any, zone: tzinfo) -> Array:
    """(n,) epoch ms, NO_TIME where there is no such date or zone. parts: the named groups of a
    layout, of Arrow.
    """
    import pyarrow.compute as pc

    part = {each.name: pc.struct_field(parts, each.name) for each in parts.type}
    part["fraction"] = pc.utf8_slice_codeunits(pc.utf8_rpad(part["fraction"], 3, "0"), 0, 3)
    number = {name: _digits(part[name]) for name in NUMBERS}

    day = _days(number["year"], number["month"], number["day"])
    hour = _hours(number["hour"], part["half"])
    clock, real = _clock(hour, number)
    ms = day * DAY_MS + clock
    real &= day != NO_TIME

    offset, has_zone = _offsets(part["zone"])
    good = real & (offset != NO_TIME)
    local = _to_utc(np.where(good, ms, NO_TIME), zone)
    zoned = np.where(good, ms - offset, NO_TIME)
    return np.where(has_zone, zoned, local)


def _clock(hour: Array, number: Columns) -> tuple[Array, Array]:
    """(n,) ms since midnight, and whether a clock shows this time. number: by names of parts."""
    minute = number["minute"]
    second = number["second"]
    real = (hour <= 24) & (minute <= 59) & (second <= 60)
    seconds = (hour * 60 + minute) * 60 + second
    return seconds * 1000 + number["fraction"], real


def _hours(hour: Array, half: Any) -> Array:
    """(n,) hours of the day. half: 'am', 'pm' or '', of Arrow; 12 am is midnight."""
    import pyarrow.compute as pc

    letter = pc.utf8_lower(pc.utf8_slice_codeunits(half, 0, 1))
    letter = letter.to_numpy(zero_copy_only=False)
    of_half = hour % 12 + 12 * (letter == "p")
    return np.where(letter == "", hour, of_half)


def _digits(column: Any) -> Array:
    """(n,) int64: digits as a number, '' as 0."""
    import pyarrow.compute as pc

    digits = pc.if_else(pc.equal(column, ""), "0", column)
    return digits.cast("int64").to_numpy(zero_copy_only=False)


def _days(year: Array, month: Array, day: Array) -> Array:
    """(n,) days since 1970-01-01, NO_TIME where there is no such date."""
    months = 12 * (year - 1970) + month - 1
    of_month = months.astype("datetime64[M]")
    date = of_month.astype("datetime64[D]") + (day - 1)
    real = date.astype("datetime64[M]") == of_month
    real &= (month >= 1) & (month <= 12)
    real &= year >= 1
    return np.where(real, date.astype(np.int64), NO_TIME)


def _offsets(zones: Any) -> tuple[Array, Array]:
    """(n,) ms east of UTC of zones as text, NO_TIME for no zone, and whether a zone is named."""
    column = zones.combine_chunks() if hasattr(zones, "combine_chunks") else zones
    column = column.dictionary_encode()
    words = column.dictionary.to_pylist()
    read = [_zone_ms(word) for word in words]
    known = [NO_TIME if ms is None else ms for ms in read]
    offset = np.array(known, np.int64)
    named = np.array([word != "" for word in words])
    which = column.indices.to_numpy()
    return offset[which], named[which]


def find_date_order(column: Any) -> str:
    """How a column of text writes dates with the year last: 'day' or 'month' first, by numbers over
    12.

    column: Arrow's strings, or an array of text. 'unknown' where no number or both are over 12, but
    'day' for dates with dots: no country writes these with the month first. '' where there are no
    such dates.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column if hasattr(column, "null_count") else pa.array(column)
    parts = pc.extract_regex(column, DAY_FIRST).drop_null()
    if not len(parts):
        return ""

    def is_over_12(name: str) -> bool:
        """Whether a number of the column is no month."""
        return bool(pc.max(pc.struct_field(parts, name).cast("int64")).as_py() > 12)

    day = is_over_12("day")
    month = is_over_12("month")
    dots = pc.match_substring_regex(column, r"^[\s\"]*\d+\.\d+\.")
    if not month and pc.all(dots).as_py():
        return "day"
    if day == month:
        return "unknown"
    return "day" if day else "month"


def _zone_ms(word: str) -> int | None:
    """Ms east of UTC for 'Z', '+02', '-0300', '+05:30', 'UTC' or '' (0); None if it is no zone."""
    if word.upper() in ("", "Z", "UTC", "GMT"):
        return 0
    match = re.fullmatch(ZONE, word)
    if not match:
        return None
    hours, minutes, seconds = map(int, match.groups("0")[1:])
    if hours > 18 or minutes > 59:
        return None
    ms = ((hours * 60 + minutes) * 60 + seconds) * 1000
    return -ms if match[1] == "-" else ms
