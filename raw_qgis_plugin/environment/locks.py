# SPDX-License-Identifier: GPL-2.0-or-later
"""The locks: of each package one version and the SHA-256 sums of its wheels, a file for each major
NumPy of QGIS.

`make lock` writes them. `python -m raw_qgis_plugin.environment.locks LOCKS REQUIREMENTS GROUP`, of
two folders, prints what this Python lacks of a group, for pip; the installer in QGIS does the same.
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
        name, version, marker = re.fullmatch(r"(\S+)==(\S+)(?: ; (.*))?", what).groups(default="")  # type: ignore[union-attr]
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
    found = [(str(each.metadata["Name"] or ""), each.version) for each in distributions(path=paths)]
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in reversed(found)}


def lacking(
    lock: Path,
    groups: Iterable[str],
    environment: Path,
    requirements: Path = REQUIREMENTS,
    all_others: bool = False,
) -> list[Pin]:
    """The pins of groups that have to be installed in an environment: what the system has in a
    version that fits stays.

    all_others: also those that the groups do not name themselves, but which the named ones may want
    in a newer version.
    """
    have = outside(environment)
    lines = [
        line
        for group in groups
        for line in (requirements / f"{group}.txt").read_text("utf-8").splitlines()
    ]
    ranges = {named.name: named for named in map(parse, filter(None, lines))}

    def fits(pin: Pin) -> bool:
        named = ranges.get(pin.name)
        stays = not all_others or pin.name in HELD
        return pin.name in have and (named.fits(have[pin.name]) if named else stays)

    return [pin for pin in read(lock) if set(groups) & set(pin.groups) and not fits(pin)]


if __name__ == "__main__":
    locks, ranges, group = sys.argv[1:]
    lock = find(Path(locks))
    if lock is None:
        sys.exit(
            "There is no lock for this Python and its NumPy. Use `make setup LOCKED=no`: versions stay unchecked."
        )
    print(
        "\n".join(
            pin.requirement() for pin in lacking(lock, [group], Path(sys.prefix), Path(ranges))
        )
    )
