# SPDX-License-Identifier: GPL-2.0-or-later
"""The scorers: small networks that weigh the network's own mixture and continuations of the layer
against each other.

They see no states and no coordinates, so they serve every bundle. One is for trips, and one for
days of fleets.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from model.network.raw import log_density
from raw_qgis_plugin.core.features.featurizer import N_QUERY
from raw_qgis_plugin.core.forecasting.neighbours import MIN_WEIGHT, N_VECTORS

REACHES = (0.1, 0.3, 1.0)  # of the expected error, within which continuations support a place


class Settings:
    """What a scorer sees."""

    of_query: int = 7  # facts that are added to a query
    of_own: int = 12  # facts of a component of the network
    of_continuation: int = 26
    far_m: float = 1e5  # beyond which vectors are cut
    most: float = 8.0  # of a fact


def _from(width: int, outputs: int) -> nn.Sequential:
    """Layers whose outputs are zero before they are trained."""
    inner = nn.Linear(width, width)
    last = nn.Linear(width, outputs)
    layers = nn.Sequential(nn.SiLU(), inner, nn.SiLU(), last)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)

    return layers


class Scorer(nn.Module):
    """Components in, components out: each gets a weight and a scale. Metres in the frame of the
    query's fix.

    An untrained one follows the kernel's weights.
    """

    def __init__(self, trips: bool, width: int = 96) -> None:
        super().__init__()
        self.is_for_trips = trips
        self.query = nn.Sequential(
            nn.Linear(N_QUERY + Settings.of_query, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.own = nn.Linear(Settings.of_own, width)
        self.continuation = nn.Linear(Settings.of_continuation, width)
        self.own_out = _from(width, 2)
        self.continuation_out = _from(width, 3)

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
        unit = (expected + 5.0)[:, None]  # (m, 1) metres
        own = Components(centre, scale, log_weight)
        theirs = Continuations.of(continuations, trip)
        facts = facts_of_query(query, theirs, unit, trip)
        of_query = self.query(facts)[:, None]
        # changes of log weights and log scales
        facts = facts_of_own(own, theirs, unit, trip)
        change = self.own_out(self.own(facts) + of_query)
        # the same, and gates
        facts = facts_of_continuations(own, theirs, near, unit, trip)
        terms = self.continuation_out(self.continuation(facts) + of_query)

        logits = torch.cat([log_weight + change[..., 0], theirs.prior + terms[..., 0]], dim=1)
        own_scale = scale * change[..., 1].clamp(-3.0, 3.0).exp()
        their_scale = unit * (terms[..., 1] - 1.5).clamp(-6.0, 2.0).exp()
        scales = torch.cat([own_scale, their_scale], dim=1)
        # From the same place to the same way from here, or back, as far as was learned.
        moved = torch.sigmoid(terms[..., 2:] - 3.0) * theirs.position
        leads_to = theirs.there + (moved if self.is_for_trips else -moved)

        return torch.log_softmax(logits, -1), scales, leads_to


class Components(NamedTuple):
    """The network's own components: centre (m, k, 2) and scale (m, k) in metres, log weight."""

    centre: Tensor
    scale: Tensor
    log_weight: Tensor


class Continuations(NamedTuple):
    """How n tracks of the layer went on, for each of m queries."""

    there: Tensor  # (m, n, 2) metres in the frame, where they lead
    displacement: Tensor  # (m, n, 2) metres, since then
    position: Tensor  # (m, n, 2) metres, where they were
    velocity: Tensor  # (m, n, 2) m/s
    weight: Tensor  # (m, n) of the kernel
    hours: Tensor  # (m, n)
    age_days: Tensor  # (m, n)
    flags: list[Tensor]  # (m, n) each

    @classmethod
    def of(cls, columns: Tensor, trip: Tensor) -> Continuations:
        """The columns (m, n, …) of core/forecasting/neighbours.py by name. trip: (m,) 1 for trips.

        Continuations of days lead to the same place, those of trips the same way from here.
        """
        vectors = (
            columns[..., : 2 * N_VECTORS]
            .unflatten(-1, (-1, 2))
            .clamp(-Settings.far_m, Settings.far_m)
        )
        displacement, position, velocity = vectors.unbind(-2)
        facts = columns[..., 2 * N_VECTORS :].unbind(-1)
        there = displacement + (1 - trip)[:, None, None] * position

        weight, hours, age_days = facts[:3]
        flags = list(facts[3:])
        return cls(there, displacement, position, velocity, weight, hours, age_days, flags)

    @property
    def prior(self) -> Tensor:
        """(m, n) log weights, before anything is learned."""
        return torch.where(self.weight > MIN_WEIGHT, torch.log(self.weight + 1e-6) - 1.5, -1e4)

    @property
    def total(self) -> Tensor:
        """(m, 1) of the weights."""
        return self.weight.sum(-1, keepdim=True)


