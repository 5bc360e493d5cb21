# SPDX-License-Identifier: GPL-2.0-or-later
"""Tuning the network itself on labels: the pooled states of embed.py, differentiable, with a head on top."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from model.heads import Head, Task, class_weights, loss_of
from model.raw import Raw
from model.training.card import without_heads, write_card
from model.training.checkpoint import load_network
from model.training.onnx_export import export_backbone
from raw_qgis_plugin.core.bundle.bundle import Bundle
from raw_qgis_plugin.core.bundle.contract import NEIGHBOURS_FILE
from raw_qgis_plugin.core.bundle.runtime import featurize_padded, pad_left
from raw_qgis_plugin.core.embedding.embed import N_TRACK_FEATURES, coarse_windows, fine_windows, track_features
from raw_qgis_plugin.core.features.featurizer import LATERAL_FEATURES
from raw_qgis_plugin.core.tracks import Tracks

UNITS = 24  # of a step
FINE_WINDOWS, COARSE_FIXES = 3, 96  # of a unit that a step looks at: drawn anew each time
LR, LR_HEAD = 3e-4, 2e-3
WARM_UP = 0.05  # share of the time in which the learning rate rises


class Windows:
    """The windows of core/embedding/embed.py by unit."""

    def __init__(self, tracks: Tracks) -> None:
        self.tracks = tracks
        self.scales = []
        for rows, begin, length, track in (fine_windows(tracks), coarse_windows(tracks)):
            offsets = np.searchsorted(track, np.arange(tracks.n_tracks + 1))
            self.scales.append((rows, begin, length, offsets))

    def draw(self, units: np.ndarray, rng: np.random.Generator) -> list[tuple[np.ndarray, ...]]:
        """Of each scale: rows (B, T), valid (B, T) and of (B,), the place of each window's unit in `units`."""
        drawn: list[tuple[np.ndarray, ...]] = []
        for scale, (rows, begin, length, offsets) in enumerate(self.scales):
            chosen = [
                rng.permutation(np.arange(offsets[u], offsets[u + 1]))[: FINE_WINDOWS if scale == 0 else 1]
                for u in units
            ]
            of = np.repeat(np.arange(len(units)), [len(c) for c in chosen])
            window = np.concatenate(chosen)
            size = np.minimum(length[window], COARSE_FIXES) if scale else length[window]
            start = begin[window] + (rng.random(len(window)) * (length[window] - size + 1)).astype(np.int64)
            drawn.append((*pad_left(rows, start, size), of))
        return drawn


def padded_mask(valid: Tensor) -> Tensor:
    """Which fixes a fix may look at where sequences are padded on the left: (B, 1, T, T) bool. valid: (B, T)."""
    t = valid.shape[1]
    causal, own = torch.ones(t, t, dtype=torch.bool).tril(), torch.eye(t, dtype=torch.bool)
    return causal & (valid[:, None, None, :] | own)  # padding sees itself: a softmax over nothing is no number


def pooled(network: Raw, tracks: Tracks, drawn: list[tuple[np.ndarray, ...]], units: int, mirror: bool) -> Tensor:
    """Mean and standard deviation of the states at both scales: (units, 4 × width), as core.embed lays them out."""
    parts = []
    for inside, valid, of in drawn:
        _, x, clock = featurize_padded(tracks, inside, valid)
        if mirror:
            x[..., LATERAL_FEATURES] *= -1
        v = torch.from_numpy(valid)
        states, _, _ = network.encode(torch.from_numpy(x), torch.from_numpy(clock), padded_mask(v))
        states, owner = states[v], torch.from_numpy(np.repeat(of, valid.sum(axis=1)))
        count = torch.zeros(units).index_add(0, owner, torch.ones(len(owner)))[:, None].clamp(min=1.0)
        mean = torch.zeros(units, states.shape[1]).index_add(0, owner, states) / count
        square = torch.zeros(units, states.shape[1]).index_add(0, owner, states.square()) / count
        parts += [mean, (square - mean.square()).clamp(min=1e-6).sqrt()]
    return torch.cat(parts, dim=1)


def tune(
    bundle: Bundle, tracks: Tracks, y: np.ndarray, task: Task, x: np.ndarray, strength: np.ndarray, minutes: float,
    seed: int = 0, network: Raw | None = None,
) -> Raw:  # fmt: skip
    """Train the bundle's network (or another one of its size) on with a head on labelled units, for so many minutes.

    tracks: one unit a track, each with an embedding x (n, d), which tells the head where to begin. y: (n,) labels in
    the task's scale. Returns the network.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    if network is None:
        network, _ = load_network(bundle.path / "weights.safetensors")
    network.train()
    windows, n = Windows(tracks), len(y)
    features = torch.from_numpy(track_features(tracks))
    head = Head(x.shape[1], task.outputs, hidden=64)
    head.set_scales(x, y, task, strength)
    ty = torch.from_numpy(y if task.classes else y.astype(np.float32))
    weights = class_weights(y, task)
    weight = None if weights is None else torch.from_numpy(weights)
    groups = [
        {"params": [p for p in network.parameters() if p.requires_grad], "lr": LR},
        {"params": head.parameters(), "lr": LR_HEAD},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.05, betas=(0.9, 0.98))
    peak = [g["lr"] for g in optimizer.param_groups]
    began, said, step, loss_mean = time.monotonic(), 0.0, 0, None
    while (share := (time.monotonic() - began) / (60 * minutes)) < 1.0:
        for group, lr in zip(optimizer.param_groups, peak, strict=True):
            group["lr"] = lr * min(share / WARM_UP, 0.5 + 0.5 * math.cos(math.pi * share))
        units = np.sort(rng.choice(n, min(UNITS, n), replace=False))
        states = pooled(network, tracks, windows.draw(units, rng), len(units), bool(rng.random() < 0.5))
        with_features = x.shape[1] == states.shape[1] + N_TRACK_FEATURES
        inputs = torch.cat([states, features[units]], dim=1) if with_features else states
        loss = loss_of(head.noisy(inputs), ty[units], head, weight)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        step += 1
        loss_mean = float(loss) if loss_mean is None else 0.98 * loss_mean + 0.02 * float(loss)
        if time.monotonic() - said > 5:
            said = time.monotonic()
            left = round(60 * minutes - (said - began))
            line = {"step": step, "loss": loss_mean, "tuning": round(share, 4), "left_s": max(left, 0)}
            print(json.dumps(line), flush=True)
    return network.eval()


def write_tuned(folder: Path, network: Raw, card: dict, what: str) -> None:
    """Put a tuned network into a bundle's folder in the place of its own, and drop the heads, which knew the old one.

    card: the bundle's. what: what it was tuned on, for the card.
    """
    from safetensors.torch import save_file

    difference = export_backbone(network, folder / "backbone.onnx")
    weights = {k: v.detach().half().contiguous() for k, v in network.state_dict().items()}
    save_file(weights, folder / "weights.safetensors", {"about": json.dumps({"config": card["config"]})})
    card = without_heads(folder, card, [head["name"] for head in card["heads"]])
    (folder / NEIGHBOURS_FILE).unlink(missing_ok=True)  # it knew the states as they were
    card.pop("neighbours", None)
    said = f"The network was tuned on {what}; its forecasts and their areas were not measured again."
    more = {"onnx_difference": difference, "forecast_figures": {}}
    data = " ".join(filter(None, [card.get("data", ""), said]))
    write_card(folder, card | more | {"data": data})
