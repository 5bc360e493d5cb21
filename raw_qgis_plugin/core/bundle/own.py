# SPDX-License-Identifier: GPL-2.0-or-later
"""Which graphs are the user's own: those that RAW brings, that training on this machine wrote, or that the user trusts.

They are known by their digests, in a file of the user's that no bundle can bring along. Graphs from elsewhere run in a
process of their own (worker.py). `python -m raw_qgis_plugin.core.bundle.own BUNDLE` trusts those in a folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from ..paths import PAST_SCORER, SCORER, shipped_bundle, user_data
from . import contract


def is_own(digest: str) -> bool:
    """Whether the graph of a SHA-256 is the user's own."""
    return is_shipped(digest) or digest in _read(_register())


def is_shipped(digest: str) -> bool:
    """Whether the graph of a SHA-256 came with the plugin."""
    return digest in _shipped()


def remember(graphs: Iterable[Path]) -> None:
    """Note graphs as the user's own. Where the note cannot be written they only run more slowly."""
    lines = "".join(f"{hashlib.sha256(graph.read_bytes()).hexdigest()}\n" for graph in graphs)
    with suppress(OSError):
        _register().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(_register(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="ascii") as register:
            register.write(lines)


def graphs_of(folder: Path) -> list[Path]:
    """The graphs in a bundle's folder."""
    return sorted(folder.rglob("*.onnx"))


def is_all_own(folder: Path) -> bool:
    """Whether every graph in a bundle's folder is the user's own."""
    return all(is_own(hashlib.sha256(graph.read_bytes()).hexdigest()) for graph in graphs_of(folder))


def _register() -> Path:
    return user_data() / "own-graphs.txt"


def _read(register: Path) -> frozenset[str]:
    try:
        return frozenset(re.findall(r"^[0-9a-f]{64}$", register.read_text("ascii"), re.M))
    except (OSError, ValueError):
        return frozenset()


@cache
def _shipped() -> frozenset[str]:
    """Digests of the graphs that come with the plugin: of its bundle, and the scorers that serve every bundle."""
    found = re.findall(r"^[0-9a-f]{64}", (shipped_bundle() / contract.SUMS_FILE).read_text("ascii"), re.M)
    return frozenset([*found, *(hashlib.sha256(path.read_bytes()).hexdigest() for path in (SCORER, PAST_SCORER))])


if __name__ == "__main__":
    remember(graphs_of(Path(sys.argv[1])))
