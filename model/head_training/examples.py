# SPDX-License-Identifier: GPL-2.0-or-later
"""Training examples of heads: units or regions with their labels, as embeddings and as hand features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from model.cli import warn
from model.data.labels import Labelled, Warn, join
from model.data.persons import link
from model.head_training.fit import encode
from model.head_training.hand_features import hand_features
from raw_qgis_plugin.core.applicability import UNLIMITED, evidence, unit_stats
from raw_qgis_plugin.core.arrays import connected, run_starts
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import N_TRACK_FEATURES, embed
from raw_qgis_plugin.core.embedding.profiles import head_inputs
from raw_qgis_plugin.core.errors import InputError, Progress, no_progress, part_of
from raw_qgis_plugin.core.features.region_activity import REGION_ACTIVITY, fix_activity
from raw_qgis_plugin.core.regions.geometry import area_km2, fixes_inside, usable_polygons
from raw_qgis_plugin.core.regions.heads import activity_of_regions, count_users, region_inputs
from raw_qgis_plugin.core.sources.polygons import Polygons
from raw_qgis_plugin.core.tracks import Tracks, solar_day

if TYPE_CHECKING:
    from raw_qgis_plugin.core.embedding.profiles import Embed

COUNTS = 3 + len(REGION_ACTIVITY)  # a region head's last inputs: visitors, fixes and area, and its activity
BASELINES = {"region": "gradient boosting on the numbers of users and fixes and the area"}
BASELINE = "gradient boosting on hand features (speeds, accelerations, turns, stops, length, duration, hours, places)"


@dataclass(frozen=True)
class RegionSettings:
    """How regions become examples.

    block_degrees: about two kilometres; regions of one block stay on one side of a split. overlap: regions that share
    more than this part of the smaller one are joined; less is how a border was drawn. fewest_users: of a region.
    copies: of each region with fewer of its users, so that a head does not depend on how many are seen; down to
    fewest_seen of all users, and with fewest_in_copy of the region's.
    """

    block_degrees: float = 0.02
    overlap: float = 0.01
    fewest_users: int = 10
    copies: int = 8
    fewest_seen: int = 10
    fewest_in_copy: int = 3


REGIONS = RegionSettings()


@dataclass(frozen=True)
class PartSettings:
    """Parts of tracks that heads of tracks learn from too.

    part_s, part_fixes: the shortest and the longest part, in seconds and in times of the track's cadence, of which the
    longer counts. cadences_s: one of these is drawn for each part; 0 leaves it as recorded. min_fixes: of a part.
    """

    part_s: tuple[float, float] = (120.0, 900.0)
    part_fixes: tuple[float, float] = (8.0, 20.0)
    cadences_s: tuple[float, ...] = (0.0, 0.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0)
    min_fixes: int = 6


@dataclass(frozen=True)
class Examples:
    """What a head is trained on.

    x, hand: (n, …) inputs of the head and of the baseline. label: (n,). group: (n,) int, units of one group stay on one
    side of a split. whole: (n,) bool, False for parts and thinned copies, which are never tested on. evidence: (n,) how
    much is known of each (core/applicability.py). strength: (d,) weights of the columns of x. domain: ranges of the
    units' statistics. same: hashes of runs of fixes, or
    regions, (m,), and their groups (m,): sources that share one share its group. source: (n,) int, which of several
    sources each is of; None where there is one. states: as in `linear`.
    """

    x: np.ndarray
    hand: np.ndarray
    label: np.ndarray
    group: np.ndarray
    whole: np.ndarray
    evidence: np.ndarray
    strength: np.ndarray
    domain: dict[str, list[float]]
    same: tuple[np.ndarray, np.ndarray] = Labelled.runs
    source: np.ndarray | None = None
    states: bool = False

    @property
    def weight(self) -> np.ndarray | None:
        """(n,) weights half-way between those of equal examples and those of equal sources; None for one source."""
        if self.source is None:
            return None
        return (np.bincount(self.source) ** -0.5)[self.source]


def examples_of(
    tracks: Tracks, found: Labelled, unit: str, model: Model, progress: Progress = no_progress,
    cached: Embed | None = None,
) -> Examples:  # fmt: skip
    """Examples of the labelled units that label_units gives. cached: embeds tracks, in place of `embed`."""
    x = unit_inputs(tracks, unit, model, progress, cached)
    known = ~np.isnan(x).any(axis=1)
    stats = {k: v[known] for k, v in unit_stats(tracks).items()}
    return Examples(
        x[known], hand_features(tracks)[known], found.value[known], found.group[known], np.ones(known.sum(), bool),
        stats[evidence("user")], strength_of(x.shape[1], model), domain_of(stats), same=found.runs,
    )  # fmt: skip


def unit_inputs(
    tracks: Tracks, unit: str, model: Model, progress: Progress = no_progress, cached: Embed | None = None
) -> np.ndarray:
    """(n_tracks, d) inputs of heads for units that are tracks."""
    return head_inputs(cached(tracks, progress) if cached else embed(tracks, model, progress), tracks, unit)


def some_days(
    tracks: Tracks, found: Labelled, model: Model, days: Sequence[int], seed: int, progress: Progress = no_progress,
    cached: Embed | None = None,
) -> Examples:  # fmt: skip
    """Examples of the same users seen for only so many days, drawn for each number of days: for training, not tests."""
    rng, day = np.random.default_rng(seed), solar_day(tracks)
    first, last = day[tracks.track_offsets[:-1]], day[tracks.track_offsets[1:] - 1]
    parts = []
    for n, count in enumerate(days):
        begin = first + (rng.random(tracks.n_tracks) * np.maximum(last - first + 2 - count, 1)).astype(np.int64)
        since = day - begin[tracks.track]
        share = part_of(progress, n / len(days), (n + 1) / len(days))
        rows = np.flatnonzero((since >= 0) & (since < count))
        parts.append(_examples_in(tracks, found, rows, "user", model, share, cached))
    return together(parts, apart=False)


def some_parts(
    tracks: Tracks, found: Labelled, model: Model, copies: int, seed: int, progress: Progress = no_progress,
    cached: Embed | None = None, settings: PartSettings = PartSettings(),
) -> Examples:  # fmt: skip
    """Examples of parts of the same tracks, some of them thinned, so many of each: for training, not tests."""
    rng, n = np.random.default_rng(seed), tracks.n_tracks
    cadence = unit_stats(tracks)["cadence_s"]
    shortest, most = (np.maximum(s, k * cadence) for s, k in zip(settings.part_s, settings.part_fixes, strict=True))
    parts = []
    for copy in range(copies):
        length = np.minimum(np.exp(rng.uniform(np.log(shortest), np.log(most))), tracks.span_s)
        since = (tracks.t - tracks.t[tracks.track_offsets[:-1]][tracks.track]) / 1000
        since -= (rng.random(n) * (tracks.span_s - length))[tracks.track]
        thinned = rng.choice(settings.cadences_s, n)
        thinned[length < thinned * settings.min_fixes] = 0.0
        rows = np.flatnonzero((since >= 0) & (since <= length[tracks.track]))
        step = np.maximum(thinned, 1e-3)[tracks.track[rows]]
        rows = rows[run_starts(tracks.track[rows], since[rows] // step)]
        rows = rows[np.bincount(tracks.track[rows], minlength=n)[tracks.track[rows]] >= settings.min_fixes]
        share = part_of(progress, copy / copies, (copy + 1) / copies)
        parts.append(_examples_in(tracks, found, rows, "track", model, share, cached))
    return together(parts, apart=False)


def _examples_in(
    tracks: Tracks, found: Labelled, rows: np.ndarray, unit: str, model: Model, progress: Progress, cached: Embed | None
) -> Examples:  # fmt: skip
    """Examples of units of which some fixes are seen, ascending rows: for training, not tests."""
    there = np.unique(tracks.track[rows])
    some = Labelled(np.arange(len(there)), found.value[there], found.group[there])
    part = examples_of(tracks.take(rows), some, unit, model, progress, cached)
    return replace(part, whole=np.zeros(len(part.x), bool))


def together(parts: list[Examples], apart: bool = True, warn: Warn = warn) -> Examples:
    """Several sources as one. apart: their groups differ, as of two cities, but for people and places that several
    sources share; these are reported; else groups of one number are the same.
    """
    sizes = [int(max(n.max(initial=0) for n in (part.group, part.same[1]))) + 1 for part in parts]
    before = np.cumsum([0, *sizes]) if apart else np.zeros(len(parts) + 1, int)
    group = np.concatenate([part.group + n for part, n in zip(parts, before)])
    if apart and len(parts) > 1:
        key = np.concatenate([part.same[0] for part in parts])
        whose = np.concatenate([part.same[1] + n for part, n in zip(parts, before)])
        one = link(blocks(key, warn) if key.dtype == object else key, whose, before[-1])[group]
        many, left = len(np.unique(group)), len(np.unique(one))
        if left < many:
            warn(f"{many:,} people or places are {left:,}, since several sources share them: each stays on one side "
                 "when the head is tested.")  # fmt: skip
        group = one
    domain = {}
    for name in parts[0].domain:
        low, high = zip(*(part.domain[name] for part in parts), strict=True)
        domain[name] = [min(low), max(high)]
    columns = {k: np.concatenate([getattr(p, k) for p in parts]) for k in ("x", "hand", "label", "whole", "evidence")}
    source = np.repeat(np.arange(len(parts)), [len(part.x) for part in parts]) if apart and len(parts) > 1 else None
    return Examples(
        **columns, group=group, strength=parts[0].strength, domain=domain, same=parts[0].same, source=source
    )


def without_lone_classes(e: Examples, rename: dict[str, str], warn: Warn = warn) -> Examples:
    """Examples without classes that a single person or block has: no head could be tested on them."""
    task, y = encode(e.label, rename)
    alone = [i for i in range(len(task.classes)) if len(np.unique(e.group[e.whole & (y == i)])) < 2]
    if not alone:
        return e
    names = ", ".join(task.classes[i] for i in alone)
    warn(f"Classes of one person or place alone were left out, since they cannot be tested on another: {names}.")
    kept = ~np.isin(y, alone)
    if not kept.any():
        raise InputError("Each label is of one person or place alone: label more of them.")
    return replace(
        e, source=None if e.source is None else e.source[kept],
        **{k: getattr(e, k)[kept] for k in ("x", "hand", "label", "group", "whole", "evidence")},
    )  # fmt: skip


def strength_of(width: int, model: Model) -> np.ndarray:
    """(width,) weights of an embedding's columns: its hundreds of states weigh as much as the rest together."""
    states = 4 * model.card["width"]
    strength = np.ones(width)
    if width > states:
        strength[:states] = np.sqrt(N_TRACK_FEATURES / states)
    return strength


