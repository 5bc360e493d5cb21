# SPDX-License-Identifier: GPL-2.0-or-later
"""What a price buys: the table of price against error of docs/guide/publishing.md.

    PYTHONPATH=. .venv/bin/python docs/scripts/prices.py

People live and work in zones of a square city, and are seen in some zones in each part of the day.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from raw_qgis_plugin.core.disclosure.contributions import Contributions
from raw_qgis_plugin.core.disclosure.publish import PEOPLE, Table, publish
from raw_qgis_plugin.core.disclosure.spec import PublishSpec
from raw_qgis_plugin.core.regions.publishing import VISITS

PARTS = 5  # of a day
ZONES_A_PART = 6.0  # of a person, on average


class City(NamedTuple):
    """Zones by parts of the day, and who is seen in them."""

    table: Table
    n_zones: int


class Errors(NamedTuple):
    """Shares of cases within 10 %, and the 95 % quantiles of relative errors."""

    counts_within: float  # of published counts of 100 and more
    counts: float
    sums: float  # of 20 zones, any, in a part of the day
    bias: float  # of all counts, by people who are in more rows than count
    shown: float  # of rows


def city(n_people: int, n_zones: int, seed: int = 0) -> City:
    """Zones in rows of five. A person is seen near home and work, and most often in the middle."""
    rng = np.random.default_rng(seed)
    across = n_zones // 5
    xy = np.stack(np.divmod(np.arange(n_zones), 5), axis=1).astype(float)
    middle = np.array([across - 1, 4]) / 2
    pull = np.exp(-np.abs(xy - middle).sum(axis=1) / np.sqrt(n_zones) * 2)
    row, person = [], []
    for each in range(n_people):
        home = rng.integers(n_zones)
        work = rng.choice(n_zones, p=pull / pull.sum())
        far = np.minimum(*(np.abs(xy - xy[place]).sum(axis=1) for place in (home, work)))
        odds = pull * np.exp(-far / 2) * rng.gamma(2.0, 0.5, n_zones)
        for part in range(PARTS):
            n = min(n_zones, max(1, rng.poisson(ZONES_A_PART)))
            seen = rng.choice(n_zones, n, replace=False, p=odds / odds.sum())
            row.append(seen * PARTS + part)
            person.append(np.full(n, each))
    rows, people = np.concatenate(row), np.concatenate(person)
    values = {"n_users": np.ones(len(rows)), "n_visits": rng.integers(1, 9, len(rows))}
    names = {"name": np.arange(n_zones * PARTS).astype(str).astype(object)}
    given = Contributions(rows, people, values)
    return City(
        Table(names, np.full(n_zones * PARTS, None), given, (PEOPLE, VISITS), True), n_zones
    )


def errors(of: City, spec: PublishSpec, draws: int) -> Errors:
    """What was published beside what was recorded, over some draws."""
    given = of.table.contributions
    true = np.bincount(given.row, minlength=of.n_zones * PARTS).astype(float)
    some = np.random.default_rng(1).permutation(of.n_zones) // 20  # groups of 20 zones
    group = (some[:, None] * PARTS + np.arange(PARTS)).ravel()
    counts, sums, bias, shown = [], [], [], []
    for _ in range(draws):
        said = publish(of.table, spec).columns["n_users"]
        large = true >= 100
        counts.append(np.abs(said / true - 1)[large & ~np.isnan(said)])
        known = ~np.isnan(said)
        total, whole = (np.bincount(group[known], x[known]) for x in (said, true))
        sums.append(np.abs(total / np.maximum(whole, 1) - 1))
        bias.append(np.nansum(said) / true[known].sum() - 1)
        shown.append(known.mean())
    off = np.concatenate(counts)
    return Errors(
        float((off <= 0.1).mean()),
        float(np.quantile(off, 0.95)),
        float(np.quantile(np.concatenate(sums), 0.95)),
        float(np.mean(bias)),
        float(np.mean(shown)),
    )


def main() -> None:
    print(
        "| people, zones | ρ | rows | counts within 10 % | 95 % of counts | 95 % of sums | all counts | shown |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for size in ((200, 20), (2000, 200)):
        of = city(*size)
        for rho, rows in ((0.25, 40), (0.5, 40), (1.0, 20), (1.0, 40), (2.0, 40)):
            found = errors(of, replace(PublishSpec(), rho=rho, rows=rows), 100)
            print(
                f"| {size[0]:,}, {size[1]} | {rho:g} | {rows} | {found.counts_within:.0%} | "
                f"{found.counts:.1%} | {found.sums:.1%} | {found.bias:+.1%} | {found.shown:.0%} |"
            )


if __name__ == "__main__":
    main()
