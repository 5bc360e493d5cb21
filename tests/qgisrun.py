# SPDX-License-Identifier: GPL-2.0-or-later
"""qgis_process with the plugin in a QGIS profile of its own: the demo and the package tests run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
STAGE = ROOT / "build" / "raw_qgis_plugin"


def site_packages() -> str:
    """What PYTHONPATH has to hold for QGIS to see the environment that this Python runs in."""
    return next(p for p in sys.path if p.startswith(sys.prefix) and p.endswith("site-packages"))


class QgisProcess:
    """qgis_process in a profile made anew under `folder`, with the plugin from `plugin` enabled in
    it.

    libraries: whether QGIS sees the packages of the environment that this Python runs in.
    """

    def __init__(self, folder: Path, plugin: Path = STAGE, libraries: bool = True) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(plugin, folder / "profiles/default/python/plugins/raw_qgis_plugin")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "QGIS_"))}
        self.env |= {"QGIS_CUSTOM_CONFIG_PATH": str(folder), "QT_QPA_PLATFORM": "offscreen"}
        self.env.setdefault("XDG_RUNTIME_DIR", str(folder))  # else Qt complains on every run
        if libraries:
            self.env["PYTHONPATH"] = site_packages()
        self.call("plugins", "enable", "raw_qgis_plugin")

    def call(self, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `qgis_process ARGS`; its output comes back as text, and a failure is the caller's to
        judge.
        """
        return subprocess.run(
            ["qgis_process", *args],
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, algorithm: str, **parameters: Any) -> dict[str, Any]:
        """Run an algorithm and return its results; RuntimeError with all that QGIS said when it
        failed.
        """
        values = {k: str(v) if isinstance(v, Path) else v for k, v in parameters.items()}
        done = self.call("run", algorithm, "-", stdin=json.dumps({"inputs": values}))
        if done.returncode != 0:
            raise RuntimeError(f"{algorithm} failed.\n{done.stdout}\n{done.stderr}")
        return json.loads(done.stdout)["results"]
