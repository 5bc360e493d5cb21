# SPDX-License-Identifier: GPL-2.0-or-later
"""Embeddings of users, tracks or days to labels with probabilities and numbers with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .. import labels
from ..arrays import Array, Columns, join_rows, run_starts, softmax
from ..errors import InputError, Progress, no_progress, part_of, translated
from ..features.activity import ACTIVITY
from ..features.motion import MOTION
from ..features.ride import ride
from ..labels import UNKNOWN, CardData
from ..tracks import Tracks, solar_day
from .applicability import any_of, in_words, outside, unit_stats
from .embed import embed
from .places import most_visited

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..bundle.runtime import Model

    Embed = Callable[[Tracks, Progress], np.ndarray]

UNITS = ("user", "track", "day")
NOT_SURE = "no label is likely enough"
NO_YES = ["no", "yes"]


@dataclass(frozen=True)
class Profiles:
    """One row a unit. lon, lat: (n,) degrees, its most visited place on the 500 m grid."""

    columns: Columns  # (n,) each, in the order of the output
    lon: Array
    lat: Array
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
    found: Columns = {}
    stats: Columns = {}
    if heads:
        found, stats = _answers(tracks, unit, model, heads, part_of(progress, 0.0, 0.95), cached)

    verdict = _verdict(tracks, unit, heads, found, stats)
    evidence = {"evidence": found.pop("evidence")} if heads else {}
    columns = _facts(tracks, unit) | found
    columns |= {"in_domain": verdict.in_domain, "why": verdict.why} | evidence

    lon, lat = most_visited(tracks)
    progress(1.0)

    return Profiles(columns, lon, lat, verdict.reasons)


def _facts(tracks: Tracks, unit: str) -> Columns:
    """The columns of units that need no model."""
    columns: Columns = {"user_id": tracks.user_ids[tracks.track_user]}
    if unit != "user":
        columns["day" if unit == "day" else "track_id"] = tracks.track_ids

    new_day = run_starts(solar_day(tracks), tracks.track)
    columns["n_points"] = np.diff(tracks.track_offsets)
    columns["n_days"] = np.bincount(tracks.track[new_day], minlength=tracks.n_tracks)

    columns["t_first"] = tracks.t[tracks.track_offsets[:-1]]
    columns["t_last"] = tracks.t[tracks.track_offsets[1:] - 1]

    return columns


@dataclass(frozen=True)
class Verdict:
    """Which units all heads may answer about. in_domain, why: (n,). reasons: with counts."""

    in_domain: Array
    why: Array
    reasons: list[str]


def _verdict(
    tracks: Tracks,
    unit: str,
    heads: list[CardData],
    found: Columns,
    stats: Columns,
) -> Verdict:
    enough = tracks.has_steps
    few = translated("fewer than two fixes")
    why = np.where(enough, "", few).astype(object)

    reasons: list[str] = []
    for head in heads:
        doubts = outside(stats, head.get("domain", {}), enough)
        sentences = in_words(doubts, enough, f"{unit}s")
        reasons += [_title(head, heads) + words for words in sentences]
        for reason, wrong in doubts.items():
            add_reason(why, wrong, reason)

    if not enough.all():
        reasons += in_words({few: ~enough}, np.ones(len(enough)), f"{unit}s")

    in_domain = why == ""

    for head in heads:
        if "classes" in head:
            unsure = in_domain & (found[head["name"]] == UNKNOWN)
            add_reason(why, unsure, _title(head, heads) + translated(NOT_SURE))

    return Verdict(in_domain, why, reasons)


def _title(head: CardData, heads: list[CardData]) -> str:
    """What stands before a reason if there are several heads: 'Commuter: '."""
    return f"{head.get('title') or head['name']}: " if len(heads) > 1 else ""


def add_reason(why: Array, units: Array, reason: str) -> None:
    """Add a reason to those of some units, unless it is among them."""
    why[units] = [
        old if reason in old else f"{old}; {reason}".removeprefix("; ") for old in why[units]
    ]


def _answers(
    tracks: Tracks,
    unit: str,
    model: Model,
    heads: list[CardData],
    progress: Progress,
    cached: Embed | None,
) -> list[Columns]:
    """The columns of heads and of evidence, and the quantities that limit the heads' domains."""
    n = max(tracks.n_tracks, 1)
    answers = []

    stats = []
    for which, some in tracks.parts():
        part = part_of(progress, which.start / n, which.stop / n)
        embeddings = cached(some, part) if cached else embed(some, model, part)
        x = head_inputs(embeddings, some, unit)

        stats.append(unit_stats(some))
        columns: Columns = {}
        for head in heads:
            columns |= head_columns(head, model, x, stats[-1])
        columns["evidence"] = evidence_in_words(x, unit, model)
        answers.append(columns)

    return [join_rows(answers), join_rows(stats)]


