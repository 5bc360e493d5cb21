# SPDX-License-Identifier: GPL-2.0-or-later
"""How often the 80 % intervals of shares of commuters hold the truth.

    PYTHONPATH=. .venv/bin/python docs/scripts/region_shares.py [--howde DIR] SEED ...

Of each seed a city: 200 circles of 10 visitors and more. Of HoWDe's people, by place heads that did
not learn from them: 200 groups of 20 to 100. Whole records, and the first 28, 14 and 7 days.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from model.shipped.places.__main__ import CITY_DAYS, CITY_PEOPLE, SEED
from model.shipped.places.sources import places_of, plan_people, read_howde, windows
from model.shipped.places.train import folds_of, judge_left_out, leave_out
from model.shipped.synthetic.generate import CitySpec, midnight_ms, plan_city, record_plans
from model.shipped.synthetic.population.recording import Fixes
from raw_qgis_plugin.core.arrays import Array, run_starts
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.geodesy import metres_between
from raw_qgis_plugin.core.mobility.diary import find_diary
from raw_qgis_plugin.core.mobility.people import label_people
from raw_qgis_plugin.core.regions.people import expected_share
from raw_qgis_plugin.core.times import DAY_MS
from raw_qgis_plugin.core.tracks import Tracks

DAYS = (0, 28, 14, 7)  # 0: the whole record
PEOPLE = 400
WEEKS = 6
DRAWS = 200


def city(seed: int) -> tuple[Tracks, Array]:
    """The tracks of a city's people, by several kinds of phones, and who of them commutes."""
    with tempfile.TemporaryDirectory() as scratch:
        spec = CitySpec(people=PEOPLE, weeks=WEEKS, seed=seed)
        population, trips = plan_city(spec, Path(scratch))
    recorded = [each for _, each in record_plans(spec, population, trips)]
    person = np.repeat(np.arange(PEOPLE), [len(each.t) for each in recorded])
    fixes = Fixes(*map(np.concatenate, zip(*recorded, strict=True)))
    lon, lat = population.city.streets.place.lonlat(fixes.x, fixes.y)
    ms = midnight_ms(population.city) + 1000 * fixes.t.astype(np.int64)
    tracks = build_tracks(person, None, ms, lon, lat)[0]
    commuter = np.array([each.commuter for each in population.people])
    return tracks, commuter[tracks.user_ids.astype(int)]


def first_days(tracks: Tracks, truth: Array, days: int) -> tuple[Tracks, Array]:
    """The first days with fixes of each user."""
    if not days:
        return tracks, truth
    day = np.cumsum(run_starts(tracks.user, tracks.t // DAY_MS))
    number = day - day[tracks.track_offsets[:-1]][tracks.track]
    kept = number < days
    return tracks.take(kept), truth[np.unique(tracks.user[kept])]


def circles(tracks: Tracks, rng: np.random.Generator) -> list[Array]:
    """The visitors of circles around fixes drawn by chance."""
    found = []
    while len(found) < DRAWS:
        row = rng.integers(len(tracks))
        far = metres_between(tracks.lon[row], tracks.lat[row], tracks.lon, tracks.lat)
        visitors = np.unique(tracks.user[far < rng.uniform(200, 2500)])
        if len(visitors) >= 10:
            found.append(visitors)
    return found


def groups(n: int, rng: np.random.Generator) -> list[Array]:
    """Groups of 20 to 100 of n people."""
    return [rng.choice(n, rng.integers(20, 101), replace=False) for _ in range(DRAWS)]


def report(name: str, p: Array, truth: Array, days: Array, some: list[Array]) -> None:
    """Print how many truths lie within the intervals, the mean error and the mean width."""
    row = np.repeat(np.arange(len(some)), [len(each) for each in some])
    visits = csr_matrix((np.ones(len(row)), (row, np.concatenate(some))), (len(some), len(p)))
    share = expected_share(visits, p, days, own_doubt=True)
    true = visits @ truth / np.diff(visits.indptr)
    off = share.mean - true
    held = np.abs(off) <= 1.2816 * share.error
    print(
        f"{name}: held {held.mean():.0%}, mean error {off.mean():+.3f}, width "
        f"{2.5632 * share.error.mean():.2f}, {np.diff(visits.indptr).mean():.0f} people, "
        f"{np.isfinite(p).mean():.0%} judged",
        flush=True,
    )


def report_city(seed: int) -> None:
    whole, truth = city(seed)
    for days in DAYS:
        tracks, true = first_days(whole, truth, days)
        columns = label_people(find_diary(tracks, None)).columns
        some = circles(tracks, np.random.default_rng(1))
        name = f"city {seed}, days {days or 'all'}"
        report(name, columns["commuter_p"], true, columns["n_days_seen"], some)


def report_howde(folder: Path) -> None:
    """Heads as `python -m model.shipped.places` fits them, without the fold of each person."""
    of_days = tuple(each for each in DAYS if each)
    howde = windows("howde", read_howde(folder), SEED, of_days)
    towns = windows("city", plan_people(SEED + 300, CITY_PEOPLE, 3), SEED, CITY_DAYS)
    places = places_of(howde + towns)
    fold = folds_of(places, SEED)
    everybody = np.ones(len(places.commuter), bool)
    logit = leave_out(places, fold, everybody, SEED)
    found = judge_left_out(places, logit, fold, everybody)
    for days in DAYS:
        own = places.recording == (f"howde: first {days}" if days else "howde: whole")
        seen = places.facts.record.n_days[own]
        some = groups(own.sum(), np.random.default_rng(1))
        report(f"howde, days {days or 'all'}", found["p"][own], places.commuter[own], seen, some)


def main() -> None:
    """Print a line for each city and length of the record."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--howde", type=Path)
    parser.add_argument("seeds", nargs="*", type=int)
    args = parser.parse_args()
    for seed in args.seeds:
        report_city(seed)
    if args.howde:
        report_howde(args.howde)


if __name__ == "__main__":
    main()
