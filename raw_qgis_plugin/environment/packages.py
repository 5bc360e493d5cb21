# SPDX-License-Identifier: GPL-2.0-or-later
"""Which packages RAW wants, which of them this Python has, and why one that is there does not work.

The lists come from the dependency groups of pyproject.toml, which `make build` writes as requirement files.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess  # nosec B404
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"
HELD = ("numpy", "pyproj", "gdal")
"""What QGIS itself stands on: an installation keeps exactly QGIS's versions."""

MODULE_OF = {"onnxruntime-gpu": "onnxruntime", "scikit-learn": "sklearn"}
NAMES_OF = {"onnxruntime": ("onnxruntime-gpu", "onnxruntime", "onnxruntime-directml", "onnxruntime-openvino")}
# Megabytes to download with what a package brings along, in November 2026; for the sentence 'about so much'.
TORCH_CPU_MEGABYTES = 200
MEGABYTES = {
    "numpy": 16, "scipy": 35, "shapely": 3, "pyproj": 10, "pyarrow": 55, "matplotlib": 25, "onnxruntime": 20,
    "onnxruntime-gpu": 260, "torch": 3000 if sys.platform == "linux" else TORCH_CPU_MEGABYTES, "safetensors": 1,
    "onnx": 10, "onnxscript": 1, "tensorboard": 20, "scikit-learn": 10,
}  # fmt: skip
CUDA_MEGABYTES = 1300  # the libraries of onnxruntime-gpu[cuda,cudnn]
PROBE = (
    "import importlib, json, sys; sys.path[:] = json.loads(sys.argv[1]); importlib.import_module(sys.argv[2]); "
    "print('imported')"
)
PROBE_SECONDS = 120
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # on Windows no console flashes up


@dataclass(frozen=True)
class Requirement:
    """One line of a requirement file. lowest, below: versions; () where there is no limit."""

    name: str
    lowest: tuple[int, ...] = ()
    below: tuple[int, ...] = ()

    @property
    def module(self) -> str:
        """What is imported."""
        return MODULE_OF.get(self.name, self.name)


@dataclass(frozen=True)
class Package:
    """A requirement beside what is there. version: '' where nothing is. problem: '' where all is well."""

    name: str
    module: str
    version: str
    problem: str

    @property
    def megabytes(self) -> int:
        """Roughly what it takes to download."""
        return MEGABYTES.get(self.name, 5)


def read_group(group: str, folder: Path = REQUIREMENTS) -> list[Requirement]:
    """The requirements of a group, one a module."""
    lines = (folder / f"{group}.txt").read_text(encoding="utf-8").splitlines()
    found = [parse(line) for line in lines if line.strip() and not line.startswith("#")]
    return list({requirement.module: requirement for requirement in reversed(found)}.values())[::-1]


def parse(line: str) -> Requirement:
    """Read 'name[extra]>=1.2,<3; marker'."""
    text = line.split(";")[0].strip()
    name = re.match(r"[A-Za-z0-9._-]+", text)
    if name is None:
        raise ValueError(f"Not a requirement: {line!r}")
    limits = dict(re.findall(r"(>=|<)\s*([0-9.]+)", text))
    return Requirement(name.group().lower(), numbers(limits.get(">=", "")), numbers(limits.get("<", "")))


def numbers(version: str) -> tuple[int, ...]:
    """The figures of a version: '2.0.2rc1' -> (2, 0, 2)."""
    return tuple(int(part) for part in re.findall(r"\d+", re.match(r"[0-9.]*", version).group()))  # type: ignore[union-attr]


def version_of(name: str) -> str:
    """The version of an installed package, under any of its names; '' where it is not installed."""
    for each in NAMES_OF.get(MODULE_OF.get(name, name), (name,)):
        try:
            return importlib.metadata.version(each)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def check(group: str, folder: Path = REQUIREMENTS) -> list[Package]:
    """Every package of a group and what is wrong with it, without importing any."""
    return [_check(requirement) for requirement in read_group(group, folder)]


def _check(requirement: Requirement) -> Package:
    version, have = version_of(requirement.name), importlib.util.find_spec(requirement.module) is not None
    problem = ""
    if not have:
        problem = "missing"
    elif version and requirement.lowest and numbers(version) < requirement.lowest:
        problem = f"version {version} is older than {'.'.join(map(str, requirement.lowest))}"
    elif version and requirement.below and numbers(version) >= requirement.below:
        problem = f"version {version} is newer than RAW knows (below {'.'.join(map(str, requirement.below))})"
    return Package(requirement.name, requirement.module, version if have else "", problem)


def download_megabytes(packages: Iterable[Package], cuda: bool = False, cpu_torch: bool = False) -> int:
    """Roughly what it takes to download packages. cuda: with its libraries. cpu_torch: PyTorch without them."""
    sizes = {package.module: package.megabytes for package in packages}
    if cuda and "onnxruntime" in sizes:
        sizes["onnxruntime"] += CUDA_MEGABYTES
    if cpu_torch and "torch" in sizes:
        sizes["torch"] = TORCH_CPU_MEGABYTES
    return sum(sizes.values())


def why_broken(python: Path, module: str, path: list[str]) -> str:
    """Import a module in a child process with QGIS's search path: '' when it works, else the reason in one line."""
    command = [str(python), "-c", PROBE, json.dumps(path), module]
    try:
        done = subprocess.run(  # nosec B603
            command, capture_output=True, text=True, timeout=PROBE_SECONDS, check=False, creationflags=NO_WINDOW
        )
    except subprocess.TimeoutExpired:
        return f"importing it took longer than {PROBE_SECONDS} s"
    if done.returncode == 0 and "imported" in done.stdout:
        return ""
    lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"Python stopped with code {done.returncode} while importing it"


def gpus() -> list[str]:
    """Names of the NVIDIA GPUs that the driver sees, by nvidia-smi."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return []
    try:
        done = subprocess.run(  # nosec B603
            [command, "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True, text=True, timeout=20, check=False, creationflags=NO_WINDOW,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()] if done.returncode == 0 else []


def site_packages(venv: Path, platform: str = sys.platform) -> Path:
    """Where a virtual environment of this Python's version keeps its packages."""
    if platform == "win32":
        return venv / "Lib" / "site-packages"
    return venv / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def activate(venv: Path) -> bool:
    """Let this Python see the environment's packages, after its own, so that nobody else gets other versions.

    An environment that could not be removed while its libraries were in use goes now. Returns whether there is one.
    """
    if (venv / REMOVE_LATER).exists():
        shutil.rmtree(venv, ignore_errors=True)
    folder = site_packages(venv)
    if folder.is_dir() and str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()
    return folder.is_dir()


def deactivate(venv: Path) -> None:
    """Take the environment off the search path; what was imported stays imported."""
    folder = str(site_packages(venv))
    while folder in sys.path:
        sys.path.remove(folder)
    importlib.invalidate_caches()


REMOVE_LATER = "remove-at-next-start"


def remove(venv: Path) -> bool:
    """Delete the environment. False where libraries in use forbid it: it goes when QGIS starts next time."""
    deactivate(venv)
    shutil.rmtree(venv, ignore_errors=True)
    if venv.exists():
        (venv / REMOVE_LATER).touch()
    return not venv.exists()


def held_versions() -> dict[str, str]:
    """QGIS's own versions of what must not change."""
    return {name: version for name in HELD if (version := version_of(name))}


def child_environment(proxy: str = "") -> dict[str, str]:
    """The environment variables of a child Python: QGIS's own search path would mislead it. proxy: a URL."""
    result = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    if proxy:
        result |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
    return result
