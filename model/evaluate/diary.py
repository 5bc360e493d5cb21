# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure diaries against diaries that people kept: python -m model.evaluate diary --tracks T --labels L

L is a table of user_id, start, end and mode, a row for each labelled stretch; the mode 'stop' is a stop. Where no
stretch is one, the pauses between two labelled trips are: of 5 minutes to 12 hours, their ends within 300 m and 3
minutes of a fix. A stop or trip is found if one in the diary overlaps with it by half of both together; what lies
mostly in time without labels is not judged. Labels with under ten fixes, a minute, or half of their time on record are
left out, with what lies in them, and so are rows whose column `usable`, if there is one, is false.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from model.cli import add_options, meter, print_line, spec_of
from model.data.labels import MISSING, Table, column, read_table
from model.evaluate import check, make_parser, write_report
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.diary.diary import Diary, find_diary
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.geodesy import metres_between
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.specs import DiarySpec
from raw_qgis_plugin.core.times import parse_times
from raw_qgis_plugin.core.tracks import Tracks

MINUTE = 60_000
KINDS = {"stops": ("t_arrive", "t_leave"), "trips": ("t_start", "t_end")}


@dataclass
class Truth:
    """Of a user: (k, 2) epoch ms each. unclear: labels that their own fixes do not bear."""

    stops: list[tuple[int, int]] = field(default_factory=list)
    trips: list[tuple[int, int]] = field(default_factory=list)
    unclear: list[tuple[int, int]] = field(default_factory=list)


def read_truth(tracks: Tracks, labels: Table) -> dict[str, Truth]:
    """What the labels say of each user."""
    user, word = (column(labels, names, names[0]) for names in (("user_id", "user"), ("mode", "label")))
    some = np.array([value is not None and str(value).lower() not in MISSING for value in word])
    begin, end = (parse_times(column(labels, names, "time")) for names in (("start", "t_start"), ("end", "t_end")))
    user, mode, usable = user.astype(str), word.astype(str), labels.get("usable", np.ones(len(word))).astype(bool)
    between, found = not (mode[usable] == "stop").any(), {}
    for number, name in enumerate(tracks.user_ids):
        of = np.flatnonzero((user == name) & some)
        rows = [(int(begin[k]), int(end[k]), str(mode[k]), usable[k]) for k in of[np.argsort(begin[of], kind="stable")]]
        if good := [row[:3] for row in rows if row[3]]:
            found[name] = _truth_of(tracks.take(tracks.user == number), good, between)
            found[name].unclear += [row[:2] for row in rows if not row[3]]
    return found


def _truth_of(track: Tracks, labels: list[tuple[int, int, str]], between: bool) -> Truth:
    """The labels of a user in order. between: pauses between trips are stops, where a user comes back to where they
    left and both are on record.
    """
    truth, t = Truth(), track.t
    legs: list[tuple[int, int, str]] = []
    for begin, end, mode in labels:
        if mode == "stop":
            (truth.stops if end - begin >= 5 * MINUTE else truth.unclear).append((begin, end))
        elif legs and mode == legs[-1][2] and begin - legs[-1][1] < MINUTE:  # cut at midnight
            legs[-1] = legs[-1][0], max(end, legs[-1][1]), mode
        elif end > (begin := max(begin, legs[-1][1]) if legs else begin):
            legs.append((begin, end, mode))
    for begin, end, _ in legs:
        first, after = np.searchsorted(t, [begin, end + 1])
        seen = after - first >= 10 and t[after - 1] - t[first] > (end - begin) / 2 and end - begin >= MINUTE
        (truth.trips if seen else truth.unclear).append((begin, end))
    for (_, left, _), (back, _, _) in pairwise(legs):
        a, b = int(np.searchsorted(t, left, side="right")) - 1, int(np.searchsorted(t, back))
        if between and 5 * MINUTE <= back - left <= 12 * 60 * MINUTE and a >= 0 and b < len(t):
            away_m = metres_between(track.lon[a], track.lat[a], track.lon[b], track.lat[b])
            if max(left - t[a], t[b] - back) < 3 * MINUTE and away_m < 300:
                truth.stops.append((left, back))
    return truth


def overlap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n, m) ms that stretches (n, 2) and (m, 2) share."""
    begin, end = (pick(one[:, None, k], other[None, :, k]) for k, pick in ((0, np.maximum), (1, np.minimum)))
    return np.clip(end - begin, 0, None)


def count(answer: np.ndarray, truth: Truth, kind: str) -> tuple[int, int, int]:
    """How many stretches were found, answered and asked. answer: (n, 2) epoch ms."""
    asked = np.array(getattr(truth, kind), np.int64).reshape(-1, 2)
    judged, unclear = (
        overlap(answer, np.array(s, np.int64).reshape(-1, 2)).sum(axis=1)
        for s in (truth.stops + truth.trips, truth.unclear)
    )
    length = np.diff(answer, axis=1)[:, 0]
    answer = answer[(judged + unclear >= length / 2) & (unclear < length / 2)]
    shared = overlap(answer, asked)
    both = np.diff(answer, axis=1) + np.diff(asked, axis=1).T - shared
    return int((shared >= both / 2).any(axis=0).sum()), len(answer), len(asked)


def scores(diary: Diary, truth: dict[str, Truth], seed: int) -> dict[str, dict]:
    """F1, precision and recall of stops and trips, and the 95 % interval of F1 over users."""
    result = {}
    for kind, times in KINDS.items():
        table = getattr(diary, kind)
        user, stretches = table["user_id"], np.stack([table[c] for c in times], axis=1)
        counts = np.array([count(stretches[user == name], of, kind) for name, of in truth.items()])
        draws = np.random.default_rng(seed).integers(0, len(counts), (1001, len(counts)))
        draws[0] = np.arange(len(counts))  # all users, then draws of them
        found, answered, asked = counts[draws].sum(axis=1).T
        f1 = 2 * found / np.maximum(answered + asked, 1)
        low, high = np.quantile(f1[1:], [0.025, 0.975])
        result[kind] = {
            "f1": float(f1[0]), "low": float(low), "high": float(high), "asked": int(asked[0]),
            "precision": found[0] / max(answered[0], 1), "recall": found[0] / max(asked[0], 1),
        }  # fmt: skip
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print and write the figures: with the model, and without it (no mode cuts or joins a trip)."""
    p = make_parser("diary", __doc__)
    p.add_argument("--labels", required=True, metavar="L", help="the diaries: a Parquet or CSV table")
    add_options(p, DiarySpec)
    args = p.parse_args(argv)
    check(args)
    tracks = read(args.tracks)[0].by_user()
    truth = read_truth(tracks, read_table(args.labels))
    if not truth:
        raise InputError(f"No user of {args.labels} is in {args.tracks}.")
    tracks = tracks.take(np.isin(tracks.user_ids, list(truth))[tracks.user])
    results = {}
    for name, model in (("with the model", Model(open_bundle(args.bundle))), ("without", None)):
        results[name] = scores(find_diary(tracks, model, spec_of(args, DiarySpec), meter(name)), truth, args.seed)
        print_line({name: results[name]})
    write_report(args, {"users": len(truth), **results})
