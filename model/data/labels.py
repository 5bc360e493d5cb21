# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels of users, tracks, days, labelled intervals or regions, from a table."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np

from model.cli import warn
from raw_qgis_plugin.core.arrays import expand_ranges, object_column
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.windows import draw
from raw_qgis_plugin.core.sources import readers as sources
from raw_qgis_plugin.core.sources.schema import ID_FIELDS, INTERVAL_FIELDS
from raw_qgis_plugin.core.times import NO_TIME, parse_times
from raw_qgis_plugin.core.tracks import Tracks, by_unit, encode_ids

MISSING = {"", "null", "nan", "<na>"}  # missing labels, in any case; 'none' is a label
YES_NO = {"true": "yes", "1": "yes", "yes": "yes", "false": "no", "0": "no", "no": "no"}
WHOLE = re.compile(r"\d+\.0")
Warn = Callable[[str], None]
Table = dict[str, np.ndarray]  # columns by name


@dataclass(frozen=True)
class Labelled:
    """Units with their labels. unit: (n,) row of the unit. value: (n,) label. group: (n,) int,
    units of one group stay on one side of a split.
    """

    unit: np.ndarray
    value: np.ndarray
    group: np.ndarray


def read_table(path: str | Path) -> Table:
    """Columns of a CSV or Parquet table. A column of a CSV file is of numbers where all of its
    values are; ids stay text, since a census tract's leading zeros are part of its name.
    """
    import pyarrow as pa

    table, of_text = sources.read_table(path), sources.find_source(path)[1] != "parquet"
    ids = {name for names in ID_FIELDS.values() for name in names}
    columns = {}
    for name in table.column_names:
        values = table[name]
        for kind in (pa.float64(), pa.int64()) if of_text and name not in ids else ():
            with suppress(pa.ArrowInvalid):
                values = table[name].cast(kind)
        columns[name] = np.asarray(values.to_pylist(), object)
    return columns


def column(table: Table, names: tuple[str, ...], what: str) -> np.ndarray:
    """The first of `names` that the table has. Raises InputError where it has none."""
    for name in names:
        if name in table:
            return table[name]
    raise InputError(f"The labels have no {what}: one of the columns {', '.join(names)}.")


def clean(values: Sequence[Any] | np.ndarray) -> np.ndarray:
    """(n,) labels to learn: None for a missing one (NULL, NaN, empty), text without outer spaces
    and, of spellings that differ in case alone, the most frequent one; numbers and truth values
    unchanged.
    """
    cleaned = [_clean(value) for value in values]
    count = Counter(v for v in cleaned if isinstance(v, str))
    spelling = {
        text.casefold(): text for text in sorted(count, key=lambda text: (count[text], text))
    }
    return object_column(spelling[v.casefold()] if isinstance(v, str) else v for v in cleaned)


def _clean(value: Any) -> Any:
    if value is None or value != value or value in (np.inf, -np.inf):
        return None
    if isinstance(value, (Number, np.bool_)):
        return float(value) if isinstance(value, Decimal) else value
    text = str(value).strip()
    return None if text.casefold() in MISSING else text


def label_words(
    values: Sequence[Any] | np.ndarray, rename: dict[str, str] | None = None
) -> np.ndarray:
    """(n,) labels in words, cleaned; None for a missing one and one renamed to nothing. True is
    'yes' and false 'no', as are 1 and 0 where there is no other integer. rename: new names of
    labels, whatever their case.
    """
    cleaned = (
        int(v) if isinstance(v, (float, np.floating)) and float(v).is_integer() else v
        for v in clean(values)
    )
    texts = [None if v is None else str(v) for v in cleaned]
    coded = any(t.isdecimal() and t not in YES_NO for t in texts if t is not None)
    names = {name.strip().casefold(): to.strip() for name, to in (rename or {}).items()}

    def word(text: str | None) -> str | None:
        if text is None:
            return None
        own = text if coded and text.isdecimal() else YES_NO.get(text.casefold(), text)
        return names.get(text.casefold(), names.get(own.casefold(), own))

    return clean([word(t) for t in texts])


def id_texts(values: Any) -> np.ndarray:
    """(n,) ids in the form of tracks' ids, None for a missing one. pandas writes 7 as 7.0 once an
    id is missing.
    """
    coded = encode_ids(values)
    names = [name.removesuffix(".0") if WHOLE.fullmatch(name) else name for name in coded.names]
    return np.array([*names, None], object)[coded.codes]  # the last one is for code -1


