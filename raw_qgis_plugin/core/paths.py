# SPDX-License-Identifier: GPL-2.0-or-later
"""Paths of resources, in the repository and in the installed plugin."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]  # .../raw_qgis_plugin

# `make build` puts resources/ and model/ inside the package; in the repository they are beside it.
ROOT = PACKAGE if (PACKAGE / "resources").is_dir() else PACKAGE.parent
RESOURCES = ROOT / "resources"

# names that no file of Windows has, whatever follows after a point
DEVICE = r"(?:con|prn|aux|nul|com\d|lpt\d)"

SHIPPED_BUNDLE = "raw-small"
# of the presets' networks, without weights; written by model/training/onnx_export.py
GRAPHS = RESOURCES / "graphs"
# Weigh continuations of the layer: in trips, in days of fleets, and there again from states of the
# shipped network
SCORERS = {kind: RESOURCES / "scorer" / f"{kind}.onnx" for kind in ("trips", "days", "fleet")}
# how they were trained, and how their areas are calibrated
SCORER_CARD = RESOURCES / "scorer" / "card.json"
# weighs where tracks may have been in gaps (core/gaps)
IMPUTER = RESOURCES / "bridge" / "bridge.onnx"
IMPUTER_CARD = IMPUTER.with_name("card.json")


def shipped_bundle() -> Path:
    """The model bundle that comes with the plugin (a folder)."""
    return RESOURCES / "models" / SHIPPED_BUNDLE
