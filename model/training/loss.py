# SPDX-License-Identifier: GPL-2.0-or-later
"""The loss that pretraining minimises, and the validation of a network by it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from model.data.batches import FILLED_S, Batch, Batches
from model.network.raw import Raw, mixture, nll, spatial_median
from model.training.published import Places
from raw_qgis_plugin.core.forecasting.candidates import KINDS


def losses(network: Raw, batch: Batch, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Loss of a batch, and the errors (B, R, Q) in metres of the network's and of the baseline's
    points, NaN where a query has no target.
    """
    parameters, options = predict_batch(network, batch, device)
    base, target, scale, speed, known = (
        on(device, a) for a in (batch.base, batch.target, batch.scale, batch.speed, batch.known)
    )
    if options is None or batch.place is None or batch.candidate is None:
        mix, point = mixture(parameters, base), base + parameters[..., :2].float()
    else:
        exists = on(device, batch.candidate)[..., : len(KINDS)].any(-1)
        mix = mixture(parameters, base, (options, on(device, batch.place), exists))
        point = spatial_median(mix)
        base = torch.zeros_like(base)  # for days the baseline is to stay
    distance = torch.linalg.vector_norm(point - target + 1e-6, dim=-1)
    if options is None:
        weight = known * speed.clamp(0.3, 40.0) ** 0.75  # metres matter more where tracks are fast
        point_loss = (distance.clamp(max=20.0) * weight).sum() / weight.sum().clamp(min=1e-6)
    else:
        # The mean error over that of staying. A metre counts less in rows of people who travel far;
        # typical_m keeps rows of people who hardly move from counting most.
        typical_m, moved = 300.0, torch.linalg.vector_norm(target, dim=-1) * scale
        typical = ((moved * known).sum((1, 2)) / known.sum((1, 2)).clamp(min=1) + typical_m).sqrt()[
            :, None, None
        ]
        point_loss = (distance * scale * known / typical).sum() / (
            (moved * known / typical).sum() + typical_m
        )
    mean_nll = (nll(mix, target) * known).sum() / known.sum().clamp(min=1)
    nothing = torch.full_like(distance, torch.nan)
    metres = torch.where(known, distance * scale, nothing)
    baseline = torch.where(known, torch.linalg.vector_norm(base - target, dim=-1) * scale, nothing)
    return 2.0 * point_loss + 0.5 * mean_nll, metres.detach(), baseline


def encode_batch(network: Raw, batch: Batch | Places, device: torch.device) -> Tensor:
    """The states (B, L, D) of the fixes of a batch, each of which attends to its own track alone."""
    mask = None
    if batch.piece is not None:
        piece = on(device, batch.piece)
        mask = (piece[:, None, :, None] == piece[:, None, None, :]).tril()  # (B, 1, L, L)
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16(device)):
        return network.encode(on(device, batch.x), on(device, batch.clock), mask)[0]


def place_loss(network: Raw, batch: Places, device: torch.device) -> Tensor:
    """The loss as published: the mean squared error of the next place."""
    x, piece = on(device, batch.x), on(device, batch.piece)
    error = (
        (network.head_out(encode_batch(network, batch, device).float())[:, :-1] - x[:, 1:])
        .square()
        .sum(-1)
    )
    known = (piece[:, 1:] == piece[:, :-1]) & (piece[:, 1:] >= 0)
    return (error * known).sum() / known.sum().clamp(min=1)


def predict_batch(network: Raw, batch: Batch, device: torch.device) -> tuple[Tensor, Tensor | None]:
    """Forecast parameters (B, R, Q, parameters_out) of a batch, and log scales and logits (B, R, Q,
    K, 2) of its candidates, if it has any.
    """
    states = encode_batch(network, batch, device)
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16(device)):
        row = on(device, batch.row)[..., None].expand(-1, -1, states.shape[-1])  # (B, R, D)
        candidate = None if batch.candidate is None else on(device, batch.candidate)
        return network.predict(
            states.gather(1, row)[:, :, None], on(device, batch.query), candidate
        )


def on(device: torch.device, a: np.ndarray) -> Tensor:
    """An array as a tensor on the device."""
    return torch.from_numpy(np.ascontiguousarray(a)).to(device, non_blocking=True)


def bf16(device: torch.device) -> bool:
    """Does the device compute faster in bfloat16? CPUs only do with instructions for it: to emulate
    it is slower.
    """
    if device.type == "cuda":
        # is_bf16_supported() counts emulation
        return torch.cuda.get_device_capability(device)[0] >= 8
    return any(
        getattr(torch.cpu, f"_is_{name}_supported", bool)() for name in ("amx_tile", "avx512_bf16")
    )


@torch.no_grad()
def validate(
    network: Raw, corpus: Batches, device: torch.device, batches: int = 6
) -> dict[str, float]:
    """Mean error for unseen people, one to five fixes ahead, by cadence: in metres, and as a ratio
    to the baseline's (for days: to the error of staying). And the mean loss.
    """
    families = {"5s": (5, False), "15s": (15, False), "60s": (60, False), "900s": (900, False)}
    families[f"{FILLED_S}s_filled"] = FILLED_S, True
    result, total = {}, []
    for name, (cadence, filled) in families.items():
        if cadence not in corpus.cadences:
            continue
        ours, simple, count = 0.0, 0.0, 0
        for n in range(batches):
            loss, metres, baseline = losses(network, corpus.batch(n, cadence, filled), device)
            ours += float(metres[..., :3].nansum())
            simple += float(baseline[..., :3].nansum())
            count += int(metres[..., :3].isfinite().sum())
            total.append(float(loss))
        result[f"ratio_{name}"] = round(ours / max(simple, 1e-9), 4)
        result[f"metres_{name}"] = round(ours / max(count, 1), 2)
    if total:
        result["validation_loss"] = round(sum(total) / len(total), 5)
    return result
