# SPDX-License-Identifier: GPL-2.0-or-later
"""Running Eclipse SUMO's programs and reading what they write."""

from __future__ import annotations

import os
import subprocess  # nosec B404
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from raw_qgis_plugin.core.errors import InputError

Range = tuple[float, float]


class SyntheticError(InputError):
    """An unusable request or a failed simulation, explained in one line."""


def say(text: str) -> None:
    """Print one line of progress, with the time of day, on stderr."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def sumo_home() -> Path:
    """The folder of the eclipse-sumo package (bin/, data/typemap/).

    The package is found, not imported: its import sets PROJ's data folder to one that pyproj cannot
    read.
    """
    package = find_spec("sumo")
    if package is None or package.origin is None:
        raise SyntheticError(
            "Eclipse SUMO is missing. Install it with: pip install eclipse-sumo (about 100 MB)"
        )
    return Path(package.origin).parent


def run_sumo(program: str, *arguments: object) -> None:
    """Run one of SUMO's programs. A failure raises SyntheticError with the program's first line of
    error.
    """
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
        reason = (lines or done.stderr.splitlines() or ["it ended without a message"])[0]
        raise SyntheticError(f"SUMO's {program} failed: {reason}")


class Trajectory(NamedTuple):
    """Where something moves."""

    seconds: np.ndarray  # (n,) from the first one, 0
    x: np.ndarray  # (n,) metres in the net's frame
    y: np.ndarray


def simulate_traffic(
    net: Path, routes: str, fcd: Path, seed: int, end_s: float, *options: object
) -> dict[str, Trajectory]:
    """Run a simulation at steps of one second. Returns the path of every vehicle and person by its
    id, sorted by id.

    routes: route files, joined by commas. fcd: a scratch file of floating car data (.parquet),
    deleted afterwards.
    """
    run_sumo(
        "sumo",
        "-n",
        net,
        "-r",
        routes,
        "--fcd-output",
        fcd,
        "--fcd-output.attributes",
        "x,y",
        "--no-step-log",
        "--seed",
        seed,
        "--end",
        int(end_s),
        "--collision.action",
        "none",
        *options,
    )
    table = pq.read_table(fcd)
    fcd.unlink()
    # Columns ..._time, ..._id, ..._x and ..._y, with any prefix
    by_end = {name.rsplit("_", 1)[-1]: name for name in table.column_names}
    if not {"time", "id", "x", "y"} <= set(by_end):
        raise SyntheticError(
            f"SUMO moved nobody: {fcd.name} holds only {', '.join(table.column_names)}"
        )
    # a second in which nobody moved is a row without an id
    table = table.filter(pc.is_valid(table[by_end["id"]]))
    ids = table[by_end["id"]].dictionary_encode().combine_chunks()
    names, rank = np.unique(np.array(ids.dictionary.to_pylist(), dtype=str), return_inverse=True)
    mover = rank[ids.indices.to_numpy()]
    order = np.argsort(mover, kind="stable")  # the file is in order of time
    second, x, y = (table[by_end[end]].to_numpy()[order] for end in ("time", "x", "y"))
    starts = np.searchsorted(mover[order], np.arange(len(names) + 1))
    rows = [slice(a, b) for a, b in zip(starts[:-1], starts[1:], strict=True)]
    seconds = np.rint(second).astype(np.int32)
    x, y = x.astype(np.float32), y.astype(np.float32)
    return {
        str(name): Trajectory(seconds[r] - seconds[r][0], x[r], y[r])
        for name, r in zip(names, rows, strict=True)
    }
