# SPDX-License-Identifier: GPL-2.0-or-later
"""Turn a run's checkpoint into a model bundle: python -m model.export --run RUN --output BUNDLE"""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from model.cli import Argv, print_line, run
from model.network.raw import Raw
from model.training.card import write_card
from model.training.checkpoint import load_network, save_weights
from model.training.onnx_export import backbone_difference
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.contract import FORMAT_VERSION
from raw_qgis_plugin.core.bundle.library import check_target, replacing
from raw_qgis_plugin.core.embedding.applicability import UNLIMITED
from raw_qgis_plugin.core.embedding.embed import embedding_width
from raw_qgis_plugin.core.errors import BundleError, InputError
from raw_qgis_plugin.core.features.featurizer import FEATURE_VERSION

POOLING = (
    "mean and standard deviation of the states, of fine windows and of the quarter-hour sequence"
)
DOMAIN = {
    "cadence_s": [1, 1800],
    "speed_ms": [0, 70],
    "n_fixes": [5, UNLIMITED],
    "horizon_s": [1, 9000],
}
TRAINING = (
    "corpus",
    "device",
    "seed",
    "minutes",
    "seconds",
    "step",
    "points",
    "metrics",
    "before",
    "command",
)


def check_output(output: Path) -> None:
    """Raise InputError where `output` is not a bundle, or one with heads, which a run has not."""
    check_target(output)
    heads = []
    with suppress(BundleError):
        heads = [head["name"] for head in open_bundle(output).card["heads"]]
    if heads:
        raise InputError(
            f"{output} has heads ({', '.join(heads)}), and a new bundle in its place would have "
            "none. Choose another folder for the new one, or move this one away."
        )


def export(run: Path, output: Path, data: str = "") -> None:
    """Make the bundle of a run without heads; an earlier bundle stays until it is complete.

    data: the card's text about the training data.
    """
    network, about = load_network(run / "state.safetensors")
    with replacing(output) as fresh:
        (fresh / "heads").mkdir()
        difference = backbone_difference(network)
        save_weights(network, fresh)
        write_card(fresh, card_of(network, about, data) | {"onnx_difference": difference})


def card_of(network: Raw, about: dict, data: str) -> dict:
    """The card of a run's network, but for how near its graph comes."""
    return {
        "name": about["config"]["preset"],
        "format_version": FORMAT_VERSION,
        "feature_version": FEATURE_VERSION,
        "config": about["config"],
        "width": network.config.width,
        "parameters": sum(p.numel() for p in network.parameters()),
        "clock": "mean solar time, t + lon / 15 h",
        "units": "metres, seconds, degrees (WGS84)",
        "embedding": {"width": embedding_width(network.config.width), "pooling": POOLING},
        "domain": DOMAIN | about.get("domain", {}),
        "calibration": about.get("calibration", {}),
        "heads": [],
        "training": {k: about.get(k) for k in TRAINING},
        "data": data,
    }


def main(argv: Argv = None) -> None:
    """Run the command."""
    p = argparse.ArgumentParser("python -m model.export", description=__doc__)
    p.add_argument("--run", type=Path, required=True, help="folder of a run of model.pretrain")
    p.add_argument("--output", type=Path, required=True, metavar="BUNDLE")
    p.add_argument(
        "--data", default="", help="for the card: the training data, their terms and whom to cite"
    )
    args = p.parse_args(argv)
    if not (args.run / "state.safetensors").is_file():
        raise InputError(
            f"{args.run} holds no state.safetensors, so it is no run of model.pretrain."
        )
    check_output(args.output)
    export(args.run, args.output, args.data)
    print_line({"bundle": str(args.output)})


if __name__ == "__main__":
    sys.exit(run(main))
