# SPDX-License-Identifier: GPL-2.0-or-later
"""Stretches of labelled tracks, as model.finetune reads them: python -m model.data.labelled --source DIR --output OUT

DIR holds points.parquet (track_id, t, lon, lat) and segments.parquet (group_id, track_id, t_start, t_end, mode and
usable, which is false where a label contradicts its fixes). Written are tracks.parquet and labels.csv (user_id,
track_id, mode): a track a usable segment, a user a group, whose segments stay on one side when a head is tested.
GoTrack's folder (UCI 354) may be DIR too: its tracks by car and bus, but those of the phones of the sample. So may
cabspotting's: stretches of taxis with a passenger, as cars.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from model.cli import Parser, from_zero, positive, run
from model.data.heldout import HELD_OUT_DEVICES, held_out_cab
from model.data.labels import Table, cut, draw, read_table
from model.synthetic.generate import write_csv
from model.synthetic.sumo import say
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.times import NO_TIME, parse_times
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

Rows = list[tuple[str, str, str]]  # user, track and mode
COLUMNS = ("group_id", "track_id", "t_start", "t_end", "mode", "usable")


def stretches(points: pa.Table, segments: Table, most: int | None, seed: int) -> tuple[pa.Table, Rows]:
    """Tracks of the usable segments, and the user, track and mode of each. most: segments of a mode, at random.

    Segments without both times, the first one first, are left out. Raises InputError where no other is usable.
    """
    times = np.stack([parse_times(segments[name]) for name in ("t_start", "t_end")])
    row = np.flatnonzero(segments["usable"].astype(bool) & (times[0] != NO_TIME) & (times[0] <= times[1]))
    if not len(row):
        raise InputError("There is no usable segment whose times can be read.")
    if most:
        row = row[draw(segments["mode"][row].astype(str), len(row), most, seed)]
    t = points["t"].cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).to_numpy()
    names = points["track_id"].to_numpy(zero_copy_only=False)
    tracks, _ = build_tracks(names, None, t, points["lon"].to_numpy(), points["lat"].to_numpy(), drop_spikes=False)
    place = {str(name): i for i, name in enumerate(tracks.user_ids)}
    row = row[[str(name) in place for name in segments["track_id"][row]]]
    pieces, order = cut(tracks, np.array([place[str(n)] for n in segments["track_id"][row]]), *times[:, row])
    row = row[order]
    labels = [(str(segments["group_id"][k]), str(k), str(segments["mode"][k])) for k in row]
    return table_of(pieces, segments["group_id"][row].astype(str), row.astype(str)), labels


def table_of(tracks: Tracks, users: np.ndarray, names: np.ndarray) -> pa.Table:
    """Fixes with the user and name of their track, (n_tracks,) each."""
    columns = {"user_id": users[tracks.track], "track_id": names[tracks.track]}
    t = pa.array(tracks.t, pa.timestamp("ms", tz="UTC"))
    return pa.table(columns | {"t": t, "lon": tracks.lon, "lat": tracks.lat})


def of_gotrack(folder: Path) -> tuple[pa.Table, Rows]:
    """GoTrack's tracks of a kilometre or more and not at a walking pace, and the user, track and mode of each."""
    with (folder / "go_track_tracks.csv").open(encoding="utf-8", newline="") as file:
        rows = {
            row["id"]: "car" if row["car_or_bus"] == "1" else "bus"
            for row in csv.DictReader(file)
            if row["id_android"] not in HELD_OUT_DEVICES and float(row["distance"]) >= 1 and float(row["speed"]) >= 8
        }
    tracks = read(str(folder))[0]
    tracks = tracks.take(np.isin(tracks.track_ids, list(rows))[tracks.track])
    users, names = tracks.user_ids[tracks.track_user].astype(str), tracks.track_ids.astype(str)
    return table_of(tracks, users, names), [(u, n, rows[n]) for u, n in zip(users, names)]


def of_taxis(file: Path, most: int, seed: int) -> tuple[pa.Table, Rows]:
    """At most `most` stretches of 9 to 60 fixes with a passenger, of 150 taxis not held out, as tracks by car."""
    rng, table = np.random.default_rng(seed), read_table(file)
    cab = table["cab_id"].astype(str)
    taxis = rng.permutation([name for name in np.unique(cab) if not held_out_cab(name)])[:150]
    row = np.flatnonzero(np.isin(cab, taxis))
    row = row[np.lexsort((table["t"][row], table["cab_id"][row]))]
    cab, occupied = cab[row], table["occupied"][row]
    new = np.append(True, (occupied[1:] != occupied[:-1]) | (cab[1:] != cab[:-1]))
    stretch, size = np.cumsum(new) - 1, np.bincount(np.cumsum(new) - 1)
    chosen = rng.permutation(np.flatnonzero((occupied[new] == 1) & (size >= 9) & (size <= 60)))[:most]
    kept = np.isin(stretch, chosen)
    row, names, cab = row[kept], stretch[kept].astype(str), cab[kept]
    columns = {"user_id": cab, "track_id": names, "t": pa.array(table["t"][row]).cast(pa.timestamp("ms", tz="UTC"))}
    columns |= {axis: table[f"{axis}_e6"][row] / 1e6 for axis in ("lon", "lat")}
    return pa.table(columns), [(*pair, "car") for pair in sorted(set(zip(cab, names)))]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.data.labelled", description=__doc__, allow_abbrev=False)
    p.add_argument("--source", type=Path, required=True, metavar="DIR", help="points.parquet and segments.parquet")
    p.add_argument("--per-mode", type=positive, metavar="N", help="at most N segments a mode, drawn at random")
    p.add_argument("--seed", type=from_zero, default=0, metavar="S", help="of what is drawn (default %(default)s)")
    p.add_argument("--output", type=Path, required=True, metavar="OUT", help="folder to write to")
    args: argparse.Namespace = p.parse_args(argv)
    if (args.source / "go_track_tracks.csv").exists():
        table, labels = of_gotrack(args.source)
    elif "occupied" in parquet.read_schema(args.source / "points.parquet").names:
        table, labels = of_taxis(args.source / "points.parquet", args.per_mode or 400, args.seed)
    else:
        segments = read_table(args.source / "segments.parquet")
        missing = [name for name in COLUMNS if name not in segments]
        if missing:
            raise InputError(f"segments.parquet in {args.source} has no column {', '.join(missing)}.")
        points = parquet.read_table(args.source / "points.parquet", columns=["track_id", "t", "lon", "lat"])
        table, labels = stretches(points, segments, args.per_mode, args.seed)
    args.output.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, args.output / "tracks.parquet")
    write_csv(args.output / "labels.csv", ["user_id", "track_id", "mode"], labels)
    say(f"{len(labels):,} stretches and {table.num_rows:,} fixes in {args.output}")


if __name__ == "__main__":
    sys.exit(run(main))
