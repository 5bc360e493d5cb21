# SPDX-License-Identifier: GPL-2.0-or-later
"""Predict labels of regions from their visitors, beside simple methods: python -m model.evaluate regions …

With --labels and --field the truth is a column of a table. With --pickups it is the number of pick-ups by taxis in the
last week of the tracks (their flag turns from free to occupied). The inputs are then the tracks, before that week, of
the taxis held out from training, and the pick-ups those of the others. The flag is never an input. With --hours each
stretch of a track counts as a user: within weeks a taxi crosses everything, within two hours it does not. A linear
regression uses each method's columns. Two controls show whether it matters what visitors are like: their embeddings
permuted among them, and noise in place of embeddings. Blocks of regions are never in both training and test.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from scipy.stats import spearmanr

from model.cli import over_zero, positive
from model.data.heldout import held_out_cab
from model.data.labels import join, read_table
from model.evaluate import check_report, make_parser, write_report
from model.head_training.examples import COUNTS, REGIONS, blocks, strength_of, strength_of_counts
from model.head_training.fit import Task, encode_numbers, folds, join_parts, linear, predict
from model.head_training.scoring import by_group, limits
from model.head_training.untrained import untrained
from raw_qgis_plugin.core.arrays import run_starts
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.features.region_activity import REGION_ACTIVITY
from raw_qgis_plugin.core.regions.geometry import area_km2, fixes_inside
from raw_qgis_plugin.core.regions.heads import activity_of_regions, count_users, pool_users, region_inputs
from raw_qgis_plugin.core.scratch import Scratch
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.times import DAY_MS, HOUR_MS
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

WEEK_MS = 7 * DAY_MS
ALONE, RAW, WHO = "number of visitors alone", "RAW: embeddings and region activity", "embeddings"
DRAWS = 10
MORE = {"permuted": "more_r2_than_permuted", "noise": "more_r2_than_noise"}  # controls: WHO is held against them
Columns = dict[str, tuple[np.ndarray, np.ndarray]]  # of each method: columns (n, d) and their weights (d,)


def methods(users: Tracks, visits: csr_matrix, area: np.ndarray, use: np.ndarray, model: Model, seed: int) -> Columns:
    """The columns by which each method predicts labels. visits: (n_regions, n_users). use: of
    `activity_of_regions`.
    """
    with Scratch("raw-untrained-") as beside:
        embeddings, random = embed(users, model), embed(users, untrained(model.bundle, Path(beside) / "b", seed))
    one = strength_of(embeddings.shape[1], model)
    much = strength_of_counts(one)
    known = region_inputs(embeddings, visits, area, use)[:, -COUNTS:]
    counts = known[:, :3]

    def pooled(e: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = np.concatenate([pool_users(e, visits), pool_users(e, visits, "mean"), counts], axis=1)
        return x, np.concatenate([one, one, much[:3]])

    total_and_mean, strength = pooled(embeddings)
    columns = {
        ALONE: (counts, np.ones(3)),
        "region activity": (known, np.append(np.full(3, 3.0), np.ones(len(REGION_ACTIVITY)))),
        WHO: (total_and_mean, strength),
        RAW: (np.concatenate([total_and_mean[:, :-3], known], axis=1), np.concatenate([one, one, much])),
        "embeddings from random weights": pooled(random),
    }
    for draw in range(DRAWS):
        columns[f"permuted {draw}"] = pooled(embeddings[permuted(embeddings, visits, seed + draw)])
        columns[f"noise {draw}"] = pooled(noise_like(embeddings, seed + draw))
    return columns


def permuted(embeddings: np.ndarray, visits: csr_matrix, seed: int) -> np.ndarray:
    """(n_users,) the user whose embedding each user gets: those known of visitors are permuted."""
    owner = np.arange(len(embeddings))
    came = np.flatnonzero((visits.getnnz(axis=0) > 0) & ~np.isnan(embeddings).any(axis=1))
    owner[came] = np.random.default_rng(seed).permutation(came)
    return owner


def noise_like(embeddings: np.ndarray, seed: int) -> np.ndarray:
    """(n_users, d) normal noise, nan where there is no embedding: it identifies users without describing them."""
    noise = np.random.default_rng(seed).normal(size=embeddings.shape).astype(np.float32)
    noise[np.isnan(embeddings).any(axis=1)] = np.nan
    return noise


def evaluate(columns: Columns, y: np.ndarray, task: Task, block: np.ndarray, seed: int = 0) -> dict:
    """Each method's R², mean absolute error and rank correlation by cross-validation over blocks, and the gain of its
    R² over that of the visitors alone, with a 95 % interval by block. For WHO also the gain over the controls of MORE,
    averaged over the draws. y: (n,) truth in the task's scale.
    """
    truth = task.in_unit(y)
    answers: dict[str, np.ndarray] = {}
    for name, (x, strength) in columns.items():
        answers[name] = np.full(len(y), np.nan)
        for learn, test in folds(y, block, task, seed):
            head = join_parts([linear(x[learn], y[learn], task, strength)])
            answers[name][test] = task.in_unit(predict(head, x[test], task)[:, 0])
    for control in MORE:
        answers[control] = np.stack([answers.pop(f"{control} {draw}") for draw in range(DRAWS)])
    found = {name: measure(answer, truth, answers[ALONE], block, seed) for name, answer in answers.items()}
    for control, key in MORE.items():
        found[WHO][key] = measure(answers[WHO], truth, answers[control], block, seed)["more_r2"]
    return found


def measure(answer: np.ndarray, truth: np.ndarray, other: np.ndarray, block: np.ndarray, seed: int) -> dict:
    """The figures of a method beside another. answer, other: (n,), or (draws, n) whose errors are averaged. truth:
    (n,). All are in the unit of measure.
    """
    off, beside = (np.atleast_2d(a) - truth for a in (answer, other))
    columns = [(off**2).mean(axis=0), (beside**2).mean(axis=0), (truth - truth.mean()) ** 2, np.abs(off).mean(axis=0)]
    each = np.stack(columns, axis=1)
    mean, drawn = each.mean(axis=0), by_group(each, block, seed)
    ranks = [spearmanr(a, truth).statistic for a in np.atleast_2d(answer)]
    return {
        "r2": float(1 - mean[0] / mean[2]), "mae": float(mean[3]),
        "rank_correlation": float(np.nan_to_num(ranks).mean()),
        "more_r2": [float((mean[1] - mean[0]) / mean[2]), *limits((drawn[:, 1] - drawn[:, 0]) / drawn[:, 2])],
    }  # fmt: skip


def pickups(path: str, regions: np.ndarray) -> tuple[Tracks, np.ndarray, np.ndarray]:
    """Tracks of the held-out taxis before the last week; and pick-ups of the others in each region, (n_regions,), in
    the last week and the one before. Raises InputError for a file without the flag.
    """
    from pyarrow import parquet

    try:
        table = parquet.read_table(path, columns=["cab_id", "t", "occupied", "lon_e6", "lat_e6"])
    except (OSError, KeyError, ValueError) as e:
        raise InputError(f"--pickups needs Parquet with cab_id, t, occupied, lon_e6 and lat_e6: {e}") from e
    cab = np.asarray(table["cab_id"].to_pylist(), object)
    t = table["t"].cast("timestamp[ms]").to_numpy().astype("datetime64[ms]").astype(np.int64)
    lon, lat = (table[name].to_numpy() / 1e6 for name in ("lon_e6", "lat_e6"))
    occupied = table["occupied"].to_numpy().astype(bool)
    order = np.lexsort((t, cab.astype(str)))
    cab, t, lon, lat, occupied = (a[order] for a in (cab, t, lon, lat, occupied))
    names, number = np.unique(cab.astype(str), return_inverse=True)
    apart = np.array([held_out_cab(str(name)) for name in names])[number]
    begins = np.append(False, occupied[1:] & ~occupied[:-1] & (cab[1:] == cab[:-1])) & ~apart
    split = t.max() - WEEK_MS
    counts = []
    for when in (t >= split, (t >= split - WEEK_MS) & (t < split)):
        row = np.flatnonzero(begins & when)
        points, _ = build_tracks(np.arange(len(row)), None, t[row], lon[row], lat[row])
        counts.append(np.array([len(rows) for rows in fixes_inside(points, regions)], float))
    seen = apart & (t < split)
    tracks, _ = build_tracks(cab[seen], None, t[seen], lon[seen], lat[seen])
    return tracks, counts[0], counts[1]


def stretches(tracks: Tracks, hours: float) -> Tracks:
    """Each stretch of so many hours of a user as a user of its own."""
    users = tracks.by_user()
    stretch = np.cumsum(run_starts(users.user, users.t // int(hours * HOUR_MS))) - 1
    return build_tracks(stretch, None, users.t, users.lon, users.lat, drop_spikes=False)[0]


def run_all(args: argparse.Namespace) -> dict:
    """The figures of all methods. Raises InputError for too few regions."""
    if not args.pickups and not (args.labels and args.field):
        raise InputError("What is the truth? Give --labels and --field, or --pickups.")
    model, regions = Model(open_bundle(args.bundle)), read_polygons(args.regions, args.id)
    shapes = regions.shapes
    if args.pickups:
        shapes = shapes[[p is not None and not p.is_empty for p in shapes]]
        tracks, value, before = pickups(args.tracks, shapes)
    else:
        tracks, before = read(args.tracks)[0], None
        found = join(regions.ids, np.arange(len(regions.ids)), read_table(args.labels), "region", args.field)
        try:
            shapes, value = shapes[found.unit], found.value.astype(float)
        except ValueError as e:
            raise InputError(f"The column '{args.field}' must hold numbers: {e}.") from e
    users = stretches(tracks, args.hours) if args.hours else tracks.by_user()
    inside = fixes_inside(users, shapes)
    visits = count_users(users, inside)
    enough = np.flatnonzero(np.diff(visits.indptr) >= args.min_users)
    if len(enough) < 20:
        raise InputError(f"Only {len(enough)} regions were crossed by {args.min_users} users; at least 20 are needed.")
    visits, shapes, value = csr_matrix(visits[enough]), shapes[enough], value[enough]
    block = blocks(shapes)
    if len(np.unique(block)) < 2:
        raise InputError("All regions lie within two kilometres, so none is far enough from the others to test on.")
    use = activity_of_regions(users, [inside[i] for i in enough])
    columns = methods(users, visits, area_km2(shapes), use, model, args.seed)
    if before is not None:
        last = np.log1p(before[enough]).astype(np.float32)[:, None]
        columns["pick-ups of the week before"] = last, np.ones(1)
        x, strength = columns[RAW]
        columns["RAW and the week before"] = np.concatenate([x, last], axis=1), np.append(strength, 10.0)
    task, y = encode_numbers(value)
    return {
        "truth": "pick-ups in the last week" if args.pickups else args.field, "regions": len(value),
        "blocks": len(np.unique(block)), "users": users.n_users, "hours": args.hours,
        "methods": evaluate(columns, y, task, block, args.seed),
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = make_parser("regions", __doc__)
    p.add_argument("--regions", required=True, metavar="R", help="GeoJSON or GeoPackage")
    p.add_argument("--id", metavar="FIELD", help="field of the regions that the labels' ids are of")
    p.add_argument("--labels", metavar="L", help="a table with the regions' ids and the field")
    p.add_argument("--field", metavar="F", help="column of the labels: a number")
    p.add_argument("--pickups", action="store_true", help="the truth is where taxis of --tracks picked people up")
    p.add_argument("--hours", type=over_zero, metavar="H", help="each stretch of H hours of a track counts as a user")
    p.add_argument(
        "--min-users", type=positive, default=REGIONS.min_users, metavar="N", help="minimum users (default: 10)"
    )
    args = p.parse_args(argv)
    check_report(args)
    results = run_all(args)
    who = "stretches of tracks" if results["hours"] else "users"
    print(f"{results['truth']}: {results['regions']} regions, {results['users']:,} {who}")
    for name, m in results["methods"].items():
        print(f"  R² {m['r2']:6.3f}  {m['more_r2'][0]:+.3f} [{m['more_r2'][1]:+.3f}, {m['more_r2'][2]:+.3f}]  {name}")
    for control, key in MORE.items():
        print("  {:+.3f} [{:+.3f}, {:+.3f}]".format(*results["methods"][WHO][key]), f" {WHO}, above {control}")
    if args.output:
        write_report(args.output, results)
