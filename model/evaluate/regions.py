# SPDX-License-Identifier: GPL-2.0-or-later
"""Predict labels of regions from their visitors, beside simple methods: python -m model.evaluate
regions …

The truth is a column of numbers in a table of regions. A linear regression uses each method's
columns. Blocks of regions are never in both training and test.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.stats import spearmanr

from model.cli import Argv, positive
from model.data.join import join
from model.data.labels import read_table
from model.evaluate import check, make_parser, write_report
from model.head_training.examples import COUNTS, Regions, blocks, strength_of, strength_of_counts
from model.head_training.fit import Task, encode_numbers, folds, join_parts, linear, predict
from raw_qgis_plugin.core.arrays import Array
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.metrics import by_group, limits
from raw_qgis_plugin.core.features.region_activity import (
    REGION_ACTIVITY,
    fix_activity,
    region_activity,
)
from raw_qgis_plugin.core.regions.geometry import area_km2, fixes_inside
from raw_qgis_plugin.core.regions.heads import count_users, pool_users, region_inputs
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks

ALONE = "number of visitors alone"
RAW = "RAW: embeddings and region activity"
MIN_REGIONS = 20  # with enough visitors
# of each method: columns (n, d) and their weights (d,)
Columns = dict[str, tuple[np.ndarray, np.ndarray]]


def methods(users: Tracks, visits: csr_matrix, area: Array, use: Array, model: Model) -> Columns:
    """The columns by which each method predicts labels.

    visits: (n_regions, n_users). use: of `region_activity`.
    """
    embeddings = embed(users, model)
    one = strength_of(embeddings.shape[1], model)
    much = strength_of_counts(one)
    known = region_inputs(embeddings, visits, area, use)[:, -COUNTS:]
    alone = known[:, :3]
    summed = pool_users(embeddings, visits)
    averaged = pool_users(embeddings, visits, "mean")
    pooled = np.concatenate([summed, averaged], axis=1)
    both = np.concatenate([one, one])
    activity = np.append(np.full(3, 3.0), np.ones(len(REGION_ACTIVITY)))

    return {
        ALONE: (alone, np.ones(3)),
        "region activity": (known, activity),
        "embeddings": (np.hstack([pooled, alone]), np.append(both, much[:3])),
        RAW: (np.hstack([pooled, known]), np.append(both, much)),
    }


def evaluate(columns: Columns, y: Array, task: Task, block: Array, seed: int = 0) -> dict:
    """Figures of each method by cross-validation over blocks. y: (n,) truth in the task's scale."""
    answers = {name: np.full(len(y), np.nan) for name in columns}
    for name, (x, strength) in columns.items():
        for learn, test in folds(y, block, task, seed):
            head = join_parts([linear(x[learn], y[learn], task, strength)])
            answer = predict(head, x[test], task)[:, 0]
            answers[name][test] = task.in_unit(answer)

    truth = task.in_unit(y)
    return {
        name: measure(answer, truth, answers[ALONE], block, seed)
        for name, answer in answers.items()
    }


def measure(answer: Array, truth: Array, alone: Array, block: Array, seed: int) -> dict:
    """R², mean absolute error, rank correlation, and what R² gains over `alone`; (n,) each.

    The gain has its 95 % interval by block.
    """
    off = answer - truth
    simple_off = alone - truth
    from_mean = truth - truth.mean()
    squares = np.stack([off**2, simple_off**2, from_mean**2], axis=1)
    ours, simple, spread = squares.mean(axis=0)
    drawn = by_group(squares, block, seed)
    drawn_ours, drawn_simple, drawn_spread = drawn.T
    gain = (drawn_simple - drawn_ours) / drawn_spread

    return {
        "r2": float(1 - ours / spread),
        "mae": float(np.abs(off).mean()),
        "rank_correlation": float(np.nan_to_num(spearmanr(answer, truth).statistic)),
        "more_r2": [float((simple - ours) / spread), *limits(gain)],
    }


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = make_parser("regions", __doc__)
    add = p.add_argument
    add("--regions", required=True, metavar="R", help="GeoJSON or GeoPackage")
    add("--id", metavar="FIELD", help="field of the regions that the labels' ids are of")
    table = "a table with the regions' ids and the field"
    add("--labels", required=True, metavar="L", help=table)
    add("--field", required=True, metavar="F", help="column of the labels: a number")
    fewest = Regions.min_users
    add("--min-users", type=positive, default=fewest, metavar="N", help="minimum users (10)")

    return p


@dataclass(frozen=True)
class Visited:
    """Regions with a label and enough visitors: shapes, labels, visits and blocks, (n,) each."""

    shapes: Array
    value: Array
    visits: csr_matrix  # (n, n_users)
    block: Array
    use: Array  # of `region_activity`


def read_regions(users: Tracks, args: argparse.Namespace) -> Visited:
    """The regions that can be tested. Raises InputError for too few."""
    regions = read_polygons(args.regions, args.id)
    table = read_table(args.labels)
    number = np.arange(len(regions.ids))
    found = join(regions.ids, number, table, "region", args.field)

    try:
        value = found.value.astype(float)
    except ValueError as e:
        raise InputError(f"The column '{args.field}' must hold numbers: {e}.") from e

    shapes = regions.shapes[found.unit]
    inside = fixes_inside(users, shapes)
    visits = count_users(users, inside)
    # regions that can be scored, not figures that are shown
    enough = np.flatnonzero(np.diff(visits.indptr) >= args.min_users)
    if len(enough) < MIN_REGIONS:
        raise InputError(
            f"Only {len(enough)} regions were crossed by {args.min_users} users; "
            f"at least {MIN_REGIONS} are needed."
        )

    block = blocks(shapes[enough])
    if len(np.unique(block)) < 2:
        raise InputError(
            "All regions lie within two kilometres, so none is far enough from the others to "
            "test on."
        )

    use = region_activity(users, fix_activity(users), [inside[i] for i in enough])
    return Visited(shapes[enough], value[enough], csr_matrix(visits[enough]), block, use)


def main(argv: Argv = None) -> None:
    """Run the command. Raises InputError for too few regions."""
    args = parser().parse_args(argv)
    check(args)
    model = Model(open_bundle(args.bundle))
    users = read(args.tracks)[0].by_user()
    regions = read_regions(users, args)
    task, y = encode_numbers(regions.value)
    columns = methods(users, regions.visits, area_km2(regions.shapes), regions.use, model)
    results = {
        "truth": args.field,
        "regions": len(y),
        "blocks": len(np.unique(regions.block)),
        "users": users.n_users,
        "methods": evaluate(columns, y, task, regions.block, args.seed),
    }
    print(f"{results['truth']}: {results['regions']} regions, {results['users']:,} users")

    for name, m in results["methods"].items():
        gain, low, high = m["more_r2"]
        print(f"  R² {m['r2']:6.3f}  {gain:+.3f} [{low:+.3f}, {high:+.3f}]  {name}")

    write_report(args, results)
