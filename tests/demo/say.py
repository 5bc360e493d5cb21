# SPDX-License-Identifier: GPL-2.0-or-later
"""What the demo's layers say, in plain sentences, read off the GeoPackages themselves."""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

Row = dict[str, Any]
SAME_AS = {"car": "motor vehicle", "bus": "motor vehicle", "true": "yes", "false": "no"}


def rows_of(path: Path) -> list[Row]:
    """The attributes of a GeoPackage's only layer, a dict a feature (a GeoPackage is an SQLite
    file).
    """
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        table = db.execute("SELECT table_name FROM gpkg_contents").fetchone()[0]
        return [dict(row) for row in db.execute(f'SELECT * FROM "{table}"')]


def about_labels(
    rows: list[Row], units: str, names: tuple[str, ...], titles: dict[str, str]
) -> list[str]:
    """A sentence a label: 'Commuter: 18 yes, 12 unknown, 10 no of 40 users', and why some are
    unknown.
    """
    said = []
    for name in names:
        counts = Counter(str(row[name]) for row in rows)
        said.append(
            f"{titles[name]}: {', '.join(f'{n} {label}' for label, n in counts.most_common())} of {len(rows)} {units}."
        )
    reasons = Counter(row["why"] for row in rows if row["why"])
    if reasons:
        said.append(f"Unknown: {'; '.join(f'{why} ({n})' for why, n in reasons.most_common(3))}.")
    return said


def about_regions(rows: list[Row], min_users: int) -> list[str]:
    """A sentence on visits, and one on what is withheld."""
    scored = [row for row in rows if not row["suppressed"]]
    withheld, said = len(rows) - len(scored), []
    if scored:
        users = sorted(row["n_users"] for row in scored)
        minutes = sorted(row["dwell_min"] for row in scored if row["dwell_min"] is not None)
        stay = (
            f"; the median visit takes {minutes[0]:.0f} to {minutes[-1]:.0f} min" if minutes else ""
        )
        said.append(
            f"{len(scored)} of {len(rows)} regions have {users[0]:.0f} to {users[-1]:.0f} visitors{stay}."
        )
    if withheld:
        said.append(
            f"{withheld} of {len(rows)} regions are withheld: fewer than {min_users} users."
        )
    return said


def about_forecasts(rows: list[Row]) -> list[str]:
    """How far ahead, for how many, and how wide the areas are at the end."""
    if not rows:
        return ["Nothing could be forecast."]
    last = max(row["horizon_min"] for row in rows)
    at_end = [row for row in rows if row["horizon_min"] == last]
    r50, r80 = (median(row[f"radius{level}_m"] for row in at_end) for level in (50, 80))
    return [
        f"Forecasts for {len(at_end)} users: {last:g} min after the last fix, half of all cases lie within "
        f"{r50:,.0f} m, 80 % within {r80:,.0f} m (medians)."
    ]


def against_truth(rows: list[Row], key: str, label: str, truth: Path, field: str) -> list[str]:
    """How often a label is what the synthetic city knows to be true."""
    with truth.open() as f:
        true = {row[key]: row[field].lower() for row in csv.DictReader(f)}
    pairs = [(str(row[label]).lower(), true[row[key]]) for row in rows if row[key] in true]
    answered = [(answer, value) for answer, value in pairs if answer not in ("unknown", "none")]
    right = sum(
        SAME_AS.get(answer, answer) == SAME_AS.get(value, value) for answer, value in answered
    )
    return [f"Against the truth: {label} is right for {right} of {len(answered)} answered."]
