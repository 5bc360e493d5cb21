# SPDX-License-Identifier: GPL-2.0-or-later
"""Similar embeddings, and reasons that an analyst can check: traits of users and regions that are
measured without a model, and words for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import group_quantile, run_ends, run_starts
from ..disclosure.thresholds import is_few
from ..errors import InputError, Progress, no_progress, part_of, translated
from ..features.activity import Settings as ActivitySettings
from ..features.activity import find_slots
from ..features.featurizer import solar_hour
from ..geodesy import metres_between, offset_m
from ..times import HOUR_MS
from ..tracks import Tracks, solar_day
from .places import most_visited, stay_ms

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from .profiles import Embed


class Settings:
    """Thresholds of the traits."""

    near_m: float = 300.0  # of the main place
    max_step_ms: int = 1_800_000  # after a longer silence it is unknown when the movement happened
    moving_m_s: float = 0.5
    busy_share: float = 1.5 / 24  # an hour with a larger share of the movement stands out
    # a reason counts if fewer of the other units come as near to the target
    unusual_share: float = 0.25


@dataclass(frozen=True)
class Similar:
    """The most similar first. rows: (k,) of the users or regions. similarity: (k,) -1 to 1.
    reasons: (k,) words.
    """

    rows: np.ndarray
    similarity: np.ndarray
    reasons: list[str] = field(default_factory=list)


def similar(
    embeddings: np.ndarray, target: int, k: int = 10, whiten: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """The rows (k,) most similar to a target row except itself, and their similarity (k,), -1 to 1;
    fewer of few rows.

    Similarity is the cosine of embeddings whose columns are standardised over all rows and then,
    with `whiten`, rotated to their principal components (`_whitened`). embeddings: (n, d); rows
    with nan are not found. Raises InputError if the target has no embedding.
    """
    known = ~np.isnan(embeddings).any(axis=1)
    if not known[target]:
        raise InputError("A target has too few fixes, so that there is no embedding to compare.")
    x = embeddings[known].astype(np.float32)
    middle, spread = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    x = ((x - middle) / np.where(spread > 1e-6, spread, 1.0)).astype(np.float32)
    x = _whitened(x) if whiten else x
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    rows = np.flatnonzero(known)
    cosine = x[rows == target][0] @ x.T
    best = np.argsort(-cosine, kind="stable")
    best = best[rows[best] != target][:k]
    return rows[best], cosine[best].astype(np.float64)


def _whitened(x: np.ndarray, ridge: float = 10.0) -> np.ndarray:
    """Standardised columns (n, d) as components whose variance v becomes v / (v + ridge).

    Strong components become equal, weak ones stay weak. For regions, which are few, standardising
    alone is better (docs/evidence/similarity.md).
    """
    if len(x) < x.shape[1]:  # few users have few components, which takes no time
        _, singular, rows = np.linalg.svd(x, full_matrices=False)
        variance, components = np.square(singular) / len(x), rows.T
    else:
        variance, components = np.linalg.eigh(x.T @ x / len(x))
    return (x @ components) / np.sqrt(np.maximum(variance, 0) + ridge)


def similar_users(
    users: Tracks, target: str, k: int, embed: Embed, progress: Progress = no_progress
) -> Similar:
    """The k users who move most like the one with the id `target`.

    users: one track a user (`Tracks.by_user()`). embed: function of tracks and a progress that
    returns embeddings, such as `embed_cached` for a model. Raises InputError if there is no such
    user.
    """
    found = np.flatnonzero(users.user_ids == target)
    if not len(found):
        some = ", ".join(users.user_ids[:5]) + (", …" if users.n_users > 5 else "")
        raise InputError(
            "There is no user '{name}' with two usable fixes. The ids are: {known}.",
            name=target,
            known=some or "–",
        )
    rows, similarity = similar(embed(users, part_of(progress, 0.0, 0.9)), int(found[0]), k)
    why = reasons(user_traits(users), int(found[0]), rows)
    progress(1.0)
    return Similar(rows, similarity, why)


@dataclass(frozen=True)
class Trait:
    """values: (n,), or (n, 24) shares of the hours; nan if unknown. limit: of the difference up to
    which two units agree. form: words with the figure in brackets, or before the hours. ratio:
    compare logarithms.
    """

    values: np.ndarray
    limit: float
    form: str
    ratio: bool = False

    def distance(self, target: int) -> np.ndarray:
        """(n,) differences of the units from the target; nan if either is unknown."""
        values = np.log(np.maximum(self.values, 1e-9)) if self.ratio else self.values
        apart = np.abs(values - values[target])
        return apart.sum(axis=1) / 2 if apart.ndim == 2 else apart

    def words(self, value: np.ndarray, target: np.ndarray) -> str:
        """Of two units: 'both: median trip 3.1 km', '3.1 against 3.4 trips a day', or hours that
        stand out in both.
        """
        if np.ndim(value):
            spans = hour_spans((value > Settings.busy_share) & (target > Settings.busy_share))
            return (
                translated("both {form} at {spans} h", form=self.form, spans=spans) if spans else ""
            )
        before, figure, after = re.split(r"[\[\]]", self.form)
        a, b = (figure.format(number).replace("%", " %") for number in (value, target))
        if a == b:
            return translated(
                "both: {words}" if before else "both {words}", words=f"{before}{a}{after}"
            )
        return before + translated("{a} against {b}", a=a, b=b) + after


def reasons(traits: Sequence[Trait], target: int, rows: np.ndarray, most: int = 3) -> list[str]:
    """For each row, the traits in which it and the target agree most unusually among all units, in
    words.
    """
    found: list[list[tuple[float, str]]] = [[] for _ in rows]
    for trait in traits:
        apart = trait.distance(target)
        known = np.sort(apart[~np.isnan(apart)])
        reach = np.maximum(apart[rows], trait.limit / 4)  # smaller differences count as equal
        # without the two themselves
        nearer = (np.searchsorted(known, reach, "right") - 2) / max(len(known) - 2, 1)
        agree = (apart[rows] <= trait.limit) & (nearer < Settings.unusual_share)
        for number in np.flatnonzero(agree):
            found[number].append(
                (nearer[number], trait.words(trait.values[rows[number]], trait.values[target]))
            )
    texts = [
        "; ".join([text for _, text in sorted(one, key=lambda pair: pair[0]) if text][:most])
        for one in found
    ]
    return [
        text or translated("alike as a whole; no single measured habit stands out")
        for text in texts
    ]


def user_traits(users: Tracks) -> list[Trait]:
    """Traits of the users of tracks that are one user each, in hours of mean solar time."""
    n = users.n_tracks
    # the middle of the fixes near the centre of the cell with the most time
    lon, lat = most_visited(users)
    near = np.flatnonzero(
        metres_between(users.lon, users.lat, lon[users.track], lat[users.track]) < 400
    )
    middle = (
        group_quantile(column[near], users.track[near], n) for column in (users.lon, users.lat)
    )
    lon, lat = (np.where(np.isnan(new), old, new) for old, new in zip((lon, lat), middle))
    stay = stay_ms(users)
    away = metres_between(users.lon, users.lat, lon[users.track], lat[users.track])
    at_place = _share(stay * (away < Settings.near_m), stay, users.track, n)
    length, of = _trips(users)
    days = np.maximum(
        np.bincount(users.track[run_starts(solar_day(users), users.track)], minlength=n), 1
    )
    row, metres, seconds = _movement(users)
    hours, track = solar_hour(users.t[row], users.lon[row]), users.track[row]
    by_hour = np.bincount(track * 24 + (hours % 24).astype(np.int64), metres, n * 24).reshape(n, 24)
    weekend = _share(metres * (hours >= 120), metres, track, n)
    weekend[days < 7] = np.nan
    speed = 3.6 * _share(metres, seconds, track, n)
    step = users.steps()
    cadence = group_quantile(np.diff(users.t)[step] / 1000, users.track[step], n)
    far = group_quantile(away / 1000, users.track, n, 0.95)
    return [
        Trait(_normal(by_hour), 0.35, translated("mostly move")),
        Trait(
            group_quantile(length / 1000, of, n),
            0.25,
            translated("median trip [{:.1f} km]"),
            ratio=True,
        ),
        Trait(at_place, 0.08, translated("[{:.0%}] of the time within 300 m of one place")),
        Trait(
            np.bincount(of, minlength=n) / days, 0.2, translated("[{:.1f}] trips a day"), ratio=True
        ),
        Trait(speed, 0.2, translated("mean speed on the way [{:.0f} km/h]"), ratio=True),
        Trait(far, 0.25, translated("rarely farther from that place than [{:.1f} km]"), ratio=True),
        Trait(weekend, 0.08, translated("[{:.0%}] of the way on weekends")),
        Trait(cadence, 0.1, translated("recorded about every [{:.0f} s]"), ratio=True),
    ]


def _movement(tracks: Tracks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps of movement from a fix to the next: row of the first fix, metres and seconds."""
    row, ms = tracks.steps(), np.diff(tracks.t)
    row = row[ms[row] <= Settings.max_step_ms]
    metres = tracks.metres_to_next(row)
    moved = metres >= Settings.moving_m_s * ms[row] / 1000
    return row[moved], metres[moved], ms[row[moved]] / 1000


