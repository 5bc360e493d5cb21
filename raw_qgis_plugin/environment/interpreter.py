# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the Python that QGIS runs on, and runs it. `sys.executable` is no answer: on Windows and
macOS it is QGIS.

Children run with -I: nothing of the working folder, of PYTHONPATH or of the user's own site gets on
their search path.
"""

from __future__ import annotations

import json
import os
import site
import subprocess  # nosec B404
import sys
from importlib.util import find_spec
from pathlib import Path

from ..core.errors import RawError
from ..core.paths import PACKAGE, ROOT


def python_of_venv(venv: Path, platform: str) -> Path | None:
    """A virtual environment's interpreter; None if there is none."""
    python = venv / ("Scripts/python.exe" if platform == "win32" else "bin/python")
    return python if python.is_file() else None


def base_python() -> Path:
    """QGIS's own interpreter, in the first usual folder that has one. Raises RawError."""
    major, minor = sys.version_info[:2]
    names = [f"python{major}.{minor}", f"python{major}", "python"]
    if sys.platform == "win32":
        names = ["python.exe", "python3.exe"]
    folders = list(dict.fromkeys(_folders(major, minor)))
    for python in (folder / name for folder in folders for name in names):
        if python.is_file():
            return python
    words = "The Python of this QGIS was not found. Looked for {names} in: {folders}."
    raise RawError(words, names=", ".join(names), folders=", ".join(map(str, folders)))


def _folders(major: int, minor: int) -> list[Path]:
    """The folders that may hold the interpreter of a version, the likeliest first."""
    prefix = Path(sys.prefix)
    program = Path(sys.executable or "qgis")
    if sys.platform == "win32":
        found = [prefix, *_of_windows(program, f"Python{major}{minor}")]  # conda's is the first
    elif sys.platform == "darwin":
        found = [*_of_macos(program, f"{major}.{minor}"), prefix / "bin"]  # the last: Homebrew
    else:
        # the distribution, conda and Flatpak
        found = [*_of_snap(), prefix / "bin", Path("/usr/bin")]
    return [*found, program.parent] if program.name.lower().startswith("python") else found


def _of_windows(program: Path, python: str) -> list[Path]:
    """Of OSGeo4W and the stand-alone installer: apps/Python312/python.exe, beside bin/qgis-bin.exe.

    It finds its home by its own folder. bin/python3.exe knows it from PYTHONHOME alone, which -I
    ignores.
    """
    roots = [os.environ.get("OSGEO4W_ROOT"), program.parent.parent]
    return [Path(root, "apps", python) for root in roots if root]


def _of_macos(program: Path, version: str) -> list[Path]:
    """In the application: MacOS/bin up to QGIS 3.40, later one of the others."""
    python = f"Frameworks/Python.framework/Versions/{version}/bin"
    parts = ("MacOS/bin", "MacOS", "Frameworks/bin", python, "Resources/python/bin")
    contents = (parent for parent in program.parents if parent.name == "Contents")
    return [parent / part for parent in contents for part in parts]


def _of_snap() -> list[Path]:
    snap = os.environ.get("SNAP")
    return [Path(snap, part) for part in ("usr/bin", "bin")] if snap else []


# Runs a module, like `python -m`, with the search path of the first argument.
RUN_MODULE = (
    "import json, runpy, sys; sys.path[:] = json.loads(sys.argv.pop(1)); del sys.argv[0]; "
    "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
)


def isolated(python: Path, *arguments: str) -> list[str]:
    """The command that runs an interpreter apart from all that lies around it, in UTF-8,
    unbuffered.
    """
    return [str(python), "-I", "-B", "-u", "-X", "utf8", *arguments]


def module_command(python: Path, module: str, *arguments: str) -> list[str]:
    """The command that runs one of RAW's modules in a child with this process's search path, but
    for what the user's shell adds to it.
    """
    path = json.dumps(list(dict.fromkeys([str(PACKAGE.parent), str(ROOT), *_own_path()])))
    return isolated(python, "-c", RUN_MODULE, path, module, *arguments)


def _own_path() -> list[str]:
    """The folders of this process's search path that are QGIS's, the environment's and RAW's.

    PYTHONPATH and the user's own site are of the user's shell, unless they lie within QGIS, whose
    installers for Windows set PYTHONPATH, or hold the PyTorch that this process would load.
    """
    shell = [*os.environ.get("PYTHONPATH", "").split(os.pathsep), site.getusersitepackages()]
    strange = {os.path.abspath(folder) for folder in shell if folder}
    homes = [sys.prefix, sys.base_prefix, os.environ.get("OSGEO4W_ROOT") or sys.prefix]
    torch = find_spec("torch")
    if torch is not None and torch.origin is not None:
        strange.discard(str(Path(torch.origin).parents[1]))
    found = [os.path.abspath(folder) for folder in sys.path if folder]
    return [
        folder
        for folder in found
        if folder not in strange or any(Path(home) in Path(folder).parents for home in homes)
    ]


def run_hidden(command: list[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Run a command without a window, in its program's folder. subprocess.TimeoutExpired if it
    takes too long.
    """
    return subprocess.run(  # nosec B603
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout_s,
        check=False,
        cwd=Path(command[0]).parent,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
