# SPDX-License-Identifier: GPL-2.0-or-later
"""Embeddings of users, tracks or days to labels with probabilities and numbers with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import join_rows, run_starts, softmax
from ..errors import InputError, Progress, no_progress, part_of, translated
from ..features.activity import ACTIVITY
from ..features.motion import MOTION
from ..features.ride import ride
from ..tracks import Tracks, solar_day
from .applicability import any_of, in_words, outside, unit_stats
from .embed import embed
from .places import most_visited

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..bundle.runtime import Model

    Embed = Callable[[Tracks, Progress], np.ndarray]

UNITS = ("user", "track", "day")
UNKNOWN = "unknown"
NOT_SURE = "no label is likely enough"
NO_YES = ["no", "yes"]


@dataclass(frozen=True)
class Profiles:
    """One row a unit. lon, lat: (n,) degrees, its most visited place on the 500 m grid."""

    columns: dict[str, np.ndarray]  # (n,) each, in the order of the output
    lon: np.ndarray
    lat: np.ndarray
    # why units are not in_domain, with counts and, if not all, heads
    reasons: list[str] = field(default_factory=list)


def profile(
    tracks: Tracks,
    model: Model,
    unit: str = "user",
    tasks: Sequence[str] | None = None,
    progress: Progress = no_progress,
    cached: Embed | None = None,
) -> Profiles:
    """Profile tracks that are one unit each (users: `tracks.by_user()`, days: `tracks.by_day()`).

    tasks: names of heads of that unit; None or none of them is all of `Bundle.heads`. cached:
    function of tracks and a progress that returns embeddings, such as `embed_cached` for the model,
    instead of `embed`. Columns: user_id, track_id or day, n_points, n_days (of mean solar time),
    t_first, t_last (epoch ms), those of the heads (see `head_columns`), in_domain: of all heads,
    why: for which reasons it is not, or that no label is likely enough, or '', and, if there are
    heads, evidence (of `evidence_in_words`). For a unit of fewer than two fixes labels are
    'unknown', numbers nan, and in_domain is False.
    """
    heads = choose_heads(model, unit, tasks)
    enough = tracks.has_steps
    why = np.where(enough, "", few := translated("fewer than two fixes")).astype(object)
    columns: dict[str, np.ndarray] = {"user_id": tracks.user_ids[tracks.track_user]}
    if unit != "user":
        columns["day" if unit == "day" else "track_id"] = tracks.track_ids
    new_day = run_starts(solar_day(tracks), tracks.track)
    columns |= {
        "n_points": np.diff(tracks.track_offsets),
        "n_days": np.bincount(tracks.track[new_day], minlength=tracks.n_tracks),
        "t_first": tracks.t[tracks.track_offsets[:-1]],
        "t_last": tracks.t[tracks.track_offsets[1:] - 1],
    }
    found, stats = {}, {}
    if heads:
        found, stats = _answers(tracks, unit, model, heads, part_of(progress, 0.0, 0.95), cached)
    reasons: list[str] = []
    titles = {
        head["name"]: f"{head.get('title') or head['name']}: " if len(heads) > 1 else ""
        for head in heads
    }
    for head in heads:
        doubts = outside(stats, head.get("domain", {}), enough)
        reasons += [titles[head["name"]] + words for words in in_words(doubts, enough, f"{unit}s")]
        for reason, wrong in doubts.items():
            add_reason(why, wrong, reason)
    if not enough.all():
        reasons += in_words({few: ~enough}, np.ones(len(enough)), f"{unit}s")
    in_domain = why == ""
    for head in heads:
        if "classes" in head:
            add_reason(
                why,
                in_domain & (found[head["name"]] == UNKNOWN),
                titles[head["name"]] + translated(NOT_SURE),
            )
    evidence = {"evidence": found.pop("evidence")} if heads else {}
    lon, lat = most_visited(tracks)
    progress(1.0)
    return Profiles(
        columns | found | {"in_domain": in_domain, "why": why} | evidence, lon, lat, reasons
    )


def add_reason(why: np.ndarray, units: np.ndarray, reason: str) -> None:
    """Add a reason to those of some units, unless it is among them."""
    why[units] = [
        old if reason in old else f"{old}; {reason}".removeprefix("; ") for old in why[units]
    ]


def _answers(
    tracks: Tracks,
    unit: str,
    model: Model,
    heads: list[dict[str, Any]],
    progress: Progress,
    cached: Embed | None,
) -> list[dict[str, np.ndarray]]:
    """The columns of heads and of evidence, and the quantities that limit the heads' domains; by
    parts of tracks.
    """
    parts = []
    for which, some in tracks.parts():
        part = part_of(
            progress, *(end / max(tracks.n_tracks, 1) for end in (which.start, which.stop))
        )
        embeddings = cached(some, part) if cached else embed(some, model, part)
        x, stats = head_inputs(embeddings, some, unit), unit_stats(some)
        columns = {
            name: values
            for head in heads
            for name, values in head_columns(head, model, x, stats).items()
        }
        parts.append((columns | {"evidence": evidence_in_words(x, unit, model)}, stats))
    return [join_rows(tables) for tables in zip(*parts)]


def choose_heads(model: Model, unit: str, tasks: Sequence[str] | None) -> list[dict[str, Any]]:
    """The cards of the named heads of a unit, or of all. Raises InputError for a missing head or
    unit.
    """
    if unit not in (*UNITS, "region"):
        raise InputError(
            "There is no unit '{unit}'. Choose one of: {known}.", unit=unit, known=", ".join(UNITS)
        )
    heads = {head["name"]: head for head in model.bundle.heads(unit)}
    for task in tasks or ():
        if task not in heads:
            words, known = (
                "The model has no head '{name}' for a {unit}. It has: {known}.",
                ", ".join(heads) or "–",
            )
            raise InputError(words, name=task, unit=translated(unit), known=known)
    return [heads[task] for task in dict.fromkeys(tasks)] if tasks else [*heads.values()]


def head_inputs(embeddings: np.ndarray, tracks: Tracks, unit: str) -> np.ndarray:
    """The inputs (n, d) float32 of heads: embeddings (n, e), for tracks with ride features beside
    them.
    """
    return np.concatenate([embeddings, ride(tracks)], axis=1) if unit == "track" else embeddings


def head_columns(
    head: dict[str, Any], model: Model, x: np.ndarray, stats: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """A head's columns for inputs x (n, d): NAME and NAME_p, or NAME, NAME_low and NAME_high.

    stats: (n,) each, of `unit_stats`. NAME of a head of classes is text, 'unknown' if its
    probability is under the head's threshold. NAME_p is the probability of yes, of other classes of
    the likeliest one. NAME of a number is in its unit of measure, NAME_low and NAME_high are its 80
    % interval. Rows with nan in x or outside the domain of the head: 'unknown' and nan.
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
        probability, words = (
            softmax(output),
            np.array([str(word) for word in head["classes"]], object),
        )
        surest = probability.max(axis=1)
        sure = surest >= head.get("threshold", 0.0)
        label[known] = np.where(sure, words[probability.argmax(axis=1)], UNKNOWN)
        p[known] = probability[:, 1] if words.tolist() == NO_YES else surest
    return {name: label, f"{name}_p": p}


def evidence_in_words(x: np.ndarray, unit: str, model: Model) -> np.ndarray:
    """(n,) texts about how tracks with inputs of heads x (n, d) moved; '' where it is unknown and
    of other units.
    """
    words, known = np.full(len(x), "", object), ~np.isnan(x).any(axis=1)
    if unit != "track":
        return words
    f = dict(zip((*ACTIVITY, *MOTION), x[known, 4 * model.card["width"] :].astype(np.float64).T))
    km, minutes = np.expm1(4 * f["length"]) / 10, np.expm1(4 * f["duration"])
    mean, fast = (3.6 * np.expm1(2 * f[name]) for name in ("mean_speed", "smooth_speed_0.9"))
    form = translated(
        "{km:.1f} km in {min:,.0f} min, {v:.0f} km/h on average, over {w:.0f} km/h for a tenth of it, halts: {n:,.0f}"
    )
    words[known] = [
        form.format(km=a, min=b, v=c, w=d, n=e)
        for a, b, c, d, e in zip(km, minutes, mean, fast, np.expm1(f["stops_a_km"]) * (km + 0.1))
    ]
    return words
