# SPDX-License-Identifier: GPL-2.0-or-later
"""Where tracks are at given times: `python -m model.forecast --tracks T --at Q --output P`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from model.cli import (
    Argv,
    check_output,
    make_parser,
    meter,
    open_model,
    read_tracks,
    run,
    warn,
    warn_of,
    write_table,
)
from raw_qgis_plugin.core.arrays import Array, Columns, flattened
from raw_qgis_plugin.core.cleaning import Coded, encode_ids, spikes
from raw_qgis_plugin.core.errors import InputError, Progress
from raw_qgis_plugin.core.sources.files import read_table
from raw_qgis_plugin.core.sources.schema import Schema, find_columns
from raw_qgis_plugin.core.specs import MIN_USERS, ForecastSpec
from raw_qgis_plugin.core.times import NO_TIME
from raw_qgis_plugin.core.tracks import Tracks

if TYPE_CHECKING:
    import pyarrow as pa

    from raw_qgis_plugin.core.bundle.runtime import Model

EPILOG = """
Q has the columns track_id and t, and user_id where two users have a track of the same id. P has one
row for each row of Q, in its order: these columns as they are, lon, lat, radius50_m and radius80_m,
the radii of the areas that hold the truth in 50 and 80 % of cases, and in_domain. Only fixes before
t are used. A query whose track has none gets empty figures.

PATHS has a row for each query and each likely path through the queries from one last fix: its ids,
t, path (1 is the most likely), probability, lon and lat.
"""
FIGURES = ("lon", "lat", "radius50_m", "radius80_m")
PATHS = ("path_lon", "path_lat", "path_probability")


def parse(argv: Argv) -> argparse.Namespace:
    """The command's arguments."""
    parser = make_parser("forecast", "Forecast where tracks are at given times.", EPILOG)
    queries = "the queries: a Parquet or CSV table, track_id and t"
    parser.add_argument("--at", required=True, metavar="Q", help=queries)
    paths = "also write likely paths, a Parquet or CSV table"
    parser.add_argument("--paths", metavar="PATHS", help=paths)
    return parser.parse_args(argv)


def main(argv: Argv = None) -> None:
    """Read, forecast, write."""
    args = parse(argv)
    if args.paths:
        check_output(args.paths, args, "--paths")
    tracks, guess = read_tracks(args, drop_spikes=False)
    columns, track, t = read_queries(args.at, args.tz, tracks, guess)
    known = np.flatnonzero((track >= 0) & (t != NO_TIME))
    model = open_model(args)
    n_paths = ForecastSpec().paths if args.paths else 0
    progress = meter("forecasting")
    answer, reasons = predict_causally(tracks, model, track[known], t[known], progress, n_paths)
    warn_of(reasons)
    write_table(args.output, {**columns, **figures_of(answer, known, len(t))})
    if args.paths:
        whose = {name: values.take(known) for name, values in columns.items()}
        write_paths(args.paths, whose, answer)


def figures_of(answer: Columns, known: Array, n: int) -> Columns:
    """FIGURES and in_domain (n,) of all queries; empty but for the rows `known` of the answer."""
    figures = {name: np.full(n, np.nan) for name in FIGURES}
    figures["in_domain"] = np.zeros(n, bool)
    for name, values in figures.items():
        values[known] = answer[name]
    if unanswered := np.count_nonzero(np.isnan(figures["lon"])):
        why = "no such track, no readable time, or no fix before it"
        warn(f"{unanswered:,} of {n:,} queries have no answer: {why}.")
    return figures


def write_paths(file: str, columns: dict[str, pa.ChunkedArray], answer: Columns) -> None:
    """Write the paths of the answered queries. columns: (m,) of these, answer: PATHS (m, n)."""
    query, path = np.nonzero(np.isfinite(answer["path_probability"]))
    rows = {name: values.take(query) for name, values in columns.items()}
    rows["path"] = path + 1
    rows["probability"] = answer["path_probability"][query, path]
    rows["lon"] = answer["path_lon"][query, path]
    rows["lat"] = answer["path_lat"][query, path]
    write_table(file, rows)


