# SPDX-License-Identifier: GPL-2.0-or-later
"""What kind of source a file or folder is, and which files of a folder belong to it."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

from ..errors import InputError

FORMATS = ("auto", "geolife", "csv", "parquet", "gotrack", "gpx", "json", "fit", "gtfs-realtime")
PARQUET = (".parquet", ".pq", ".geoparquet")
TEXT = (".csv", ".tsv", ".txt", ".gz")
PARSED = {  # files that are no tables
    "gpx": (".gpx",),
    "json": (".json", ".jsonl", ".rec"),
    "fit": (".fit", ".fit.gz"),
    "gtfs-realtime": (".pb", ".pb.gz"),
}
LAYERS = (".geojson", ".gpkg", ".shp", ".kml", ".fgb", ".sqlite")
KINDS = {"geolife": (".plt",), "parquet": PARQUET, "csv": TEXT, **PARSED}


def find_source(source: str | Path, format: str = "auto") -> tuple[Path, str]:
    """The path of a source and its kind, one of FORMATS except 'auto'."""
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
        if ending(path) in LAYERS:
            raise InputError(f"{path.name} is not a table of fixes: open it in QGIS and give the layer of its points.")
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        if parquet or path.name.startswith("go_track_"):
            return "parquet" if parquet else "gotrack"
        return next((kind for kind, endings in KINDS.items() if ending(path) in endings and kind != "parquet"), "csv")
    if (path / "go_track_trackspoints.csv").exists():
        return "gotrack"
    there = {ending(file) for file in path.rglob("*") if _visible(file, path)}
    for kind, endings in KINDS.items():
        if there.intersection(endings):
            return kind
    raise InputError(f"The folder {path} holds no .plt, Parquet, CSV, GPX, JSON, FIT or .pb file.")


def ending(file: Path) -> str:
    """The end of a file's name, in lower case; '.fit.gz' of packed files that RAW knows, '.gz' of others."""
    packed = "".join(file.suffixes[-2:]).lower()
    return packed if packed in (each for endings in PARSED.values() for each in endings) else file.suffix.lower()


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


def stem_of(file: Path) -> str:
    """A file's name without its end."""
    return file.name[: len(file.name) - len(ending(file))]


def read_bytes(file: Path, most: int = 1 << 26) -> bytes:
    """The bytes of a file, unpacked if it is packed by gzip.

    Raises InputError if there is none, if it is damaged, or has over `most`.
    """
    try:
        with file.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(file) if packed else file.open("rb") as stream:
            data = stream.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{file.name} cannot be read: {error}") from error
    if not data:
        raise InputError(f"{file.name} is empty.")
    if len(data) > most:
        raise InputError(f"{file.name} has over {most >> 20} MB, more than a file of its kind can have.")
    return data
