# SPDX-License-Identifier: GPL-2.0-or-later
"""Installing RAW's packages into a virtual environment of their own, from PyPI or from a folder of wheels.

QGIS's Python stays as it is: the environment sees QGIS's packages, pip is held to QGIS's versions of what QGIS stands
on, and the result comes last on QGIS's search path.
"""

from __future__ import annotations

import shutil
import subprocess  # nosec B404
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import packages
from .interpreter import python_of_venv

TORCH_FOR_CPU = "https://download.pytorch.org/whl/cpu"
SYSTEM_WHEELS = Path("/usr/share/python-wheels")  # where Debian keeps pip for ensurepip
Log = Callable[[str], None]


class InstallError(Exception):
    """One or two readable sentences: what went wrong, and what to do."""


class InstallCancelled(InstallError):
    """The user stopped the installation."""


@dataclass(frozen=True)
class InstallRequest:
    """What to install and from where.

    groups: of runtime, cuda, train. wheels: a folder of wheels; None asks PyPI. cpu_torch: ask PyTorch's index of
    builds without CUDA as well. proxy: a URL, or ''.
    """

    groups: tuple[str, ...] = ("runtime",)
    wheels: Path | None = None
    cpu_torch: bool = False
    proxy: str = ""
    requirements: Path = packages.REQUIREMENTS


class Installer:
    """One installation. `run` blocks, so it belongs in a task; `cancel` may be called from any thread.

    base: QGIS's own interpreter. log: called with every line that the child processes print.
    """

    def __init__(self, venv: Path, base: Path, wanted: InstallRequest, log: Log) -> None:
        self.venv, self.base, self.wanted, self.log = venv, base, wanted, log
        self._child: subprocess.Popen[str] | None = None
        self._cancelled = threading.Event()

    def run(self) -> None:
        """Install; what is there already is kept. Raises InstallError."""
        wanted = self.wanted
        if wanted.wheels is not None and not any(wanted.wheels.glob("*.whl")):
            raise InstallError(f"There is no wheel (*.whl) in {wanted.wheels}. Choose the folder that holds them.")
        pip = self._pip()
        held = self.venv / "held-by-qgis.txt"
        held.write_text("".join(f"{n}=={v}\n" for n, v in packages.held_versions().items()), encoding="utf-8")
        self._call([*pip, *self._arguments(held)], "Installing the packages")
        self._verify()

    def cancel(self) -> None:
        """Stop as soon as possible."""
        self._cancelled.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()

    def _arguments(self, held: Path) -> list[str]:
        """What pip is asked for."""
        wanted = self.wanted
        result = ["install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
        result += ["--only-binary", ":all:", "--constraint", str(held)]
        if wanted.wheels is not None:
            result += ["--no-index", "--find-links", str(wanted.wheels)]
        elif wanted.cpu_torch:
            result += ["--extra-index-url", TORCH_FOR_CPU]
        for group in wanted.groups:
            result += ["--requirement", str(wanted.requirements / f"{group}.txt")]
        return result

    def _pip(self) -> list[str]:
        """Make the environment where there is none for this Python, and return the command that runs pip in it."""
        if not self._is_whole():
            shutil.rmtree(self.venv, ignore_errors=True)
            options = [] if self._has(self.base, "ensurepip") else ["--without-pip"]
            command = [str(self.base), "-m", "venv", "--system-site-packages", *options, str(self.venv)]
            self._call(command, "Making the environment")
        python = python_of_venv(self.venv, sys.platform)
        if python is None:
            raise InstallError(f"No environment came to be in {self.venv}. The log says why.")
        if self._has(python, "pip"):
            return [str(python), "-m", "pip"]
        wheel = next(self._pip_wheels(), None)
        if wheel is not None:  # a wheel of pip runs as it is
            return [str(python), str(wheel / "pip")]
        if self._has(self.base, "pip"):
            return [str(self.base), "-m", "pip", "--python", str(python)]
        how = (
            "sudo apt install python3-venv"
            if sys.platform.startswith("linux")
            else "or put a wheel of pip (pip-….whl from pypi.org/project/pip) into the folder of wheels"
        )
        raise InstallError(f"This Python has neither ensurepip nor pip. Install it ({how}), then press Install again.")

    def _is_whole(self) -> bool:
        """Is there an environment of this Python's version that runs? After an upgrade of QGIS there may not be."""
        python = python_of_venv(self.venv, sys.platform)
        return python is not None and packages.site_packages(self.venv).is_dir() and self._has(python, "sys")

    def _pip_wheels(self) -> Iterator[Path]:
        for folder in (self.wanted.wheels, SYSTEM_WHEELS):
            if folder is not None:
                yield from sorted(folder.glob("pip-*.whl"), reverse=True)

    @staticmethod
    def _has(python: Path, module: str) -> bool:
        code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
        try:
            done = subprocess.run(  # nosec B603
                [str(python), "-c", code], env=packages.child_environment(), capture_output=True, timeout=60,
                check=False, creationflags=packages.NO_WINDOW,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0

    def _call(self, command: list[str], what: str) -> None:
        """Run a command, every line of it into the log. Raises InstallError with what it complained of."""
        if self._cancelled.is_set():
            raise InstallCancelled("The installation was cancelled.")
        self.log(f"{what}: {' '.join(command)}")
        errors: list[str] = []
        environment = packages.child_environment(self.wanted.proxy)
        with subprocess.Popen(  # nosec B603
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            encoding="utf-8", errors="replace", env=environment, creationflags=packages.NO_WINDOW,
        ) as child:  # fmt: skip
            self._child = child
            for line in child.stdout or ():
                self.log(line.rstrip())
                if "error" in line.lower():
                    errors.append(line.strip())
        self._child = None
        if self._cancelled.is_set():
            raise InstallCancelled("The installation was cancelled.")
        if child.returncode != 0:
            reason = errors[-1] if errors else f"the command stopped with code {child.returncode}"
            raise InstallError(f"{what} failed: {reason}{advice(' '.join(errors), self.wanted)}")

    def _verify(self) -> None:
        """QGIS's own packages were left alone, and every new one can be imported as QGIS will import it."""
        folder = packages.site_packages(self.venv)
        held = [n for n in packages.held_versions() if any(folder.glob(f"{n}-*.dist-info"))]
        if held:
            raise InstallError(f"pip brought its own {', '.join(held)}. Remove the environment and install again.")
        path = [p for p in sys.path if p != str(folder)] + [str(folder)]
        for group in self.wanted.groups:
            for requirement in packages.read_group(group, self.wanted.requirements):
                if self._cancelled.is_set():
                    raise InstallCancelled("The installation was cancelled.")
                self.log(f"Trying {requirement.module}")
                reason = packages.why_broken(self.base, requirement.module, path)
                if reason:
                    raise InstallError(f"{requirement.name} was installed but does not work: {reason}")


def advice(complaint: str, wanted: InstallRequest) -> str:
    """What to do about a complaint of pip's; '' where there is nothing to add."""
    words = complaint.lower()
    if "no matching distribution" in words or "could not find a version" in words:
        if wanted.wheels is not None:
            return f" The folder {wanted.wheels} lacks it, or has it for another Python or system."
        return " Is there a connection to pypi.org? Behind a firewall, install from a folder of wheels."
    if "proxy" in words or "connection" in words or "timed out" in words:
        return " Set the proxy in Settings → Options → Network, or install from a folder of wheels."
    if "no space left" in words:
        return " Free some disk space, then press Install again."
    return ""
