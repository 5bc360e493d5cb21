# SPDX-License-Identifier: GPL-2.0-or-later
"""The packages that RAW needs: their lists, what is installed, and why an installed one does not
work.

The lists come from the dependency groups of pyproject.toml, which `make build` writes as
requirement files.
"""

from __future__ import annotations

import importlib
import json
import platform
import re
import shutil
import subprocess  # nosec B404 - for its TimeoutExpired
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, distributions
from pathlib import Path

from ..core.errors import MODULE_OF, is_installed
from .interpreter import isolated, run_hidden

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"
# QGIS needs these: an installation keeps exactly QGIS's versions
HELD = ("numpy", "pyproj", "gdal")

NAMES_OF = {
    "onnxruntime": (
        "onnxruntime-gpu",
        "onnxruntime",
        "onnxruntime-directml",
        "onnxruntime-openvino",
    )
}
# Megabytes to download for what is missing of a group, in November 2026; cuda: more for a graphics
# card
MEGABYTES = {"runtime": 400, "cuda": 1300, "train": 3050 if sys.platform == "linux" else 250}
IMPORT = "import importlib; importlib.import_module(sys.argv[1])"
# Runs in a child process, because a broken CUDA library would crash QGIS. The loader's error names
# a missing library.
CUDA_PROBE = """
import ctypes, importlib
from pathlib import Path
onnxruntime = importlib.import_module("onnxruntime")
if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
    sys.exit("CUDA is not built into ONNX Runtime")
if hasattr(onnxruntime, "preload_dlls"):
    onnxruntime.preload_dlls()
folder = Path(onnxruntime.__file__).parent / "capi"
windows = sys.platform == "win32"
pattern = "onnxruntime_providers_{}.dll" if windows else "libonnxruntime_providers_{}.so"
for name in ("shared", "cuda"):
    ctypes.CDLL(str(folder / pattern.format(name)), mode=ctypes.RTLD_GLOBAL)
"""


@dataclass(frozen=True)
class Package:
    """A line of a requirement file, and what is installed of it. lowest, below: versions, () for no
    limit.

    version: '' if nothing is installed. problem: '' if there is none.
    """

    name: str
    lowest: tuple[int, ...] = ()
    below: tuple[int, ...] = ()
    version: str = ""
    problem: str = ""

    @property
    def module(self) -> str:
        """The module to import."""
        return MODULE_OF.get(self.name, self.name)

    def fits(self, version: str) -> bool:
        """Whether a version lies within the limits."""
        return numbers(version) >= self.lowest and not (
            self.below and numbers(version) >= self.below
        )


def parse(line: str) -> Package:
    """Read 'name[extra]>=1.2,<3; marker'."""
    text = line.split(";")[0].strip()
    limits = dict(re.findall(r"(>=|<)\s*([0-9.]+)", text))
    name = re.split(r"[^A-Za-z0-9._-]", text)[0].lower()
    return Package(name, numbers(limits.get(">=", "")), numbers(limits.get("<", "")))


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version: '2.0.2rc1' -> (2, 0, 2)."""
    dotted = re.split(r"[^0-9.]", version)[0]
    return tuple(int(part) for part in re.findall(r"\d+", dotted))


def installed(name: str, path: list[str] | None = None) -> Distribution | None:
    """What an import of a package would use, under any of its names: the first on the search path.

    path: another search path than Python's own.
    """
    folders = sys.path if path is None else path
    order = {folder: at for at, folder in enumerate(folders)}
    found = [
        distribution
        for each in NAMES_OF.get(MODULE_OF.get(name, name), (name,))
        for distribution in distributions(name=each, path=folders)
    ]
    return min(found, key=lambda d: order.get(str(d.locate_file("")), len(order)), default=None)


def version_of(name: str) -> str:
    """The version of an installed package, under any of its names; '' if it is not installed."""
    found = installed(name)
    return found.version if found else ""


def shadow(package: Package, path: list[str]) -> Distribution | None:
    """What another package put before RAW's own, in a version that does not fit; None if nothing.

    path: a search path that ends with the folder of RAW's environment.
    """
    own = installed(package.name, path[-1:])
    used = installed(package.name, path)
    if own is None or used is None or package.fits(used.version):
        return None
    return used


def check(group: str, folder: Path = REQUIREMENTS) -> list[Package]:
    """Every package of a group, one for each module, and its problem. None is imported."""
    # the markers of pyproject.toml
    cuda = sys.platform != "darwin" and platform.machine() in ("x86_64", "AMD64")
    other = "onnxruntime" if cuda else "onnxruntime-gpu"
    found: dict[str, Package] = {}
    for line in filter(str.strip, (folder / f"{group}.txt").read_text("utf-8").splitlines()):
        wanted = parse(line)
        if wanted.name != other and wanted.module not in found:
            found[wanted.module] = _with_problem(wanted)
    return list(found.values())


def _with_problem(wanted: Package) -> Package:
    if not is_installed(wanted.module):
        return replace(wanted, problem="missing")
    version = version_of(wanted.name)
    problem = ""
    if version and numbers(version) < wanted.lowest:
        problem = f"version {version} is older than {_dotted(wanted.lowest)}"
    elif version and not wanted.fits(version):
        problem = f"version {version} is newer than RAW knows: below {_dotted(wanted.below)}"
    return replace(wanted, version=version, problem=problem)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def lacking(group: str = "runtime") -> list[str]:
    """The names of the packages of a group that are missing, or too old or new. Whoever names them
    asks here.
    """
    return [package.name for package in check(group) if package.problem]


def why_broken(
    python: Path, module: str, path: list[str], code: str = IMPORT, timeout_s: float = 120
) -> str:
    """Import a module, or run other code, in a child process with QGIS's search path.

    '' if that works, else the reason in one line.
    """
    first = "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1))\n"
    try:
        done = run_hidden(isolated(python, "-c", first + code, json.dumps(path), module), timeout_s)
    except subprocess.TimeoutExpired:
        return f"it took longer than {timeout_s:g} s"
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return (lines or [f"Python stopped with code {done.returncode}"])[-1] if done.returncode else ""


def gpus() -> list[str]:
    """Names of the NVIDIA GPUs, from nvidia-smi."""
    command = shutil.which("nvidia-smi") or "nvidia-smi"
    with suppress(OSError, subprocess.TimeoutExpired):
        done = run_hidden([command, "--query-gpu=name", "--format=csv,noheader"], 20)
        if done.returncode == 0:
            return [line.strip() for line in done.stdout.splitlines() if line.strip()]
    return []


def site_packages(venv: Path, platform: str = sys.platform) -> Path:
    """The package folder of a virtual environment of this Python's version."""
    if platform == "win32":
        return venv / "Lib" / "site-packages"
    return venv / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def activate(venv: Path) -> None:
    """Append the environment's packages to the search path: other plugins keep the versions they
    had.
    """
    folder = site_packages(venv)
    if folder.is_dir() and str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()


def deactivate(venv: Path) -> None:
    """Remove the environment from the search path. Imported modules stay imported."""
    sys.path[:] = [folder for folder in sys.path if folder != str(site_packages(venv))]
    importlib.invalidate_caches()


def held_versions() -> dict[str, str]:
    """QGIS's own versions of the packages that must not change."""
    return {name: version for name in HELD if (version := version_of(name))}
