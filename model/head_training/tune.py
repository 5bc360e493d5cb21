# SPDX-License-Identifier: GPL-2.0-or-later
"""Other networks for heads: tuned on labels, or with random weights."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.cli import Report
from model.head_training.fit import Task, row_weights
from model.network.config import Config
from model.network.raw import Raw
from model.training.card import without_heads, write_card
from model.training.checkpoint import save_weights
from model.training.onnx_export import backbone_difference
from raw_qgis_plugin.core.arrays import Array
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import Bundle, open_bundle
from raw_qgis_plugin.core.bundle.checking import write_sums
from raw_qgis_plugin.core.bundle.runtime import Model, featurize_padded, pad_left
from raw_qgis_plugin.core.embedding.embed import coarse_windows, fine_windows
from raw_qgis_plugin.core.features.featurizer import LATERAL_FEATURES
from raw_qgis_plugin.core.tracks import Tracks


def untrained(bundle: Bundle, folder: Path, seed: int = 0) -> Model:
    """The model of a copy of a bundle, in a new folder, with random weights in its network."""
    torch.manual_seed(seed)
    library.copy_files(bundle, folder)
    save_weights(Raw(Config(**bundle.card["config"])), folder)
    write_sums(folder)

    return Model(open_bundle(folder), "cpu")


class Settings:
    """How a network is tuned."""

    batch: int = 24  # units a step
    learning_rate: float = 3e-4  # of the network
    head_rate: float = 2e-3
    weight_decay: float = 0.05
    warm_up: float = 0.05  # share of the time until the rates are reached; then they fall
    hidden: int = 64  # units of the head's layer
    report_s: float = 5.0


def pooled(network: Raw, tracks: Tracks, mirror: bool, most: int = 96) -> Tensor:
    """Mean and standard deviation of the states at both scales, (n_tracks, 4 × width), as in
    core/embedding/embed.py but differentiable. most: fixes of a window, its last ones.
    """
    parts = []
    for rows, begin, length, of in (fine_windows(tracks), coarse_windows(tracks)):
        size = np.minimum(length, most)
        inside, valid = pad_left(rows, begin + length - size, size)
        states = states_of(network, tracks, inside, valid, mirror)
        owner = torch.from_numpy(np.repeat(of, size))
        parts += mean_and_deviation(states, owner, tracks.n_tracks)

    return torch.cat(parts, dim=1)


def states_of(network: Raw, tracks: Tracks, inside: Array, valid: Array, mirror: bool) -> Tensor:
    """(k, width) states of the fixes of windows. inside: (m, t) fixes; valid: (m, t) bool, k are.

    Padding attends to itself: a softmax over nothing is not a number.
    """
    _, x, clock = featurize_padded(tracks, inside, valid)
    if mirror:
        x[..., LATERAL_FEATURES] *= -1

    real = torch.from_numpy(valid)
    length = valid.shape[1]
    itself = torch.eye(length, dtype=torch.bool)
    past = torch.ones(length, length, dtype=torch.bool).tril()
    mask = past & (real[:, None, None, :] | itself)
    states, _, _ = network.encode(torch.from_numpy(x), torch.from_numpy(clock), mask)

    return states[real]


def mean_and_deviation(states: Tensor, owner: Tensor, n: int) -> list[Tensor]:
    """Means and standard deviations (n, width) of states (k, width) by their owners (k,)."""
    count = torch.zeros(n).index_add(0, owner, torch.ones(len(owner)))
    count = count[:, None].clamp(min=1.0)
    nothing = torch.zeros(n, states.shape[1])
    mean = nothing.index_add(0, owner, states) / count
    square = nothing.index_add(0, owner, states.square()) / count
    variance = square - mean.square()

    return [mean, variance.clamp(min=1e-6).sqrt()]


def tune(
    network: Raw,
    tracks: Tracks,
    y: Array,
    task: Task,
    features: Array,
    minutes: float,
    report: Report,
    seed: int = 0,
) -> Raw:
    """Train a network with a head of one hidden layer on labelled units, for so many minutes.
    Returns the network.

    tracks: one unit a track. features: (n, k) of the units, beside the network's states in the
    inputs of heads. y: (n,) labels in the task's scale.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    beside = torch.from_numpy(features)
    loss_of = loss_for(y, task)
    network.train()
    head = head_on(4 * network.config.width + features.shape[1], task.outputs)
    optimizer = optimizer_of(network, head)
    peak = [group["lr"] for group in optimizer.param_groups]
    progress = Tuning(minutes, report)

    while (share := progress.share) < 1.0:
        pace = min(share / Settings.warm_up, 0.5 + 0.5 * math.cos(math.pi * share))
        for group, rate in zip(optimizer.param_groups, peak, strict=True):
            group["lr"] = rate * pace

        units = np.sort(rng.choice(len(y), min(Settings.batch, len(y)), replace=False))
        states = pooled(network, tracks.take_tracks(units), bool(rng.random() < 0.5))
        out = head(torch.cat([states, beside[units]], dim=1))
        loss = loss_of(out, torch.from_numpy(units))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        progress.step(float(loss.detach()), share)

    return network.eval()


