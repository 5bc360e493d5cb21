# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things are, in the repository and in the installed plugin: the one place that knows."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]  # .../raw_qgis_plugin

# `make build` puts resources/ and model/ inside the package; in the repository they lie beside it.
ROOT = PACKAGE if (PACKAGE / "resources").is_dir() else PACKAGE.parent
RESOURCES = ROOT / "resources"

SHIPPED_BUNDLE = "raw-small"


def shipped_bundle() -> Path:
    """The model bundle that comes with the plugin (a folder)."""
    return RESOURCES / "models" / SHIPPED_BUNDLE


def child_paths() -> list[Path]:
    """What a child process needs on its path to import both `raw_qgis_plugin` and `model`."""
    parent = PACKAGE.parent
    return [parent] if parent == ROOT else [parent, ROOT]


def user_data(profile_dir: str | Path, *parts: str) -> Path:
    """A folder of the user's own data in a QGIS profile (`<profile>/raw/...`), made when absent.

    It holds caches and training runs, which are personal data: only its owner may read it (0700).
    """
    folder = Path(profile_dir) / "raw"
    for part in ("", *parts):
        folder = folder / part
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
