# SPDX-License-Identifier: GPL-2.0-or-later
"""The cache of embeddings: the same figures, computed once, whatever happens to the file or the
run.
"""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle.runtime import featurize_padded
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.embedding import cache
from raw_qgis_plugin.core.embedding.cache import FILE, embed_cached
from raw_qgis_plugin.core.embedding.embed import embed, embedding_width, thin_rows
from raw_qgis_plugin.core.errors import Cancelled

ROOT = Path(__file__).parents[2]


@pytest.fixture
def make_model(tmp_path, invented_model):
    """A model whose backbone is a file of the given bytes; model.seen counts the sequences it was
    shown.
    """

    def make(graph: bytes = b"graph", width: int = 4):
        model = invented_model(width=width)
        model.bundle = replace(model.bundle, path=tmp_path / f"bundle-{graph.hex()}")
        model.bundle.path.mkdir(exist_ok=True)
        (model.bundle.path / "weights.safetensors").write_bytes(graph)
        model.seen, plain = 0, model.backbone

        def counting(x, *rest, **named):
            model.seen += len(x)
            return plain(x, *rest, **named)

        model.backbone = counting
        return model

    return make


def refuse(message):
    raise AssertionError(f"nothing was to be warned of: {message}")


def others(people, n):
    """n more users, unlike each other."""
    t = np.tile(people.t[:60], n)
    lon = np.repeat(np.arange(n) / 7, 60) + np.tile(people.lon[:60], n)
    return build_tracks(np.repeat(np.arange(n), 60), None, t, lon, np.tile(people.lat[:60], n))[0]


