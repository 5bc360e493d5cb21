# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels of users, tracks, days, labelled intervals or regions, from a table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model.cli import warn
from model.data.persons import link, runs_of
from raw_qgis_plugin.core.arrays import expand_ranges
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.windows import draw
from raw_qgis_plugin.core.sources import readers as sources
from raw_qgis_plugin.core.sources.schema import ID_FIELDS, INTERVAL_FIELDS
from raw_qgis_plugin.core.times import NO_TIME, parse_times
from raw_qgis_plugin.core.tracks import Tracks, by_unit, encode_ids

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = {"", "null", "nan", "<na>"}  # missing labels, in any case; 'none' is a label
YES_NO = {"true": "yes", "1": "yes", "yes": "yes", "false": "no", "0": "no", "no": "no"}
WHOLE = re.compile(r"\d+\.0")
Warn = Callable[[str], None]
Table = dict[str, np.ndarray]  # columns by name


@dataclass(frozen=True)
class Labelled:
    """Units with their labels. unit: (n,) row of the unit. value: (n,) label. group: (n,) int, units of one group stay
    on one side of a split.
    """

    unit: np.ndarray
    value: np.ndarray
    group: np.ndarray


def read_table(path: str | Path) -> Table:
    """Columns of a CSV or Parquet table. A column of a CSV file is of numbers where all of its values are; ids stay
    text, since a census tract's leading zeros are part of its name.
    """
    table, of_text = sources.read_table(path), sources.find_source(path)[1] != "parquet"
    ids = {name for names in ID_FIELDS.values() for name in names}
    columns = {name: table[name] for name in table.column_names}
    numbers = {name: as_numbers(c) for name, c in columns.items() if of_text and name not in ids}
    return {name: np.asarray(c.to_pylist(), object) for name, c in (columns | numbers).items()}


def as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of text as integers or floats, where all of its values are such; else unchanged."""
    import pyarrow as pa

    for kind in (pa.int64(), pa.float64()):
        with suppress(pa.ArrowInvalid):
            return column.cast(kind)
    return column


def column(table: Table, names: tuple[str, ...], what: str) -> np.ndarray:
    """The first of `names` that the table has. Raises InputError where it has none."""
    for name in names:
        if name in table:
            return table[name]
    raise InputError(f"The labels have no {what}: one of the columns {', '.join(names)}.")


def clean(values: Sequence[Any] | np.ndarray) -> np.ndarray:
    """(n,) labels to learn: None for a missing one (NULL, NaN, empty), text without outer spaces and, of spellings that
    differ in case alone, the most frequent one; numbers and truth values unchanged.
    """
    return _one_spelling([_clean(value) for value in values])


def _clean(value: Any) -> Any:
    if value is None or value != value or value in (np.inf, -np.inf):
        return None
    if isinstance(value, (bool, int, float, np.bool_, np.number)):
        return value
    if isinstance(value, Decimal):
        return float(value)
    text = str(value).strip()
    return None if text.casefold() in MISSING else text


def _one_spelling(values: list[Any]) -> np.ndarray:
    count = Counter(v for v in values if isinstance(v, str))
    spelling = {text.casefold(): text for text in sorted(count, key=lambda text: (count[text], text))}
    out = np.empty(len(values), object)
    out[:] = [spelling[v.casefold()] if isinstance(v, str) else v for v in values]
    return out


def label_words(values: Sequence[Any] | np.ndarray, rename: dict[str, str] | None = None) -> np.ndarray:
    """(n,) labels in words, cleaned; None for a missing one and one renamed to nothing. True is 'yes' and false 'no',
    as are 1 and 0 where there is no other integer. rename: new names of labels, whatever their case.
    """
    cleaned = (int(v) if isinstance(v, (float, np.floating)) and float(v).is_integer() else v for v in clean(values))
    texts = [None if v is None else str(v) for v in cleaned]
    coded = any(t.isdecimal() and t not in YES_NO for t in texts if t is not None)
    names = {name.strip().casefold(): to.strip() for name, to in (rename or {}).items()}

    def word(text: str | None) -> str | None:
        if text is None:
            return None
        own = text if coded and text.isdecimal() else YES_NO.get(text.casefold(), text)
        return names.get(text.casefold(), names.get(own.casefold(), own)) or None

    return _one_spelling([word(t) for t in texts])


def is_one_of(words: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """(n,) bool: which labels in words are one of the classes, whatever their case."""
    chosen = {name.strip().casefold() for name in classes}
    chosen |= {YES_NO[name] for name in chosen if name in YES_NO}
    return np.array([word is not None and word.casefold() in chosen for word in words], bool)


def id_texts(values: Any) -> np.ndarray:
    """(n,) ids in the form of tracks' ids, None for a missing one. pandas writes 7 as 7.0 once an id is missing."""
    coded = encode_ids(values)
    names = [name.removesuffix(".0") if WHOLE.fullmatch(name) else name for name in coded.names]
    return np.array([*names, None], object)[coded.codes]  # the last one is for code -1