def choose_heads(model: Model, unit: str, tasks: Sequence[str] | None) -> list[CardData]:
    """The cards of the named heads of a unit, or of all. Labels may be among the names.

    Raises InputError for an unknown name or unit.
    """
    if unit not in (*UNITS, "region"):
        raise InputError(
            "There is no unit '{unit}'. Choose one of: {known}.", unit=unit, known=", ".join(UNITS)
        )

    return labels.choose_heads(unit, model.bundle.heads(unit), tasks)


def head_inputs(embeddings: Array, tracks: Tracks, unit: str) -> Array:
    """The inputs (n, d) float32 of heads: embeddings (n, e), for tracks with ride features too."""
    if unit != "track":
        return embeddings
    return np.concatenate([embeddings, ride(tracks)], axis=1)


def head_columns(head: CardData, model: Model, x: Array, stats: Mapping[str, Array]) -> Columns:
    """A head's columns for inputs x (n, d).

    stats: (n,) each, of `unit_stats`.

    Of a head of classes they are NAME, the likeliest class, or 'unknown' if its probability is
    under the head's threshold; NAME_p, the probability of yes, of other classes of the likeliest
    one; NAME_guess, the likeliest class, however unlikely. Of a number they are NAME, in its unit
    of measure, and NAME_low and NAME_high, its 80 % interval. Rows with nan in x or outside the
    domain of the head: 'unknown' and nan.
    """
    known = ~np.isnan(x).any(axis=1)
    known &= ~any_of(outside(stats, head.get("domain", {}), known), len(x))
    output = None
    if known.any():
        output = np.asarray(model.run_head(head["name"], x[known]), np.float64)

    if head["kind"] == "number":
        return _number_columns(head, known, output)

    return _class_columns(head, known, output)


def _number_columns(head: CardData, known: Array, output: Array | None) -> Columns:
    name = head["name"]
    value = np.full(len(known), np.nan)
    if output is not None:
        value[known] = output[:, 0]

    reach = head.get("halfwidth") or {"low": np.nan, "high": np.nan}
    columns = {name: value}
    for end in ("low", "high"):
        columns[f"{name}_{end}"] = value + reach[end]

    if head.get("transform") != "log1p":
        return columns

    # numbers that are never negative
    return {key: np.expm1(np.clip(column, 0.0, 500.0)) for key, column in columns.items()}


def _class_columns(head: CardData, known: Array, output: Array | None) -> Columns:
    label = np.full(len(known), UNKNOWN, object)
    guess = label.copy()
    p = np.full(len(known), np.nan)
    if output is not None:
        words = np.array([str(word) for word in head["classes"]], object)
        probability = softmax(output)

        surest = probability.max(axis=1)
        sure = surest >= head.get("threshold", 0.0)
        guess[known] = words[probability.argmax(axis=1)]
        label[known] = np.where(sure, guess[known], UNKNOWN)
        p[known] = probability[:, 1] if words.tolist() == NO_YES else surest

    name = head["name"]
    return {name: label, f"{name}_p": p, f"{name}_guess": guess}


def evidence_in_words(x: Array, unit: str, model: Model) -> Array:
    """(n,) texts about how tracks with inputs of heads x (n, d) moved.

    '' where it is unknown and of other units.
    """
    words = np.full(len(x), "", object)
    if unit != "track":
        return words

    known = ~np.isnan(x).any(axis=1)
    features = x[known, 4 * model.card["width"] :].astype(np.float64)
    f = dict(zip((*ACTIVITY, *MOTION), features.T))

    km = np.expm1(4 * f["length"]) / 10
    figures = {
        "km": km,
        "min": np.expm1(4 * f["duration"]),
        "v": 3.6 * np.expm1(2 * f["mean_speed"]),
        "w": 3.6 * np.expm1(2 * f["smooth_speed_0.9"]),
        "n": np.expm1(f["stops_a_km"]) * (km + 0.1),
    }

    form = translated(
        "{km:.1f} km in {min:,.0f} min, {v:.0f} km/h on average, "
        "over {w:.0f} km/h for a tenth of it, halts: {n:,.0f}"
    )
    rows = zip(*figures.values())
    words[known] = [form.format(**dict(zip(figures, row))) for row in rows]

    return words
