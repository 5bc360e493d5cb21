# SPDX-License-Identifier: GPL-2.0-or-later
"""Embeddings of users, tracks or days to labels with probabilities and numbers with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import run_starts, softmax, stable_order
from ..errors import InputError, Progress, no_progress, part_of
from ..features.ride import ride
from ..geodesy import metres_between
from ..times import HOUR_MS
from ..tracks import Tracks, solar_day
from .applicability import any_of, in_words, outside, unit_stats
from .embed import embed
from .evidence import evidence_in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..bundle.runtime import Model

    Embed = Callable[[Tracks, Progress], np.ndarray]

UNITS = ("user", "track", "day")
UNKNOWN = "unknown"
NOT_SURE = "no label is likely enough"
NO_YES = ["no", "yes"]
GRID_M = 500.0  # side of a cell of the coarse grid
MAX_STAY_MS = 12 * HOUR_MS  # a fix stands for no more time than this


@dataclass(frozen=True)
class Profiles:
    """One row a unit. lon, lat: (n,) degrees, its most visited place on the 500 m grid."""

    columns: dict[str, np.ndarray]  # (n,) each, in the order of the output
    lon: np.ndarray
    lat: np.ndarray
    reasons: list[str] = field(default_factory=list)  # why units are not in_domain, with counts and, if not all, heads


def profile(
    tracks: Tracks, model: Model, unit: str = "user", tasks: Sequence[str] | None = None,
    progress: Progress = no_progress, cached: Embed | None = None,
) -> Profiles:  # fmt: skip
    """Profile tracks that are one unit each (users: `tracks.by_user()`, days: `tracks.by_day()`).

    tasks: names of heads of that unit; None or none of them is all of `Bundle.heads`. cached: function of tracks and a
    progress that returns embeddings, such as `embed_cached` for the model, instead of `embed`. Columns: user_id,
    track_id or day, n_points, n_days (of mean solar time), t_first, t_last (epoch ms), those of the heads (see
    `head_columns`), in_domain: of all heads, why: for which reasons it is not, or that no label is likely enough, or
    '', and, if there are heads, evidence (of `evidence_in_words`). For a unit of fewer than two fixes labels are
    'unknown', numbers nan, and in_domain is False.
    """
    heads = choose_heads(model, unit, tasks)
    enough = np.diff(tracks.track_offsets) >= 2
    why = np.where(enough, "", "fewer than two fixes").astype(object)
    columns, found, stats = _unit_columns(tracks, unit), {}, {}
    if heads:
        found, stats = _answers(tracks, unit, model, heads, part_of(progress, 0.0, 0.95), cached)
    reasons: list[str] = []
    titles = {head["name"]: f"{head.get('title') or head['name']}: " if len(heads) > 1 else "" for head in heads}
    for head in heads:
        doubts = outside(stats, head.get("domain", {}), enough)
        reasons += [titles[head["name"]] + words for words in in_words(doubts, enough, f"{unit}s")]
        for reason, wrong in doubts.items():
            _add(why, wrong, reason)
    if not enough.all():
        reasons.append(f"{np.count_nonzero(~enough):,} of {tracks.n_tracks:,} {unit}s: fewer than two fixes")
    in_domain = why == ""
    for head in heads:
        if "classes" in head:
            _add(why, in_domain & (found[head["name"]] == UNKNOWN), titles[head["name"]] + NOT_SURE)
    evidence = {"evidence": found.pop("evidence")} if heads else {}
    lon, lat = most_visited(tracks)
    progress(1.0)
    return Profiles(columns | found | {"in_domain": in_domain, "why": why} | evidence, lon, lat, reasons)


def _add(why: np.ndarray, units: np.ndarray, reason: str) -> None:
    """Add a reason to those of some units, unless it is among them."""
    why[units] = [old if reason in old else f"{old}; {reason}".removeprefix("; ") for old in why[units]]


def _answers(
    tracks: Tracks, unit: str, model: Model, heads: list[dict[str, Any]], progress: Progress, cached: Embed | None
) -> list[dict[str, np.ndarray]]:
    """The columns of heads and of evidence, and the quantities that limit the heads' domains; by parts of tracks."""
    parts = []
    for which, some in tracks.parts():
        part = part_of(progress, *(end / max(tracks.n_tracks, 1) for end in (which.start, which.stop)))
        embeddings = cached(some, part) if cached else embed(some, model, part)
        x, stats = head_inputs(embeddings, some, unit), unit_stats(some)
        columns = {name: values for head in heads for name, values in head_columns(head, model, x, stats).items()}
        parts.append((columns | {"evidence": evidence_in_words(x, unit, model)}, stats))
    return [{name: np.concatenate([table[name] for table in tables]) for name in tables[0]} for tables in zip(*parts)]


def choose_heads(model: Model, unit: str, tasks: Sequence[str] | None) -> list[dict[str, Any]]:
    """The cards of the named heads of a unit, or of all. Raises InputError for a missing head or unit."""
    if unit not in (*UNITS, "region"):
        raise InputError(f"There is no unit '{unit}'. Choose one of: {', '.join(UNITS)}.")
    heads = {head["name"]: head for head in model.bundle.heads(unit)}
    for task in tasks or ():
        if task not in heads:
            names = ", ".join(heads) or "none"
            raise InputError(f"The model has no head '{task}' for a {unit}. It has: {names}.")
    return [heads[task] for task in dict.fromkeys(tasks)] if tasks else [*heads.values()]


