# SPDX-License-Identifier: GPL-2.0-or-later
"""Gaps on the command line, and what is measured of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.cli import run
from model.evaluate import main as evaluate
from model.evaluate.gaps import hide
from model.fill.__main__ import main as fill
from raw_qgis_plugin.core.sources.readers import read


@pytest.fixture(scope="module")
def gappy(tracks_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The invented people without the fixes 50 to 99, some eight minutes."""
    table = pq.read_table(tracks_file)
    number = np.arange(len(table)) % 200
    path = tmp_path_factory.mktemp("gappy") / "gappy.parquet"
    pq.write_table(table.filter(pa.array((number < 50) | (number >= 100))), path)
    return path


def test_every_minute_of_gaps_is_filled(gappy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "filled.parquet"
    fill(["--tracks", str(gappy), "--output", str(output)])
    table = pq.read_table(output)
    assert table.column_names == ["user_id", "track_id", "t", "lon", "lat", "radius50_m", "radius80_m", "inferred"]
    assert 120 * 7 <= len(table) <= 120 * 10 and all(table["inferred"].to_pylist())
    assert np.isfinite(table["lon"].to_numpy()).all() and (table["radius80_m"].to_numpy() > 0).all()
    fill(["--tracks", str(gappy), "--max-gap", "5", "--step", "2", "--output", str(output)])
    assert len(pq.read_table(output)) == 0 and "120 gaps longer than 5 minutes stay open" in capsys.readouterr().err


def test_given_times_are_answered_in_their_order(gappy: Path, tmp_path: Path) -> None:
    tracks = read(str(gappy))[0]
    first, last = tracks.track_offsets[[3, 4]] + [0, -1]
    before = first + 49
    t = [
        int(tracks.t[before]) + 200_000,
        int(tracks.t[first]),
        int(tracks.t[last]) + 1,
        int(tracks.t[before]) + 100_000,
    ]
    asked, output = tmp_path / "asked.parquet", tmp_path / "answers.csv"
    name = tracks.track_ids[3]
    pq.write_table(pa.table({"track_id": [name] * 4 + ["nobody"], "t": [*t, t[0]]}), asked)
    fill(["--tracks", str(gappy), "--at", str(asked), "--output", str(output)])
    rows = [line.split(",") for line in output.read_text().splitlines()[1:]]
    assert [row[-1] for row in rows] == ["true", "false", "false", "true", "false"]
    assert float(rows[1][2]) == pytest.approx(tracks.lon[first]) and float(rows[1][5]) == 0
    assert rows[2][2] == rows[4][2] == "" and rows[0][2] != rows[3][2]
    assert run(fill, ["--tracks", str(gappy), "--at", str(gappy), "--output", str(gappy)]) == 2


def test_a_hidden_gap_is_hidden_and_its_fix_lies_in_the_middle(tracks_file: Path) -> None:
    users = read(str(tracks_file))[0].by_user()
    hidden = hide(users, 300.0, 3, 100, 0)
    left, before = hidden.gaps.tracks, hidden.gaps.before
    assert len(before) == 100 and len(left) < len(users)
    assert (np.abs(hidden.share - 0.5) < 0.06).all() and (hidden.gaps.seconds >= 300).all()
    inside = (left.t[:, None] > left.t[before]) & (left.t[:, None] < left.t[before + 1])
    assert not (inside & (left.user[:, None] == left.user[before])).any()
    assert len(hide(users, 7200.0, 3, 100, 0).t) == 0


def test_gaps_are_measured_beside_simple_methods(
    tracks_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    evaluate(["gaps", "--tracks", str(tracks_file), "--minutes", "5", "--gaps", "150", "--output", str(report)])
    result = json.loads(report.read_text())["5"]
    best = min(result["simple_mean_m"].values())
    assert result["ratio"] == pytest.approx(result["mean_m"] / best) and result["gaps"] == 150
    assert result["interval"][0] < result["ratio"] < result["interval"][1] and result["inside50"] < result["inside80"]
    assert "Ratio" in capsys.readouterr().out
