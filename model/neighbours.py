# SPDX-License-Identifier: GPL-2.0-or-later
"""Train a scorer of a bundle's own: python -m model.neighbours --bundle B --corpus S … --output B2

The scorer weighs the model's own mixture and continuations of the layer against each other (model/retrieval). Every
bundle is served by the one that comes with RAW; one of its own knows its model and its city's movement better.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from model.cli import Report, print_line, run
from model.data.corpus import Source, load_both, source_name
from model.retrieval.fit import export, fit, make_parser
from model.training.calibrate import between
from model.training.card import write_card
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.contract import CARD_FILE, SCORER_FILE
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.scratch import Scratch


def add(
    bundle: Path, training: list[Source], held_out: list[Source], names: list[str], most: int, epochs: int, seed: int,
    report: Report,
) -> bool:  # fmt: skip
    """Train a scorer for the bundle in a folder and put it there; False where the sources have too little movement.

    names: of the sources, for the card. most: examples.
    """
    model = Model(open_bundle(bundle), "cpu")
    scorer, card = fit(training, held_out, model, most, epochs, seed, report)
    if scorer is None:
        return False
    export(scorer, bundle / SCORER_FILE)
    before = json.loads((bundle / CARD_FILE).read_text("utf-8"))
    calibration = between(model.calibration, card.pop("calibration", {}), held_out)
    write_card(bundle, before | {"calibration": calibration, "neighbours": {"corpus": names, **card}})
    return True


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = make_parser("neighbours", __doc__, "the model that gets a scorer", 400_000, 4)
    p.add_argument("--output", required=True, type=Path, metavar="B2", help="the model with its scorer, a folder")
    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    bundle = open_bundle(args.bundle)
    library.check_target(args.output)
    training, held_out = load_both(args.corpus, args.cache)
    with Scratch("raw-neighbours-") as beside:
        fresh = Path(beside) / "fresh"
        library.copy_files(bundle, fresh)
        names = [source_name(spec) for spec in args.corpus]
        if not add(fresh, training, held_out, names, args.lessons, args.epochs, args.seed, print_line):
            raise InputError("The corpus has too few trips and days of fleets to learn from.")
        library.copy(fresh, args.output)


if __name__ == "__main__":
    sys.exit(run(main))
