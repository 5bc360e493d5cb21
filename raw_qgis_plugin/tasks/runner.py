# SPDX-License-Identifier: GPL-2.0-or-later
"""The child's side of a training run: runs the module that FOLDER/run.json names (see child.Child).

It writes the exit code to FOLDER/end.json. While it lives it holds a lock on FOLDER, by which any QGIS, also one
started later, recognises a running run. With --bound it is stopped when its standard input ends, as with the process
that started it. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import shutil
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from ..core.errors import is_installed
from ..core.scratch import complete, lock

ABOUT, LOCK, PID, END = "run.json", "lock", "pid", "end.json"
BOUND = "--bound"


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a file of JSON completely or not at all."""
    with complete(path) as beside:
        beside.write_text(json.dumps(content, indent=1, ensure_ascii=False), "utf-8")


def read_about(folder: Path) -> dict[str, Any]:
    """The contents of run.json."""
    return json.loads((folder / ABOUT).read_text("utf-8"))


def run(folder: Path) -> int:
    """Run the module of run.json and write end.json. Returns the exit code."""
    about = read_about(folder)
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
    write(folder / END, {"code": code, "missing": missing})
    return code


def stop_if_left(folder: Path, left: threading.Event) -> None:
    """Stop this process as a pause does, so that it can write a checkpoint, once nobody holds its standard input open.

    left: is set then.
    """
    while os.read(0, 1):
        pass
    left.set()
    with contextlib.suppress(OSError, ValueError):  # a full disk does not keep it running
        write(folder / ABOUT, read_about(folder) | {"stopped": True})
    if sys.platform == "win32":  # there os.kill leaves no time for a checkpoint
        signal.raise_signal(signal.SIGTERM)
    else:  # wakes the main thread, whatever it waits for
        os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    """Take the lock and run."""
    folder, bound, left = Path(sys.argv[1]), BOUND in sys.argv[2:], threading.Event()
    with lock(folder / LOCK, wait=True):
        (folder / PID).write_text(str(os.getpid()), "ascii")
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a command can clean up
        if hasattr(os, "nice"):
            os.nice(5)  # QGIS has priority
        if bound:
            threading.Thread(target=stop_if_left, args=(folder, left), daemon=True).start()
        code = run(folder)
    if left.is_set() and not read_about(folder).get("resumable", True):
        shutil.rmtree(folder, ignore_errors=True)  # a copy of people's tracks
    return code


if __name__ == "__main__":
    sys.exit(main())
