# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables and R-trees that are written as pages: SQLite itself checks and reads them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from raw_qgis_plugin.core import sqlite_pages
from raw_qgis_plugin.core.errors import Cancelled
from raw_qgis_plugin.core.sqlite_pages import Column, PageFile

RNG = np.random.default_rng(0)


def database(path, page_bytes=4096):
    """An empty database. Returns the first pages of its tables."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"PRAGMA page_size = {page_bytes}")
        db.execute("CREATE TABLE fixes (id INTEGER PRIMARY KEY, words TEXT, number INTEGER, bits BLOB)")
        db.execute("CREATE VIRTUAL TABLE tree USING rtree(id, minx, maxx, miny, maxy)")
    with closing(sqlite3.connect(path)) as db:
        return dict(db.execute("SELECT name, rootpage FROM sqlite_master"))


def words_of(ids):
    return [f"ü{i % 7}" * (i % 50) for i in ids]


def blocks(n, rows=10_000, ids=None):
    ids = np.arange(1, n + 1) if ids is None else ids
    for start in range(0, n, rows):
        some = ids[start : start + rows]
        texts = [text.encode() for text in words_of(some)]
        letters = np.array([*texts, b" "], "S200")[:-1].view(np.uint8).reshape(len(some), -1)
        numbers = some.astype(">u4").view(np.uint8).reshape(-1, 4)
        sizes = np.array([len(text) for text in texts])
        yield some, [
            Column("text", letters, sizes), Column("int", numbers, np.int64(4)),
            Column("blob", numbers[:, :3], np.int64(3)),
        ]  # fmt: skip


def check(path):
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("SELECT rtreecheck('tree')").fetchall() == [("ok",)]
    return db


SIZES = [(0, 4096), (1, 4096), (60, 4096), (9000, 2048), (9000, 4096), (9000, 32_768)]


@pytest.mark.parametrize(("n", "page_bytes"), SIZES)
def test_a_table_has_its_rows(tmp_path, n, page_bytes):
    path = tmp_path / "a.sqlite"
    roots = database(path, page_bytes)
    file = PageFile(path)
    file.fill_table(roots["fixes"], blocks(n))
    file.close()
    with closing(check(path)) as db:
        rows = db.execute("SELECT id, words, number, bits FROM fixes").fetchall()
        assert [row[:3] for row in rows] == list(zip(range(1, n + 1), words_of(range(1, n + 1)), range(1, n + 1)))
        assert all(row[3] == row[0].to_bytes(4, "big")[:3] for row in rows)
        with db:  # and takes more
            db.execute("INSERT INTO fixes VALUES (NULL, 'more', 1, NULL)")
            db.execute("DELETE FROM fixes WHERE id % 3 = 0")
    check(path).close()


def test_keys_of_every_length(tmp_path):
    ids = np.unique(RNG.integers(1, 2**40, 20_000) >> RNG.integers(0, 40, 20_000))
    ids = ids[(ids > 0) & (ids < 2**32)]
    path = tmp_path / "a.sqlite"
    roots = database(path)
    file = PageFile(path)
    file.fill_table(roots["fixes"], blocks(len(ids), 777, ids))
    file.close()
    with closing(check(path)) as db:
        assert [row[0] for row in db.execute("SELECT id FROM fixes")] == ids.tolist()
        assert db.execute("SELECT number FROM fixes WHERE id = ?", [int(ids[4321])]).fetchone() == (ids[4321] % 2**32,)


@pytest.mark.parametrize("n", [1, 51, 52, 3000, 20_000])
def test_an_r_tree_finds_the_points_of_a_box(tmp_path, n):
    x, y = RNG.normal(-122.4, 0.2, n), RNG.normal(37.7, 5.0, n)
    path = tmp_path / "a.sqlite"
    roots = database(path)
    file = PageFile(path)
    file.fill_rtree(*(roots[f"tree_{table}"] for table in ("node", "rowid", "parent")), x, y)
    file.close()
    with closing(check(path)) as db:
        for west, east, south, north in ((-122.5, -122.3, 36, 39), (-180, 180, -90, 90), (-122.4, -122.399, 37, 38)):
            words = "SELECT id FROM tree WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?"
            found = {row[0] for row in db.execute(words, (west, east, south, north))}
            inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
            assert set((np.flatnonzero(inside) + 1).tolist()) <= found
            assert len(found) <= inside.sum() + max(2, n // 1000)
        box = db.execute("SELECT min(minx), max(maxx), min(miny), max(maxy) FROM tree").fetchone()
        np.testing.assert_allclose(box, [x.min(), x.max(), y.min(), y.max()], rtol=3e-7)
        with db:  # SQLite goes on with it
            db.execute("DELETE FROM tree WHERE id <= ?", [n // 2])
            db.execute("INSERT INTO tree VALUES (9999999, 1, 1, 2, 2)")
    check(path).close()


def test_the_page_of_the_lock_byte_stays_empty(tmp_path, monkeypatch):
    path = tmp_path / "a.sqlite"
    roots = database(path)
    monkeypatch.setattr(sqlite_pages, "LOCK_BYTE", 40 * 4096)  # SQLite's own is at 1 GB
    file = PageFile(path)
    file.fill_table(roots["fixes"], blocks(20_000))
    file.close()
    assert path.stat().st_size > 100 * 4096
    assert path.read_bytes()[40 * 4096 : 41 * 4096] == bytes(4096)
    with closing(sqlite3.connect(path)) as db:
        assert "41" in str(db.execute("PRAGMA integrity_check").fetchall())  # for SQLite it is a page as others
        assert db.execute("SELECT count(*), sum(id) FROM fixes").fetchone() == (20_000, 20_000 * 20_001 // 2)


def test_rows_too_long_for_a_page_are_refused_and_a_cancel_ends_it(tmp_path):
    path = tmp_path / "a.sqlite"
    database(path, 1024)
    with pytest.raises(ValueError, match="small pages"):
        PageFile(path)
    path.unlink()
    database(path)
    file = PageFile(path)
    letters = np.full((1, 5000), 65, np.uint8)
    with pytest.raises(ValueError, match="fits no page"):
        file.fill_table(2, [(np.array([1]), [Column("text", letters, np.int64(5000))])])
    file.cancel()
    with pytest.raises(Cancelled):
        file.fill_table(2, blocks(30_000))
    file.close()
