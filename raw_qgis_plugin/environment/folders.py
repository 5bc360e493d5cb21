# SPDX-License-Identifier: GPL-2.0-or-later
"""The user's own folders in the QGIS profile, which an upgrade of the plugin does not touch.

They hold personal data or results of it, so only the user may read them (mode 0700). Where the
profile cannot be written they do not exist: reading finds nothing there, and writing says why.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..core.errors import translated


def user_folder(name: str = "") -> Path:
    """The folder `raw` in the QGIS profile, or one in it; made if missing."""
    from qgis.core import QgsApplication

    folder = Path(QgsApplication.qgisSettingsDirPath()) / "raw" / name
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in {folder, folder.parent if name else folder}:
            each.chmod(0o700)  # perhaps made with another mode; no effect on Windows
    return folder


def models_folder() -> Path:
    """The user's own model bundles, one folder each."""
    return user_folder("models")


def runs_folder() -> Path:
    """Training runs, one folder each."""
    return user_folder("runs")


def cache_folder() -> Path:
    """The cache of embeddings."""
    return user_folder("cache")


def venv_folder() -> Path:
    """The plugin's virtual environment. It exists only after an installation."""
    return user_folder() / "venv"


def ledger_folder() -> Path:
    """The ledger: what was published, of whom, and at which price."""
    return user_folder("publications")


def why_not_writable() -> str:
    """Why nothing can be kept in the profile, in words; '' if it can."""
    folder = user_folder()
    try:
        (folder / ".written").touch()
        (folder / ".written").unlink()
    except OSError as error:
        words = (
            "RAW cannot write into {folder}: {error}. Models, trainings and packages cannot be "
            "kept there."
        )
        return translated(words, folder=folder, error=error.strerror)
    return ""
