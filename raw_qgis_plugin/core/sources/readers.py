# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and folders of positions to Tracks, for the importer and for training.

A file becomes tables (files.py), a table fixes by its schema (schema.py, columns.py), and fixes
become Tracks, which clean them (core/cleaning.py). Rows that are lost on the way are counted, by
reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..cleaning import build_tracks
from ..errors import InputError, Progress, no_progress, part_of, translated
from ..skipped import Skipped
from ..tracks import Tracks
from .files import OpenFile, files_of, find_source, open_file, resolve_source, unread_files
from .names import likely_users
from .questions import check_extent, check_users
from .schema import AS_GUESSED, NONE, ONE_PERSON, Schema, find_columns, has_fixes

if TYPE_CHECKING:
    import pyarrow as pa

MIN_ROWS_OF_IDS = 4  # fewer do not show whether ids repeat


def read(
    source: str | Path,
    format: str = "auto",
    schema: Schema = AS_GUESSED,
    progress: Progress = no_progress,
    drop_spikes: bool = True,
) -> tuple[Tracks, Skipped, Schema]:
    """Read and clean fixes.

    source: a file or folder, or 'kind:path' with one of specs.FORMATS. Of a folder files with time
    and position are read. Raises InputError if the source cannot be read, a column is missing, the
    order of dates or the users are unknown, the positions cannot be, or no fix is left;
    MissingLibrary without pyarrow.
    """
    skipped = Skipped()
    found, parts = stream(source, format, schema, skipped, part_of(progress, 0.0, 0.8))
    tables = list(parts)
    tracks, cleaned = build(tables, drop_spikes, schema.user is None)
    for reason, count in cleaned.items():
        skipped.add(reason, count)
    if not len(tracks):
        name = find_source(source, format)[0].name
        words = "There is no usable fix in {file}, read as {found}. {skipped} {advice}"
        raise InputError(words, file=name, found=found, skipped=skipped, advice=skipped.advice)
    check_extent(tracks.lon, tracks.lat)
    progress(1.0)
    return tracks, skipped, found


def stream(
    source: str | Path,
    format: str = "auto",
    schema: Schema = AS_GUESSED,
    skipped: Skipped | None = None,
    progress: Progress = no_progress,
) -> tuple[Schema, Iterator[pa.Table]]:
    """The fixes of a source, some hundred thousand at a time and not cleaned, for sources larger
    than the memory.

    Arguments and errors are those of `read`. The tables have the columns of `fixes_of`; unreadable
    rows and files without fixes are noted in `skipped` while the tables are read.
    """
    path, kind, schema = resolve_source(source, format, schema)
    files = files_of(path, kind)
    skipped = Skipped() if skipped is None else skipped
    skipped.files = unread_files(path, kind, files)
    parts = _Reading(path, kind, files, schema, skipped).fixes(progress)
    first = next(parts, None)
    if first is None:
        raise InputError("{file} holds no position.", file=path.name)
    return first[0], (fixes for _, fixes in chain([first], parts))


