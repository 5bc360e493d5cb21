# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m model.embed`: by users and days, with Ray's workers, and after kills."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from model import cli, embed
from model.data import scale
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed as embeddings
from raw_qgis_plugin.core.sources.readers import read

ROOT = Path(__file__).parents[2]
needs_ray = pytest.mark.skipif(
    subprocess.run(
        [sys.executable, "-c", "import ray"], capture_output=True, check=False
    ).returncode
    != 0,
    reason="Ray is not installed: pip install --group scale",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """48 users in three Parquet files, a fix of each in one after the other; one user has a single
    fix.
    """
    folder = tmp_path_factory.mktemp("tracks")
    rng = np.random.default_rng(0)
    n, k = 200, 48
    user = np.append(np.repeat(np.arange(k) + 7000, n), 9999)
    begin = 1_700_000_000_000
    t = np.append(
        np.tile(begin + np.arange(n) * 300_000, k) + np.repeat(np.arange(k), n) * 977, begin
    )
    lon = np.append(
        (10 + np.repeat(rng.normal(0, 0.1, k), n) + rng.normal(0, 2e-3, n * k).cumsum() / 50), 10.0
    )
    lat = np.append(
        (50 + np.repeat(rng.normal(0, 0.1, k), n) + rng.normal(0, 2e-3, n * k).cumsum() / 50), 50.0
    )
    when = pa.array(t, pa.timestamp("ms", "UTC"))
    table = pa.table({"user_id": user.astype(np.int32), "t": when, "lon": lon, "lat": lat})
    mixed = table.take(rng.permutation(len(table)))
    for number in range(3):
        parquet.write_table(
            mixed.take(np.arange(number, len(mixed), 3)), folder / f"f{number}.parquet"
        )
    return folder


def arguments(data: Path, output: Path, *more: str) -> list[str]:
    return ["--tracks", str(data), "--device", "cpu", "--output", str(output), *more]


@pytest.fixture(scope="module")
def at_once(data, tmp_path_factory) -> pa.Table:
    output = tmp_path_factory.mktemp("once") / "e.parquet"
    assert cli.run(embed.main, arguments(data, output)) == 0
    return parquet.read_table(output)


def same(table: pa.Table, other: pa.Table, by: tuple[str, ...] = ("user_id",)) -> None:
    """The same rows in whatever order, the figures to rounding."""
    assert table.schema.equals(other.schema)
    table, other = (one.sort_by([(name, "ascending") for name in by]) for one in (table, other))
    figures = [name for name in table.column_names if name[:1] == "e"]
    rest = [name for name in table.column_names if name[:1] != "e"]
    assert table.select(rest).equals(other.select(rest))
    a, b = (np.column_stack([one[name].to_numpy() for name in figures]) for one in (table, other))
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[tuple[subprocess.Popen, str]]:
    """A Ray cluster of this machine alone, and its address."""
    # sockets' names are short
    with socket.socket() as free, tempfile.TemporaryDirectory(prefix="ray") as folder:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()
        words = (
            f"start --head --block --num-cpus 2 --node-ip-address 127.0.0.1 --port {address.rpartition(':')[2]} "
            f"--temp-dir {folder} --include-dashboard false --disable-usage-stats --object-store-memory {2**27}"
        )
        # Even without a dashboard a process of it starts, which calls Ray's makers and asks for a
        # cloud's metadata.
        code = "from ray._private.node import Node; Node.start_api_server = lambda *_, **__: None; "
        command = [
            sys.executable,
            "-c",
            code + "from ray.scripts.scripts import main; main()",
            *words.split(),
        ]
        # on a busy machine it waits
        environment = {**os.environ, "RAY_worker_niceness": "0", "PYTHONPATH": str(ROOT)}
        ray = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        while "Ray runtime started" not in (line := ray.stdout.readline()):
            assert line, "Ray ended"
        yield ray, address
        ray.terminate()
        ray.wait()


def start(data: Path, output: Path, address: str) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "model.embed",
        *arguments(data, output, "--ray-address", address),
    ]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def finished(output: Path) -> list[Path]:
    return sorted(output.parent.glob(f"{output.name}.parts-*/part-*.parquet"))


