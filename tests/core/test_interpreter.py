# SPDX-License-Identifier: GPL-2.0-or-later
"""QGIS's own interpreter is found where each system keeps it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from raw_qgis_plugin.core.errors import RawError
from raw_qgis_plugin.environment.interpreter import base_python, module_command, python_of_venv


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


def be(
    monkeypatch: pytest.MonkeyPatch, platform: str, executable: Path, prefix: Path, **environ: str
) -> None:
    """This Python passes for QGIS's on another system."""
    known = {
        "platform": platform,
        "executable": str(executable),
        "prefix": str(prefix),
        "version_info": (3, 12),
    }
    for name, value in known.items():
        monkeypatch.setattr(sys, name, value)
    monkeypatch.setattr("os.environ", environ)


# Where QGIS's interpreter is: platform, the running program, sys.prefix, variables, the
# interpreter, and others that are there too and are not taken. Paths begin in a folder of the test.
PLACES = {
    "Debian": ("linux", "opt/bin/python3", "usr", {}, "usr/bin/python3.12", ["opt/bin/python3", "usr/bin/python3"]),
    "OSGeo4W": ("win32", "o/bin/qgis-ltr-bin.exe", "o/apps/Python312", {}, "o/apps/Python312/python.exe",
                ["o/bin/python.exe", "o/bin/qgis-ltr-bin.exe"]),
    "OSGeo4W whose prefix is its root": ("win32", "o/bin/qgis.exe", "o", {}, "o/apps/Python312/python.exe", []),
    "OSGeo4W by its variable": ("win32", "x/qgis.exe", "y", {"OSGEO4W_ROOT": "o"}, "o/apps/Python312/python.exe", []),
    **{
        f"macOS, {place}": ("darwin", "Q.app/Contents/MacOS/QGIS", "Q.app/Contents/Resources", {},
                            f"Q.app/Contents/{place}", ["Q.app/Contents/MacOS/QGIS"])
        for place in ("MacOS/bin/python3.12", "MacOS/python3", "Frameworks/bin/python3.12",
                      "Frameworks/Python.framework/Versions/3.12/bin/python3.12")
    },
    "Flatpak": ("linux", "app/bin/qgis", "app", {"FLATPAK_ID": "org.qgis.qgis"}, "app/bin/python3.12", []),
    "Snap": ("linux", "snap/bin/qgis", "elsewhere", {"SNAP": "snap"}, "snap/usr/bin/python3.12", []),
    "conda on Windows": ("win32", "gis/Library/bin/qgis.exe", "gis", {}, "gis/python.exe", []),
    "conda on Linux": ("linux", "gis/bin/qgis", "gis", {}, "gis/bin/python3.12", []),
}  # fmt: skip


@pytest.mark.parametrize("system", PLACES)
def test_the_interpreter_of_each_system_is_found(
    tmp_path: Path, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, program, prefix, variables, right, others = PLACES[system]
    for each in (right, *others):
        touch(tmp_path / each)
    there = {
        name: value if name == "FLATPAK_ID" else str(tmp_path / value)
        for name, value in variables.items()
    }
    be(monkeypatch, platform, tmp_path / program, tmp_path / prefix, **there)
    assert base_python() == tmp_path / right


def test_qgis_itself_is_never_taken_and_the_error_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qgis = touch(tmp_path / "bin/qgis-bin.exe")
    touch(tmp_path / "bin/python3.exe")  # nor this one, which finds its modules by PYTHONHOME alone
    be(monkeypatch, "win32", qgis, tmp_path)
    with pytest.raises(RawError, match="apps"):
        base_python()


def test_python_of_a_venv(tmp_path: Path) -> None:
    assert python_of_venv(tmp_path, "linux") is None
    assert python_of_venv(tmp_path, "win32") is None
    unix, windows = touch(tmp_path / "bin/python"), touch(tmp_path / "Scripts/python.exe")
    assert python_of_venv(tmp_path, "linux") == unix
    assert python_of_venv(tmp_path, "win32") == windows


def test_children_see_nothing_of_the_users_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But QGIS's own folders, which its installers may name in PYTHONPATH too."""
    shell = tmp_path / "shell"
    home = tmp_path / "site"
    inside = Path(sys.prefix) / "apps" / "qgis" / "python"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (shell, inside))))
    monkeypatch.setattr("site.getusersitepackages", lambda: str(home))
    monkeypatch.setattr(sys, "path", [*map(str, (shell, home, inside, tmp_path / "profile")), ""])
    command = module_command(Path(sys.executable), "nothing")
    assert json.loads(command[-2])[-2:] == [str(inside), str(tmp_path / "profile")]
