# SPDX-License-Identifier: GPL-2.0-or-later
"""The launcher of training processes: what it reads, and how a run may end."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# Stand-ins for trainings: modules on the child's path that need the standard library only.
COUNTS = """
import json, sys, time
print('reading the tracks')
for step in range(int(sys.argv[1])):
    print(json.dumps({'step': step, 'loss': 1 / (step + 1)}))
    time.sleep(0.05)
print('[1, 2]')
"""
WAITS = """
import json, pathlib, sys, time
while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.05)
print(json.dumps({'step': 39}))
print('[1, 2]')
"""
DEAF = "import json, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('{\"step\": 0}')\ntime.sleep(60)"
REFUSES = """
import sys
print('a warning', file=sys.stderr)
print('error: There are no tracks.', file=sys.stderr)
sys.exit(2)
"""
BREAKS = "1 / 0"


@pytest.fixture
def start(
    staged: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Callable[..., Any]:
    """Start a stand-in given by its source."""
    from raw_qgis_plugin.tasks.child import Child

    monkeypatch.syspath_prepend(str(tmp_path))

    def begin(source: str, *arguments: str, **more: Any) -> Any:
        (tmp_path / "standin.py").write_text(source)
        child = Child.start("standin", arguments, tmp_path / "run", **more)
        request.addfinalizer(lambda: child.send(signal.SIGKILL))
        return child

    return begin


def wait_for(what: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.02)


def first_line(child: Any) -> None:
    wait_for(lambda: (child.folder / "log.jsonl").read_text().strip() != "")


def test_lines_come_as_dicts_and_the_rest_as_text(start: Callable[..., Any]) -> None:
    told: list[dict] = []
    child = start(COUNTS, "3", title="Counting")
    child.follow(told.append)
    assert [line.get("step") for line in told] == [None, 0, 1, 2, None]
    assert told[0] == {"text": "reading the tracks"} and told[-1] == {"text": "[1, 2]"}
    assert child.status == "finished" and child.error() is None
    assert child.about["title"] == "Counting"
    assert stat.S_IMODE(child.folder.stat().st_mode) == 0o700


def test_a_cancel_ends_it_and_says_so(start: Callable[..., Any]) -> None:
    from raw_qgis_plugin.core.errors import Cancelled

    child = start(COUNTS, "1000")
    told: list[dict] = []
    began = time.monotonic()
    with pytest.raises(Cancelled):
        child.follow(told.append, lambda: len(told) > 2)
    assert child.status == "stopped" and time.monotonic() - began < 10


def test_one_that_does_not_listen_is_killed(start: Callable[..., Any]) -> None:
    child = start(DEAF)
    first_line(child)
    child.patience_s = 0.5
    child.cancel()
    assert not child.running and child.status == "stopped"


def test_a_failure_is_told_in_its_own_words_or_names_what_broke(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    child = start(REFUSES)
    wait_for(lambda: not child.running)
    assert child.status == "failed" and str(child.error()) == "There are no tracks."
    (tmp_path / "standin.py").write_text(BREAKS)
    child.resume()
    wait_for(lambda: not child.running)
    assert "ZeroDivisionError: division by zero" in str(child.error()) and str(child.folder) in str(
        child.error()
    )


def test_a_killed_one_is_interrupted_and_goes_on(start: Callable[..., Any]) -> None:
    child = start(COUNTS, "40")
    first_line(child)
    os.kill(child._process.pid, signal.SIGKILL)
    wait_for(lambda: not child.running)
    assert child.status == "interrupted" and "memory" in str(child.error())
    child.resume()
    assert child.about["arguments"] == ["40", "--resume"]
    told: list[dict] = []
    child.follow(told.append)
    assert child.status == "finished"
    assert [line.get("step") for line in told].count(39) == 1 and [
        line.get("step") for line in told
    ].count(0) == 2


def test_another_reader_finds_follows_and_stops_it(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As QGIS does after it was closed and opened again."""
    from raw_qgis_plugin.tasks import child as module

    child = start(COUNTS, "1000")
    monkeypatch.setattr(module, "runs_folder", lambda: child.folder.parent)
    (other,) = module.runs()
    assert other.running  # though it may not have taken its lock yet
    first_line(child)
    assert other.lines() and other.status == "running"
    other.cancel()
    assert not other.running and other.status == "stopped"
    child._process.wait()
    assert child.status == "stopped"
    other.delete()
    assert module.runs() == [] and not child.folder.exists()


def test_it_outlives_the_process_that_started_it(
    start: Callable[..., Any], tmp_path: Path, stage: Path
) -> None:
    (tmp_path / "standin.py").write_text(WAITS)
    code = (
        "import sys; from pathlib import Path; sys.path.append('.'); "
        "from raw_qgis_plugin.tasks.child import Child; "
        "Child.start('standin', [sys.argv[2]], Path(sys.argv[1]))"
    )
    path = [str(stage.parent), os.environ.get("PYTHONPATH", "")]
    command = [sys.executable, "-c", code, str(tmp_path / "left"), str(tmp_path / "go on")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}
    # without a profile its folder is the working one
    subprocess.run(command, env=env, cwd=tmp_path, check=True)
    from raw_qgis_plugin.tasks.child import Child

    left = Child(tmp_path / "left")
    assert left.running
    (tmp_path / "go on").touch()
    told: list[dict] = []
    left.follow(told.append)
    assert told[-2]["step"] == 39 and left.status == "finished"


def test_what_a_killed_qgis_left_of_a_run_is_cleared_after_a_day(
    staged: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from raw_qgis_plugin.tasks import child as module

    monkeypatch.setattr(module, "runs_folder", lambda: tmp_path)
    left, being_read = module.new_folder("teach"), module.new_folder("teach")
    (left / "tracks.parquet").touch()
    os.utime(left, (0, time.time() - 90_000))
    assert module.runs() == [] and not left.exists() and being_read.exists()
    assert stat.S_IMODE(being_read.stat().st_mode) == 0o700
