# SPDX-License-Identifier: GPL-2.0-or-later
"""Encounters in thinned tracks against the whole tracks: python -m model.fill.encounters --tracks T

T is tracks of people whose places are known at every time, such as those of model.synthetic: recorded every few seconds
under way, and silent only while the person stays. Their positions every half minute are the truth. A silence of more
than two minutes that ends elsewhere is not known: what lies before and after it counts as two people. The truth is
thinned to one position in some minutes, each person at times of their own, and encounters are found in that. One of
them is right if it overlaps in time with a true one of the same two; a true one is found likewise.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from model.cli import Parser, add_options, over_zero, positive, run, spec_of
from model.evaluate import check_report, reliability, report, write_report
from raw_qgis_plugin.core.arrays import content_hash, expand_ranges, run_starts
from raw_qgis_plugin.core.encounters.encounters import Encounters, find_encounters
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.geodesy import metres_between
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.specs import EncounterSpec
from raw_qgis_plugin.core.times import DAY_MS
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

TICK_MS, KNOWN_MS, STAYED_M = 30_000, 120_000, 150.0
LEAST = (0.2, 0.5, 0.8)


def whole(users: Tracks) -> Tracks:
    """The truth: positions every half minute, one user for each time that is known without a break."""
    step = np.flatnonzero(np.diff(users.track) == 0)
    apart = metres_between(users.lon[step], users.lat[step], users.lon[step + 1], users.lat[step + 1])
    known = np.zeros(len(users) - 1, bool)
    known[step] = (np.diff(users.t)[step] <= KNOWN_MS) | (apart <= STAYED_M)
    spell = np.concatenate([[0], np.cumsum(~known)])
    first = -(-users.t[:-1] // TICK_MS)
    count = np.where(known, -(-users.t[1:] // TICK_MS) - first, 0)
    row, tick = np.repeat(np.arange(len(count)), count), expand_ranges(first, count)
    part = (tick * TICK_MS - users.t[row]) / (users.t[row + 1] - users.t[row])
    lon, lat = (axis[row] + part * (axis[row + 1] - axis[row]) for axis in (users.lon, users.lat))
    return build_tracks(spell[row], None, tick * TICK_MS, lon, lat, drop_spikes=False)[0]


def thinned(tracks: Tracks, minutes: float) -> Tracks:
    """One position in some minutes, each user at times of their own. Users of fewer than two keep their number."""
    phase = (content_hash(np.arange(tracks.n_users)) % np.uint64(1000)).astype(float) / 1000
    spell = np.floor(tracks.t / (60_000.0 * minutes) + phase[tracks.user]).astype(np.int64)
    kept = np.flatnonzero(run_starts(tracks.track, spell))
    columns = (column[kept] for column in (tracks.track, tracks.t, tracks.lon, tracks.lat))
    return replace(tracks, **dict(zip(("track", "t", "lon", "lat"), columns, strict=True)))


def overlaps(some: Encounters, others: Encounters) -> np.ndarray:
    """Which encounters (n,) overlap in time with one of the others of the same two."""
    same = (some.one[:, None] == others.one) & (some.other[:, None] == others.other)
    return (same & (some.t_start[:, None] <= others.t_end) & (some.t_end[:, None] >= others.t_start)).any(axis=1)


def precision_recall(found: Encounters, truth: Encounters) -> dict[str, float | None]:
    """Precision, recall and their harmonic mean; None without encounters of which it would be a share."""
    shares = [overlaps(*pair) for pair in ((found, truth), (truth, found))]
    precision, recall = (float(share.mean()) if len(share) else None for share in shares)
    both = None if precision is None or recall is None else 2 * precision * recall / max(precision + recall, 1e-9)
    return {"encounters": len(found.one), "precision": precision, "recall": recall, "f1": both}


def evaluate(tracks: Tracks, rates_min: Sequence[float], spec: EncounterSpec) -> dict:
    """All figures, by rate and minimum probability."""
    truth = find_encounters(tracks, replace(spec, max_gap_min=KNOWN_MS / 60_000))
    results: dict[str, dict] = {}
    for minutes in rates_min:
        some = thinned(tracks, minutes)
        found = {least: find_encounters(some, replace(spec, min_probability=least)) for least in LEAST}
        rows: dict[str, Any] = {f"{least:g}": precision_recall(each, truth) for least, each in found.items()}
        every = found[min(LEAST)]
        right = overlaps(every, truth)
        rows["reliability"] = reliability(every.probability, right, ("probability", "true", "encounters"))
        results[f"{minutes:g}"] = rows
        print(table(f"{minutes:g}", rows), flush=True)
    return {"users": tracks.n_users, "positions": len(tracks), "true": len(truth.one), "by_rate": results}


def table(minutes: str, rows: dict) -> str:
    """The figures of a rate as text."""
    words = [
        f"    {name}: {r['encounters']} encounters, precision {_share(r['precision'])}, recall {_share(r['recall'])}, "
        f"F1 {_share(r['f1'])}" for name, r in rows.items() if name != "reliability"
    ]  # fmt: skip
    bins = (f"{b['probability']:.2f}: {b['true']:.2f} ({b['encounters']})" for b in rows["reliability"])
    return "\n".join([f"a position in {minutes} min:", *words, f"    probability: share true: {', '.join(bins)}"])


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.fill.encounters", description=__doc__)
    p.add_argument("--tracks", required=True, metavar="T", help="Parquet, CSV or a GeoLife folder")
    p.add_argument("--output", type=report, metavar="REPORT", help="write REPORT.json")
    p.add_argument(
        "--minutes", type=over_zero, nargs="+", default=(2.0, 5.0, 15.0), metavar="M", help="2 5 15 (default)"
    )
    p.add_argument(
        "--days", type=positive, default=2, metavar="D", help="of the tracks, the first (default %(default)s)"
    )
    add_options(p, EncounterSpec)
    args = p.parse_args(argv)
    check_report(args)
    users = read(args.tracks)[0].by_user()
    users = users.take(users.t < users.t.min() + args.days * DAY_MS)
    tracks = whole(users)
    if tracks.n_users < 2:
        raise InputError(f"{args.tracks} has no two people whose places are known at the same time.")
    results = evaluate(tracks, args.minutes, spec_of(args, EncounterSpec))
    print(f"{results['true']} true encounters of {results['users']} users, {results['positions']} positions")
    if args.output:
        write_report(args.output, results)


if __name__ == "__main__":
    sys.exit(run(main))
