# SPDX-License-Identifier: GPL-2.0-or-later
"""Train the scorers that serve every bundle: python -m model.retrieval --corpus S … --output DIR

A scorer weighs the network's own mixture and continuations of the layer against each other. The files that the
command writes, trips.onnx, days.onnx and card.json, belong in resources/scorer.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from model.cli import Parser, check_folder, from_zero, positive, print_line, run
from model.data.corpus import load_both, source_name
from model.retrieval.fit import collect_both, evaluate, export, train
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.paths import SCORER_CARD, SCORERS


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.retrieval", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bundle", metavar="B", help="the model whose answers it scores (default: the shipped one)")
    p.add_argument("--corpus", required=True, nargs="+", metavar="S", help="tracks to learn from, as of model.pretrain")
    p.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder for the scorers and card.json")
    p.add_argument("--examples", type=positive, default=200_000, metavar="N", help="4 kB of memory each (200000)")
    p.add_argument("--epochs", type=positive, default=6, metavar="N", help="passes over the examples (default 6)")
    p.add_argument("--seed", type=from_zero, default=0, metavar="S", help="of what is drawn (default %(default)s)")
    args = p.parse_args(argv)
    check_folder(args.output, SCORERS["days"].name)
    training, held_out = load_both(args.corpus)
    model = Model(open_bundle(args.bundle), "cpu")
    parts = collect_both(training, model, args.examples, args.seed, print_line)
    if not parts:
        raise InputError("The corpus has too few trips and days of fleets to learn from.")
    unseen = collect_both(held_out, model, args.examples // 10, args.seed, print_line)
    args.output.mkdir(parents=True, exist_ok=True)
    card = {
        "corpus": [source_name(spec) for spec in args.corpus], "epochs": args.epochs, "seed": args.seed,
        "model": model.card["name"], "examples": {name: len(part) for name, part in parts.items()}, "calibration": {},
    }  # fmt: skip
    for name, part in parts.items():
        scorer = train(part, args.epochs, args.seed, print_line)
        export(scorer, args.output / SCORERS[name].name)
        if name in unseen:
            errors, tables = evaluate(scorer, unseen[name])
            card[name] = errors
            card["calibration"] |= tables
    (args.output / SCORER_CARD.name).write_text(json.dumps(card, indent=1), "utf-8")


if __name__ == "__main__":
    sys.exit(run(main))
