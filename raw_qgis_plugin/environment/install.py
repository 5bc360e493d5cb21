# SPDX-License-Identifier: GPL-2.0-or-later
"""Installs RAW's packages into a virtual environment of their own, from PyPI or from a folder of
wheels.

The versions are those of a lock, and pip refuses every file whose SHA-256 sum is not in it.
QGIS's Python does not change: the environment sees QGIS's packages, pip must keep QGIS's versions
of the packages that QGIS needs, and the environment comes last on QGIS's search path.
"""

from __future__ import annotations

import os
import shutil
import subprocess  # nosec B404
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ..core.errors import RawError, check_cancelled, translated
from . import locks, packages
from .advice import advice, refuse_what_no_wheel_is_made_for
from .interpreter import isolated, python_of_venv, run_hidden

PIP_INSTALL = ("install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off")
CHECKED = ("--only-binary", ":all:", "--require-hashes")
TEMPORARY = ("TMPDIR", "TEMP", "TMP")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
POLL_S = 0.1  # how soon a cancel ends a command


@dataclass
class Installer:
    """One installation. `run` blocks, so call it in a task, whose cancel ends it: see
    errors.cancellable.

    base: QGIS's own interpreter. log: called with every line of the child processes' output.
    groups: of runtime, cuda, train. wheels: a folder of wheels; None for PyPI. proxy: a URL, or ''.
    again: in an environment made anew.
    """

    venv: Path
    base: Path
    log: Callable[[str], None]
    groups: tuple[str, ...] = ("runtime",)
    wheels: Path | None = None
    proxy: str = ""
    again: bool = False
    requirements: Path = packages.REQUIREMENTS
    locks: Path = locks.FOLDER
    child: subprocess.Popen[bytes] | None = None  # the command under way

    def __post_init__(self) -> None:
        # of pip, which leaves gigabytes when it is stopped
        self.temporary = self.venv.with_name("install-files")

    def run(self) -> None:
        """Install what is not installed yet. Raises RawError and Cancelled. No temporary file
        stays.
        """
        shutil.rmtree(self.temporary, ignore_errors=True)  # of a QGIS that was killed
        try:
            self._install()
            self._verify()
        except OSError as error:  # of a full disk, or of a file that cannot be written
            words = "{error}. {advice}"
            raise RawError(words, error=error, advice=advice(str(error), self.wheels)) from error
        finally:
            shutil.rmtree(self.temporary, ignore_errors=True)
            # what pip was about to replace
            for half in packages.site_packages(self.venv).glob("~*"):
                shutil.rmtree(half, ignore_errors=True)

    def _install(self) -> None:
        refuse_what_no_wheel_is_made_for(self.groups)
        if self.wheels is not None and not any(self.wheels.glob("*.whl")):
            words = "There is no wheel (*.whl) in {folder}. Choose their folder."
            raise RawError(words, folder=self.wheels)
        lock = self._lock()
        pip = self._pip()
        pins = locks.lacking(lock, self.groups, self.venv, self.requirements)
        held = [f"{name}=={version}" for name, version in packages.held_versions().items()]
        constraint = self._write("held-by-qgis.txt", held)
        requirement = self._write("locked.txt", [pin.requirement() for pin in pins])
        source = str(self.wheels or "PyPI, or the index that pip is set to")
        named = ", ".join(f"{pin.name}=={pin.version}" for pin in pins)
        self.log(f"To fetch from {source} what this system needs of: {named or 'nothing'}")
        if pins:
            command = [*pip, *PIP_INSTALL, *CHECKED]
            command += ["--constraint", str(constraint), "--requirement", str(requirement)]
            if self.wheels is not None:
                command += ["--no-index", "--find-links", str(self.wheels)]
            self._call(command, translated("Installing the packages"))

    def _write(self, name: str, lines: list[str]) -> Path:
        path = self.venv / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    def _lock(self) -> Path:
        """The lock for QGIS's Python and NumPy. Raises RawError where there is none."""
        lock = locks.find(self.locks)
        if lock is None:
            python = ".".join(map(str, sys.version_info[:2]))
            words = "RAW has no tested version for Python {a} and NumPy {b}. Update RAW."
            raise RawError(words, a=python, b=packages.version_of("numpy"))
        return lock

    # ---- the environment ------------------------------------------------------------------------

    def _pip(self) -> list[str]:
        """Make the environment unless there is one for this Python. Returns the command that runs
        pip in it.
        """
        if self.again or not self._is_whole():  # an upgrade of QGIS may break it
            self._make()
        python = python_of_venv(self.venv, sys.platform)
        if python is None:
            words = "The environment in {folder} could not be made. The log has the reason."
            raise RawError(words, folder=self.venv)
        if self._has(python, "pip"):
            return isolated(python, "-m", "pip")
        if self._has(self.base, "pip"):
            return isolated(self.base, "-m", "pip", "--python", str(python))
        raise RawError(
            "This Python has neither ensurepip nor pip. Install one of them (on Debian and Ubuntu: "
            "sudo apt install python3-venv), then press Install again."
        )

    def _is_whole(self) -> bool:
        """Whether there is an environment that runs.

        Without pyvenv.cfg its Python is QGIS's own, into which pip would install.
        """
        python = python_of_venv(self.venv, sys.platform)
        if python is None or not packages.site_packages(self.venv).is_dir():
            return False
        return (self.venv / "pyvenv.cfg").is_file() and self._has(python, "sys")

    def _make(self) -> None:
        shutil.rmtree(self.venv, ignore_errors=True)
        options = [] if self._has(self.base, "ensurepip") else ["--without-pip"]
        command = isolated(self.base, "-m", "venv", "--system-site-packages", *options)
        self._call([*command, str(self.venv)], translated("Making the environment"))
        if not (self.venv / "pyvenv.cfg").is_file():
            words = "{folder} has no pyvenv.cfg. {advice}"
            raise RawError(words, folder=self.venv, advice=advice("pyvenv.cfg"))

    @staticmethod
    def _has(python: Path, module: str) -> bool:
        code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
        try:
            return run_hidden(isolated(python, "-c", code), 60).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    # ---- commands -------------------------------------------------------------------------------

    def _call(self, command: list[str], what: str) -> None:
        """Run a command in a folder of its own and log its output. Raises RawError with its last
        error line.
        """
        check_cancelled()
        self.log(f"{what}: {' '.join(command)}")
        self.temporary.mkdir(parents=True, exist_ok=True)
        errors = []
        for line in self._output(command):
            self.log(line.rstrip())
            if "error" in line.lower():
                errors.append(line.strip())
        code = self.child.returncode if self.child else 0
        if code != 0:
            reason = translated("the command stopped with code {n}", n=code)
            raise RawError(
                "{what} failed: {reason} {advice}",
                what=what,
                reason=errors[-1] if errors else reason,
                advice=advice(" ".join(errors), self.wheels),
            )

    def _output(self, command: list[str]) -> Iterator[str]:
        """The lines that a command prints, as they come. A cancel ends it."""
        rest = ""
        file = self.temporary / "output.txt"
        with file.open("wb") as output, file.open(encoding="utf-8", errors="replace") as printed:
            child = self.child = subprocess.Popen(  # nosec B603
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._variables(),
                cwd=self.temporary,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            ended = False
            try:
                while not ended:
                    ended = child.poll() is not None  # asked first, so that no last line is missed
                    *lines, rest = (rest + printed.read()).split("\n")
                    yield from lines
                    check_cancelled()
                    time.sleep(0.0 if ended else POLL_S)
            finally:
                if not ended:
                    child.terminate()
                    child.wait()

    def _variables(self) -> dict[str, str]:
        own = dict.fromkeys(TEMPORARY, str(self.temporary))
        if self.proxy:
            own |= dict.fromkeys(PROXIES, self.proxy)
        return os.environ | own

    # ---- the check ------------------------------------------------------------------------------

    def _verify(self) -> None:
        """Check that QGIS's own packages did not change, and import every new one with QGIS's
        search path.
        """
        folder = packages.site_packages(self.venv)
        own = (name for name in packages.HELD if any(folder.glob(f"{name}-*.dist-info")))
        if held := ", ".join(own):
            words = "pip brought its own {names}. Remove the environment and install again."
            raise RawError(words, names=held)
        path = [each for each in sys.path if each and each != str(folder)] + [str(folder)]
        for group in self.groups:
            for package in packages.check(group, self.requirements):
                check_cancelled()
                self._try(package, path)

    def _try(self, package: packages.Package, path: list[str]) -> None:
        """Import a package with a search path. Raises RawError with what to do if it does not
        work.
        """
        self.log(f"Trying {package.module}")
        if other := packages.shadow(package, path):
            raise RawError(
                "{name} {version} in {folder} comes before RAW's own, and RAW needs another "
                "version. Remove it: {python} -m pip uninstall {name}",
                name=other.name,
                version=other.version,
                folder=other.locate_file(""),
                python=self.base,
            )
        if reason := packages.why_broken(self.base, package.module, path):
            raise RawError(
                "{name} was installed but does not work: {why} {advice}",
                name=package.name,
                why=reason,
                advice=advice(reason),
            )


def qgis_proxy() -> str:
    """The proxy of QGIS's settings as a URL for pip, with name and password where they are given.

    '' where QGIS uses none, or one of a kind that pip does not know, such as the system's default.
    """
    from qgis.core import QgsSettings

    settings = QgsSettings()

    def value(name: str) -> str:
        return str(settings.value(f"proxy/{name}", "") or "")

    kinds = {"HttpProxy": "http", "HttpCachingProxy": "http", "Socks5Proxy": "socks5"}
    scheme = kinds.get(value("proxyType"))
    enabled = settings.value("proxy/proxyEnabled", False, type=bool)
    if not enabled or scheme is None or not value("proxyHost"):
        return ""
    user = quote(value("proxyUser"), safe="")
    secret = quote(value("proxyPassword"), safe="")
    login = f"{user}:{secret}@" if user else ""
    port = f":{value('proxyPort')}" if value("proxyPort") else ""
    return f"{scheme}://{login}{value('proxyHost')}{port}"
