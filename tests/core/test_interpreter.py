# SPDX-License-Identifier: GPL-2.0-or-later
"""QGIS's own interpreter is found where each system keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest

from raw_qgis_plugin.environment.interpreter import Layout, NoPython, base_python, python_of_venv


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


def layout(platform: str, executable: Path, prefix: Path, **environ: str) -> Layout:
    return Layout(platform, executable, prefix, (3, 12), environ)


def test_debian_ignores_another_python_on_the_path(tmp_path: Path) -> None:
    other = touch(tmp_path / "opt/bin/python3")
    right = touch(tmp_path / "usr/bin/python3.12")
    touch(tmp_path / "usr/bin/python3")
    assert base_python(layout("linux", other, tmp_path / "usr")) == right


def test_osgeo4w_where_the_executable_is_qgis(tmp_path: Path) -> None:
    root = tmp_path / "OSGeo4W"
    qgis = touch(root / "bin/qgis-ltr-bin.exe")
    right = touch(root / "apps/Python312/python.exe")
    touch(root / "bin/python.exe")
    assert base_python(layout("win32", qgis, root / "apps/Python312")) == right
    # The prefix is sometimes the root; OSGEO4W_ROOT or the place of qgis then tells.
    assert base_python(layout("win32", qgis, root, OSGEO4W_ROOT=str(root))) == right
    assert base_python(layout("win32", qgis, root)) == right


def test_older_osgeo4w_keeps_it_in_bin(tmp_path: Path) -> None:
    qgis = touch(tmp_path / "bin/qgis-bin.exe")
    right = touch(tmp_path / "bin/python3.exe")
    assert base_python(layout("win32", qgis, tmp_path / "apps/Python312")) == right


@pytest.mark.parametrize(
    "place",
    [
        "MacOS/bin/python3.12",
        "MacOS/python3",
        "Frameworks/bin/python3.12",
        "Frameworks/Python.framework/Versions/3.12/bin/python3.12",
    ],
)
def test_macos_bundle(tmp_path: Path, place: str) -> None:
    contents = tmp_path / "QGIS.app/Contents"
    qgis = touch(contents / "MacOS/QGIS")
    right = touch(contents / place)
    assert base_python(layout("darwin", qgis, contents / "Resources")) == right


def test_flatpak_and_snap(tmp_path: Path) -> None:
    app = touch(tmp_path / "app/bin/python3.12")
    flatpak = layout("linux", tmp_path / "app/bin/qgis", tmp_path / "app", FLATPAK_ID="org.qgis.qgis")
    assert base_python(flatpak) == app
    snapped = touch(tmp_path / "snap/usr/bin/python3.12")
    snap = layout("linux", tmp_path / "snap/bin/qgis", tmp_path / "elsewhere", SNAP=str(tmp_path / "snap"))
    assert base_python(snap) == snapped


def test_conda_on_windows_and_linux(tmp_path: Path) -> None:
    right = touch(tmp_path / "envs/gis/python.exe")
    assert base_python(layout("win32", tmp_path / "envs/gis/Library/bin/qgis.exe", tmp_path / "envs/gis")) == right
    right = touch(tmp_path / "envs/gis/bin/python3.12")
    assert base_python(layout("linux", tmp_path / "envs/gis/bin/qgis", tmp_path / "envs/gis")) == right


def test_qgis_itself_is_never_taken_and_the_error_says_where_it_looked(tmp_path: Path) -> None:
    qgis = touch(tmp_path / "bin/qgis-bin.exe")
    with pytest.raises(NoPython, match="apps"):
        base_python(layout("win32", qgis, tmp_path))


def test_python_of_a_venv(tmp_path: Path) -> None:
    assert python_of_venv(tmp_path, "linux") is None
    assert python_of_venv(tmp_path, "win32") is None
    unix, windows = touch(tmp_path / "bin/python"), touch(tmp_path / "Scripts/python.exe")
    assert python_of_venv(tmp_path, "linux") == unix
    assert python_of_venv(tmp_path, "win32") == windows
