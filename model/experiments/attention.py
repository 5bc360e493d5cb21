# SPDX-License-Identifier: GPL-2.0-or-later
"""The network's attention over one track, and by time back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from model.head_training.tune import padded_mask
from model.raw import Raw, rotate
from raw_qgis_plugin.core.bundle.runtime import batches, featurize_padded, pad_left
from raw_qgis_plugin.core.embedding.embed import coarse_windows, fine_windows
from raw_qgis_plugin.core.evaluation.plots import BEST, OURS, new_figure
from raw_qgis_plugin.core.evaluation.report import Page
from raw_qgis_plugin.core.geodesy import metres_between, offset_m
from raw_qgis_plugin.core.tracks import Tracks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FARTHEST_H = 72  # hours back


@torch.no_grad()
def attention(network: Raw, x: np.ndarray, clock: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Attention of each fix to the others, mean of the heads: (layers, B, T, T) float32, whose rows sum to 1.

    x, clock, valid: of runtime.featurize_padded.
    """
    seen = []

    def note(layer: nn.Module, arguments: tuple[Tensor, Tensor, Tensor, None]) -> None:
        h, angle, mask, _ = arguments
        shape = (*h.shape[:2], layer.heads, layer.dim)
        q, k = (y.view(shape).transpose(1, 2) for y in layer.qkv(h).chunk(3, dim=-1)[:2])
        q, k = rotate(layer.norm_q(q), angle), rotate(layer.norm_k(k), angle)
        scores = (q @ k.transpose(-1, -2) * layer.dim**-0.5).masked_fill(~mask, -torch.inf)
        seen.append(scores.softmax(dim=-1).mean(dim=1).numpy())

    hooks = [layer.attention.register_forward_pre_hook(note) for layer in network.layers]
    try:
        network.encode(torch.from_numpy(x), torch.from_numpy(clock), padded_mask(torch.from_numpy(valid)))
    finally:
        for hook in hooks:
            hook.remove()
    return np.stack(seen)


def _attention_of(network: Raw, tracks: Tracks, windows: tuple, chosen: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """Batches of the chosen windows: rows (B, T), valid (B, T), attention (layers, B, T, T)."""
    rows, begin, length, _ = windows
    for part in batches(length[chosen]):
        inside, valid = pad_left(rows, begin[chosen[part]], length[chosen[part]])
        _, x, clock = featurize_padded(tracks, inside, valid)
        yield inside, valid, attention(network, x, clock, valid)


def one_track(network: Raw, tracks: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """A window of medium extent: metres (T, 2) from its last fix, and that fix's attention (layers, T)."""
    windows = fine_windows(tracks)
    rows, begin, length, _ = windows
    full = np.flatnonzero(length == length.max())
    first, last = rows[begin[full]], rows[begin[full] + length[full] - 1]
    across = metres_between(tracks.lon[last], tracks.lat[last], tracks.lon[first], tracks.lat[first])
    chosen = full[np.argsort(across, kind="stable")[len(full) // 2]]
    inside, _, seen = next(_attention_of(network, tracks, windows, np.array([chosen])))
    fix = inside[0]
    xy = offset_m(tracks.lon[fix], tracks.lat[fix], tracks.lon[fix[-1:]], tracks.lat[fix[-1:]])
    return xy, seen[:, 0, -1]


def back_in_time(network: Raw, tracks: Tracks, most: int = 60, fixes: int = 16) -> np.ndarray:
    """Attention by hours back on the quarter-hour scale, over that of equal attention to all: (layers, FARTHEST_H), nan
    where no fix is so far back. most: windows. fixes: the last ones of each, whose attention counts.
    """
    windows = coarse_windows(tracks)
    chosen = np.argsort(-windows[2], kind="stable")[:most]
    total, count = np.zeros((len(network.layers), FARTHEST_H)), np.zeros(FARTHEST_H)
    for inside, valid, seen in _attention_of(network, tracks, windows, chosen):
        t = inside.shape[1]
        last = np.arange(max(t - fixes, 0), t)
        there = valid[:, last, None] & valid[:, None, :] & (np.arange(t) <= last[:, None])  # (B, A, T)
        hour = (tracks.t[inside[:, last]][..., None] - tracks.t[inside][:, None, :]) // 3_600_000
        there &= hour < FARTHEST_H
        even = seen[:, :, last] * (valid[:, None, :] & (np.arange(t) <= last[:, None])).sum(axis=2, keepdims=True)
        count += np.bincount(hour[there], minlength=FARTHEST_H)
        total += np.stack([np.bincount(hour[there], layer[there], FARTHEST_H) for layer in even])
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def day_over_half(back: np.ndarray) -> list[float | None]:
    """For each layer, attention to a day back over that to twelve hours back; None where tracks are too short."""
    day, half = back[:, 23:25].mean(axis=1), back[:, 11:13].mean(axis=1)
    return [float(a / b) if np.isfinite(a / b) else None for a, b in zip(day, np.maximum(half, 1e-9), strict=True)]


def add_to(page: Page, network: Raw, tracks: Tracks) -> dict:
    """A section of the page. Returns its figures."""
    page.heading("Attention")
    xy, seen = one_track(network, tracks)
    page.figure(
        map_of(xy, seen), "What the last fix of a track (cross) looks at, by layer, mean of the heads: the larger and "
        "darker a fix, the more.",
    )  # fmt: skip
    back = back_in_time(network, tracks)
    ratios = day_over_half(back)
    known = [r for r in ratios if r is not None]
    if known:
        most = int(np.argmax([r or 0.0 for r in ratios]))
        page.sentence(
            f"With a fix in each quarter of an hour, layer {most + 1} has {max(known):.1f} times as much attention to "
            "the same hour of the day before as to twelve hours before."
        )
        page.figure(curve_of(back), "Attention by hours back, over that of equal attention to all fixes.")
    return {"day_over_half_a_day": ratios}


def map_of(xy: np.ndarray, seen: np.ndarray) -> Figure:
    """A panel a layer. xy: (T, 2) metres. seen: (layers, T)."""
    figure, axes = new_figure(2.1 * len(seen), 2.6, len(seen))
    for number, (axis, share) in enumerate(zip(axes[0], seen, strict=True)):
        much = share / share.max()
        axis.plot(*xy.T, color="#98a2b3", linewidth=0.8, zorder=1)
        axis.scatter(*xy.T, s=4 + 90 * much, color=OURS, alpha=0.15 + 0.75 * much, linewidths=0, zorder=2)
        axis.scatter(*xy[-1], s=45, color=BEST, marker="x", zorder=3)
        axis.set_aspect("equal", adjustable="datalim")
        axis.set_title(f"layer {number + 1}", fontsize=10)
        axis.set_xlabel("metres", fontsize=8)
        axis.tick_params(labelsize=7)
        axis.locator_params(nbins=4)
    return figure


def curve_of(back: np.ndarray) -> Figure:
    """A line a layer. back: (layers, hours)."""
    figure, axes = new_figure(7.5, 3.4)
    axis = axes[0, 0]
    for number, line in enumerate(back):
        axis.plot(np.arange(len(line)) + 0.5, line, color=f"C{number}", linewidth=1.3, label=f"layer {number + 1}")
    axis.set_yscale("log")
    axis.set_xticks(np.arange(0, len(back[0]) + 1, 12))
    axis.set_xlabel("hours back", fontsize=9)
    axis.set_ylabel("attention over an even share", fontsize=9)
    axis.legend(fontsize=8, frameon=False, ncols=2)
    return figure
