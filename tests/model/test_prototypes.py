# SPDX-License-Identifier: GPL-2.0-or-later
"""Typical ways of a corpus: of ten people or more, near what happened, and in a bundle only if they were asked for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.data.corpus import load
from model.export import main as export
from model.pretrain import main as pretrain
from model.retrieval.prototypes import SETTINGS, make_prototypes
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.contract import PROTOTYPE_LAGS, PROTOTYPES_FILE, read_prototypes
from raw_qgis_plugin.core.bundle.runtime import Model

from .conftest import nano_arguments

STEP_S, SPEED_MS, STEPS = 16, 10.0, 60
TURN = 30  # steps east before all turn north


def road(rng, lat, first, n, days=1):
    """n people who drive east along a road at `lat` and then north, on each of some days."""
    step = np.tile(np.arange(STEPS), n * days)
    user, day = np.repeat(np.arange(n), STEPS * days) + first, np.tile(np.repeat(np.arange(days), STEPS), n)
    metres = STEP_S * SPEED_MS * np.stack([np.minimum(step, TURN), np.maximum(step - TURN, 0)])
    x, y = metres + rng.normal(0, 3, metres.shape)
    t = (1_700_000_000 + day * 86_400 + step * STEP_S + user * 3) * 1000
    return user, t, 10 + x / 111_320, lat + y / 110_574


def written(path, *roads):
    user, t, lon, lat = (np.concatenate(column) for column in zip(*roads))
    names = np.array([f"u{u}" for u in range(user.max() + 1)])[user]
    pq.write_table(pa.table({"user_id": names, "t": t, "lon": lon, "lat": lat}), path)
    return str(path)


@pytest.fixture
def corpus(tmp_path):
    """Roads on the equator with sixty people; nine people, on many days; and one person of twelve names."""
    rng = np.random.default_rng(0)
    many, few = road(rng, 0.0, 0, 60), road(rng, 1.0, 60, 9, days=30)
    one = road(rng, 2.0, 69, 1, days=10)
    copies = [(one[0] + k, *one[1:]) for k in range(12)]
    return written(tmp_path / "roads.parquet", many, few, *copies)


def test_ways_are_of_ten_people_or_more(corpus):
    table = make_prototypes([load(corpus, validation=None)])
    assert SETTINGS.least_people == 10 and len(table) > 20
    assert (table["lat_e6"] < 100_000).all()  # nothing where nine people went daily, or one under twelve names
    assert set(table["pace"]) == {2, 3}  # a fix each 16 s is too seldom for finer ones


def test_ways_are_where_people_went(corpus):
    table = make_prototypes([load(corpus, validation=None)])
    x, y = table["lon_e6"] / 1e6 * 111_320 - 10 * 111_320, table["lat_e6"] / 1e6 * 110_574
    corner = TURN * STEP_S * SPEED_MS
    gone = np.where(y < 20, x, corner + y)[:, None] + (4.0 ** table["pace"])[:, None] * SPEED_MS * PROTOTYPE_LAGS
    truth = np.stack([np.minimum(gone, corner) - x[:, None], np.maximum(gone - corner, 0) - y[:, None]], axis=-1)
    off = np.abs(table["offset_m"].astype(float) - truth)
    assert np.nanmedian(off) < 10 and np.nanmax(off) < 150
    assert (
        np.isfinite(table["offset_m"][:, :3]).all() and np.isnan(table["offset_m"][:, 3]).any()
    )  # near the end of all
    assert np.abs(np.hypot(*table["velocity_ms"].astype(float).T) - SPEED_MS).max() < 4


def test_the_same_seed_gives_the_same_ways(corpus):
    source = load(corpus, validation=None)
    assert make_prototypes([source]).tobytes() == make_prototypes([source]).tobytes()


def test_sources_without_people_of_their_own_give_none(corpus, tmp_path):
    assert not len(make_prototypes([load(f"exact:{corpus}", validation=None)]))
    assert not len(make_prototypes([]))
    one = written(tmp_path / "one.parquet", road(np.random.default_rng(1), 0.0, 0, 1, days=10))
    assert not len(make_prototypes([load(one, validation=None)] * 3))
    table = pq.read_table(corpus)
    pq.write_table(table.rename_columns(["track_id", *table.column_names[1:]]), tmp_path / "tracks.parquet")
    assert not len(make_prototypes([load(str(tmp_path / "tracks.parquet"), validation=None)]))  # whose, it does not say


def test_who_parts_at_a_fork_has_no_common_way(tmp_path):
    rng = np.random.default_rng(2)
    user, t, lon, lat = road(rng, 0.0, 0, 80)
    lat = np.where(user % 2, lat, -lat)  # half go north, half south
    table = make_prototypes([load(written(tmp_path / "fork.parquet", (user, t, lon, lat)), validation=None)])
    x = (table["lon_e6"] / 1e6 - 10) * 111_320
    way, corner = table["offset_m"].astype(float), TURN * STEP_S * SPEED_MS
    turned = x[:, None] + (4.0 ** table["pace"])[:, None] * SPEED_MS * PROTOTYPE_LAGS - corner  # metres beyond the fork
    beyond = (x < corner)[:, None] & (turned > 900) & np.isfinite(way[..., 1])
    assert beyond.sum() > 3 and (np.abs(np.abs(way[..., 1]) - turned)[beyond] < 0.5 * turned[beyond]).all()


def test_each_person_counts_the_same(tmp_path):
    rng = np.random.default_rng(3)
    few, often = road(rng, 0.0, 0, 30), road(rng, 40 / 110_574, 30, 1, days=40)  # 40 m beside
    table = make_prototypes([load(written(tmp_path / "often.parquet", few, often), validation=None)])
    north = table["lat_e6"][table["offset_m"][:, 0, 0] > 100] / 1e6 * 110_574
    assert len(north) and (np.abs(north) < 25).all()  # of ten or more, one is 40 m away: on the road's line of the grid


def test_fast_movers_have_ways_that_can_be_read(tmp_path):
    user, step = np.repeat(np.arange(100), 180), np.tile(np.arange(180), 100)
    train = (
        user,
        (1_700_000_000 + step * 30) * 1000 + 100 * user,
        10 + 35.0 * (30 * step + 0.1 * user) / 111_320,
        0.0 * step,
    )
    table = make_prototypes([load(written(tmp_path / "train.parquet", train), validation=None)])
    table.tofile(tmp_path / PROTOTYPES_FILE)
    assert (
        len(read_prototypes(tmp_path / PROTOTYPES_FILE)) > 20
        and np.isnan(table["offset_m"][table["pace"] == 4, 3]).all()
    )


def test_a_bundle_brings_them_if_they_were_asked_for(corpus, nano_run, tmp_path):
    going_on = ["--init", str(nano_run / "bundle"), "--no-neighbours", "--steps", "2"]
    pretrain(nano_arguments(corpus, tmp_path / "unasked", *going_on))
    assert not (tmp_path / "unasked" / PROTOTYPES_FILE).exists()
    assert "typical_ways" not in open_bundle(tmp_path / "unasked" / "bundle").card
    pretrain(nano_arguments(corpus, tmp_path / "run", *going_on, "--typical-ways"))
    bundle = open_bundle(tmp_path / "run" / "bundle")
    table = read_prototypes(bundle.path / PROTOTYPES_FILE)
    assert bundle.card["typical_ways"] == {
        "ways": len(table),
        "fewest_people": 10,
        "fewest_fixes": SETTINGS.least_fixes,
    }
    assert "prototypes from the places" in (bundle.path / "README.md").read_text("utf-8")
    assert Model(bundle, "cpu").prototypes is not None
    again = [*nano_arguments(corpus, tmp_path / "run"), "--steps", "2", "--resume"]  # without --init
    pretrain(again)
    assert (tmp_path / "run" / "bundle" / PROTOTYPES_FILE).read_bytes() == table.tobytes()
    export(["--run", str(tmp_path / "run"), "--output", str(tmp_path / "shared"), "--no-typical-ways"])
    assert not (tmp_path / "shared" / PROTOTYPES_FILE).exists()
    pretrain([*again, "--no-typical-ways"])
    without = open_bundle(tmp_path / "run" / "bundle")
    assert not (without.path / PROTOTYPES_FILE).exists() and "typical_ways" not in without.card
    assert not (nano_run / "bundle" / PROTOTYPES_FILE).exists()  # begun anew
