# SPDX-License-Identifier: GPL-2.0-or-later
"""Train the scorer that serves every bundle: python -m model.ways --corpus S … --output DIR

The scorer weighs the model's own mixture and continuations of the layer against each other (model/retrieval). The files
that it leaves, scorer.onnx and card.json, belong in resources/scorer. With --untrained it is trained for an engine of
the layer's past alone: its scorer.onnx belongs there as past.onnx.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from model.cli import check_folder, print_line, run
from model.data.corpus import load_both, source_name
from model.retrieval.examples import Disturbance
from model.retrieval.fit import export, fit, make_parser
from model.retrieval.untrained import Untrained
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.contract import CALIBRATION_COLUMNS
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.paths import SCORER, SCORER_CARD


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = make_parser("ways", __doc__, "the model whose answers it scores", 200_000, 4)
    p.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder for scorer.onnx and card.json")
    p.add_argument("--untrained", action="store_true", help="beside an untrained network, to compare with")
    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    check_folder(args.output, SCORER.name)
    model = (Untrained if args.untrained else Model)(open_bundle(args.bundle), "cpu")
    training, held_out = load_both(args.corpus, args.cache)
    disturbance = None if args.untrained else Disturbance()
    scorer, card = fit(training, held_out, model, args.lessons, args.epochs, args.seed, print_line, disturbance)
    if scorer is None:
        raise InputError("The corpus has too few trips and days of fleets to learn from.")
    args.output.mkdir(parents=True, exist_ok=True)
    export(scorer, args.output / SCORER.name)
    # What held for some people's trips did not hold for others': these areas start at the mixture's own levels.
    plain = zip(CALIBRATION_COLUMNS, ([1.0], [1.0], [0.5], [0.8]), strict=True)
    card["calibration"] |= {"trips": {"horizon_s": [60.0], **dict(plain)}}
    card = {"corpus": [source_name(spec) for spec in args.corpus], **card}
    (args.output / SCORER_CARD.name).write_text(json.dumps(card, indent=1), "utf-8")


if __name__ == "__main__":
    sys.exit(run(main))