def test_an_embedding_has_means_and_spreads_of_two_scales(people, invented_model):
    one = people.take(np.arange(20))  # a fix a minute, in two quarters of an hour
    states = []
    for rows in (np.arange(20), np.flatnonzero(np.append(np.diff(one.t // 900_000) > 0, True))):
        _, x, _ = featurize_padded(one, rows[None], np.ones((1, len(rows)), bool))
        states.append(np.cumsum(x[0, :, :4].astype(float), axis=0))
    expected = [part for each in states for part in (each.mean(axis=0), each.std(axis=0))]
    np.testing.assert_allclose(
        embed(one, invented_model())[0, :16], np.concatenate(expected), rtol=1e-4, atol=1e-6
    )


def test_a_second_run_computes_only_what_is_new(tmp_path, make_model, people):
    model, folder = make_model(), tmp_path / "cache"
    some = people.take(people.user < 9)
    first = embed_cached(some, model, folder, warn=refuse)
    np.testing.assert_allclose(first, embed(some, make_model()), rtol=1e-5)
    model.seen = 0
    again = embed_cached(people, model, folder, warn=refuse)
    new, direct = make_model(), embed(people.take(people.user >= 9), model)
    embed(people.take(people.user >= 9), new)
    # once here, once in `direct`: the nine others came from the file
    assert model.seen == 2 * new.seen > 0
    assert (again[:9] == first).all()
    np.testing.assert_allclose(again[9:], direct, rtol=1e-5)


def test_the_key_is_the_content_the_model_and_the_recipe(tmp_path, make_model, people, monkeypatch):
    model, folder = make_model(), tmp_path / "cache"
    embed_cached(people, model, folder)
    model.seen = 0
    renamed = build_tracks(people.user + 100, None, people.t, people.lon, people.lat)[0]
    embed_cached(renamed, model, folder)
    assert model.seen == 0
    moved = build_tracks(
        people.user, None, people.t, people.lon + 1e-9 * (people.user == 3), people.lat
    )[0]
    embed_cached(moved, model, folder)
    alone = make_model()
    embed(people.take(people.user == 3), alone)
    assert model.seen == alone.seen > 0
    other = make_model(b"other weights")
    embed_cached(people, other, folder)
    assert other.seen > 0
    monkeypatch.setattr(cache, "EMBEDDING_VERSION", cache.EMBEDDING_VERSION + 1)
    model.seen = 0
    embed_cached(people, model, folder)
    assert model.seen > 0


def test_units_too_short_have_none_and_long_ones_are_thinned(tmp_path, make_model, people):
    tracks = build_tracks(
        ["a", "a", "b"], None, [0, 60_000, 0], [1.0, 1.001, 2.0], [1.0, 1.0, 2.0]
    )[0]
    for _ in range(2):
        vectors = embed_cached(tracks, make_model(), tmp_path / "cache", warn=refuse)
        assert np.isnan(vectors).all(axis=1).tolist() == [False, True]
    none = embed_cached(
        tracks.take(np.zeros(3, bool)), make_model(), tmp_path / "cache", warn=refuse
    )
    assert none.shape == (0, embedding_width(4))
    fast = replace(people, t=people.t // 20)  # a fix in three seconds
    assert np.abs(np.bincount(fast.track[thin_rows(fast, 60)]) - 60).max() <= 1


def test_only_the_owner_can_look_in(tmp_path, make_model, people):
    folder, shared = tmp_path / "cache", tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o775)
    # a folder that was there is somebody's own
    for place, mode in ((folder, 0o700), (shared, 0o775)):
        embed_cached(people, make_model(), place)
        assert [stat.S_IMODE(path.stat().st_mode) for path in (place, place / FILE)] == [
            mode,
            0o600,
        ]
        assert [path.name for path in place.iterdir()] == [FILE]


def test_an_interrupted_run_is_resumed(tmp_path, make_model, people):
    model, folder = make_model(), tmp_path / "cache"

    def stop(share):
        if share > 0.7:  # in the third of three parts
            raise Cancelled

    with pytest.raises(Cancelled):
        embed_cached(people, model, folder, stop, units_at_once=4)
    model.seen = 0
    shares = []
    embed_cached(people, model, folder, shares.append, units_at_once=4)
    alone = make_model()
    embed(people.take(people.user >= 8), alone)
    assert model.seen == alone.seen
    assert shares[0] >= 0.66 and shares == sorted(shares) and shares[-1] == 1


def test_two_at_once(tmp_path, make_model, people):
    arguments, models = {"warn": refuse, "units_at_once": 1}, [make_model() for _ in range(4)]
    # each has its own connection; SQLite's locks are the same as for processes
    with ThreadPoolExecutor(4) as pool:
        runs = [
            pool.submit(embed_cached, people, model, tmp_path / "c", **arguments)
            for model in models
        ]
        results = [run.result() for run in runs]
    for result in results:
        np.testing.assert_allclose(result, results[0], rtol=1e-5)


def test_other_tables_cost_no_result(tmp_path, make_model, people):
    folder, model, said = tmp_path / "cache", make_model(), []
    direct = embed_cached(people, model, folder)
    with sqlite3.connect(folder / FILE) as database:
        database.executescript("DROP TABLE units; CREATE TABLE units (x)")  # as of another version
    database.close()
    np.testing.assert_allclose(
        embed_cached(people, model, folder, warn=said.append), direct, rtol=1e-5
    )
    assert len(said) == 1 and "no such column" in said[0] and not (folder / FILE).exists()
    embed_cached(people, model, folder, warn=refuse)


@pytest.mark.parametrize("trouble", ["damaged", "full", "no folder"])
def test_trouble_with_the_file_is_told_once_and_costs_no_result(
    tmp_path, make_model, people, monkeypatch, trouble
):
    folder, said = tmp_path / "cache", []
    if trouble == "damaged":
        folder.mkdir()
        (folder / FILE).write_bytes(b"no database at all, " * 5000)
    elif trouble == "full":
        connect = cache._connect

        def small(file):
            database = connect(file)
            database.execute("PRAGMA max_page_count = 5").fetchall()
            return database

        monkeypatch.setattr(cache, "_connect", small)
        people = others(people, 600)
    else:
        folder.write_text("a file")
    result = embed_cached(people, make_model(), folder, warn=said.append, units_at_once=4)
    np.testing.assert_allclose(result, embed(people, make_model()), rtol=1e-5)
    assert len(said) == 1
    words = {"damaged": "not a database", "full": "full", "no folder": "exists"}
    assert words[trouble] in said[0] and "computed all the same" in said[0]
    if trouble == "damaged":
        for model in (make_model(), make_model()):
            embed_cached(people, model, folder, warn=refuse)
        assert model.seen == 0
