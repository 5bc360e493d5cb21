# SPDX-License-Identifier: GPL-2.0-or-later
"""Folders of training runs after a clock was set back, after a kill, and with a run.json that is broken."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest


def write_run(folder: Path, **change: Any) -> None:
    """A run that died before it wrote its process id."""
    from raw_qgis_plugin.tasks.child import ABOUT

    about = {"module": "x", "arguments": [], "needs": [], "stopped": False}
    folder.mkdir(exist_ok=True)
    (folder / ABOUT).write_text(json.dumps(about | change))


def test_a_run_from_before_the_clock_was_set_back_can_be_deleted(staged: None, tmp_path: Path) -> None:
    from raw_qgis_plugin.tasks.child import Child

    now = datetime.now(timezone.utc)
    ways = {
        "died a minute ago": now - timedelta(seconds=60), "a day ahead": now + timedelta(days=1),
        "a century ahead": now + timedelta(days=36_500), "no zone": datetime.now() + timedelta(hours=30),
    }  # fmt: skip
    for name, started in ways.items():
        write_run(tmp_path / "run", started=started.isoformat())
        child = Child(tmp_path / "run")
        assert child.status == "interrupted", name
        child.delete()
        assert not (tmp_path / "run").exists()


def test_a_broken_note_of_a_run_is_no_run(
    staged: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: Callable
) -> None:
    from raw_qgis_plugin.core.errors import RawError
    from raw_qgis_plugin.tasks import child as module

    monkeypatch.setattr(module, "runs_folder", lambda: tmp_path)
    for name in ("whole", "run"):
        write_run(tmp_path / name, started=(datetime.now(timezone.utc) - timedelta(hours=1)).isoformat())
    note, chance, refused = tmp_path / "run" / module.ABOUT, random.Random(0), 0
    whole = note.read_bytes()
    broken = [b"", b"[]", b"3", b"{}", b'{"started": 3}', b'{"started": "?"}', b'{"started": "0001-01-01"}', b"\xff"]
    broken += [whole[: chance.randrange(len(whole))] for _ in range(rounds(20, 300))]
    for _ in range(rounds(20, 300)):
        data = bytearray(whole)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        broken.append(bytes(data))
    for data in broken:
        note.write_bytes(data)
        try:
            child = module.Child(note.parent)
            assert child.status in ("interrupted", "stopped", "running") and (child.error() or child.running)
        except RawError as error:
            assert "holds no training run" in str(error)
            refused += 1
        assert "whole" in [run.folder.name for run in module.runs()]
    assert refused > len(broken) / 3
