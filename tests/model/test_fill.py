# SPDX-License-Identifier: GPL-2.0-or-later
"""Gaps on the command line, and the training of the imputer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.cli import run
from model.fill import main as fill
from model.shipped.fill import train
from model.shipped.fill.hidden import hide
from model.shipped.retrieval.train import main as train_scorer
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.gaps import imputer
from raw_qgis_plugin.core.paths import shipped_bundle
from raw_qgis_plugin.core.sources.readers import read

from .conftest import write_tracks


@pytest.fixture(scope="module")
def gappy(tracks_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The invented people without the fixes 50 to 99, some eight minutes."""
    table = pq.read_table(tracks_file)
    number = np.arange(len(table)) % 200
    path = tmp_path_factory.mktemp("gappy") / "gappy.parquet"
    pq.write_table(table.filter(pa.array((number < 50) | (number >= 100))), path)
    return path


def test_every_minute_of_gaps_is_filled(
    gappy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "filled.parquet"
    fill(["--tracks", str(gappy), "--output", str(output)])
    table = pq.read_table(output)
    assert table.column_names == [
        "user_id",
        "track_id",
        "t",
        "lon",
        "lat",
        "radius50_m",
        "radius80_m",
        "inferred",
    ]
    assert 120 * 7 <= len(table) <= 120 * 10 and all(table["inferred"].to_pylist())
    assert np.isfinite(table["lon"].to_numpy()).all() and (table["radius80_m"].to_numpy() > 0).all()
    fill(["--tracks", str(gappy), "--max-gap", "5", "--step", "2", "--output", str(output)])
    assert (
        len(pq.read_table(output)) == 0
        and "120 gaps longer than 5 minutes stay open" in capsys.readouterr().err
    )


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


def test_training_lowers_the_error_and_leaves_what_the_core_reads(
    tracks_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = [
        "--corpus",
        str(tracks_file),
        "--examples",
        "2000",
        "--output",
        str(tmp_path / "bridge"),
    ]
    monkeypatch.setattr(train.ImputerTraining, "batch", 128)
    train.main([*asked, "--epochs", "4"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    losses = [line["loss"] for line in lines if "epoch" in line]
    assert losses[-1] < losses[0]
    card = json.loads((tmp_path / "bridge" / "card.json").read_text())
    assert (
        card["examples"] > 500 and {"seconds", "share50", "share80"} <= card["calibration"].keys()
    )
    monkeypatch.setattr(imputer, "IMPUTER", tmp_path / "bridge" / "bridge.onnx")
    monkeypatch.setattr(imputer, "IMPUTER_CARD", tmp_path / "bridge" / "card.json")
    some = train.examples_of(hide(read(str(tracks_file))[0].by_user(), 300.0, 1, 50, 0))
    m = imputer.Imputer().mixture(some.inputs, some.unit_m)
    assert (m.scale > 0).all() and np.allclose(m.weight.sum(axis=1), 1, atol=1e-5)


def test_a_corpus_without_gaps_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = write_tracks(tmp_path / "one.parquet", users=1)  # nobody is held apart
    with pytest.raises(
        InputError, match="no fixes of people held apart in which gaps of 2.5 to 60 minutes"
    ):
        train.main(["--corpus", str(one), "--output", str(tmp_path / "b")])
    assert not capsys.readouterr().out  # before gaps to learn from are collected


def test_a_bundle_is_no_place_for_the_card_of_something_else(tmp_path: Path) -> None:
    bundle = tmp_path / "mine"
    library.copy(shipped_bundle(), bundle)
    for main in (train.main, train_scorer):
        with pytest.raises(InputError, match="holds a card.json of something else"):
            main(["--corpus", "nothing", "--output", str(bundle)])
    open_bundle(bundle)
