# SPDX-License-Identifier: GPL-2.0-or-later
"""Teach a head from labelled units: python -m model.finetune --tracks T --labels L --field F --unit U …

The labels are a table with an id column and the field; a table with start and end times labels intervals, each a
track. The head is judged by cross-validation over people (regions: over blocks of two kilometres) beside gradient
boosting on hand features (regions: on the number of visitors alone), and goes into a copy of the bundle with both
figures in its card.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags
from torch import Tensor, nn

from model.card import write_card
from model.cli import Parser, run
from model.export import export_graph
from model.hand_features import hand_features
from model.heads import (
    FOLDS,
    INTERVAL,
    UNKNOWN_BELOW,
    Head,
    Task,
    boosting,
    encode,
    fit,
    folds,
    predict,
    scores,
    temperature,
)
from model.labels import join, label_units, read_table, thin
from raw_qgis_plugin.core.bundle import Bundle, open_bundle
from raw_qgis_plugin.core.domain import UNLIMITED, unit_stats
from raw_qgis_plugin.core.embed import embed
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.polygons import Polygons, read_polygons
from raw_qgis_plugin.core.regions import area_km2, crossing, region_inputs
from raw_qgis_plugin.core.runtime import Model
from raw_qgis_plugin.core.sources import read
from raw_qgis_plugin.core.tracks import Tracks

BLOCK_DEGREES = 0.02  # about two kilometres: regions of one block stay on one side of a split
THINNINGS = 8  # copies of each region with fewer of its users, so that a head does not depend on how many are seen
FEWEST_USERS = 10
SAYS_LITTLE = 0.1  # R² under which a head of numbers is hardly better than their mean


@dataclass(frozen=True)
class Examples:
    """What a head learns from. x, hand: (n, …) inputs of the head and of the baseline. label: (n,). group: (n,) int.
    whole: (n,) bool, False for thinned copies, which are never tested on. domain: what the units were like.
    """

    x: np.ndarray
    hand: np.ndarray
    label: np.ndarray
    group: np.ndarray
    whole: np.ndarray
    domain: dict[str, list[float]]


def unit_examples(tracks: Tracks, table: dict[str, np.ndarray], unit: str, field: str, model: Model) -> Examples:
    """Examples of users, tracks, days or labelled intervals; people stay together."""
    tracks, found = label_units(tracks, table, unit, field)
    x = embed(tracks, model)
    good = ~np.isnan(x).any(axis=1)
    stats = {k: v[good] for k, v in unit_stats(tracks).items()}
    hand = hand_features(tracks)[good]
    return Examples(x[good], hand, found.value[good], found.group[good], np.ones(good.sum(), bool), _domain(stats))


def region_examples(
    tracks: Tracks, regions: Polygons, table: dict[str, np.ndarray], field: str, model: Model, seed: int
) -> Examples:
    """Examples of regions with at least ten users, whole and thinned; a label goes with its region's block."""
    ids, polygons = regions.ids, regions.shapes
    centres = np.array([[p.centroid.x, p.centroid.y] for p in polygons])
    block = np.unique(np.floor(centres / BLOCK_DEGREES).astype(int), axis=0, return_inverse=True)[1].ravel()
    found = join(ids, block, table, "region", field)
    users = tracks.by_user()
    visits = crossing(users, polygons[found.unit])
    embeddings, area = embed(users, model), area_km2(polygons[found.unit])
    rng = np.random.default_rng(seed)
    parts = []
    for copy in range(1 + THINNINGS):
        share = 1.0 if copy == 0 else float(np.exp(rng.uniform(np.log(0.15), 0.0)))
        thinned = csr_matrix(visits @ diags((rng.random(users.n_users) < share).astype(np.int64)))
        thinned.eliminate_zeros()
        n = np.diff(thinned.indptr)
        row = np.flatnonzero(n >= FEWEST_USERS)
        x = region_inputs(embeddings, thinned, area)
        parts.append((x[row], x[row][:, -3:], found.value[row], found.group[row], np.full(len(row), copy == 0), n[row]))
    x, hand, label, group, whole, n_users = (np.concatenate(p) for p in zip(*parts, strict=True))
    if whole.sum() < 10:
        raise InputError(
            f"Only {whole.sum()} labelled regions were crossed by {FEWEST_USERS} users; teaching takes at least ten."
        )
    domain = _domain({k: v for k, v in unit_stats(users).items() if k in ("cadence_s", "speed_ms")})
    return Examples(x, hand, label, group, whole, domain | {"n_users": [FEWEST_USERS, 2 * int(n_users.max())]})


