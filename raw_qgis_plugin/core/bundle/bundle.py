# SPDX-License-Identifier: GPL-2.0-or-later
"""A model bundle: a folder or a .zip. It is untrusted input, so it is checked before anything of it is loaded."""

from __future__ import annotations

import functools
import hashlib
import json
import lzma
import re
import stat
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import BundleError
from ..features.featurizer import FEATURE_VERSION
from ..paths import shipped_bundle
from ..scratch import Scratch, put_back
from ..tracks import MIN_STRETCH_H
from . import contract
from .onnx_check import GraphChecker


@dataclass(frozen=True)
class BundleLimits:
    """The largest bundle that is opened."""

    bytes: int = 8 * 2**30  # unpacked; raw-1b in fp32 takes half
    text_bytes: int = 4 * 2**20  # of the card, which has some 6,000 a head, and of the sums
    heads: int = 300
    files: int = 308  # heads and the other members
    width: int = 65_536
    stretch_h: float = 10_000.0  # of a stretch of a track that counts as a user


LIMITS = BundleLimits()
MODEL = "model"  # the folder in a private folder into which a .zip is unpacked
_HEAD_NAME = r"[a-z][a-z0-9_]{0,63}"
_MEMBER = re.compile(
    rf"(card\.json|(backbone|neighbours)\.onnx|weights\.safetensors|typical_ways\.bin|README\.md|SHA256SUMS|heads/{_HEAD_NAME}\.onnx)"
)
_FIELDS = """
user_id track_id day region n_users n_points n_days n_visits t_first t_last lon lat dwell_min home_share suppressed
in_domain
"""
RESERVED = frozenset(_FIELDS.split())  # fields of results beside those of heads
HEAD_NAMES = (
    "use small letters, digits and _, a letter first, such as night_worker, but not the name of a field that is there"
)


@dataclass(frozen=True)
class Bundle:
    """A checked bundle. path: its folder. card: the contents of card.json."""

    path: Path
    card: dict
    _unpacked: Scratch | None = None  # removed with the bundle

    def heads(self, unit: str) -> list[dict]:
        """The heads of a unit: 'user', 'track', 'day', 'region', or 'trip', whose output is input of heads of users.

        The user's own heads come first, the latest of them at the top; then those of every copy of the plugin.
        """
        heads, known = [h for h in self.card["heads"] if h["unit"] == unit], shipped_heads()
        own = [h for h in heads if known and h["name"] not in known]
        return own[::-1] + [h for h in heads if not known or h["name"] in known]

    def head(self, name: str) -> dict:
        """One head's entry in the card. Raises BundleError for an unknown name."""
        for h in self.card["heads"]:
            if h["name"] == name:
                return h
        known = ", ".join(h["name"] for h in self.card["heads"]) or "none"
        raise BundleError(f"The model {self.card['name']} has no head called '{name}'. Its heads: {known}.")


@functools.cache
def shipped_heads() -> frozenset[str]:
    """Names of the heads of the model that comes with the plugin; empty if it cannot be read."""
    try:
        card = json.loads((shipped_bundle() / contract.CARD_FILE).read_text("utf-8"))
        return frozenset(h["name"] for h in card["heads"])
    except (OSError, ValueError, LookupError, TypeError):
        return frozenset()


def open_bundle(path: Path | str | None = None) -> Bundle:
    """Open and check a bundle: a folder, the card.json in it, or a .zip (None, '' or 'shipped': the shipped one).

    Raises BundleError.
    """
    place = shipped_bundle() if not path or str(path) == "shipped" else Path(path)
    place = place.parent if place.name == contract.CARD_FILE else place
    if not place.exists():
        put_back(place.parent)
    if not place.exists():
        raise BundleError(
            f"There is no model at {place}. Choose the folder or .zip of a model bundle, or the one that came with RAW."
        )
    unpacked = _unpack(place) if place.is_file() else None
    folder = Path(unpacked.name, MODEL) if unpacked else place
    try:
        return Bundle(folder, _check(folder), unpacked)
    except BundleError:
        if unpacked:
            unpacked.cleanup()
        raise


def _unpack(archive: Path) -> Scratch:
    """Unpack the known members of a .zip into the folder MODEL of a private folder."""
    if not zipfile.is_zipfile(archive):
        raise BundleError(f"{archive.name} is neither a folder nor a .zip, so it is no model bundle.")
    folder = Scratch("raw-bundle-")
    try:
        _unpack_into(Path(folder.name, MODEL), archive)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError) as e:
        folder.cleanup()
        raise BundleError(
            f"{archive.name} is damaged or of an unknown kind, or the disk is full: copy the model again ({e})."
        ) from e
    return folder