def thin(table: Table, field: str, rename: dict[str, str], most: int, seed: int) -> Table:
    """At most `most` rows of the table for each label (cleaned and renamed), drawn at random; none without a label."""
    words = label_words(table[field], rename)
    there = np.flatnonzero([word is not None for word in words])
    kept = there[draw(words[there].astype(str), len(there), most, seed)]
    return {name: values[kept] for name, values in (table | {field: clean(table[field])}).items()}


def usable(table: Table, unit: str, field: str, rename: dict[str, str] | None = None, warn: Warn = warn) -> Table:
    """The usable rows of a table, one for each unit, with cleaned labels. Rows without a label or an id, and units with
    two labels (after renaming), are left out and reported. Raises InputError where the column is missing, where the
    table labels another kind of unit, or where no row is left.
    """
    if field not in table:
        raise InputError(f"The labels have no column '{field}'. They have: {', '.join(table)}.")
    keys, words = keys_of(table, unit), label_words(table[field], rename)
    no_label, no_id = "without a label", f"without an id of the {unit}"
    left_out, row_of, ambiguous = {no_label: 0, no_id: 0}, dict[Hashable, int](), set()
    for row, (key, word) in enumerate(zip(keys, words, strict=True)):
        if word is None or key is None:
            left_out[no_label if word is None else no_id] += 1
        elif words[row_of.setdefault(key, row)] != word:
            ambiguous.add(key)
    left_out["labelled in two ways"] = sum(k in ambiguous and w is not None for k, w in zip(keys, words, strict=True))
    kept = [row for key, row in row_of.items() if key not in ambiguous]
    reasons = _reasons(left_out)
    if reasons and not kept:
        raise InputError(f"No row of the labels is left to learn from: {reasons}.")
    if reasons:
        warn(f"Rows of the labels were left out: {reasons}.")
    return {name: values[kept] for name, values in (table | {field: clean(table[field])}).items()}


