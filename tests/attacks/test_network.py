# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing calls anybody: the algorithms in QGIS and a training, beside a stand-in that records who calls.

`make test` runs everything else beside it. The installer says what it fetches, and from where, before it does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
NANO = ("--preset", "raw-nano", "--steps", "4", "--points", "256", "--validate-every", "2", "--device", "cpu")
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
    """What a command did. calls: to other machines, as a stand-in saw them. looked_up: names that it was asked for.
    python: what its Pythons tried, as they saw it themselves. left: what it left in its home folder.
    """

    code: int
    said: str
    calls: list[str]
    looked_up: list[str]
    python: list[str]
    left: list[str]


@pytest.fixture(scope="session")
def namespace() -> list[str]:
    """The command that starts another in a network namespace of its own; empty where the machine allows none."""
    for command in (["unshare", "-n"], ["unshare", "-rn"]):
        try:
            if (
                subprocess.run([*command, "ip", "link", "set", "lo", "up"], capture_output=True, check=False).returncode
                == 0
            ):
                return command
        except OSError:
            continue
    return []


@pytest.fixture
def watch(namespace: list[str], tmp_path: Path) -> Callable[..., Watched]:
    """`watch(command, **environment)`: run a command where nothing leaves, and say whom it called.

    Where the machine allows no namespaces, only Python's own calls are seen.
    """

    def run(command: list[str], timeout: int = 600, **environment: str) -> Watched:
        report, calls, home = (tmp_path / name for name in ("report.json", "calls.txt", "home"))
        for path in (report, calls):
            path.unlink(missing_ok=True)
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        names = ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
        env = {name: value for name, value in os.environ.items() if name not in names}
        env |= {"HOME": str(home), "RAW_CALLS": str(calls), "RAW_HEARD": str(report), "OMP_NUM_THREADS": "1"}
        env["PYTHONPATH"] = os.pathsep.join(map(str, (TESTS / "nocalls", TESTS, ROOT)))
        watcher = (
            [*namespace, "/usr/bin/python3", "-I", str(TESTS / "netwatch.py"), "standin", str(report)]
            if namespace
            else []
        )
        done = subprocess.run(
            [*watcher, *command], env=env | environment, capture_output=True, text=True, timeout=timeout, check=False
        )
        found = json.loads(report.read_text()) if report.exists() else {}
        python = calls.read_text().splitlines() if calls.exists() else []
        left = [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()]
        code = 0 if done.returncode == 99 else done.returncode
        return Watched(code, done.stdout + done.stderr, found.get("calls", []), found.get("names", []), python, left)

    return run


def calls_nobody(run: Watched) -> bool:
    """Whether a command came to its end and called nobody, and kept no record for a maker of a library."""
    assert run.code == 0, run.said[-3000:]
    assert not (run.calls or run.looked_up or run.python), run
    assert not [path for path in run.left if "icrosoft" in path or "telemetry" in path.lower()]
    return True


def test_the_watch_sees_calls_and_not_loopback(watch: Callable[..., Watched], namespace: list[str]) -> None:
    seen = watch([sys.executable, "-c", PROBE])
    assert seen.code == 0, seen.said
    hosts = {line.split()[1] for line in seen.python}
    assert {"names.example", "203.0.113.9", "203.0.113.7"} <= hosts and "127.0.0.1" not in hosts
    if namespace:
        assert {"udp 203.0.113.9:9", "tcp 203.0.113.7:443", "tcp 198.51.100.1:80"} <= set(seen.calls)
        assert "names.example" in seen.looked_up
        assert not [call for call in seen.calls if " 127." in call and not call.endswith(":53")]


def test_the_algorithms_call_nobody(watch: Callable[..., Watched], stage: Path, sample: Path, tmp_path: Path) -> None:
    script = tmp_path / "algorithms.py"
    script.write_text(ALGORITHMS)
    assert calls_nobody(watch([sys.executable, str(script), str(tmp_path), str(sample)]))


def test_a_training_in_a_child_process_calls_nobody(
    watch: Callable[..., Watched], sample: Path, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    folder = tmp_path / "run"
    folder.mkdir()
    arguments = [*NANO, "--corpus", str(sample / "city_tracks.parquet"), "--output", str(folder / "result")]
    (folder / "run.json").write_text(json.dumps({"module": "model.pretrain", "arguments": arguments, "needs": []}))
    assert calls_nobody(watch([sys.executable, "-m", "raw_qgis_plugin.tasks.runner", str(folder)]))
    assert json.loads((folder / "end.json").read_text())["code"] == 0 and (folder / "result" / "bundle").exists()


def test_the_installer_says_what_it_fetches_before_it_does(
    watch: Callable[..., Watched], namespace: list[str], tmp_path: Path
) -> None:
    """Beside the stand-in, so that it reaches no index: what it says comes before the first call."""
    if not namespace:
        pytest.skip("this machine allows no network namespaces, and the test must not reach an index")
    script = tmp_path / "install.py"
    script.write_text(
        "import os, sys\nfrom pathlib import Path\nfrom raw_qgis_plugin.environment.install import *\n"
        "from raw_qgis_plugin.environment.interpreter import base_python, this_layout\n"
        "def log(line):\n"
        "    print(Path(os.environ['RAW_HEARD']).exists(), line, flush=True)\n"
        "folder = Path(sys.argv[1])\n"
        "request = InstallRequest(('tiny',), requirements=folder, locks=folder)\n"
        "try:\n    Installer(folder / 'venv', base_python(this_layout()), request, log).run()\n"
        "except InstallError as error:\n    print('ended:', error)\n"
    )
    from raw_qgis_plugin.environment import packages

    (tmp_path / "tiny.txt").write_text("rawtinytest>=1,<2\n")
    major = packages.version_of("numpy").split(".")[0]
    (tmp_path / f"numpy{major}.lock").write_text(f"rawtinytest==1.0 --hash=sha256:{'0' * 64} # tiny | MIT\n")
    run = watch([sys.executable, str(script), str(tmp_path)], PIP_RETRIES="0", PIP_TIMEOUT="5")
    lines = run.said.splitlines()
    named = next(i for i, line in enumerate(lines) if "To fetch from PyPI" in line and "rawtinytest 1.0" in line)
    assert all(line.startswith("False") for line in lines[: named + 1]), run.said
    assert run.calls and run.looked_up, "pip did not try: this test shows nothing"
    assert "ended:" in run.said and "Traceback" not in run.said
