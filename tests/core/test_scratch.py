# SPDX-License-Identifier: GPL-2.0-or-later
"""Scratch folders: private, gone in the end, and cleared after a kill without touching what others
hold or own.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from raw_qgis_plugin.core.scratch import Scratch, complete

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from raw_qgis_plugin.core.scratch import Scratch
with Scratch(".work-", Path(sys.argv[1])) as made:
    print(made, flush=True)
    sys.stdin.readline()
"""


def age(folder: Path, seconds: float = 3600) -> None:
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (time.time() - seconds,) * 2)


def hold(place: Path) -> tuple[subprocess.Popen, Path]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, place], cwd=ROOT, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)  # fmt: skip
    return process, Path(process.stdout.readline().strip())


def test_only_what_killed_processes_of_ours_left_is_cleared(tmp_path: Path) -> None:
    (alive, held), (victim, left) = hold(tmp_path), hold(tmp_path)
    (left / "tracks").write_text("of people")
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    others = [tmp_path / name for name in (".work-mine", "work-87654321")]
    for folder in others:
        folder.mkdir()
    (tmp_path / ".work-linkedtt").symlink_to(others[0])
    for folder in (held, left, *others):
        age(folder)
    with Scratch(".work-", tmp_path) as made:
        assert stat.S_IMODE(Path(made).stat().st_mode) == 0o700
        assert not left.exists() and held.exists() and all(folder.exists() for folder in others)
    assert not Path(made).exists()
    alive.communicate("\n")
    assert not held.exists()


def test_one_that_is_just_being_made_stays(tmp_path: Path) -> None:
    young = Scratch(".work-", tmp_path)
    young._held.close()
    Scratch(".work-", tmp_path).cleanup()
    assert Path(young.name).exists()
    age(Path(young.name), -3600)  # and goes, whatever the clock did meanwhile
    Scratch(".work-", tmp_path).cleanup()
    assert not Path(young.name).exists()


def test_a_file_has_its_name_when_it_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    for words in ("old", "new"):
        with complete(file) as beside:
            beside.write_text(words)
            assert not file.exists() or file.read_text() == "old"
    assert file.read_text() == "new"
    with pytest.raises(ValueError, match="full"), complete(file) as beside:
        beside.write_text("half")
        raise ValueError("full")
    with pytest.raises(KeyboardInterrupt), complete(file):
        raise KeyboardInterrupt  # before anything was written
    assert file.read_text() == "new" and list(tmp_path.iterdir()) == [file]