def strength_of_counts(one: np.ndarray) -> np.ndarray:
    """(COUNTS,) weights of a region's counts and use, beside embeddings with weights one (d,)."""
    return np.full(COUNTS, np.sqrt(np.square(one).sum()) / 2)


def region_examples(
    tracks: Tracks, regions: Polygons, table: dict[str, np.ndarray], field: str, model: Model, seed: int,
    progress: Progress = no_progress, cached: Embed | None = None, warn: Warn = warn, hours: float | None = None,
) -> Examples:  # fmt: skip
    """Examples of regions with enough users, whole and in thinned copies; the group of a region is its block.

    hours: each stretch of so many hours of a track counts as a user.
    """
    ids, polygons = regions.ids, regions.shapes
    found = join(ids, np.arange(len(ids)), table, "region", field, warn=warn)
    found = replace(found, group=blocks(polygons[found.unit], warn))
    if not found.group.any():
        raise InputError(
            "All labelled regions lie within two kilometres or are joined by overlaps, so none is far enough from the "
            "others to test on: label regions of one level (tracts or districts) and a wider area."
        )
    users = tracks.by_hours(hours) if hours else tracks.by_user()
    inside, of = fixes_inside(users, polygons[found.unit]), fix_activity(users)
    embeddings = cached(users, progress) if cached else embed(users, model, progress)
    area = area_km2(polygons[found.unit])
    rng = np.random.default_rng(seed)
    parts = []
    for copy in range(1 + REGIONS.copies):
        least = np.log(min(max(REGIONS.fewest_seen / users.n_users, 0.02), 1.0))
        share = 1.0 if copy == 0 else float(np.exp(rng.uniform(least, 0.0)))
        seen = rng.random(users.n_users) < share
        some = [rows[seen[users.user[rows]]] for rows in inside]
        visits = count_users(users, some)
        n = np.diff(visits.indptr)
        row = np.flatnonzero(n >= (REGIONS.fewest_in_copy if copy else REGIONS.fewest_users))
        x = region_inputs(embeddings, visits, area, activity_of_regions(users, some, of))[row]
        alone = x[:, -COUNTS:][:, :3]
        parts.append((x, alone, found.value[row], found.group[row], np.full(len(row), copy == 0), n[row]))
    x, hand, label, group, whole, n_users = (np.concatenate(p) for p in zip(*parts, strict=True))
    if whole.sum() < 10:
        raise InputError(
            f"Only {whole.sum()} labelled regions were crossed by {REGIONS.fewest_users} users; a head needs ten."
        )
    domain = domain_of({k: v for k, v in unit_stats(users).items() if k in ("cadence_s", "speed_ms")})
    one = strength_of(embeddings.shape[1], model)
    strength = np.concatenate([one, one, strength_of_counts(one)])
    domain["n_users"] = [REGIONS.fewest_in_copy, 2 * int(n_users.max())]
    same = polygons[found.unit], found.group
    return Examples(x, hand, label, group, whole, n_users, strength, domain, same=same)