def usable(
    table: Table,
    unit: str,
    field: str,
    rename: dict[str, str] | None = None,
    warn: Warn = warn,
    *,
    classes: Sequence[str] | None = None,
    per_class: int | None = None,
    seed: int = 0,
) -> Table:
    """The usable rows of a table, one for each unit, with cleaned labels. Rows without a label or
    an id, and units with two labels (after renaming), are left out and reported.

    classes: only labels, after renaming, that are one of these in whatever case. per_class: at most
    so many of each, drawn at random. Raises InputError where the column is missing, where the table
    labels another kind of unit, or where no row is left.
    """
    if field not in table:
        raise InputError(f"The labels have no column '{field}'. They have: {', '.join(table)}.")
    keys, words, said = (
        keys_of(table, unit),
        label_words(table[field], rename),
        defaultdict[Hashable, set[str]](set),
    )
    for key, word in zip(keys, words, strict=True):
        said[key] |= {word} - {None}
    silent, lost = (np.array([value is None for value in column], bool) for column in (words, keys))
    double = np.array([len(said[key]) > 1 for key in keys], bool)
    reasons = _reasons(
        {
            "without a label": silent,
            f"without an id of the {unit}": lost & ~silent,
            "labelled in two ways": double & ~lost & ~silent,
        }
    )
    row_of = {keys[row]: row for row in np.flatnonzero(~(silent | lost | double))[::-1]}
    if not row_of:
        raise InputError(
            f"No row of the labels is left to learn from: {reasons or 'there is none'}."
        )
    if reasons:
        warn(f"Rows of the labels were left out: {reasons}.")
    rows = np.sort([*row_of.values()])
    if classes is not None:
        names = {name.strip().casefold() for name in classes}
        names |= {YES_NO[name] for name in names if name in YES_NO}
        chosen = rows[[word.casefold() in names for word in words[rows]]]
        if not len(chosen):
            known = ", ".join(sorted({*words[rows]}))
            raise InputError(f"No label is one of {', '.join(classes)}; there are: {known}.")
        rows = chosen
    if per_class:
        rows = rows[draw(words[rows].astype(str), len(rows), per_class, seed)]
    return {name: values[rows] for name, values in (table | {field: clean(table[field])}).items()}


def _reasons(left_out: dict[str, np.ndarray]) -> str:
    return ", ".join(f"{rows.sum():,} {reason}" for reason, rows in left_out.items() if rows.any())


def read_intervals(table: Table) -> tuple[np.ndarray, np.ndarray] | None:
    """Start and end (n,) in epoch ms, NO_TIME where unreadable, of a table that labels intervals of
    time, as GeoLife's labels do; None of one that labels whole units.
    """
    for start, end in INTERVAL_FIELDS:
        if start in table and end in table:
            return parse_times(table[start]), parse_times(table[end])
    return None


def keys_of(table: Table, unit: str) -> list[Hashable]:
    """The key of each row's unit: its id; for tracks and days, where the table has users, (user,
    id); for intervals (user, start, end); None for a missing id. Raises InputError where intervals
    would label other units.
    """
    intervals = read_intervals(table)
    if intervals and unit == "track":
        users = id_texts(column(table, ID_FIELDS["user"], "user"))
        return [
            None if user is None else (user, row) if NO_TIME in times else (user, *times)
            for row, (user, *times) in enumerate(
                zip(users, *(each.tolist() for each in intervals), strict=True)
            )
        ]
    if intervals and unit in ("user", "day"):
        raise InputError(
            f"The labels have start and end times, so they are of pieces of tracks and not of a {unit}: use --unit "
            f"track, or leave these columns out to label each {unit} as a whole."
        )
    ids = id_texts(column(table, ID_FIELDS[unit], f"id of the {unit}"))
    whose = users_of(table, unit)
    pairs = ids if whose is None else zip(id_texts(whose), ids, strict=True)
    return [None if isinstance(pair, tuple) and None in pair else pair for pair in pairs]


def users_of(table: Table, unit: str) -> np.ndarray | None:
    """The users of the tracks or days that a table labels, where it has such a column."""
    if unit not in ("track", "day"):
        return None
    return next((table[name] for name in ID_FIELDS["user"][:-1] if name in table), None)


def cut(
    tracks: Tracks, user: np.ndarray, start: np.ndarray, end: np.ndarray
) -> tuple[Tracks, np.ndarray]:
    """Intervals of users as tracks of their own, in the order of their users, and the row of each;
    without those that hold no fix. tracks: one track a user. user, start, end: (n,) numbers of
    users, epoch ms.
    """
    begin, stop = tracks.before(user, start), tracks.before(user, end + 1)
    row = np.lexsort((begin, user))
    row = row[stop[row] > begin[row]]
    size = (stop - begin)[row]
    at, track = (
        expand_ranges(begin[row], size),
        np.repeat(np.arange(len(row), dtype=np.int32), size),
    )
    ids, who = row.astype(str).astype(object), user[row].astype(np.int32)
    return Tracks(
        tracks.user_ids, ids, who, track, tracks.t[at], tracks.lon[at], tracks.lat[at]
    ), row


