# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenStreetMap extracts (.osm, .osm.pbf) -> lines, by GDAL's own driver.

Routes (relations) have the names that passengers use; rails have tracks where no route is drawn.
Tags: https://wiki.openstreetmap.org/wiki/Public_transport.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import Progress
from .tables import KIND_OF_WORD, Lines, concat, lines_of

# GDAL's layers, and what is kept of each
WANTED = {
    "points": "railway IN ('station', 'halt', 'tram_stop') OR highway = 'bus_stop'",
    "lines": "railway IN ('subway', 'tram', 'light_rail', 'rail', 'narrow_gauge', 'monorail')",
    "multilinestrings": "type = 'route'",
}
FIELDS = {
    "points": ("railway", "highway"),
    "lines": ("railway", "service"),
    "multilinestrings": ("route", "ref"),
}
SERVICE = ("yard", "spur", "siding", "crossover")  # tracks without passengers
# GDAL's own settings keep few tags as fields
CONFIG = """attribute_name_laundering=no
[points]
osm_id=no
attributes=name,railway,highway
[lines]
osm_id=no
attributes=name,railway,service
[multilinestrings]
osm_id=no
attributes=name,type,route,ref
[multipolygons]
osm_id=no
[other_relations]
osm_id=no
"""


def read_osm(path: Path, skipped: Counter[str], progress: Progress) -> Lines:
    """The routes, rails and stops of an extract. progress may raise to stop.

    InputError where GDAL cannot read the file.
    """
    from osgeo import gdal

    from ..sources.ogr import reading

    config = f"/vsimem/raw-lines-{path.name}.ini"
    found: dict[str, list[tuple[str, str, bytes]]] = {name: [] for name in WANTED}
    with reading(path):
        gdal.FileFromMemBuffer(config, CONFIG.encode())
        try:
            # GDAL's own index is faster, but wants nodes in order, which some extracts lack
            with gdal.config_option("OSM_USE_CUSTOM_INDEXING", "NO"):
                dataset = gdal.OpenEx(
                    str(path),
                    gdal.OF_VECTOR | gdal.OF_READONLY,
                    allowed_drivers=["OSM"],
                    open_options=[f"CONFIG_FILE={config}"],
                )
                _read(dataset, found, progress)
        finally:
            gdal.Unlink(config)
    tables = [_lines(layer, rows, skipped) for layer, rows in found.items()]
    return concat(tables)


def _read(dataset: Any, found: dict[str, list[tuple[str, str, bytes]]], progress: Progress) -> None:
    """Fill the kind, name and WKB of what is wanted, as the features come: one pass of the file."""
    for number in range(dataset.GetLayerCount()):
        layer = dataset.GetLayer(number)
        # A filter on a layer that is not wanted lets GDAL pass over it
        layer.SetAttributeFilter(WANTED.get(layer.GetName(), "1 = 0"))
    while True:
        feature, layer, share = _next(dataset)
        if feature is None:
            return
        progress(share)
        name = layer.GetName()
        kind = _kind(feature, name)
        if kind:
            geometry = feature.GetGeometryRef()
            text = feature.GetField("name") or ""
            if name == "multilinestrings":
                text = feature.GetField("ref") or text
            found[name].append((kind, text, bytes(geometry.ExportToWkb())))


def _next(dataset: Any) -> tuple[Any, Any, float]:
    """The next feature, its layer, and the share of the file that is read."""
    feature, layer, share = dataset.GetNextFeature(include_pct=True)
    return feature, layer, share


def _kind(feature: Any, layer: str) -> str:
    """The kind of a feature, '' if it carries nobody."""
    if layer == "points":
        return "stop"
    if layer == "lines" and feature.GetField("service") in SERVICE:
        return ""
    word = feature.GetField("route" if layer == "multilinestrings" else "railway")
    kind = KIND_OF_WORD.get(word or "", "")
    return "" if kind == "road" else kind  # routes of roads are numbers of motorways


def _lines(layer: str, rows: list[tuple[str, str, bytes]], skipped: Counter[str]) -> Lines:
    import shapely

    kinds = [kind for kind, _, _ in rows]
    names = np.array([*(_plain(name) for _, name, _ in rows), None], object)[:-1]
    shapes = shapely.from_wkb([wkb for _, _, wkb in rows], on_invalid="ignore")
    parts, row = shapely.get_parts(np.asarray(shapes, object), return_index=True)
    usable = ~shapely.is_empty(parts)
    if layer != "points":
        usable &= shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    skipped["features that are no line and no stop"] += int((~usable).sum())
    row = row[usable]
    return lines_of(np.array([*kinds, None], object)[:-1][row], names[row], parts[usable])


def _plain(name: str) -> str:
    """A name without the ends of the way: 'Tram 4: Hbf => Zoo' is 'Tram 4'."""
    return re.split(r"\s*:\s|\s*(?:=>|→|⇒)\s*", name)[0].strip()
