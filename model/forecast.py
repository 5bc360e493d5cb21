# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecast where tracks are at given times: `python -m model.forecast --tracks T --at Q --output P`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from model.cli import (
    check_output,
    make_parser,
    meter,
    open_model,
    read_tracks,
    run,
    utc_times,
    warn,
    warn_of,
    write_table,
)
from raw_qgis_plugin.core.arrays import flattened
from raw_qgis_plugin.core.errors import InputError, Progress
from raw_qgis_plugin.core.sources.readers import read_table
from raw_qgis_plugin.core.sources.schema import Schema, find_columns
from raw_qgis_plugin.core.specs import MIN_USERS
from raw_qgis_plugin.core.times import NO_TIME
from raw_qgis_plugin.core.tracks import Coded, Tracks, encode_ids, spikes

if TYPE_CHECKING:
    import pyarrow as pa

    from raw_qgis_plugin.core.bundle.runtime import Model

EPILOG = """
Q has the columns track_id and t, and user_id where two users have a track of the same id. P has one row for each row
of Q, in its order: its ids, t (UTC), lon, lat, radius50_m and radius80_m, the radii of the areas that hold the truth in
50 and 80 % of cases, and in_domain. Only fixes before t are used. A query whose track has none gets empty figures.

PATHS has a row for each query and each likely path through the queries from one last fix: its ids, t, path (1 is the
most likely), probability, lon and lat.
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Read, forecast, write."""
    parser = make_parser("forecast", "Forecast where tracks are at given times.", EPILOG)
    parser.add_argument("--at", required=True, metavar="Q", help="the queries: a Parquet or CSV table, track_id and t")
    parser.add_argument("--paths", metavar="PATHS", help="also write likely paths, a Parquet or CSV table")
    parser.add_argument(
        "--n-paths",
        type=int,
        choices=range(1, 10),
        default=3,
        metavar="N",
        help="at most so many (default %(default)s)",
    )
    args = parser.parse_args(argv)
    if args.paths:
        check_output(args.paths, args, "--paths")
    queries = read_table(args.at)
    tracks, guess = read_tracks(args, drop_spikes=False)
    query_fields = find_columns(queries.column_names, Schema(zone=args.tz))
    ids, track, t = read_queries(queries, query_fields, tracks, guess)
    known = np.flatnonzero((track >= 0) & (t != NO_TIME))
    model = open_model(args)
    n_paths = args.n_paths if args.paths else 0
    answer, reasons = predict_causally(tracks, model, track[known], t[known], meter("forecasting"), n_paths)
    warn_of(reasons)
    columns = {**ids, "t": queries[str(query_fields.time)] if _is_utc(queries, query_fields) else utc_times(t)}
    for name in ("lon", "lat", "radius50_m", "radius80_m"):
        columns[name] = np.full(len(t), np.nan)
        columns[name][known] = answer[name]
    columns["in_domain"] = np.zeros(len(t), bool)
    columns["in_domain"][known] = answer["in_domain"]
    unanswered = np.count_nonzero(np.isnan(columns["lon"]))
    if unanswered:
        no_track, no_time = track < 0, t == NO_TIME
        why = {
            "name no known track": no_track,
            "have no readable time": no_time & ~no_track,
            "come before their track's first fix": np.isnan(columns["lon"]) & ~no_track & ~no_time,
        }
        words = ", ".join(f"{n:,} {what}" for what, which in why.items() if (n := np.count_nonzero(which)))
        warn(f"{unanswered:,} of {len(t):,} queries have no answer: {words}")
    write_table(args.output, columns)
    if args.paths:
        query, path = np.nonzero(np.isfinite(answer["path_probability"]))
        row = known[query]
        write_table(args.paths, {
            **{name: values.take(row) for name, values in ids.items()}, "t": utc_times(t[row]), "path": path + 1,
            "probability": answer["path_probability"][query, path], "lon": answer["path_lon"][query, path],
            "lat": answer["path_lat"][query, path],
        })  # fmt: skip


