# SPDX-License-Identifier: GPL-2.0-or-later
"""Times that are numbers of days, as spreadsheets and astronomers write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Array
from .errors import InputError
from .times import DAY_MS, NO_TIME, as_numbers, is_text


@dataclass(frozen=True)
class DayCount:
    """A way to count days. Numbers from low to high are days of about 1979 to 2050 in it.

    may_be_seconds: whether they are also plausible seconds, such as those of a day.
    """

    epoch: float  # the number of 1970-01-01 00:00
    low: float
    high: float
    may_be_seconds: bool


DAY_COUNTS = (
    DayCount(25_569.0, 29_000.0, 50_000.0, True),  # Excel: days since 1899-12-30
    DayCount(40_587.0, 50_000.0, 65_000.0, True),  # modified Julian days
    DayCount(2_440_587.5, 2_443_000.0, 2_470_000.0, False),  # Julian days; they begin at noon
)
MAX_SPAN_DAYS = 4_000.0  # seconds of a day reach further in a record of two hours


def find_day_epoch(column: Any) -> float | None:
    """The number of 1970-01-01 in a column of days; None where the column holds other times.

    column: of Arrow, of any type. Raises InputError where the numbers may be days or seconds.
    """
    numbers = _numbers(column)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return None
    low = numbers.min()
    high = numbers.max()
    for count in DAY_COUNTS:
        if count.low <= low and high < count.high:
            fractions = bool((numbers % 1).any())
            if not count.may_be_seconds or (fractions and high - low < MAX_SPAN_DAYS):
                return count.epoch
            raise InputError(
                "The times are numbers from {low:,.0f} to {high:,.0f}, which may be days (as in "
                "Excel) or seconds. Write them as 2024-07-01 08:30:00, or as seconds since 1970.",
                low=low,
                high=high,
            )
    return None


def days_to_ms(column: Any, epoch: float) -> Array:
    """(n,) int64 ms since 1970-01-01 of the clock that the days are counted by, or NO_TIME."""
    days = _numbers(column) - epoch
    good = np.isfinite(days) & (np.abs(days) < 1e7)
    ms = np.round(np.where(good, days, 0.0) * DAY_MS)
    return np.where(good, ms.astype(np.int64), NO_TIME)


def _numbers(column: Any) -> Array:
    """(n,) float64; nan for anything but a number."""
    import pyarrow as pa

    if is_text(column.type):
        return as_numbers(column)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.full(len(column), np.nan)
