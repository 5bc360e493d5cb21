# SPDX-License-Identifier: GPL-2.0-or-later
"""Train the place head and judge it on people left out, and on each source when the other alone taught it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.cli import Parser, print_line, run
from model.places.sources import Table, places_of, plan_people, read_city, read_howde, windows
from model.places.train import figures, fit, judge, judge_left_out, leave_out
from raw_qgis_plugin.core.diary.place_head import judge_places

HOWDE_DAYS, CITY_DAYS = (3, 7, 14, 28, 60), (7, 14)
SEED, CITY_PEOPLE = 1, 400
ABOUT = {
    "trained_on": "app users of many countries in the pandemic years, and people of a synthetic city",
    "data": "test data of HoWDe (De Sojo, Lucchini, Langle-Chimal, Fraiberger, Alessandretti: HoWDe: a validated "
    "algorithm for Home and Work location Detection, arXiv 2506.20679), MIT; the synthetic city of model/synthetic",
    "licence": "GPL-2.0-or-later",
}


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser("python -m model.places", description=__doc__, allow_abbrev=False)
    parser.add_argument("--howde", type=Path, required=True, metavar="DIR", help="points.parquet and places.parquet")
    parser.add_argument(
        "--city", type=Path, metavar="DIR", help="a city of model.synthetic to judge with, not to learn"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="gets head.npz and card.json")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Train, judge, write."""
    options = parse(argv)
    howde, planned = read_howde(options.howde), plan_people(SEED + 300, CITY_PEOPLE, 3)
    real = [places_of(f"howde: {name}", people) for name, people in windows(howde, SEED, HOWDE_DAYS)]
    city = [places_of(f"city: {name}", people) for name, people in windows(planned, SEED, CITY_DAYS)]
    left_out = leave_out(real + city, SEED)
    said = judge_left_out(left_out, [table for table in real + city if "any" not in table.name])
    result: dict[str, Any] = {"people left out": {name: figures(each) for name, each in said.items()}}
    print_line(result)
    other = [places_of("simulated: a week", read_city(options.city))] if options.city else []
    head = fit(real + city, left_out, SEED)
    for name, taught, judged in (("howde alone", real, city + other), ("city alone", city, real + other)):
        alone = fit(taught, leave_out(taught, SEED), SEED)
        result[name] = {t.name: _figures(t, alone) for t in judged if "any" not in t.name}
    result["all"] = {table.name: _figures(table, head) for table in other}
    options.output.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.output / "head.npz", **head)  # type: ignore[arg-type]
    names = list(real[0].facts.names)
    card = {**ABOUT, "command": "python -m model.places", "seed": SEED, "features": names, "figures": result}
    (options.output / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _figures(table: Table, head: dict[str, np.ndarray]) -> dict[str, float]:
    return figures(judge(table, judge_places(table.facts, head)))


if __name__ == "__main__":
    sys.exit(run(main))