def head_on(width: int, outputs: int) -> nn.Module:
    """A head of one hidden layer."""
    return nn.Sequential(
        nn.BatchNorm1d(width, affine=False),
        nn.Dropout(0.1),
        nn.Linear(width, Settings.hidden),
        nn.SiLU(),
        nn.Dropout(0.3),
        nn.Linear(Settings.hidden, outputs),
    )


def optimizer_of(network: Raw, head: nn.Module) -> torch.optim.Optimizer:
    """The head learns faster than the network."""
    groups = [
        {"params": network.parameters(), "lr": Settings.learning_rate},
        {"params": head.parameters(), "lr": Settings.head_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=Settings.weight_decay, betas=(0.9, 0.98))


def loss_for(y: Array, task: Task) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss of outputs (m, outputs) for units (m,), rows of labels y (n,)."""
    weights = row_weights(y, task)
    weight = torch.ones(len(y))

    if weights is not None:
        weight = torch.from_numpy(weights.astype(np.float32))

    goal = torch.from_numpy(y)

    if not task.classes:
        scores = (y - np.median(y)) / (y.std() + 1e-6)
        goal = torch.from_numpy(scores.astype(np.float32))

    def loss(out: Tensor, units: Tensor) -> Tensor:
        if task.classes:
            error = F.cross_entropy(out, goal[units], reduction="none")
        else:
            error = F.smooth_l1_loss(out[:, 0], goal[units], beta=0.2, reduction="none")
        return (error * weight[units]).sum() / weight[units].sum()

    return loss


class Tuning:
    """How far tuning has come, by the clock; it is reported every few seconds."""

    def __init__(self, minutes: float, report: Report) -> None:
        self.seconds = 60 * minutes
        self.report = report
        self.began = time.monotonic()
        self.reported = 0.0
        self.steps = 0
        self.loss: float | None = None

    @property
    def share(self) -> float:
        """Of the time that has passed."""
        return (time.monotonic() - self.began) / self.seconds

    def step(self, loss: float, share: float) -> None:
        """Count a step with its loss."""
        self.steps += 1
        self.loss = loss if self.loss is None else 0.98 * self.loss + 0.02 * loss
        now = time.monotonic()

        if now - self.reported <= Settings.report_s:
            return

        self.reported = now
        left_s = max(round(self.seconds - (now - self.began)), 0)
        line = {"step": self.steps, "loss": self.loss, "tuning": round(share, 4), "left_s": left_s}
        self.report(line)


def write_tuned(folder: Path, network: Raw, card: dict, what: str) -> None:
    """Replace the network in a bundle's folder by a tuned one, and drop the heads, which belong to
    the old one.

    card: the bundle's. what: what it was tuned on, for the card.
    """
    difference = backbone_difference(network)
    save_weights(network, folder)
    card = without_heads(folder, card, [head["name"] for head in card["heads"]])
    note = (
        f"The network was tuned on {what}; its forecasts and their areas were not measured again."
    )
    more = {"onnx_difference": difference, "forecast_figures": {}}
    data = " ".join(filter(None, [card.get("data", ""), note]))
    write_card(folder, card | more | {"data": data})
