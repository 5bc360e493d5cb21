# SPDX-License-Identifier: GPL-2.0-or-later
"""Train the place head and judge it on people left out, and on each source when the other alone
taught it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from model.cli import Argv, Parser, print_line, run
from model.shipped.places.sources import Places, places_of, plan_people, read_howde, windows
from model.shipped.places.train import (
    Head,
    figures,
    fit,
    folds_of,
    judge,
    judge_left_out,
    leave_out,
)
from raw_qgis_plugin.core.arrays import Array
from raw_qgis_plugin.core.mobility.place_head import judge_places

HOWDE_DAYS = (3, 7, 14, 28, 60)
CITY_DAYS = (7, 14)
SEED = 1
CITY_PEOPLE = 400
ABOUT = {
    "trained_on": "app users of many countries in the pandemic years, and people of a synthetic "
    "city",
    "data": "test data of HoWDe (De Sojo, Lucchini, Langle-Chimal, Fraiberger, Alessandretti: "
    "HoWDe: a validated algorithm for Home and Work location Detection, arXiv 2506.20679), MIT; "
    "the synthetic city of model/synthetic",
    "licence": "GPL-2.0-or-later",
    "command": "python -m model.shipped.places",
    "seed": SEED,
}


def main(argv: Argv = None) -> None:
    """Train, judge, write."""
    parser = Parser("python -m model.shipped.places", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    tables = "points.parquet and places.parquet"
    add("--howde", type=Path, required=True, metavar="DIR", help=tables)
    add("--output", type=Path, required=True, metavar="DIR", help="gets head.npz and card.json")
    options = parser.parse_args(argv)
    howde = windows("howde", read_howde(options.howde), SEED, HOWDE_DAYS)
    city = windows("city", plan_people(SEED + 300, CITY_PEOPLE, 3), SEED, CITY_DAYS)
    places = places_of(howde + city)
    head, results = learn_and_judge(places)

    options.output.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.output / "head.npz", **head)  # type: ignore[arg-type]
    card = {**ABOUT, "features": list(places.facts.x), "figures": results}
    text = json.dumps(card, indent=1) + "\n"
    (options.output / "card.json").write_text(text, encoding="utf-8")


def learn_and_judge(places: Places) -> tuple[Head, dict[str, dict]]:
    """The head of everybody, and figures of those who taught each head nothing."""
    fold = folds_of(places, SEED)
    real = places.source == "howde"
    results: dict[str, dict] = {}
    for name, teach in (("howde alone", real), ("city alone", ~real)):
        head, _ = learn(places, fold, teach)
        found = judge(places, judge_places(places.facts, head))
        results[name] = by_recording(places, found, ~teach)
        print_line({name: results[name]})

    everybody = np.ones_like(real)
    head, logit = learn(places, fold, everybody)
    found = judge_left_out(places, logit, fold, everybody)
    results["people left out"] = by_recording(places, found, everybody)
    print_line({"people left out": results["people left out"]})

    return head, results


def learn(places: Places, fold: Array, teach: Array) -> tuple[Head, Head]:
    """A head of who teaches (n_users,) bool, and logits of trees that did not learn from each."""
    logit = leave_out(places, fold, teach, SEED)
    return fit(places, logit, teach, SEED), logit


def by_recording(places: Places, found: Head, asked: Array) -> dict[str, dict]:
    """Figures of each recording of who is asked (n_users,) bool, but for days by chance."""
    result = {}
    for recording in np.unique(places.recording[asked]):
        if "any" not in recording:
            own = places.recording == recording
            result[recording] = figures({name: values[own] for name, values in found.items()})

    return result


if __name__ == "__main__":
    sys.exit(run(main))