def _domain(stats: dict[str, np.ndarray]) -> dict[str, list[float]]:
    """The middle 98 % of the units taught with, and half as much again; more fixes and a longer time are welcome."""
    limits = {}
    for name, values in stats.items():
        low, high = np.nanpercentile(values, [1, 99])
        limits[name] = [float(f"{low / 1.5:.3g}"), float(f"{high * 1.5:.3g}")]
    for name in ("n_fixes", "span_h"):
        if name in limits:
            limits[name][1] = UNLIMITED
    if "speed_ms" in limits:
        limits["speed_ms"][0] = 0.0
    return limits


def teach(e: Examples, rename: dict[str, str], seed: int, minutes: float) -> tuple[Head, Task, float, dict]:
    """Cross-validate, calibrate and train. Returns the head, its task, its temperature and what the card says."""
    task, y = encode(e.label, rename)
    if task.classes and len(task.classes) < 2:
        raise InputError("All labels are equal: there is nothing to learn.")
    out = np.full((len(y), task.outputs), np.nan)
    simple = np.full(len(y), np.nan)
    hand = e.hand[:, np.isnan(e.hand).mean(axis=0) < 0.9]  # a short track has no night and no working hours
    began = time.monotonic()
    for fold, (learn, test) in enumerate(folds(y, e.group, task, seed)):
        test = test[e.whole[test]]
        out[test] = predict(fit(e.x[learn], y[learn], e.group[learn], task, seed + fold), e.x[test])
        simple[test] = boosting(hand[learn], y[learn], task, seed).predict(hand[test])
        print(json.dumps({"fold": fold + 1, "of": FOLDS, "seconds": round(time.monotonic() - began, 1)}), flush=True)
        if time.monotonic() - began > 60 * minutes:
            break
    told = ~np.isnan(simple)
    if not told.any():
        raise InputError(
            "The labels are too few or in too few groups for a cross-validation, so nothing could be said of the head."
        )
    heat, card = 1.0, {"kind": task.kind, "inputs": e.x.shape[1], "domain": e.domain}
    if task.classes:
        heat = temperature(out[told], y[told])
        answer = out.argmax(axis=1)
        card |= {"classes": list(task.classes), "threshold": UNKNOWN_BELOW if task.kind == "binary" else 0.5}
    else:
        answer = out[:, 0]
        card |= {"transform": task.transform, "halfwidth": interval(y[told] - out[told, 0])}
    card["metrics"] = {
        "units": int(told.sum()), "groups": len(np.unique(e.group[told])), "head": scores(answer[told], y[told], task),
        "baseline": scores(simple[told].astype(y.dtype), y[told], task),
    }  # fmt: skip
    return fit(e.x, y, e.group, task, seed), task, heat, card


def interval(residual: np.ndarray) -> dict[str, float]:
    """Offsets of the conformal 80 % interval from the residuals (n,) of cross-validation, in the task's scale."""
    rank = min((1 - (1 - INTERVAL) / 2) * (1 + 1 / len(residual)), 1.0)
    return {"low": float(np.quantile(residual, 1 - rank)), "high": float(np.quantile(residual, rank))}


class Calibrated(nn.Module):
    """A head with its temperature, as exported."""

    def __init__(self, head: Head, heat: float) -> None:
        super().__init__()
        self.head, self.heat = head, heat

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs) to (n, outputs)."""
        return self.head(x) / self.heat


def add_head(bundle: Bundle, output: Path, name: str, head: Head, heat: float, card: dict) -> None:
    """Write a copy of the bundle with the head in it, in the place of one of that name.

    The copy is made and checked beside the output, so that a bundle is replaced by a whole one or not at all.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=output.parent) as beside:
        fresh = Path(shutil.copytree(bundle.path, Path(beside) / "fresh"))
        (fresh / "heads").mkdir(exist_ok=True)
        x = torch.zeros(2, head.first.in_features)
        rows = {"x": {0: torch.export.Dim("rows", min=1)}}
        export_graph(Calibrated(head, heat).eval(), {"x": x}, fresh / "heads" / f"{name}.onnx", ["answer"], rows)
        others = [h for h in bundle.card["heads"] if h["name"] != name]
        write_card(fresh, bundle.card | {"heads": [*others, {"name": name, **card}]})
        open_bundle(fresh)
        if output.exists():
            output.rename(Path(beside) / "replaced")
        fresh.rename(output)


