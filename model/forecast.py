# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecast where tracks are at given times: `python -m model.forecast --tracks T --at Q --output
P`.
"""

from __future__ import annotations

import sys
from collections import Counter
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
    warn,
    warn_of,
    write_table,
)
from raw_qgis_plugin.core.arrays import flattened
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
Q has the columns track_id and t, and user_id where two users have a track of the same id. P has one row for each row
of Q, in its order: these columns as they are, lon, lat, radius50_m and radius80_m, the radii of the areas that hold the
truth in 50 and 80 % of cases, and in_domain. Only fixes before t are used. A query whose track has none gets empty
figures.

PATHS has a row for each query and each likely path through the queries from one last fix: its ids, t, path (1 is the
most likely), probability, lon and lat.
"""
FIGURES = ("lon", "lat", "radius50_m", "radius80_m")
PATHS = ("path_lon", "path_lat", "path_probability")


def main(argv: Sequence[str] | None = None) -> None:
    """Read, forecast, write."""
    parser = make_parser("forecast", "Forecast where tracks are at given times.", EPILOG)
    parser.add_argument(
        "--at",
        required=True,
        metavar="Q",
        help="the queries: a Parquet or CSV table, track_id and t",
    )
    parser.add_argument(
        "--paths", metavar="PATHS", help="also write likely paths, a Parquet or CSV table"
    )
    args = parser.parse_args(argv)
    if args.paths:
        check_output(args.paths, args, "--paths")
    tracks, guess = read_tracks(args, drop_spikes=False)
    columns, track, t = read_queries(args.at, args.tz, tracks, guess)
    known = np.flatnonzero((track >= 0) & (t != NO_TIME))
    model, n_paths = open_model(args), ForecastSpec().paths if args.paths else 0
    answer, reasons = predict_causally(
        tracks, model, track[known], t[known], meter("forecasting"), n_paths
    )
    warn_of(reasons)
    figures = {name: np.full(len(t), np.nan) for name in FIGURES} | {
        "in_domain": np.zeros(len(t), bool)
    }
    for name, values in figures.items():
        values[known] = answer[name]
    if unanswered := np.count_nonzero(np.isnan(figures["lon"])):
        why = "no such track, no readable time, or no fix before it"
        warn(f"{unanswered:,} of {len(t):,} queries have no answer: {why}.")
    write_table(args.output, {**columns, **figures})
    if args.paths:
        query, path = np.nonzero(np.isfinite(answer["path_probability"]))
        lon, lat, probability = (answer[name][query, path] for name in PATHS)
        whose = {name: values.take(known[query]) for name, values in columns.items()}
        write_table(
            args.paths,
            {**whose, "path": path + 1, "probability": probability, "lon": lon, "lat": lat},
        )


def read_queries(
    source: str, zone: str, tracks: Tracks, guess: Schema
) -> tuple[dict[str, pa.ChunkedArray], np.ndarray, np.ndarray]:
    """The ids and times of a table of queries as they are, the row in tracks.track_ids (m,) of each
    query, -1 for none, and t (m,) epoch ms. Raises InputError.
    """
    from raw_qgis_plugin.core.sources.columns import ids_of, read_times

    queries = read_table(source)
    fields = find_columns(queries.column_names, Schema(zone=zone))
    name, user = fields.track or fields.user, fields.track and guess.user and fields.user
    if name is None or fields.time is None:
        raise InputError(
            f"--at needs the columns track_id and t. It has: {', '.join(queries.column_names)}."
        )
    columns = {"user_id": queries[user]} if user else {}
    users = encode_ids(ids_of(queries[user])) if user else None
    track = find_tracks(tracks, encode_ids(ids_of(queries[name])), users)
    return (
        {**columns, "track_id": queries[name], "t": queries[fields.time]},
        track,
        read_times(queries, fields),
    )


def find_tracks(tracks: Tracks, track: Coded, user: Coded | None) -> np.ndarray:
    """(m,) row in tracks.track_ids of each query's ids, -1 where there is none.

    Raises InputError where an id is of two users' tracks and no user is given.
    """
    count = Counter(tracks.track_ids)
    if user is None and (shared := [name for name in track.names if count[name] > 1]):
        raise InputError(f"Two users have a track '{shared[0]}': --at needs a column user_id.")
    owner = tracks.user_ids[tracks.track_user] if user else [None] * tracks.n_tracks
    row_of = {pair: row for row, pair in enumerate(zip(owner, tracks.track_ids, strict=True))}
    # the last ones are for code -1
    users, ids = [*(user.names if user else []), None], [*track.names, None]
    of = np.stack([user.codes if user else np.full_like(track.codes, -1), track.codes], axis=1)
    pairs, inverse = np.unique(of, axis=0, return_inverse=True)
    rows = np.array([row_of.get((users[u], ids[k]), -1) for u, k in pairs], np.int64)
    return rows[inverse.ravel()]


def predict_causally(
    tracks: Tracks,
    model: Model,
    track: np.ndarray,
    t: np.ndarray,
    progress: Progress,
    n_paths: int = 0,
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Forecast queries from tracks that still hold their spikes, without using the future to find
    these.

    A fix is a spike because of the next one. So a query's last fix that only fixes after t make a
    spike stays in the context of that query. track: (m,) rows of tracks.track_ids. t: (m,) epoch
    ms. Returns FIGURES and in_domain, (m,) each, and PATHS (m, n_paths); and why some are not in
    domain.
    """
    from raw_qgis_plugin.core.forecasting.predict import Queries, predict

    spike = spikes(tracks)
    last, begin = tracks.before(track, t) - 1, tracks.track_offsets[track]
    late = (last >= begin) & spike[last]
    contexts = [np.arange(first, row + 1) for first, row in zip(begin[late], last[late])]
    (of, rows) = flattened([rows[~spike[rows] | (rows == rows[-1])] for rows in contexts])
    number = np.arange(len(contexts), dtype=np.int32)
    names = number.astype(str).astype(object)
    cut = Tracks(
        names,
        names,
        number,
        of.astype(np.int32),
        tracks.t[rows],
        tracks.lon[rows],
        tracks.lat[rows],
    )
    answer: dict[str, np.ndarray] = {name: np.full(len(t), np.nan) for name in FIGURES}
    answer |= {"in_domain": np.zeros(len(t), bool)} | {
        name: np.full((len(t), n_paths), np.nan) for name in PATHS
    }
    reasons: list[str] = []
    for chosen, part, which in ((~late, tracks.take(~spike), track[~late]), (late, cut, number)):
        if not chosen.any():
            continue
        result = predict(part, model, Queries.at(part, which, t[chosen]), progress, n_paths=n_paths)
        reasons += result.reasons
        if few := np.count_nonzero(result.few_users):
            reasons.append(
                f"{few:,} of {len(result.t):,} forecasts rest on the past of fewer than {MIN_USERS} other users: they "
                "may show where one of them goes."
            )
        for name, values in answer.items():
            values[chosen] = getattr(result, name)
    return answer, reasons


if __name__ == "__main__":
    sys.exit(run(main))
