# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing calls anybody: the algorithms in QGIS and a training, beside a stand-in that records who
calls.

`make test` runs everything else beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
NANO = (
    "--preset",
    "raw-nano",
    "--steps",
    "4",
    "--points",
    "256",
    "--validate-every",
    "2",
    "--device",
    "cpu",
)
ALGORITHMS = """
import sys
from pathlib import Path
from qgisrun import QgisProcess
folder, sample = Path(sys.argv[1]), Path(sys.argv[2])
qgis = QgisProcess(folder / "profile")
layer = {"INPUT": sample / "aracaju_tracks.gpkg", "DEVICE": "CPU"}
qgis.run("raw:importtracks", SOURCE=sample / "city_tracks.parquet", OUTPUT=folder / "i.gpkg")
qgis.run("raw:profileusers", **layer, OUTPUT=folder / "p.gpkg")
qgis.run("raw:scoreregions", **layer, REGIONS=sample / "aracaju_regions.gpkg", OUTPUT=folder / "r.gpkg")
qgis.run("raw:forecasttracks", **layer, HORIZON=2, STEP=1, OUTPUT=folder / "f.gpkg")
"""
PROBE = """
import socket, urllib.request
def attempt(call):
    try:
        call()
    except OSError:
        pass
server = socket.create_server(("127.0.0.1", 0))
attempt(lambda: socket.create_connection(server.getsockname()))
attempt(lambda: urllib.request.urlopen("http://names.example/x", timeout=5))
attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("203.0.113.9", 9)))
attempt(lambda: socket.create_connection(("203.0.113.7", 443), timeout=5))
"""


class Watched(NamedTuple):
    """What a command did. calls, names: to other machines and of them, as a stand-in saw them.
    left: in its home.
    """

    code: int
    said: str
    calls: list[str]
    names: list[str]
    left: list[str]

    def called_nobody(self) -> bool:
        """Whether it came to its end and called nobody, and kept no record for a maker of a
        library.
        """
        assert self.code == 0, self.said[-3000:]
        assert not (self.calls or self.names), self
        assert not [path for path in self.left if "icrosoft" in path or "telemetry" in path.lower()]
        return True


@pytest.fixture
def watch(tmp_path: Path) -> Callable[..., Watched]:
    """`watch(command, **environment)`: run a command where nothing leaves, and say whom it called."""
    namespaces = [["unshare", "-n"], ["unshare", "-rn"]]
    loopback = ["ip", "link", "set", "lo", "up"]
    allowed = [
        n
        for n in namespaces
        if not subprocess.run([*n, *loopback], capture_output=True, check=False).returncode
    ]
    if not allowed:
        pytest.skip("this machine allows no network namespaces")

    def run(command: list[str], **environment: str) -> Watched:
        report, home = tmp_path / "report.json", tmp_path / "home"
        home.mkdir()
        names = ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
        env = {name: value for name, value in os.environ.items() if name not in names} | environment
        env |= {"HOME": str(home), "RAW_HEARD": str(report), "OMP_NUM_THREADS": "1"}
        env["PYTHONPATH"] = os.pathsep.join(map(str, (TESTS, ROOT)))
        watcher = [
            *allowed[0],
            "/usr/bin/python3",
            "-I",
            str(TESTS / "netwatch.py"),
            "standin",
            str(report),
        ]
        done = subprocess.run(
            [*watcher, *command], env=env, capture_output=True, text=True, timeout=600, check=False
        )
        found = json.loads(report.read_text())
        left = [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()]
        code = 0 if done.returncode == 99 else done.returncode
        return Watched(code, done.stdout + done.stderr, found["calls"], found["names"], left)

    return run


def test_the_watch_sees_calls_and_not_loopback(watch: Callable[..., Watched]) -> None:
    seen = watch([sys.executable, "-c", PROBE])
    assert seen.code == 0 and "names.example" in seen.names, seen.said
    assert {"udp 203.0.113.9:9", "tcp 203.0.113.7:443", "tcp 198.51.100.1:80"} <= set(seen.calls)
    assert not [call for call in seen.calls if " 127." in call and not call.endswith(":53")]


def test_the_algorithms_call_nobody(
    watch: Callable[..., Watched], stage: Path, sample: Path, tmp_path: Path
) -> None:
    (tmp_path / "algorithms.py").write_text(ALGORITHMS)
    assert watch(
        [sys.executable, str(tmp_path / "algorithms.py"), str(tmp_path), str(sample)]
    ).called_nobody()


def test_a_training_in_a_child_calls_nobody(
    watch: Callable[..., Watched], sample: Path, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    folder = tmp_path / "run"
    folder.mkdir()
    arguments = [
        *NANO,
        "--corpus",
        str(sample / "city_tracks.parquet"),
        "--output",
        str(folder / "result"),
    ]
    (folder / "run.json").write_text(
        json.dumps({"module": "model.pretrain", "arguments": arguments, "needs": []})
    )
    assert watch(
        [sys.executable, "-m", "raw_qgis_plugin.tasks.child_side", str(folder)]
    ).called_nobody()
    assert (
        json.loads((folder / "end.json").read_text())["code"] == 0
        and (folder / "result" / "bundle").exists()
    )
