# SPDX-License-Identifier: GPL-2.0-or-later
"""A folder of model bundles: list, add, copy and remove them. Each is checked first."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ..errors import BundleError, InputError, RawError
from ..labels import CardData
from ..paths import DEVICE, shipped_bundle
from ..scratch import REPLACED, Scratch, put_back
from .bundle import Bundle, open_bundle


@dataclass(frozen=True)
class Entry:
    """A bundle of the library. card: None if it was refused; `refusal` is the reason."""

    path: Path
    shipped: bool
    card: CardData | None
    refusal: str = ""

    @property
    def name(self) -> str:
        """The name of its folder; of the shipped bundle the name in its card."""
        return str(self.card["name"]) if self.shipped and self.card is not None else self.path.name


def entries(folder: Path) -> list[Entry]:
    """The shipped bundle, then those in `folder` by name, all checked."""
    put_back(folder)
    there = sorted(folder.iterdir(), key=lambda p: p.name.lower()) if folder.is_dir() else []
    found = []
    for path in (
        shipped_bundle(),
        *(path for path in there if path.is_dir() and not path.name.startswith(".")),
    ):
        try:
            found.append(Entry(path, path == shipped_bundle(), open_bundle(path).card))
        except (RawError, OSError) as error:
            found.append(Entry(path, path == shipped_bundle(), None, str(error)))
    return found


def add(source: Path, folder: Path, name: str = "") -> Path:
    """Copy a bundle, a folder or a .zip, into the library; returns its folder. BundleError."""
    stem = (
        re.sub(r"[^\w .,()-]+", "_", name or source.name.removesuffix(".zip")).strip(" .")
        or "model"
    )
    stem = f"model {stem}" if re.match(rf"{DEVICE}\s*(\.|$)", stem, re.IGNORECASE) else stem
    names = (folder / (stem if n == 1 else f"{stem} {n}") for n in count(1))
    target = next(path for path in names if not path.exists())
    copy(source, target)
    return target


def copy(source: Path, target: Path) -> None:
    """Copy a checked bundle, a folder or a .zip, to the folder `target` (see `replacing`). Raises
    BundleError.
    """
    bundle = open_bundle(source)
    with replacing(target) as fresh:
        copy_files(bundle, fresh)


def copy_files(bundle: Bundle, folder: Path) -> None:
    """Copy a bundle's files into a folder. Raises OSError, of the first file alone that cannot be
    copied.
    """
    try:
        shutil.copytree(bundle.path, folder, dirs_exist_ok=True)
    except shutil.Error as error:  # of each file, which fills a screen where the disk is full
        raise OSError(error.args[0][0][2]) from error


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A new folder for a bundle, which is moved to `target` when it is complete.

    An older bundle at `target` is replaced, and stays if the new one fails. Raises InputError if
    something else is at `target`.
    """
    put_back(target.parent)
    check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with Scratch(".bundle-", target.parent) as beside:
        fresh = Path(beside, "fresh")
        replaced = Path(beside, REPLACED, target.name)
        fresh.mkdir()
        replaced.parent.mkdir()
        yield fresh
        try:
            if target.exists():
                target.rename(replaced)  # a kill after this one: see put_back
            fresh.rename(target)
        finally:
            if replaced.exists() and not target.exists():
                replaced.rename(target)


def check_target(target: Path) -> None:
    """Raise InputError if `target` exists and is neither a bundle nor an empty folder."""
    if target.exists() and not (
        target.is_dir() and (not any(target.iterdir()) or (target / "card.json").is_file())
    ):
        raise InputError(
            "{target} is there already and is no model bundle, so nothing was written. Choose a "
            "new folder.",
            target=target,
        )


def remove(path: Path, folder: Path) -> None:
    """Remove a bundle from the library. BundleError if it is elsewhere, as the shipped one."""
    if path.parent.resolve() != folder.resolve() or path.is_symlink():
        raise BundleError("{file} is not one of your own models, so it stays.", file=path.name)
    shutil.rmtree(path)
