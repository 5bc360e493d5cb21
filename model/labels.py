# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels for teaching a head: joining a table to users, tracks, days, labelled intervals or regions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.times import parse_times
from raw_qgis_plugin.core.tracks import Tracks

ID_FIELDS = {
    "user": ("user_id", "user", "uid", "cab_id", "id"),
    "track": ("track_id", "trip_id", "tid", "id"),
    "day": ("day", "date"),
    "region": ("region_id", "id", "name", "GEOID"),
}
INTERVAL_FIELDS = (("start", "end"), ("t_start", "t_end"))
FEWEST_FIXES, SHORTEST_S = 10, 60.0  # of a labelled interval


@dataclass(frozen=True)
class Labelled:
    """Units with their labels. unit: (n,) row of the unit. value: (n,) label. group: (n,) int, who must stay together
    on one side of a split.
    """

    unit: np.ndarray
    value: np.ndarray
    group: np.ndarray


def read_table(path: str | Path) -> dict[str, np.ndarray]:
    """Columns of a CSV or Parquet table. Ids in a CSV are text: a census tract's leading zeros are part of its name."""
    import pyarrow.csv
    import pyarrow.parquet

    ids = {name: pyarrow.string() for names in ID_FIELDS.values() for name in names}
    as_text = pyarrow.csv.ConvertOptions(column_types=ids)
    try:
        if str(path).endswith(".parquet"):
            table = pyarrow.parquet.read_table(path)
        else:
            table = pyarrow.csv.read_csv(path, convert_options=as_text)
    except (OSError, ValueError) as e:
        raise InputError(f"The labels {path} cannot be read: {e}") from e
    return {name: np.asarray(table[name].to_pylist(), object) for name in table.column_names}


def column(table: dict[str, np.ndarray], names: tuple[str, ...], what: str) -> np.ndarray:
    """The first of `names` that the table has. InputError where it has none."""
    for name in names:
        if name in table:
            return table[name]
    raise InputError(f"The labels have no {what}: one of the columns {', '.join(names)}.")


def thin(
    table: dict[str, np.ndarray], field: str, rename: dict[str, str], most: int, seed: int
) -> dict[str, np.ndarray]:
    """The table with at most `most` rows a label (after renaming), drawn at random."""
    words = np.array([rename.get(str(v), str(v)) for v in table[field]])
    order = np.random.default_rng(seed).permutation(len(words))
    order = order[np.argsort(words[order], kind="stable")]
    rank = np.arange(len(order)) - np.searchsorted(words[order], words[order])
    kept = np.sort(order[rank < most])
    return {name: values[kept] for name, values in table.items()}


def is_interval_table(table: dict[str, np.ndarray]) -> bool:
    """Does a table label intervals of time (GeoLife's labels) rather than whole units?"""
    return any(start in table and end in table for start, end in INTERVAL_FIELDS)


def cut_intervals(tracks: Tracks, table: dict[str, np.ndarray]) -> tuple[Tracks, np.ndarray]:
    """The labelled intervals of users as tracks of their own, and each one's row in the table.

    Intervals of fewer than ten fixes or a minute are left out.
    """
    start, end = next((table[s], table[e]) for s, e in INTERVAL_FIELDS if s in table and e in table)
    start, end = parse_times(start), parse_times(end)
    merged = tracks.by_user()
    known = {str(u): i for i, u in enumerate(merged.user_ids)}
    user = np.array([known.get(str(u), -1) for u in column(table, ID_FIELDS["user"], "user")])
    row = np.flatnonzero((user >= 0) & (end > start))
    origin = min(merged.t.min(), start[row].min()) if len(row) else 0
    span = max(merged.t.max(), end[row].max()) - origin + 2 if len(row) else 1
    key = merged.user.astype(np.int64) * span + (merged.t - origin)
    begin = np.searchsorted(key, user[row] * span + (start[row] - origin), side="left")
    stop = np.searchsorted(key, user[row] * span + (end[row] - origin), side="right")
    enough = stop - begin >= FEWEST_FIXES
    enough[enough] = merged.t[stop[enough] - 1] - merged.t[begin[enough]] >= 1000 * SHORTEST_S
    row, begin, stop = row[enough], begin[enough], stop[enough]
    order = np.lexsort((begin, user[row]))
    row, begin, stop = row[order], begin[order], stop[order]
    size = stop - begin
    at = np.repeat(begin - np.cumsum(size) + size, size) + np.arange(size.sum())
    track = np.repeat(np.arange(len(row), dtype=np.int32), size)
    ids = np.array([f"{i}" for i in row], dtype=object)
    who = user[row].astype(np.int32)
    return Tracks(merged.user_ids, ids, who, track, merged.t[at], merged.lon[at], merged.lat[at]), row


def join(
    ids: np.ndarray, groups: np.ndarray, table: dict[str, np.ndarray], unit: str, label: str,
    users: np.ndarray | None = None,
) -> Labelled:  # fmt: skip
    """Join a table's label column to units by id. ids: (n_units,) text. groups: (n_units,) int. users: (n_units,) text,
    whose each unit is; where the table has a column of users too, both must agree, since two users may have a track
    or a day of one id. A unit without a label is left out; InputError where fewer than ten have one.
    """
    if label not in table:
        raise InputError(f"The labels have no column '{label}'. They have: {', '.join(table)}.")
    keys = column(table, ID_FIELDS[unit], f"id of the {unit}")
    whose = next((table[name] for name in ID_FIELDS["user"][:-1] if name in table), None)
    if users is None or whose is None:
        users, whose = np.full(len(ids), ""), np.full(len(keys), "")
    rows = zip(whose, keys, table[label], strict=True)
    known = {(str(u), str(k)): v for u, k, v in rows if v is not None and v == v}
    asked = [(str(u), str(i)) for u, i in zip(users, ids, strict=True)]
    row = np.flatnonzero([a in known for a in asked])
    if len(row) < 10:
        raise InputError(f"Only {len(row)} {unit}s of the tracks have a label; teaching a head takes at least ten.")
    return Labelled(row, np.array([known[asked[i]] for i in row], object), groups[row])


def label_units(tracks: Tracks, table: dict[str, np.ndarray], unit: str, field: str) -> tuple[Tracks, Labelled]:
    """The labelled users, tracks, days or intervals, each a track, and their labels in the same order; a person's
    units stay together.
    """
    if is_interval_table(table):
        tracks, row = cut_intervals(tracks, table)
        if len(row) < 10:
            raise InputError("Fewer than ten labelled intervals hold ten fixes and a minute of the tracks.")
        return tracks, Labelled(np.arange(len(row)), table[field][row], tracks.track_user)
    tracks = {"user": tracks.by_user, "day": tracks.by_day, "track": lambda: tracks}[unit]()
    users = tracks.user_ids[tracks.track_user]
    ids, whose = (users, None) if unit == "user" else (tracks.track_ids, users)
    found = join(ids, tracks.track_user, table, unit, field, whose)
    return tracks.take(np.isin(tracks.track, found.unit)), found
