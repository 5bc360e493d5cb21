# SPDX-License-Identifier: GPL-2.0-or-later
"""A synthetic city with known truth, or a corpus of movement or of days alone. Movement is Eclipse
SUMO's.

A city: tracks.parquet (the people recorded), truth_users.csv, truth_tracks.csv, truth_segments.csv
(the truth of plans and trips), and the layers regions, stations and streets (GeoJSON). Movement
alone (--movement-only): movement/*.parquet, every second of every trip, many street plans, all
modes. Days alone (--days-only): days.parquet, everybody's fixes every few minutes from the plans,
nothing simulated, and truth_users.csv. Every table and column: docs/guide/synthetic-city.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from model.cli import Argv, Parser, add_options, from_zero, positive, run, spec_of
from model.shipped.synthetic.generate import CitySpec, generate, generate_days
from model.shipped.synthetic.sumo import SyntheticError, say

EARLIER = ("tracks.parquet", "days.parquet", "movement/*.parquet")  # what a run leaves


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = Parser(
        prog="python -m model.synthetic",
        description=__doc__,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = p.add_argument
    add("--output", type=Path, required=True, metavar="DIR", help="folder to write to")
    same = "same seed, same tables (default 1)"
    add("--seed", type=from_zero, default=1, metavar="S", help=same)
    real = "real streets (.osm, .osm.gz); a city takes one extract, a corpus any number"
    add("--osm", type=Path, nargs="+", action="extend", default=[], metavar="FILE", help=real)
    at_a_time = "simulations at a time (default 2)"
    add("--processes", type=positive, default=2, metavar="P", help=at_a_time)

    city = p.add_argument_group("a city")
    add_options(city, CitySpec)
    demonstration = "a demonstration: 400 people, 40 recorded, one week"
    city.add_argument("--small", action="store_true", help=demonstration)
    days = "write days.parquet and truth_users.csv, in a minute"
    city.add_argument("--days-only", action="store_true", help=days)

    corpus = p.add_argument_group("movement alone, from many street plans")
    alone = "write DIR/movement/*.parquet and nothing else"
    corpus.add_argument("--movement-only", action="store_true", help=alone)
    many = "about how many (default 50e6)"
    corpus.add_argument("--fixes", type=float, default=50e6, metavar="N", help=many)
    return p


def main(arguments: Argv = None) -> None:
    """Run the command."""
    options = parser().parse_args(arguments)
    began = time.monotonic()
    if options.movement_only and options.days_only:
        raise SyntheticError("--movement-only and --days-only: choose one")
    for name in EARLIER:
        if any(options.output.glob(name)):
            raise SyntheticError(
                f"{options.output} holds {name} of an earlier run: choose another --output"
            )
    counts = write_movement(options) if options.movement_only else write_city(options)
    made = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    say(f"{made} in {options.output}; {time.monotonic() - began:.0f} s")


def write_movement(options: argparse.Namespace) -> dict[str, int]:
    """A corpus of movement alone; how many of what were written."""
    from model.shipped.synthetic.corpus import write_corpus

    return write_corpus(options.output, options.seed, options.fixes, options.osm, options.processes)


def write_city(options: argparse.Namespace) -> dict[str, int]:
    """A city, or its days alone; how many of what were written."""
    if len(options.osm) > 1:
        raise SyntheticError("a city takes one --osm extract; several are for --movement-only")
    osm = options.osm[0] if options.osm else None
    spec = spec_of(options, CitySpec)
    spec = replace(spec, seed=options.seed, processes=options.processes, osm=osm)
    if options.small:
        spec = replace(spec, people=400, weeks=1)
    make = generate_days if options.days_only else generate
    return make(spec, options.output)


if __name__ == "__main__":
    sys.exit(run(main))
