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
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.random import Generator
from pyarrow import parquet

from model.cli import Argv, Parser, from_zero, positive, run
from model.data.heldout import HELD_OUT_DEVICES, held_out_cab
from model.data.join import cut
from model.data.labels import draw, read_table, rows_of
from model.shipped.synthetic.city.layout import Sites
from model.shipped.synthetic.generate import write_csv
from model.shipped.synthetic.population.recording import Device, Timeline, logger, record
from model.shipped.synthetic.sumo import SyntheticError, say
from raw_qgis_plugin.core.arrays import Array, join_rows, object_column, run_starts
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.geodesy import metres_per_degree
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS, NO_TIME, parse_times
from raw_qgis_plugin.core.tracks import Tracks

MODES = ("walk", "bike", "car", "bus", "tram", "rail")  # of simulated movement


class Settings:
    """Which stretches are taken, and how simulated movement is recorded."""

    shortest_s: int = 90  # of a piece of simulated movement
    longest_s: int = 3600
    min_fixes: int = 10  # of a piece as it is recorded
    monday_ms: int = 1_700_438_400_000  # 2023-11-20, in whose week simulated movement is put
    # seconds between the fixes of a device that records simulated movement, and how often
    cadences: dict[int, float] = {
        1: 0.15,
        2: 0.2,
        3: 0.15,
        5: 0.2,
        10: 0.1,
        15: 0.1,
        30: 0.05,
        60: 0.05,
    }
    taxis: int = 150  # of Cabspotting
    min_passenger: int = 9  # fixes of a stretch with a passenger
    max_passenger: int = 60
    min_km: int = 1  # of a track of GoTrack
    min_km_h: int = 8  # faster than people walk


@dataclass(frozen=True)
class Stretches:
    """Tracks of one mode each, with the group and the mode of each track, (n_tracks,)."""

    tracks: Tracks
    group: Array
    mode: Array


def of_segments(folder: Path, most: int | None, seed: int) -> Stretches:
    """Usable segments that hold a fix and have two times in order."""
    segments = read_table(folder / "segments.parquet")
    points = parquet.read_table(folder / "points.parquet", columns=["track_id", "t", "lon", "lat"])
    names = points["track_id"].to_numpy(zero_copy_only=False)
    lon = points["lon"].to_numpy(zero_copy_only=False)
    lat = points["lat"].to_numpy(zero_copy_only=False)
    tracks, _ = build_tracks(names, None, epoch_ms(points["t"]), lon, lat, drop_spikes=False)

    user = rows_of(tracks.user_ids, segments["track_id"])
    start = parse_times(segments["t_start"])
    end = parse_times(segments["t_end"])
    ordered = (start != NO_TIME) & (start <= end)
    row = np.flatnonzero(segments["usable"].astype(bool) & (user >= 0) & ordered)
    if not len(row):
        raise InputError(f"There is no usable segment in {folder} whose times can be read.")
    if most:
        row = row[draw(segments["mode"][row].astype(str), len(row), most, seed)]

    pieces, order = cut(tracks, user[row], start[row], end[row])
    row = row[order]
    return Stretches(pieces, segments["group_id"][row], segments["mode"][row])


def epoch_ms(t: pa.ChunkedArray | pa.Array) -> Array:
    """(n,) epoch ms of times."""
    return t.cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).to_numpy()


def of_gotrack(folder: Path) -> Stretches:
    """GoTrack's tracks of a kilometre or more and not at a walking pace."""
    table = read_table(folder / "go_track_tracks.csv")
    kept = ~np.isin(table["id_android"].astype(str), HELD_OUT_DEVICES)
    kept &= table["distance"] >= Settings.min_km
    kept &= table["speed"] >= Settings.min_km_h
    words = np.where(table["car_or_bus"][kept] == 1, "car", "bus")
    modes = dict(zip(table["id"][kept].astype(str), words, strict=True))
    tracks = read(str(folder))[0]
    tracks = tracks.take(np.isin(tracks.track_ids, list(modes))[tracks.track])
    mode = np.array([modes[str(name)] for name in tracks.track_ids])

    return Stretches(tracks, tracks.user_ids[tracks.track_user], mode)


