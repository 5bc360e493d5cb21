# SPDX-License-Identifier: GPL-2.0-or-later
"""The loss that pretraining minimises, and the validation of a network by it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from model.data.batches import FILLED_S, Batch, Batches
from model.network.raw import Raw, mixture, nll, spatial_median
from raw_qgis_plugin.core.arrays import Array
from raw_qgis_plugin.core.forecasting.candidates import KINDS

FAMILIES = {  # cadence in seconds, and whether days are filled, of what a validation tells apart
    "5s": (5, False),
    "15s": (15, False),
    "60s": (60, False),
    "900s": (900, False),
    f"{FILLED_S}s_filled": (FILLED_S, True),
}


class Settings:
    """What the loss is made from."""

    point_weight: float = 2.0  # of the error of the points
    nll_weight: float = 0.5  # of the negative log likelihood
    max_off: float = 20.0  # query scales; a trip's point that is further off counts as so far
    typical_m: float = 300.0  # keeps rows of people who hardly move from counting most


def losses(network: Raw, batch: Batch, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Loss of a batch, and the errors of the network's and of the baseline's points.

    Errors are in metres, (B, R, Q), NaN where a query has no target.
    """
    parameters, options = predict_batch(network, batch, device)
    base = on(device, batch.base)
    target = on(device, batch.target)
    scale = on(device, batch.scale)
    known = on(device, batch.known)

    if options is None or batch.place is None or batch.candidate is None:
        mix = mixture(parameters, base)
        off = distance(base + parameters[..., :2].float() - target + 1e-6)
        point_loss = trip_loss(off, on(device, batch.speed), known)
    else:
        exists = on(device, batch.candidate)[..., : len(KINDS)].any(-1)
        mix = mixture(parameters, base, (options, on(device, batch.place), exists))
        off = distance(spatial_median(mix) - target + 1e-6)
        point_loss = day_loss(off * scale, distance(target) * scale, known)
        # for days the baseline is to stay
        base = torch.zeros_like(base)

    mean_nll = (nll(mix, target) * known).sum() / known.sum().clamp(min=1)
    loss = Settings.point_weight * point_loss + Settings.nll_weight * mean_nll
    metres = (off * scale).masked_fill(~known, torch.nan)
    baseline = (distance(base - target) * scale).masked_fill(~known, torch.nan)

    return loss, metres.detach(), baseline


def distance(xy: Tensor) -> Tensor:
    """The lengths (…) of vectors (…, 2)."""
    return torch.linalg.vector_norm(xy, dim=-1)


def trip_loss(off: Tensor, speed: Tensor, known: Tensor) -> Tensor:
    """The mean error of points off by so many scales (B, R, Q), more where tracks are fast."""
    weight = known * speed.clamp(0.3, 40.0) ** 0.75
    return (off.clamp(max=Settings.max_off) * weight).sum() / weight.sum().clamp(min=1e-6)


def day_loss(off_m: Tensor, moved_m: Tensor, known: Tensor) -> Tensor:
    """The mean error over that of staying, (B, R, Q) metres each.

    A metre counts less in rows of people who travel far.
    """
    # (B,)
    count = known.sum((1, 2)).clamp(min=1)
    typical = ((moved_m * known).sum((1, 2)) / count + Settings.typical_m).sqrt()[:, None, None]
    ours = (off_m * known / typical).sum()

    return ours / ((moved_m * known / typical).sum() + Settings.typical_m)


def predict_batch(network: Raw, batch: Batch, device: torch.device) -> tuple[Tensor, Tensor | None]:
    """Forecast parameters (B, R, Q, parameters_out) of a batch.

    With candidates also the log scale and logit of each, (B, R, Q, K, 2).
    """
    mask = None
    if batch.piece is not None:  # each fix attends to its own track alone
        piece = on(device, batch.piece)
        # (B, 1, L, L)
        mask = (piece[:, None, :, None] == piece[:, None, None, :]).tril()

    candidate = None if batch.candidate is None else on(device, batch.candidate)
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16(device)):
        # (B, L, D)
        states = network.encode(on(device, batch.x), on(device, batch.clock), mask)[0]
        # (B, R, D)
        row = on(device, batch.row)[..., None].expand(-1, -1, states.shape[-1])
        state = states.gather(1, row)[:, :, None]
        return network.predict(state, on(device, batch.query), candidate)


def on(device: torch.device, a: Array) -> Tensor:
    """An array as a tensor on the device."""
    return torch.from_numpy(np.ascontiguousarray(a)).to(device, non_blocking=True)


def bf16(device: torch.device) -> bool:
    """Does the device compute faster in bfloat16? To emulate its instructions is slower."""
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
    """The mean loss for unseen people, and their mean errors one to five fixes ahead by cadence.

    Errors are in metres, and as a ratio to the baseline's (for days: to the error of staying).
    """
    result = {}
    total = []

    for name, (cadence, filled) in FAMILIES.items():
        if cadence not in corpus.cadences:
            continue

        ours = 0.0
        simple = 0.0
        count = 0

        for n in range(batches):
            batch = corpus.batch(n, cadence, filled)
            loss, metres, baseline = losses(network, batch, device)
            near = metres[..., :3]
            ours += float(near.nansum())
            simple += float(baseline[..., :3].nansum())
            count += int(near.isfinite().sum())
            total.append(float(loss))

        result[f"ratio_{name}"] = round(ours / max(simple, 1e-9), 4)
        result[f"metres_{name}"] = round(ours / max(count, 1), 2)

    if total:
        result["validation_loss"] = round(sum(total) / len(total), 5)

    return result