def facts_of_query(query: Tensor, theirs: Continuations, unit: Tensor, trip: Tensor) -> Tensor:
    """(m, facts) of queries, on scales of about one. unit: (m, 1) metres."""
    total = theirs.total
    far = theirs.weight * _length(theirs.there)
    mean_far = far.sum(-1, keepdim=True) / (total + 1e-3)
    support = _support(theirs.there, theirs, unit)[..., 1:]
    weighted = theirs.weight[..., None] * support
    facts = [
        torch.log1p(total),
        torch.log(unit / 100.0),
        trip[:, None],
        total / (total + 5.0),
        mean_far / unit,
        weighted.sum(1) / (total + 1e-3),
    ]
    every = torch.cat(facts, -1)
    within = every.clamp(-Settings.most, Settings.most)
    return torch.cat([query, within], -1)


def facts_of_continuations(
    own: Components, theirs: Continuations, near: Tensor, unit: Tensor, trip: Tensor
) -> Tensor:
    """(m, n, facts) of continuations. near: (m, 2) metres and m/s that count as near."""
    near_m = near[:, :1, None]
    near_ms = near[:, 1:, None]
    far = _length(theirs.there)
    moved = _length(theirs.displacement)
    facts: dict[str, Tensor] = {}  # (m, n) or (m, n, k) each, in the order of the shipped network

    facts["weight"] = theirs.weight
    facts["log_weight"] = torch.log(theirs.weight + 1e-4) / 5.0
    facts["log_far"] = torch.log(far / unit)
    facts["log_moved"] = torch.log(moved / unit)
    facts["far"] = torch.log1p(far / 50.0) / 8.0
    facts["hours"] = theirs.hours / 3.0
    facts["age"] = torch.log1p(theirs.age_days) / 3.0
    facts["flags"] = torch.stack([*theirs.flags], -1)
    facts["off"] = _length(theirs.position) / near_m[..., 0]

    density = _log_density(own, theirs.there)
    facts["density"] = (density + 2 * torch.log(unit)) / 5.0
    facts["support"] = _support(theirs.there, theirs, unit)

    reach = (far + unit)[..., None]
    facts["there"] = theirs.there / reach
    way = (moved + unit)[..., None]
    facts["displacement"] = theirs.displacement / way
    facts["position"] = theirs.position / near_m

    velocity = theirs.velocity / near_ms
    facts["velocity"] = velocity.clamp(-6.0, 6.0)
    facts["trip"] = trip[:, None].expand_as(theirs.weight)
    per_unit = theirs.there / unit[..., None]
    facts["per_unit"] = per_unit.clamp(-4.0, 4.0)
    return _joined(facts)


def _joined(facts: dict[str, Tensor]) -> Tensor:
    """(m, n, facts) of facts (m, n) and (m, n, k), one after the other, within limits."""
    parts = [fact if fact.ndim == 3 else fact[..., None] for fact in facts.values()]
    every = torch.cat(parts, -1)
    return every.clamp(-Settings.most, Settings.most)


def facts_of_own(own: Components, theirs: Continuations, unit: Tensor, trip: Tensor) -> Tensor:
    """(m, k, facts) of the network's components: the first one stays; of trips the last one is the
    network's direct point.
    """
    reach = _length(own.centre)
    others = torch.zeros_like(own.scale)[:, 1:]
    stays = torch.cat([torch.ones_like(own.scale)[:, :1], others], dim=1)
    point = torch.cat([others, trip[:, None]], dim=1)
    facts: dict[str, Tensor] = {}
    facts["log_weight"] = own.log_weight.clamp(min=-10.0) / 5.0
    facts["log_scale"] = torch.log(own.scale / unit)
    facts["log_reach"] = torch.log(reach / unit)
    facts["reach"] = torch.log1p(reach / 50.0) / 8.0

    facts["support"] = _support(own.centre, theirs, unit)
    facts["stays"] = stays
    facts["point"] = point

    beyond = (reach + unit)[..., None]
    facts["centre"] = own.centre / beyond
    facts["trip"] = trip[:, None].expand_as(own.scale)
    return _joined(facts)


def _log_density(own: Components, there: Tensor) -> Tensor:
    """(m, n) log density by the network where continuations lead."""
    scale = torch.log(own.scale)[:, None]
    density = log_density(own.centre[:, None], scale, there)
    terms = own.log_weight[:, None] + density  # (m, n, k)
    most = terms.amax(-1, keepdim=True)
    total = torch.exp(terms - most).sum(-1, keepdim=True)

    return (most + torch.log(total))[..., 0]


def _support(places: Tensor, theirs: Continuations, unit: Tensor) -> Tensor:
    """(m, k, reaches) shares of the weight of continuations that lead near the places (m, k, 2)."""
    there = theirs.there
    products = places @ there.transpose(1, 2)
    squares = places.square().sum(-1)[:, :, None] + there.square().sum(-1)[:, None]
    square_m = (squares - 2 * products).clamp(min=0.0)
    square = square_m / unit[..., None] ** 2

    near = []

    for reach in REACHES:
        kernel = torch.exp(-0.5 * square / reach**2)
        total = kernel @ theirs.weight[..., None]
        near.append(total[..., 0])

    return torch.stack(near, -1) / (theirs.total[..., None] + 1e-3)


def _length(v: Tensor) -> Tensor:
    """Lengths (…) of vectors (…, 2) in metres, at least one."""
    return (v.square().sum(-1) + 1.0).sqrt()
