# SPDX-License-Identifier: GPL-2.0-or-later
"""Folders of training runs after a kill, and with a run.json that is broken."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest


def test_a_broken_note_of_a_run_is_no_run(
    staged: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: Callable
) -> None:
    from raw_qgis_plugin.core.errors import RawError
    from raw_qgis_plugin.tasks import child as module

    monkeypatch.setattr(module, "runs_folder", lambda: tmp_path)
    # died before its lock
    about = {"module": "x", "arguments": [], "started": "2999-01-01T00:00", "stopped": False}
    for name in ("whole", "run"):
        (tmp_path / name).mkdir()
        (tmp_path / name / module.ABOUT).write_text(json.dumps(about))
    note, chance, refused = tmp_path / "run" / module.ABOUT, random.Random(0), 0
    whole = note.read_bytes()
    broken = [b"", b"[]", b"3", b"{}", b'{"started": 3}', b"\xff"]
    broken += [whole[: chance.randrange(len(whole))] for _ in range(rounds(20, 300))]
    for _ in range(rounds(20, 300)):
        data = bytearray(whole)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        broken.append(bytes(data))
    for data in broken:
        note.write_bytes(data)
        try:
            child = module.Child(note.parent)
            assert child.status in ("interrupted", "stopped") and child.error()
        except RawError as error:
            assert "holds no training run" in str(error)
            refused += 1
        assert "whole" in [run.folder.name for run in module.runs()]
    assert refused > len(broken) / 3
    module.Child(tmp_path / "whole").delete()
    assert not (tmp_path / "whole").exists()
