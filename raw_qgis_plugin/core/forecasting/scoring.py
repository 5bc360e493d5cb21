# SPDX-License-Identifier: GPL-2.0-or-later
"""The mixture of a query: components of the network, of candidate places and of continuations.

`describe` runs the network and looks up continuations of the layer. `score` decides how much each
component counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array, Columns, softmax, take_rows
from ..bundle.runtime import Model, batches, featurize_padded, padded
from ..errors import Progress
from ..features import featurizer as feat
from ..tracks import Tracks
from .candidates import Candidates, candidates
from .context import ContextKind, ContextQueries, kinds_of_contexts, select_rows, split_by_band
from .context import Settings as ContextSettings
from .mixture import Mixture, network_mixture, spatial_median
from .neighbours import MIN_WEIGHT, WEIGHT, Continuations, Neighbours, in_frame

CONTEXTS_AT_ONCE = 16_384
POINTS_AT_ONCE = 4096  # in one run of the network: more leave the processor's cache
MORE_PAST = 1.5  # added to the log weights of continuations where the layer's past predicts better


@dataclass(frozen=True)
class Described:
    """Features of queries (m,) and what the network predicts, in metres in the frames of fixes."""

    f: feat.Features
    last: Array  # (m,) the fixes of f
    query: feat.Query
    kind: Array  # (m,) ContextKind
    mixture: Mixture
    continuations: Array  # COLUMNS (m, n, 12) of neighbours.py, n zero where there are none
    near: Array  # (m, 2) metres and m/s, scales of their kernels
    other_users: Array  # (m,) of which they are, but for the query's own
    states: Array  # (m, D) of the network, D zero for trips
    places: Candidates | None  # candidate places, of days alone


def score(model: Model, d: Described) -> tuple[Mixture, Mixture | None]:
    """The mixtures of described queries, with continuations among the components.

    A scorer weighs the components. Queries without continuations keep the network's mixture, and so
    do people who stay at places: their own places predict their days better than others' past.

    The second mixtures, in batches with days of fleets, give continuations more weight, for layers
    whose past predicts better than the network.
    """
    uses_past = (d.kind == ContextKind.TRIP) | ContextKind.is_fleet(d.kind)
    rows = uses_past & (d.continuations.shape[1] > 0)

    if not rows.any():
        return d.mixture, None

    # The scorer sees both kinds of components at once
    outputs = model.score("trips" if d.places is None else "days", scorer_inputs(d, rows))
    log_weight, scale, leads_to = (a.astype(np.float64) for a in outputs)
    centre = np.hstack([d.mixture.centre[rows], leads_to])
    mixture = Mixture(centre, scale, softmax(log_weight))

    if d.places is None:
        return d.mixture.replaced(rows, mixture), None

    log_weight[:, -leads_to.shape[1] :] += MORE_PAST
    past = Mixture(centre, scale, softmax(log_weight))

    if model.has_fleet_graph:
        mixture = mixture.joined(_fleet_mixture(model, d, d.places, rows))

    return d.mixture.replaced(rows, mixture), d.mixture.replaced(rows, past)


def _fleet_mixture(model: Model, d: Described, places: Candidates, rows: Array) -> Mixture:
    """The mixtures of the second graph, which the shipped network brings for days of fleets.

    It gets half of the weight: on taxis and on buses both together come nearer than either alone.
    """
    places = take_rows(places, rows)
    near = d.continuations[rows]
    query = take_rows(d.query, rows)
    inputs = {
        "states": d.states[rows],
        "query": query.x,
        "scale": query.scale,
        "candidates": places.x,
        "places": places.xy,
        "neighbours": near,
    }
    outputs = model.score("fleet", inputs)
    parameters, options, leads_to = (a.astype(np.float64) for a in outputs)
    spots = np.hstack([places.xy, leads_to])
    known = near[..., WEIGHT] > MIN_WEIGHT
    known = np.hstack([places.known, known])
    candidate = options, spots, known

    return network_mixture(parameters, query.base, query.scale, candidate)


def scorer_inputs(d: Described, rows: Array) -> Columns:
    """What the scorer network is given for some queries, by the names of its graph's inputs.

    bundle/contract.py has their shapes.
    """
    m = take_rows(d.mixture, rows)
    point = spatial_median(m, 0.5)
    inputs = {"query": d.query.x[rows]}
    inputs["centre"] = m.centre
    inputs["scale"] = m.scale
    inputs["log_weight"] = np.log(np.maximum(m.weight, 1e-12))
    inputs["expected"] = m.expected_error_m(point)
    inputs["continuations"] = d.continuations[rows]
    inputs["near"] = d.near[rows]

    return inputs


@dataclass(frozen=True)
class _QueriesByContext:
    """The queries in the order of their contexts."""

    number: Array  # (n,) of the queries
    first: Array  # (c + 1,) those of context k are number[first[k] : first[k + 1]]
    farthest_s: Array  # (c,) the farthest horizon of a context

    @classmethod
    def of(cls, queries: ContextQueries) -> _QueriesByContext:
        number = np.lexsort((queries.horizon_s, queries.context))
        contexts = np.arange(len(queries.end) + 1)
        first = np.searchsorted(queries.context[number], contexts)
        last = number[first[1:] - 1]

        return cls(number, first, queries.horizon_s[last])

    def numbers(self, contexts: Array) -> Array:
        """(k, h) the queries of contexts (k,). Some are repeated, which costs little."""
        begin = self.first[contexts, None]
        end = self.first[contexts + 1, None]
        column = np.arange((end - begin).max())

        return self.number[np.minimum(begin + column, end - 1)]


def describe(
    tracks: Tracks,
    model: Model,
    queries: ContextQueries,
    neighbours: Neighbours | None,
    progress: Progress,
) -> Iterator[tuple[Array, Described]]:
    """Run the network on queries: the numbers of a batch, some more than once, and its features."""
    if not len(queries.end):
        return

    queries, by_days = split_by_band(tracks, queries)
    by_context = _QueriesByContext.of(queries)
    done = 0

    for begin in range(0, len(by_days), CONTEXTS_AT_ONCE):
        block = np.arange(begin, min(begin + CONTEXTS_AT_ONCE, len(by_days)))
        n_queries = np.diff(by_context.first)[block]
        contexts = _select(tracks, queries, by_context.farthest_s, by_days, block)

        for some in contexts.batches(n_queries):
            progress(done / len(by_days))
            number = by_context.numbers(block[some])
            batch = contexts.take(some)
            d = _describe(model, tracks, batch, queries.horizon_s[number], neighbours)
            yield number.ravel(), d
            done += len(some)


@dataclass(frozen=True)
class _Contexts:
    """Contexts padded on the left."""

    rows: Array  # (b, L) of the tracks
    valid: Array  # (b, L) bool, False on padding
    days: Array  # (b,) bool, whether they show days

    @property
    def network_fixes(self) -> int:
        """How many of the last fixes the network reads itself."""
        if self.days[0]:
            return ContextSettings.network_day_fixes

        return ContextSettings.network_trip_fixes

    def batches(self, n_queries: Array) -> Iterator[Array]:
        """Numbers of contexts of about the same length, all trips or all days."""
        length = self.valid.sum(axis=1)
        for days in (False, True):
            chosen = np.flatnonzero(self.days == days)
            for some in batches(length[chosen], POINTS_AT_ONCE, n_queries=n_queries[chosen]):
                yield chosen[some]

    def take(self, some: Array) -> _Contexts:
        """Some of them, without padding that all have."""
        valid = self.valid[some]
        width = valid.sum(axis=1).max()
        rows = self.rows[some, -width:]
        valid = valid[:, -width:]

        return _Contexts(rows, valid, self.days[some])


def _select(
    tracks: Tracks,
    queries: ContextQueries,
    farthest_s: Array,
    by_days: Array,
    block: Array,
) -> _Contexts:
    """The contexts of a block of numbers (b,), by the farthest horizons and whether days answer."""
    kept = []
    days = np.zeros(len(block), bool)

    for i, c in enumerate(block):  # one context at a time, not one fix
        begin = queries.begin[c]
        end = queries.end[c]
        rows, days[i] = select_rows(tracks.t, begin, end, farthest_s[c], by_days[c])
        kept.append(rows)

    return _Contexts(*padded(kept), days)


def _describe(
    model: Model,
    tracks: Tracks,
    contexts: _Contexts,
    horizon_s: Array,
    neighbours: Neighbours | None,
) -> Described:
    """Describe queries over horizon_s (b, h) of contexts, all of trips or all of days.

    Candidate places of days come from the whole context, states of the network from its last fixes.
    """
    h = horizon_s.shape[1]
    f, x, clock = featurize_padded(tracks, contexts.rows, contexts.valid, contexts.network_fixes)
    last = np.repeat(np.cumsum(contexts.valid.sum(axis=1)) - 1, h)
    q = feat.ask(f, last, horizon_s.ravel())
    inputs = {"x": x, "clock": clock}
    inputs["valid"] = contexts.valid[:, -x.shape[1] :]
    inputs["query"] = q.x.reshape(*horizon_s.shape, -1)

    if contexts.days[0]:
        places = candidates(f, last, horizon_s.ravel(), q)
        mixture, states = _mixture_of_days(model, inputs, q, places)
        kind = kinds_of_contexts(tracks, contexts.rows, contexts.valid)
    else:
        places = None
        mixture = _mixture_of_trips(model, inputs, q)
        states = np.zeros((len(last), 0))
        kind = np.full(len(horizon_s), int(ContextKind.TRIP))

    # What the layer adds, in the frames of the fixes
    found = _continuations(neighbours, contexts, kind, horizon_s)
    columns = found.columns.reshape(len(last), *found.columns.shape[2:])
    columns = in_frame(columns, f.heading[last])
    near = np.repeat(found.near, h, axis=0)

    return Described(
        f=f,
        last=last,
        query=q,
        kind=np.repeat(kind, h),
        mixture=mixture,
        continuations=columns,
        near=near,
        other_users=found.other_users.ravel(),
        states=states,
        places=places,
    )


def _mixture_of_trips(model: Model, inputs: dict[str, Any], q: feat.Query) -> Mixture:
    """The network's mixture and, with half of the weight, its direct point.

    It learned the point from the error in metres, the mixture from the likelihood.
    """
    (parameters,) = model.backbone(**inputs, outputs=("parameters",))
    parameters = parameters.reshape(len(q.x), -1)
    parameters = parameters.astype(np.float64)
    mixture = network_mixture(parameters, q.base, q.scale)

    # The direct point corrects where fading velocity leads
    correction = parameters[:, :2] * q.scale[:, None]
    point = q.base + correction
    error_m = mixture.expected_error_m(point)
    scale = 0.25 * error_m[:, None]
    one = Mixture(point[:, None], scale, np.ones_like(scale))

    return mixture.joined(one)


def _mixture_of_days(
    model: Model, inputs: dict[str, Any], q: feat.Query, places: Candidates
) -> tuple[Mixture, Array]:
    """The network's mixture with candidate places, and its states (m, D) at the last fixes."""
    m = len(q.x)
    b, h = inputs["query"].shape[:2]
    x = places.x.reshape(b, h, *places.x.shape[1:])
    outputs = "parameters", "options", "states"
    parameters, options, states = model.backbone(**inputs, outputs=outputs, candidates=x)

    # The network answers in float32; distances need more
    parameters = parameters.reshape(m, -1).astype(np.float64)
    options = options.reshape(m, -1, 2).astype(np.float64)
    candidate = options, places.xy, places.known
    mixture = network_mixture(parameters, q.base, q.scale, candidate)
    states = states[:, -1]

    return mixture, np.repeat(states, h, axis=0)


def _continuations(
    neighbours: Neighbours | None, contexts: _Contexts, kind: Array, horizon_s: Array
) -> Continuations:
    """Continuations of the contexts (b,) of trips and of fleets, over horizon_s (b, h)."""
    none = Continuations.none(horizon_s)
    some = np.flatnonzero((kind == ContextKind.TRIP) | ContextKind.is_fleet(kind))

    if neighbours is None or not len(some):
        return none

    last = contexts.rows[some, -1]
    has_step = contexts.valid[some, -2:].all(axis=1)
    before = np.where(has_step, contexts.rows[some, -2:][:, 0], last)
    days = bool(contexts.days[0])
    found = neighbours.continuations(last, before, horizon_s[some], days)
    result = Continuations.none(horizon_s, found.columns.shape[2])
    result.put(some, found)

    return result
