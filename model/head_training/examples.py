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
from raw_qgis_plugin.core.arrays import connected
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
BASELINE = "gradient boosting on the features that need no network (speeds, turns, stops, hours, places, trips)"


class Regions:
    """How regions become examples. Copies with fewer users make heads depend less on how many are
    seen.
    """

    # about two kilometres; regions of one block stay on one side of a split
    block_degrees: float = 0.02
    overlap: float = 0.01  # regions that share more than this part of the smaller one are joined
    min_users: int = 10  # of a region
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

    x: np.ndarray
    label: np.ndarray
    group: np.ndarray
    whole: np.ndarray
    strength: np.ndarray
    simple: slice
    domain: dict[str, list[float]]
    weight: np.ndarray

    def beside(self, other: Examples) -> Examples:
        """These examples, and others of other people and places that teach with half of the weight,
        untested.
        """
        group, whole = self.group.max() + 1 + other.group, np.zeros(len(other.x), bool)
        other = replace(other, group=group, whole=whole, weight=other.weight / 2)
        return replace(
            self, **{k: np.concatenate([getattr(self, k), getattr(other, k)]) for k in COLUMNS}
        )


def examples_of(
    tracks: Tracks, found: Labelled, unit: str, model: Model, embed: Embed, sources: bool
) -> Examples:
    """Examples of the labelled units that label_units gives. sources: users are named SOURCE/NAME,
    and weights are half-way between those of equal units and those of equal sources.
    """
    x = head_inputs(embed(tracks), tracks, unit)
    known = ~np.isnan(x).any(axis=1)
    stats = {k: v[known] for k, v in unit_stats(tracks).items()}
    names = np.array([str(user).partition("/")[0] if sources else "" for user in tracks.user_ids])
    _, source, size = np.unique(
        names[tracks.track_user[known]], return_inverse=True, return_counts=True
    )
    return Examples(
        x[known],
        found.value[known],
        found.group[known],
        np.ones(known.sum(), bool),
        strength_of(x.shape[1], model),
        features_of(model),
        domain_of(stats),
        size[source] ** -0.5,
    )


def features_of(model: Model) -> slice:
    """The columns of an embedding behind the network's states: the features that need no network."""
    return slice(4 * model.card["width"], None)


def without_lone_classes(e: Examples, rename: dict[str, str], warn: Warn = warn) -> Examples:
    """Examples without classes that a single person or block has: no head could be tested on them."""
    task, y = encode(e.label, rename)
    alone = [i for i in range(len(task.classes)) if len(np.unique(e.group[e.whole & (y == i)])) < 2]
    if not alone:
        return e
    names = ", ".join(task.classes[i] for i in alone)
    warn(
        f"Classes of one person or place alone were left out, since they cannot be tested on another: {names}."
    )
    kept = ~np.isin(y, alone)
    if not kept.any():
        raise InputError("Each label is of one person or place alone: label more of them.")
    return replace(e, **{name: getattr(e, name)[kept] for name in COLUMNS})


def strength_of(width: int, model: Model) -> np.ndarray:
    """(width,) weights of an embedding's columns: its hundreds of states weigh as much as the rest
    together.
    """
    states = 4 * model.card["width"]
    strength = np.ones(width)
    if width > states:
        strength[:states] = np.sqrt(N_TRACK_FEATURES / states)
    return strength


def strength_of_counts(one: np.ndarray) -> np.ndarray:
    """(COUNTS,) weights of a region's counts and activity, beside embeddings with weights one (d,)."""
    return np.full(COUNTS, np.sqrt(np.square(one).sum()) / 2)


def region_examples(
    tracks: Tracks,
    regions: Polygons,
    table: dict[str, np.ndarray],
    field: str,
    model: Model,
    seed: int,
    embed: Embed,
    warn: Warn = warn,
) -> Examples:
    """Examples of regions with enough users, whole and in thinned copies; the group of a region is
    its block.
    """
    ids, polygons = regions.ids, regions.shapes
    found = join(ids, np.arange(len(ids)), table, "region", field, warn=warn)
    shapes, block = polygons[found.unit], blocks(polygons[found.unit], warn)
    if not block.any():
        raise InputError(
            "All labelled regions lie within two kilometres or are joined by overlaps, so none is far enough from the "
            "others to test on: label regions of one level (tracts or districts) and a wider area."
        )
    users, rng = tracks.by_user(), np.random.default_rng(seed)
    inside, of = fixes_inside(users, shapes), fix_activity(users)
    embeddings, area, parts = embed(users), area_km2(shapes), []
    lowest = np.log(min(max(Regions.min_seen / users.n_users, 0.02), 1.0))
    for copy in range(1 + Regions.copies):
        seen = rng.random(users.n_users) < (
            1.0 if copy == 0 else float(np.exp(rng.uniform(lowest, 0.0)))
        )
        some = [rows[seen[users.user[rows]]] for rows in inside]
        visits = count_users(users, some)
        n = np.diff(visits.indptr)
        # examples that are steady, not figures that are shown
        row = np.flatnonzero(n >= (Regions.min_in_copy if copy else Regions.min_users))
        x = region_inputs(embeddings, visits, area, region_activity(users, of, some))[row]
        parts.append((x, found.value[row], block[row], np.full(len(row), copy == 0), n[row]))
    x, label, group, whole, n_users = (
        np.concatenate(values) for values in zip(*parts, strict=True)
    )
    if whole.sum() < 10:
        raise InputError(
            f"Only {whole.sum()} labelled regions were crossed by {Regions.min_users} users; a head needs ten."
        )
    domain = domain_of(
        {k: v for k, v in unit_stats(users).items() if k in ("cadence_s", "speed_ms")}
    )
    domain["n_users"] = [Regions.min_in_copy, 2 * int(n_users.max())]
    one = strength_of(embeddings.shape[1], model)
    strength = np.concatenate([one, one, strength_of_counts(one)])
    return Examples(
        x, label, group, whole, strength, slice(-COUNTS, 3 - COUNTS), domain, np.ones(len(x))
    )


def blocks(polygons: np.ndarray, warn: Warn = warn) -> np.ndarray:
    """(n,) int: the block of about two kilometres around each polygon's centre; blocks whose
    regions overlap are one, which is reported.
    """
    import shapely

    centres = shapely.get_coordinates(shapely.centroid(polygons))
    if len(centres) != len(polygons):
        raise InputError("Some regions have no geometry: remove them before training.")
    cells, block = np.unique(
        np.floor(centres / Regions.block_degrees).astype(int), axis=0, return_inverse=True
    )
    n, block, shapes = len(cells), block.ravel(), usable_polygons(polygons)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    apart = (one < other) & (block[one] != block[other])
    one, other = one[apart], other[apart]
    shared, area = (
        shapely.area(shapely.intersection(shapes[one], shapes[other])),
        shapely.area(shapes),
    )
    real = shared > Regions.overlap * np.minimum(area[one], area[other])  # more than an edge
    if not real.any():
        return block
    component = connected(block[one[real]], block[other[real]], n)
    warn(
        f"Some regions overlap, so that {n:,} blocks of two kilometres are joined into {component.max() + 1:,}."
    )
    return component[block]


def domain_of(stats: dict[str, np.ndarray]) -> dict[str, list[float]]:
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
        bounds["observed"][0] = min(float(np.quantile(stats["observed"], 0.1).round(2)), 0.4)
    if "speed_ms" in bounds:
        # faster is a receiver's jump in a tunnel
        bounds["speed_ms"] = [0.0, min(bounds["speed_ms"][1], 150.0)]
    return bounds
