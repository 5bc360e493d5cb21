# SPDX-License-Identifier: GPL-2.0-or-later
"""Times of any kind are read as epoch milliseconds, UTC."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.times import (
    NO_TIME,
    find_date_order,
    find_zone,
    local_ms,
    parse_times,
    solar_ms,
)

NOON = int(datetime(2008, 5, 17, 10, 0, 4, tzinfo=timezone.utc).timestamp() * 1000)


@pytest.mark.parametrize(
    "text",
    [
        "2008-05-17T10:00:04Z", "2008-05-17 10:00:04", "2008/05/17 10:00:04", "2008-05-17T10:00:04.000",
        "2008-05-17T12:00:04+02:00", "2008-05-17T12:00:04.000000+0200", "2008-05-17 08:00:04-02", "20080517T100004Z",
        "20080517100004", "2008-5-17 10:0:4", "2008-05-17 10:00:04 UTC", ' "2008-05-17 10:00:04"', "1211018404",
        "1211018404000", "1211018404.0", "1211018404,000",
    ],
)  # fmt: skip
def test_text_in_the_layouts_that_people_use(text):
    assert parse_times([text]).tolist() == [NOON]
    assert parse_times(np.array([text, None], object)).tolist() == [NOON, NO_TIME]


@pytest.mark.parametrize(
    "text",
    ["", "NULL", "x", "é", "2008-02-30", "2008-13-01", "2008-05-17 25:00:00", "2008-05-17T10:00:04 Mars", "05/07/2008",
     "32/01/2008",
     "9" * 25],
)  # fmt: skip
def test_unreadable_text_has_no_time(text):
    assert parse_times([text, "2008-05-17T10:00:04Z"]).tolist() == [NO_TIME, NOON]


@pytest.mark.parametrize(
    ("order", "texts"),
    [
        (
            "day",
            [
                "17/05/2008 10:00:04",
                "17.5.2008 10:00:04",
                "17-05-2008T10:00:04Z",
                "17/5/2008 10:00:04 AM",
            ],
        ),
        ("month", ["05/17/2008 10:00:04", "5/17/2008 10:00:04 am", "05-17-2008 12:00:04+02:00"]),
    ],
)
def test_dates_with_the_year_last(order, texts):
    for text in texts:
        assert find_date_order(np.array([text])) == order
        assert (
            parse_times([text]).tolist() == parse_times([text], date_order=order).tolist() == [NOON]
        )
        assert parse_times(np.array([text, None], object)).tolist() == [NOON, NO_TIME]
    assert parse_times([texts[0], "05/07/2008"]).tolist()[1] == parse_times(
        ["2008-07-05" if order == "day" else "2008-05-07"]
    )  # one date decides for the column


def test_an_unknown_order_of_dates_is_not_guessed():
    texts = np.array(["05/07/2008", "06/07/2008 23:59", "12/31/1999"])
    assert (
        find_date_order(texts[:2]) == "unknown"
        and find_date_order(np.array(["2008-05-07", ""])) == ""
    )
    assert find_date_order(np.array(["13/01/2008", "01/13/2008"])) == "unknown"
    assert find_date_order(np.array(["01.02.2008", "07.02.2008"])) == "day"  # with dots
    assert parse_times(texts[:2]).tolist() == [NO_TIME, NO_TIME]
    days = parse_times(texts, date_order="day")
    assert (
        days.tolist()[:2] == parse_times(["2008-07-05", "2008-07-06 23:59"]).tolist()
        and days[2] == NO_TIME
    )
    assert (
        parse_times(["7/4/2008 12:00 am", "7/4/2008 12:30 PM"], date_order="month").tolist()
        == parse_times(["2008-07-04 00:00", "2008-07-04 12:30"]).tolist()
    )


def test_fractions_and_dates():
    assert parse_times(["2008-05-17T10:00:04.5Z", "2008-05-17T10:00:04,123456789Z"]).tolist() == [
        NOON + 500,
        NOON + 123,
    ]
    assert parse_times(["2008-05-17"]).tolist() == parse_times([date(2008, 5, 17)]).tolist()


@pytest.mark.parametrize("kind", [np.int64, np.uint64, float, str, object])
def test_every_number_has_its_own_unit(kind):
    """Devices of one table write seconds and milliseconds; no part of the table has to know of the
    others.
    """
    values = np.array([NOON // 1000, NOON, NOON, NOON * 1000, NOON * 1_000_000, 0, 5], kind)
    assert parse_times(values).tolist() == [NOON] * 5 + [0, 5000]
    # no date of 1900
    assert parse_times(np.array([1_900_000_000, 2_000_000_000_000], kind))[0] == 1_900_000_000_000
    if kind in (float, np.int64):
        assert parse_times(-values).tolist() == [-NOON] * 5 + [0, -5000]


@pytest.mark.parametrize("kind", ["int64", "float64", object])
def test_dates_written_as_one_number(kind):
    """To the second or the minute."""
    seconds = np.array([20080517100004, 20081317100004, 20080517250004, NOON], kind)
    assert parse_times(seconds).tolist() == [NOON, NO_TIME, NO_TIME, NOON]
    minutes = np.array([202407010830, 202407010831], kind)
    assert parse_times(minutes, "Europe/Berlin").tolist() == [1_719_815_400_000, 1_719_815_460_000]


def test_a_column_of_two_kinds_is_refused():
    with pytest.raises(InputError, match="not a column of one kind"):
        parse_times(["2008-05-17", 5])


def test_zone_only_where_none_is_said():
    with pytest.raises(InputError, match="Mars/Base"):
        parse_times([], "Mars/Base")
    assert parse_times(np.zeros(0, "U5")).shape == (0,)
    local = parse_times(["2008-05-17 12:00:04", "2008-05-17T10:00:04Z"], "Europe/Berlin")
    assert local.tolist() == [NOON, NOON]
    assert parse_times(
        np.array(["2008-05-17T12:00:04"], "datetime64[s]"), "Europe/Berlin"
    ).tolist() == [NOON]


def test_clock_changes_are_read_in_order():
    spring = parse_times(
        ["2024-03-31 01:59:59", "2024-03-31 02:30:00", "2024-03-31 03:00:00"], "Europe/Berlin"
    )
    assert spring.astype("datetime64[ms]").astype(str).tolist() == [
        "2024-03-31T00:59:59.000", "2024-03-31T01:30:00.000", "2024-03-31T01:00:00.000",
    ]  # fmt: skip
    autumn = parse_times(["2024-10-27 02:30:00"], "Europe/Berlin")
    assert autumn.astype("datetime64[ms]").astype(str).tolist() == ["2024-10-27T00:30:00.000"]


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.none()),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["T", " "]),
)
def test_iso_text_reads_as_python_reads_it(when, offset, separator):
    aware = when.replace(tzinfo=timezone(timedelta(minutes=offset)))
    truth = (aware - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)
    assert parse_times([aware.isoformat(separator)]).tolist() == [truth]
    assert abs(int(parse_times(np.array([aware], object))[0]) - truth) <= 1


@given(
    st.lists(
        st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.booleans(), st.binary()),
        max_size=8,
    )
)
def test_no_column_breaks_it(values):
    column = np.empty(len(values), object)
    column[:] = values
    with suppress(InputError):
        assert parse_times(column).dtype == np.int64


@pytest.mark.parametrize(
    ("name", "hours"), [("UTC+03:00", 3), ("UTC-03:30", -3.5), ("+0545", 5.75), ("GMT", 0)]
)
def test_a_zone_is_also_an_offset(name, hours):
    """QGIS's list of zones has these too."""
    assert find_zone(name).utcoffset(datetime(2024, 7, 1)) == timedelta(hours=hours)
    assert (
        parse_times(["2024-07-01 00:00"], name)[0]
        == parse_times(["2024-07-01"])[0] - hours * 3_600_000
    )


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin", "America/Toronto", "America/Sao_Paulo", "America/St_Johns", "Asia/Kolkata",
        "Australia/Lord_Howe", "+05:45",
    ],
)  # fmt: skip
def test_local_time_is_what_a_clock_shows(zone):
    """Every 7 minutes of the days around the changes of the clock in spring and autumn, and between."""
    days = ["2018-02-17", "2018-11-03", "2024-03-10", "2024-03-31", "2024-10-27", "2024-11-03"]
    steps = np.arange(0, 2 * 86_400_000, 420_000)
    t = (np.array(days, "datetime64[ms]").astype(np.int64)[:, None] + steps).ravel()
    clock = find_zone(zone)
    shown = [
        datetime.fromtimestamp(ms / 1000, clock).replace(tzinfo=timezone.utc).timestamp() * 1000
        for ms in t.tolist()
    ]
    assert local_ms(t, np.zeros(len(t)), zone).tolist() == shown


@pytest.mark.parametrize("zone", ["", "UTC"])
def test_without_a_zone_time_is_solar(zone):
    t, lon = np.array([NOON, NOON]), np.array([-79.4, 13.4])
    assert local_ms(t, lon, zone).tolist() == solar_ms(t, lon).tolist()
