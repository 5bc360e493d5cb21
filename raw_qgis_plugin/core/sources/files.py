# SPDX-License-Identifier: GPL-2.0-or-later
"""What kind of source a file or folder is, and which files of a folder belong to it."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import InputError
from ..specs import FORMATS

# FORMATS but for 'auto', and the ends of their files. Of a folder with several kinds the first is read
KINDS = {
    "gotrack": ("go_track_trackspoints.csv",),
    "geolife": (".plt",),
    "parquet": (".parquet", ".pq", ".geoparquet"),
    "csv": (".csv", ".tsv", ".txt", ".gz"),
    "gpx": (".gpx",),
    "json": (".json", ".jsonl", ".rec"),
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
    if kind != "auto":
        return path, kind
    names = [file.name.lower() for file in _visible(path)]
    for kind, ends in KINDS.items():
        if any(name.endswith(ends) for name in names):
            return path, kind
    if path.is_file():
        return path, "csv"
    raise InputError(f"The folder {path} holds no .plt, Parquet, CSV, GPX or JSON file.")


def _visible(path: Path) -> list[Path]:
    """The file, or those of the folder that are neither hidden nor by-products (_SUCCESS, _temporary)."""
    if not path.is_dir():
        return [path]
    files = (file for file in sorted(path.rglob("*")) if file.is_file())
    return [file for file in files if not any(part[0] in "._" for part in file.relative_to(path).parts)]


def files_of(path: Path, kind: str) -> list[Path]:
    """The file, or the folder's files of a kind. Raises InputError if there is none."""
    ends = KINDS[kind]
    files = [file for file in _visible(path) if path == file or file.name.lower().endswith(ends)]
    if not files:
        raise InputError(f"The folder {path} holds no file that ends in {', '.join(ends)}.")
    return files


def names_of(path: Path, files: list[Path]) -> dict[Path, str]:
    """The names of the files of a source: their paths in its folder, without ends."""
    return {file: file.stem if file == path else file.relative_to(path).with_suffix("").as_posix() for file in files}
