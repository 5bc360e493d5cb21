# SPDX-License-Identifier: GPL-2.0-or-later
"""Widen forecast areas until they cover tracks outside training: python -m model.calibrate --bundle B --corpus S …

A model's areas are calibrated on people held out of its own corpus; other people may differ from these.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from model.cli import Parser, from_zero, print_line, run
from model.data.batches import Batches
from model.data.corpus import load, source_name
from model.training.calibrate import calibrate, widened
from model.training.card import write_card
from model.training.checkpoint import network_of
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.errors import InputError


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.calibrate", description=__doc__)
    p.add_argument("--bundle", required=True, metavar="B", help="a folder; its card is rewritten")
    p.add_argument("--corpus", required=True, nargs="+", metavar="S", help="tracks outside the training set")
    p.add_argument("--kinds", nargs="+", metavar="K", help="kinds of contexts (default: all but roaming, "
                   "which model.retrieval calibrates)")  # fmt: skip
    p.add_argument("--cache", type=Path, metavar="DIR", help="of the tokenised corpora, private (in your cache folder)")
    p.add_argument("--seed", type=from_zero, default=0, metavar="S", help="of what is drawn (default %(default)s)")
    args = p.parse_args(argv)
    bundle = open_bundle(args.bundle)
    if not Path(args.bundle).is_dir():
        raise InputError(f"--bundle {args.bundle} is not a folder: unpack it first.")
    before = bundle.card["calibration"]
    if unknown := sorted({*(args.kinds or ())} - before.keys()):
        raise InputError(f"--kinds: no {', '.join(unknown)} in {', '.join(sorted(before))}.")
    network = network_of(bundle)
    found = calibrate(network.eval(), Batches([load(s, cache=args.cache) for s in args.corpus], seed=args.seed))
    after = widened(before, found, args.kinds or [k for k in before if not k.startswith("roaming")])
    names = sorted({*bundle.card.get("widened_on", []), *map(source_name, args.corpus)})
    write_card(bundle.path, bundle.card | {"calibration": after, "widened_on": names})
    for kind in sorted(k for k in after if after[k] != before[k]):
        print_line({"kind": kind, "before": before[kind], "after": after[kind]})


if __name__ == "__main__":
    sys.exit(run(main))
