# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the tests find the code: tests in QGIS import the staged plugin, all others the repository."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STAGE = ROOT / "build" / "raw_qgis_plugin"
IN_QGIS = {"qgis", "gui"}


def pytest_configure(config: pytest.Config) -> None:
    asked = [Path(arg.split("::")[0]).resolve() for arg in config.args]
    rooms = {
        part for path in asked if ROOT in path.parents for part in path.relative_to(ROOT).parts
    }
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