def blocks(polygons: np.ndarray, warn: Warn = warn) -> np.ndarray:
    """(n,) int: the block of about two kilometres around each polygon's centre; blocks whose regions overlap are one,
    which is reported.
    """
    import shapely

    centres = shapely.get_coordinates(shapely.centroid(polygons))
    if len(centres) != len(polygons):
        raise InputError("Some regions have no geometry: remove them before training.")
    cells, block = np.unique(np.floor(centres / REGIONS.block_degrees).astype(int), axis=0, return_inverse=True)
    n, block = len(cells), block.ravel()
    one, other = overlapping(polygons, block)
    if not len(one):
        return block
    component = connected(block[one], block[other], n)
    warn(f"Some regions overlap, so that {n:,} blocks of two kilometres are joined into {component.max() + 1:,}.")
    return component[block]


def overlapping(polygons: np.ndarray, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of polygons of different blocks (n,) that share more than an edge."""
    import shapely

    shapes = usable_polygons(polygons)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    apart = (one < other) & (block[one] != block[other])
    one, other = one[apart], other[apart]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    area = shapely.area(shapes)
    real = shared > REGIONS.overlap * np.minimum(area[one], area[other])
    return one[real], other[real]


def domain_of(stats: dict[str, np.ndarray]) -> dict[str, list[float]]:
    """The middle 98 % of the training units, half as much again on both sides; no limit to evidence."""
    bounds = {}
    for name, values in stats.items():
        low, high = np.nanpercentile(values, [1, 99])
        bounds[name] = [float(f"{low / 1.5:.3g}"), float(f"{high * 1.5:.3g}")]
    for name in ("n_fixes", "span_h", "days", "observed"):
        if name in bounds:
            bounds[name][1] = UNLIMITED
    if "speed_ms" in bounds:
        bounds["speed_ms"] = [0.0, min(bounds["speed_ms"][1], 150.0)]  # faster is a receiver's jump in a tunnel
    return bounds
