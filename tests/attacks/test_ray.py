# SPDX-License-Identifier: GPL-2.0-or-later
"""The Ray that `model.embed --workers` starts: nobody on the network, and no other user of the machine, may use it."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")
ROOT = Path(__file__).parents[2]
HOLD = """
import os, sys
from model import scale
with scale.started(1, None) as ray:
    f = ray.remote(lambda: 1)
    ray.get(f.remote())  # a worker is there
    print("RAY", ray.get_runtime_context().gcs_address, os.environ["RAY_AUTH_TOKEN_PATH"], flush=True)
    sys.stdin.readline()
"""
JOIN = """
import sys
import ray
ray.init(address=sys.argv[1], log_to_driver=False, logging_level="ERROR")
f = ray.remote(num_cpus=0)(lambda: "ran")
print(ray.get(f.remote(), timeout=60))
"""


def below(pid: int) -> set[int]:
    """A process and all that it started."""
    parent = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parent[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, of in parent.items() if of in found} - found:
        found |= more
    return found


def listening(pids: set[int]) -> list[str]:
    """The addresses, in hexadecimal as the kernel writes them, on which processes listen."""
    sockets = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for fd in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    sockets.add(os.readlink(fd).removeprefix("socket:[").rstrip("]"))
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return [row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in sockets]


LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


@pytest.fixture(scope="module")
def held(tmp_path_factory: Any) -> Iterator[tuple[int, str, Path]]:
    """A Ray as the command starts it: the process, its address and its token's file."""
    if sys.platform != "linux":
        pytest.skip("who listens is read from /proc")
    folder = tmp_path_factory.mktemp("ray")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder), "RAY_worker_niceness": "0"}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", HOLD], env=env, text=True, **pipes) as process:
        line = ""
        while not line.startswith("RAY "):
            line = process.stdout.readline()
            if not line:
                pytest.skip(f"Ray does not start here: {process.stderr.read()[-300:]}")
        _, address, token = line.split()
        yield process.pid, address, Path(token)
        process.communicate("\n", timeout=120)
    assert not Path(token).parent.exists()


def test_it_listens_on_loopback_only_and_its_token_is_private(held: tuple) -> None:
    addresses = listening(below(held[0]))
    open_to_all = [address for address in addresses if address not in LOOPBACK]
    assert len(addresses) >= 4 and not open_to_all, addresses
    token = held[2]
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (token.parent, token)]
    assert modes == [0o700, 0o600] and (token.parent / "ray" / "session_latest").exists()


def test_code_of_another_user_does_not_run_in_it(held: tuple, tmp_path: Path) -> None:
    """As on the same machine, where loopback can be reached, but not the token."""
    _, address, token = held
    env = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    env |= {"HOME": str(tmp_path), "RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    with_token = {"RAY_AUTH_MODE": "token"}
    tries = {
        "no token": {"RAY_AUTH_MODE": "disabled"},
        "another token": with_token | {"RAY_AUTH_TOKEN": "0" * 64},
        "the token": with_token | {"RAY_AUTH_TOKEN_PATH": str(token)},
    }
    ran = {}
    for name, more in tries.items():
        with contextlib.suppress(subprocess.TimeoutExpired):
            done = subprocess.run([sys.executable, "-c", JOIN, address], env=env | more, capture_output=True, text=True,
                                  timeout=90, check=False)  # fmt: skip
            ran[name] = done.stdout.strip() == "ran"
    assert ran.pop("the token") and not any(ran.values()), ran  # the attack is one that would work
