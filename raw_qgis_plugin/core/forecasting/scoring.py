# SPDX-License-Identifier: GPL-2.0-or-later
"""The mixture of a query: components of the network, candidate places and continuations of the
layer.

`describe` runs the network and looks up continuations, `score` decides how much each component
counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..arrays import softmax, take_rows
from ..bundle.runtime import Model, batches, featurize_padded, padded
from ..errors import Progress
from ..features import featurizer as feat
from ..tracks import Tracks
from .candidates import Candidates, candidates
from .context import ContextKind, ContextQueries, kinds_of_contexts, select_rows, split_by_band
from .context import Settings as ContextSettings
from .mixture import Mixture, network_mixture, spatial_median
from .neighbours import COLUMNS, DAY_KERNEL, MIN_WEIGHT, WEIGHT, Neighbours, in_frame

CONTEXTS_AT_ONCE = 16_384
POINTS_AT_ONCE = 4096  # in one run of the network: more leave the processor's cache
MORE_PAST = 1.5  # added to the log weights of continuations where the layer's past predicts better


@dataclass(frozen=True)
class Described:
    """Features of queries and the network's predictions, in metres in the frames of the fixes
    `last` (m,) of f.

    kind: (m,) ContextKind. continuations: COLUMNS (m, n, 12) of neighbours.py, n zero where there
    are none. near: (m, 2) metres and m/s, scales of their kernels. other_users: (m,) of which they
    are, but for the query's own. states: (m, D) of the network, and places: candidate places, of
    days alone.
    """

    f: feat.Features
    last: np.ndarray
    query: feat.Query
    kind: np.ndarray
    mixture: Mixture
    continuations: np.ndarray
    near: np.ndarray
    other_users: np.ndarray
    states: np.ndarray | None = None
    places: Candidates | None = None


def score(model: Model, d: Described) -> tuple[Mixture, Mixture]:
    """The mixtures of described queries with their continuations among the components, weighted by
    a scorer; and the same with more weight for continuations in days of fleets, for layers whose
    past predicts better than the network.

    Queries without continuations keep the network's mixture, and so do people who stay at places:
    their own places predict their days better than the past of others. The shipped network brings a
    second graph for days of fleets, whose mixture gets half of the weight: on taxis and on buses
    both together come nearer than either alone.
    """
    rows = (d.continuations.shape[1] > 0) & (
        (d.kind == ContextKind.TRIP) | ContextKind.is_fleet(d.kind)
    )
    if not rows.any():
        return d.mixture, d.mixture
    outputs = model.score("trips" if d.places is None else "days", scorer_inputs(d, rows))
    log_weight, scale, leads_to = (a.astype(np.float64) for a in outputs)
    centre = np.concatenate([d.mixture.centre[rows], leads_to], axis=1)
    mixture = Mixture(centre, scale, softmax(log_weight))
    if d.places is None or d.states is None:
        mixture = d.mixture.replaced(rows, mixture)
        return mixture, mixture
    log_weight[:, -leads_to.shape[1] :] += MORE_PAST
    past = Mixture(centre, scale, softmax(log_weight))
    if model.has_fleet_graph:
        places, near, unit_m = take_rows(d.places, rows), d.continuations[rows], d.query.scale[rows]
        inputs = {
            "states": d.states[rows],
            "query": d.query.x[rows],
            "scale": unit_m,
            "candidates": places.x,
            "places": places.xy,
            "neighbours": near,
        }
        parameters, options, leads_to = (a.astype(np.float64) for a in model.score("fleet", inputs))
        spots = np.concatenate([places.xy, leads_to], axis=1)
        known = np.concatenate([places.known, near[..., WEIGHT] > MIN_WEIGHT], axis=1)
        second = network_mixture(parameters, d.query.base[rows], unit_m, (options, spots, known))
        mixture = mixture.joined(second)
    return d.mixture.replaced(rows, mixture), d.mixture.replaced(rows, past)


def scorer_inputs(d: Described, rows: np.ndarray) -> dict[str, np.ndarray]:
    """What the scorer network is given for some queries, by the names of its graph's inputs
    (bundle/contract.py).
    """
    m = take_rows(d.mixture, rows)
    return {
        "query": d.query.x[rows],
        "centre": m.centre,
        "scale": m.scale,
        "log_weight": np.log(np.maximum(m.weight, 1e-12)),
        "expected": m.expected_error_m(spatial_median(m, 0.5)),
        "continuations": d.continuations[rows],
        "near": d.near[rows],
    }


def describe(
    tracks: Tracks,
    model: Model,
    queries: ContextQueries,
    neighbours: Neighbours | None,
    progress: Progress,
) -> Iterator[tuple[np.ndarray, Described]]:
    """Run the network on queries in batches: their numbers, some more than once, and their
    features.
    """
    if not len(queries.end):
        return
    (begin, end, context, horizon_s), by_days = split_by_band(tracks, queries)
    farthest_s = np.zeros(len(end))
    np.maximum.at(farthest_s, context, horizon_s)
    by_context = np.argsort(context, kind="stable")
    first = np.searchsorted(context[by_context], np.arange(len(end) + 1))
    done = 0
    for block in np.split(
        np.arange(len(end)), np.arange(CONTEXTS_AT_ONCE, len(end), CONTEXTS_AT_ONCE)
    ):
        each_of = zip(begin[block], end[block], farthest_s[block], by_days[block], strict=True)
        # not one fix at a time
        kept, of_days = zip(*(select_rows(tracks.t, *each) for each in each_of), strict=True)
        rows, valid = padded(kept)
        days = np.array(of_days)
        length = valid.sum(axis=1)
        for chosen in (np.flatnonzero(~days), np.flatnonzero(days)):
            for batch in batches(
                length[chosen], POINTS_AT_ONCE, n_queries=np.diff(first)[block[chosen]]
            ):
                progress(done / len(end))
                some = chosen[batch]
                begin_of, end_of = first[block[some], None], first[block[some] + 1, None]
                queries_of = begin_of + np.arange((end_of - begin_of).max())
                number = by_context[np.minimum(queries_of, end_of - 1)]  # repeats cost little
                cut = np.s_[:, -int(length[some].max()) :]
                contexts = rows[some][cut], valid[some][cut]
                yield (
                    number.ravel(),
                    _describe(
                        model, tracks, *contexts, horizon_s[number], neighbours, days[some[0]]
                    ),
                )
                done += len(some)


def _describe(
    model: Model,
    tracks: Tracks,
    rows: np.ndarray,
    valid: np.ndarray,
    horizon_s: np.ndarray,
    neighbours: Neighbours | None,
    days: bool,
) -> Described:
    """Contexts (b, L) of trips or of days, queried over horizon_s (b, h). Candidate places of days
    come from the whole context, states of the network from its last fixes.
    """
    (b, h), most = (
        horizon_s.shape,
        ContextSettings.network_day_fixes if days else ContextSettings.network_trip_fixes,
    )
    f, x, clock = featurize_padded(tracks, rows, valid, most)
    last = np.repeat(np.cumsum(valid.sum(axis=1)) - 1, h)
    q = feat.ask(f, last, horizon_s.ravel())
    places = candidates(f, last, horizon_s.ravel(), q) if days else None
    parameters, *of_days = model.backbone(
        x,
        clock,
        valid[:, -most:],
        q.x.reshape(b, h, -1),
        outputs=("parameters", "options", "states") if days else ("parameters",),
        candidates=None if places is None else places.x.reshape(b, h, *places.x.shape[1:]),
    )
    parameters, states = parameters.reshape(b * h, -1).astype(np.float64), None
    if places is None:
        kind, near = np.full(b, ContextKind.TRIP), np.ones((b, 2))
        mixture = network_mixture(parameters, q.base, q.scale)
        # The network learned its direct point from the error in metres, the mixture from the
        # likelihood: half and half.
        point = q.base + parameters[:, :2] * q.scale[:, None]
        scale = 0.25 * mixture.expected_error_m(point)[:, None]
        mixture = mixture.joined(Mixture(point[:, None], scale, np.ones_like(scale)))
    else:
        kind, near = (
            kinds_of_contexts(tracks, rows, valid),
            np.tile([DAY_KERNEL.near_m, DAY_KERNEL.near_ms], (b, 1)),
        )
        options, states = (
            of_days[0].reshape(b * h, -1, 2).astype(np.float64),
            np.repeat(of_days[1][:, -1], h, axis=0),
        )
        mixture = network_mixture(parameters, q.base, q.scale, (options, places.xy, places.known))
    continuations, other_users = (
        np.zeros((b, h, 0, len(COLUMNS)), np.float32),
        np.zeros((b, h), int),
    )
    some = np.flatnonzero((kind == ContextKind.TRIP) | ContextKind.is_fleet(kind))
    if neighbours is not None and len(some):
        before = np.where(valid[:, -2:-1].any(axis=1), rows[:, -2:][:, 0], rows[:, -1])
        found = neighbours.continuations(rows[some, -1], before[some], horizon_s[some], days)
        continuations = np.zeros((b, *found[0].shape[1:]), np.float32)
        continuations[some], other_users[some], near[some] = found
    continuations = in_frame(
        continuations.reshape(b * h, *continuations.shape[2:]), f.heading[last]
    )
    return Described(
        f,
        last,
        q,
        np.repeat(kind, h),
        mixture,
        continuations,
        np.repeat(near, h, axis=0),
        other_users.ravel(),
        states,
        places,
    )
