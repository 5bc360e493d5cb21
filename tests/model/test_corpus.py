# SPDX-License-Identifier: GPL-2.0-or-later
"""What training reads: shards that are made once, kept private and cover the source; people kept
together.
"""

import os
import resource
import subprocess
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.data import shards
from model.data.corpus import load, parse
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.scratch import LOCK, Scratch
from raw_qgis_plugin.core.sources.readers import read


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def test_shards_hold_what_reading_at_once_gives(tracks_file, cache, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_FIXES", 3000)
    source = load(str(tracks_file), validation=None, cache=cache)
    assert len(source.shards.ends) == 9
    whole = read(tracks_file)[0].by_user()
    for name in ("t", "lon", "lat"):
        np.testing.assert_array_equal(np.sort(getattr(source, name)), np.sort(getattr(whole, name)))
    user = source.shards.user
    assert (np.diff(user) >= 0).all() and len(np.unique(user)) == whole.n_users
    assert (np.diff(source.t)[np.diff(user) == 0] > 0).all()


def test_views_part_the_people(tracks_file, cache, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_FIXES", 3000)
    seen = {}
    for side in (True, False, None):
        source = load(str(tracks_file), validation=side, cache=cache)
        view = source.view(15)
        assert (view.length >= 8).all() and view.start[-1] + view.length[-1] <= len(view.rows)
        seen[side] = set(source.shards.user[view.rows].tolist())
    assert seen[True] and seen[False] and not seen[True] & seen[False]
    assert seen[True] | seen[False] == seen[None]


def test_shards_are_private_and_made_once(tracks_file, cache):
    folder = load(str(tracks_file), cache=cache).shards.folder
    assert cache.stat().st_mode & 0o777 == 0o700 and folder.stat().st_mode & 0o777 == 0o700
    assert not [*cache.rglob("*.parquet")]  # the parts of the source
    made = (folder / "t").stat().st_mtime_ns
    assert (
        load(str(tracks_file), cache=cache).shards.folder == folder
        and (folder / "t").stat().st_mtime_ns == made
    )


def test_a_folder_of_many_files_is_one_source(tracks_file, cache, tmp_path):
    table, folder = pq.read_table(tracks_file), tmp_path / "parts"
    folder.mkdir()
    for k, start in enumerate(range(0, len(table), 2500)):
        pq.write_table(table.slice(start, 2500), folder / f"part-{k}.parquet")
    assert len(load(str(folder), validation=None, cache=cache).t) == len(table)


def test_the_reason_is_given_where_no_fix_is_left(tracks_file, cache, tmp_path):
    path = tmp_path / "tracks.parquet"
    table = pq.read_table(tracks_file)
    for name, words in (("t", "no time that can be read.*Write times as"), ("user_id", "no user")):
        k = table.column_names.index(name)
        pq.write_table(table.set_column(k, name, pa.nulls(len(table), table[name].type)), path)
        with pytest.raises(
            InputError, match=f"no tracks to train on. 24,000 fixes skipped: {words}"
        ):
            load(str(path), cache=cache)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(
            InputError, match=r"The shards cannot be written to .*(large|the disk may be full)"
        ):
            load(str(tracks_file), cache=cache)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_next_tokenisation_removes_what_a_killed_one_left(tracks_file, cache):
    cache.mkdir(parents=True, exist_ok=True)
    killed, at_work = (Scratch(".making-", cache) for _ in range(2))
    killed._held.close()  # as the end of the process does
    for left in (killed, at_work):
        for path in (os.path.join(left.name, LOCK), left.name):
            os.utime(path, (time.time() - 3600,) * 2)
    load(str(tracks_file), cache=cache)
    assert [str(left) for left in cache.glob(".making-*")] == [at_work.name]
    at_work.cleanup()


def test_a_wrong_weight_is_refused():
    assert parse("2.5*exact:x") == (2.5, "x", True) and parse("geolife:x") == (
        1.0,
        "geolife:x",
        False,
    )
    for spec in ("0*x", "-1*x", "much*x"):
        with pytest.raises(InputError, match="weight"):
            parse(spec)


def anonymous_mb(pid):
    with open(f"/proc/{pid}/status") as f:
        return next((int(line.split()[1]) / 1024 for line in f if line.startswith("RssAnon")), 0.0)


@pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="RssAnon is read from Linux's /proc"
)
def test_memory_holds_a_shard_not_the_corpus(tmp_path):
    """Four million fixes in shards of 100,000: some 60 MB over what the imports take, where the
    columns are 110 MB.
    """
    n, users = 4_000_000, 2000
    rng = np.random.default_rng(0)
    pq.write_table(
        pa.table({
            "user_id": np.repeat(np.arange(users), n // users), "t": np.tile(np.arange(n // users) * 15_000, users),
            "lon": 10 + np.cumsum(rng.normal(0, 1e-5, n)), "lat": 50 + np.cumsum(rng.normal(0, 1e-5, n)),
        }), tmp_path / "many.parquet", row_group_size=50_000,
    )  # fmt: skip
    code = (
        "from pathlib import Path; from model.data import shards; from model.data.corpus import load; "
        "from raw_qgis_plugin.core.sources import files; shards.SHARD_FIXES = 100_000; "
        "files.PARQUET_ROWS = shards.ROWS = 50_000; "
        "print('ready', flush=True); input(); "
        f"s = load({str(tmp_path / 'many.parquet')!r}, cache=Path({str(tmp_path / 'cache')!r})); "
        "s.view(15), s.view(60); print(len(s.t), flush=True)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})  # fmt: skip
    assert child.stdout.readline() == "ready\n"
    before, peak = anonymous_mb(child.pid), [0.0]

    def watch():
        while child.poll() is None:
            peak[0] = max(peak[0], anonymous_mb(child.pid))
            time.sleep(0.02)

    thread = threading.Thread(target=watch)
    thread.start()
    out, _ = child.communicate("\n")
    thread.join()
    assert child.returncode == 0 and int(out) == n
    assert peak[0] - before < 160, f"{peak[0] - before:.0f} MB"
