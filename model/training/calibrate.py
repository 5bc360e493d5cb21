# SPDX-License-Identifier: GPL-2.0-or-later
"""Calibrate forecast areas: factors for their radii so that they hold their share on units not trained on.

A model's areas come from people held out of its own corpus, and strangers will differ from these:
python -m model.calibrate --bundle B --corpus S … widens them where tracks that trained nothing want it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

from model.cli import Parser, from_zero, print_line
from model.data.batches import FILLED_S, Batch, Batches
from model.data.corpus import COARSE_S, load, source_name
from model.raw import Raw
from model.training.card import write_card
from model.training.checkpoint import load_network
from model.training.loss import answers
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.contract import CALIBRATION_COLUMNS
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.features.featurizer import unsquashed
from raw_qgis_plugin.core.forecasting import candidates as places
from raw_qgis_plugin.core.forecasting.context import ROAMS_M, kind_of_days
from raw_qgis_plugin.core.forecasting.mixture import LEVELS, depth, mixture, moving, radii, spatial_median

EDGES_S = (1, 4, 8, 15, 30, 60, 120, 240, 480, 900, 1800, 3600, 7200, 18_000)  # horizons that share a factor
WARM = 16  # fixes of context, at least
ENOUGH = 300  # forecasts a factor
EACH = 2000  # forecasts a batch
MOVED_M = 1.0
PRIOR_PEOPLE = 5  # as many as the calibration before counts for, beside people who were held out since
FAMILIES = ((None, False), (FILLED_S, False), (FILLED_S, True))  # cadence, all of trips where None; filled


@torch.no_grad()
def calibrate(network: Raw, corpus: Batches, batches: int = 40) -> dict[str, dict[str, list[float]]]:
    """Factors of radii and shares of areas by kind of context and horizon, conformal: quantiles of error over radius,
    and of the least share of the mixture that holds the truth.

    corpus: of units not trained on. Where days are filled, the cases that moved count. Returns by kind
    (core/forecasting/predict.py) horizon_s and CALIBRATION_COLUMNS, one entry a range of horizons that the corpus has.
    """
    trips = [c for c in corpus.cadences if c < COARSE_S]
    found = []
    for cadence, filled in FAMILIES:
        if not (cadence in corpus.cadences if cadence else trips):
            continue
        for n in range(batches):
            batch = corpus.batch(1_000_000 + n, cadence or trips[n % len(trips)], filled)
            found.append(_errors(network, batch, moved_only=filled, seed=n))
    if not found:  # people seen every five minutes or half an hour alone are of no family
        return {}
    kind, horizon, ratio, deep = (np.concatenate(a) for a in zip(*found, strict=True))
    tables = {}
    for k in np.unique(kind):
        alike = (kind == "trips") == (k == "trips")
        alike &= np.char.endswith(kind, "held") == k.endswith("held")
        tables[str(k)] = table(horizon[alike], ratio[alike], deep[alike], kind[alike] == k)
    return {k: t for k, t in tables.items() if t["horizon_s"]}


def between(before: dict, found: dict, people: int) -> dict[str, dict[str, list[float]]]:
    """The calibration between that before and that found on some people: a few of them are not all who will be asked
    about. Kinds that only one of them has are as they are there.
    """
    belief, result = people / (people + PRIOR_PEOPLE), before | found
    for kind in before.keys() & found.keys():
        old, new = before[kind], found[kind]
        if not old.get("horizon_s"):
            continue
        result[kind] = {"horizon_s": new["horizon_s"]}
        for name in CALIBRATION_COLUMNS:
            then = np.interp(np.log(new["horizon_s"]), np.log(old["horizon_s"]), old[name])
            result[kind][name] = np.round(belief * np.array(new[name]) + (1 - belief) * then, 4).tolist()
    return result


def widened(before: dict, found: dict, kinds: Iterable[str]) -> dict[str, dict[str, list[float]]]:
    """The calibration before, at its horizons as wide as that found on strangers where that is wider, of some kinds."""
    result = dict(before)
    for kind in before.keys() & found.keys() & set(kinds):
        old, new = before[kind], found[kind]
        if not old.get("horizon_s"):
            continue
        at = np.log(old["horizon_s"]), np.log(new["horizon_s"])
        wide = {name: np.maximum(old[name], np.interp(*at, new[name])) for name in CALIBRATION_COLUMNS}
        result[kind] = {"horizon_s": old["horizon_s"]} | {k: np.round(v, 4).tolist() for k, v in wide.items()}
    return result


def _kinds(b: Batch) -> np.ndarray:
    """The kind of context of each row (B,) of a batch."""
    if b.candidate is None:
        return np.full(len(b.x), "trips")
    step = np.hypot(*np.moveaxis(unsquashed(b.x[..., :2]), -1, 0))  # from the fix before, which the features begin with
    inside = np.ones(step.shape, bool) if b.piece is None else np.diff(b.piece, axis=1, prepend=-1) == 0
    inside[:, 0] = False
    count = np.maximum(inside.sum(axis=1), 1)
    return kind_of_days(((step > ROAMS_M) & inside).sum(axis=1) / count, ((step == 0) & inside).sum(axis=1) / count)


def _errors(
    network: Raw, b: Batch, moved_only: bool, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Kinds and horizons (n,) s of a batch's forecasts, errors over radii (n, 2), how deep the truth lies (n,)."""
    parameters, options = answers(network, b, torch.device("cpu"))
    asked = b.asked & (b.row >= WARM)[..., None]
    if moved_only:
        asked &= np.linalg.norm(b.target, axis=-1) * b.scale > MOVED_M
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(asked.ravel()))[:EACH]
    if not len(rows):  # a small corpus may have nobody who moved, or only short tracks
        return np.zeros(0, "<U12"), np.zeros(0), np.zeros((0, 2)), np.zeros(0)
    unit = b.scale.ravel()[rows].astype(np.float64)
    p = parameters.float().flatten(0, 2).numpy()[rows].astype(np.float64)
    base, target = (a.reshape(-1, 2)[rows] * unit[:, None] for a in (b.base, b.target))
    if options is None or b.place is None or b.candidate is None:
        mix, point = mixture(p, base, unit), base + p[:, :2] * unit[:, None]
    else:
        place = b.place.reshape(-1, *b.place.shape[3:])[rows] * unit[:, None, None]
        known = b.candidate.reshape(-1, *b.candidate.shape[3:])[rows][..., : len(places.KINDS)].any(axis=-1)
        mix = mixture(p, base, unit, (options.float().flatten(0, 2).numpy()[rows], place, known))
        point = spatial_median(mix)
    error = np.linalg.norm(point - target, axis=1)
    mix = moving(mix)
    kind = _kinds(b)[rows // asked[0].size]
    horizon = unit / b.speed.ravel()[rows]
    return kind, horizon, error[:, None] / np.maximum(radii(mix, point), 1e-9), depth(mix, target)


def table(horizon_s: np.ndarray, ratio: np.ndarray, deep: np.ndarray, own: np.ndarray) -> dict[str, list[float]]:
    """The calibration table from errors over radii. horizon_s: (n,). ratio: (n, 2), one column a level. deep: (n,).

    own: (n,) bool, the cases of the kind that the table is for; the others are like it. An area is as wide as both its
    own cases and all of them want it: some kinds come from few sources, and strangers will differ.
    """
    result: dict[str, list[float]] = {name: [] for name in ("horizon_s", *CALIBRATION_COLUMNS)}
    for low, high in zip(EDGES_S[:-1], EDGES_S[1:], strict=True):
        every = (horizon_s >= low) & (horizon_s < high)
        inside = every & own
        if inside.sum() < ENOUGH:
            continue
        result["horizon_s"].append(round(float(np.exp(np.log(horizon_s[inside]).mean())), 1))
        for c, level in enumerate(LEVELS):
            rank = min(level * (1 + 1 / inside.sum()), 1.0)
            for name, values in (("factor", ratio[:, c]), ("share", deep)):
                widest = max(float(np.quantile(values[some], rank)) for some in (inside, every))
                result[f"{name}{level * 100:.0f}"].append(round(widest, 4))
    return result


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = Parser("python -m model.calibrate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bundle", required=True, metavar="B", help="a folder, whose card is written anew")
    p.add_argument("--corpus", required=True, nargs="+", metavar="S", help="tracks that trained nothing")
    p.add_argument(
        "--kinds", nargs="+", metavar="K", help="of contexts (default: all but roaming, of model.neighbours)"
    )
    p.add_argument("--cache", type=Path, metavar="DIR", help="of the tokenised corpora, private (in your cache folder)")
    p.add_argument("--seed", type=from_zero, default=0, metavar="S", help="of what is drawn (default %(default)s)")
    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    bundle = open_bundle(args.bundle)
    if not Path(args.bundle).is_dir():
        raise InputError(f"--bundle {args.bundle} is no folder: unpack it first.")
    before = bundle.card["calibration"]
    if unknown := sorted({*(args.kinds or ())} - before.keys()):
        raise InputError(f"--kinds: no {', '.join(unknown)} in {', '.join(sorted(before))}.")
    network, _ = load_network(bundle.path / "weights.safetensors")
    found = calibrate(network.eval(), Batches([load(s, cache=args.cache) for s in args.corpus], seed=args.seed))
    after = widened(before, found, args.kinds or [k for k in before if not k.startswith("roaming")])
    names = sorted({*bundle.card.get("widened_on", []), *map(source_name, args.corpus)})
    write_card(bundle.path, bundle.card | {"calibration": after, "widened_on": names})
    for kind in sorted(k for k in after if after[k] != before[k]):
        print_line({"kind": kind, "before": before[kind], "after": after[kind]})
