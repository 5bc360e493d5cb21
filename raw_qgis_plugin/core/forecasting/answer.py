# SPDX-License-Identifier: GPL-2.0-or-later
"""The model's answer to queries: one mixture over the network's own components, candidate places
and continuations of the layer. `score` decides how much the network and the layer's past count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import softmax
from ..bundle.runtime import Model, batches, featurize_padded
from ..errors import Progress
from ..features import featurizer as feat
from ..tracks import Tracks
from .candidates import Candidates, candidates
from .context import SETTINGS, ContextKind, ContextQueries, context_rows, kinds_of_contexts, split_by_band
from .mixture import Mixture, network_mixture, spatial_median
from .neighbours import COLUMNS, DAY_KERNEL, LEAST_WEIGHT, WEIGHT, Neighbours, in_frame, last_two

CONTEXTS_AT_ONCE = 16_384
POINTS_AT_ONCE = 4096  # in one run of the network: more leave the processor's cache


@dataclass(frozen=True)
class Described:
    """Queries as the network answers them, in metres in the frames of the fixes `last` (m,) of f.

    kind: (m,) ContextKind. continuations: COLUMNS (m, n, 12) of neighbours.py, n zero where none are wanted; near_m,
    near_ms: (m,) scales of their kernels. states: (m, D) of the network and places: their candidate places, of days
    alone.
    """

    f: feat.Features
    last: np.ndarray
    query: feat.Query
    kind: np.ndarray
    mixture: Mixture
    continuations: np.ndarray
    near_m: np.ndarray
    near_ms: np.ndarray
    states: np.ndarray | None = None
    places: Candidates | None = None


def answer(
    tracks: Tracks, model: Model, queries: ContextQueries, neighbours: Neighbours | None, progress: Progress
) -> Iterator[tuple[np.ndarray, Described, Mixture]]:
    """Answer queries in batches: their numbers (some more than once), how they were described, and the mixtures.

    neighbours: None leaves continuations out.
    """
    for number, described in describe(tracks, model, queries, neighbours, progress):
        yield number, described, score(model, described)


def score(model: Model, d: Described) -> Mixture:
    """The mixtures of described queries with their continuations among the components, weighted by the scorer.

    The scorer divides the weight between the network's components and the layer's past for each query. Queries that it
    does not answer (`_scored`) keep the network's mixture. A bundle of 0.2.0, such as the shipped one, has a graph of
    its own for days of fleets: its mixture gets half of the weight there.
    """
    scored = _scored(d)
    if not scored.any():
        return d.mixture
    mixture = _weighed(model.score, d, scored)
    if d.places is not None and d.states is not None and model.has_fleet_graph:
        mixture = mixture.joined(_scored_by_bundle(model, d, d.places, d.states, scored))
    return d.mixture.replaced(scored, mixture)


def with_past(model: Model, d: Described, mixture: Mixture, share: np.ndarray) -> Mixture:
    """The mixtures of `score`, of which a share (m,) of the weight goes to the layer's past alone in days of fleets.

    That is an engine without a pretrained network: a network of output zero says mostly *stay*, and a scorer that was
    trained beside it weighs continuations. Among vehicles unlike those of the pretraining it can be the better one.
    """
    rows = _scored(d) & ContextKind.is_fleet(d.kind) & (share > 0)
    if d.places is None or not rows.any():
        return mixture
    past = _weighed(model.score_past, replace(d, mixture=_untrained(d, d.places)), rows)
    return mixture.replaced(rows, mixture.take(rows).joined(past, share[rows]))


def _scored(d: Described) -> np.ndarray:
    """The queries (m,) bool that a scorer answers: with continuations, and not of people who stay at places, since
    their own places predict their days better than the past of others.
    """
    has_continuations = d.continuations.shape[1] > 0
    return has_continuations & ((d.kind == ContextKind.TRIP) | ContextKind.is_fleet(d.kind))


def _weighed(scorer: Callable[[dict[str, np.ndarray]], list[np.ndarray]], d: Described, rows: np.ndarray) -> Mixture:
    """The mixtures of the queries `rows` (m,) bool with their continuations, weighed by a scorer."""
    log_weight, scale, leads_to = (a.astype(np.float64) for a in scorer(scorer_inputs(d, rows)))
    return Mixture(np.concatenate([d.mixture.centre[rows], leads_to], axis=1), scale, softmax(log_weight))


def _untrained(d: Described, places: Candidates) -> Mixture:
    """The mixtures of a network whose output is zero, of as many components."""
    m, k = places.xy.shape[:2]
    nothing = np.zeros((m, 4 * (d.mixture.weight.shape[1] - k)))
    return network_mixture(nothing, d.query.base, d.query.scale, (np.zeros((m, k, 2)), places.xy, places.known))


def _scored_by_bundle(model: Model, d: Described, places: Candidates, states: np.ndarray, fleet: np.ndarray) -> Mixture:
    """The second mixtures of days of fleets, the queries `fleet` (m,) bool, by the graph that RAW 0.2.0 trained into
    its bundles, the shipped one included. It weighs the same candidates and continuations from the network's states.

    On taxis and on buses both mixtures together come nearer than either alone.
    """
    base, unit_m, near = d.query.base[fleet], d.query.scale[fleet], d.continuations[fleet]
    parameters, options, leads_to = (
        a.astype(np.float64)
        for a in model.score_fleets(states[fleet], d.query.x[fleet], unit_m, places.x[fleet], places.xy[fleet], near)
    )
    spots = np.concatenate([places.xy[fleet], leads_to], axis=1)
    known = np.concatenate([places.known[fleet], near[..., WEIGHT] > LEAST_WEIGHT], axis=1)
    return network_mixture(parameters, base, unit_m, (options, spots, known))


def scorer_inputs(d: Described, rows: np.ndarray) -> dict[str, np.ndarray]:
    """What the scorer network is given for some queries, by the names of its graph's inputs (bundle/contract.py)."""
    m = d.mixture.take(rows)
    return {
        "query": d.query.x[rows], "centre": m.centre, "scale": m.scale,
        "log_weight": np.log(np.maximum(m.weight, 1e-12)), "expected": m.expected_error_m(spatial_median(m, 0.5)),
        "continuations": d.continuations[rows], "near": np.stack([d.near_m, d.near_ms], axis=-1)[rows],
        "trip": (d.kind[rows] == ContextKind.TRIP).astype(np.float32),
    }  # fmt: skip


