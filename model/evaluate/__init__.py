# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure a model against simple methods on the same cases: python -m model.evaluate COMMAND

forecast: forecasts. profiles: heads on unseen labels. regions: labels of regions from their
visitors. Each is a module of this package; COMMAND --help describes it.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from model.cli import Argv, Parser, check_not_read, from_zero
from raw_qgis_plugin.core.errors import InputError

COMMANDS = ("forecast", "profiles", "regions")


def main(argv: Argv = None) -> None:
    """Run the module that the first argument names."""
    words = sys.argv[1:] if argv is None else argv
    p = Parser("python -m model.evaluate", description=__doc__)
    p.add_argument("what", choices=COMMANDS)
    import_module(f"model.evaluate.{p.parse_args(words[:1]).what}").main(words[1:])


def make_parser(what: str, description: str, record: bool = False) -> Parser:
    """The parser of one of COMMANDS, with their common arguments.

    record: a card may have its figures.
    """
    p = Parser(f"python -m model.evaluate {what}", description=description)
    p.add_argument("--tracks", required=True, metavar="T", help="Parquet, CSV or a GeoLife folder")
    p.add_argument("--bundle", help="model bundle (default: the shipped one)")
    drawn = "of what is drawn (default %(default)s)"
    p.add_argument("--seed", type=from_zero, default=0, metavar="S", help=drawn)
    written = "write the figures to REPORT.json"
    p.add_argument("--output", type=report, metavar="REPORT", help=written)
    if record:
        card = "write the figures into the card of --bundle (a folder)"
        p.add_argument("--record", metavar="NAME", help=card)

    return p


def report(text: str) -> Path:
    """An argument REPORT in a folder that exists, as a path that ends in .json; for argparse."""
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder '{path.parent}' for the report")

    return path if path.suffix == ".json" else path.with_name(f"{path.name}.json")


def check(args: argparse.Namespace) -> None:
    """Raise InputError, before any work, for a report over the tracks or a card out of reach."""
    if args.output:
        check_not_read(args.output, [args.tracks])
    if getattr(args, "record", None) and not (args.bundle and Path(args.bundle).is_dir()):
        raise InputError(
            "--record writes into the card of a bundle of your own: give its folder as --bundle."
        )


def write_report(args: argparse.Namespace, results: Any) -> None:
    """Write the figures as JSON, where a report is asked for."""
    if args.output:
        args.output.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


def ratio_words(r: dict) -> str | None:
    """'0.910 [0.890, 0.930]': a ratio and its interval; None where there is none."""
    if r.get("ratio") is None:
        return None

    low, high = r["interval"]
    return f"{r['ratio']:.3f} [{low:.3f}, {high:.3f}]"
