# SPDX-License-Identifier: GPL-2.0-or-later
"""Installs RAW's packages into a virtual environment of their own, from PyPI or from a folder of
wheels.

The versions are those of a lock, and pip refuses every file whose SHA-256 sum is not in it.
QGIS's Python does not change: the environment sees QGIS's packages, pip must keep QGIS's versions
of the packages that QGIS needs, and the environment comes last on QGIS's search path.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess  # nosec B404
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ..core.errors import RawError, check_cancelled, translated
from . import locks, packages
from .interpreter import isolated, python_of_venv, run_hidden

PROXY = "Set the proxy in Settings → Options → Network, or install from a folder of wheels."
ADVICE = {  # what the user can do about an error of pip, by words in it
    "do not match the hashes": "A file is not the one that RAW was tested with: it was changed or damaged, and nothing "
    "was installed.",
    "no space left|not enough space": "Free some disk space, then press Install again.",
    "denied|being used by another process": "A file is in use, perhaps by another QGIS or a virus scanner. Close other "
    "windows of QGIS, wait a minute, then press Install again.",
    "proxy": PROXY,
    "no matching distribution": "Is there a connection to pypi.org? Behind a firewall install from a folder of wheels.",
    "connection|timed out": PROXY,
}


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
        wheels, source = self.wheels, "PyPI, or the index that pip is set to"
        shutil.rmtree(self.temporary, ignore_errors=True)  # of a QGIS that was killed
        try:
            if wheels is not None and not any(wheels.glob("*.whl")):
                raise RawError(
                    "There is no wheel (*.whl) in {folder}. Choose their folder.", folder=wheels
                )
            lock = locks.find(self.locks)
            if lock is None:
                python, numpy = (
                    ".".join(map(str, sys.version_info[:2])),
                    packages.version_of("numpy"),
                )
                raise RawError(
                    "RAW has no tested version for Python {a} and NumPy {b}. Update RAW.",
                    a=python,
                    b=numpy,
                )
            pip = [
                *self._pip(),
                "install",
                "--no-input",
                "--disable-pip-version-check",
                "--progress-bar",
                "off",
            ]
            held, file = self.venv / "held-by-qgis.txt", self.venv / "locked.txt"
            held.write_text(
                "".join(f"{n}=={v}\n" for n, v in packages.held_versions().items()), "utf-8"
            )
            pip += [
                "--only-binary",
                ":all:",
                "--constraint",
                str(held),
                "--require-hashes",
                "--requirement",
                str(file),
            ]
            if wheels is not None:
                pip, source = [*pip, "--no-index", "--find-links", str(wheels)], str(wheels)
            pins = locks.lacking(lock, self.groups, self.venv, self.requirements, all_others=True)
            file.write_text("".join(f"{pin.requirement()}\n" for pin in pins), encoding="utf-8")
            named = ", ".join(f"{pin.name}=={pin.version}" for pin in pins)
            self.log(f"To fetch from {source} what this system needs of: {named or 'nothing'}")
            if pins:
                self._call(pip, translated("Installing the packages"))
            self._verify()
        except OSError as error:  # of a full disk, or of a file that cannot be written
            raise RawError(
                "{error}. {advice}", error=error, advice=advice(str(error), wheels)
            ) from error
        finally:
            shutil.rmtree(self.temporary, ignore_errors=True)
            # what pip was about to replace
            for half in packages.site_packages(self.venv).glob("~*"):
                shutil.rmtree(half, ignore_errors=True)

    def _pip(self) -> list[str]:
        """Make the environment unless there is one for this Python. Returns the command that runs
        pip in it.
        """
        python = python_of_venv(self.venv, sys.platform)
        whole = (
            python is not None
            and packages.site_packages(self.venv).is_dir()
            and self._has(python, "sys")
        )
        # without it Python is QGIS's own, into which pip would install
        whole &= (self.venv / "pyvenv.cfg").is_file()
        if self.again or not whole:  # an upgrade of QGIS may break it
            shutil.rmtree(self.venv, ignore_errors=True)
            options = [] if self._has(self.base, "ensurepip") else ["--without-pip"]
            command = isolated(
                self.base, "-m", "venv", "--system-site-packages", *options, str(self.venv)
            )
            self._call(command, translated("Making the environment"))
            python = python_of_venv(self.venv, sys.platform)
        if python is None:
            raise RawError(
                "The environment in {folder} could not be made. The log has the reason.",
                folder=self.venv,
            )
        if self._has(python, "pip"):
            return isolated(python, "-m", "pip")
        if self._has(self.base, "pip"):
            return isolated(self.base, "-m", "pip", "--python", str(python))
        raise RawError(
            "This Python has neither ensurepip nor pip. Install one of them (on Debian and Ubuntu: sudo apt install "
            "python3-venv), then press Install again."
        )

    @staticmethod
    def _has(python: Path, module: str) -> bool:
        code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
        try:
            return run_hidden(isolated(python, "-c", code), 60).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    def _call(self, command: list[str], what: str) -> None:
        """Run a command in a folder of its own and log its output. Raises RawError with its last
        error line.
        """
        check_cancelled()
        self.log(f"{what}: {' '.join(command)}")
        self.temporary.mkdir(parents=True, exist_ok=True)
        environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.temporary))
        if self.proxy:
            environment |= dict.fromkeys(
                ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), self.proxy
            )
        errors, rest, ended, file = [], "", False, self.temporary / "output.txt"
        with file.open("wb") as output, file.open(encoding="utf-8", errors="replace") as printed:
            child = self.child = subprocess.Popen(  # nosec B603
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=self.temporary,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            try:
                while not ended:
                    # checked first, so that no last line is missed
                    ended = child.poll() is not None
                    *lines, rest = (rest + printed.read()).split("\n")
                    for line in lines:
                        self.log(line.rstrip())
                    errors += [line.strip() for line in lines if "error" in line.lower()]
                    check_cancelled()
                    time.sleep(0.0 if ended else 0.1)
            finally:
                if not ended:
                    child.terminate()
                    child.wait()
        if child.returncode != 0:
            reason = (
                errors[-1]
                if errors
                else translated("the command stopped with code {n}", n=child.returncode)
            )
            words, help = "{what} failed: {reason} {advice}", advice(" ".join(errors), self.wheels)
            raise RawError(words, what=what, reason=reason, advice=help)

    def _verify(self) -> None:
        """Check that QGIS's own packages did not change, and import every new one with QGIS's
        search path.
        """
        folder = packages.site_packages(self.venv)
        held = ", ".join(
            n for n in packages.held_versions() if any(folder.glob(f"{n}-*.dist-info"))
        )
        if held:
            raise RawError(
                "pip brought its own {names}. Remove the environment and install again.", names=held
            )
        path = [p for p in sys.path if p and p != str(folder)] + [str(folder)]
        for package in (
            p for group in self.groups for p in packages.check(group, self.requirements)
        ):
            check_cancelled()
            self.log(f"Trying {package.module}")
            if reason := packages.why_broken(self.base, package.module, path):
                raise RawError(
                    "{name} was installed but does not work: {why}", name=package.name, why=reason
                )


def advice(errors: str, wheels: Path | None = None) -> str:
    """What the user can do about errors of pip; '' if unknown. wheels: the folder that it installed
    from.
    """
    found = next((pattern for pattern in ADVICE if re.search(pattern, errors, re.IGNORECASE)), "")
    if found == "no matching distribution" and wheels is not None:
        words = "The folder {folder} lacks it, or has another version, or one for another system."
        return translated(words, folder=wheels)
    return translated(ADVICE[found]) if found else ""


def qgis_proxy() -> str:
    """The proxy of QGIS's settings as a URL for pip, with name and password where they are given.

    '' where QGIS uses none, or one of a kind that pip does not know, such as the system's default.
    """
    from qgis.core import QgsSettings

    settings = QgsSettings()
    kind, host, port, user, secret = (
        str(settings.value(f"proxy/{name}", "") or "")
        for name in ("proxyType", "proxyHost", "proxyPort", "proxyUser", "proxyPassword")
    )
    scheme = {"HttpProxy": "http", "HttpCachingProxy": "http", "Socks5Proxy": "socks5"}.get(kind)
    if not settings.value("proxy/proxyEnabled", False, type=bool) or scheme is None or not host:
        return ""
    login = f"{quote(user, safe='')}:{quote(secret, safe='')}@" if user else ""
    return f"{scheme}://{login}{host}{f':{port}' if port else ''}"