def cut_intervals(tracks: Tracks, table: Table, warn: Warn = warn) -> tuple[Tracks, np.ndarray]:
    """The labelled intervals of users as tracks of their own, and the row of each in the table.

    Intervals of fewer than ten fixes or a minute are left out, as are those of other users and
    those whose start and end are not two times in order; their numbers are reported.
    """
    merged, (start, end) = tracks.by_user(), read_intervals(table) or (np.zeros(0), np.zeros(0))
    known = {user: i for i, user in enumerate(id_texts(merged.user_ids))}
    user = np.array(
        [known.get(u, -1) for u in id_texts(column(table, ID_FIELDS["user"], "user"))], np.int64
    )
    ordered = (start != NO_TIME) & (end > start)
    row = np.flatnonzero(ordered & (user >= 0))
    pieces, order = cut(merged, user[row], start[row], end[row])
    enough = (np.diff(pieces.track_offsets) >= 10) & (pieces.span_s >= 60)
    left_out = {
        "whose start and end are not two times in order": ~ordered,
        "of users that are not in the tracks": ordered & (user < 0),
        "with less than ten fixes or a minute of the tracks": np.isin(
            row, row[order][enough], invert=True
        ),
    }
    if reasons := _reasons(left_out):
        warn(f"Labelled intervals were left out: {reasons}.")
    return pieces.take(enough[pieces.track]), row[order][enough]


def join(
    ids: np.ndarray,
    groups: np.ndarray,
    table: Table,
    unit: str,
    label: str,
    users: np.ndarray | None = None,
    warn: Warn = warn,
) -> Labelled:
    """Join a table's label column to units by id. ids: (n_units,). groups: (n_units,) int. users:
    (n_units,) of tracks and days; where the table has users too, both must agree, since two users
    may have tracks or days of one id. Units without a label are left out; labels without a unit are
    reported. Raises InputError for fewer than ten units.
    """
    table = usable(table, unit, label, warn=warn)
    known = dict(zip(keys_of(table, unit), table[label], strict=True))
    keys: list[Hashable] = list(id_texts(ids))
    if users is not None and users_of(table, unit) is not None:
        keys = list(zip(id_texts(users), keys, strict=True))
    count = Counter(keys)
    # a day's label is everybody's
    shared = {key for key in known if count[key] > 1 and unit in ("track", "region")}
    if shared:
        cure = (
            "dissolve the regions by it" if unit == "region" else "give the labels a column user_id"
        )
        words = f"are of several {unit}s each; these are left out: {cure}"
        warn(f"{len(shared):,} ids, such as '{min(map(str, shared))}', {words}.")
    row, words = np.flatnonzero([key in known and key not in shared for key in keys]), ""
    if unknown := known.keys() - set(keys):
        example = min(" ".join(key) if isinstance(key, tuple) else str(key) for key in unknown)
        own = f"; there is '{id_texts(ids)[0]}'" if len(ids) else ""
        words = f"{len(unknown):,} labels are of no {unit} that is there, such as '{example}'{own}."
    if len(row) < 10:
        few = f"Only {len(row)} of {len(ids):,} {unit}s have a label; a head takes at least ten. {words}"
        raise InputError(few.rstrip())
    if words:
        warn(words)
    return Labelled(row, np.array([known[keys[i]] for i in row], object), groups[row])


def label_units(
    tracks: Tracks,
    table: Table,
    unit: str,
    field: str,
    rename: dict[str, str] | None = None,
    warn: Warn = warn,
) -> tuple[Tracks, Labelled]:
    """The labelled users, tracks, days or intervals, each as a track, and their labels in the same
    order. Units of one user are one group. rename: as in `label_words`.
    """
    table = usable(table, unit, field, rename, warn)
    if unit == "track" and read_intervals(table):
        tracks, row = cut_intervals(tracks, table, warn)
        if len(row) < 10:
            raise InputError(
                "Fewer than ten labelled intervals hold ten fixes and a minute of the tracks."
            )
        return tracks, Labelled(np.arange(len(row)), table[field][row], tracks.track_user)
    tracks, _ = by_unit(tracks, unit)  # a single fix holds no movement
    users = tracks.user_ids[tracks.track_user]
    named, whose = (users, None) if unit == "user" else (tracks.track_ids, users)
    found = join(named, tracks.track_user, table, unit, field, whose, warn)
    return tracks.take_tracks(found.unit), found