def head_inputs(embeddings: np.ndarray, tracks: Tracks, unit: str) -> np.ndarray:
    """The inputs (n, d) float32 of heads: embeddings (n, e), for tracks with ride features beside them."""
    return np.concatenate([embeddings, ride(tracks)], axis=1) if unit == "track" else embeddings


def head_columns(
    head: dict[str, Any], model: Model, x: np.ndarray, stats: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """A head's columns for inputs x (n, d): NAME and NAME_p, or NAME, NAME_low and NAME_high.

    stats: (n,) each, of `unit_stats`. NAME of a head of classes is text, 'unknown' if its probability is under the
    head's threshold. NAME_p is the probability of yes, of other classes of the likeliest one. NAME of a number is in
    its unit of measure, NAME_low and NAME_high are its 80 % interval. Rows with nan in x or outside the domain of the
    head: 'unknown' and nan.
    """
    name = head["name"]
    known = ~np.isnan(x).any(axis=1)
    known &= ~any_of(outside(stats, head.get("domain", {}), known), len(x))
    output = np.asarray(model.run_head(name, x[known]), np.float64) if known.any() else None
    if head["kind"] == "number":
        value = np.full(len(x), np.nan)
        if output is not None:
            value[known] = output[:, 0]
        reach = head.get("halfwidth") or {"low": np.nan, "high": np.nan}
        parts = {name: value, **{f"{name}_{end}": value + reach[end] for end in ("low", "high")}}
        if head.get("transform") == "log1p":  # numbers that are never negative
            parts = {name: np.expm1(np.clip(column, 0.0, 500.0)) for name, column in parts.items()}
        return parts
    label, p = np.full(len(x), UNKNOWN, object), np.full(len(x), np.nan)
    if output is not None:
        probability, words = softmax(output), np.array([str(word) for word in head["classes"]], object)
        surest = probability.max(axis=1)
        sure = surest >= head.get("threshold", 0.0)
        label[known] = np.where(sure, words[probability.argmax(axis=1)], UNKNOWN)
        p[known] = probability[:, 1] if words.tolist() == NO_YES else surest
    return {name: label, f"{name}_p": p}


def _unit_columns(tracks: Tracks, unit: str) -> dict[str, np.ndarray]:
    """Ids, counts and times."""
    columns: dict[str, np.ndarray] = {"user_id": tracks.user_ids[tracks.track_user]}
    if unit != "user":
        columns["day" if unit == "day" else "track_id"] = tracks.track_ids
    columns["n_points"] = np.diff(tracks.track_offsets)
    new_day = run_starts(solar_day(tracks), tracks.track)
    columns["n_days"] = np.bincount(tracks.track[new_day], minlength=tracks.n_tracks)
    columns["t_first"] = tracks.t[tracks.track_offsets[:-1]]
    columns["t_last"] = tracks.t[tracks.track_offsets[1:] - 1]
    return columns


def stay_ms(tracks: Tracks) -> np.ndarray:
    """(n,) ms until the next fix of the track, 12 h at most: loggers are silent indoors."""
    stay, steps = np.zeros(len(tracks)), tracks.steps()
    stay[steps] = np.minimum(tracks.t[steps + 1] - tracks.t[steps], MAX_STAY_MS)
    return stay


def most_visited(
    tracks: Tracks, size_m: float = GRID_M, stay: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(n_tracks,) lon and lat of the centre of the grid cell where each track spends most of its time.

    stay: (n,) time spent at each fix; None is `stay_ms`.
    """
    lon, lat, cell = snap(tracks.lon, tracks.lat, size_m)
    stay = stay_ms(tracks) if stay is None else stay
    visit = np.flatnonzero(run_starts(tracks.track, cell))  # from here on rows are visits, far fewer than fixes
    stay = np.add.reduceat(stay, visit) if len(visit) else stay
    order = stable_order(tracks.track[visit], cell[visit])
    track, place = tracks.track[visit][order], cell[visit][order]
    head = np.flatnonzero(run_starts(track, place))
    total = np.add.reduceat(stay[order], head) if len(head) else stay
    best = head[np.lexsort((-total, track[head]))]
    best = best[run_starts(track[best])]
    fix = visit[order][best]
    out = np.full((2, tracks.n_tracks), np.nan)
    out[:, tracks.track[fix]] = lon[fix], lat[fix]
    return out[0], out[1]


def snap(lon: np.ndarray, lat: np.ndarray, size_m: float = GRID_M) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres (lon, lat) of the cells of a fixed grid over the world, and the numbers of the cells (int64)."""
    row, middle, across, _ = grid_rows(lat, size_m)
    column = np.minimum(np.floor((lon + 180) / 360 * across), across - 1).astype(np.int64)
    return (column + 0.5) * 360 / across - 180, middle, row * 1_000_000 + column


def grid_rows(lat: np.ndarray, size_m: float = GRID_M) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """The rows of the fixed grid: numbers, middles (degrees), how many cells go round the earth; the height of all.

    Rows have the same height in latitude (degrees); the cells of a row have the right width at its middle.
    """
    height = size_m / 111_132.0
    row = np.floor((lat + 90) / height).astype(np.int64)
    middle = np.clip((row + 0.5) * height - 90, -90, 90)
    degree_m = metres_between(np.zeros_like(middle), middle, np.ones_like(middle), middle)
    return row, middle, np.maximum(np.floor(360 * degree_m / size_m), 1), height
