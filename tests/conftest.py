# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the tests find the code: tests in QGIS import the staged plugin, all others the repository."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
STAGE = ROOT / "build" / "raw_qgis_plugin"
IN_QGIS = {"qgis", "gui"}
POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
POSTGIS = sorted(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))


def pytest_configure(config: pytest.Config) -> None:
    asked = [Path(arg.split("::")[0]).resolve() for arg in config.args]
    rooms = {part for path in asked if ROOT in path.parents for part in path.relative_to(ROOT).parts}
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    if rooms & IN_QGIS:
        sys.path.insert(0, str(STAGE.parent))


@pytest.fixture(scope="session")
def stage() -> Path:
    """The installable plugin as `make build` leaves it."""
    if not (STAGE / "metadata.txt").exists():
        pytest.fail("There is no staged plugin: run `make build` first.")
    return STAGE


@pytest.fixture(scope="session")
def sample() -> Path:
    """The folder of the shipped sample data."""
    return ROOT / "resources" / "sample"


@pytest.fixture(scope="session")
def rounds() -> Callable[[int, int], int]:
    """How many cases a fuzzing test tries: some in `make test`, many in `make fuzz`."""
    return lambda few, many: many if os.environ.get("RAW_FUZZ") else few


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a PostgreSQL, where there is one with PostGIS, started for this test as someone else than root."""
    if not POSTGRES:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    pytest.importorskip("psycopg")
    tools = Path(f"/usr/lib/postgresql/{POSTGIS[-1].parts[-3]}/bin") if POSTGIS else POSTGRES[-1].parent
    who: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="raw-pg-"))
    if os.geteuid() == 0:
        entry = pwd.getpwnam("postgres")
        who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        os.chown(folder, entry.pw_uid, entry.pw_gid)

    def call(tool: str, *args: str) -> None:
        subprocess.run([tools / tool, "-D", folder / "data", *args], check=True, cwd=folder, capture_output=True, **who)

    try:
        call("initdb", "-A", "trust", "-U", "raw", "-N")
        call("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -c listen_addresses=''")
        yield f"postgresql://raw@/postgres?host={folder}"
        call("pg_ctl", "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def database(server: str) -> str:
    """The address of a PostgreSQL with PostGIS."""
    if not POSTGIS:
        pytest.skip("PostgreSQL has no PostGIS: apt-get install postgresql-17-postgis-3")
    return server
