# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a user's own things lie: in the QGIS profile, so that an upgrade of the plugin leaves them alone.

What is kept here is personal data or made of it, hence mode 0700.
"""

from __future__ import annotations

from pathlib import Path

NAME = "raw"


def user_folder() -> Path:
    """`raw` in the folder of QGIS's profile, made when missing."""
    from qgis.core import QgsApplication

    return _private(Path(QgsApplication.qgisSettingsDirPath()) / NAME)


def models_folder() -> Path:
    """The user's own model bundles, one folder each."""
    return _private(user_folder() / "models")


def runs_folder() -> Path:
    """Training runs, one folder each."""
    return _private(user_folder() / "runs")


def cache_folder() -> Path:
    """Embeddings that were computed before."""
    return _private(user_folder() / "cache")


def venv_folder() -> Path:
    """The plugin's virtual environment. Not made here: it exists once something was installed."""
    return user_folder() / "venv"


def size_of(folder: Path) -> int:
    """Bytes in all files under a folder; 0 where it does not exist."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:  # made by someone with other habits; on Windows this changes nothing
        folder.chmod(0o700)
    return folder
