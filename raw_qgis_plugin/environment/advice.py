# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user can do about an installation that failed, or about a package that does not work."""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path

from ..core.errors import RawError, translated

PROXY = "Set the proxy in Settings → Options → Network, or install from a folder of wheels."
# The remedy for words of pip, venv or the system's loader. The first pattern that is found counts.
ADVICE = {
    "do not match the hashes": (
        "A file is not the one that RAW was tested with: it was changed or damaged, and nothing "
        "was installed."
    ),
    "no space left|not enough space": "Free some disk space, then press Install again.",
    "dll load failed|initialization routine failed|winerror 1114": (
        "Windows lacks the Microsoft Visual C++ runtime, or has an old one. Install the latest "
        "'Visual C++ Redistributable' for x64 from Microsoft, then start QGIS anew."
    ),
    "certificate|sslerror": (
        "Something on the way opens the encrypted connection, as virus scanners and firewalls of "
        "companies do. Ask for the file of its certificate and start QGIS with PIP_CERT set to it, "
        "or install from a folder of wheels."
    ),
    r"pyvenv\.cfg|winerror 1314|privilege": (
        "The environment of RAW's own is not whole, so that pip would install into QGIS itself "
        "and want an administrator. Nothing was installed. A virus scanner or a synchronised "
        "folder may hold its files back: make an exception, then press Install again."
    ),
    "denied|being used by another process": (
        "A file is in use, perhaps by another QGIS or a virus scanner. Close other windows of "
        "QGIS, wait a minute, then press Install again."
    ),
    "proxy": PROXY,
    "no matching distribution": (
        "Is there a connection to pypi.org? Behind a firewall install from a folder of wheels."
    ),
    "connection|timed out": PROXY,
}


def advice(errors: str, wheels: Path | None = None) -> str:
    """What the user can do about errors; '' if unknown.

    wheels: the folder that pip installed from.
    """
    found = next((each for each in ADVICE if re.search(each, errors, re.IGNORECASE)), "")
    if found == "no matching distribution" and wheels is not None:
        words = "The folder {folder} lacks it, or has another version, or one for another system."
        return translated(words, folder=wheels)
    return translated(ADVICE[found]) if found else ""


def refuse_what_no_wheel_is_made_for(groups: tuple[str, ...]) -> None:
    """Raise RawError for a group that this kind of computer cannot have."""
    if "train" in groups and sys.platform == "darwin" and platform.machine() == "x86_64":
        raise RawError(
            "PyTorch has no version for Macs with an Intel processor. RAW runs the model there; "
            "untick training, and train on another computer."
        )
