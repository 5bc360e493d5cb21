# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 at any moment, full disks, two at once: nothing finished is lost, and what is there is
whole.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from small import write_bundle, write_tracks  # noqa: E402

from model.training.checkpoint import load  # noqa: E402
from raw_qgis_plugin.core.bundle import library  # noqa: E402
from raw_qgis_plugin.core.bundle.bundle import open_bundle  # noqa: E402
from raw_qgis_plugin.core.bundle.checking import write_sums  # noqa: E402
from raw_qgis_plugin.core.embedding import cache  # noqa: E402

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="victims are forked")
Rounds = Callable[[int, int], int]


class Victims:
    """Children to kill, forked from a process that has imported everything (victim.py)."""

    def __init__(self, folder: Path) -> None:
        self.tracks, self.bundle, self.log = (
            folder / "tracks.parquet",
            folder / "bundle",
            folder / "log",
        )
        if not self.bundle.exists():
            write_tracks(self.tracks)
            write_bundle(self.bundle)
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, Path(__file__).with_name("victim.py"), self.tracks, self.bundle]
        self.process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
                                        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
        assert self.process.stdout.readline() == "ready\n"

    def start(self, what: str, *arguments: object, most_bytes: int = 0) -> int:
        """Fork one. Returns its process id."""
        self.log.unlink(missing_ok=True)
        self.process.stdin.write(
            json.dumps([what, most_bytes, str(self.log), *map(str, arguments)]) + "\n"
        )
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self) -> int:
        """Wait for it. Returns its exit code, negative for a signal."""
        return os.waitstatus_to_exitcode(int(self.process.stdout.readline()))

    def kill(self, after_s: float, what: str, *arguments: object, sign: Path | None = None) -> None:
        """Start one, and kill it after a while, which begins when the file `sign` is written."""
        seen, late = _written(sign), time.monotonic() + 120
        child = self.start(what, *arguments)
        while sign and _written(sign) == seen and time.monotonic() < late:
            time.sleep(0.005)
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
        assert self.end() == -signal.SIGKILL, self.log.read_text()[-500:]


def _written(file: Path | None) -> int:
    return file.stat().st_mtime_ns if file and file.exists() else 0


@pytest.fixture(scope="module")
def victims(tmp_path_factory: Any) -> Iterator[Victims]:
    made = Victims(tmp_path_factory.mktemp("victims"))
    yield made
    made.process.communicate()


def left_by_scratch(folder: Path) -> None:
    """Hidden folders, as if they had been left an hour ago."""
    for path in folder.glob(".*"):
        for file in (*path.rglob("*"), path):
            os.utime(file, (time.time() - 3600,) * 2)


def rows_of(folder: Path) -> list[tuple[bytes, bytes]]:
    """The rows of a cache, whose file must be whole."""
    with closing(sqlite3.connect(folder / cache.FILE)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        there = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'units'").fetchone()
        return database.execute("SELECT key, vector FROM units").fetchall() if there else []


def test_a_killed_training_loses_no_checkpoint(
    victims: Victims, tmp_path: Path, rounds: Rounds
) -> None:
    run, chance, steps = tmp_path / "run", Random(1), [0]
    state = run / "state.safetensors"
    for kill in range(rounds(4, 70)):
        victims.kill(chance.uniform(0, 0.3), "train", run, sign=state if kill % 4 else None)
        if state.exists():
            steps.append(load(state)[1]["step"])
        assert steps == sorted(steps), f"kill {kill}"
    assert steps[-1] > 0


def test_a_killed_embedding_loses_no_vector(
    victims: Victims, tmp_path: Path, rounds: Rounds
) -> None:
    chance, rows, folder = Random(3), 0, tmp_path / "cache"
    width = open_bundle(victims.bundle).card["embedding"]["width"]
    for kill in range(rounds(3, 40)):
        victims.kill(
            chance.uniform(0.1, 0.5), "embed", folder, 1000 * kill, sign=folder / cache.FILE
        )
        found = rows_of(folder)
        whole = [
            len(row) == 4 * width + 4 and cache._seal(key, row[:-4]) == row for key, row in found
        ]
        assert all(whole) and len(found) >= rows, f"kill {kill}"
        rows = len(found)
    assert rows > 0


def test_a_kill_while_models_are_written_hides_or_breaks_none(
    victims: Victims, tmp_path: Path, rounds: Rounds
) -> None:
    chance = Random(4)
    own = library.add(victims.bundle, tmp_path, "mine")
    for kill in range(rounds(2, 60)):
        victims.kill(chance.uniform(0.1, 0.8), "replace", tmp_path)
        assert [entry.refusal for entry in library.entries(tmp_path)[1:]] == [""], f"kill {kill}"
        left_by_scratch(tmp_path)
    library.copy(victims.bundle, own)
    assert {path.name for path in tmp_path.iterdir()} == {"mine"}


GAP = """
import os, signal, sys
from pathlib import Path
from raw_qgis_plugin.core.bundle import library
rename = Path.rename
def die(path, target):
    if path.name == "fresh":
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)
Path.rename = die
library.copy(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_kill_between_the_two_renames_hides_no_model(victims: Victims, tmp_path: Path) -> None:
    own = library.add(victims.bundle, tmp_path, "mine")
    (own / "README.md").write_text("the older one")
    write_sums(own)
    killed = subprocess.run([sys.executable, "-c", GAP, victims.bundle, own], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL and not own.exists()
    assert [(entry.name, entry.refusal) for entry in library.entries(tmp_path)[1:]] == [
        ("mine", "")
    ]
    assert (own / "README.md").read_text() == "the older one"


def test_a_full_disk_loses_nothing_and_is_told(victims: Victims, tmp_path: Path) -> None:
    own = library.add(victims.bundle, tmp_path / "models", "mine")
    state = tmp_path / "run" / "state.safetensors"
    victims.kill(0.0, "train", tmp_path / "run", sign=state)
    step = load(state)[1]["step"]
    for what, most, *arguments in (
        ("train", 20_000, tmp_path / "run"), ("replace", 20_000, tmp_path / "models"),
        ("embed", 30_000, tmp_path / "cache", 0, 3),
    ):  # fmt: skip
        victims.start(what, *arguments, most_bytes=most)
        code, said = victims.end(), victims.log.read_text()
        assert "Traceback" not in said and said.strip() and code == (0 if what == "embed" else 2), (
            said
        )
    assert load(state)[1]["step"] >= step and open_bundle(own).card
    assert {path.name for path in (tmp_path / "models").iterdir()} == {"mine"}