def of_taxis(file: Path, most: int, seed: int) -> Stretches:
    """At most `most` stretches with a passenger, of taxis not held out, as tracks by car."""
    rng = np.random.default_rng(seed)
    table = read_table(file)
    cab = table["cab_id"].astype(str)
    taxis = rng.permutation([name for name in np.unique(cab) if not held_out_cab(name)])
    row = np.flatnonzero(np.isin(cab, taxis[: Settings.taxis]))
    row = row[np.lexsort((table["t"][row], table["cab_id"][row]))]

    stretch, usable = _with_passenger(cab[row], table["occupied"][row])
    kept = np.isin(stretch, rng.permutation(usable)[:most])
    row = row[kept]
    names = stretch[kept].astype(str)

    t = epoch_ms(pa.array(table["t"][row]))
    lon = table["lon_e6"][row] / 1e6
    lat = table["lat_e6"][row] / 1e6
    tracks, _ = build_tracks(cab[row], names, t, lon, lat, drop_spikes=False)

    return Stretches(
        tracks, tracks.user_ids[tracks.track_user], mode=np.full(tracks.n_tracks, "car")
    )


def _with_passenger(cab: Array, occupied: Array) -> tuple[Array, Array]:
    """Numbers (n,) of the stretches of fixes, and those (k,) that are usable rides."""
    new = run_starts(occupied, cab)
    stretch = np.cumsum(new) - 1
    size = np.bincount(stretch)
    of_usable_size = (size >= Settings.min_passenger) & (size <= Settings.max_passenger)

    return stretch, np.flatnonzero((occupied[new] == 1) & of_usable_size)


@dataclass(frozen=True)
class Trip:
    """A simulated trip: rows `begin` to `end` of a file's columns t, lon and lat, (n,) each."""

    name: str
    columns: list[Array]
    begin: int
    end: int

    def fixes(self) -> list[Array]:
        """Its t, lon and lat."""
        return [column[self.begin : self.end] for column in self.columns]


@dataclass(frozen=True)
class Piece:
    """A piece of a trip as a device records it: t (n,) epoch ms, lon and lat (n,) degrees."""

    trip: Trip
    mode: str
    t: Array
    lon: Array
    lat: Array


def of_movement(folder: Path, each: int, seed: int) -> Stretches:
    """Pieces of simulated movement, of a minute and a half to an hour, as phones record them.

    each: how many are drawn of a mode.
    """
    trips = read_trips(folder)
    if not trips:
        raise SyntheticError(
            f"{folder} has no movement: write it with python -m model.synthetic --movement-only"
        )

    pieces = draw_pieces(trips, each, np.random.default_rng(seed))
    names = object_column(piece.trip.name for piece in pieces)
    modes = object_column(piece.mode for piece in pieces)
    fixes = join_rows([{"t": piece.t, "lon": piece.lon, "lat": piece.lat} for piece in pieces])
    track = np.repeat(np.arange(len(pieces)), [len(piece.t) for piece in pieces])
    tracks, _ = build_tracks(names[track], track, **fixes, drop_spikes=False)
    order = tracks.track_ids.astype(int)

    return Stretches(tracks, names[order], modes[order])


def draw_pieces(trips: dict[str, list[Trip]], each: int, rng: Generator) -> list[Piece]:
    """Pieces of trips by mode, drawn at random, without those of a few fixes."""
    pieces = []
    for mode, choice in sorted(trips.items()):
        for _ in range(each):
            trip = choice[int(rng.integers(len(choice)))]
            t, lon, lat = _recorded(rng, *trip.fixes())
            if len(t) >= Settings.min_fixes:
                pieces.append(Piece(trip, mode, t, lon, lat))

    return pieces


def read_trips(folder: Path) -> dict[str, list[Trip]]:
    """The simulated trips that are long enough, by mode. Files without one are a city's tracks."""
    trips: dict[str, list[Trip]] = defaultdict(list)
    number = 0

    for file in sorted(folder.glob("*.parquet")):
        if "mode" not in parquet.read_schema(file).names:
            continue

        table = parquet.read_table(file, columns=["mode", "track_id", "t", "lon", "lat"])
        mode = table["mode"].combine_chunks()
        words = mode.dictionary.to_pylist()
        code = mode.indices.to_numpy()
        track = table["track_id"].combine_chunks().indices.to_numpy()
        columns = [table[name].to_numpy() for name in ("t", "lon", "lat")]
        begins = np.flatnonzero(run_starts(track, code))

        for begin, end in pairwise([*begins, len(code)]):
            word = words[code[begin]]
            if word in MODES and end - begin >= Settings.shortest_s:
                trips[word].append(Trip(f"{number}-{begin}", columns, begin, end))

        number += 1

    return trips