def _trips(tracks: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """Moves from one still slot to another place: metres along the fixes, and the track of each."""
    if len(tracks) < 2:
        return np.zeros(0), np.zeros(0, np.int64)
    first = tracks.track_offsets[:-1][tracks.track]
    xy = offset_m(tracks.lon, tracks.lat, tracks.lon[first], tracks.lat[first])
    head, is_still = find_slots(tracks.track, tracks.t, xy)
    still = np.flatnonzero(is_still)
    last = run_ends(head, len(xy))
    a, b = last[still[:-1]], head[still[1:]]
    apart = np.hypot(*(xy[b] - xy[a]).T)
    move = (tracks.track[a] == tracks.track[b]) & (apart > ActivitySettings.place_m)
    way = np.append(0.0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T)))
    return (way[b] - way[a])[move], tracks.track[a[move]]


def region_traits(
    users: Tracks, visits: csr_matrix, region: np.ndarray, fix: np.ndarray, min_users: int = 1
) -> list[Trait]:
    """Traits of regions, of pairs (m,) of a region and the row of a fix in it.

    visits: (n_regions, n_users) of `count_users`. One resident can make up most of a region's time.
    So hours in which fewer than min_users people spend time are left out, and a share of the time
    is nan if fewer people, but not none, are behind it or behind the rest.
    """
    n = visits.shape[0]
    stay = np.minimum(stay_ms(users)[fix], Settings.max_step_ms)
    hours = solar_hour(users.t[fix], users.lon[fix])
    hour = (hours % 24).astype(np.int64)
    who = users.user[fix].astype(np.int64)

    def people(group: np.ndarray, mask: np.ndarray, groups: int = n) -> np.ndarray:
        """(groups,) distinct users who spend time in a group in the fixes of the mask."""
        mask = mask & (stay > 0)
        pairs = np.unique(group[mask] * users.n_users + who[mask])
        return np.bincount(pairs // users.n_users, minlength=groups)

    def share(part: np.ndarray) -> np.ndarray:
        sides = np.stack([people(region, part), people(region, ~part)])
        enough = ((sides == 0) | ~is_few(sides, min_users)).all(axis=0)
        return np.where(enough, _share(stay * part, stay, region, n), np.nan)

    slot = region * 24 + hour
    by_hour = np.bincount(slot, stay, n * 24)
    by_hour[is_few(people(slot, np.ones(len(fix), bool), n * 24), min_users)] = 0
    moving, night = np.isin(fix, _movement(users)[0]), (hour >= 22) | (hour < 7)
    n_users = np.diff(visits.indptr).astype(np.float64)
    pairs, pair = np.unique(region * users.n_users + who, return_inverse=True)
    hours_each = group_quantile(
        np.bincount(pair, stay, len(pairs)) / HOUR_MS, pairs // users.n_users, n
    )
    return [
        Trait(_normal(by_hour.reshape(n, 24)), 0.25, translated("busiest")),
        Trait(share(moving), 0.08, translated("[{:.0%}] of the time is spent passing through")),
        Trait(share(night), 0.06, translated("[{:.0%}] of the time is at night (22–7 h)")),
        Trait(share(hours >= 120), 0.05, translated("[{:.0%}] of the time is on weekends")),
        Trait(
            hours_each, 0.2, translated("median recorded time of a visitor [{:.1f} h]"), ratio=True
        ),
        Trait(n_users, 0.15, translated("[{:,.0f}] visitors"), ratio=True),
    ]


def _share(part: np.ndarray, whole: np.ndarray, group: np.ndarray, n: int) -> np.ndarray:
    """(n,) sum of part over sum of whole in each group; nan where that is 0."""
    total = np.bincount(group, whole, n)
    return np.where(total > 0, np.bincount(group, part, n) / np.maximum(total, 1e-9), np.nan)


def _normal(by_hour: np.ndarray) -> np.ndarray:
    """(n, 24) shares of each row; nan where it is empty."""
    total = by_hour.sum(axis=1, keepdims=True)
    return np.where(total > 0, by_hour / np.maximum(total, 1e-9), np.nan)


def hour_spans(busy: np.ndarray) -> str:
    """'7–9 and 17–19' for a (24,) bool; over midnight '22–2'; '' for none or all."""
    if not busy.any() or busy.all():
        return ""
    start = np.flatnonzero(busy & ~np.roll(busy, 1))
    stop = np.flatnonzero(busy & ~np.roll(busy, -1)) + 1
    stop = np.roll(stop, -1) if stop[0] <= start[0] else stop
    spans = [f"{a}–{b % 24 or 24}" for a, b in zip(start, stop)]
    return " and ".join([", ".join(spans[:-1]), spans[-1]] if len(spans) > 1 else spans)