def wait_for(what, process: subprocess.Popen, seconds: float = 400.0):
    """What a call gives back as soon as that is something."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert process.poll() is None and time.monotonic() < end, process.stderr.read()
        time.sleep(0.01)
    return found


def workers_of(process: subprocess.Popen) -> list[int]:
    """The embedding workers of a cluster."""
    parent, named = {}, []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parent[int(entry.name)] = int(
                (entry / "stat").read_text().rpartition(")")[2].split()[1]
            )
            if b"_embed_with" in (entry / "cmdline").read_bytes():
                named.append(int(entry.name))

    def below(pid: int) -> bool:
        return pid == process.pid or (pid in parent and below(parent[pid]))

    return [pid for pid in named if below(pid)]


def test_at_once(at_once):
    assert at_once.column_names[:4] == ["user_id", "lon", "lat", "e000"] and at_once.num_rows == 49
    assert at_once["user_id"].type == pa.int64() and set(at_once["user_id"].to_pylist()) == {
        *range(7000, 7048),
        9999,
    }
    short = np.isnan(at_once["e000"].to_numpy())
    assert (
        at_once["user_id"].to_numpy()[short].tolist() == [9999]
        and 9 < np.mean(at_once["lon"].to_numpy()) < 11
    )


def test_days_are_those_of_the_engine(data, tmp_path):
    output, model = tmp_path / "e.parquet", Model(open_bundle(), "cpu")
    assert cli.run(embed.main, arguments(data, output, "--unit", "day")) == 0
    days, table = read(data)[0].by_day(), parquet.read_table(output)
    expected = scale.table_of(days, "day", embeddings(days, model))
    users = pa.array(expected["user_id"].to_numpy(zero_copy_only=False).astype(np.int64))
    same(table, expected.set_column(0, "user_id", users), by=("user_id", "day"))
    assert len(table) > 90 and [*tmp_path.iterdir()] == [output]
    assert cli.run(embed.main, arguments(data, tmp_path / "e.csv", "--unit", "day")) == 0
    assert csv.read_csv(tmp_path / "e.csv").column_names[:5] == [
        "user_id",
        "day",
        "lon",
        "lat",
        "e000",
    ]


def test_finished_parts_are_not_made_again(data, tmp_path, monkeypatch, at_once, capsys):
    output = tmp_path / "e.parquet"
    real, done = scale.embed_part, []

    def die_third(part, *rest):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(part)
        real(part, *rest)

    monkeypatch.setattr(scale, "embed_part", die_third)
    assert cli.run(embed.main, arguments(data, output)) == 130
    assert len(finished(output)) == 2
    first = [path.stat().st_mtime_ns for path in finished(output)]
    monkeypatch.setattr(scale, "embed_part", real)
    times = []
    monkeypatch.setattr(
        embed.shutil,
        "rmtree",
        lambda _: times.extend(p.stat().st_mtime_ns for p in finished(output)),
    )
    assert cli.run(embed.main, arguments(data, output)) == 0
    assert (
        times[:2] == first
        and len(times) == 8
        and "2 of them finished before" in capsys.readouterr().err
    )
    same(parquet.read_table(output), at_once)


@needs_ray
def test_workers_and_the_command_may_be_killed(data, tmp_path, at_once, cluster):
    """First a worker, whose work is repeated, then the command, which is given again."""
    output, (ray, address) = tmp_path / "e.parquet", cluster
    with start(data, output, address) as run:
        wait_for(lambda: finished(output), run)
        os.kill(wait_for(lambda: workers_of(ray), run)[0], signal.SIGKILL)
        known = len(finished(output))
        wait_for(lambda: len(finished(output)) > known, run)
        run.kill()
    done = {path: path.stat().st_mtime_ns for path in finished(output)}
    assert 0 < len(done) < 8 and not output.exists()
    with start(data, output, address) as run:
        words = run.communicate(timeout=500)[1]
    assert (
        run.returncode == 0 and "of them finished before" in words and "Traceback" not in words
    ), words
    same(parquet.read_table(output), at_once)
    assert not finished(output)


@needs_ray
def test_what_goes_wrong_is_one_line(data, tmp_path, cluster):
    cut = bytearray((data / "f0.parquet").read_bytes())
    cut[100:5000] = bytes(4900)  # its footer is whole
    (tmp_path / "cut.parquet").write_bytes(cut)
    with start(tmp_path / "cut.parquet", tmp_path / "e.parquet", cluster[1]) as run:
        words = run.communicate(timeout=500)[1]
    assert run.returncode == 2 and "Traceback" not in words, words
    assert "error: cut.parquet cannot be read as Parquet" in words