def read_queries(
    source: str, zone: str, tracks: Tracks, guess: Schema
) -> tuple[dict[str, pa.ChunkedArray], Array, Array]:
    """The ids and times of a table of queries as they are, and its tracks and times.

    Tracks are rows in tracks.track_ids (m,), -1 for none, times (m,) epoch ms. Raises InputError.
    """
    from raw_qgis_plugin.core.sources.columns import ids_of, read_times

    queries = read_table(source)
    fields = find_columns(queries.column_names, Schema(zone=zone))
    name = fields.track or fields.user
    if name is None or fields.time is None:
        raise InputError(
            f"--at needs the columns track_id and t. It has: {', '.join(queries.column_names)}."
        )
    columns = {}
    users = None
    if fields.track and guess.user and fields.user:
        columns["user_id"] = queries[fields.user]
        users = encode_ids(ids_of(queries[fields.user]))
    columns["track_id"] = queries[name]
    columns["t"] = queries[fields.time]
    track = find_tracks(tracks, encode_ids(ids_of(queries[name])), users)
    return columns, track, read_times(queries, fields)


def find_tracks(tracks: Tracks, track: Coded, user: Coded | None) -> Array:
    """(m,) row in tracks.track_ids of each query's ids, -1 where there is none.

    Raises InputError where an id is of two users' tracks and no user is given.
    """
    asked = ids_by_row(track)
    owned = list(tracks.track_ids)
    if user is None:
        count = Counter(owned)
        if shared := [name for name in track.names if count[name] > 1]:
            raise InputError(f"Two users have a track '{shared[0]}': --at needs a column user_id.")
    else:
        asked = list(zip(ids_by_row(user), asked, strict=True))
        owned = list(zip(tracks.user_ids[tracks.track_user], owned, strict=True))
    row_of = {key: row for row, key in enumerate(owned)}
    return np.array([row_of.get(key, -1) for key in asked], np.int64)


def ids_by_row(coded: Coded) -> list:
    """The id of each row, None where it has none."""
    return np.array([*coded.names, None], object)[coded.codes].tolist()


def predict_causally(
    tracks: Tracks,
    model: Model,
    track: Array,
    t: Array,
    progress: Progress,
    n_paths: int = 0,
) -> tuple[Columns, list[str]]:
    """Forecast queries from tracks with spikes, without using the future to find these.

    A fix is a spike because of the next one. So a query's last fix that only fixes after t make a
    spike stays in the context of that query. track: (m,) rows of tracks.track_ids. t: (m,) epoch
    ms. Returns FIGURES and in_domain, (m,) each, and PATHS (m, n_paths); and why some are not in
    domain.
    """
    from raw_qgis_plugin.core.forecasting.predict import Queries, predict

    spike = spikes(tracks)
    last = tracks.before(track, t) - 1
    begin = tracks.track_offsets[track]
    late = (last >= begin) & spike[last]  # queries whose last fix is a spike
    contexts = late_contexts(tracks, spike, begin[late], last[late])
    answer = empty_answer(len(t), n_paths)
    reasons: list[str] = []
    parts = [
        (~late, tracks.take(~spike), track[~late]),
        (late, contexts, np.arange(contexts.n_tracks)),
    ]
    for chosen, part, which in parts:
        if not chosen.any():
            continue
        at = Queries.at(part, which, t[chosen])
        result = predict(part, model, at, progress, n_paths=n_paths)
        reasons += [*result.reasons, *warn_of_few(result.few_users)]
        for name, values in answer.items():
            values[chosen] = getattr(result, name)
    return answer, reasons


def warn_of_few(few_users: Array) -> list[str]:
    """A remark, if forecasts rest on few users. few_users: (m,) bool."""
    few = np.count_nonzero(few_users)
    if not few:
        return []
    return [
        f"{few:,} of {len(few_users):,} forecasts rest on the past of fewer than {MIN_USERS} other "
        "users: they may show where one of them goes."
    ]


def empty_answer(n: int, n_paths: int) -> Columns:
    """FIGURES and in_domain (n,) and PATHS (n, n_paths), without a figure."""
    figures = {name: np.full(n, np.nan) for name in FIGURES}
    paths = {name: np.full((n, n_paths), np.nan) for name in PATHS}
    return {**figures, **paths, "in_domain": np.zeros(n, bool)}


def late_contexts(tracks: Tracks, spike: Array, first: Array, last: Array) -> Tracks:
    """The fixes from `first` to `last` (m,) without spikes but the last one, a track each."""
    contexts = []
    for begin, end in zip(first, last, strict=True):
        rows = np.arange(begin, end + 1)
        contexts.append(rows[~spike[rows] | (rows == end)])
    of, rows = flattened(contexts)
    number = np.arange(len(contexts), dtype=np.int32)
    names = number.astype(str).astype(object)
    return Tracks(
        user_ids=names,
        track_ids=names,
        track_user=number,
        track=of.astype(np.int32),
        t=tracks.t[rows],
        lon=tracks.lon[rows],
        lat=tracks.lat[rows],
    )


if __name__ == "__main__":
    sys.exit(run(main))
