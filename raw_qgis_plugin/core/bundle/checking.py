# SPDX-License-Identifier: GPL-2.0-or-later
"""A bundle's files are unpacked and checked: it may come from anywhere."""

from __future__ import annotations

import hashlib
import lzma
import re
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ..errors import BundleError
from ..labels import CardData
from ..paths import DEVICE
from ..scratch import Scratch
from . import contract
from .card import HEAD_NAME, read_card
from .contract import Limits
from .heads import Head
from .network import check_weights

MODEL = "model"  # the folder in a private folder into which a .zip is unpacked
MEMBER = re.compile(
    r"(card\.json|weights\.safetensors|README\.md|SHA256SUMS"
    rf"|heads/(?!{DEVICE}\.){HEAD_NAME}\.safetensors)"
)
# what zipfile raises of a damaged archive
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


def unpack(archive: Path) -> Scratch:
    """Unpack a .zip, of known members alone, into the folder MODEL of a private folder.

    Raises BundleError.
    """
    if not zipfile.is_zipfile(archive):
        words = "{file} is neither a folder nor a .zip, so it is no model bundle."
        raise BundleError(words, file=archive.name)
    scratch = Scratch("raw-bundle-")
    try:
        with zipfile.ZipFile(archive) as opened:
            for member, name in _members(archive, opened).items():
                _write_member(opened, member, Path(scratch.name, MODEL, name))
    except DAMAGED as e:
        scratch.cleanup()
        words = "{file} is damaged, or the disk is full: copy it again ({error})."
        raise BundleError(words, file=archive, error=e) from e
    return scratch


def _write_member(opened: zipfile.ZipFile, member: str, target: Path) -> None:
    """Unpack a member in blocks, so that a false size cannot fill memory."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(member) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out, 2**20)


def _members(archive: Path, opened: zipfile.ZipFile) -> dict[str, str]:
    """The members of a .zip by their names in it: their names in the model.

    They may all lie in one folder. Raises BundleError for others, too many or too large ones.
    """
    members = [member for member in opened.infolist() if not member.is_dir()]
    size = min(Limits.bytes, max(2**28, Limits.ratio * archive.stat().st_size))
    if len(members) > Limits.files or sum(member.file_size for member in members) > size:
        words = "{file} unpacks to more than a model bundle of its size does."
        raise BundleError(words, file=archive.name)
    tops = {member.filename.split("/")[0] for member in members}
    in_folder = len(tops) == 1 and tops != {contract.CARD_FILE}
    names = {}
    for member in members:
        name = "/".join(PurePosixPath(member.filename).parts[int(in_folder) :])
        is_file = stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG)
        if not MEMBER.fullmatch(name) or not is_file:
            words = "{file} holds {name}, which no model has."
            raise BundleError(words, file=archive.name, name=name[:200])
        names[member.filename] = name
    return names


def check(folder: Path) -> CardData:
    """The card of the bundle in a folder, all of it checked. Raises BundleError and OSError."""
    _check_members(folder)
    card = read_card(_read_text(folder / contract.CARD_FILE), folder)
    if (folder / contract.README_FILE).exists():
        _read_text(folder / contract.README_FILE, Limits.readme_bytes)
    _check_head_files(folder, card)
    check_weights(folder, card)
    packed = _read_text(folder / contract.SUMS_FILE).decode("ascii", "replace").splitlines()
    changed = [name for name, line in _sums(folder).items() if line not in packed]
    if changed:
        words = "{file} of the model is not the file that was packed: copy it again."
        raise BundleError(words, file=changed[0])
    for head in card["heads"]:
        Head.read(*head_file(folder, head))
    return card


def head_file(folder: Path, head: CardData) -> tuple[Path, int, int]:
    """The file of a head of a card, and the numbers of its inputs and outputs."""
    outputs = 1 if head["kind"] == "number" else len(head["classes"])
    return folder / contract.HEADS / f"{head['name']}.safetensors", head["inputs"], outputs


def _check_members(folder: Path) -> None:
    """Raise BundleError unless a folder holds the files of a bundle and no others."""
    in_run = folder / "bundle" / contract.CARD_FILE
    if not (folder / contract.CARD_FILE).exists() and in_run.is_file():
        words = "{folder} is the folder of a run: its model is {folder}/bundle."
        raise BundleError(words, folder=folder)
    for entry in folder.rglob("*"):
        name = entry.relative_to(folder).as_posix()
        is_heads = entry.is_dir() and name == contract.HEADS
        is_member = entry.is_file() and MEMBER.fullmatch(name)
        if entry.is_symlink() or not (is_heads or is_member):
            words = "The model in {folder} holds {name}, which no model has."
            raise BundleError(words, folder=folder, name=name[:200])
    for name in (contract.CARD_FILE, contract.WEIGHTS_FILE, contract.SUMS_FILE):
        if not (folder / name).is_file():
            words = "The model in {folder} has no {name}: it is incomplete."
            raise BundleError(words, folder=folder, name=name)


def _check_head_files(folder: Path, card: CardData) -> None:
    """Raise BundleError unless there are the heads of the card, and no others."""
    files = [head_file(folder, head)[0] for head in card["heads"]]
    for file in files:
        if not file.is_file() or file.stat().st_size > Limits.head_bytes:
            words = "The model's card names the head {name}, which is missing or too large."
            raise BundleError(words, name=file.stem)
    others = {*(folder / contract.HEADS).glob("*")} - {*files}
    if others:
        words = "The model holds the head {name}, which its card does not name."
        raise BundleError(words, name=others.pop().stem)


def _read_text(path: Path, most: int = Limits.text_bytes) -> bytes:
    if path.stat().st_size > most:
        raise BundleError("{file} is larger than {n:g} MiB.", file=path, n=most / 2**20)
    return path.read_bytes()


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS for a bundle's folder."""
    lines = "".join(f"{line}\n" for line in _sums(folder).values())
    (folder / contract.SUMS_FILE).write_text(lines, "ascii")


def _sums(folder: Path) -> dict[str, str]:
    """The lines of SHA256SUMS by the names of the files."""
    lines = {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.is_file() and name != contract.SUMS_FILE:
            digest = hashlib.sha256()
            with file.open("rb") as data:
                while block := data.read(2**20):  # hashlib.file_digest came with Python 3.11
                    digest.update(block)
            lines[name] = f"{digest.hexdigest()}  {name}"
    return lines
