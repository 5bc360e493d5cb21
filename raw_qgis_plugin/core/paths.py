# SPDX-License-Identifier: GPL-2.0-or-later
"""Paths of resources, in the repository and in the installed plugin."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]  # .../raw_qgis_plugin

# `make build` puts resources/ and model/ inside the package; in the repository they are beside it.
ROOT = PACKAGE if (PACKAGE / "resources").is_dir() else PACKAGE.parent
RESOURCES = ROOT / "resources"

SHIPPED_BUNDLE = "raw-small"
WAYS = RESOURCES / "ways" / "ways.onnx"  # scores retrieved continuations of trips, for any model (model/ways.py)


def shipped_bundle() -> Path:
    """The model bundle that comes with the plugin (a folder)."""
    return RESOURCES / "models" / SHIPPED_BUNDLE
