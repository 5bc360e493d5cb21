# SPDX-License-Identifier: GPL-2.0-or-later
"""The child's side of a training run: runs the module that FOLDER/run.json names (see child.Child).

It writes the exit code to FOLDER/end.json. While it lives it holds a lock on FOLDER, by which any
QGIS, also one started later, recognises a running run. Standard library only.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import traceback
import xml.etree.ElementTree as ET  # nosec B405 - our own files
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..core import errors
from ..core.scratch import complete, lock

ABOUT = "run.json"
LOCK = "lock"
PID = "pid"
END = "end.json"
Line = dict[str, Any]  # what a run writes: a line of its log, or what it is about


def write(path: Path, content: Line) -> None:
    """Write a file of JSON completely or not at all."""
    with complete(path) as beside:
        beside.write_text(json.dumps(content, indent=1, ensure_ascii=False), "utf-8")


def translator(path: str) -> Callable[[str], str]:
    """What translates from English by a .ts file; '' for none."""
    found: dict[str, str] = {}
    with suppress(OSError, ET.ParseError):
        root = ET.parse(path).getroot()  # nosec B314 - our own file
        found = {
            each.findtext("source", ""): each.findtext("translation", "")
            for each in root.iter("message")
        }
    return lambda words: found.get(words) or words


def main() -> int:
    """Take the lock, run the module, and write end.json. Returns the exit code."""
    folder = Path(sys.argv[1])
    code = 1
    with lock(folder / LOCK, wait=True):
        (folder / PID).write_text(str(os.getpid()), "ascii")
        # so that a command can write a checkpoint
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if hasattr(os, "nice"):
            os.nice(5)  # QGIS has priority
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        errors.speaks = about.get("language", "")
        errors.translate = translator(errors.speaks)
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
        write(folder / END, {"code": code})
    return code


if __name__ == "__main__":
    sys.exit(main())
