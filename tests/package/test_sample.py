# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped sample: who is in it is who never trained, and it can be shipped."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from model.data.heldout import HELD_OUT_DEVICES, held_out_cab


def column(path: Path, name: str) -> list[str]:
    with sqlite3.connect(path) as db:
        table = db.execute("SELECT table_name FROM gpkg_contents").fetchone()[0]
        return [row[0] for row in db.execute(f'SELECT "{name}" FROM "{table}"')]


def test_sample_devices_are_those_held_out(sample: Path) -> None:
    assert set(column(sample / "aracaju_tracks.gpkg", "user_id")) == set(HELD_OUT_DEVICES)


def test_record_of_the_held_out_agrees_with_the_rule(sample: Path) -> None:
    record = json.loads((sample / "heldout.json").read_text())
    assert record["gotrack_devices"] == list(HELD_OUT_DEVICES)
    assert all(held_out_cab(cab) for cab in record["cabspotting_cabs"])
    assert not held_out_cab(0)


def test_times_are_utc(sample: Path) -> None:
    times = column(sample / "aracaju_tracks.gpkg", "t")
    assert min(times) == "2014-09-13T10:24:32.000Z"  # published as 07:24:32 in Aracaju


def test_every_sample_is_small_and_attributed(sample: Path) -> None:
    files = [p for p in sample.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    assert sum(p.stat().st_size for p in files) < 4_000_000
    text = (sample / "README.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in text
    assert not [p.name for p in files if p.suffix in {".gpkg", ".csv"} and p.name not in text]
