# SPDX-License-Identifier: GPL-2.0-or-later
"""Models from elsewhere: whatever a bundle holds, it is refused in words or answers within limits."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
from small import HEAD, write_bundle

from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.errors import BundleError

ROOT = Path(__file__).parents[2]
Rounds = Callable[[int, int], int]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("good") / "bundle")


def test_mutated_bundles_are_refused_in_words_or_answer(
    good: Path, tmp_path: Path, rounds: Rounds
) -> None:
    """Cards, headers and arrays of which something is wrong: no crash, no case over 10 s, no
    gigabyte.
    """
    n, script = rounds(70, 2000), Path(__file__).with_name("hostile.py")
    env = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run([sys.executable, script, good, tmp_path, "0", str(n)], env=env, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert not found["unplanned"], "\n".join(found["unplanned"][:5])
    assert found["slowest_s"] < 10 and found["more_mb"] < 1000, found
    assert found["refused"] > n / 3 and found["answered"] > n / 20, found


def zipped(folder: Path, path: Path, *more: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                z.write(file, file.relative_to(folder).as_posix())
        for name, data in more:
            z.writestr(name, data)
    return path


@pytest.mark.parametrize("name", [
    "../x", "/abs", "C:\\x", "heads\\..\\..\\x", "heads/./../../x", "heads//x.safetensors", "./card.json",
    "README.md\n", "card.json/../card.json", "HEADS/x.safetensors", "heads/con.safetensors", "heads/x.safetensors.",
    " card.json", "weights.safetensors:ads", "heads/\u0430.safetensors", f"heads/{'a' * 300}.safetensors",
    "backbone.onnx", "neighbours.onnx", "heads/x.onnx", "x.py", "weights.pt",
])  # fmt: skip
def test_members_that_no_bundle_has_are_refused(good: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError):
        open_bundle(zipped(good, tmp_path / "b.zip", (name, b"x")))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO])
def test_links_and_pipes_in_archives_are_refused(good: Path, tmp_path: Path, kind: int) -> None:
    (tmp_path / "b").mkdir()
    link = zipfile.ZipInfo("README.md")
    link.external_attr = (kind | 0o777) << 16
    with pytest.raises(BundleError, match="no model has"):
        open_bundle(zipped(tmp_path / "b", tmp_path / "b.zip", (link, b"/etc/passwd")))


@pytest.mark.parametrize("place", ["README.md", f"heads/{HEAD}.safetensors", "heads"])
def test_links_and_pipes_in_folders_are_refused(good: Path, tmp_path: Path, place: str) -> None:
    for make in (os.mkfifo, lambda path: os.symlink("/etc/passwd", path)):
        folder = shutil.copytree(good, tmp_path / "bundle", dirs_exist_ok=False)
        if (folder / place).is_dir():
            shutil.rmtree(folder / place)
        else:
            (folder / place).unlink()
        make(folder / place)
        with pytest.raises(BundleError):
            open_bundle(folder)
        shutil.rmtree(folder)


def test_bombs_are_refused_before_they_unpack(good: Path, tmp_path: Path) -> None:
    for name in ("README.md", "weights.safetensors"):
        folder = shutil.copytree(good, tmp_path / name)
        with (folder / name).open("ab") as file:
            file.truncate(2**30)
        with pytest.raises(BundleError, match="unpacks to more than|of more than"):
            open_bundle(zipped(folder, tmp_path / f"{name}.zip"))
        shutil.rmtree(folder)
    many = [(f"heads/h{n}.safetensors", b"") for n in range(400)]
    with pytest.raises(BundleError, match="unpacks to more than"):
        open_bundle(zipped(good, tmp_path / "many.zip", *many))