def _reasons(left_out: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {reason}" for reason, n in left_out.items() if n)


def is_interval_table(table: Table) -> bool:
    """Does a table label intervals of time, as GeoLife's labels do, rather than whole units?"""
    return any(start in table and end in table for start, end in INTERVAL_FIELDS)


def read_intervals(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Start and end (n,) in epoch ms of labelled intervals, NO_TIME where unreadable."""
    start, end = next((table[s], table[e]) for s, e in INTERVAL_FIELDS if s in table and e in table)
    return parse_times(start), parse_times(end)


def keys_of(table: Table, unit: str) -> list[Hashable]:
    """The key of each row's unit: its id; for tracks and days, where the table has users, (user, id); for intervals
    (user, start, end); None for a missing id. Raises InputError where intervals would label other units.
    """
    if is_interval_table(table) and unit == "track":
        users = id_texts(column(table, ID_FIELDS["user"], "user"))
        times = zip(*read_intervals(table), strict=True)
        return [
            None if user is None else (user, row) if NO_TIME in (start, end) else (user, int(start), int(end))
            for row, (user, (start, end)) in enumerate(zip(users, times, strict=True))
        ]
    if is_interval_table(table) and unit in ("user", "day"):
        raise InputError(
            f"The labels have start and end times, so they are of pieces of tracks and not of a {unit}: use --unit "
            f"track, or leave these columns out to label each {unit} as a whole."
        )
    ids = id_texts(column(table, ID_FIELDS[unit], f"id of the {unit}"))
    whose = users_of(table, unit)
    if whose is None:
        return list(ids)
    return [None if u is None or i is None else (u, i) for u, i in zip(id_texts(whose), ids, strict=True)]


def users_of(table: Table, unit: str) -> np.ndarray | None:
    """The users of the tracks or days that a table labels, where it has such a column."""
    if unit not in ("track", "day"):
        return None
    return next((table[name] for name in ID_FIELDS["user"][:-1] if name in table), None)


def cut_intervals(tracks: Tracks, table: Table, warn: Warn = warn) -> tuple[Tracks, np.ndarray]:
    """The labelled intervals of users as tracks of their own, and the row of each in the table.

    Intervals of fewer than ten fixes or a minute are left out, as are those of other users and those whose start and
    end are not two times in order; their numbers are reported.
    """
    merged = tracks.by_user()
    known = {user: i for i, user in enumerate(id_texts(merged.user_ids))}
    user = np.array([known.get(u, -1) for u in id_texts(column(table, ID_FIELDS["user"], "user"))], np.int64)
    start, end = read_intervals(table)
    read = (start != NO_TIME) & (end != NO_TIME)
    row = np.flatnonzero((user >= 0) & read & (end > start))
    begin = merged.time_index.before(user[row], start[row])
    stop = merged.time_index.before(user[row], end[row] + 1)
    enough = stop - begin >= 10
    enough[enough] = merged.t[stop[enough] - 1] - merged.t[begin[enough]] >= 60_000
    left_out = {
        "whose start or end is no time": int((~read).sum()),
        "that end before they start": int((read & (end <= start)).sum()),
        "of users that are not in the tracks": int((read & (end > start) & (user < 0)).sum()),
        "with less than ten fixes or a minute of the tracks": int((~enough).sum()),
    }
    if any(left_out.values()):
        warn(f"Labelled intervals were left out: {_reasons(left_out)}.")
    row, begin, stop = row[enough], begin[enough], stop[enough]
    order = np.lexsort((begin, user[row]))
    row, begin, stop = row[order], begin[order], stop[order]
    at = expand_ranges(begin, stop - begin)
    track = np.repeat(np.arange(len(row), dtype=np.int32), stop - begin)
    ids, who = row.astype(str).astype(object), user[row].astype(np.int32)
    return Tracks(merged.user_ids, ids, who, track, merged.t[at], merged.lon[at], merged.lat[at]), row


def join(
    ids: np.ndarray, groups: np.ndarray, table: Table, unit: str, label: str,
    users: np.ndarray | None = None, warn: Warn = warn,
) -> Labelled:  # fmt: skip
    """Join a table's label column to units by id. ids: (n_units,). groups: (n_units,) int. users: (n_units,) of tracks
    and days; where the table has users too, both must agree, since two users may have tracks or days of one id. Units
    without a label are left out; labels without a unit are reported. Raises InputError for fewer than ten units.
    """
    table = usable(table, unit, label, warn=warn)
    known = dict(zip(keys_of(table, unit), table[label], strict=True))
    keys: list[Hashable] = list(id_texts(ids))
    if users is not None and users_of(table, unit) is not None:
        keys = list(zip(id_texts(users), keys, strict=True))
    row = np.flatnonzero([a in known for a in keys])
    shared = {key for key, n in Counter(keys[i] for i in row).items() if n > 1}
    if shared and unit in ("track", "region"):  # a label for a day without a user is for everybody's
        row = row[[keys[i] not in shared for i in row]]
        cure = "dissolve the regions by it" if unit == "region" else "give the labels a column user_id"
        warn(f"{len(shared):,} ids, such as '{min(map(str, shared))}', are of several {unit}s each; these are left "
             f"out: {cure}.")  # fmt: skip
    unknown, words = known.keys() - set(keys), ""
    if unknown:
        example = min(" ".join(s) if isinstance(s, tuple) else str(s) for s in unknown)
        where = "regions" if unit == "region" else "tracks"
        words = f"Labels of no {unit} of the {where}: {len(unknown):,}, such as '{example}'."
    if len(row) < 10:
        of = "" if unit == "region" else " of the tracks"
        few = f"Only {len(row)} {unit}s{of} have a label; a head takes at least ten. {words}"
        if unknown and not len(row) and len(ids):  # perhaps ids of another kind, or of another field of the regions
            few = few.removesuffix(".") + f"; the {where} have '{id_texts(ids)[0]}'."
        raise InputError(few.rstrip())
    if words:
        warn(words)
    return Labelled(row, np.array([known[keys[i]] for i in row], object), groups[row])


def label_units(
    tracks: Tracks, table: Table, unit: str, field: str, rename: dict[str, str] | None = None,
    warn: Warn = warn,
) -> tuple[Tracks, Labelled]:  # fmt: skip
    """The labelled users, tracks, days or intervals, each as a track, and their labels in the same order. Units
    of one person, under whatever ids, are one group. rename: as in `label_words`.
    """
    table = usable(table, unit, field, rename, warn)
    hashed, user = runs_of(tracks)
    person = link(hashed, user, tracks.n_users)
    ids = np.bincount(person)
    if (ids > 1).any():
        warn(
            f"{ids[ids > 1].sum():,} users share runs of equal fixes: they are taken for {(ids > 1).sum():,} persons, "
            "each of whom stays on one side when the head is tested."
        )
    if unit == "track" and is_interval_table(table):
        tracks, row = cut_intervals(tracks, table, warn)
        if len(row) < 10:
            raise InputError("Fewer than ten labelled intervals hold ten fixes and a minute of the tracks.")
        return tracks, Labelled(np.arange(len(row)), table[field][row], person[tracks.track_user])
    tracks, _ = by_unit(tracks, unit)  # a single fix holds no movement
    users = tracks.user_ids[tracks.track_user]
    named, whose = (users, None) if unit == "user" else (tracks.track_ids, users)
    found = join(named, person[tracks.track_user], table, unit, field, whose, warn)
    return tracks.take(np.isin(tracks.track, found.unit)), found