def _unpack_into(folder: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive) as z:
        members = [m for m in z.infolist() if not m.is_dir()]
        top = {m.filename.split("/")[0] for m in members}
        strip = 1 if len(top) == 1 and not any(m.filename == contract.CARD_FILE for m in members) else 0
        if len(members) > LIMITS.files or sum(m.file_size for m in members) > LIMITS.bytes:
            most = f"{LIMITS.files:,} files or {LIMITS.bytes // 2**30} GiB"
            raise BundleError(f"{archive.name} unpacks to more than {most}, which no model bundle does.")
        for m in members:
            name = "/".join(PurePosixPath(m.filename).parts[strip:])
            if not _MEMBER.fullmatch(name) or stat.S_ISLNK(m.external_attr >> 16):
                raise BundleError(f"{archive.name} holds {m.filename!r}, which no model bundle has.")
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with z.open(m) as source, target.open("wb") as out:
                for left in iter(lambda: source.read(2**20), b""):  # a false size cannot fill memory
                    out.write(left)


def _check(folder: Path) -> dict:
    """Check a bundle's folder and return its card."""
    for entry in folder.rglob("*"):
        name = entry.relative_to(folder).as_posix()
        is_member = name == "heads" if entry.is_dir() else _MEMBER.fullmatch(name)
        if entry.is_symlink() or not is_member:
            raise BundleError(f"The model in {folder} holds {name!r}, which no model bundle has (or which is a link).")
    for name in (contract.CARD_FILE, contract.BACKBONE_FILE, contract.SUMS_FILE):
        if not (folder / name).is_file():
            raise BundleError(f"The model in {folder} has no {name}: it is incomplete or no model bundle.")
    try:
        card = json.loads(_read_text(folder / contract.CARD_FILE).decode("utf-8"))
    except (ValueError, RecursionError) as e:
        raise BundleError(f"{contract.CARD_FILE} of the model in {folder} cannot be read: {e}.") from e
    _check_card(folder, card)
    _check_heads(folder, card)
    _check_sums(folder)
    checker = GraphChecker()
    for graph in [folder / contract.BACKBONE_FILE, *(folder / "heads" / f"{h['name']}.onnx" for h in card["heads"])]:
        if not graph.is_file():
            raise BundleError(f"The model's card names {graph.relative_to(folder)}, which is missing.")
        checker.check(graph)
    if (folder / contract.SCORER_FILE).is_file():
        checker.check(folder / contract.SCORER_FILE)
    if (folder / contract.PROTOTYPES_FILE).is_file():
        contract.read_prototypes(folder / contract.PROTOTYPES_FILE)
    return card


def _read_text(path: Path) -> bytes:
    if path.stat().st_size > LIMITS.text_bytes:
        raise BundleError(f"{path.name} of the model in {path.parent} is larger than {LIMITS.text_bytes // 2**20} MiB.")
    return path.read_bytes()


def _check_card(folder: Path, card: object) -> None:
    if not isinstance(card, dict):
        raise BundleError(f"{contract.CARD_FILE} of the model in {folder} is not a card.")
    kinds = {"name": str, "format_version": int, "feature_version": int, "width": int, "embedding": dict}
    for key, kind in {**kinds, "calibration": dict, "heads": list}.items():
        if not isinstance(card.get(key), kind):
            raise BundleError(f"{contract.CARD_FILE} of the model in {folder} lacks '{key}'.")
    for key, ours in (("format_version", contract.FORMAT_VERSION), ("feature_version", FEATURE_VERSION)):
        if card[key] != ours:
            raise BundleError(
                f"The model {card['name']} has {key.replace('_', ' ')} {card[key]}; this plugin reads {ours}. "
                + ("Update the plugin." if card[key] > ours else "Export the model again with this plugin's version.")
            )
    for width, what in ((card["width"], "width"), (card["embedding"].get("width", 1), "embedding.width")):
        if type(width) is not int or not 1 <= width <= LIMITS.width:
            raise BundleError(
                f"The model {card['name']} has no proper {what}: a whole number from 1 to {LIMITS.width:,}."
            )
    if not all(_is_calibration(table) for table in card["calibration"].values()):
        raise BundleError(f"The model {card['name']} has no proper calibration of its forecasts: export it again.")
    if not _is_domain(card.get("domain", {})):
        raise BundleError(f"The model {card['name']} has no proper limits of its domain: export it again.")


