# SPDX-License-Identifier: GPL-2.0-or-later
"""Training examples of heads: units or regions with their labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from model.cli import warn
from model.data.join import Labelled, join
from model.data.labels import Warn
from model.head_training.fit import encode
from raw_qgis_plugin.core.arrays import Array, Columns, connected, join_rows, take_rows
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.applicability import UNLIMITED, unit_stats
from raw_qgis_plugin.core.embedding.embed import N_TRACK_FEATURES
from raw_qgis_plugin.core.embedding.profiles import head_inputs
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.features.region_activity import (
    REGION_ACTIVITY,
    fix_activity,
    region_activity,
)
from raw_qgis_plugin.core.regions.geometry import area_km2, fixes_inside, usable_polygons
from raw_qgis_plugin.core.regions.heads import count_users, region_inputs
from raw_qgis_plugin.core.sources.polygons import Polygons
from raw_qgis_plugin.core.tracks import Tracks

Embed = Callable[[Tracks], np.ndarray]
COLUMNS = ("x", "label", "group", "whole", "weight")  # of Examples, (n, …) each
# a region head's last inputs: visitors, fixes and area, and its activity
COUNTS = 3 + len(REGION_ACTIVITY)
BASELINES = {"region": "gradient boosting on the numbers of users and fixes and the area"}
SAME_FOR_ALL = "the same answer for all, the most frequent or the middle one"
SAME_FOR_ALL_NEARER = f"{SAME_FOR_ALL}: nearer than gradient boosting here"
BASELINE = (
    "gradient boosting on the features that need no network (speeds, turns, stops, hours, places, "
    "trips)"
)


class Regions:
    """How regions become examples. Copies with fewer users make heads depend less on how many are
    seen.
    """

    # about two kilometres; regions of one block stay on one side of a split
    block_degrees: float = 0.02
    overlap: float = 0.01  # regions that share more than this part of the smaller one are joined
    min_users: int = 10  # of a region
    fewest: int = 10  # regions that teach a head
    copies: int = 8  # of each region with fewer of its users,
    min_seen: int = 10  # down to so many of all users
    min_in_copy: int = 3  # and of the region's


@dataclass(frozen=True)
class Examples:
    """What a head is trained on.

    x: (n, d) inputs of the head. label: (n,). group: (n,) int, units of one group stay on one side
    of a split. whole: (n,) bool, False for thinned copies and examples beside, which are never
    tested on. strength: (d,) weights of the columns of x. simple: the columns that the baseline
    learns from. domain: ranges of the units' statistics. weight: (n,), all alike where there is one
    source.
    """

    x: Array
    label: Array
    group: Array
    whole: Array
    strength: Array
    simple: slice
    domain: dict[str, list[float]]
    weight: Array

    def beside(self, other: Examples) -> Examples:
        """These examples, and others of other people and places that teach with half of the weight,
        untested.
        """
        group = self.group.max() + 1 + other.group
        untested = np.zeros(len(other.x), bool)
        other = replace(other, group=group, whole=untested, weight=other.weight / 2)
        joined = {}

        for name in COLUMNS:
            joined[name] = np.concatenate([getattr(self, name), getattr(other, name)])

        return replace(self, **joined)


def examples_of(
    tracks: Tracks, found: Labelled, unit: str, model: Model, embed: Embed, sources: bool
) -> Examples:
    """Examples of the labelled units that label_units gives. sources: users are named SOURCE/NAME,
    and weights are half-way between those of equal units and those of equal sources.
    """
    x = head_inputs(embed(tracks), tracks, unit)
    known = ~np.isnan(x).any(axis=1)
    stats = {name: values[known] for name, values in unit_stats(tracks).items()}
    users = tracks.user_ids[tracks.track_user[known]]
    names = [str(user).partition("/")[0] if sources else "" for user in users]
    _, source, size = np.unique(names, return_inverse=True, return_counts=True)
    return Examples(
        x=x[known],
        label=found.value[known],
        group=found.group[known],
        whole=np.ones(len(users), bool),
        strength=strength_of(x.shape[1], model),
        simple=features_of(model),
        domain=domain_of(stats),
        weight=size[source] ** -0.5,
    )


def features_of(model: Model) -> slice:
    """The columns of an embedding behind the network's states: features that need no network."""
    return slice(4 * model.card["width"], None)


def without_lone_classes(e: Examples, rename: dict[str, str], warn: Warn = warn) -> Examples:
    """Examples without classes of a single person or block: no head could be tested on them."""
    task, y = encode(e.label, rename)
    alone = []

    for number in range(len(task.classes)):
        groups = e.group[e.whole & (y == number)]
        if len(np.unique(groups)) < 2:
            alone.append(number)

    if not alone:
        return e

    names = ", ".join(task.classes[number] for number in alone)
    warn(
        "Classes of one person or place alone were left out, since they cannot be tested on "
        f"another: {names}."
    )
    kept = ~np.isin(y, alone)

    if not kept.any():
        raise InputError("Each label is of one person or place alone: label more of them.")

    return replace(e, **{name: getattr(e, name)[kept] for name in COLUMNS})


def strength_of(width: int, model: Model) -> Array:
    """(width,) weights of an embedding's columns: its hundreds of states weigh as much as the rest
    together.
    """
    states = 4 * model.card["width"]
    strength = np.ones(width)

    if width > states:
        strength[:states] = np.sqrt(N_TRACK_FEATURES / states)

    return strength


def strength_of_counts(one: Array) -> Array:
    """(COUNTS,) weights of a region's counts and activity; one: (d,) those of embeddings."""
    together = np.sqrt(np.square(one).sum())
    return np.full(COUNTS, together / 2)