def read_queries(
    queries: pa.Table, query_fields: Schema, tracks: Tracks, guess: Schema
) -> tuple[dict[str, pa.ChunkedArray], np.ndarray, np.ndarray]:
    """The id columns of the output, the row in tracks.track_ids (m,) of each query, -1 for none, and t (m,)."""
    from raw_qgis_plugin.core.sources.columns import ids_of, read_times

    name = query_fields.track or query_fields.user
    if name is None or query_fields.time is None:
        raise InputError(f"--at needs the columns track_id and t. It has: {', '.join(queries.column_names)}.")
    ids = {"track_id": queries[name]}
    users = None
    if query_fields.track and query_fields.user and guess.user:
        ids = {"user_id": queries[query_fields.user], **ids}
        users = encode_ids(ids_of(queries, query_fields.user))
    track = find_tracks(tracks, encode_ids(ids_of(queries, name)), users)
    return ids, track, read_times(queries, query_fields)


def find_tracks(tracks: Tracks, track: Coded, user: Coded | None) -> np.ndarray:
    """(m,) row in tracks.track_ids of each query's ids, -1 where there is none.

    Raises InputError where an id is of two users' tracks and no user is given.
    """
    if user is None:
        row_of: dict[object, int] = {}
        shared = {name for row, name in enumerate(tracks.track_ids) if row_of.setdefault(name, row) != row}
        for name in track.names:
            if name in shared:
                raise InputError(f"Two users have a track '{name}': --at needs a column user_id.")
        rows = np.array([row_of.get(name, -1) for name in track.names] + [-1])
        return rows[track.codes]
    names = zip(tracks.user_ids[tracks.track_user], tracks.track_ids)
    row_of = {pair: row for row, pair in enumerate(names)}
    pairs, inverse = np.unique(np.stack([user.codes, track.codes], axis=1), axis=0, return_inverse=True)
    users, ids = [*user.names, None], [*track.names, None]  # the last ones are for code -1
    rows = np.array([row_of.get((users[u], ids[k]), -1) for u, k in pairs], np.int64)
    return rows[inverse.reshape(-1)] if len(rows) else np.zeros(0, np.int64)


def predict_causally(
    tracks: Tracks, model: Model, track: np.ndarray, t: np.ndarray, progress: Progress, n_paths: int = 0
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Forecast queries from tracks that still hold their spikes, without using the future to find these.

    A fix is a spike because of the next one. So a query's last fix that only fixes after t make a spike stays in the
    context of that query. track: (m,) rows of tracks.track_ids. t: (m,) epoch ms.
    Returns lon, lat, radius50_m, radius80_m and in_domain, (m,) each, and path_lon, path_lat and path_probability
    (m, n_paths); and why some are not in domain.
    """
    from raw_qgis_plugin.core.forecasting.predict import Queries, predict

    spike = spikes(tracks)
    last = tracks.time_index.before(track, t) - 1
    late = last >= tracks.track_offsets[track]
    late[late] = spike[last[late]]
    contexts = [np.arange(tracks.track_offsets[k], row + 1) for k, row in zip(track[late], last[late])]
    contexts = [rows[~spike[rows] | (rows == rows[-1])] for rows in contexts]
    number = np.arange(len(contexts), dtype=np.int32)
    (of, rows), names = flattened(contexts), number.astype(str).astype(object)
    cut = Tracks(names, names, number, of.astype(np.int32), tracks.t[rows], tracks.lon[rows], tracks.lat[rows])
    answer: dict[str, np.ndarray] = {
        name: np.full(len(t), np.nan) for name in ("lon", "lat", "radius50_m", "radius80_m")
    }
    answer |= {name: np.full((len(t), n_paths), np.nan) for name in ("path_lon", "path_lat", "path_probability")}
    answer["in_domain"] = np.zeros(len(t), bool)
    reasons: list[str] = []
    for chosen, part, of in ((~late, tracks.take(~spike), track[~late]), (late, cut, number)):
        if chosen.any():
            result = predict(part, model, Queries.at(part, of, t[chosen]), progress, n_paths=n_paths)
            reasons += result.reasons
            if few := np.count_nonzero(result.few_users):
                reasons.append(
                    f"{few:,} of {len(result.t):,} forecasts rest on the past of fewer than {MIN_USERS} other users: "
                    "they may show where one of them goes."
                )
            for name, values in answer.items():
                values[chosen] = getattr(result, name)
    return answer, reasons


def _is_utc(queries: pa.Table, query_fields: Schema) -> bool:
    """Are the queries' times in UTC or numbers since the epoch? Then the output has them unchanged."""
    import pyarrow as pa

    kind = queries.schema.field(str(query_fields.time)).type
    return (
        kind.tz is not None if pa.types.is_timestamp(kind) else pa.types.is_integer(kind) or pa.types.is_floating(kind)
    )


if __name__ == "__main__":
    sys.exit(run(main))
