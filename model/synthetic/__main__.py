# SPDX-License-Identifier: GPL-2.0-or-later
"""A synthetic city with known truth, or a corpus of movement or of days alone. Movement is Eclipse SUMO's.

A city: tracks.parquet (the people recorded), truth_users.csv, truth_tracks.csv, truth_segments.csv (the truth of plans
and trips), and the layers regions, stations and streets (GeoJSON).
Movement alone (--movement-only): movement/*.parquet, every second of every trip, many street plans, all modes.
Days alone (--days-only): days.parquet, everybody's fixes every few minutes from the plans, nothing simulated, and
truth_users.csv. Every table and column: docs/reference/synthetic-city.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from model.cli import Parser, from_zero, positive, run
from model.synthetic.sumo import SyntheticError, say


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = Parser(
        prog="python -m model.synthetic", description=__doc__, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    # fmt: off
    p.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write to")
    p.add_argument("--seed", type=from_zero, default=1, metavar="S", help="same seed, same tables (default 1)")
    p.add_argument("--osm", type=Path, nargs="+", action="extend", default=[], metavar="FILE",
                   help="real streets (.osm, .osm.gz); a city takes one extract, a corpus any number")
    p.add_argument("--processes", type=positive, default=2, metavar="P", help="simulations at a time (default 2)")
    city = p.add_argument_group("a city").add_argument
    city("--people", type=int, metavar="N", help="its population (default 6000)")
    city("--weeks", type=int, metavar="W", help="how long (default 2)")
    city("--observed", type=float, default=0.1, metavar="SHARE", help="share recorded (default 0.1)")
    city("--across", type=float, default=12.0, metavar="KM", help="size without --osm (default 12)")
    city("--small", action="store_true", help="a demonstration: 400 people, 40 recorded, one week")
    city("--days-only", action="store_true", help="write days.parquet and truth_users.csv, in a minute")
    corpus = p.add_argument_group("movement alone, from many street plans").add_argument
    corpus("--movement-only", action="store_true", help="write DIR/movement/*.parquet and nothing else")
    corpus("--fixes", type=float, default=50e6, metavar="N", help="about how many (default 50e6)")
    # fmt: on
    return p


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    options = parser().parse_args(arguments)
    began = time.monotonic()
    if options.movement_only and options.days_only:
        raise SyntheticError("--movement-only and --days-only: choose one")
    for name in ("tracks.parquet", "days.parquet", "movement/*.parquet"):
        if any(options.output.glob(name)):
            raise SyntheticError(f"{options.output} holds {name} of an earlier run: choose another --output")
    if options.movement_only:
        from model.synthetic.corpus import write_corpus

        counts = write_corpus(options.output, options.seed, options.fixes, options.osm, options.processes)
    else:
        from model.synthetic.generate import Request, generate, generate_days

        if len(options.osm) > 1:
            raise SyntheticError("a city takes one --osm extract; several are for --movement-only")
        people, weeks = (400, 1) if options.small else (6000, 2)
        request = Request(
            people if options.people is None else options.people, weeks if options.weeks is None else options.weeks,
            options.seed, options.observed, options.across, next(iter(options.osm), None), options.processes,
        )  # fmt: skip
        counts = (generate_days if options.days_only else generate)(request, options.output)
    made = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    say(f"{made} in {options.output}; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    sys.exit(run(main))
