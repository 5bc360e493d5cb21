# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the tests find the code: tests in QGIS import the staged plugin, all others the repository."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest

ROOT = Path(__file__).parent.parent
STAGE = ROOT / "build" / "raw_qgis_plugin"
IN_QGIS = {"qgis", "gui"}


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


@pytest.fixture
def outcome(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Note what an attack came to: a row of the table in docs/security.md, which `make security` writes."""

    def note(attack: str, *, wanted: str, now: str, in_020: str = "") -> None:
        test = f"{request.path.relative_to(ROOT).as_posix()}::{request.node.originalname}"
        name = f"{request.path.stem}.{request.node.originalname}.{crc32(attack.encode()):08x}.json"
        file = ROOT / "build" / "attacks" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        row = {"attack": attack, "in_020": in_020, "wanted": wanted, "now": now, "test": test}
        file.write_text(json.dumps(row, indent=1), encoding="utf-8")

    return note
