# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads, regions and probes measured beside simple methods: the figures are what they say they are."""

import csv
import itertools
import json
import tracemalloc
from argparse import Namespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from scipy.sparse import csr_matrix

from model.data.heldout import held_out_cab
from model.evaluate import main as evaluate
from model.evaluate import probes, profiles, regions
from model.finetune import main as finetune
from model.head_training.untrained import TorchModel, untrained
from model.heads import Task
from model.training.checkpoint import load_network
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import build_tracks

WEIGHTS = "weights.safetensors"


@pytest.fixture(scope="module")
def labels_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    with path.open("w", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(["user_id", "way", "speed"])
        writer.writerows(
            [f"u{i}", "drives" if i % 2 else "walks", (12.0 if i % 2 else 1.3) + i / 100] for i in range(120)
        )
    return path


@pytest.fixture(scope="module")
def words_file(labels_file):
    """The same labels, and a second word for the same of everybody who walks."""
    path, rows = labels_file.with_name("words.csv"), labels_file.read_text().splitlines()
    path.write_text("\n".join([*rows, *(row.replace("walks", "strolls") for row in rows if "walks" in row)]))
    return path


@pytest.fixture(scope="module")
def taught(nano_run, tracks_file, labels_file, tmp_path_factory):
    output = tmp_path_factory.mktemp("taught") / "bundle"
    common = ["--tracks", str(tracks_file), "--labels", str(labels_file), "--unit", "user", "--output", str(output)]
    finetune([*common, "--bundle", str(nano_run / "bundle"), "--field", "way", "--task-name", "way"])
    finetune([*common, "--bundle", str(output), "--field", "speed", "--task-name", "speed", "--unit-of-measure", "m/s"])
    return output


@pytest.mark.parametrize("field", ["way", "speed"])
def test_a_head_on_labels_beside_trees(taught, tracks_file, labels_file, tmp_path, field):
    arguments = ["profiles", "--tracks", str(tracks_file), "--labels", str(labels_file), "--field", field]
    arguments += ["--unit", "user", "--task", field, "--bundle", str(taught), "--output", str(tmp_path / "r")]
    evaluate(
        [*arguments, "--record", "here", "--baseline-tracks", str(tracks_file), "--baseline-labels", str(labels_file)]
    )
    figures = json.loads((tmp_path / "r.json").read_text())["all"]
    assert figures["units"] == figures["people"] == 120 and len(figures["ratio"]) == 3
    if field == "way":
        assert np.trace(figures["confusion"]) / 120 == pytest.approx(figures["accuracy"]) and figures["accuracy"] > 0.95
    else:
        assert figures["mae"] < 1.5 and 0.6 < figures["inside"] <= 1 and figures["correlation"] > 0.9
    assert (
        "here" in open_bundle(taught).head(field)["elsewhere"]
        and f"{field} on here" in (taught / "README.md").read_text()
    )
    assert "Head" in (tmp_path / "r.html").read_text("utf-8")


def test_a_class_that_nobody_has_is_no_answer_of_the_trees(taught, tracks_file, labels_file, tmp_path):
    """Trees that could not be taught answer nothing, rather than the first class for all."""
    rows = [line for line in labels_file.read_text().splitlines() if "drives" not in line]
    (tmp_path / "walks.csv").write_text("\n".join(rows))
    arguments = ["profiles", "--tracks", str(tracks_file), "--labels", str(tmp_path / "walks.csv"), "--field", "way"]
    with pytest.raises(InputError, match="lack one of the head's classes"):
        evaluate([*arguments, "--unit", "user", "--task", "way", "--bundle", str(taught)])
    with pytest.raises(InputError, match="give its folder as --bundle"):
        evaluate([*arguments, "--unit", "user", "--task", "way", "--record", "here"])
    for more in (["--days", "2"], ["--unit", "user"], ["--per-class", "9"]):
        with pytest.raises(InputError, match="leave them out with --rule"):
            evaluate([*arguments[:3], "--rule", "commuting", "--task", "way", *more])


def test_words_for_the_same_leave_nobody_out(tracks_file, words_file):
    head = {"kind": "classes", "classes": ["drives", "walks"], "unit": "user"}
    args = Namespace(rule=None, field="way", rename=[("strolls", "walks")], per_class=None, unit=None, seed=0)
    _, found, y = profiles.labelled(str(tracks_file), words_file, args, head, None)
    assert len(found.unit) == 120 and np.bincount(y).tolist() == [60, 60]


def test_classes_in_another_case_leave_nobody_out(tracks_file, words_file, capsys):
    args = Namespace(rule=None, field="way", rename=[("strolls", "Walks")], per_class=None, unit=None, seed=0)
    head = {"kind": "classes", "classes": ["DRIVES", "walks"], "unit": "user"}
    _, found, y = profiles.labelled(str(tracks_file), words_file, args, head, None)
    assert len(found.unit) == 120 and np.bincount(y).tolist() == [60, 60]
    head = {"kind": "classes", "classes": ["DRIVES", "swims"], "unit": "user"}
    _, found, _ = profiles.labelled(str(tracks_file), words_file, args, head, None)
    assert len(found.unit) == 60 and "none of the head's classes were left out: walks" in capsys.readouterr().err


def test_the_nearest_of_the_simple_methods_is_the_one_to_beat():
    rng = np.random.default_rng(0)
    hand = rng.normal(size=(300, 3))
    y = np.expm1(np.abs(3 * hand[:, 0] + rng.normal(size=300)))
    ways = profiles.simple_answers(hand[:200], y[:200], hand[200:], Task("number", transform="log1p"), 0)
    off = np.abs(ways - y[200:]).mean(axis=1)
    assert ways.shape == (3, 100) and off[1] < off[0]  # logarithms tell what spreads over magnitudes
    assert (ways[2] == np.median(y[:200])).all()
    words = (hand[:, 0] > 0).astype(int)
    ways = profiles.simple_answers(hand[:200], words[:200], hand[200:], Task("binary", ("no", "yes")), 0)
    assert (ways[0] == words[200:]).mean() > 0.9 and set(ways[2]) == {float(np.bincount(words[:200]).argmax())}


def test_first_days_begin_with_a_whole_one():
    hours = np.arange(0, 24 * 5, 3)
    tracks, _ = build_tracks(
        None, None, 1_699_833_600_000 + (hours + 20) * 3_600_000, np.zeros(len(hours)), np.zeros(len(hours))
    )
    kept = profiles.first_days(tracks, 2)
    assert len(kept) == 16 and (kept.t.min() - 1_699_833_600_000) / 3_600_000 == 26  # 02:00 of the next day


def test_the_rule_is_asked_of_the_later_half():
    minutes = np.arange(0, 28 * 1440, 20)
    hour, day = minutes % 1440 / 60, minutes // 1440
    at_work = (hour >= 9) & (hour < 17) & (day % 7 < 5)
    parts = []
    for user in range(12):
        works = at_work & ((day >= 14) if user % 2 else (day < 0))  # odd ones begin to work after two weeks
        shared = (user > 9) * (minutes < 240) * minutes / 1e6  # a way that the last two have in common
        parts.append((np.full(len(minutes), user), minutes, 0.03 * works - shared))
    who, when, lon = (np.concatenate(p) for p in zip(*parts, strict=True))
    tracks, _ = build_tracks(who, None, 1_699_833_600_000 + when * 60_000, lon, np.zeros(len(lon)))
    first, found = profiles.by_rule(tracks)
    assert found.value.tolist() == ["no", "yes"] * 6
    assert found.group[10] == found.group[11] and len(np.unique(found.group)) == 11
    assert first.n_users == 12 and first.lon.max() == 0  # of what is asked about nothing is seen
    with pytest.raises(InputError, match="Only 3 users"):
        profiles.by_rule(tracks.take(tracks.user < 3))


def squares(path, side=0.014):
    features = []
    for i in range(64):
        box = shapely.box(
            *(9.99 + side * (i % 8), 49.99 + side * (i // 8)), *(9.99 + side * (i % 8 + 1), 49.99 + side * (i // 8 + 1))
        )
        shape = json.loads(shapely.to_geojson(box))
        features.append({"type": "Feature", "properties": {"region_id": f"r{i}"}, "geometry": shape})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.fixture
def shops(nano_run, tracks_file, tmp_path):
    """Arguments of an evaluation of regions by their shops."""
    path, labels = squares(tmp_path / "r.geojson"), tmp_path / "l.csv"
    labels.write_text("region_id,shops\n" + "".join(f"r{i},{(i % 8) * 3 + i // 8}\n" for i in range(64)))
    arguments = ["regions", "--tracks", str(tracks_file), "--regions", str(path), "--id", "region_id"]
    arguments += ["--min-users", "3", "--bundle", str(nano_run / "bundle"), "--output", str(tmp_path / "report")]
    return [*arguments, "--labels", str(labels), "--field", "shops"]


def test_regions_against_visitors_alone(shops, tmp_path):
    evaluate(shops)
    methods = json.loads((tmp_path / "report.json").read_text())["methods"]
    assert methods[regions.ALONE]["more_r2"] == pytest.approx([0, 0, 0])
    for control, key in regions.MORE.items():
        more, low, high = methods[regions.WHO][key]
        assert low <= more <= high
        assert more == pytest.approx(methods[regions.WHO]["r2"] - methods[control]["r2"])
    with pytest.raises(InputError, match="What is the truth"):
        evaluate(shops[:-2])
    with pytest.raises(InputError, match="Only 0 regions"):
        evaluate([*shops, "--min-users", "1000"])


def test_stretches_of_hours_count_as_users(shops, tracks_file, tmp_path):
    evaluate([*shops, "--hours", "0.25"])
    people = read(str(tracks_file))[0].n_users
    assert json.loads((tmp_path / "report.json").read_text())["users"] > 2 * people


def test_controls_keep_which_regions_share_visitors():
    visits = csr_matrix(np.array([[3, 1, 0, 2, 0], [0, 2, 1, 2, 0]]))
    embeddings = np.arange(10, dtype=np.float32).reshape(5, 2)
    embeddings[3] = np.nan
    owners = np.array([regions.permuted(embeddings, visits, seed) for seed in range(40)])
    assert (np.sort(owners, axis=1) == np.arange(5)).all()
    assert (owners[:, 3:] == [3, 4]).all()  # who has no embedding, or came to no region, keeps their own
    assert {tuple(owner) for owner in owners[:, :3]} == set(itertools.permutations(range(3)))
    noise = regions.noise_like(embeddings, 0)
    assert np.isnan(noise).any(axis=1).tolist() == [False, False, False, True, False]


def test_measures_are_what_they_say():
    truth = np.arange(40.0)
    alone, better = truth.mean() + np.zeros(40), truth + 1
    m = regions.measure(better, truth, alone, np.arange(40) // 2, 0)
    assert m["r2"] == pytest.approx(1 - 40 / np.square(truth - truth.mean()).sum())
    assert m["mae"] == 1 and m["rank_correlation"] == pytest.approx(1)
    assert regions.measure(np.stack([better, truth - 3]), truth, alone, np.arange(40) // 2, 0)["mae"] == 2
    assert m["more_r2"][0] == pytest.approx(m["r2"]) and m["more_r2"][1] > 0.9


def test_pickups_are_where_the_flag_turns(tmp_path):
    day = 86_400_000
    seen = next(i for i in range(1000) if held_out_cab(f"c{i}"))
    other = next(i for i in range(1000) if not held_out_cab(f"c{i}"))
    rows = [
        (f"c{other}", 0, 0, 0.5), (f"c{other}", 1, 1, 0.5),  # before
        (f"c{other}", 8 * day, 0, 0.5), (f"c{other}", 8 * day + 1, 1, 0.5), (f"c{other}", 8 * day + 2, 1, 1.5),  # in it
        (f"c{other}", 14 * day, 0, 1.5), (f"c{seen}", 2 * day, 0, 1.5), (f"c{seen}", 3 * day, 1, 0.5),
        (f"c{seen}", 10 * day, 0, 0.5), (f"c{seen}", 11 * day, 1, 0.5),
    ]  # fmt: skip
    cab, t, occupied, lon = map(list, zip(*rows, strict=True))
    table = {
        "cab_id": cab, "t": pa.array(t, pa.timestamp("ms")), "occupied": pa.array(occupied, pa.int8()),
        "lon_e6": (np.array(lon) * 1e6).astype(np.int32), "lat_e6": np.full(len(lon), 500_000, np.int32),
    }  # fmt: skip
    pq.write_table(pa.table(table), tmp_path / "cabs.parquet")
    boxes = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    tracks, now, before = regions.pickups(str(tmp_path / "cabs.parquet"), boxes)
    assert now.tolist() == [1, 0] and before.tolist() == [1, 0]
    assert tracks.user_ids.tolist() == [f"c{seen}"] and len(tracks) == 2  # the held-out cab, before the last week


def test_torch_and_onnx_embed_alike(nano_run, tracks_file):
    tracks, _, _ = read(str(tracks_file))
    some = tracks.take(tracks.user < 5)
    model = Model(open_bundle(nano_run / "bundle"), "cpu")
    network, _ = load_network(nano_run / "bundle" / "weights.safetensors")
    ours = embed(some, TorchModel(network, model.card))
    np.testing.assert_allclose(ours, embed(some, model), atol=5e-3)  # the weights are of half precision
    assert np.abs(embed(some, untrained(model)) - ours).max() > 0.1


def test_probes_of_states_and_labels(nano_run, tracks_file, words_file, tmp_path, monkeypatch):
    monkeypatch.setattr(probes, "SETTINGS", probes.Settings(draws=3))
    arguments = ["probes", "--tracks", str(tracks_file), "--labels", str(words_file), "--field", "way"]
    arguments += ["--rename", "strolls=walks"]
    evaluate([*arguments, "--bundle", str(nano_run / "bundle"), "--output", str(tmp_path / "p")])
    figures = json.loads((tmp_path / "p.json").read_text())
    assert figures["states"]["speed (logarithm)"]["model"] > 0.8  # two speeds, which any state shows
    assert figures["heads"]["RAW"]["head"]["accuracy"] > 0.95
    assert set(figures["few_labels"]) == {*figures["heads"], "hand features"}
    assert figures["neighbours"]["same"] > 0.9 > 0.6 > figures["neighbours"]["chance"]
    assert "Nearest neighbours" in (tmp_path / "p.html").read_text("utf-8")


def test_neighbours_of_the_same_person_do_not_count():
    person = np.repeat(np.arange(12), 2)  # each of them twice, at one spot of its own
    same, chance = probes.neighbours(np.eye(12)[person], person, person)
    assert same == 0 and chance == pytest.approx(1 / 12)


def test_neighbours_take_no_room_for_all_pairs():
    x, person = np.random.default_rng(0).normal(size=(5000, 4)), np.arange(5000)
    tracemalloc.start()
    try:
        probes.neighbours(x, person % 2, person)
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


def test_a_probe_asks_other_people():
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(40), 10)
    own = rng.normal(size=(40, 30))[user]  # says who it is
    secret = rng.normal(size=40)[user][:, None]
    assert probes.probe(own, secret, user, 0) < 0.3  # knowing who it is does not help with people unseen
    assert probes.probe(np.concatenate([own, secret], axis=1), secret, user, 0) > 0.9
    assert Task("number").outputs == 1
