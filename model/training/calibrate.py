# SPDX-License-Identifier: GPL-2.0-or-later
"""Conformal calibration of areas on people outside the training set, for the card of a bundle.

`calibrated` of core/forecasting/adaptation.py applies it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from model.data.augment import first_fixes
from model.data.batches import FILLED_S, Batch, Batches
from model.data.corpus import COARSE_S
from model.network.raw import Raw
from model.training.loss import predict_batch
from raw_qgis_plugin.core.arrays import Array, join_rows, take_rows
from raw_qgis_plugin.core.bundle.contract import CALIBRATION_COLUMNS
from raw_qgis_plugin.core.features.featurizer import unsquashed
from raw_qgis_plugin.core.forecasting.areas import NOMINAL_LEVELS, for_areas, nonconformity
from raw_qgis_plugin.core.forecasting.candidates import KINDS
from raw_qgis_plugin.core.forecasting.context import ContextKind, kinds_from_shares
from raw_qgis_plugin.core.forecasting.context import Settings as Context
from raw_qgis_plugin.core.forecasting.mixture import Mixture, network_mixture, spatial_median

FIRST_BATCH = 1_000_000  # so that other batches are calibrated on than are validated with
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
    """Conformal factors of radii and shares of areas, by kind of context and horizon.

    They are quantiles of error over radius, and of the least share of the mixture that holds the
    true position. corpus: tracks outside the training set. Returns, for each kind
    (core/forecasting/context.py), horizon_s and CALIBRATION_COLUMNS with an entry for each range of
    horizons that the corpus has.
    """
    errors = []
    for number, cadence, filled in _batches(corpus, batches):
        batch = corpus.batch(FIRST_BATCH + number, cadence, filled)
        errors.append(_errors(network, batch, filled, number))

    if not errors:  # the corpus has other cadences only
        return {}

    found = join_rows(errors)
    tables = {}
    for kind in np.unique(found.kind):
        similar = take_rows(found, np.isin(found.kind, ALIKE[kind]))
        calibration = table(similar.horizon_s, similar.off, similar.level, similar.kind == kind)
        if calibration["horizon_s"]:
            tables[ContextKind(kind).card_name] = calibration

    return tables


def _batches(corpus: Batches, count: int) -> Iterator[tuple[int, int, bool]]:
    """Number, cadence and filling of `count` batches each of trips, of days and of filled days."""
    trips = [c for c in corpus.cadences if c < COARSE_S]
    if trips:
        for n in range(count):
            yield n, trips[n % len(trips)], False
    if FILLED_S in corpus.cadences:
        for filled in (False, True):
            for n in range(count):
                yield n, FILLED_S, filled


def between(before: dict, found: dict, people: Batches | None) -> dict[str, Table]:
    """A calibration between an earlier one and one found on some people.

    It is nearer to the latter the more they are. Kinds that only one of the two has stay as they
    are, and so do horizons outside of the latter's.
    """
    result = before | found
    persons = sum(int(s.shards.unseen.sum()) for s in people.sources) if people else 0
    belief = persons / (persons + Settings.prior_people)

    for kind in before.keys() & found.keys():
        then = np.log(before[kind]["horizon_s"])
        now = np.log(found[kind]["horizon_s"])
        share = belief * ((then >= now.min()) & (then <= now.max()))
        result[kind] = {"horizon_s": before[kind]["horizon_s"]}

        for name in CALIBRATION_COLUMNS:
            values = share * np.interp(then, now, found[kind][name])
            values += (1 - share) * before[kind][name]
            result[kind][name] = np.round(values, 4).tolist()

    return result


def _kinds(b: Batch) -> Array:
    """The kind of context of each row (B,) of a batch."""
    if b.candidate is None:
        return np.full(len(b.x), ContextKind.TRIP)

    # the first two features: metres from the fix before
    step = np.hypot(*np.moveaxis(unsquashed(b.x[..., :2]), -1, 0))
    inside = np.ones(step.shape, bool)
    if b.piece is not None:
        inside = np.diff(b.piece, axis=1, prepend=-1) == 0

    inside[:, 0] = False
    count = np.maximum(inside.sum(axis=1), 1)
    roaming = ((step > Context.roam_m) & inside).sum(axis=1) / count
    repeated = ((step == 0) & inside).sum(axis=1) / count

    return kinds_from_shares(roaming, repeated)


@dataclass(frozen=True)
class Errors:
    """Forecasts beside the truth, (n,) each."""

    kind: Array
    horizon_s: Array
    off: Array  # (n, 2) error over the radius of each of NOMINAL_LEVELS
    level: Array  # least share of the mixture that holds the true position


def _errors(network: Raw, b: Batch, moved_only: bool, seed: int) -> Errors:
    """Forecasts of a batch, at most Settings.batch of them, drawn at random."""
    chosen = _chosen(b, moved_only)
    drawn = np.random.default_rng(seed).permutation(np.flatnonzero(chosen))
    rows = drawn[: Settings.batch]
    if not len(rows):  # nobody moved, or all tracks are short
        return Errors(np.zeros(0, int), np.zeros(0), np.zeros((0, 2)), np.zeros(0))

    mix, point = _forecasts(network, b, rows)
    unit = b.scale.ravel()[rows].astype(np.float64)
    target = b.target.reshape(-1, 2)[rows] * unit[:, None]
    kind = _kinds(b)[rows // chosen[0].size]
    off, level = nonconformity(for_areas(kind, mix), point, target)

    return Errors(kind, unit / b.speed.ravel()[rows], off.T, level)


def _chosen(b: Batch, moved_only: bool) -> Array:
    """(B, R, Q) bool: queries with a target and enough of their own track before them."""
    first = 0 if b.piece is None else np.take_along_axis(first_fixes(b.piece), b.row, 1)
    chosen = b.known & (b.row - first >= Settings.context)[..., None]
    if moved_only:
        moved_m = np.linalg.norm(b.target, axis=-1) * b.scale
        chosen &= moved_m > Settings.moved_m

    return chosen


def _forecasts(network: Raw, b: Batch, rows: Array) -> tuple[Mixture, Array]:
    """The mixtures and points (n, 2), in metres, of a batch's queries `rows` (n,)."""
    parameters, options = predict_batch(network, b, torch.device("cpu"))
    unit = b.scale.ravel()[rows].astype(np.float64)
    p = parameters.float().flatten(0, 2).numpy()[rows].astype(np.float64)
    base = b.base.reshape(-1, 2)[rows] * unit[:, None]
    if options is None or b.place is None or b.candidate is None:
        return network_mixture(p, base, unit), base + p[:, :2] * unit[:, None]

    place = b.place.reshape(-1, *b.place.shape[3:])[rows] * unit[:, None, None]
    candidate = b.candidate.reshape(-1, *b.candidate.shape[3:])[rows]
    exists = candidate[..., : len(KINDS)].any(axis=-1)
    scores = options.float().flatten(0, 2).numpy()[rows]
    mix = network_mixture(p, base, unit, (scores, place, exists))

    return mix, spatial_median(mix)


