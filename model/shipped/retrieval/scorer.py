# SPDX-License-Identifier: GPL-2.0-or-later
"""The scorers: small networks that weigh the network's own mixture and continuations of the layer
against each other.

They see no states and no coordinates, so they serve every bundle. One is for trips, and one for
days of fleets.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.network.raw import log_density
from raw_qgis_plugin.core.features.featurizer import N_QUERY
from raw_qgis_plugin.core.forecasting.neighbours import MIN_WEIGHT, N_VECTORS

REACHES = (0.1, 0.3, 1.0)  # of the expected error, within which continuations support a place


class Scorer(nn.Module):
    """Components in, components out: each gets a weight and a scale. Metres in the frame of the
    query's fix.

    An untrained one follows the kernel's weights.
    """

    def __init__(self, trips: bool, width: int = 96) -> None:
        super().__init__()
        n_query, n_own, n_continuation = N_QUERY + 7, 12, 26
        self.is_for_trips = trips
        self.query = nn.Sequential(nn.Linear(n_query, width), nn.SiLU(), nn.Linear(width, width))
        self.own, self.continuation = nn.Linear(n_own, width), nn.Linear(n_continuation, width)
        self.own_out, self.continuation_out = (
            nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, outputs))
            for outputs in (2, 3)
        )
        for last in (self.own_out[-1], self.continuation_out[-1]):
            nn.init.zeros_(last.weight)  # type: ignore[arg-type]
            nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def forward(
        self,
        query: Tensor,
        centre: Tensor,
        scale: Tensor,
        log_weight: Tensor,
        expected: Tensor,
        continuations: Tensor,
        near: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """As Model.score of core/bundle/runtime.py."""
        trip = torch.full_like(expected, float(self.is_for_trips))
        facts, there = describe(
            query, centre, scale, log_weight, expected, continuations, near, trip
        )
        of_query = self.query(facts[0])[:, None]
        own = self.own_out(self.own(facts[1]) + of_query)  # changes of log weights and log scales
        terms = self.continuation_out(self.continuation(facts[2]) + of_query)  # the same, and gates
        weight, position = (
            continuations[..., 2 * N_VECTORS],
            continuations[..., 2:4].clamp(-1e5, 1e5),
        )
        prior = torch.where(weight > MIN_WEIGHT, torch.log(weight + 1e-6) - 1.5, -1e4)
        logits = torch.cat([log_weight + own[..., 0], prior + terms[..., 0]], dim=1)
        unit = (expected + 5.0)[:, None]
        of_own = scale * own[..., 1].clamp(-3.0, 3.0).exp()
        scales = torch.cat([of_own, unit * (terms[..., 1] - 1.5).clamp(-6.0, 2.0).exp()], dim=1)
        # From the same place to the same way from here, or back, as far as was learned.
        gate = torch.sigmoid(terms[..., 2:] - 3.0) * position
        return torch.log_softmax(logits, -1), scales, there + (gate if self.is_for_trips else -gate)


def describe(
    query: Tensor,
    centre: Tensor,
    scale: Tensor,
    log_weight: Tensor,
    expected: Tensor,
    continuations: Tensor,
    near: Tensor,
    trip: Tensor,
) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
    """Facts about m queries, their own components and their n continuations, on scales of about
    one; and where continuations lead, (m, n, 2) metres in the frame.
    """
    unit = (expected + 5.0)[:, None]  # (m, 1) metres
    vectors = continuations[..., : 2 * N_VECTORS].unflatten(-1, (-1, 2))
    displacement, position, velocity = vectors.clamp(-1e5, 1e5).unbind(-2)  # (m, n, 2) each
    weight, hours, age_days, *flags = continuations[..., 2 * N_VECTORS :].unbind(-1)  # (m, n) each
    near_m, near_ms = near[:, :1, None], near[:, 1:, None]
    # Continuations of days lead to the same place, those of trips the same way from here.
    there = displacement + (1 - trip)[:, None, None] * position
    total = weight.sum(-1, keepdim=True)
    support_there, support_own = (
        _support(places, there, weight, unit) / (total[..., None] + 1e-3)
        for places in (there, centre)
    )
    # (m, n, C)
    terms = log_weight[:, None] + log_density(centre[:, None], torch.log(scale)[:, None], there)
    most = terms.amax(-1, keepdim=True)
    # log density by the network
    likely = (most + torch.log(torch.exp(terms - most).sum(-1, keepdim=True)))[..., 0]
    far, moved, off, reach = (_length(v) for v in (there, displacement, position, centre))
    of_query = [
        torch.log1p(total),
        torch.log(unit / 100.0),
        trip[:, None],
        total / (total + 5.0),
        (weight * far).sum(-1, keepdim=True) / (total + 1e-3) / unit,
        (weight[..., None] * support_there[..., 1:]).sum(1) / (total + 1e-3),
    ]
    of_continuations = [
        weight,
        torch.log(weight + 1e-4) / 5.0,
        torch.log(far / unit),
        torch.log(moved / unit),
        torch.log1p(far / 50.0) / 8.0,
        hours / 3.0,
        torch.log1p(age_days) / 3.0,
        *flags,
        off / near_m[..., 0],
        (likely + 2 * torch.log(unit)) / 5.0,
        *support_there.unbind(-1),
        *(there / (far + unit)[..., None]).unbind(-1),
        *(displacement / (moved + unit)[..., None]).unbind(-1),
        *(position / near_m).unbind(-1),
        *(velocity / near_ms).clamp(-6.0, 6.0).unbind(-1),
        trip[:, None].expand_as(weight),
        *(there / unit[..., None]).clamp(-4.0, 4.0).unbind(-1),
    ]
    one, none = torch.ones_like(scale), torch.zeros_like(scale)
    stays = torch.cat([one[:, :1], none[:, 1:]], dim=1)  # the first component
    # of trips the last: the network's direct point
    point = torch.cat([none[:, 1:], trip[:, None]], dim=1)
    of_own = [
        log_weight.clamp(min=-10.0) / 5.0,
        torch.log(scale / unit),
        torch.log(reach / unit),
        torch.log1p(reach / 50.0) / 8.0,
        *support_own.unbind(-1),
        stays,
        point,
        *(centre / (reach + unit)[..., None]).unbind(-1),
        trip[:, None].expand_as(scale),
    ]
    own, theirs = (
        torch.stack(columns, -1).clamp(-8.0, 8.0) for columns in (of_own, of_continuations)
    )
    return (torch.cat([query, torch.cat(of_query, -1).clamp(-8.0, 8.0)], -1), own, theirs), there


def _support(places: Tensor, there: Tensor, weight: Tensor, unit: Tensor) -> Tensor:
    """How much kernel weight of continuations (m, n) leads near the places (m, k, 2): (m, k,
    reaches).
    """
    square = places.square().sum(-1)[:, :, None] + there.square().sum(-1)[:, None]
    square = (square - 2 * places @ there.transpose(1, 2)).clamp(min=0.0) / unit[..., None] ** 2
    return torch.stack(
        [(torch.exp(-0.5 * square / r**2) @ weight[..., None])[..., 0] for r in REACHES], -1
    )


def _length(v: Tensor) -> Tensor:
    """Lengths (…) of vectors (…, 2) in metres, at least one."""
    return (v.square().sum(-1) + 1.0).sqrt()
