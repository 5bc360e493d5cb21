# SPDX-License-Identifier: GPL-2.0-or-later
"""A synthetic city with known truth, or a corpus of movement or of days alone. Movement is Eclipse SUMO's.

A city: tracks.parquet (the people recorded), truth_users.csv, truth_tracks.csv, truth_segments.csv, truth_regions.csv
(the truth of plans and trips), the layers regions, stations, streets and pois (GeoJSON, and together city.gpkg),
laws.json, report.html and report.json (the city against published laws of how people move).
Movement alone (--movement-only): movement/*.parquet, every second of every trip, many street plans, all modes.
Days alone (--days-only): days.parquet, everybody's fixes every few minutes from the plans, nothing simulated;
truth_users.csv and laws.json beside. Every table and column: docs/reference/synthetic-city.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from model.cli import Parser, from_zero, positive, run
from model.synthetic.sumo import SyntheticError, say


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(
        prog="python -m model.synthetic", description=__doc__, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--seed", type=from_zero, default=1, metavar="S", help="same seed, same tables (default 1)")
    parser.add_argument(
        "--osm", type=Path, nargs="+", action="extend", default=[], metavar="FILE",
        help="real streets from an OpenStreetMap extract (.osm, .osm.gz); a city takes one, a corpus any number",
    )  # fmt: skip
    parser.add_argument("--processes", type=positive, default=2, metavar="P", help="simulations at a time (default 2)")
    city = parser.add_argument_group("a city")
    city.add_argument("--people", type=int, metavar="N", help="its population (default 6000)")
    city.add_argument("--weeks", type=int, metavar="W", help="how long (default 2)")
    city.add_argument("--observed", type=float, default=0.1, metavar="SHARE", help="share recorded (default 0.1)")
    city.add_argument("--across", type=float, default=12.0, metavar="KM", help="size without --osm (default 12)")
    city.add_argument("--small", action="store_true", help="a demonstration: 400 people, 40 recorded, one week")
    city.add_argument("--days-only", action="store_true", help="write days.parquet and truth_users.csv, in a minute")
    corpus = parser.add_argument_group("movement alone, from many street plans")
    corpus.add_argument("--movement-only", action="store_true", help="write DIR/movement/*.parquet and nothing else")
    corpus.add_argument("--fixes", type=float, default=50e6, metavar="N", help="about how many (default 50e6)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    options = parse(arguments)
    began = time.monotonic()
    if options.movement_only and options.days_only:
        raise SyntheticError("--movement-only and --days-only: choose one")
    for name in ("tracks.parquet", "days.parquet", "movement/*.parquet"):
        if any(options.output.glob(name)):
            raise SyntheticError(f"{options.output} holds {name} of an earlier run: choose another --output")
    done = _corpus(options) if options.movement_only else _city(options)
    say(f"{done}; {time.monotonic() - began:.0f} s")


def _corpus(options: argparse.Namespace) -> str:
    from model.synthetic.corpus import write_corpus

    if not 1e4 <= options.fixes <= 1e10:
        raise SyntheticError(f"--fixes must lie between 1e4 and 1e10, not {options.fixes:g}")
    counts = write_corpus(options.output, options.seed, options.fixes, options.osm, options.processes)
    total = max(1, sum(counts.values()))
    mix = ", ".join(f"{mode} {count / total:.0%}" for mode, count in sorted(counts.items()))
    return f"{total:,} fixes in {options.output / 'movement'}: {mix}"


def _city(options: argparse.Namespace) -> str:
    from model.synthetic.generate import Request, generate, generate_days

    if len(options.osm) > 1:
        raise SyntheticError("a city takes one --osm extract; several are for --movement-only")
    people, weeks = (400, 1) if options.small else (6000, 2)
    request = Request(
        people=people if options.people is None else options.people,
        weeks=weeks if options.weeks is None else options.weeks,
        observed=options.observed, seed=options.seed, across_km=options.across, osm=next(iter(options.osm), None),
        processes=options.processes,
    )  # fmt: skip
    counts = (generate_days if options.days_only else generate)(request, options.output)
    return f"{', '.join(f'{count:,} {name}' for name, count in counts.items())} in {options.output}"


if __name__ == "__main__":
    sys.exit(run(main))
