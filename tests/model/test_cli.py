# SPDX-License-Identifier: GPL-2.0-or-later
"""What the commands share."""

from __future__ import annotations

import resource
import shutil
from argparse import Namespace

import numpy as np
import pytest

from model import cli, finetune, flows, forecast, pretrain, profiles
from model.cli import LARGEST_SEED
from model.diary import main as diary
from model.evaluate import main as evaluate
from raw_qgis_plugin.core.errors import InputError


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--seed", "-1", "is no whole number from 0"), ("--seed", str(LARGEST_SEED + 1), "is no whole number from 0"),
        ("--minutes", "0", "is not over zero"), ("--minutes", "nan", "is not over zero"),
    ],
)  # fmt: skip
def test_a_wrong_number_is_one_clear_line(flag, value, words, capsys):
    with pytest.raises(SystemExit) as end:
        pretrain.main([flag, value])
    told = capsys.readouterr().err
    assert end.value.code == 2 and f"'{value}' {words}" in told and told.count("\n") == 1


def test_what_is_read_is_not_written_over(tracks_file, tmp_path, capsys):
    tracks, folder = tmp_path / "tracks.parquet", tmp_path / "parts"
    folder.mkdir()
    for copy in (tracks, folder / "0.parquet"):
        shutil.copy(tracks_file, copy)
    (tmp_path / "link.parquet").symlink_to(tracks)
    for output, source in (
        (tracks, tracks),
        (tmp_path / "link.parquet", tracks),
        (folder / "0.parquet", folder),
    ):
        arguments = [
            "--tracks",
            str(source),
            "--task",
            "transport_mode",
            "--device",
            "cpu",
            "--output",
            str(output),
        ]
        assert cli.run(profiles.main, arguments) == 2
        assert "is what is read" in capsys.readouterr().err
        assert output.read_bytes() == tracks_file.read_bytes()
    (tmp_path / "at.csv").write_text("track_id,t\n")
    with pytest.raises(InputError, match="is what is read"):
        cli.check_output(
            str(tmp_path / "at.csv"),
            Namespace(tracks=f"parquet:{tracks}", at=str(tmp_path / "at.csv")),
        )
    cli.check_output(str(folder / "new.parquet"), Namespace(tracks=str(folder)))


def test_a_second_output_is_not_written_over_what_is_read(tracks_file, tmp_path, capsys):
    tracks, at = tmp_path / "stops.parquet", tmp_path / "at.csv"
    shutil.copy(tracks_file, tracks)
    at.write_text("track_id,t\nu1,2023-11-14T23:00:00Z\n")
    both = [
        "--tracks",
        str(tracks),
        "--at",
        str(at),
        "--output",
        str(tmp_path / "p.csv"),
        "--paths",
    ]
    for paths, words in (
        (tracks, "is what is read"), (at, "is what is read"), (tmp_path / "p.csv", "--paths and --output are one file"),
        (tmp_path / "p.txt", "--paths must end in"), (tmp_path / "none" / "p.csv", "There is no folder"),
    ):  # fmt: skip
        assert cli.run(forecast.main, [*both, str(paths)]) == 2
        assert words in capsys.readouterr().err
    assert cli.run(diary, ["--tracks", str(tracks), "--output", str(tmp_path)]) == 2
    assert "is what is read" in capsys.readouterr().err
    labels = tmp_path / "labels.csv"
    labels.write_text("user_id,mode\nu1,car\n")
    head = [
        "--labels",
        str(labels),
        "--field",
        "mode",
        "--task-name",
        "m",
        "--output",
        str(tmp_path / "b"),
    ]
    assert cli.run(finetune.main, ["--tracks", str(tracks), *head, "--report", str(labels)]) == 2
    assert "is what is read" in capsys.readouterr().err
    assert tracks.read_bytes() == tracks_file.read_bytes() and not (tmp_path / "p.csv").exists()


def test_flows_writes_its_tables_into_a_folder(tracks_file, tmp_path, capsys):
    asked = [
        "--tracks",
        str(tracks_file),
        "--trips",
        "tracks",
        "--min-users",
        "1",
        "--device",
        "cpu",
        "--output",
    ]
    assert cli.run(flows.main, [*asked, str(tmp_path / "new")]) == 0, capsys.readouterr().err
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        "matrix.parquet",
        "zones.parquet",
    }


def test_a_report_is_not_written_over_the_tracks_or_into_no_folder(tmp_path, capsys):
    (tmp_path / "records.json").write_text("[]")
    asked = ["forecast", "--tracks", str(tmp_path / "records.json"), "--output"]
    assert cli.run(evaluate, [*asked, str(tmp_path / "records")]) == 2
    assert "is what is read" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        evaluate([*asked, str(tmp_path / "none" / "r")])
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_full_disk_leaves_the_table_before(tmp_path, suffix):
    path = tmp_path / f"table.{suffix}"
    cli.write_table(str(path), {"n": np.arange(4)})
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(OSError, match="large"):
            cli.write_table(str(path), {"n": np.random.default_rng(0).random(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
