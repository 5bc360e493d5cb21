# SPDX-License-Identifier: GPL-2.0-or-later
"""What the algorithms say, and how they read what people write."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..layers.words import tr

if TYPE_CHECKING:
    from ..core.tracks import Tracks


def describe(tracks: Tracks) -> str:
    """How many fixes, users and tracks there are, and from when to when."""
    import numpy as np

    if not len(tracks):
        return tr("No fix could be read.")
    first, last = np.datetime_as_string(np.array([tracks.t.min(), tracks.t.max()], "datetime64[ms]"), unit="m")
    return (
        f"Read {len(tracks):,} fixes of {tracks.n_users:,} users in {tracks.n_tracks:,} tracks, from "
        f"{first.replace('T', ' ')} to {last.replace('T', ' ')} UTC."
    )


def word_of(options: list[str], value: Any) -> Any:
    """The option that was meant by its number or by its word; None for nothing; else the value as it is."""
    text = "" if value is None else str(value).strip()
    if text.isdecimal() and int(text) < len(options):
        return options[int(text)]
    return {option.lower(): option for option in options}.get(text.lower(), value if text else None)


def names_of(value: Any) -> list[str] | None:
    """A list of names given as text with commas, or as a list; None where it is empty."""
    parts = value if isinstance(value, (list, tuple)) else str(value or "").split(",")
    names = [str(part).strip() for part in parts if str(part).strip()]
    return names or None


def why_broken(error: ImportError) -> str:
    """A package is there but does not load: which, why, and what to do."""
    name = (error.name or "").split(".")[0] or "that is needed"
    return (
        f"The Python package {name} is installed but does not work: {error}. Plugins → RAW → Packages shows which "
        "packages are broken; remove them there and install again."
    )


def how_to_install(missing: list[str]) -> str:
    """What to install, into which Python, by which command."""
    options = "--user"
    if (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").exists():  # Debian and others: pip wants to be told
        options += " --break-system-packages"
    if sys.platform == "win32":
        where, python = "open the OSGeo4W Shell from the Start menu and run", "python"
    elif sys.platform == "darwin":
        where, python = "in a terminal run", f"{sys.exec_prefix}/bin/python3"
    else:
        where, python = "in a terminal run", f"python{sys.version_info.major}.{sys.version_info.minor}"
    plural = "s" if len(missing) > 1 else ""
    return (
        f"RAW needs the Python package{plural} {' and '.join(missing)} in QGIS's own Python. Plugins → RAW → Packages "
        f"installs what is missing. Or by hand: {where} {python} -m pip install {options} {' '.join(missing)}, "
        "then start QGIS again."
    )
