# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a GeoPackage of points in one of three ways, and print processor seconds and peak of memory as JSON.

python reading_child.py WAY FILE      WAY: tracks (ours), loop (getFeatures), stream (OGR's Arrow stream to NumPy)
"""

import json
import resource
import sys
import time
from collections.abc import Callable

from osgeo import gdal
from qgis.core import QgsApplication, QgsVectorLayer


def reader(way: str, path: str) -> Callable[[], object]:
    """A function that reads the file once."""
    layer = QgsVectorLayer(f"{path}|layername=fixes", "fixes", "ogr")
    user, when = layer.fields().names()[1:3]

    def loop():
        rows = []
        for feature in layer.getFeatures():
            point = feature.geometry().asPoint()
            rows.append((feature[user], feature[when].toMSecsSinceEpoch(), point.x(), point.y()))
        return rows

    def stream():
        with gdal.OpenEx(path) as dataset:
            return sum(len(batch[user]) for batch in dataset.GetLayer(0).GetArrowStreamAsNumPy())

    def tracks():
        from raw_qgis_plugin.layers.reading import choose_fields, read_tracks, snapshot

        fields = choose_fields(layer.fields(), user, None, when)
        return read_tracks(snapshot(layer, fields, "UTC"))[0]

    return {f.__name__: f for f in (loop, stream, tracks)}[way]


def main() -> None:
    """Read once, or three times for the best of them where that is quick."""
    way, path = sys.argv[1:]
    gdal.UseExceptions()
    app = QgsApplication([], False)
    app.initQgis()
    read, seconds = reader(way, path), []
    while len(seconds) < 3 and sum(seconds) < 3:
        began = time.process_time()
        read()
        seconds.append(time.process_time() - began)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"seconds": min(seconds), "peak_gb": peak_gb}))


if __name__ == "__main__":
    main()
