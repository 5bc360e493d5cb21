# SPDX-License-Identifier: GPL-2.0-or-later
"""What pretraining minimises, and how it is validated."""

from __future__ import annotations

import torch
from torch import Tensor

from model.batches import Batch, Batches
from model.raw import Raw, forecast_loss

VALIDATED_S = (5, 15, 60, 900)  # cadences, seconds


def losses(network: Raw, batch: Batch, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Loss of a batch, and the point's and the baseline's distances in metres (B, L, Q), NaN where not asked."""
    x, clock, query, base, target, scale, speed, asked = (
        torch.from_numpy(a).to(device, non_blocking=True)
        for a in (batch.x, batch.clock, batch.query, batch.base, batch.target, batch.scale, batch.speed, batch.asked)
    )
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16(device)):
        states, _, _ = network.encode(x, clock)
        parameters = network.answer(states[:, :, None], query)
    distance, surprise = forecast_loss(parameters, target, base)
    count = asked.sum().clamp(min=1)
    weight = asked * speed.clamp(0.3, 40.0).sqrt()  # metres matter more where things move fast
    point = (distance.clamp(max=20.0) * weight).sum() / weight.sum().clamp(min=1e-6)
    mixture = (surprise * asked).sum() / count
    nothing = torch.full_like(distance, torch.nan)
    metres = torch.where(asked, distance * scale, nothing)
    baseline = torch.where(asked, torch.linalg.vector_norm(base - target, dim=-1) * scale, nothing)
    return 2.0 * point + 0.5 * mixture, metres.detach(), baseline


def bf16(device: torch.device) -> bool:
    """Does the device compute faster in bfloat16?"""
    return (
        torch.cuda.is_bf16_supported() if device.type == "cuda" else torch.backends.cpu.get_cpu_capability() == "AVX512"
    )


@torch.no_grad()
def validate(network: Raw, corpus: Batches, device: torch.device, batches: int = 6) -> dict[str, float]:
    """Mean error over the baseline's on people unseen, one to five fixes ahead, by cadence."""
    result = {}
    for cadence in VALIDATED_S:
        if cadence not in corpus.cadences:
            continue
        ours, simple = 0.0, 0.0
        for n in range(batches):
            _, metres, baseline = losses(network, corpus.batch(n, cadence), device)
            ours += float(metres[..., :3].nansum())
            simple += float(baseline[..., :3].nansum())
        result[f"ratio_{cadence}s"] = round(ours / max(simple, 1e-9), 4)
    return result
