# SPDX-License-Identifier: GPL-2.0-or-later
"""Stops, and the trips between them: `python -m model.diary --tracks T --output DIR`."""

from __future__ import annotations

import sys
from pathlib import Path

from model import cli
from raw_qgis_plugin.core.mobility.diary import find_diary, stop_columns, trip_columns
from raw_qgis_plugin.core.specs import DiarySpec

EPILOG = """
DIR gets stops.parquet: user_id, stop_id, t_arrive, t_leave (UTC), duration_min, n_visits (stops at
the same place), kind (home, work, other, unknown; empty where too little is on record), kind_guess
and kind_p, in_domain, why, place, evidence, lon, lat; and trips.parquet: user_id, trip_id,
t_start, t_end (UTC), mode and mode_p ('unknown' where the model cannot know), distance_m,
duration_min, observed (false: only the stops at both ends are on record), in_domain, why,
journey_id (trips from stop to stop), from_place, to_place (0: none), from_kind, to_kind. Users are
read as one track each.
"""
TIMES = ("t_arrive", "t_leave", "t_start", "t_end")


def main(argv: cli.Argv = None) -> None:
    """Read, find stops and trips, write."""
    words = "Where people stopped, and how they got from stop to stop."
    parser = cli.make_parser("diary", words, EPILOG, output="the folder to write into")
    cli.add_options(parser, DiarySpec)
    args = parser.parse_args(argv)
    folder = Path(args.output).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    args.output = str(folder / "trips.parquet")
    cli.check_output(str(folder / "stops.parquet"), args, "stops.parquet")
    model = cli.open_model(args)
    tracks, guess = cli.read_tracks(args)
    diary = find_diary(tracks, model, cli.spec_of(args, DiarySpec), cli.meter("writing the diary"))
    stops = stop_columns(diary) | {"lon": diary.stops.lon, "lat": diary.stops.lat}
    for name, columns in (("stops", stops), ("trips", trip_columns(diary))):
        columns["user_id"] = cli.own_ids(columns["user_id"], args.tracks, guess.user)
        columns |= {column: cli.utc_times(columns[column]) for column in TIMES if column in columns}
        cli.write_table(str(folder / f"{name}.parquet"), columns)


if __name__ == "__main__":
    sys.exit(cli.run(main))
