# SPDX-License-Identifier: GPL-2.0-or-later
"""Real labelled tracks: stretches of them, parts of tracks, and figures by source."""

import numpy as np
import pandas as pd
import pytest

from model.data import labelled
from model.data.labels import Labelled
from model.finetune import main as finetune
from model.head_training.examples import some_parts
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.applicability import unit_stats
from raw_qgis_plugin.core.embedding.profiles import profile
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.readers import read

SPEED = {"walk": 1.3, "bike": 5.0, "train": 25.0}


def write_source(folder, people, seed, per_person=6):
    """A labelled source: each person walks, rides and takes a train in turn; every seventh label is not usable."""
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
            row = {"group_id": f"g{person // 2}", "track_id": name, "t_start": start, "t_end": end, "mode": mode}
            segments.append(row | {"usable": len(segments) % 7 != 6, "fixes": count})
    folder.mkdir(parents=True)
    points = pd.concat(fixes)
    points["t"] = pd.to_datetime(points.t, unit="ms", utc=True).astype("datetime64[ms, UTC]")
    points.to_parquet(folder / "points.parquet")
    table = pd.DataFrame(segments)
    table.to_parquet(folder / "segments.parquet")
    return table


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Two real sources as stretches, and one that stands for a simulation."""
    folder = tmp_path_factory.mktemp("sources")
    for name, people, seed in (("north", 12, 1), ("south", 8, 2), ("simulated", 10, 3)):
        write_source(folder / "raw" / name, people, seed)
        labelled.main(["--source", str(folder / "raw" / name), "--output", str(folder / name)])
    return folder


def test_stretches_are_the_usable_segments(tmp_path):
    table = write_source(tmp_path / "in", 6, 0)
    labelled.main(["--source", str(tmp_path / "in"), "--output", str(tmp_path / "out")])
    tracks, _, _ = read(str(tmp_path / "out" / "tracks.parquet"))
    labels = pd.read_csv(tmp_path / "out" / "labels.csv", dtype=str).set_index("track_id")
    used = table[table.usable]
    assert sorted(map(int, tracks.track_ids)) == list(used.index) == sorted(map(int, labels.index))
    size = dict(zip(tracks.track_ids, np.diff(tracks.track_offsets), strict=True))
    assert all(size[str(k)] == row.fixes for k, row in used.iterrows())
    assert all(labels.loc[str(k), "mode"] == row["mode"] for k, row in used.iterrows())
    assert set(tracks.user_ids) == set(used.group_id)  # groups, not the users
    labelled.main(["--source", str(tmp_path / "in"), "--per-mode", "3", "--output", str(tmp_path / "few")])
    few = pd.read_csv(tmp_path / "few" / "labels.csv")
    assert few["mode"].value_counts().to_dict() == dict.fromkeys(SPEED, 3)
    table.drop(columns="usable").to_parquet(tmp_path / "in" / "segments.parquet")
    with pytest.raises(InputError, match="no column usable"):
        labelled.main(["--source", str(tmp_path / "in"), "--output", str(tmp_path / "none")])


def test_segments_without_both_times_are_left_out(tmp_path):
    table = write_source(tmp_path / "in", 6, 0)
    table["t_start"], table["t_end"] = table.t_start.astype(str), table.t_end.astype(str)
    table.loc[0, "t_start"], table.loc[1, "t_end"] = "soon", None
    table.loc[2, ["t_start", "t_end"]] = table.loc[2, ["t_end", "t_start"]].to_numpy()
    table.to_parquet(tmp_path / "in" / "segments.parquet")
    labelled.main(["--source", str(tmp_path / "in"), "--output", str(tmp_path / "out")])
    assert list(pd.read_csv(tmp_path / "out" / "labels.csv").track_id) == list(table.index[table.usable][3:])
    table.assign(usable=False).to_parquet(tmp_path / "in" / "segments.parquet")
    with pytest.raises(InputError, match="no usable segment"):
        labelled.main(["--source", str(tmp_path / "in"), "--output", str(tmp_path / "none")])


def test_gotrack_teaches_without_the_phones_of_the_sample(tmp_path):
    tracks = ["1,5,20,0.2,4.0,1", "2,4,20,0.2,4.0,1", "3,5,3,0.2,4.0,1", "4,5,20,0.2,0.4,1", "5,7,20,0.2,4.0,2"]
    head = "id,id_android,speed,time,distance,car_or_bus"
    (tmp_path / "go_track_tracks.csv").write_text("\n".join([head, *tracks]), "utf-8")
    points = [f"{-10.9 - k / 1000},-37.0,{n},2014-09-13 07:{24 + k}:32" for n in range(1, 6) for k in range(4)]
    (tmp_path / "go_track_trackspoints.csv").write_text(
        "\n".join(["latitude,longitude,track_id,time", *points]), "utf-8"
    )
    labelled.main(["--source", str(tmp_path), "--output", str(tmp_path / "out")])
    rows = (tmp_path / "out" / "labels.csv").read_text("utf-8").split()
    assert rows == ["user_id,track_id,mode", "5,1,car", "7,5,bus"]
    assert pd.read_parquet(tmp_path / "out" / "tracks.parquet")["track_id"].tolist() == ["1"] * 4 + ["5"] * 4


def test_a_head_of_several_sources_says_how_it_does_on_each(sources, nano_run, tmp_path):
    names = ["north", "south", "simulated"]
    tracks, labels = ([str(sources / name / file) for name in names] for file in ("tracks.parquet", "labels.csv"))
    command = ["--tracks", *tracks, "--labels", *labels, "--field", "mode", "--unit", "track", "--task-name", "mode"]
    command += ["--rename", "train=rail", "--bundle", str(nano_run / "bundle"), "--output", str(tmp_path / "b")]
    finetune([*command, "--beside", "1", "--also-parts", "2"])
    model = Model(open_bundle(tmp_path / "b"), "cpu", 1)
    head = model.bundle.head("mode")
    usable = {n: len(pd.read_csv(sources / n / "labels.csv")) for n in names}
    assert {n: r["units"] for n, r in head["sources"].items()} == {n: usable[n] for n in names[:2]}  # no simulation
    assert head["metrics"]["units"] == usable["north"] + usable["south"]
    assert head["metrics"]["head"]["accuracy"] > 0.9 and 0.4 <= head["threshold"] <= 0.6
    assert "mode, south: accuracy" in (tmp_path / "b" / "README.md").read_text("utf-8")
    answers = profile(read(tracks[1])[0], model, "track", ["mode"]).columns
    truth = pd.read_csv(labels[1], dtype=str).set_index("track_id").loc[answers["track_id"], "mode"]
    assert (answers["mode"] == truth.replace("train", "rail").to_numpy()).mean() > 0.9


def test_parts_are_shorter_and_thinner_and_never_tested(sources, nano_run):
    tracks, _, _ = read(str(sources / "north" / "tracks.parquet"))
    n = tracks.n_tracks
    found = Labelled(np.arange(n), np.repeat("a", n).astype(object), np.arange(n))
    seen = []

    def embedded(some):
        seen.append(some)
        return np.zeros((some.n_tracks, 4), np.float32)

    parts = some_parts(tracks, found, Model(open_bundle(nano_run / "bundle"), "cpu", 1), 3, 0, embedded)
    assert not parts.whole.any() and len(parts.x) == sum(some.n_tracks for some in seen) > 2 * n
    assert all(np.diff(some.track_offsets).min() >= 6 for some in seen)
    cadence = np.concatenate([unit_stats(some)["cadence_s"] for some in seen])
    assert len(np.unique(cadence)) > 2 and np.mean([some.span_s.mean() for some in seen]) < tracks.span_s.mean()
