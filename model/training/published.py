# SPDX-License-Identifier: GPL-2.0-or-later
"""The method as published (arXiv 2311.10471; preset raw-paper), as a baseline: its batches and its
forecasts.

Places are scaled into a box that is fitted to the corpus, positions are learned, time is no input,
the loss is the mean squared error of the next place, and forecasts are rollouts. The network is
model/network/raw.py with Config.positions.

    python -m model.pretrain --preset raw-paper --corpus SOURCE … --output RUN
    python -m model.evaluate forecast --raw-paper RUN --tracks T
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from model.data.batches import FILLED_S, Batches, first_fixes
from model.data.corpus import Source
from model.training.checkpoint import load_network
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.baselines import Forecast
from raw_qgis_plugin.core.evaluation.windows import Windows


class Places(NamedTuple):
    """B rows of L fixes. x: (B, L, 2) places in the box, -1 to 1. clock: (B, L) the number of the
    fix in its track. piece: (B, L) int, equal along one track, -1 for padding. points: fixes that
    are not padding.
    """

    x: np.ndarray
    clock: np.ndarray
    piece: np.ndarray
    points: int


def fit_box(sources: list[Source]) -> np.ndarray:
    """The corners (2, 2) in degrees of the box that holds all but a thousandth of the sources on
    each side.
    """
    sides = []
    for s in sources:
        every = max(len(s.lon) // 200_000, 1)
        sides.append([np.quantile(a[::every], [0.001, 0.999]) for a in (s.lon, s.lat)])
    low, high = np.min(sides, axis=0)[:, 0], np.max(sides, axis=0)[:, 1]
    return np.stack([low, np.maximum(high, low + 1e-3)])


def into_box(box: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Degrees (…) to places (…, 2) in a box (2, 2)."""
    return ((np.stack([lon, lat], -1) - box[0]) / (box[1] - box[0]) * 2 - 1).astype(np.float32)


def out_of_box(box: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Places (…, 2) in a box (2, 2) to degrees (…, 2)."""
    return (x.astype(np.float64) + 1) / 2 * (box[1] - box[0]) + box[0]


class PlaceBatches(Batches):
    """Quarter hours of tracks in rows of `length` fixes; half of the batches are filled round the
    clock.
    """

    def __init__(self, corpus: Batches, box: np.ndarray, length: int) -> None:
        super().__init__(corpus.sources, corpus.points, corpus.seed)
        self.box, self.length = box, length
        if not all(any(s.view(FILLED_S, filled) for s in self.sources) for filled in (False, True)):
            raise InputError("The corpus has no 15-minute sequence of some hours.")

    def batch(self, number: int, *_: object) -> Places:  # type: ignore[override]
        """Batch `number`."""
        rows = self.rows(number, FILLED_S, length=self.length)[0]
        clock = np.arange(self.length) - first_fixes(rows.piece)
        place = into_box(self.box, rows.lon, rows.lat)
        return Places(place, clock.astype(np.float32), rows.piece, int((rows.piece >= 0).sum()))


@torch.no_grad()
def forecast_windows(run: Path, w: Windows) -> Forecast:
    """Forecasts (w, h) of a run's network, a step a quarter of an hour; horizons are whole numbers
    of quarters.
    """
    network, about = load_network(run / "state.safetensors")
    if not network.config.positions:
        raise InputError(f"{run} is no run of the preset raw-paper.")
    box, steps, found = np.array(about["box"]), np.round(w.horizon_s / FILLED_S).astype(int), []
    # fixes of context that leave positions for the rollout
    most = network.config.positions - int(steps.max())
    for lon, lat in zip(w.lon[:, -most:], w.lat[:, -most:], strict=True):
        known = ~np.isnan(lon)
        x = torch.from_numpy(into_box(box, lon[known], lat[known]))[None]
        for _ in range(steps.max()):
            states, _, _ = network.encode(x, torch.arange(x.shape[1])[None])
            x = torch.cat([x, network.head_out(states[:, -1:])], dim=1)
        found.append(out_of_box(box, x[0, known.sum() + steps - 1].numpy()))
    lon, lat = np.moveaxis(np.array(found), -1, 0)
    return lon, lat
