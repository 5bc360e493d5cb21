# SPDX-License-Identifier: GPL-2.0-or-later
"""Conformal calibration of areas on people outside the training set, for the card;
predict.calibrated applies it.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch

from model.data.batches import FILLED_S, Batch, Batches, first_fixes
from model.data.corpus import COARSE_S
from model.network.raw import Raw
from model.training.loss import predict_batch
from raw_qgis_plugin.core.bundle.contract import CALIBRATION_COLUMNS
from raw_qgis_plugin.core.features.featurizer import unsquashed
from raw_qgis_plugin.core.forecasting import candidates as places
from raw_qgis_plugin.core.forecasting.areas import NOMINAL_LEVELS, for_areas, nonconformity
from raw_qgis_plugin.core.forecasting.context import ContextKind, kinds_from_shares
from raw_qgis_plugin.core.forecasting.context import Settings as Context
from raw_qgis_plugin.core.forecasting.mixture import network_mixture, spatial_median

Table = dict[str, list[float]]
_DAYS = [ContextKind.ANCHORED_DAY, ContextKind.FLEET_DAY]
_HELD_DAYS = [ContextKind.ANCHORED_HELD_DAY, ContextKind.FLEET_HELD_DAY]
ALIKE = {  # kinds whose cases count together with those of a kind
    ContextKind.TRIP: [ContextKind.TRIP],
    **dict.fromkeys(_DAYS, _DAYS),
    **dict.fromkeys(_HELD_DAYS, _HELD_DAYS),
}


class Settings:
    """How areas are calibrated. Horizons between two of edges_s share a factor."""

    edges_s: tuple[float, ...] = (1, 4, 8, 15, 30, 60, 120, 240, 480, 900, 1800, 3600, 7200, 18_000)
    context: int = 16  # fixes before a query, at least
    enough: int = 300  # forecasts for a factor, at least
    batch: int = 2000  # forecasts from a batch, at most
    # where days are filled round the clock, only tracks that moved farther count
    moved_m: float = 1.0
    prior_people: int = 5  # the weight of an earlier calibration


@torch.no_grad()
def calibrate(network: Raw, corpus: Batches, batches: int = 40) -> dict[str, Table]:
    """Conformal factors of radii and shares of areas, by kind of context and horizon: quantiles of
    error over radius, and of the least share of the mixture that holds the true position.

    corpus: tracks outside the training set. Returns, for each kind (core/forecasting/context.py),
    horizon_s and CALIBRATION_COLUMNS with an entry for each range of horizons that the corpus has.
    """
    trips = [c for c in corpus.cadences if c < COARSE_S]
    found = []
    # None: every cadence of trips
    for cadence, filled in ((None, False), (FILLED_S, False), (FILLED_S, True)):
        if not (cadence in corpus.cadences if cadence else trips):
            continue
        for n in range(batches):
            batch = corpus.batch(1_000_000 + n, cadence or trips[n % len(trips)], filled)
            found.append(_errors(network, batch, filled, n))
    if not found:  # the corpus has other cadences only
        return {}
    kind, horizon, ratio, level = (np.concatenate(a) for a in zip(*found, strict=True))
    tables = {}
    for k in np.unique(kind):
        similar = np.isin(kind, ALIKE[k])
        tables[ContextKind(k).card_name] = table(
            horizon[similar], ratio[similar], level[similar], kind[similar] == k
        )
    return {k: t for k, t in tables.items() if t["horizon_s"]}


def between(before: dict, found: dict, people: Batches | None) -> dict[str, Table]:
    """A calibration between an earlier one and one found on some people, nearer to the latter the
    more they are.

    Kinds that only one of the two has stay as they are, and so do horizons outside of the latter's.
    """
    result = before | found
    persons = sum(int(s.shards.unseen.sum()) for s in people.sources) if people else 0
    belief = persons / (persons + Settings.prior_people)
    for kind in before.keys() & found.keys():
        then, now = (np.log(table["horizon_s"]) for table in (before[kind], found[kind]))
        share = belief * ((then >= now.min()) & (then <= now.max()))
        result[kind] = {"horizon_s": before[kind]["horizon_s"]}
        for name in CALIBRATION_COLUMNS:
            values = (
                share * np.interp(then, now, found[kind][name]) + (1 - share) * before[kind][name]
            )
            result[kind][name] = np.round(values, 4).tolist()
    return result


def _kinds(b: Batch) -> np.ndarray:
    """The kind of context of each row (B,) of a batch."""
    if b.candidate is None:
        return np.full(len(b.x), ContextKind.TRIP)
    # the first two features: metres from the fix before
    step = np.hypot(*np.moveaxis(unsquashed(b.x[..., :2]), -1, 0))
    inside = (
        np.ones(step.shape, bool) if b.piece is None else np.diff(b.piece, axis=1, prepend=-1) == 0
    )
    inside[:, 0] = False
    count = np.maximum(inside.sum(axis=1), 1)
    roaming, repeated = (
        (chosen & inside).sum(axis=1) / count for chosen in (step > Context.roam_m, step == 0)
    )
    return kinds_from_shares(roaming, repeated)


def _errors(network: Raw, b: Batch, moved_only: bool, seed: int) -> tuple[np.ndarray, ...]:
    """Kinds (n,) and horizons (n,) s of a batch's forecasts, their errors over radii (n, 2), and
    the least shares (n,) of the mixtures that hold the true positions.
    """
    parameters, options = predict_batch(network, b, torch.device("cpu"))
    first = 0 if b.piece is None else np.take_along_axis(first_fixes(b.piece), b.row, 1)
    chosen = b.known & (b.row - first >= Settings.context)[..., None]
    if moved_only:
        chosen &= np.linalg.norm(b.target, axis=-1) * b.scale > Settings.moved_m
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(chosen.ravel()))[: Settings.batch]
    if not len(rows):  # nobody moved, or all tracks are short
        return np.zeros(0, int), np.zeros(0), np.zeros((0, 2)), np.zeros(0)
    unit = b.scale.ravel()[rows].astype(np.float64)
    p = parameters.float().flatten(0, 2).numpy()[rows].astype(np.float64)
    base, target = (a.reshape(-1, 2)[rows] * unit[:, None] for a in (b.base, b.target))
    if options is None or b.place is None or b.candidate is None:
        mix, point = network_mixture(p, base, unit), base + p[:, :2] * unit[:, None]
    else:
        place = b.place.reshape(-1, *b.place.shape[3:])[rows] * unit[:, None, None]
        exists = b.candidate.reshape(-1, *b.candidate.shape[3:])[rows][
            ..., : len(places.KINDS)
        ].any(axis=-1)
        mix = network_mixture(
            p, base, unit, (options.float().flatten(0, 2).numpy()[rows], place, exists)
        )
        point = spatial_median(mix)
    kind, horizon = _kinds(b)[rows // chosen[0].size], unit / b.speed.ravel()[rows]
    off, level = nonconformity(for_areas(kind, mix), point, target)
    return kind, horizon, off.T, level


def table(horizon_s: np.ndarray, ratio: np.ndarray, level: np.ndarray, own: np.ndarray) -> Table:
    """The calibration table from horizons (n,), errors over radii (n, 2) with a column for each of
    NOMINAL_LEVELS, and the least shares (n,) of the mixtures that hold the true positions, `level`.

    own: (n,) bool, cases of the kind that the table is for; the others are of similar kinds. A
    factor is the larger one of its own cases and of all: some kinds come from few sources, and
    other tracks will differ from these.
    """
    result: Table = {name: [] for name in ("horizon_s", *CALIBRATION_COLUMNS)}
    for low, high in pairwise(Settings.edges_s):
        every = (horizon_s >= low) & (horizon_s < high)
        inside = every & own
        if inside.sum() < Settings.enough:
            continue
        result["horizon_s"].append(round(float(np.exp(np.log(horizon_s[inside]).mean())), 1))
        for c, share in enumerate(NOMINAL_LEVELS):
            rank = min(share * (1 + 1 / inside.sum()), 1.0)
            for name, values in (("factor", ratio[:, c]), ("share", level)):
                widest = max(float(np.quantile(values[some], rank)) for some in (inside, every))
                result[f"{name}{share * 100:.0f}"].append(round(widest, 4))
    return result
