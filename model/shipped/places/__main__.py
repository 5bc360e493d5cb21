# SPDX-License-Identifier: GPL-2.0-or-later
"""Train the place head and judge it on people left out, and on each source when the other alone
taught it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.cli import Parser, print_line, run
from model.shipped.places.sources import places_of, plan_people, read_howde, windows
from model.shipped.places.train import figures, fit, folds_of, judge, judge_left_out, leave_out
from raw_qgis_plugin.core.mobility.place_head import judge_places

HOWDE_DAYS, CITY_DAYS = (3, 7, 14, 28, 60), (7, 14)
SEED, CITY_PEOPLE = 1, 400
ABOUT = {
    "trained_on": "app users of many countries in the pandemic years, and people of a synthetic city",
    "data": "test data of HoWDe (De Sojo, Lucchini, Langle-Chimal, Fraiberger, Alessandretti: HoWDe: a validated "
    "algorithm for Home and Work location Detection, arXiv 2506.20679), MIT; the synthetic city of model/synthetic",
    "licence": "GPL-2.0-or-later",
    "command": "python -m model.shipped.places",
    "seed": SEED,
}


def main(argv: Sequence[str] | None = None) -> None:
    """Train, judge, write."""
    parser = Parser("python -m model.shipped.places", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--howde", type=Path, required=True, metavar="DIR", help="points.parquet and places.parquet"
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="gets head.npz and card.json"
    )
    options = parser.parse_args(argv)
    howde, city = read_howde(options.howde), plan_people(SEED + 300, CITY_PEOPLE, 3)
    places = places_of(
        windows("howde", howde, SEED, HOWDE_DAYS) + windows("city", city, SEED, CITY_DAYS)
    )
    fold, real = folds_of(places, SEED), places.source == "howde"
    result: dict[str, dict] = {}
    for name, teach in (
        ("howde alone", real),
        ("city alone", ~real),
        ("people left out", np.ones_like(real)),
    ):
        logit = leave_out(places, fold, teach, SEED)
        head = fit(places, logit, teach, SEED)
        alone = not teach.all()
        found = (
            judge(places, judge_places(places.facts, head))
            if alone
            else judge_left_out(places, logit, fold, teach)
        )
        asked = [
            r for r in np.unique(places.recording[~teach if alone else teach]) if "any" not in r
        ]
        result[name] = {
            r: figures({key: v[places.recording == r] for key, v in found.items()}) for r in asked
        }
        print_line({name: result[name]})
    options.output.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.output / "head.npz", **head)  # type: ignore[arg-type]
    card = {**ABOUT, "features": list(places.facts.x), "figures": result}
    (options.output / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(run(main))
