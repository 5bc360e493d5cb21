# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m model.embed`: in parts as at once, with Ray's workers, after kills, as GeoParquet and in PostGIS."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
shapely = pytest.importorskip("shapely")
from pyarrow import parquet  # noqa: E402

from model import cli, embed  # noqa: E402
from model.scale import workers as scale  # noqa: E402
from model.scale.files import OURS, check_table, save_parquet  # noqa: E402
from raw_qgis_plugin.core.errors import InputError  # noqa: E402

ROOT = Path(__file__).parents[2]
# Ray's workers are nice by default; on a busy machine the tests would wait for them
FAST = {"RAY_worker_niceness": "0"}
needs_ray = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import ray.data"], capture_output=True, check=False).returncode != 0,
    reason="Ray is not installed: pip install --group scale",
)


def test_a_folder_in_use_is_refused_as_it_was(tmp_path):
    plan = scale.Plan("t", "csv", [], [], 1, "user", [], "UTC", "", "cpu", "r")
    for name, text in (("theirs.txt", "theirs"), ("plan.json", '{"name": "of another program"}'), ("plan.json", "[")):
        folder = tmp_path / f"{name}{len(text)}"
        folder.mkdir()
        folder.chmod(0o775)
        (folder / name).write_text(text)
        with pytest.raises(InputError, match="in use for something else"):
            scale.open_work(folder, plan)
        assert folder.stat().st_mode & 0o777 == 0o775
    assert scale.open_work(tmp_path / "new", plan) == scale.open_work(tmp_path / "new", plan) == plan
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """48 users in three Parquet files, a fix of each in one after the other; one user has a single fix."""
    folder = tmp_path_factory.mktemp("tracks")
    rng = np.random.default_rng(0)
    n, k = 200, 48
    user = np.append(np.repeat(np.arange(k) + 7000, n), 9999)
    begin = 1_700_000_000_000
    t = np.append(np.tile(begin + np.arange(n) * 300_000, k) + np.repeat(np.arange(k), n) * 977, begin)
    lon = np.append((10 + np.repeat(rng.normal(0, 0.1, k), n) + rng.normal(0, 2e-3, n * k).cumsum() / 50), 10.0)
    lat = np.append((50 + np.repeat(rng.normal(0, 0.1, k), n) + rng.normal(0, 2e-3, n * k).cumsum() / 50), 50.0)
    when = pa.array(t, pa.timestamp("ms", "UTC"))
    table = pa.table({"user_id": user.astype(np.int32), "t": when, "lon": lon, "lat": lat})
    mixed = table.take(rng.permutation(len(table)))
    for number in range(3):
        parquet.write_table(mixed.take(np.arange(number, len(mixed), 3)), folder / f"f{number}.parquet")
    return folder


@pytest.fixture(scope="module")
def at_once(data, tmp_path_factory) -> pa.Table:
    output = tmp_path_factory.mktemp("once") / "e.parquet"
    assert cli.run(embed.main, ["--tracks", str(data), "--device", "cpu", "--output", str(output)]) == 0
    return parquet.read_table(output)


def same(table: pa.Table, other: pa.Table) -> None:
    """The same rows in whatever order, the figures to rounding."""
    assert table.schema.equals(other.schema)
    table, other = (one.sort_by("user_id") for one in (table, other))
    figures = [name for name in table.column_names if name[:1] == "e"]
    rest = [name for name in table.column_names if name[:1] != "e"]
    assert table.select(rest).equals(other.select(rest))
    a, b = (np.column_stack([one[name].to_numpy() for name in figures]) for one in (table, other))
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def start(data: Path, output: str, *args: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "model.embed", "--tracks", str(data), "--device", "cpu", "--output", output, *args]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **FAST}, stderr=subprocess.PIPE, text=True)


def finished(work: Path) -> list[Path]:
    return sorted(work.glob("part-*.parquet"))


