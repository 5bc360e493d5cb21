# SPDX-License-Identifier: GPL-2.0-or-later
"""Running Eclipse SUMO's programs and reading what they write."""

from __future__ import annotations

import os
import subprocess  # nosec B404
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from raw_qgis_plugin.core.errors import InputError


class SyntheticError(InputError):
    """What is wrong with the request or the simulation, in one readable line."""


def say(text: str) -> None:
    """One line of progress on stderr."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def sumo_home() -> Path:
    """The folder of the eclipse-sumo package (bin/, data/typemap/).

    Found, not imported: importing it points PROJ at data of its own, which pyproj cannot read.
    """
    package = find_spec("sumo")
    if package is None or package.origin is None:
        raise SyntheticError("Eclipse SUMO is missing. Install it with: pip install eclipse-sumo (about 100 MB)")
    return Path(package.origin).parent


def run_sumo(program: str, *arguments: object) -> None:
    """Run one of SUMO's programs; its last error line becomes ours."""
    home = sumo_home()
    suffix = ".exe" if os.name == "nt" else ""
    command = [str(home / "bin" / (program + suffix)), *map(str, arguments), "--no-warnings"]
    proj = str(home / "data" / "proj")
    own = {"SUMO_HOME": str(home), "PROJ_DATA": proj, "PROJ_LIB": proj}
    done = subprocess.run(  # nosec B603 - our own arguments, no shell
        command, env={**os.environ, **own}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("Error")]
        reason = (lines or done.stderr.splitlines() or ["it ended without a word"])[0]
        raise SyntheticError(f"SUMO's {program} failed: {reason}")


@dataclass(frozen=True)
class Moves:
    """Simulated movement. Rows by thing, then by second; a thing is a vehicle or a person by its id."""

    names: np.ndarray  # (n_things,) text
    thing: np.ndarray  # (n,) int32 into names
    second: np.ndarray  # (n,) int64 of simulated time
    x: np.ndarray  # (n,) metres in the net's frame
    y: np.ndarray

    @property
    def offsets(self) -> np.ndarray:
        """(n_things + 1,) where each thing's rows start; a thing without rows is empty."""
        return np.searchsorted(self.thing, np.arange(len(self.names) + 1))


def read_fcd(path: Path) -> Moves:
    """Floating car data as SUMO's Parquet writer leaves it."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(path)  # its columns: ..._time, ..._id, ..._x, ..._y, prefixed by whatever came first
    by_end = {name.rsplit("_", 1)[-1]: name for name in table.column_names}
    if not {"time", "id", "x", "y"} <= set(by_end):
        raise SyntheticError(f"SUMO moved nobody: {path.name} holds only {', '.join(table.column_names)}")
    table = table.filter(pc.is_valid(table[by_end["id"]]))  # a second in which nobody moved is a row without an id
    ids = table[by_end["id"]].dictionary_encode().combine_chunks()
    if hasattr(ids, "chunks"):
        ids = ids.chunk(0)
    names = np.array(ids.dictionary.to_pylist(), dtype=str)
    rank = np.empty(len(names), dtype=np.int32)
    rank[np.argsort(names)] = np.arange(len(names), dtype=np.int32)
    thing = rank[ids.indices.to_numpy(zero_copy_only=False)]
    order = np.argsort(thing, kind="stable")  # the file is in order of time
    second, x, y = (table[by_end[end]].to_numpy()[order] for end in ("time", "x", "y"))
    return Moves(np.sort(names), thing[order], np.rint(second).astype(np.int64), x, y)
