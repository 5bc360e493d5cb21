# SPDX-License-Identifier: GPL-2.0-or-later
"""Labelled tracks of several sources as one table for model.finetune: python -m model.data.labelled
--source DIR …

Written are tracks.parquet and labels.csv (user_id, track_id, mode). A DIR holds one of these:
points.parquet and segments.parquet (group_id, track_id, t_start, t_end, mode and usable, which is
false where a label contradicts its fixes): a track a usable segment, a user a group, whose segments
stay on one side when a head is tested; GoTrack (UCI 354): its tracks by car and bus, but those of
the phones of the sample; cabspotting: stretches of taxis with a passenger, as cars;
movement/*.parquet of model.synthetic --movement-only: pieces as phones record them, a user a
simulated trip.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from model.cli import Parser, from_zero, positive, run
from model.data.heldout import HELD_OUT_DEVICES, held_out_cab
from model.data.join import cut
from model.data.labels import draw, read_table
from model.shipped.synthetic.city.layout import Sites
from model.shipped.synthetic.generate import write_csv
from model.shipped.synthetic.population.recording import Timeline, logger, record
from model.shipped.synthetic.sumo import SyntheticError, say
from raw_qgis_plugin.core.arrays import run_starts
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.geodesy import metres_per_degree
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS, NO_TIME, parse_times
from raw_qgis_plugin.core.tracks import Tracks

# tracks, and the group and mode of each, (n_tracks,)
Source = tuple[Tracks, np.ndarray, np.ndarray]
# Of simulated movement:
MODES = ("walk", "bike", "car", "bus", "tram", "rail")
SHORTEST_S, LONGEST_S, MIN_FIXES = 90, 3600, 10
MONDAY_MS = 1_700_438_400_000  # 2023-11-20


def of_segments(folder: Path, most: int | None, seed: int) -> Source:
    """Usable segments that hold a fix. Those without both times, the first one first, are left out."""
    segments = read_table(folder / "segments.parquet")
    points = parquet.read_table(folder / "points.parquet", columns=["track_id", "t", "lon", "lat"])
    names, lon, lat = (
        points[name].to_numpy(zero_copy_only=False) for name in ("track_id", "lon", "lat")
    )
    tracks, _ = build_tracks(names, None, epoch_ms(points["t"]), lon, lat, drop_spikes=False)
    place = {str(name): i for i, name in enumerate(tracks.user_ids)}
    user = np.array([place.get(str(name), -1) for name in segments["track_id"]])
    start, end = (parse_times(segments[name]) for name in ("t_start", "t_end"))
    row = np.flatnonzero(
        segments["usable"].astype(bool) & (user >= 0) & (start != NO_TIME) & (start <= end)
    )
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
        ~np.isin(table["id_android"].astype(str), HELD_OUT_DEVICES)
        & (table["distance"] >= 1)
        & (table["speed"] >= 8)
    )
    modes = dict(
        zip(table["id"][kept].astype(str), np.where(table["car_or_bus"][kept] == 1, "car", "bus"))
    )
    tracks = read(str(folder))[0]
    tracks = tracks.take(np.isin(tracks.track_ids, list(modes))[tracks.track])
    return (
        tracks,
        tracks.user_ids[tracks.track_user],
        np.array([modes[str(name)] for name in tracks.track_ids]),
    )


def of_taxis(file: Path, most: int, seed: int) -> Source:
    """At most `most` stretches of 9 to 60 fixes with a passenger, of 150 taxis not held out, as
    tracks by car.
    """
    rng, table = np.random.default_rng(seed), read_table(file)
    cab = table["cab_id"].astype(str)
    taxis = rng.permutation([name for name in np.unique(cab) if not held_out_cab(name)])[:150]
    row = np.flatnonzero(np.isin(cab, taxis))
    row = row[np.lexsort((table["t"][row], table["cab_id"][row]))]
    cab, occupied = cab[row], table["occupied"][row]
    new = np.append(True, (occupied[1:] != occupied[:-1]) | (cab[1:] != cab[:-1]))
    stretch = np.cumsum(new) - 1
    size = np.bincount(stretch)
    kept = np.isin(
        stretch,
        rng.permutation(np.flatnonzero((occupied[new] == 1) & (size >= 9) & (size <= 60)))[:most],
    )
    lon, lat = (table[f"{axis}_e6"][row[kept]] / 1e6 for axis in ("lon", "lat"))
    t = epoch_ms(pa.array(table["t"][row[kept]]))
    tracks, _ = build_tracks(cab[kept], stretch[kept].astype(str), t, lon, lat, drop_spikes=False)
    return tracks, tracks.user_ids[tracks.track_user], np.full(tracks.n_tracks, "car")


def of_movement(folder: Path, each: int, seed: int) -> Source:
    """Pieces of simulated movement, of a minute and a half to an hour, as phones record them. each:
    drawn a mode.
    """
    rng = np.random.default_rng(seed)
    trips: dict[str, list[tuple[int, int, int]]] = defaultdict(list)  # mode: file, rows
    files: list[list[np.ndarray]] = []
    for file in sorted(folder.glob("*.parquet")):
        if "mode" not in parquet.read_schema(file).names:  # a city's tracks
            continue
        table = parquet.read_table(file, columns=["mode", "track_id", "t", "lon", "lat"])
        mode, track = (table[name].combine_chunks() for name in ("mode", "track_id"))
        words, code = mode.dictionary.to_pylist(), mode.indices.to_numpy()
        begin = np.flatnonzero(run_starts(track.indices.to_numpy(), code))
        for a, b in pairwise([*begin, len(code)]):
            if words[code[a]] in MODES and b - a >= SHORTEST_S:
                trips[words[code[a]]].append((len(files), a, b))
        files.append([table[name].to_numpy() for name in ("t", "lon", "lat")])
    if not trips:
        raise SyntheticError(
            f"{folder} has no movement: write it with python -m model.synthetic --movement-only"
        )
    found, labels = list[tuple[np.ndarray, ...]](), list[tuple[str, str]]()
    for mode in sorted(trips):
        for _ in range(each):
            number, a, b = trips[mode][int(rng.integers(len(trips[mode])))]
            t, lon, lat = _recorded(rng, *(column[a:b] for column in files[number]))
            if len(t) >= MIN_FIXES:
                found.append((np.full(len(t), len(labels)), t, lon, lat))
                labels.append((f"{number}-{a}", mode))
    track, t, lon, lat = (np.concatenate(columns) for columns in zip(*found, strict=True))
    trip, modes = np.array(labels, object).T
    tracks, _ = build_tracks(trip[track], track, t, lon, lat, drop_spikes=False)
    return tracks, trip[order := tracks.track_ids.astype(int)], modes[order]


def _recorded(
    rng: np.random.Generator, t: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> tuple[np.ndarray, ...]:
    """A piece of one simulated trip as a device records it, faster or slower: epoch ms, degrees."""
    length = int(np.exp(rng.uniform(np.log(SHORTEST_S), np.log(LONGEST_S))))  # a fix a second
    begin = int(rng.integers(max(len(t) - length, 0) + 1))
    t, lon, lat = (column[begin : begin + length] for column in (t, lon, lat))
    seconds = (t - t[0]) / 1000 * rng.uniform(0.75, 1.35)
    kx, ky = metres_per_degree(lat[:1])
    x, y, whole = (lon - lon[0]) * kx, (lat - lat[0]) * ky, np.array([seconds[-1]])
    line = Timeline(seconds, x, y, np.zeros(len(t), bool), np.zeros(1), whole, np.zeros(2, int))
    on_s, off_s = (60, 120) if rng.random() < 0.3 else (36_000, 1)  # in bursts
    cadence_s = float(
        rng.choice((1, 2, 3, 5, 10, 15, 30, 60), p=(0.15, 0.2, 0.15, 0.2, 0.1, 0.1, 0.05, 0.05))
    )
    device = replace(logger(rng), moving_s=cadence_s, on_h=on_s / 3600, off_h=off_s / 3600)
    fixes = record(line, device, Sites(np.zeros(1), np.zeros(1), {}), seconds[-1] + 1, rng)
    start = (
        MONDAY_MS
        + int(rng.integers(7)) * DAY_MS
        + int(rng.uniform(6, 22) * HOUR_MS - lon[0] / 15 * HOUR_MS)
    )
    return start + 1000 * fixes.t.astype(np.int64), lon[0] + fixes.x / kx, lat[0] + fixes.y / ky


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.data.labelled", description=__doc__, allow_abbrev=False)
    p.add_argument(
        "--source", type=Path, required=True, nargs="+", metavar="DIR", help="folders as above"
    )
    p.add_argument(
        "--per-mode",
        type=positive,
        metavar="N",
        help="at most N segments a mode of a source, at random",
    )
    p.add_argument(
        "--seed",
        type=from_zero,
        default=0,
        metavar="S",
        help="of what is drawn (default %(default)s)",
    )
    p.add_argument("--output", type=Path, required=True, metavar="OUT", help="folder to write to")
    args = p.parse_args(argv)
    parts, labels = [], list[tuple[str, str, str]]()
    for folder in args.source:
        if (folder / "go_track_tracks.csv").exists():
            tracks, group, mode = of_gotrack(folder)
        elif not (folder / "points.parquet").exists():
            tracks, group, mode = of_movement(folder, args.per_mode or 1000, args.seed)
        elif "occupied" in parquet.read_schema(folder / "points.parquet").names:
            tracks, group, mode = of_taxis(
                folder / "points.parquet", args.per_mode or 400, args.seed
            )
        else:
            tracks, group, mode = of_segments(folder, args.per_mode, args.seed)
        users = np.array([f"{folder.name}/{name}" for name in group], object)
        names = np.array([f"{user}/{number}" for number, user in enumerate(users)], object)
        columns = {
            "user_id": users[tracks.track],
            "track_id": names[tracks.track],
            "lon": tracks.lon,
        }
        parts.append(
            pa.table(
                columns | {"lat": tracks.lat, "t": pa.array(tracks.t, pa.timestamp("ms", tz="UTC"))}
            )
        )
        labels += zip(users, names, mode, strict=True)
    args.output.mkdir(parents=True, exist_ok=True)
    table = pa.concat_tables(parts)
    parquet.write_table(table, args.output / "tracks.parquet")
    write_csv(args.output / "labels.csv", ["user_id", "track_id", "mode"], labels)
    say(f"{len(labels):,} stretches and {table.num_rows:,} fixes in {args.output}")


if __name__ == "__main__":
    sys.exit(run(main))