def table(horizon_s: Array, ratio: Array, level: Array, own: Array) -> Table:
    """The calibration table of forecasts.

    horizon_s: (n,). ratio: (n, 2) errors over radii, with a column for each of NOMINAL_LEVELS.
    level: (n,) the least shares of the mixtures that hold the true positions. own: (n,) bool, cases
    of the kind that the table is for; the others are of similar kinds. A factor is the larger one
    of its own cases and of all: some kinds come from few sources, and other tracks will differ.
    """
    result: Table = {name: [] for name in ("horizon_s", *CALIBRATION_COLUMNS)}
    for low, high in pairwise(Settings.edges_s):
        every = (horizon_s >= low) & (horizon_s < high)
        inside = every & own
        count = inside.sum()
        if count < Settings.enough:
            continue

        middle = np.exp(np.log(horizon_s[inside]).mean())
        result["horizon_s"].append(round(float(middle), 1))
        for c, share in enumerate(NOMINAL_LEVELS):
            rank = min(share * (1 + 1 / count), 1.0)
            percent = f"{share * 100:.0f}"
            for name, values in (("factor", ratio[:, c]), ("share", level)):
                widest = max(np.quantile(values[inside], rank), np.quantile(values[every], rank))
                result[name + percent].append(round(float(widest), 4))

    return result