def describe(
    tracks: Tracks, model: Model, queries: ContextQueries, neighbours: Neighbours | None, progress: Progress
) -> Iterator[tuple[np.ndarray, Described]]:
    """Run the network on queries in batches: their numbers, some more than once, and what the network answers."""
    if not len(queries.end):
        return
    (begin, end, context, horizon_s), by_days = split_by_band(tracks, queries)
    farthest_s = np.zeros(len(end))
    np.maximum.at(farthest_s, context, horizon_s)
    by_context = np.argsort(context, kind="stable")
    first = np.searchsorted(context[by_context], np.arange(len(end) + 1))
    done = 0
    for block in np.split(np.arange(len(end)), np.arange(CONTEXTS_AT_ONCE, len(end), CONTEXTS_AT_ONCE)):
        rows, valid, days = context_rows(tracks, begin[block], end[block], farthest_s[block], by_days[block])
        for of_days in (False, True):
            chosen = np.flatnonzero(days == of_days)
            length = valid[chosen].sum(axis=1)
            for batch in batches(length, POINTS_AT_ONCE, n_queries=np.diff(first)[block[chosen]]):
                progress(done / len(end))
                some = chosen[batch]
                begin_of, end_of = first[block[some], None], first[block[some] + 1, None]
                queries_of = begin_of + np.arange((end_of - begin_of).max())
                number = by_context[np.minimum(queries_of, end_of - 1)]  # repeats cost little
                longest = int(length[batch].max())
                batch_rows, batch_valid = rows[some][:, -longest:], valid[some][:, -longest:]
                describe_batch = _describe_days if of_days else _describe_trips
                yield (
                    number.ravel(),
                    describe_batch(model, tracks, batch_rows, batch_valid, horizon_s[number], neighbours),
                )
                done += len(some)


