# SPDX-License-Identifier: GPL-2.0-or-later
"""Paths of resources, in the repository and in the installed plugin."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]  # .../raw_qgis_plugin

# `make build` puts resources/ and model/ inside the package; in the repository they are beside it.
ROOT = PACKAGE if (PACKAGE / "resources").is_dir() else PACKAGE.parent
RESOURCES = ROOT / "resources"

DEVICE = r"(?:con|prn|aux|nul|com\d|lpt\d)"  # names that no file of Windows has, whatever follows after a point

SHIPPED_BUNDLE = "raw-small"
GRAPHS = RESOURCES / "graphs"  # of the presets' networks, without weights; written by model/training/onnx_export.py
SCORER = RESOURCES / "scorer" / "scorer.onnx"  # weighs continuations of the layer, with whatever model
FLEET_SCORER = SCORER.with_name("fleet.onnx")  # a second answer for days of fleets, from states of the shipped network
IMPUTER = RESOURCES / "bridge" / "bridge.onnx"  # weighs where tracks may have been in gaps (core/gaps)
IMPUTER_CARD = IMPUTER.with_name("card.json")
SCORER_CARD = SCORER.with_name("card.json")  # how it was trained, and how its areas are calibrated


def shipped_bundle() -> Path:
    """The model bundle that comes with the plugin (a folder)."""
    return RESOURCES / "models" / SHIPPED_BUNDLE
