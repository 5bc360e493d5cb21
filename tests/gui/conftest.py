# SPDX-License-Identifier: GPL-2.0-or-later
"""The desktop QGIS under Xvfb, with the staged plugin in a profile of its own, driven by a script."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "build" / "gui"
# Neither news nor fonts: QGIS 3.40 crashes when it is closed within half a minute of a download of
# its own.
SETTINGS = """[PythonPlugins]
raw_qgis_plugin=true
processing=true

[qgis]
checkVersion=false
showTips=false
stayAtHome=true

[core]
httpsfeedqgisorg\\disabled=true

[fonts]
downloadMissingFonts=false

[app]
projections\\unknownCrsBehavior=NoAction
"""
Drive = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def drive(stage: Path, tmp_path_factory: pytest.TempPathFactory) -> Drive:
    """`drive(script, screen, theme, **environment)` -> what the script found.

    The script is run as `qgis --code`. It writes JSON to $RAW_REPORT, with a list `errors`, takes
    pictures into $RAW_PICTURES, and ends QGIS itself. libraries=False: QGIS sees none of the
    packages of this environment. again: the profile of an earlier run, to start QGIS in once more.
    """

    def run(
        script: Path, screen: str = "1600x1000", theme: str = "", libraries: bool = True, timeout: int = 300,
        again: str = "", **environment: Any,
    ) -> dict[str, Any]:  # fmt: skip
        from qgisrun import site_packages  # on sys.path once pytest is configured

        bundle = os.environ.get("RAW_TEST_BUNDLE", "")
        if not bundle and not (stage / "resources/models/raw-small/card.json").exists():
            pytest.skip(
                "no model: resources/models/raw-small is not there and RAW_TEST_BUNDLE is not set"
            )
        profile = (
            Path(again) if again else tmp_path_factory.mktemp(script.stem) / "profiles/default"
        )
        folder = profile.parents[1]
        if not again:
            shutil.copytree(stage, profile / "python/plugins/raw_qgis_plugin")
            (profile / "QGIS").mkdir()
            themed = f"\n[UI]\nUITheme={theme}\n" if theme else ""
            (profile / "QGIS/QGIS3.ini").write_text(SETTINGS + themed)
        PICTURES.mkdir(parents=True, exist_ok=True)
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("QT_QPA", "PYTHON"))
        }
        env |= {
            "RAW_SCRIPTS": str(Path(__file__).parent),
            "RAW_PICTURES": str(PICTURES),
            "RAW_REPORT": str(folder / "report.json"),
        }
        env |= {"PYTHONPATH": site_packages()} if libraries else {}
        env |= {name: str(value) for name, value in environment.items()}
        command = [
            "qgis",
            "--nologo",
            "--noversioncheck",
            "--profiles-path",
            str(folder),
            "--code",
            str(script),
        ]
        own_screen = ["xvfb-run", "-a", "-s", f"-screen 0 {screen}x24"]
        done = subprocess.run(
            [*own_screen, *command],
            env=env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if not (folder / "report.json").exists():
            pytest.fail(
                f"QGIS did not come to an end.\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            )
        found = json.loads((folder / "report.json").read_text())
        assert not found["errors"], found["errors"][0]
        return found | {"returncode": done.returncode, "profile": str(profile)}

    return run
