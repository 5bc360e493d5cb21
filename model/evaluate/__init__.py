# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure a model against simple methods on the same cases: python -m model.evaluate COMMAND

The commands are forecast, gaps, profiles, regions, probes and diary. Each is a module of this package; --help describes
it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from model.cli import Parser, check_not_read, from_zero
from raw_qgis_plugin.core.errors import InputError

COMMANDS = {
    "forecast": "forecasts against simple methods",
    "gaps": "filled gaps against simple methods",
    "profiles": "heads on unseen labels",
    "regions": "labels of regions from their visitors",
    "probes": "heads from few labels, and the value of pretraining",
    "diary": "stops and trips against diaries that people kept",
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the module that the first argument names."""
    p = Parser("python -m model.evaluate", description=__doc__.split("\n")[0])
    what = p.add_subparsers(dest="what", required=True)
    for name, help_text in COMMANDS.items():
        what.add_parser(name, help=help_text, add_help=False)
    args, rest = p.parse_known_args(argv)
    import_module(f"model.evaluate.{args.what}").main(rest)


def make_parser(what: str, description: str) -> Parser:
    """The parser of one of COMMANDS, with their common arguments."""
    p = Parser(f"python -m model.evaluate {what}", description=description)
    p.add_argument("--tracks", required=True, metavar="T", help="Parquet, CSV or a GeoLife folder")
    p.add_argument("--bundle", help="model bundle (default: the shipped one)")
    p.add_argument("--seed", type=from_zero, default=0, metavar="S", help="of what is drawn (default %(default)s)")
    p.add_argument("--output", type=report, metavar="REPORT", help="write the figures to REPORT.json")
    return p


def report(text: str) -> Path:
    """An argument REPORT in a folder that exists, as a path that ends in .json; for argparse."""
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder '{path.parent}' for the report")
    return path if path.suffix == ".json" else path.with_name(f"{path.name}.json")


def add_record(p: Parser) -> None:
    """Add the option of commands whose figures a card has."""
    p.add_argument("--record", metavar="NAME", help="write the figures into the card of --bundle (a folder)")


def check_record(args: argparse.Namespace) -> None:
    """Raise InputError, before any work, where there is no card to write figures into."""
    if args.record and not (args.bundle and Path(args.bundle).is_dir()):
        raise InputError("--record writes into the card of a bundle of your own: give its folder as --bundle.")


def check_report(args: argparse.Namespace) -> None:
    """Raise InputError, before any work, where the report would be written over the tracks."""
    if args.output:
        check_not_read(args.output, [args.tracks])


def write_report(output: Path, results: Any) -> None:
    """Write the figures as JSON."""
    output.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


def ratio_words(r: dict) -> str | None:
    """'0.910 [0.890, 0.930]': a ratio and its interval; None where there is none."""
    if r.get("ratio") is None:
        return None
    low, high = r["interval"]
    return f"{r['ratio']:.3f} [{low:.3f}, {high:.3f}]"