def verdict(metrics: dict) -> str:
    """One sentence on whether the head is worth using."""
    key = "accuracy" if "accuracy" in metrics["head"] else "r2"
    ours, simple = metrics["head"][key], metrics["baseline"][key]
    words = {"accuracy": "accuracy", "r2": "R²"}[key]
    against = f"{words} {ours:.3f} against {simple:.3f} of the baseline on {metrics['units']} units not trained on"
    if ours <= simple:
        return f"The simple baseline does as well or better: {against}."
    if key == "r2" and ours < SAYS_LITTLE:
        return f"The head says little, if more than the baseline: {against}."
    return f"The head is worth using: {against}."


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = Parser("python -m model.finetune", description=__doc__)
    p.add_argument("--tracks", required=True, metavar="T", help="Parquet, CSV or a GeoLife folder")
    p.add_argument("--labels", required=True, metavar="L", help="CSV or Parquet: an id column and the field")
    p.add_argument("--field", required=True, metavar="F", help="column of the labels to learn")
    p.add_argument("--unit", required=True, choices=("user", "track", "day", "region"))
    p.add_argument("--task-name", required=True, metavar="NAME", help="name of the head: small letters, digits, _")
    p.add_argument("--regions", metavar="R", help="GeoJSON or GeoPackage, for --unit region")
    p.add_argument("--id", metavar="FIELD", help="field of the regions that the labels' ids are of")
    p.add_argument(
        "--rename",
        nargs="+",
        default=[],
        metavar="FROM=TO",
        help="labels to call by another name, so as to merge classes",
    )
    p.add_argument("--per-class", type=int, metavar="N", help="learn from at most N labels a class, drawn at random")
    p.add_argument("--title", default="", help="the task in words, for legends")
    p.add_argument("--unit-of-measure", default="", help="of a number, such as 'per km²'")
    p.add_argument("--trained-on", default="", help="what the labels speak for, for the card")
    p.add_argument("--experimental", action="store_true", help="mark the head: only synthetic data speaks for it")
    p.add_argument("--backbone", choices=("frozen",), default="frozen", help="the network stays as it is")
    p.add_argument("--minutes", type=float, default=30.0, help="stop cross-validating after this long")
    p.add_argument("--bundle", help="model bundle (default: the shipped one)")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--output", type=Path, required=True, metavar="BUNDLE", help="folder of the new bundle")
    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    if not args.task_name.isascii() or not args.task_name.isidentifier() or args.task_name != args.task_name.lower():
        raise InputError(f"'{args.task_name}' is no name for a head: use small letters, digits and _.")
    rename = dict(r.split("=", 1) for r in args.rename)
    bundle = open_bundle(args.bundle)
    model, table = Model(bundle), read_table(args.labels)
    if args.field not in table:
        raise InputError(f"The labels have no column '{args.field}'. They have: {', '.join(table)}.")
    if args.per_class:
        table = thin(table, args.field, rename, args.per_class, args.seed)
    tracks, skipped, guess = read(args.tracks)
    print(json.dumps({"fields": str(guess), "skipped": str(skipped)}), flush=True)
    if args.unit == "region":
        if not args.regions:
            raise InputError("--unit region needs --regions.")
        examples = region_examples(tracks, read_polygons(args.regions, args.id), table, args.field, model, args.seed)
    else:
        examples = unit_examples(tracks, table, args.unit, args.field, model)
    head, _, heat, card = teach(examples, rename, args.seed, args.minutes)
    card |= {
        "unit": args.unit, "task": args.field, "title": args.title or args.task_name.replace("_", " "),
        "unit_of_measure": args.unit_of_measure, "trained_on": args.trained_on, "experimental": args.experimental,
        "verdict": verdict(card["metrics"]),
    }  # fmt: skip
    add_head(bundle, args.output, args.task_name, head, heat, card)
    print(json.dumps(card["metrics"]))
    print(card["verdict"])


if __name__ == "__main__":
    sys.exit(run(main))
