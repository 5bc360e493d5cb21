# SPDX-License-Identifier: GPL-2.0-or-later
"""Real labelled tracks: stretches of them, and a head that learns from several sources."""

import numpy as np
import pandas as pd
import pytest

from model.data import labelled
from model.finetune import main as finetune
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.profiles import profile
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.readers import read

SPEED = {"walk": 1.3, "bike": 5.0, "train": 25.0}


def write_source(folder, people, seed, per_person=6):
    """A labelled source: each person walks, rides and takes a train in turn; every seventh label is
    not usable.
    """
    rng, fixes, segments = np.random.default_rng(seed), [], []
    for person in range(people):
        t, lat = 1_700_000_000_000 + 86_400_000 * person, 50.0 + person
        for n in range(per_person):
            mode = list(SPEED)[(n + person) % 3]
            count = int(rng.integers(40, 60))
            steps = SPEED[mode] * rng.uniform(0.7, 1.3, count) * 10 / 111_200
            at, times = lat + np.cumsum(steps), t + 10_000 * np.arange(count)
            lat, t = at[-1], times[-1] + 600_000
            name = f"p{person}"
            fixes.append(pd.DataFrame({"track_id": name, "t": times, "lon": 10.0, "lat": at}))
            start, end = (pd.Timestamp(when, unit="ms", tz="UTC") for when in (times[0], times[-1]))
            row = {
                "group_id": f"g{person // 2}",
                "track_id": name,
                "t_start": start,
                "t_end": end,
                "mode": mode,
            }
            segments.append(row | {"usable": len(segments) % 7 != 6, "fixes": count})
    folder.mkdir(parents=True)
    points = pd.concat(fixes)
    points["t"] = pd.to_datetime(points.t, unit="ms", utc=True).astype("datetime64[ms, UTC]")
    points.to_parquet(folder / "points.parquet")
    table = pd.DataFrame(segments)
    table.to_parquet(folder / "segments.parquet")
    return table


def made(*sources, output, more=()):
    """The tracks, and the labels by track, of the command's output."""
    labelled.main(["--source", *map(str, sources), "--output", str(output), *more])
    labels = pd.read_csv(output / "labels.csv", dtype=str).set_index("track_id")
    return read(str(output / "tracks.parquet"))[0], labels


def test_stretches_are_the_usable_segments(tmp_path):
    table = write_source(tmp_path / "in", 6, 0)
    tracks, labels = made(tmp_path / "in", output=tmp_path / "out")
    used = table[table.usable]
    assert sorted(tracks.track_ids) == sorted(labels.index) and len(labels) == len(used)
    assert sorted(np.diff(tracks.track_offsets)) == sorted(used.fixes)
    assert labels["mode"].value_counts().to_dict() == used["mode"].value_counts().to_dict()
    # groups, not the users
    assert set(tracks.user_ids) == {f"in/{group}" for group in used.group_id}
    _, few = made(tmp_path / "in", output=tmp_path / "few", more=["--per-mode", "3"])
    assert few["mode"].value_counts().to_dict() == dict.fromkeys(SPEED, 3)


def test_segments_without_both_times_are_left_out(tmp_path):
    table = write_source(tmp_path / "in", 6, 0)
    table["t_start"], table["t_end"] = table.t_start.astype(str), table.t_end.astype(str)
    table.loc[0, "t_start"], table.loc[1, "t_end"] = "soon", None
    table.loc[2, ["t_start", "t_end"]] = table.loc[2, ["t_end", "t_start"]].to_numpy()
    table.to_parquet(tmp_path / "in" / "segments.parquet")
    tracks, labels = made(tmp_path / "in", output=tmp_path / "out")
    assert sorted(np.diff(tracks.track_offsets)) == sorted(table[table.usable].fixes[3:]) and len(
        labels
    ) == len(table[table.usable][3:])
    table.assign(usable=False).to_parquet(tmp_path / "in" / "segments.parquet")
    with pytest.raises(InputError, match="no usable segment"):
        made(tmp_path / "in", output=tmp_path / "none")


def test_gotrack_teaches_without_the_phones_of_the_sample(tmp_path):
    tracks = [
        "1,5,20,0.2,4.0,1",
        "2,4,20,0.2,4.0,1",
        "3,5,3,0.2,4.0,1",
        "4,5,20,0.2,0.4,1",
        "5,7,20,0.2,4.0,2",
    ]
    head = "id,id_android,speed,time,distance,car_or_bus"
    (tmp_path / "go_track_tracks.csv").write_text("\n".join([head, *tracks]), "utf-8")
    points = [
        f"{-10.9 - k / 1000},-37.0,{n},2014-09-13 07:{24 + k}:32"
        for n in range(1, 6)
        for k in range(4)
    ]
    (tmp_path / "go_track_trackspoints.csv").write_text(
        "\n".join(["latitude,longitude,track_id,time", *points]), "utf-8"
    )
    tracks, labels = made(tmp_path, output=tmp_path / "out")
    assert sorted(labels["mode"]) == ["bus", "car"] and np.diff(tracks.track_offsets).tolist() == [
        4,
        4,
    ]
    assert sorted(name.rpartition("/")[2] for name in labels.user_id) == ["5", "7"]


def test_a_head_learns_from_several_sources_and_from_one_beside(nano_run, tmp_path):
    names = ["north", "south", "simulated"]
    for name, people, seed in zip(names, (12, 8, 10), (1, 2, 3), strict=True):
        write_source(tmp_path / name, people, seed)
    tracks, labels = made(*(tmp_path / name for name in names[:2]), output=tmp_path / "real")
    _, others = made(tmp_path / "simulated", output=tmp_path / "beside")
    files = [
        [str(tmp_path / folder / file) for file in ("tracks.parquet", "labels.csv")]
        for folder in ("real", "beside")
    ]
    command = [
        "--tracks",
        files[0][0],
        "--labels",
        files[0][1],
        "--field",
        "mode",
        "--unit",
        "track",
    ]
    command += ["--task-name", "mode", "--rename", "train=rail", "--sources", "--beside", *files[1]]
    finetune([*command, "--bundle", str(nano_run / "bundle"), "--output", str(tmp_path / "b")])
    model = Model(open_bundle(tmp_path / "b"), "cpu", 1)
    head = model.bundle.head("mode")
    assert head["metrics"]["units"] == len(labels) and len(others) > 20  # no simulation
    assert head["metrics"]["head"]["accuracy"] > 0.9 and 0.4 <= head["threshold"] <= 0.6
    answers = profile(tracks, model, "track", ["mode"]).columns
    truth = labels.loc[answers["track_id"], "mode"].replace("train", "rail")
    assert (answers["mode"] == truth.to_numpy()).mean() > 0.9