def _recorded(rng: Generator, t: Array, lon: Array, lat: Array) -> tuple[Array, Array, Array]:
    """A piece of one simulated trip as a device records it, faster or slower: epoch ms, degrees."""
    # a fix a second
    length = int(np.exp(rng.uniform(np.log(Settings.shortest_s), np.log(Settings.longest_s))))
    begin = int(rng.integers(max(len(t) - length, 0) + 1))
    piece = slice(begin, begin + length)

    t = t[piece]
    lon = lon[piece]
    lat = lat[piece]
    seconds = (t - t[0]) / 1000 * rng.uniform(0.75, 1.35)
    kx, ky = metres_per_degree(lat[:1])
    line = Timeline(
        t=seconds,
        x=(lon - lon[0]) * kx,
        y=(lat - lat[0]) * ky,
        below=np.zeros(len(t), bool),
        begin=np.zeros(1),
        end=np.array([seconds[-1]]),
        place=np.zeros(2, int),
    )
    device = _device(rng)
    fixes = record(line, device, Sites(np.zeros(1), np.zeros(1), {}), seconds[-1] + 1, rng)

    day = int(rng.integers(7))
    hour = rng.uniform(6, 22)
    start = Settings.monday_ms + day * DAY_MS + int(hour * HOUR_MS - lon[0] / 15 * HOUR_MS)

    return start + 1000 * fixes.t.astype(np.int64), lon[0] + fixes.x / kx, lat[0] + fixes.y / ky


def _device(rng: Generator) -> Device:
    """A phone of one cadence. Three in ten record in bursts, the others all the time."""
    in_bursts = rng.random() < 0.3
    on_s, off_s = (60, 120) if in_bursts else (36_000, 1)
    cadence_s = float(rng.choice(list(Settings.cadences), p=list(Settings.cadences.values())))

    return replace(logger(rng), moving_s=cadence_s, on_h=on_s / 3600, off_h=off_s / 3600)


def stretches_of(folder: Path, per_mode: int | None, seed: int) -> Stretches:
    """The stretches of a source's folder, whatever it holds."""
    points = folder / "points.parquet"
    if (folder / "go_track_tracks.csv").exists():
        return of_gotrack(folder)
    if not points.exists():
        return of_movement(folder, per_mode or 1000, seed)
    if "occupied" in parquet.read_schema(points).names:
        return of_taxis(points, per_mode or 400, seed)

    return of_segments(folder, per_mode, seed)


def parser() -> Parser:
    """The command's arguments."""
    p = Parser("python -m model.data.labelled", description=__doc__, allow_abbrev=False)
    add = p.add_argument
    add("--source", type=Path, required=True, nargs="+", metavar="DIR", help="folders as above")
    most = "at most N segments a mode of a source, at random"
    add("--per-mode", type=positive, metavar="N", help=most)
    drawn = "of what is drawn (default %(default)s)"
    add("--seed", type=from_zero, default=0, metavar="S", help=drawn)
    add("--output", type=Path, required=True, metavar="OUT", help="folder to write to")

    return p


def main(argv: Argv = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    parts = []
    labels: list[tuple[str, str, str]] = []

    for folder in args.source:
        found = stretches_of(folder, args.per_mode, args.seed)
        users = np.array([f"{folder.name}/{name}" for name in found.group], object)
        names = np.array([f"{user}/{number}" for number, user in enumerate(users)], object)
        parts.append(table_of(found.tracks, users, names))
        labels += zip(users, names, found.mode, strict=True)

    args.output.mkdir(parents=True, exist_ok=True)
    table = pa.concat_tables(parts)
    parquet.write_table(table, args.output / "tracks.parquet")
    write_csv(args.output / "labels.csv", ["user_id", "track_id", "mode"], labels)
    say(f"{len(labels):,} stretches and {table.num_rows:,} fixes in {args.output}")


def table_of(tracks: Tracks, users: Array, names: Array) -> pa.Table:
    """Tracks as a table. users, names: ids (n_tracks,) of the users and of the tracks."""
    columns = {
        "user_id": users[tracks.track],
        "track_id": names[tracks.track],
        "lon": tracks.lon,
        "lat": tracks.lat,
        "t": pa.array(tracks.t, pa.timestamp("ms", tz="UTC")),
    }
    return pa.table(columns)


if __name__ == "__main__":
    sys.exit(run(main))
