# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels of users, tracks, days, labelled intervals or regions, from a table."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from decimal import Decimal
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np

from model.cli import warn
from raw_qgis_plugin.core.arrays import Array, Columns, object_column
from raw_qgis_plugin.core.cleaning import encode_ids
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.windows import draw
from raw_qgis_plugin.core.sources import files as sources
from raw_qgis_plugin.core.sources.schema import ID_FIELDS, INTERVAL_FIELDS
from raw_qgis_plugin.core.times import NO_TIME, parse_times

MISSING = {"", "null", "nan", "<na>"}  # missing labels, in any case; 'none' is a label
YES_NO = {"true": "yes", "1": "yes", "yes": "yes", "false": "no", "0": "no", "no": "no"}
WHOLE = re.compile(r"\d+\.0")
Warn = Callable[[str], None]
Table = dict[str, np.ndarray]  # columns by name


def read_table(path: str | Path) -> Table:
    """Columns of a CSV or Parquet table.

    A column of a CSV file is of numbers where all of its values are. Ids stay text, since a census
    tract's leading zeros are part of its name.
    """
    import pyarrow as pa

    table = sources.read_table(path)
    of_text = sources.find_source(path)[1] != "parquet"
    ids = {name for names in ID_FIELDS.values() for name in names}
    columns = {}

    for name in table.column_names:
        values = table[name]
        if of_text and name not in ids:
            for kind in (pa.float64(), pa.int64()):
                with suppress(pa.ArrowInvalid):
                    values = table[name].cast(kind)

        columns[name] = np.asarray(values.to_pylist(), object)

    return columns


def column(table: Table, names: tuple[str, ...], what: str) -> Array:
    """The first of `names` that the table has. Raises InputError where it has none."""
    for name in names:
        if name in table:
            return table[name]

    raise InputError(f"The labels have no {what}: one of the columns {', '.join(names)}.")


def clean(values: Sequence[Any] | Array) -> Array:
    """(n,) labels to learn: None for a missing one (NULL, NaN, empty), text without outer spaces.

    Of spellings that differ in case alone, the most frequent one holds. Numbers and truth values
    stay as they are.
    """
    cleaned = [_clean(value) for value in values]
    count = Counter(v for v in cleaned if isinstance(v, str))
    by_frequency = sorted(count, key=lambda text: (count[text], text))
    spelling = {text.casefold(): text for text in by_frequency}

    return object_column(spelling[v.casefold()] if isinstance(v, str) else v for v in cleaned)


def _clean(value: Any) -> Any:
    if value is None or value != value or value in (np.inf, -np.inf):
        return None
    if isinstance(value, (Number, np.bool_)):
        return float(value) if isinstance(value, Decimal) else value

    text = str(value).strip()
    return None if text.casefold() in MISSING else text


def label_words(values: Sequence[Any] | Array, rename: dict[str, str] | None = None) -> Array:
    """(n,) labels in words, cleaned; None for a missing one and one renamed to nothing.

    True is 'yes' and false 'no', as are 1 and 0 where there is no other integer. rename: new names
    of labels, whatever their case.
    """
    texts = [_text(v) for v in clean(values)]
    coded = any(t.isdecimal() and t not in YES_NO for t in texts if t is not None)
    names = {name.strip().casefold(): to.strip() for name, to in (rename or {}).items()}

    def word(text: str | None) -> str | None:
        if text is None:
            return None

        folded = text.casefold()
        own = text
        if not (coded and text.isdecimal()):
            own = YES_NO.get(folded, text)

        return names.get(folded, names.get(own.casefold(), own))

    return clean([word(t) for t in texts])


def _text(value: Any) -> str | None:
    """A cleaned label as text; a whole number without its decimals."""
    if value is None:
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)

    return str(value)


def id_texts(values: Any) -> Array:
    """(n,) ids in the form of tracks' ids, None for a missing one.

    pandas writes 7 as 7.0 once an id is missing.
    """
    coded = encode_ids(values)
    names = [name.removesuffix(".0") if WHOLE.fullmatch(name) else name for name in coded.names]
    # the last one is for code -1
    return np.array([*names, None], object)[coded.codes]


