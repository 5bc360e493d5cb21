# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of *Diagnose*, in Markdown: what helps to find an error, no people and no places.

It is in English, which most who get it can read.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path

# Errors that users saw since QGIS was started, the newest last. They stay in memory.
LAST_ERRORS: deque[str] = deque(maxlen=5)
# Where programs lie: such paths say nothing of a person, and help.
OF_PROGRAMS = (
    "/usr",
    "/opt",
    "/lib",
    "/app",
    "/snap",
    "/Applications",
    "C:\\Program",
    "C:\\OSGeo4W",
)
PATH = re.compile(r"""(?:\b[A-Za-z]:[\\/]|\\\\|(?<![\w.~/])/)[^\s"'<>|*?;,()]+""")
# The end of a path with spaces in it.
DATA_FILE = re.compile(
    r"\S+\.(csv|fgb|geojson|gpkg|gpx|json|kml|parquet|shp|tsv|txt|xlsx|zip)\b", re.I
)
# Positions in degrees and metres have decimals, versions hardly three in a row.
POSITION = re.compile(r"-?\b\d+\.\d{3,}\b(?!\.\d)")
HIDDEN = "…"


def remember(message: str) -> None:
    """Keep an error for the report, without what is personal in it."""
    LAST_ERRORS.append(without_positions(without_paths(" ".join(message.split()))))


def without_paths(text: str) -> str:
    """A text whose paths are hidden, but for those of programs."""

    def shorter(found: re.Match[str]) -> str:
        path = found.group()
        if str(Path.home()) not in path and path.startswith((*OF_PROGRAMS, sys.base_prefix)):
            return path
        return HIDDEN

    return DATA_FILE.sub(HIDDEN, PATH.sub(shorter, text))


def without_positions(text: str) -> str:
    """A text without numbers of three decimals and more."""
    return POSITION.sub(HIDDEN, text)


@dataclass(frozen=True)
class Row:
    """A package: its name, the version that is installed, and why it does not work."""

    name: str
    version: str
    problem: str


def markdown(version: str, system: dict[str, str], packages: list[Row]) -> str:
    """The report. version: of RAW. system: what is asked of every error report, by its name."""
    parts = [
        f"### RAW for QGIS {version}",
        _table(["", ""], [[name, without_paths(words)] for name, words in system.items()]),
        _table(
            ["package", "version", "problem"],
            [[row.name, row.version or "–", without_paths(row.problem)] for row in packages],
        ),
        "Last errors:" if LAST_ERRORS else "No errors since QGIS was started.",
        "\n".join(f"- {message}" for message in LAST_ERRORS),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    cells = ([cell.replace("|", "\\|").strip() for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