@dataclass(frozen=True)
class _Reading:
    """The files of a source under way. wanted: the columns that were chosen."""

    path: Path
    kind: str
    files: list[Path]
    wanted: Schema
    skipped: Skipped

    def fixes(self, progress: Progress) -> Iterator[tuple[Schema, pa.Table]]:
        """The fixes of all files, each table with its schema. Files without fixes are noted."""
        unread: dict[Path, list[str]] = {}
        for number, file in enumerate(self.files):
            part = part_of(progress, number / len(self.files), (number + 1) / len(self.files))
            data = open_file(self.kind, file, self.wanted, self.skipped, part)
            if has_fixes(data.names, self.wanted):
                yield from self._fixes_of_file(file, data)
            else:
                unread[file] = data.names
        self.skipped.files = [*self.skipped.files, *(file.name for file in unread)]
        if len(unread) == len(self.files):
            file, names = next(iter(unread.items()))
            if names:
                choose(names, self.wanted, file)  # says which column is missing

    def _fixes_of_file(self, file: Path, data: OpenFile) -> Iterator[tuple[Schema, pa.Table]]:
        """The fixes of one file."""
        import pyarrow as pa

        from .columns import fixes_of

        schema = choose(data.names, self.wanted, file)
        unnamed = schema.user is None and self.wanted.user is None and len(self.files) == 1
        others = likely_users(data.names) if unnamed else []
        tables = data.tables(list(dict.fromkeys([*schema.columns(), *others])))
        first = next(tables)
        schema = self._complete(schema, file, first, others)
        for table in chain([first], tables):
            try:
                fixes = fixes_of(table, schema)
            except (pa.ArrowException, UnicodeError) as error:  # text of another encoding
                words = "{file} cannot be read as a table: {error}"
                raise InputError(words, file=file.name, error=error) from error
            yield schema, self._named(file, fixes, schema, table.schema.metadata == ONE_PERSON)

    def _complete(self, schema: Schema, file: Path, first: pa.Table, others: list[str]) -> Schema:
        """The schema with what rows show: users, the order of dates, days. others: of ids."""
        from .columns import with_date_order, with_days

        schema = with_user(schema, first, others)
        schema = with_days(schema, first)
        schema = with_date_order(schema, chain([first], self._again(file, schema.when())))
        if schema.date_order == "unknown":
            raise InputError(
                "The dates in the column '{column}' of {file} may begin with the day or with the "
                "month: no number in them decides. Choose the order of dates (DATE_ORDER).",
                column=schema.when()[-1],
                file=file.name,
            )
        return schema

    def _again(self, file: Path, columns: list[str]) -> Iterator[pa.Table]:
        """Some columns of a file that is being read; it is opened again for the first table."""
        yield from open_file(self.kind, file, self.wanted).tables(columns)

    def _named(self, file: Path, fixes: pa.Table, schema: Schema, one_person: bool) -> pa.Table:
        """The fixes with a user and tracks that are of this file alone.

        Of several files without user columns each is a user, of its path in the folder, unless NONE
        is wanted; so is one whose format is one person's. GPX numbers its tracks anew in each file.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        several = len(self.files) > 1
        inside = Path(file.name) if file == self.path else file.relative_to(self.path)
        name = inside.with_suffix("").as_posix()
        if schema.user is None and self.wanted.user != NONE and (several or one_person):
            return fixes.append_column("user", pa.repeat(name, len(fixes)).dictionary_encode())
        if self.kind == "gpx" and several and schema.track:
            track = pc.binary_join_element_wise(name, fixes["track"].cast(pa.string()), " ")
            return fixes.drop_columns("track").append_column("track", track.dictionary_encode())
        return fixes


def choose(names: list[str], wanted: Schema, file: Path) -> Schema:
    """The columns to read. Raises InputError if there is no column of time or position."""
    schema = find_columns(names, wanted, ends=True)
    roles = (("time", schema.time), ("position", schema.positioned))
    missing = translated(" or ").join(translated(role) for role, there in roles if not there)
    if missing:
        raise InputError(
            "No column of {missing} was recognised in {file}. Its columns are: {known}. Choose "
            "them, or call them t, lon and lat.",
            missing=missing,
            file=file.name,
            known=", ".join(names) or "–",
        )
    return schema


def with_user(schema: Schema, table: pa.Table, others: list[str]) -> Schema:
    """The schema with the first of other columns as users whose values repeat in the first rows.

    A column whose values all differ numbers the rows.
    """
    taken = set(schema.columns())
    for name in others:
        if name not in taken and len(table) >= MIN_ROWS_OF_IDS and _repeats(table[name]):
            return replace(schema, user=name, guessed=schema.guessed | {"user"})
    return schema


def _repeats(column: pa.ChunkedArray) -> bool:
    """Whether the values of a column come twice or more, in the mean."""
    return column.null_count < len(column) and len(column.unique()) <= len(column) / 2


def build(
    tables: list[pa.Table], drop_spikes: bool = True, ask_users: bool = False
) -> tuple[Tracks, Skipped]:
    """Tracks of the tables of `fixes_of`, which are taken out of the list, and the fixes that
    cleaning skipped.

    ask_users: whether fixes without users may be those of several, which raises InputError.
    """
    import pyarrow as pa

    from .columns import ids_of

    table = pa.concat_tables(tables, promote_options="default")
    tables.clear()
    user = ids_of(table["user"]) if "user" in table.column_names else None
    track = ids_of(table["track"]) if "track" in table.column_names else None
    accuracy = table["accuracy"].to_numpy() if "accuracy" in table.column_names else None
    t, lon, lat = (table[name].to_numpy() for name in ("t", "lon", "lat"))
    if ask_users and user is None:
        check_users(np.zeros(len(t)) if track is None else track.codes, t, lon, lat)
    del table  # Arrow's copy is as large as the columns
    return build_tracks(user, track, t, lon, lat, drop_spikes, accuracy)