@dataclass(frozen=True)
class RegionRows:
    """Rows of the examples of regions, as Examples has them; n_users: (n,) seen in the region."""

    x: Array
    label: Array
    group: Array
    whole: Array
    n_users: Array


def region_examples(
    tracks: Tracks,
    regions: Polygons,
    table: Columns,
    field: str,
    model: Model,
    seed: int,
    embed: Embed,
    warn: Warn = warn,
) -> Examples:
    """Examples of regions with enough users, whole and in thinned copies; the group of a region is
    its block.
    """
    number = np.arange(len(regions.ids))
    found = join(regions.ids, number, table, "region", field, warn=warn)
    shapes = regions.shapes[found.unit]
    block = blocks(shapes, warn)

    if not block.any():
        raise InputError(
            "All labelled regions lie within two kilometres or are joined by overlaps, so none is "
            "far enough from the others to test on: label regions of one level (tracts or "
            "districts) and a wider area."
        )

    users = tracks.by_user()
    rng = np.random.default_rng(seed)
    visits = Visits(users, embed(users), fixes_inside(users, shapes), area_km2(shapes))
    rows = visits.examples(found.value, block, rng)

    if rows.whole.sum() < Regions.fewest:
        raise InputError(
            f"Only {rows.whole.sum()} labelled regions were crossed by {Regions.min_users} "
            "users; a head needs ten."
        )

    stats = unit_stats(users)
    domain = domain_of({name: stats[name] for name in ("cadence_s", "speed_ms")})
    domain["n_users"] = [Regions.min_in_copy, 2 * int(rows.n_users.max())]
    one = strength_of(visits.embeddings.shape[1], model)

    return Examples(
        rows.x,
        rows.label,
        rows.group,
        rows.whole,
        strength=np.concatenate([one, one, strength_of_counts(one)]),
        simple=slice(-COUNTS, 3 - COUNTS),
        domain=domain,
        weight=np.ones(len(rows.x)),
    )


@dataclass(frozen=True)
class Visits:
    """Users, one track each, their embeddings (n_users, d), the fixes in each region, rows of
    tracks, and the regions' areas in km².
    """

    users: Tracks
    embeddings: Array
    inside: list[Array]
    area: Array

    def examples(self, label: Array, block: Array, rng: np.random.Generator) -> RegionRows:
        """The regions with enough users, whole and in copies with fewer of all users. label,
        block: (n_regions,).
        """
        activity = fix_activity(self.users)
        lowest = np.log(min(max(Regions.min_seen / self.users.n_users, 0.02), 1.0))
        parts = []

        for copy in range(1 + Regions.copies):
            whole = copy == 0
            seen = rng.random(self.users.n_users) < (
                1.0 if whole else float(np.exp(rng.uniform(lowest, 0.0)))
            )
            some = [rows[seen[self.users.user[rows]]] for rows in self.inside]
            visits = count_users(self.users, some)
            n_users = np.diff(visits.indptr)
            enough = n_users >= (Regions.min_users if whole else Regions.min_in_copy)
            busy = region_activity(self.users, activity, some)
            x = region_inputs(self.embeddings, visits, self.area, busy)
            columns = RegionRows(x, label, block, np.full(len(x), whole), n_users)
            parts.append(take_rows(columns, np.flatnonzero(enough)))

        return join_rows(parts)


def blocks(polygons: Array, warn: Warn = warn) -> Array:
    """(n,) int: the block of about two kilometres around each polygon's centre; blocks whose
    regions overlap are one, which is reported.
    """
    import shapely

    centres = shapely.get_coordinates(shapely.centroid(polygons))

    if len(centres) != len(polygons):
        raise InputError("Some regions have no geometry: remove them before training.")

    cell = np.floor(centres / Regions.block_degrees).astype(int)
    cells, block = np.unique(cell, axis=0, return_inverse=True)
    block = block.ravel()
    one, other = overlaps(usable_polygons(polygons), block)

    if not len(one):
        return block

    component = connected(block[one], block[other], len(cells))
    warn(
        f"Some regions overlap, so that {len(cells):,} blocks of two kilometres are joined into "
        f"{component.max() + 1:,}."
    )

    return component[block]


def overlaps(shapes: Array, block: Array) -> tuple[Array, Array]:
    """Pairs (k,), (k,) of regions of two blocks that share more than an edge."""
    import shapely

    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    apart = (one < other) & (block[one] != block[other])
    one = one[apart]
    other = other[apart]
    area = shapely.area(shapes)
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    real = shared > Regions.overlap * np.minimum(area[one], area[other])

    return one[real], other[real]


def domain_of(stats: Columns) -> dict[str, list[float]]:
    """The middle 98 % of the training units, half as much again on both sides; no upper limit to
    evidence. A tenth of the units may have more of their way in gaps than is allowed.
    """
    bounds = {}
    for name, values in stats.items():
        low, high = np.nanpercentile(values, [1, 99])
        bounds[name] = [float(f"{low / 1.5:.3g}"), float(f"{high * 1.5:.3g}")]

    for name in bounds.keys() & {"n_fixes", "span_h", "days", "observed"}:
        bounds[name][1] = UNLIMITED

    if "observed" in bounds:
        tenth = float(np.quantile(stats["observed"], 0.1).round(2))
        bounds["observed"][0] = min(tenth, 0.4)

    if "speed_ms" in bounds:
        # faster is a receiver's jump in a tunnel
        bounds["speed_ms"] = [0.0, min(bounds["speed_ms"][1], 150.0)]

    return bounds
