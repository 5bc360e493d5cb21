# SPDX-License-Identifier: GPL-2.0-or-later
"""The child's side of a training run: python -m raw_qgis_plugin.tasks.runner FOLDER, started by `child.Child` only.

It runs the module that FOLDER/run.json names, and writes the exit code to FOLDER/end.json. While it lives it holds a
lock on FOLDER, by which any QGIS, also one started later, recognises a running run. Standard library only.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import traceback
from pathlib import Path

from ..core.errors import is_installed
from ..core.scratch import complete, lock

ABOUT, LOCK, PID, END = "run.json", "lock", "pid", "end.json"


def write(path: Path, text: str) -> None:
    """Write a file completely or not at all."""
    with complete(path) as beside:
        beside.write_text(text, "utf-8")


def run(folder: Path) -> int:
    """Run the module of run.json and write end.json. Returns the exit code."""
    about = json.loads((folder / ABOUT).read_text("utf-8"))
    missing = [name for name in about["needs"] if not is_installed(name)]
    code = 1
    if not missing:
        sys.argv = [about["module"], *about["arguments"]]
        try:
            runpy.run_module(about["module"], run_name="__main__", alter_sys=True)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except KeyboardInterrupt:
            code = 130
        except BaseException:
            traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    write(folder / END, json.dumps({"code": code, "missing": missing}))
    return code


def main() -> int:
    """Take the lock and run."""
    folder = Path(sys.argv[1])
    with lock(folder / LOCK, wait=True):
        (folder / PID).write_text(str(os.getpid()), "ascii")
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a command can clean up
        if hasattr(os, "nice"):
            os.nice(5)  # QGIS has priority
        return run(folder)


if __name__ == "__main__":
    sys.exit(main())