def _describe_trips(
    model: Model, tracks: Tracks, rows: np.ndarray, valid: np.ndarray, horizon_s: np.ndarray,
    neighbours: Neighbours | None,
) -> Described:  # fmt: skip
    """Trips: contexts (b, L), asked over horizon_s (b, h)."""
    most = SETTINGS.network_trip_fixes
    f, x, clock = featurize_padded(tracks, rows, valid, most)
    last = np.repeat(np.cumsum(valid.sum(axis=1)) - 1, horizon_s.shape[1])
    q = feat.ask(f, last, horizon_s.ravel())
    asked = q.x.reshape(*horizon_s.shape, -1)
    (parameters,) = model.backbone(x, clock, valid[:, -most:], asked, outputs=("parameters",))
    parameters = parameters.reshape(len(last), -1).astype(np.float64)
    mixture = with_point(network_mixture(parameters, q.base, q.scale), q.base + parameters[:, :2] * q.scale[:, None])
    near, kernel = np.zeros((len(last), 0, len(COLUMNS)), np.float32), np.ones((2, len(last)))
    if neighbours is not None:
        found, scales = neighbours.of_trips(*last_two(rows, valid), horizon_s)
        near = in_frame(found.reshape(len(last), *found.shape[2:]), f.heading[last])
        kernel = np.repeat(scales, horizon_s.shape[1], axis=1)
    return Described(f, last, q, np.full(len(last), ContextKind.TRIP), mixture, near, *kernel)


def with_point(m: Mixture, point: np.ndarray) -> Mixture:
    """The mixtures with the network's direct points (m, 2) as a last component, of half the weight.

    The network learned its point from the error in metres, the mixture from the likelihood.
    """
    scale = 0.25 * m.expected_error_m(point)[:, None]
    half = np.full((len(point), 1), 0.5)
    return Mixture(
        np.concatenate([m.centre, point[:, None]], axis=1), np.concatenate([m.scale, scale], axis=1),
        np.concatenate([0.5 * m.weight, half], axis=1),
    )  # fmt: skip


def _describe_days(
    model: Model, tracks: Tracks, rows: np.ndarray, valid: np.ndarray, horizon_s: np.ndarray,
    neighbours: Neighbours | None,
) -> Described:  # fmt: skip
    """Days: contexts (b, L), asked over horizon_s (b, h). Candidate places come from the whole context, states of the
    network from its last fixes. Continuations are those of fleets: for people who stay at places their own past counts.
    """
    most = SETTINGS.network_day_fixes
    f, x, clock = featurize_padded(tracks, rows, valid, most)
    last = np.repeat(np.cumsum(valid.sum(axis=1)) - 1, horizon_s.shape[1])
    q = feat.ask(f, last, horizon_s.ravel())
    places = candidates(f, last, horizon_s.ravel(), q)
    states, *outputs = model.backbone(
        x, clock, valid[:, -most:], q.x.reshape(*horizon_s.shape, -1), outputs=("states", "parameters", "options"),
        candidates=places.x.reshape(*horizon_s.shape, *places.x.shape[1:]),
    )  # fmt: skip
    parameters, options = (a.reshape(len(last), *a.shape[2:]).astype(np.float64) for a in outputs)
    mixture = network_mixture(parameters, q.base, q.scale, (options, places.xy, places.known))
    kind = kinds_of_contexts(tracks, rows, valid)
    near = np.zeros((len(last), 0, len(COLUMNS)), np.float32)
    fleet = ContextKind.is_fleet(kind)
    if neighbours is not None and fleet.any():
        found = neighbours.of_days(*last_two(rows[fleet], valid[fleet]), horizon_s[fleet])
        near = np.zeros((len(kind), *found.shape[1:]), np.float32)
        near[fleet] = found
        near = in_frame(near.reshape(len(last), *found.shape[2:]), f.heading[last])
    kind = np.repeat(kind, horizon_s.shape[1])
    near_m, near_ms = np.full(len(last), DAY_KERNEL.near_m), np.full(len(last), DAY_KERNEL.near_ms)
    states = np.repeat(states[:, -1], horizon_s.shape[1], axis=0)
    return Described(f, last, q, kind, mixture, near, near_m, near_ms, states, places)