def _check_heads(folder: Path, card: dict) -> None:
    if len(card["heads"]) > LIMITS.heads:
        raise BundleError(f"The model {card['name']} has more than {LIMITS.heads:,} heads.")
    for h in card["heads"]:
        if not isinstance(h, dict) or not is_head_name(str(h.get("name"))):
            raise BundleError(f"{contract.CARD_FILE} of the model in {folder} has a head without a proper name.")
        if fault := _head_fault(h):
            raise BundleError(f"The head {h['name']} of the model {card['name']} has {fault}.")
    names = Counter(h["name"] for h in card["heads"])
    if twice := next((name for name, times in names.items() if times > 1), None):
        raise BundleError(f"The model {card['name']} has two heads that are called {twice}.")
    independent = {h["name"] for h in card["heads"] if "asks" not in h}
    for h in card["heads"]:
        others = h.get("asks", [])
        proper = isinstance(others, list) and all(isinstance(name, str) for name in others)
        if not proper or len(others) > len(independent) or not independent.issuperset(others):
            raise BundleError(f"The head {h['name']} of the model {card['name']} asks heads that it cannot ask.")


def is_head_name(name: str) -> bool:
    """Whether a head can have this name. It becomes a field beside those of RESERVED."""
    return bool(re.fullmatch(_HEAD_NAME, name)) and name not in RESERVED


def _head_fault(head: dict) -> str:
    """The part of a head's entry in a card that cannot be used, in words; '' if all can."""
    unit, kind = head.get("unit"), head.get("kind")
    classes, hours = head.get("classes"), head.get("hours", 1.0)
    if unit not in ("user", "track", "day", "region", "trip") or kind not in ("binary", "classes", "number"):
        return "an unknown unit or kind"
    if unit == "trip" and kind == "number":
        return "a number, which cannot be summed over trips"
    words = [word for word in classes if isinstance(word, str)] if isinstance(classes, list) else []
    if kind != "number" and not (len(words) > 1 and words == classes):
        return "no classes: two texts or more"
    threshold = head.get("threshold", 0.0)
    if not isinstance(threshold, (int, float)) or not 0 <= threshold <= 1:
        return "a threshold that is no number from 0 to 1"
    if not isinstance(hours, (int, float)) or not MIN_STRETCH_H <= hours <= LIMITS.stretch_h:
        return "stretches of no or endless length"
    if not _is_domain(head.get("domain", {})):
        return "no proper limits of its domain"
    return "" if _is_interval(head.get("halfwidth", {"low": 0.0, "high": 0.0})) else "no proper interval"


def _is_interval(value: object) -> bool:
    """Whether it has numbers 'low' and 'high', or lists of them 'at' ascending positive evidence."""
    if not isinstance(value, dict):
        return False
    if {"at", "low", "high"} <= value.keys():
        at, low, high = (value[name] for name in ("at", "low", "high"))
    else:
        at, low, high = [1.0], [value.get("low")], [value.get("high")]
    if not isinstance(at, list) or not at or not all(_is_numbers(part, len(at)) for part in (at, low, high)):
        return False
    return at[0] > 0 and at == sorted(at)


def _is_domain(value: object) -> bool:
    return isinstance(value, dict) and all(_is_numbers(pair, 2) for pair in value.values())


def _is_calibration(table: object) -> bool:
    """Whether a table can calibrate forecasts: its columns have the same length, or are empty."""
    if not isinstance(table, dict):
        return False
    horizon, *columns = (table.get(name, []) for name in ("horizon_s", *contract.CALIBRATION_COLUMNS))
    if not isinstance(horizon, list) or not all(_is_numbers(column, len(horizon)) for column in (horizon, *columns)):
        return False
    return horizon == sorted(horizon) and all(h > 0 for h in horizon) and all(v >= 0 for c in columns for v in c)


def _is_numbers(value: object, n: int) -> bool:
    """Whether it is a list of n numbers that NumPy can work with: none infinite, none longer than its integers."""
    if not isinstance(value, list) or len(value) != n:
        return False
    return all(isinstance(v, (int, float)) and abs(v) <= 1e18 for v in value)


def _check_sums(folder: Path) -> None:
    text = _read_text(folder / contract.SUMS_FILE).decode("ascii", "replace")
    lines = re.findall(r"^([0-9a-f]{64}) [ *](\S+)$", text, re.M)
    sums = {name: value for value, name in lines}  # two files may be equal
    for name, file in _summed_files(folder):
        if sums.get(name) != _sum(file):
            raise BundleError(f"{name} of the model in {folder} is not the file that was packed: copy the model again.")


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS for a bundle's folder."""
    lines = [f"{_sum(file)}  {name}\n" for name, file in _summed_files(folder)]
    (folder / contract.SUMS_FILE).write_text("".join(lines), "ascii")


def _summed_files(folder: Path) -> list[tuple[str, Path]]:
    """Names and paths of all files but the sums."""
    files = [(e.relative_to(folder).as_posix(), e) for e in sorted(folder.rglob("*")) if e.is_file()]
    return [(name, file) for name, file in files if name != contract.SUMS_FILE]


def _sum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as f:
        for block in iter(lambda: f.read(2**20), b""):  # hashlib.file_digest came with Python 3.11
            digest.update(block)
    return digest.hexdigest()
