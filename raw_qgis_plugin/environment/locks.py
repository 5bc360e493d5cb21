# SPDX-License-Identifier: GPL-2.0-or-later
"""The locks: of each package one version and the SHA-256 sums of its wheels, a file for each major
NumPy of QGIS.

`make lock` writes them. `python -m raw_qgis_plugin.environment.locks LOCKS GROUP` prints all of a
group for pip, whatever the system has; the installer in QGIS leaves out what QGIS has.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from .packages import HELD, REQUIREMENTS, numbers, parse, version_of

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "locks"
# for each major NumPy: the first and the last Python
PYTHONS = {1: ((3, 10), (3, 12)), 2: ((3, 10), (3, 14))}


@dataclass(frozen=True)
class Pin:
    """A line of a lock: NAME==VERSION ; MARKER --hash=sha256:… # GROUPS | LICENCE (an SPDX
    expression).
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    groups: tuple[str, ...]
    licence: str = ""

    def requirement(self) -> str:
        """The line for pip, which leaves out what is marked for other systems."""
        marker = f" ; {self.marker}" if self.marker else ""
        return f"{self.name}=={self.version}{marker}" + "".join(
            f" --hash=sha256:{each}" for each in self.hashes
        )

    def line(self) -> str:
        """The line in the lock."""
        return f"{self.requirement()} # {' '.join(self.groups)} | {self.licence}"


def read(path: Path) -> list[Pin]:
    """Every pin of a lock."""
    pins = []
    for line in path.read_text(encoding="utf-8").splitlines():
        pin, _, about = line.partition(" # ")
        what, *hashes = pin.split(" --hash=sha256:")
        exact, _, marker = what.partition(" ; ")
        name, _, version = exact.partition("==")
        groups, _, licence = about.partition(" | ")
        pins.append(Pin(name, version, marker, tuple(hashes), tuple(groups.split()), licence))
    return pins


def find(folder: Path = FOLDER) -> Path | None:
    """The lock for QGIS's NumPy and this Python; None if there is none."""
    major = (numbers(version_of("numpy")) or (0,))[0]
    first, last = PYTHONS.get(major, ((99,), (0,)))
    return folder / f"numpy{major}.lock" if first <= sys.version_info[:2] <= last else None


def outside(environment: Path) -> dict[str, str]:
    """Name and version of what is installed, but for what lies in an environment: QGIS's and the
    system's own.
    """
    paths = [
        p
        for p in sys.path
        if environment.resolve() not in (Path(p).resolve(), *Path(p).resolve().parents)
    ]
    found = reversed(list(distributions(path=paths)))  # the first of a name counts
    return {re.sub(r"[-_.]+", "-", each.name or "").lower(): each.version for each in found}


def lacking(
    lock: Path, groups: Iterable[str], environment: Path, requirements: Path = REQUIREMENTS
) -> list[Pin]:
    """The pins of groups that have to be installed in an environment.

    Not those that the groups name and QGIS has in a version that fits, nor what must not change.
    What the named ones want is installed even where QGIS has it, perhaps in an older version.
    """
    have = outside(environment)
    ranges = {
        named.name: named
        for group in groups
        for line in (requirements / f"{group}.txt").read_text("utf-8").splitlines()
        if (named := parse(line)).name
    }

    def fits(pin: Pin) -> bool:
        if pin.name not in have:
            return False
        named = ranges.get(pin.name)
        return named.fits(have[pin.name]) if named else pin.name in HELD

    return [pin for pin in read(lock) if set(groups) & set(pin.groups) and not fits(pin)]


def members(lock: Path, group: str) -> list[Pin]:
    """All pins of a group and of what the plugin runs on, which every group builds on.

    Without those whose version is the system's own.
    """
    wanted = {group, "runtime"}
    return [pin for pin in read(lock) if wanted & set(pin.groups) and pin.name not in HELD]


def main(folder: str, group: str) -> None:
    """Print what pip has to install of a group."""
    lock = find(Path(folder))
    if lock is None:
        sys.exit(
            "There is no lock for this Python and its NumPy. Use `make setup LOCKED=no`: versions "
            "stay unchecked."
        )
    print("\n".join(pin.requirement() for pin in members(lock, group)))


if __name__ == "__main__":
    main(*sys.argv[1:])