def wait_for(what, process: subprocess.Popen, seconds: float = 400.0):
    """What a call gives back as soon as that is something."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert process.poll() is None and time.monotonic() < end, process.stderr.read()
        time.sleep(0.02)
    return found


def workers_of(process: subprocess.Popen) -> list[int]:
    """Ray's embedding workers below a process."""
    parent, named = {}, []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parent[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if b"Embedder" in (entry / "cmdline").read_bytes():
                named.append(int(entry.name))

    def below(pid: int) -> bool:
        return pid == process.pid or (pid in parent and below(parent[pid]))

    return [pid for pid in named if below(pid)]


def test_at_once(at_once, data):
    assert at_once.column_names[:3] == ["user_id", "geometry", "e000"] and at_once.num_rows == 49
    assert at_once["user_id"].type == pa.int64() and set(at_once["user_id"].to_pylist()) == {*range(7000, 7048), 9999}
    short = np.isnan(at_once["e000"].to_numpy())
    assert at_once["user_id"].to_numpy()[short].tolist() == [9999]


def test_geoparquet(at_once):
    geo = json.loads(at_once.schema.metadata[b"geo"])
    assert geo["version"] == "1.1.0" and geo["primary_column"] == "geometry"
    column = geo["columns"]["geometry"]
    assert column["encoding"] == "WKB" and column["geometry_types"] == ["Point"] and "crs" not in column
    points = shapely.from_wkb(at_once["geometry"].to_numpy())
    assert (shapely.get_type_id(points) == 0).all() and 9 < shapely.get_x(points).mean() < 11


@pytest.mark.parametrize("unit", ["user", "day"])
def test_in_parts_as_at_once(data, tmp_path, monkeypatch, unit):
    tables = []
    for rows in (10**9, 1000):
        monkeypatch.setattr(embed, "LARGE_ROWS", rows)
        output = tmp_path / f"{rows}.parquet"
        args = ["--tracks", str(data), "--device", "cpu", "--unit", unit, "--output", str(output)]
        assert cli.run(embed.main, args) == 0
        tables.append(parquet.read_table(output))
        assert not list(tmp_path.glob("*.parts"))
    if unit == "day":
        tables = [table.sort_by("day") for table in tables]
        keys = [sorted(zip(table["user_id"].to_pylist(), table["day"].to_pylist())) for table in tables]
        assert keys[0] == keys[1] and len(keys[0]) > 90
    else:
        same(*tables)


@pytest.mark.parametrize("unit", ["track", "day", "user"])
def test_tracks_of_nobody_share_the_parts(data, tmp_path, unit):
    table = parquet.read_table(data / "f0.parquet")
    parquet.write_table(table.rename_columns(["trip_id", *table.column_names[1:]]), tmp_path / "trips.parquet")
    plan = scale.make_plan(str(tmp_path / "trips.parquet"), unit, [None] * 3, "UTC", "", "cpu", "", 8)
    scale.split(tmp_path, plan, 0)
    rows = parquet.read_table(tmp_path / "split-00000.parquet")
    parts = {}
    for track, part in zip(rows["track"].to_pylist(), rows["part"].to_pylist()):
        parts.setdefault(track, set()).add(part)
    assert len(parts) == 49 and all(len(part) == 1 for part in parts.values())
    assert len(set.union(*parts.values())) == (8 if unit == "track" else 1)  # a day or user has fixes of many tracks


def test_a_broken_file_is_said(data, tmp_path, capsys):
    path = tmp_path / "cut.parquet"
    path.write_bytes((data / "f0.parquet").read_bytes()[:5000])
    assert cli.run(embed.main, ["--tracks", str(path), "--device", "cpu", "--output", str(tmp_path / "e.parquet")]) == 2
    assert "cut.parquet cannot be read as Parquet" in capsys.readouterr().err


def test_tables_that_break_off_leave_no_file_open(tmp_path, open_files):
    def broken():
        yield pa.table({"user_id": ["a"], "lon": [1.0], "lat": [2.0], "e0": [0.5]})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as error:
        save_parquet(tmp_path / "e.parquet", broken())
    assert not [path for path in open_files() if "e.parquet" in path], error
    assert not list(tmp_path.iterdir())


def test_what_is_done_is_not_redone(data, tmp_path, monkeypatch, at_once, capsys):
    monkeypatch.setattr(embed, "LARGE_ROWS", 1000)
    output = tmp_path / "e.parquet"
    args = ["--tracks", str(data), "--device", "cpu", "--output", str(output)]
    real, done = scale.embed_part, []

    def die_third(folder, plan, number, *rest):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(number)
        real(folder, plan, number, *rest)

    monkeypatch.setattr(scale, "embed_part", die_third)
    assert cli.run(embed.main, args) == 130
    work = tmp_path / "e.parquet.parts"
    assert work.stat().st_mode & 0o777 == 0o700 and len(finished(work)) == 2
    first = [path.stat().st_mtime_ns for path in finished(work)]
    assert cli.run(embed.main, [*args, "--unit", "day"]) == 2
    assert "holds unfinished work on other tracks, with another model or with other options" in capsys.readouterr().err
    monkeypatch.setattr(scale, "embed_part", real)
    times = []
    monkeypatch.setattr(
        embed.shutil, "rmtree", lambda folder: times.extend(p.stat().st_mtime_ns for p in finished(folder))
    )
    assert cli.run(embed.main, args) == 0
    assert times[:2] == first and len(times) == 4
    same(parquet.read_table(output), at_once)


@needs_ray
def test_two_workers_one_of_them_killed(data, tmp_path, at_once):
    output = tmp_path / "e.parquet"
    with start(data, str(output), "--workers", "2") as run:
        work = tmp_path / "e.parquet.parts"
        wait_for(lambda: finished(work), run)
        victim = wait_for(lambda: workers_of(run), run)[0]
        os.kill(victim, signal.SIGKILL)
        left = 8 - len(finished(work))
        said = run.communicate(timeout=500)[1]
    assert run.returncode == 0, said
    assert left > 0  # it died in the middle
    same(parquet.read_table(output), at_once)
    assert not work.exists() and "Traceback" not in said


@needs_ray
def test_what_goes_wrong_in_a_worker_is_said_in_a_line(data, tmp_path):
    cut = bytearray((data / "f0.parquet").read_bytes())
    cut[100:5000] = bytes(4900)  # its footer is whole, so that only a worker sees the damage
    (tmp_path / "cut.parquet").write_bytes(cut)
    with start(tmp_path / "cut.parquet", str(tmp_path / "e.parquet"), "--workers", "1") as run:
        said = run.communicate(timeout=500)[1]
    assert run.returncode == 2 and "Traceback" not in said, said
    assert "error: cut.parquet cannot be read as Parquet" in said


@needs_ray
def test_a_killed_run_goes_on(data, tmp_path, at_once):
    output = tmp_path / "e.parquet"
    work = tmp_path / "e.parquet.parts"
    with start(data, str(output), "--workers", "2") as run:
        wait_for(lambda: finished(work), run)
        run.kill()
    done = {path.name: path.stat().st_mtime_ns for path in finished(work)}
    assert done and not output.exists()
    with start(data, str(output), "--workers", "1") as run:
        said = run.communicate(timeout=500)[1]
    assert run.returncode == 0, said
    assert "of them finished before" in said
    same(parquet.read_table(output), at_once)


def test_a_table_of_others_is_seen_however_its_name_is_written(server):
    import psycopg

    with psycopg.connect(server) as connection:
        connection.execute('CREATE SCHEMA "City"')
        for table in ("parcels", '"Streets"', '"City"."Trees"'):
            connection.execute(f"CREATE TABLE {table} AS SELECT 1 AS one")
        for name in ("parcels", "Streets", "City.Trees"):
            with pytest.raises(InputError, match="exists and holds something else"):
                check_table(connection, name)
        check_table(connection, "Parcels")  # another table, which is not there
        connection.execute(f"COMMENT ON TABLE \"Streets\" IS '{OURS}: of a test'")
        check_table(connection, "Streets")


def test_names_of_tables_are_names_and_nothing_else(server, outcome):
    import psycopg

    evil = "'; DROP TABLE canary; --"
    refused = ["a.b.c", "a..b", "", ".", "a.", "x\0y", "é" * 32, "nowhere.t", "Nowhere.t"]
    refused += ["canary", "pg_catalog.pg_class"]
    accepted = ["x", f"x{evil}", f'x"{evil}', "é👤", "CANARY", "%s", "{}", "other\n", "public.x"]
    with psycopg.connect(server) as connection:
        connection.execute("CREATE TABLE canary (a int)")
        for name in refused:
            with pytest.raises(InputError, match=r"no name of a table|no schema|holds something else"):
                check_table(connection, name)
        for name in accepted:
            check_table(connection, name)
        assert connection.execute("SELECT to_regclass('canary')").fetchone() == ("canary",)
    outcome(
        "hostile names of tables for PostGIS", wanted="quoted, or refused in words",
        now=f"{len(refused)} of {len(refused)} refused in words, {len(accepted)} of {len(accepted)} quoted",
        in_020="2 tracebacks, nothing injected",
    )  # fmt: skip


def test_postgis(data, tmp_path, at_once, database, monkeypatch, capsys):
    import psycopg

    monkeypatch.chdir(tmp_path)
    args = ["--tracks", str(data), "--device", "cpu", "--output", database, "--table", "public.walkers"]
    assert cli.run(embed.main, args) == 0
    monkeypatch.setattr(embed, "LARGE_ROWS", 1000)
    assert cli.run(embed.main, args) == 0  # our own table is replaced
    assert not list(tmp_path.iterdir())
    capsys.readouterr()
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT user_id, ST_X(geom), ST_SRID(geom), embedding FROM walkers ORDER BY user_id"
        ).fetchall()
        connection.execute("CREATE TABLE precious AS SELECT 1 AS one")
    table = at_once.sort_by("user_id")
    assert [row[0] for row in rows] == table["user_id"].to_pylist() and {row[2] for row in rows} == {4326}
    assert np.allclose([row[1] for row in rows], shapely.get_x(shapely.from_wkb(table["geometry"].to_numpy())))
    figures = np.column_stack([table[name].to_numpy() for name in table.column_names if name[:1] == "e"])
    np.testing.assert_allclose(np.array([row[3] for row in rows[:-1]]), figures[:-1], rtol=1e-4, atol=1e-5)
    assert rows[-1][3] is None
    assert cli.run(embed.main, [*args[:-1], "precious"]) == 2
    assert "exists and holds something else" in capsys.readouterr().err
    assert cli.run(embed.main, [*args[:5], "postgresql://raw@/nowhere?host=/none"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: The database cannot be reached") and said.count("\n") == 1


def test_qgis_opens_the_table(data, tmp_path, database, monkeypatch):
    if subprocess.run([sys.executable, "-c", "import qgis.core"], capture_output=True, check=False).returncode:
        pytest.skip("QGIS is not installed for this Python")
    monkeypatch.chdir(tmp_path)
    args = ["--tracks", str(data), "--device", "cpu", "--output", database, "--table", "seen"]
    assert cli.run(embed.main, args) == 0
    code = (
        "from qgis.core import QgsApplication, QgsDataSourceUri, QgsVectorLayer\n"
        "app = QgsApplication([], False); app.initQgis()\n"
        f"uri = QgsDataSourceUri(); uri.setConnection({database.split('host=')[1]!r}, '5432', 'postgres', 'raw', '')\n"
        "uri.setDataSource('public', 'seen', 'geom', '', 'id')\n"
        "layer = QgsVectorLayer(uri.uri(), 'seen', 'postgres')\n"
        "first = next(layer.getFeatures())\n"
        "print(layer.isValid(), layer.featureCount(), layer.crs().authid(), layer.fields().names(),"
        " first.geometry().asWkt()[:5], len(first['embedding']))"
    )
    seen = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert seen.stdout.split("\n")[0].startswith("True 49 EPSG:4326 ['id', 'user_id', 'embedding'] Point "), seen.stderr
    assert int(seen.stdout.split()[-1]) > 100
