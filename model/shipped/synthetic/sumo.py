# SPDX-License-Identifier: GPL-2.0-or-later
"""Running Eclipse SUMO's programs and reading what they write."""

from __future__ import annotations

import os
import subprocess  # nosec B404
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from raw_qgis_plugin.core.arrays import Array
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
    file = home / "bin" / f"{program}{suffix}"
    command = [str(file), *map(str, arguments), "--no-warnings"]
    proj = str(home / "data" / "proj")
    own = {"SUMO_HOME": str(home), "PROJ_DATA": proj, "PROJ_LIB": proj}
    done = subprocess.run(  # nosec B603 - our own arguments, no shell
        command, env={**os.environ, **own}, capture_output=True, text=True, check=False
    )

    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("Error")]
        reason = (lines or done.stderr.splitlines() or ["it ended without a message"])[0]
        raise SyntheticError(f"SUMO's {program} failed: {reason}")


def element(tag: str, attributes: Mapping[str, object], *inside: str) -> str:
    """An XML element. The attributes have no character that XML knows."""
    words = "".join(f' {name}="{value}"' for name, value in attributes.items())
    lines = "\n".join(inside)
    return f"<{tag}{words}>{lines}</{tag}>"


class Trajectory(NamedTuple):
    """Where something moves."""

    seconds: Array  # (n,) from the first one, 0
    x: Array  # (n,) metres in the net's frame
    y: Array


def simulate_traffic(
    net: Path, routes: Path, fcd: Path, seed: int, end_s: float, *options: object
) -> dict[str, Trajectory]:
    """Run a simulation at steps of one second. Returns the path of every vehicle and person by its
    id, sorted by id.

    fcd: a scratch file of floating car data (.parquet), deleted afterwards.
    """
    words = (
        "--fcd-output.attributes x,y --no-step-log --collision.action none "
        f"--seed {seed} --end {int(end_s)}"
    )
    files = ["-n", net, "-r", routes, "--fcd-output", fcd]
    run_sumo("sumo", *files, *words.split(), *options)

    table = pq.read_table(fcd)
    fcd.unlink()
    # Columns ..._time, ..._id, ..._x and ..._y, with any prefix
    names = [name.rsplit("_", 1)[-1] for name in table.column_names]
    table = table.rename_columns(names)

    if not {"time", "id", "x", "y"} <= set(table.column_names):
        columns = ", ".join(table.column_names)
        raise SyntheticError(f"SUMO moved nobody: {fcd.name} holds only {columns}")

    return _paths(table.filter(pc.is_valid(table["id"])))  # nobody moved in a second without an id


def _paths(table: pa.Table) -> dict[str, Trajectory]:
    """The path of each id of a table of time, id, x and y, in order of time."""
    ids = table["id"].dictionary_encode().combine_chunks()
    texts = np.array(ids.dictionary.to_pylist(), dtype=str)
    names, rank = np.unique(texts, return_inverse=True)

    mover = rank[ids.indices.to_numpy()]
    order = np.argsort(mover, kind="stable")
    ends = np.searchsorted(mover[order], np.arange(len(names) + 1))

    seconds = table["time"].to_numpy()[order]
    seconds = np.rint(seconds).astype(np.int32)
    x = table["x"].to_numpy()[order].astype(np.float32)
    y = table["y"].to_numpy()[order].astype(np.float32)
    found = {}

    for name, (first, end) in zip(names.tolist(), pairwise(ends), strict=True):
        own = slice(first, end)
        found[name] = Trajectory(seconds[own] - seconds[first], x[own], y[own])

    return found
