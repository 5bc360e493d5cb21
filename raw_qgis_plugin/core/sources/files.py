# SPDX-License-Identifier: GPL-2.0-or-later
"""What kind of source a file or folder is, and which files of a folder belong to it."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

from ..errors import InputError
from ..specs import FORMATS

PARQUET = (".parquet", ".pq", ".geoparquet")
TEXT = (".csv", ".tsv", ".txt", ".gz")
KINDS = {  # FORMATS but for 'auto', and the ends of their files. Of a folder with several kinds the first is read
    "geolife": (".plt",),
    "parquet": PARQUET,
    "csv": TEXT,
    "gotrack": TEXT,
    "gpx": (".gpx",),
    "json": (".json", ".jsonl", ".rec"),
    "fit": (".fit", ".fit.gz"),
    "gtfs-realtime": (".pb", ".pb.gz"),
    "layer": (".gpkg", ".geojson", ".shp", ".fgb", ".kml", ".sqlite"),
}


def find_source(source: str | Path, format: str = "auto") -> tuple[Path, str]:
    """The path of a source and its kind, one of KINDS."""
    match = re.fullmatch(rf"({'|'.join(FORMATS)}):(.+)", str(source))
    kind, text = match.groups() if match else (format, str(source))
    if kind not in FORMATS:
        raise InputError(f"There is no format '{kind}'. Choose one of: {', '.join(FORMATS)}.")
    path = Path(text).expanduser()
    if not path.exists():
        raise InputError(f"There is no file or folder '{path}'.")
    return path, _kind_of(path) if kind == "auto" else kind


def _kind_of(path: Path) -> str:
    if path.is_file():
        with path.open("rb") as file:
            if file.read(4) == b"PAR1":
                return "parquet"
        if path.name.startswith("go_track_"):
            return "gotrack"
        return next((kind for kind, ends in KINDS.items() if ending(path) in ends and kind != "parquet"), "csv")
    if (path / "go_track_trackspoints.csv").exists():
        return "gotrack"
    there = {ending(file) for file in path.rglob("*") if _visible(file, path)}
    for kind, endings in KINDS.items():
        if there.intersection(endings):
            return kind
    raise InputError(f"The folder {path} holds no .plt, Parquet, CSV, GPX, JSON, FIT or .pb file.")


def ending(file: Path) -> str:
    """The end of a file's name, in lower case; '.fit.gz' and '.pb.gz' of such packed files, '.gz' of others."""
    packed = "".join(file.suffixes[-2:]).lower()
    return packed if packed in (".fit.gz", ".pb.gz") else file.suffix.lower()


def _visible(file: Path, folder: Path) -> bool:
    """Whether neither the file nor a folder above it is hidden or a by-product (_SUCCESS, _temporary)."""
    return not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)


def files_of(path: Path, endings: tuple[str, ...]) -> list[Path]:
    """The file, or the folder's files of these endings. Raises InputError if there is none."""
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if ending(file) in endings and _visible(file, path))
    if not files:
        raise InputError(f"The folder {path} holds no file that ends in {', '.join(endings)}.")
    return files


def names_of(path: Path, files: list[Path]) -> dict[Path, str]:
    """The names of the files of a source, or their paths in its folder if two have the same name; without ends."""
    names = {file: file.name[: len(file.name) - len(ending(file))] for file in files}
    if len(set(names.values())) == len(names):
        return names
    return {file: file.relative_to(path).with_name(name).as_posix() for file, name in names.items()}


def read_bytes(file: Path, max_bytes: int = 1 << 26) -> bytes:
    """The bytes of a file, unpacked if it is packed by gzip.

    Raises InputError if there is none, if it is damaged, or has over `max_bytes`.
    """
    try:
        with file.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(file) if packed else file.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{file.name} cannot be read: {error}") from error
    if not data:
        raise InputError(f"{file.name} is empty.")
    if len(data) > max_bytes:
        raise InputError(f"{file.name} has over {max_bytes >> 20} MB, more than a file of its kind can have.")
    return data
