# SPDX-License-Identifier: GPL-2.0-or-later
"""Calibrate forecast areas: factors for their radii so that they hold their share on units not trained on."""

from __future__ import annotations

import numpy as np
import torch

from model.batches import Batches
from model.raw import Raw
from raw_qgis_plugin.core.forecast import LEVELS, mixture_radius

EDGES_S = (1, 4, 8, 15, 30, 60, 120, 240, 480, 900, 1800, 3600, 7200, 18_000)  # horizons that share a factor
WARM = 16  # fixes of context, at least
ENOUGH = 300  # forecasts a factor


@torch.no_grad()
def calibrate(network: Raw, corpus: Batches, batches: int = 60) -> dict[str, list[float]]:
    """Factors by horizon, conformal: the quantile of error over radius. corpus: of units not trained on.

    Returns horizon_s, factor50 and factor80, one entry a range of horizons that the corpus has.
    """
    horizon, ratio = [], []
    for n in range(batches):
        b = corpus.batch(1_000_000 + n)
        states, _, _ = network.encode(torch.from_numpy(b.x), torch.from_numpy(b.clock))
        p = network.answer(states[:, :, None], torch.from_numpy(b.query))
        asked = b.asked.copy()
        asked[:, :WARM] = False
        rows = np.flatnonzero(asked.ravel())
        rows = np.random.default_rng(n).permutation(rows)[:2000]
        parameters = p.reshape(-1, p.shape[-1]).numpy()[rows].astype(np.float64)
        base, target = (a.reshape(-1, 2)[rows].astype(np.float64) for a in (b.base, b.target))
        error = np.linalg.norm(base + parameters[:, :2] - target, axis=1)
        ratio.append(error[:, None] / np.maximum(mixture_radius(parameters, base), 1e-9))
        horizon.append((b.scale / b.speed).ravel()[rows])
    return factors(np.concatenate(horizon), np.concatenate(ratio))


def factors(horizon_s: np.ndarray, ratio: np.ndarray) -> dict[str, list[float]]:
    """Factors from errors over radii. horizon_s: (n,). ratio: (n, 2), one column a level."""
    result: dict[str, list[float]] = {"horizon_s": [], "factor50": [], "factor80": []}
    for low, high in zip(EDGES_S[:-1], EDGES_S[1:], strict=True):
        inside = (horizon_s >= low) & (horizon_s < high)
        if inside.sum() < ENOUGH:
            continue
        result["horizon_s"].append(round(float(np.exp(np.log(horizon_s[inside]).mean())), 1))
        for c, level in enumerate(LEVELS):
            rank = min(level * (1 + 1 / inside.sum()), 1.0)
            result[f"factor{level * 100:.0f}"].append(round(float(np.quantile(ratio[inside, c], rank)), 4))
    return result
