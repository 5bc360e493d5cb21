# SPDX-License-Identifier: GPL-2.0-or-later
"""A model bundle, a folder or a .zip: a card, weights and heads. It may come from anywhere, so all
of it is checked.

It holds text and numbers alone. What runs are RAW's own graphs (network.py) and a NumPy evaluator
(heads.py).
"""

from __future__ import annotations

import filecmp
import functools
import hashlib
import json
import lzma
import math
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

from ..errors import BundleError
from ..paths import DEVICE, shipped_bundle
from ..scratch import Scratch, put_back
from . import contract
from .card import HEAD_NAME, read_card
from .contract import Limits
from .heads import Head
from .network import check_weights

MODEL = "model"  # the folder in a private folder into which a .zip is unpacked
_MEMBER = re.compile(
    rf"(card\.json|weights\.safetensors|README\.md|SHA256SUMS|heads/(?!{DEVICE}\.){HEAD_NAME}\.safetensors)"
)


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
        head = self.head(name)
        outputs = 1 if head["kind"] == "number" else len(head["classes"])
        return self.path / contract.HEADS / f"{name}.safetensors", head["inputs"], outputs


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
    ratio, at_best, at_worst = (math.inf if value is None else value for value in ratios)
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
            raise BundleError(
                "There is no model at {place}. Choose the folder or .zip of a model.", place=place
            )
        unpacked = _unpack(place) if place.is_file() else None
        folder = Path(unpacked.name, MODEL) if unpacked else place
        return Bundle(folder, _check(folder), unpacked, place if unpacked else None)
    except (BundleError, OSError) as e:
        if unpacked:
            unpacked.cleanup()
        if isinstance(e, BundleError):
            raise
        raise BundleError(
            "The model at {place} cannot be read: {error}.", place=place, error=e.strerror or e
        ) from e


def _unpack(archive: Path) -> Scratch:
    """Unpack a .zip, of known members alone, into the folder MODEL of a private folder."""
    if not zipfile.is_zipfile(archive):
        raise BundleError(
            "{file} is neither a folder nor a .zip, so it is no model bundle.", file=archive.name
        )
    scratch = Scratch("raw-bundle-")
    try:
        with zipfile.ZipFile(archive) as z:
            members = [m for m in z.infolist() if not m.is_dir()]
            top = {m.filename.split("/")[0] for m in members}
            strip = (
                1
                if len(top) == 1 and not any(m.filename == contract.CARD_FILE for m in members)
                else 0
            )
            most = min(Limits.bytes, max(2**28, Limits.ratio * archive.stat().st_size))
            if len(members) > Limits.files or sum(m.file_size for m in members) > most:
                raise BundleError(
                    "{file} unpacks to more than a model bundle of its size does.",
                    file=archive.name,
                )
            for m in members:
                name = "/".join(PurePosixPath(m.filename).parts[strip:])
                if not _MEMBER.fullmatch(name) or stat.S_IFMT(m.external_attr >> 16) not in (
                    0,
                    stat.S_IFREG,
                ):
                    raise BundleError(
                        "{file} holds {name}, which no model has.",
                        file=archive.name,
                        name=name[:200],
                    )
                target = Path(scratch.name, MODEL, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                with z.open(m) as source, target.open("wb") as out:
                    while block := source.read(2**20):  # a false size cannot fill memory
                        out.write(block)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
    ) as e:
        scratch.cleanup()
        raise BundleError(
            "{file} is damaged, or the disk is full: copy it again ({error}).",
            file=archive,
            error=e,
        ) from e
    return scratch


def _check(folder: Path) -> dict:  # noqa: C901
    if (
        not (folder / contract.CARD_FILE).exists()
        and (folder / "bundle" / contract.CARD_FILE).is_file()
    ):
        raise BundleError(
            "{folder} is the folder of a run: its model is {folder}/bundle.", folder=folder
        )
    for entry in folder.rglob("*"):
        name = entry.relative_to(folder).as_posix()
        is_member = (
            name == contract.HEADS
            if entry.is_dir()
            else entry.is_file() and _MEMBER.fullmatch(name)
        )
        if entry.is_symlink() or not is_member:
            raise BundleError(
                "The model in {folder} holds {name}, which no model has.",
                folder=folder,
                name=name[:200],
            )
    for name in (contract.CARD_FILE, contract.WEIGHTS_FILE, contract.SUMS_FILE):
        if not (folder / name).is_file():
            raise BundleError(
                "The model in {folder} has no {name}: it is incomplete.", folder=folder, name=name
            )
    card = read_card(_read_text(folder / contract.CARD_FILE), folder)
    if (folder / contract.README_FILE).exists():
        _read_text(folder / contract.README_FILE, Limits.readme_bytes)
    bundle = Bundle(folder, card)
    heads = [bundle.head_file(head["name"]) for head in card["heads"]]
    for file, _, _ in heads:
        if not file.is_file() or file.stat().st_size > Limits.head_bytes:
            raise BundleError(
                "The model's card names the head {name}, which is missing or too large.",
                name=file.stem,
            )
    if others := {*(folder / contract.HEADS).glob("*")} - {file for file, _, _ in heads}:
        raise BundleError(
            "The model holds the head {name}, which its card does not name.", name=others.pop().stem
        )
    check_weights(folder, card)
    packed = _read_text(folder / contract.SUMS_FILE).decode("ascii", "replace").splitlines()
    if changed := [name for name, line in _sums(folder).items() if line not in packed]:
        raise BundleError(
            "{file} of the model is not the file that was packed: copy it again.", file=changed[0]
        )
    for head in heads:
        Head.read(*head)
    return card


def _read_text(path: Path, most: int = Limits.text_bytes) -> bytes:
    if path.stat().st_size > most:
        raise BundleError("{file} is larger than {n:g} MiB.", file=path, n=most / 2**20)
    return path.read_bytes()


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS for a bundle's folder."""
    (folder / contract.SUMS_FILE).write_text(
        "".join(f"{line}\n" for line in _sums(folder).values()), "ascii"
    )


def _sums(folder: Path) -> dict[str, str]:
    """The lines of SHA256SUMS by the names of the files."""
    lines = {}
    for file in sorted(folder.rglob("*")):
        name, digest = file.relative_to(folder).as_posix(), hashlib.sha256()
        if file.is_file() and name != contract.SUMS_FILE:
            with file.open("rb") as f:
                while block := f.read(2**20):  # hashlib.file_digest came with Python 3.11
                    digest.update(block)
            lines[name] = f"{digest.hexdigest()}  {name}"
    return lines
