# SPDX-License-Identifier: GPL-2.0-or-later
"""Predict labels of regions from their visitors, beside simple methods: python -m model.evaluate
regions …

The truth is a column of numbers in a table of regions. A linear regression uses each method's
columns. Blocks of regions are never in both training and test.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from scipy.stats import spearmanr

from model.cli import positive
from model.data.join import join
from model.data.labels import read_table
from model.evaluate import check, make_parser, write_report
from model.head_training.examples import COUNTS, Regions, blocks, strength_of, strength_of_counts
from model.head_training.fit import Task, encode_numbers, folds, join_parts, linear, predict
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

ALONE, RAW = "number of visitors alone", "RAW: embeddings and region activity"
# of each method: columns (n, d) and their weights (d,)
Columns = dict[str, tuple[np.ndarray, np.ndarray]]


def methods(
    users: Tracks, visits: csr_matrix, area: np.ndarray, use: np.ndarray, model: Model
) -> Columns:
    """The columns by which each method predicts labels. visits: (n_regions, n_users). use: of
    `region_activity`.
    """
    embeddings = embed(users, model)
    one = strength_of(embeddings.shape[1], model)
    much = strength_of_counts(one)
    known = region_inputs(embeddings, visits, area, use)[:, -COUNTS:]
    pooled = np.concatenate(
        [pool_users(embeddings, visits), pool_users(embeddings, visits, "mean")], axis=1
    )
    return {
        ALONE: (known[:, :3], np.ones(3)),
        "region activity": (known, np.append(np.full(3, 3.0), np.ones(len(REGION_ACTIVITY)))),
        "embeddings": (
            np.concatenate([pooled, known[:, :3]], axis=1),
            np.concatenate([one, one, much[:3]]),
        ),
        RAW: (np.concatenate([pooled, known], axis=1), np.concatenate([one, one, much])),
    }


def evaluate(columns: Columns, y: np.ndarray, task: Task, block: np.ndarray, seed: int = 0) -> dict:
    """Each method's R², mean absolute error and rank correlation by cross-validation over blocks,
    and the gain of its R² over that of the visitors alone, with a 95 % interval by block. y: (n,)
    truth in the task's scale.
    """
    answers = {name: np.full(len(y), np.nan) for name in columns}
    for name, (x, strength) in columns.items():
        for learn, test in folds(y, block, task, seed):
            head = join_parts([linear(x[learn], y[learn], task, strength)])
            answers[name][test] = task.in_unit(predict(head, x[test], task)[:, 0])
    truth = task.in_unit(y)
    return {
        name: measure(answer, truth, answers[ALONE], block, seed)
        for name, answer in answers.items()
    }


def measure(
    answer: np.ndarray, truth: np.ndarray, alone: np.ndarray, block: np.ndarray, seed: int
) -> dict:
    """R², mean absolute error, rank correlation, and what R² gains over `alone`, with its interval
    by block. (n,).
    """
    off, beside = answer - truth, alone - truth
    each = np.stack([off**2, beside**2, (truth - truth.mean()) ** 2, np.abs(off)], axis=1)
    mean, drawn = each.mean(axis=0), by_group(each, block, seed)
    return {
        "r2": float(1 - mean[0] / mean[2]),
        "mae": float(mean[3]),
        "rank_correlation": float(np.nan_to_num(spearmanr(answer, truth).statistic)),
        "more_r2": [
            float((mean[1] - mean[0]) / mean[2]),
            *limits((drawn[:, 1] - drawn[:, 0]) / drawn[:, 2]),
        ],
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command. Raises InputError for too few regions."""
    p = make_parser("regions", __doc__)
    p.add_argument("--regions", required=True, metavar="R", help="GeoJSON or GeoPackage")
    p.add_argument("--id", metavar="FIELD", help="field of the regions that the labels' ids are of")
    p.add_argument(
        "--labels", required=True, metavar="L", help="a table with the regions' ids and the field"
    )
    p.add_argument("--field", required=True, metavar="F", help="column of the labels: a number")
    p.add_argument(
        "--min-users",
        type=positive,
        default=Regions.min_users,
        metavar="N",
        help="minimum users (10)",
    )
    args = p.parse_args(argv)
    check(args)
    model, regions = Model(open_bundle(args.bundle)), read_polygons(args.regions, args.id)
    users = read(args.tracks)[0].by_user()
    found = join(
        regions.ids, np.arange(len(regions.ids)), read_table(args.labels), "region", args.field
    )
    try:
        shapes, value = regions.shapes[found.unit], found.value.astype(float)
    except ValueError as e:
        raise InputError(f"The column '{args.field}' must hold numbers: {e}.") from e
    inside = fixes_inside(users, shapes)
    visits = count_users(users, inside)
    # regions that can be scored, not figures that are shown
    enough = np.flatnonzero(np.diff(visits.indptr) >= args.min_users)
    if len(enough) < 20:
        raise InputError(
            f"Only {len(enough)} regions were crossed by {args.min_users} users; at least 20 are needed."
        )
    visits, shapes, block = csr_matrix(visits[enough]), shapes[enough], blocks(shapes[enough])
    if len(np.unique(block)) < 2:
        raise InputError(
            "All regions lie within two kilometres, so none is far enough from the others to test on."
        )
    use = region_activity(users, fix_activity(users), [inside[i] for i in enough])
    task, y = encode_numbers(value[enough])
    results = {
        "truth": args.field,
        "regions": len(y),
        "blocks": len(np.unique(block)),
        "users": users.n_users,
        "methods": evaluate(
            methods(users, visits, area_km2(shapes), use, model), y, task, block, args.seed
        ),
    }
    print(f"{results['truth']}: {results['regions']} regions, {results['users']:,} users")
    for name, m in results["methods"].items():
        print(
            f"  R² {m['r2']:6.3f}  {m['more_r2'][0]:+.3f} [{m['more_r2'][1]:+.3f}, {m['more_r2'][2]:+.3f}]  {name}"
        )
    write_report(args, results)
