# SPDX-License-Identifier: GPL-2.0-or-later
"""What the demo's layers say, in plain sentences, read off the GeoPackages themselves."""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

Row = dict[str, Any]


def rows_of(path: Path) -> list[Row]:
    """The attributes of a GeoPackage's only layer, a dict a feature (a GeoPackage is an SQLite file)."""
    with sqlite3.connect(path) as db:
        db.row_factory = sqlite3.Row
        table = db.execute("SELECT table_name FROM gpkg_contents").fetchone()[0]
        return [dict(row) for row in db.execute(f'SELECT * FROM "{table}"')]


def tasks_of(rows: list[Row], ending: str) -> list[str]:
    """The tasks answered in a layer: NAME for every field NAME + ending."""
    return [name.removesuffix(ending) for name in rows[0] if name.endswith(ending)] if rows else []


def known(rows: list[Row]) -> str:
    """How many rows lie outside what the model was trained on, and the most frequent reason where the layer has it."""
    outside = [row for row in rows if not row["in_domain"]]
    reasons = Counter(reason for row in outside for reason in (row.get("why") or "").split("; ") if reason)
    mostly = f" (mostly: {reasons.most_common(1)[0][0]})" if reasons else ""
    return f" {len(outside)} of {len(rows)} lie outside what the model was trained on{mostly}." if outside else ""


def about_profiles(rows: list[Row], unit: str, titles: dict[str, str]) -> list[str]:
    """A sentence a task: '8 of 10 users: walk'; without a task the time seen. titles: the tasks in words."""
    said = []
    if rows and not tasks_of(rows, "_p"):
        days, fixes = (sorted(row[name] for row in rows) for name in ("n_days", "n_points"))
        said.append(
            f"{len(rows)} {unit}s, seen on {days[0]} to {days[-1]} days with {fixes[0]:,} to {fixes[-1]:,} fixes."
        )
    for task in tasks_of(rows, "_p"):
        counts = Counter(row[task] for row in rows).most_common()
        answers = ", ".join(f"{n} of {len(rows)} {unit}s: {label}" for label, n in counts)
        said.append(f"{titles[task]}: {answers}.{known(rows)}")
    return said


def about_regions(rows: list[Row], min_users: int, titles: dict[str, str]) -> list[str]:
    """A sentence on visits, one a task: the range of the figures; and one on what is withheld."""
    scored = [row for row in rows if not row["suppressed"]]
    said = []
    if scored:
        users, minutes = (
            sorted(row[name] for row in scored if row[name] is not None) for name in ("n_users", "dwell_min")
        )
        stay = f"; the median visit takes {minutes[0]:.0f} to {minutes[-1]:.0f} min" if minutes else ""
        said.append(f"{len(scored)} of {len(rows)} regions have {users[0]} to {users[-1]} visitors{stay}.")
    for task in tasks_of(rows, "_low"):
        figures = sorted(row[task] for row in scored if row[task] is not None)
        if figures:
            spread = f"from {figures[0]:,.1f} to {figures[-1]:,.1f}, half of them below {median(figures):,.1f}"
            said.append(f"{titles[task]}: {spread}, in {len(figures)} of {len(rows)} regions.{known(scored)}")
        elif scored:
            said.append(f"{titles[task]}: unknown in all {len(scored)} regions that can be shown.{known(scored)}")
    withheld = len(rows) - len(scored)
    if withheld:
        said.append(f"{withheld} of {len(rows)} regions are withheld: fewer than {min_users} users.")
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
        f"{r50:,.0f} m, 80 % within {r80:,.0f} m (medians).{known(at_end) if 'in_domain' in rows[0] else ''}"
    ]


SAME_AS = {"car": "motor vehicle", "bus": "motor vehicle", "true": "yes", "false": "no"}


def against_truth(rows: list[Row], id_field: str, task: str, truth: Path, truth_id: str, truth_field: str) -> list[str]:
    """How often a label is what the synthetic city knows to be true; nothing where the task is not answered."""
    with truth.open() as f:
        true = {row[truth_id]: row[truth_field] for row in csv.DictReader(f)}
    pairs = [(row[task], true[row[id_field]]) for row in rows if task in row and row[id_field] in true]
    answered = [(str(answer).lower(), value.lower()) for answer, value in pairs if answer not in ("unknown", None)]
    right = sum(SAME_AS.get(answer, answer) == SAME_AS.get(value, value) for answer, value in answered)
    return (
        [f"Against the truth: the label is right for {right} of {len(answered)} answered ({truth_field})."]
        if answered
        else []
    )