def rows_of(ids: Array, wanted: Any) -> Array:
    """(n,) rows of the wanted ids in ids, -1 for those that are not there."""
    row = {name: number for number, name in enumerate(id_texts(ids))}
    return np.array([row.get(name, -1) for name in id_texts(wanted)], np.int64)


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
    """The usable rows of a table, one for each unit, with cleaned labels.

    Rows without a label or an id, and units with two labels (after renaming), are left out and
    reported. classes: only labels, after renaming, that are one of these in whatever case.
    per_class: at most so many of each, drawn at random. Raises InputError where the column is
    missing, where the table labels another kind of unit, or where no row is left.
    """
    if field not in table:
        raise InputError(f"The labels have no column '{field}'. They have: {', '.join(table)}.")

    words = label_words(table[field], rename)
    rows = _one_row_a_unit(keys_of(table, unit), words, unit, warn)
    if classes is not None:
        rows = _of_classes(rows, words, classes)
    if per_class:
        rows = rows[draw(words[rows].astype(str), len(rows), per_class, seed)]

    cleaned = table | {field: clean(table[field])}
    return {name: values[rows] for name, values in cleaned.items()}


def _one_row_a_unit(keys: Sequence[Hashable], words: Array, unit: str, warn: Warn) -> Array:
    """The first row (k,) of each unit with one label; the others are reported.

    keys: (n,) of the rows' units. words: (n,) labels.
    """
    labels_of = defaultdict[Hashable, set[str]](set)
    for key, word in zip(keys, words, strict=True):
        if word is not None:
            labels_of[key].add(word)

    silent = np.array([word is None for word in words], bool)
    lost = np.array([key is None for key in keys], bool)
    double = np.array([len(labels_of[key]) > 1 for key in keys], bool)
    left_out = {
        "without a label": silent,
        f"without an id of the {unit}": lost & ~silent,
        "labelled in two ways": double & ~lost & ~silent,
    }
    reasons = list_reasons(left_out)
    usable_rows = np.flatnonzero(~(silent | lost | double))
    if not len(usable_rows):
        raise InputError(
            f"No row of the labels is left to learn from: {reasons or 'there is none'}."
        )
    if reasons:
        warn(f"Rows of the labels were left out: {reasons}.")

    first_row = {keys[row]: row for row in usable_rows[::-1]}
    return np.sort([*first_row.values()])


def _of_classes(rows: Array, words: Array, classes: Sequence[str]) -> Array:
    """The rows whose label is one of the classes, in whatever case."""
    names = {name.strip().casefold() for name in classes}
    names |= {YES_NO[name] for name in names if name in YES_NO}
    chosen = rows[[word.casefold() in names for word in words[rows]]]
    if not len(chosen):
        known = ", ".join(sorted({*words[rows]}))
        raise InputError(f"No label is one of {', '.join(classes)}; there are: {known}.")

    return chosen


def list_reasons(left_out: Columns) -> str:
    """How many rows were left out for which reason, in words; empty where none was."""
    return ", ".join(f"{rows.sum():,} {reason}" for reason, rows in left_out.items() if rows.any())


def read_intervals(table: Table) -> tuple[Array, Array] | None:
    """Start and end (n,) in epoch ms of a table that labels intervals of time, as GeoLife's do.

    NO_TIME where unreadable. None of a table that labels whole units.
    """
    for start, end in INTERVAL_FIELDS:
        if start in table and end in table:
            return parse_times(table[start]), parse_times(table[end])

    return None


def keys_of(table: Table, unit: str) -> list[Hashable]:
    """The key of each row's unit, None for a missing id.

    It is the id; for tracks and days, where the table has users, (user, id); for intervals (user,
    start, end). Raises InputError where intervals would label other units.
    """
    intervals = read_intervals(table)
    if intervals and unit == "track":
        return _keys_of_intervals(table, *intervals)
    if intervals and unit in ("user", "day"):
        raise InputError(
            "The labels have start and end times, so they are of pieces of tracks and not of a "
            f"{unit}: use --unit track, or leave these columns out to label each {unit} as a whole."
        )

    ids = id_texts(column(table, ID_FIELDS[unit], f"id of the {unit}"))
    users = users_of(table, unit)
    if users is None:
        return list(ids)

    pairs = zip(id_texts(users), ids, strict=True)
    return [None if None in pair else pair for pair in pairs]


def _keys_of_intervals(table: Table, start: Array, end: Array) -> list[Hashable]:
    """Keys (user, start, end) of intervals; (user, row) without two readable times."""
    users = id_texts(column(table, ID_FIELDS["user"], "user"))
    keys: list[Hashable] = []

    for row, user in enumerate(users):
        times = (int(start[row]), int(end[row]))
        if user is None:
            keys.append(None)
        elif NO_TIME in times:
            keys.append((user, row))
        else:
            keys.append((user, *times))

    return keys


def users_of(table: Table, unit: str) -> Array | None:
    """The users of the tracks or days that a table labels, where it has such a column."""
    if unit not in ("track", "day"):
        return None

    return next((table[name] for name in ID_FIELDS["user"][:-1] if name in table), None)
