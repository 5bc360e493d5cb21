# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the tests find the code: tests in QGIS import the staged plugin, all others the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STAGE = ROOT / "build" / "raw_qgis_plugin"
IN_QGIS = {"qgis", "gui", "package"}


def pytest_configure(config: pytest.Config) -> None:
    rooms = {part for arg in config.args for part in Path(arg.split("::")[0]).resolve().parts[-4:]}
    sys.path.insert(0, str(ROOT))
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


class QgisProcess:
    """qgis_process in a QGIS profile of its own with a plugin folder installed in it."""

    def __init__(self, folder: Path, plugin: Path, site_packages: str) -> None:
        self.folder = folder
        plugins = folder / "profiles" / "default" / "python" / "plugins"
        shutil.copytree(plugin, plugins / "raw_qgis_plugin")
        self.env = {
            key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "QGIS_"))
        }
        self.env |= {
            "QGIS_CUSTOM_CONFIG_PATH": str(folder),
            "QT_QPA_PLATFORM": "offscreen",
            "LC_ALL": "C.UTF-8",
        }
        if site_packages:
            self.env["PYTHONPATH"] = site_packages
        self("plugins", "enable", "raw_qgis_plugin")

    def __call__(self, *args: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run `qgis_process ARGS` and give back its output as text; a failure is the caller's to judge."""
        command = ["qgis_process", *args]
        return subprocess.run(
            command, env=self.env, capture_output=True, text=True, timeout=timeout, check=False
        )


@pytest.fixture(scope="session")
def site_packages() -> str:
    """What PYTHONPATH has to hold for QGIS to see the environment the tests run in."""
    return next(path for path in sys.path if path.startswith(sys.prefix) and path.endswith("site-packages"))
