# SPDX-License-Identifier: GPL-2.0-or-later
"""Units of tracks, regions or labelled intervals, joined with their labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.cli import warn
from model.data.labels import (
    Table,
    Warn,
    column,
    id_texts,
    keys_of,
    list_reasons,
    read_intervals,
    rows_of,
    usable,
    users_of,
)
from raw_qgis_plugin.core.arrays import Array, expand_ranges
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.schema import ID_FIELDS
from raw_qgis_plugin.core.times import NO_TIME
from raw_qgis_plugin.core.tracks import Tracks, by_unit


class Settings:
    """What is enough to learn from."""

    min_units: int = 10  # labelled units from which a head learns
    min_fixes: int = 10  # of a labelled interval
    min_span_s: int = 60  # of a labelled interval


@dataclass(frozen=True)
class Labelled:
    """Units with their labels, (n,) each."""

    unit: Array  # row of the unit
    value: Array  # its label
    group: Array  # int; units of one group stay on one side of a split


def cut(tracks: Tracks, user: Array, start: Array, end: Array) -> tuple[Tracks, Array]:
    """Intervals of users as tracks of their own, in the order of their users, and the row of each.

    Those that hold no fix are left out. tracks: one track a user. user: (n,) numbers of users.
    start, end: (n,) epoch ms.
    """
    begin = tracks.before(user, start)
    stop = tracks.before(user, end + 1)
    row = np.lexsort((begin, user))
    row = row[stop[row] > begin[row]]
    size = (stop - begin)[row]
    at = expand_ranges(begin[row], size)
    pieces = Tracks(
        user_ids=tracks.user_ids,
        track_ids=row.astype(str).astype(object),
        track_user=user[row].astype(np.int32),
        track=np.repeat(np.arange(len(row), dtype=np.int32), size),
        t=tracks.t[at],
        lon=tracks.lon[at],
        lat=tracks.lat[at],
    )

    return pieces, row


def cut_intervals(tracks: Tracks, table: Table, warn: Warn = warn) -> tuple[Tracks, Array]:
    """The labelled intervals of users as tracks of their own, and the row of each in the table.

    Intervals of fewer than ten fixes or a minute are left out, as are those of other users and
    those whose start and end are not two times in order; their numbers are reported.
    """
    merged = tracks.by_user()
    start, end = read_intervals(table) or (np.zeros(0), np.zeros(0))
    user = rows_of(merged.user_ids, column(table, ID_FIELDS["user"], "user"))
    known = user >= 0
    ordered = (start != NO_TIME) & (end > start)
    row = np.flatnonzero(ordered & known)
    pieces, order = cut(merged, user[row], start[row], end[row])
    enough = np.diff(pieces.track_offsets) >= Settings.min_fixes
    enough &= pieces.span_s >= Settings.min_span_s
    kept = row[order][enough]
    left_out = {
        "whose start and end are not two times in order": ~ordered,
        "of users that are not in the tracks": ordered & ~known,
        "with less than ten fixes or a minute of the tracks": np.isin(row, kept, invert=True),
    }
    if reasons := list_reasons(left_out):
        warn(f"Labelled intervals were left out: {reasons}.")

    return pieces.take(enough[pieces.track]), kept


def join(
    ids: Array,
    groups: Array,
    table: Table,
    unit: str,
    label: str,
    users: Array | None = None,
    warn: Warn = warn,
) -> Labelled:
    """Join a table's label column to units by id.

    ids: (n_units,). groups: (n_units,) int. users: (n_units,) of tracks and days; where the table
    has users too, both must agree, since two users may have tracks or days of one id. Units without
    a label are left out; labels without a unit are reported. Raises InputError for fewer than ten
    units.
    """
    table = usable(table, unit, label, warn=warn)
    known = dict(zip(keys_of(table, unit), table[label], strict=True))
    keys: list[Hashable] = list(id_texts(ids))
    if users is not None and users_of(table, unit) is not None:
        keys = list(zip(id_texts(users), keys, strict=True))

    shared = _shared(keys, known, unit)
    if shared:
        cure = "give the labels a column user_id"
        if unit == "region":
            cure = "dissolve the regions by it"

        warn(
            f"{len(shared):,} ids, such as '{min(map(str, shared))}', are of several {unit}s each; "
            f"these are left out: {cure}."
        )

    row = np.flatnonzero([key in known and key not in shared for key in keys])
    unknown = _unknown_words(known.keys() - set(keys), ids, unit)
    if len(row) < Settings.min_units:
        few = f"Only {len(row)} of {len(ids):,} {unit}s have a label; a head takes at least ten."
        raise InputError(f"{few} {unknown}".rstrip())
    if unknown:
        warn(unknown)

    return Labelled(row, np.array([known[keys[i]] for i in row], object), groups[row])


def _shared(keys: list[Hashable], known: dict[Hashable, Any], unit: str) -> set[Hashable]:
    """The labelled keys that several tracks or regions have. A day's label is everybody's."""
    if unit not in ("track", "region"):
        return set()

    count = Counter(keys)
    return {key for key in known if count[key] > 1}


def _unknown_words(unknown: set[Hashable], ids: Array, unit: str) -> str:
    """A sentence about labels whose units are not there; empty without such labels."""
    if not unknown:
        return ""

    example = min(" ".join(key) if isinstance(key, tuple) else str(key) for key in unknown)
    own = f"; there is '{id_texts(ids)[0]}'" if len(ids) else ""
    return f"{len(unknown):,} labels are of no {unit} that is there, such as '{example}'{own}."


def label_units(
    tracks: Tracks,
    table: Table,
    unit: str,
    field: str,
    rename: dict[str, str] | None = None,
    warn: Warn = warn,
) -> tuple[Tracks, Labelled]:
    """The labelled users, tracks, days or intervals, each as a track, and their labels.

    Both are in one order. Units of one user are one group. rename: as in `label_words`.
    """
    table = usable(table, unit, field, rename, warn)
    if unit == "track" and read_intervals(table):
        tracks, row = cut_intervals(tracks, table, warn)
        if len(row) < Settings.min_units:
            raise InputError(
                "Fewer than ten labelled intervals hold ten fixes and a minute of the tracks."
            )

        return tracks, Labelled(np.arange(len(row)), table[field][row], tracks.track_user)

    # a single fix holds no movement
    tracks, _ = by_unit(tracks, unit)
    users = tracks.user_ids[tracks.track_user]
    if unit == "user":
        found = join(users, tracks.track_user, table, unit, field, warn=warn)
    else:
        ids = tracks.track_ids
        found = join(ids, tracks.track_user, table, unit, field, users=users, warn=warn)

    return tracks.take_tracks(found.unit), found
