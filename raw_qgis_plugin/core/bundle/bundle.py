# SPDX-License-Identifier: GPL-2.0-or-later
"""A model bundle, a folder or a .zip: a card, weights and heads. It may come from anywhere, so all
of it is checked.

It holds text and numbers alone. What runs are RAW's own graphs (network.py) and a NumPy evaluator
(heads.py).
"""

from __future__ import annotations

import filecmp
import functools
import json
import math
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..errors import BundleError
from ..paths import shipped_bundle
from ..scratch import Scratch, put_back
from . import contract
from .checking import MODEL, check, head_file, unpack


@dataclass(frozen=True)
class Bundle:
    """A checked bundle. path: its folder. card: the contents of card.json. file: the .zip that it
    was unpacked from.
    """

    path: Path
    card: dict
    _unpacked: Scratch | None = None  # removed with the bundle
    file: Path | None = None

    @property
    def name(self) -> str:
        """The name that the user gave it: of its folder or .zip. Its card keeps the name of the
        model before it, so that is the name of the shipped bundle alone.
        """
        place = self.file or self.path
        return (
            str(self.card["name"]) if place == shipped_bundle() else place.name.removesuffix(".zip")
        )

    @property
    def has_shipped_network(self) -> bool:
        """Whether its network is the one that comes with the plugin, perhaps with other heads."""
        return filecmp.cmp(
            self.path / contract.WEIGHTS_FILE,
            shipped_bundle() / contract.WEIGHTS_FILE,
            shallow=False,
        )

    def heads(self, unit: str) -> list[dict]:
        """The heads of a unit: 'user', 'track', 'day' or 'region'. The one that was taught last
        comes first.
        """
        return [head for head in reversed(self.card["heads"]) if head["unit"] == unit]

    def head(self, name: str) -> dict:
        """One head's entry in the card. Raises BundleError for an unknown name."""
        for h in self.card["heads"]:
            if h["name"] == name:
                return h
        known = ", ".join(h["name"] for h in self.card["heads"]) or "none"
        raise BundleError(
            "The model has no head called '{name}'. Its heads: {known}.", name=name, known=known
        )

    def head_file(self, name: str) -> tuple[Path, int, int]:
        """The file of a head, and the numbers of its inputs and outputs."""
        return head_file(self.path, self.head(name))


@functools.cache
def shipped_heads() -> frozenset[str]:
    """Names of the heads of the model that comes with the plugin; empty if it cannot be read."""
    try:
        card = json.loads((shipped_bundle() / contract.CARD_FILE).read_text("utf-8"))
        return frozenset(h["name"] for h in card["heads"])
    except (OSError, ValueError, LookupError, TypeError):
        return frozenset()


class Worth(Enum):
    """How a head does beside a simple method: the first words of its verdict."""

    PROVEN = "Worth using"
    UNPROVEN = "It looks better than a simple method, but these cases do not prove it"
    SIMPLE = "A simple method does as well or better"
    NOTHING = "It says little more than the same number for all would"


def worth(metrics: dict) -> Worth:
    """What the metrics in a head's card show, allowing for chance. Five groups agree by chance once
    in sixteen times.

    Figures may be missing.
    """
    r2 = metrics.get("head", {}).get("r2")
    ratios = [*(metrics.get("ratio") or ()), None, None, None][:3]
    known = [math.inf if value is None else value for value in ratios]
    ratio, at_best, at_worst = known
    if r2 is not None and r2 < 0.1:
        return Worth.NOTHING
    if at_worst < 1 and (metrics.get("groups") or 0) >= 6:
        return Worth.PROVEN
    return Worth.SIMPLE if at_best > 1 or ratio >= 1 else Worth.UNPROVEN


def open_bundle(path: Path | str | None = None) -> Bundle:
    """Open and check a bundle: a folder, the card.json in it, or a .zip (None, '' or 'shipped': the
    shipped one).

    Raises BundleError.
    """
    place = shipped_bundle() if not path or str(path) == "shipped" else Path(path)
    place = place.parent if place.name == contract.CARD_FILE else place
    unpacked = None
    try:
        if not place.exists():
            put_back(place.parent)
        if not place.exists():
            words = "There is no model at {place}. Choose the folder or .zip of a model."
            raise BundleError(words, place=place)
        if not place.is_file():
            return Bundle(place, check(place))
        unpacked = unpack(place)
        folder = Path(unpacked.name, MODEL)
        return Bundle(folder, check(folder), unpacked, place)
    except (BundleError, OSError) as e:
        if unpacked:
            unpacked.cleanup()
        if isinstance(e, BundleError):
            raise
        words = "The model at {place} cannot be read: {error}."
        raise BundleError(words, place=place, error=e.strerror or e) from e
