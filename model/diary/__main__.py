# SPDX-License-Identifier: GPL-2.0-or-later
"""Where people stopped, and how they got from stop to stop: `python -m model.diary --tracks T --output DIR`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.cli import (
    check_output,
    make_parser,
    meter,
    open_model,
    over_zero,
    own_ids,
    read_tracks,
    run,
    utc_times,
    write_table,
)
from raw_qgis_plugin.core.diary.diary import find_diaries

EPILOG = """
DIR gets stops.parquet: user_id, stop_id, t_arrive, t_leave (UTC), duration_min, n_visits (stops at the same place),
kind (home, work, other; empty where the nights do not tell), in_domain, why, place, evidence, lon, lat; and
trips.parquet: user_id, trip_id, t_start, t_end (UTC), mode and mode_p ('unknown' where the model cannot know),
distance_m, duration_min, in_domain, why. Users are read as one track each.
"""
TIMES = ("t_arrive", "t_leave", "t_start", "t_end")


def main(argv: Sequence[str] | None = None) -> None:
    """Read, find stops and trips, write."""
    words = "Where people stopped, and how they got from stop to stop."
    parser = make_parser("diary", words, EPILOG, output="the folder to write into")
    parser.add_argument(
        "--min-stop", type=over_zero, default=10.0, metavar="MIN", help="minutes of a stop, at least (default: 10)"
    )
    args = parser.parse_args(argv)
    folder = Path(args.output).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    args.output = str(folder / "trips.parquet")
    check_output(str(folder / "stops.parquet"), args, "stops.parquet")
    model = open_model(args)
    tracks, guess = read_tracks(args)
    diaries = list(find_diaries(tracks, model, args.min_stop, meter("writing the diary")))
    where = {"lon": [d.stop_lon for d in diaries], "lat": [d.stop_lat for d in diaries]}
    for name in ("stops", "trips"):
        parts = [getattr(diary, name) for diary in diaries]
        columns = {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}
        columns["user_id"] = own_ids(columns["user_id"], args.tracks, guess.user)
        columns |= {column: utc_times(columns[column]) for column in TIMES if column in columns}
        extra = {axis: np.concatenate(parts) for axis, parts in where.items()} if name == "stops" else {}
        write_table(str(folder / f"{name}.parquet"), columns | extra)


if __name__ == "__main__":
    sys.exit(run(main))
