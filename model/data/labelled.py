# SPDX-License-Identifier: GPL-2.0-or-later
"""Labelled tracks of several sources as one table for model.finetune: python -m model.data.labelled --source DIR …

Written are tracks.parquet and labels.csv (user_id, track_id, mode). A DIR holds one of these:
points.parquet and segments.parquet (group_id, track_id, t_start, t_end, mode and usable, which is false where a label
contradicts its fixes): a track a usable segment, a user a group, whose segments stay on one side when a head is tested;
GoTrack (UCI 354): its tracks by car and bus, but those of the phones of the sample;
cabspotting: stretches of taxis with a passenger, as cars;
movement/*.parquet of model.synthetic --movement-only: pieces as phones record them, a user a simulated trip.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from model.cli import Parser, from_zero, positive, run
from model.data.heldout import HELD_OUT_DEVICES, held_out_cab
from model.data.labels import cut, draw, read_table
from model.synthetic.generate import write_csv
from model.synthetic.segments import pieces
from model.synthetic.sumo import say
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.times import NO_TIME, parse_times
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

Source = tuple[Tracks, np.ndarray, np.ndarray]  # tracks, and the group and mode of each, (n_tracks,)


def of_segments(folder: Path, most: int | None, seed: int) -> Source:
    """Usable segments that hold a fix. Those without both times, the first one first, are left out."""
    segments = read_table(folder / "segments.parquet")
    points = parquet.read_table(folder / "points.parquet", columns=["track_id", "t", "lon", "lat"])
    names, lon, lat = (points[name].to_numpy(zero_copy_only=False) for name in ("track_id", "lon", "lat"))
    tracks, _ = build_tracks(names, None, epoch_ms(points["t"]), lon, lat, drop_spikes=False)
    place = {str(name): i for i, name in enumerate(tracks.user_ids)}
    user = np.array([place.get(str(name), -1) for name in segments["track_id"]])
    start, end = (parse_times(segments[name]) for name in ("t_start", "t_end"))
    row = np.flatnonzero(segments["usable"].astype(bool) & (user >= 0) & (start != NO_TIME) & (start <= end))
    if not len(row):
        raise InputError(f"There is no usable segment in {folder} whose times can be read.")
    if most:
        row = row[draw(segments["mode"][row].astype(str), len(row), most, seed)]
    pieces, order = cut(tracks, user[row], start[row], end[row])
    return pieces, segments["group_id"][row[order]], segments["mode"][row[order]]


def epoch_ms(t: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """(n,) epoch ms of times."""
    return t.cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).to_numpy()


def of_gotrack(folder: Path) -> Source:
    """GoTrack's tracks of a kilometre or more and not at a walking pace."""
    table = read_table(folder / "go_track_tracks.csv")
    kept = (
        ~np.isin(table["id_android"].astype(str), HELD_OUT_DEVICES) & (table["distance"] >= 1) & (table["speed"] >= 8)
    )
    modes = dict(zip(table["id"][kept].astype(str), np.where(table["car_or_bus"][kept] == 1, "car", "bus")))
    tracks = read(str(folder))[0]
    tracks = tracks.take(np.isin(tracks.track_ids, list(modes))[tracks.track])
    return tracks, tracks.user_ids[tracks.track_user], np.array([modes[str(name)] for name in tracks.track_ids])


def of_taxis(file: Path, most: int, seed: int) -> Source:
    """At most `most` stretches of 9 to 60 fixes with a passenger, of 150 taxis not held out, as tracks by car."""
    rng, table = np.random.default_rng(seed), read_table(file)
    cab = table["cab_id"].astype(str)
    taxis = rng.permutation([name for name in np.unique(cab) if not held_out_cab(name)])[:150]
    row = np.flatnonzero(np.isin(cab, taxis))
    row = row[np.lexsort((table["t"][row], table["cab_id"][row]))]
    cab, occupied = cab[row], table["occupied"][row]
    new = np.append(True, (occupied[1:] != occupied[:-1]) | (cab[1:] != cab[:-1]))
    stretch = np.cumsum(new) - 1
    size = np.bincount(stretch)
    kept = np.isin(stretch, rng.permutation(np.flatnonzero((occupied[new] == 1) & (size >= 9) & (size <= 60)))[:most])
    lon, lat = (table[f"{axis}_e6"][row[kept]] / 1e6 for axis in ("lon", "lat"))
    t = epoch_ms(pa.array(table["t"][row[kept]]))
    tracks, _ = build_tracks(cab[kept], stretch[kept].astype(str), t, lon, lat, drop_spikes=False)
    return tracks, tracks.user_ids[tracks.track_user], np.full(tracks.n_tracks, "car")


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.data.labelled", description=__doc__, allow_abbrev=False)
    p.add_argument("--source", type=Path, required=True, nargs="+", metavar="DIR", help="folders as above")
    p.add_argument("--per-mode", type=positive, metavar="N", help="at most N segments a mode of a source, at random")
    p.add_argument("--seed", type=from_zero, default=0, metavar="S", help="of what is drawn (default %(default)s)")
    p.add_argument("--output", type=Path, required=True, metavar="OUT", help="folder to write to")
    args = p.parse_args(argv)
    parts, labels = [], list[tuple[str, str, str]]()
    for folder in args.source:
        if (folder / "go_track_tracks.csv").exists():
            tracks, group, mode = of_gotrack(folder)
        elif not (folder / "points.parquet").exists():
            tracks, group, mode = pieces(folder, args.per_mode or 1000, args.seed)
        elif "occupied" in parquet.read_schema(folder / "points.parquet").names:
            tracks, group, mode = of_taxis(folder / "points.parquet", args.per_mode or 400, args.seed)
        else:
            tracks, group, mode = of_segments(folder, args.per_mode, args.seed)
        users = np.array([f"{folder.name}/{name}" for name in group], object)
        names = np.array([f"{user}/{number}" for number, user in enumerate(users)], object)
        columns = {"user_id": users[tracks.track], "track_id": names[tracks.track], "lon": tracks.lon}
        parts.append(pa.table(columns | {"lat": tracks.lat, "t": pa.array(tracks.t, pa.timestamp("ms", tz="UTC"))}))
        labels += zip(users, names, mode, strict=True)
    args.output.mkdir(parents=True, exist_ok=True)
    table = pa.concat_tables(parts)
    parquet.write_table(table, args.output / "tracks.parquet")
    write_csv(args.output / "labels.csv", ["user_id", "track_id", "mode"], labels)
    say(f"{len(labels):,} stretches and {table.num_rows:,} fixes in {args.output}")


if __name__ == "__main__":
    sys.exit(run(main))
