# SPDX-License-Identifier: GPL-2.0-or-later
"""Words for methods, horizons and distances."""

MODEL = "RAW"  # among the names of methods


def horizon_words(seconds: float) -> str:
    """'15 s', '15 min', '2.5 h'."""
    for unit, size, least in (("h", 3600.0, 10_800.0), ("min", 60.0, 60.0)):
        if seconds >= least:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def metres_words(metres: float) -> str:
    """'15 m', '1.5 km'."""
    return f"{metres / 1000:.1f} km" if metres >= 999.5 else f"{metres:.0f} m"
