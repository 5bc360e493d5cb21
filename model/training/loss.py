# SPDX-License-Identifier: GPL-2.0-or-later
"""What pretraining minimises, and how it is validated."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from model.data.batches import FILLED_S, Batch, Batches
from model.raw import Raw, mixture, spatial_median, surprise
from raw_qgis_plugin.core.forecasting.candidates import KINDS

TYPICAL_M = 300.0  # keeps who stays put from counting most
VALIDATED_S = (5, 15, 60, 900)  # cadences, seconds; the days' one also filled round the clock


def losses(network: Raw, batch: Batch, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Loss of a batch, and the point's and the baseline's distances in metres (B, R, Q), NaN where not asked."""
    parameters, options = answers(network, batch, device)
    base, target, scale, speed, asked = (
        on(device, a) for a in (batch.base, batch.target, batch.scale, batch.speed, batch.asked)
    )
    if options is None or batch.place is None or batch.candidate is None:
        mix, point = mixture(parameters, base), base + parameters[..., :2].float()
    else:
        known = on(device, batch.candidate)[..., : len(KINDS)].any(-1)
        mix = mixture(parameters, base, (options, on(device, batch.place), known))
        point = spatial_median(mix)
        base = torch.zeros_like(base)  # staying is the baseline there
    distance = torch.linalg.vector_norm(point - target + 1e-6, dim=-1)
    if options is None:
        weight = asked * speed.clamp(0.3, 40.0) ** 0.75  # metres matter more where things move fast
        near = (distance.clamp(max=20.0) * weight).sum() / weight.sum().clamp(min=1e-6)
    else:
        near = _relative_error(distance * scale, torch.linalg.vector_norm(target, dim=-1) * scale, asked)
    likely = (surprise(mix, target) * asked).sum() / asked.sum().clamp(min=1)
    nothing = torch.full_like(distance, torch.nan)
    metres = torch.where(asked, distance * scale, nothing)
    baseline = torch.where(asked, torch.linalg.vector_norm(base - target, dim=-1) * scale, nothing)
    return 2.0 * near + 0.5 * likely, metres.detach(), baseline


def _relative_error(metres: Tensor, moved: Tensor, asked: Tensor) -> Tensor:
    """Mean error of days over that of staying; rows of people who roam far count less a metre. All (B, R, Q)."""
    many = asked.sum((1, 2)).clamp(min=1)
    typical = ((moved * asked).sum((1, 2)) / many + TYPICAL_M).sqrt()[:, None, None]
    return (metres * asked / typical).sum() / ((moved * asked / typical).sum() + TYPICAL_M)


def answers(network: Raw, batch: Batch, device: torch.device) -> tuple[Tensor, Tensor | None]:
    """The network's forecast parameters (B, R, Q, P) for a batch, and its candidates' (B, R, Q, K, 2)."""
    mask = None
    if batch.piece is not None:  # a fix looks back on its own track alone
        piece = on(device, batch.piece)
        mask = (piece[:, None, :, None] == piece[:, None, None, :]).tril()
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16(device)):
        states, _, _ = network.encode(on(device, batch.x), on(device, batch.clock), mask)
        row = on(device, batch.row)[..., None].expand(-1, -1, states.shape[-1])
        candidate = None if batch.candidate is None else on(device, batch.candidate)
        return network.answer(states.gather(1, row)[:, :, None], on(device, batch.query), candidate)


def on(device: torch.device, a: np.ndarray) -> Tensor:
    """An array on the device."""
    return torch.from_numpy(np.ascontiguousarray(a)).to(device, non_blocking=True)


def bf16(device: torch.device) -> bool:
    """Does the device compute faster in bfloat16? Of CPUs those with instructions for it: emulated it is slower."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return any(getattr(torch.cpu, f"_is_{name}_supported", bool)() for name in ("amx_tile", "avx512_bf16"))


@torch.no_grad()
def validate(network: Raw, corpus: Batches, device: torch.device, batches: int = 6) -> dict[str, float]:
    """Mean error of people unseen, one to five fixes ahead, by cadence: in metres, and over the baseline's (of days:
    over staying's). And the mean loss.
    """
    result, total = {}, []
    families = {f"{c}s": (c, False) for c in VALIDATED_S} | {f"{FILLED_S}s_filled": (FILLED_S, True)}
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
