# SPDX-License-Identifier: GPL-2.0-or-later
"""Other networks for heads: tuned on labels, or with random weights."""

from __future__ import annotations

import math
import time
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


def pooled(network: Raw, tracks: Tracks, mirror: bool, most: int = 96) -> Tensor:
    """Mean and standard deviation of the states at both scales, (n_tracks, 4 × width), as in
    core/embedding/embed.py but differentiable. most: fixes of a window, its last ones.
    """
    parts, n = [], tracks.n_tracks
    for rows, begin, length, of in (fine_windows(tracks), coarse_windows(tracks)):
        size = np.minimum(length, most)
        inside, valid = pad_left(rows, begin + length - size, size)
        _, x, clock = featurize_padded(tracks, inside, valid)
        if mirror:
            x[..., LATERAL_FEATURES] *= -1
        v, t = torch.from_numpy(valid), valid.shape[1]
        # padding attends to itself: a softmax over nothing is not a number
        own = torch.eye(t, dtype=torch.bool)
        mask = torch.ones(t, t, dtype=torch.bool).tril() & (v[:, None, None, :] | own)
        states, _, _ = network.encode(torch.from_numpy(x), torch.from_numpy(clock), mask)
        states, owner = states[v], torch.from_numpy(np.repeat(of, size))
        count = torch.zeros(n).index_add(0, owner, torch.ones(len(owner)))[:, None].clamp(min=1.0)
        mean = torch.zeros(n, states.shape[1]).index_add(0, owner, states) / count
        square = torch.zeros(n, states.shape[1]).index_add(0, owner, states.square()) / count
        parts += [mean, (square - mean.square()).clamp(min=1e-6).sqrt()]
    return torch.cat(parts, dim=1)


def tune(
    network: Raw,
    tracks: Tracks,
    y: np.ndarray,
    task: Task,
    features: np.ndarray,
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
    rng, n, beside = np.random.default_rng(seed), len(y), torch.from_numpy(features)
    width = 4 * network.config.width + features.shape[1]
    head = nn.Sequential(
        nn.BatchNorm1d(width, affine=False),
        nn.Dropout(0.1),
        nn.Linear(width, 64),
        nn.SiLU(),
        nn.Dropout(0.3),
        nn.Linear(64, task.outputs),
    )
    network.train()
    goal = torch.from_numpy(
        y if task.classes else ((y - np.median(y)) / (y.std() + 1e-6)).astype(np.float32)
    )
    weights = row_weights(y, task)
    weight = torch.ones(n) if weights is None else torch.from_numpy(weights.astype(np.float32))
    groups = [
        {"params": network.parameters(), "lr": 3e-4},
        {"params": head.parameters(), "lr": 2e-3},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.05, betas=(0.9, 0.98))
    peak = [g["lr"] for g in optimizer.param_groups]
    began, reported, step, loss_mean = time.monotonic(), 0.0, 0, None
    while (share := (time.monotonic() - began) / (60 * minutes)) < 1.0:
        for group, lr in zip(optimizer.param_groups, peak, strict=True):
            group["lr"] = lr * min(share / 0.05, 0.5 + 0.5 * math.cos(math.pi * share))
        units = np.sort(rng.choice(n, min(24, n), replace=False))
        states = pooled(network, tracks.take_tracks(units), bool(rng.random() < 0.5))
        out, asked = head(torch.cat([states, beside[units]], dim=1)), torch.from_numpy(units)
        if task.classes:
            error = F.cross_entropy(out, goal[asked], reduction="none")
        else:
            error = F.smooth_l1_loss(out[:, 0], goal[asked], beta=0.2, reduction="none")
        loss = (error * weight[asked]).sum() / weight[asked].sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        step += 1
        loss_mean = (
            float(loss.detach())
            if loss_mean is None
            else 0.98 * loss_mean + 0.02 * float(loss.detach())
        )
        if time.monotonic() - reported > 5:
            reported = time.monotonic()
            left = round(60 * minutes - (reported - began))
            report(
                {"step": step, "loss": loss_mean, "tuning": round(share, 4), "left_s": max(left, 0)}
            )
    return network.eval()


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
