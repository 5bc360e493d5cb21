# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and private folders under way, and the locks by which those of killed processes are known.
Standard library.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = ".raw-lock"  # in a scratch folder
# the folder in a scratch folder in which a folder waits until its successor has its name
REPLACED = "replaced"


@contextlib.contextmanager
def lock(file: Path, wait: bool) -> Iterator[None]:
    """Hold a lock, which the end of the process always frees. OSError if it is taken and `wait` is
    false.
    """
    with file.open("a+b") as held:
        if sys.platform == "win32":
            held.seek(0)
            msvcrt.locking(held.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def is_locked(file: Path) -> bool:
    """Whether a process holds a lock."""
    try:
        with lock(file, wait=False):
            return False
    except OSError:
        return file.exists()


@contextlib.contextmanager
def complete(target: Path, tag: str = "partial") -> Iterator[Path]:
    """A name to write a file under, which gets the target's name when it is complete, and is
    removed if it fails.

    What a kill leaves is overwritten next time. tag: the ending of the name, where several may
    write the same target.
    """
    beside = target.with_name(f".{target.name}.{tag}")
    try:
        yield beside
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


class Scratch(tempfile.TemporaryDirectory):
    """A private folder in `place`, or among the system's temporary files, that is removed in the
    end.

    It is locked until then. Those of the same prefix that killed processes left in `place` are
    removed first.
    """

    def __init__(self, prefix: str, place: Path | None = None, young_s: float = 60.0) -> None:
        """young_s: one of another process so newly made may yet get its lock."""
        place = place or Path(tempfile.gettempdir())
        for left in place.glob(prefix + "?" * 8):  # the names of tempfile
            with contextlib.suppress(OSError):  # another process may clear it too
                about = left.lstat()
                old = stat.S_ISDIR(about.st_mode) and abs(time.time() - about.st_mtime) > young_s
                if old and not is_locked(left / LOCK):
                    shutil.rmtree(left, ignore_errors=True)
        super().__init__(prefix=prefix, dir=place, ignore_cleanup_errors=True)
        self._held = contextlib.ExitStack()
        # on a drive without locks it counts as locked, and so stays after a kill
        with contextlib.suppress(OSError):
            self._held.enter_context(lock(Path(self.name, LOCK), wait=True))

    def cleanup(self) -> None:
        """Remove the folder now. What Windows has in use, a later process removes."""
        self._held.close()  # Windows removes no file that is open
        super().cleanup()


def put_back(place: Path) -> None:
    """Give folders in `place` their names back which a kill in the middle of their replacement
    took.
    """
    for replaced in place.glob(f".bundle-*/{REPLACED}/*"):
        target = place / replaced.name
        held = replaced.parents[1] / LOCK
        with contextlib.suppress(OSError):
            if held.is_file() and not is_locked(held) and not target.exists():
                replaced.rename(target)
