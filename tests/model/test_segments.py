# SPDX-License-Identifier: GPL-2.0-or-later
"""Rides and walks as phones record them, from movement of known speeds."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from model.data import labelled
from model.shipped.synthetic.sumo import SyntheticError

SPEED = {"walk": 1.4, "rail": 20.0}


@pytest.fixture
def movement(tmp_path):
    """Straight trips of twenty minutes at constant speed."""
    folder = tmp_path / "movement"
    folder.mkdir()
    mode = np.repeat([m for m in SPEED for _ in range(5)], 1200)
    second = np.tile(np.arange(1200), 10)
    metres = second * np.array([SPEED[m] for m in mode])
    table = {
        "mode": pa.array(mode).dictionary_encode(),
        "track_id": pa.array([f"{i // 1200}" for i in range(12_000)]).dictionary_encode(),
        "t": second * 1000, "lon": np.full(12_000, 10.0), "lat": 50 + metres / 111_250,
    }  # fmt: skip
    parquet.write_table(pa.table(table), folder / "00-straight.parquet")
    return folder


def test_pieces_are_tracks_with_their_mode(movement, tmp_path):
    for name in ("out", "again"):
        labelled.main(
            [
                "--source",
                str(movement),
                "--per-mode",
                "60",
                "--seed",
                "3",
                "--output",
                str(tmp_path / name),
            ]
        )
    first, again = (
        parquet.read_table(tmp_path / name / "tracks.parquet") for name in ("out", "again")
    )
    assert first.equals(again)
    labels = dict(
        line.split(",")[1:]
        for line in (tmp_path / "out" / "labels.csv").read_text().splitlines()[1:]
    )
    table = first.to_pandas()
    assert set(labels) == set(table.track_id) and set(labels.values()) == {"walk", "rail"}
    assert table.user_id.nunique() == 10
    silent = []
    for track, piece in table.groupby("track_id"):
        seconds = (piece.t - piece.t.iloc[0]).dt.total_seconds().to_numpy()
        assert len(piece) >= labelled.Settings.min_fixes and (np.diff(seconds) > 0).all()
        metres = np.hypot(
            np.diff(piece.lat.iloc[[0, -1]]) * 111_250, np.diff(piece.lon.iloc[[0, -1]]) * 71_000
        )[0]
        speed = SPEED[labels[str(track)]]
        assert speed / 1.45 * seconds[-1] - 80 <= metres <= speed / 0.7 * seconds[-1] + 80
        silent.append(np.diff(seconds).max() > 5 * np.median(np.diff(seconds)))
    assert 0.05 < np.mean(silent) < 0.6


def test_what_is_no_movement_is_refused(tmp_path):
    parquet.write_table(
        pa.table({"user_id": ["a"], "t": [0], "lon": [0.0], "lat": [0.0]}),
        tmp_path / "tracks.parquet",
    )
    with pytest.raises(SyntheticError, match="no movement"):
        labelled.of_movement(tmp_path, 10, 1)  # a city
