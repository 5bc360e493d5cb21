# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a GeoPackage of points to tracks, and print processor seconds and the peak of memory as
JSON.

python reading_child.py FILE
"""

import json
import resource
import sys
import time

from osgeo import gdal
from qgis.core import QgsApplication, QgsVectorLayer


def main() -> None:
    """Read once, or three times for the best of them where that is quick."""
    gdal.UseExceptions()
    app = QgsApplication([], False)
    app.initQgis()
    from raw_qgis_plugin.layers.reading import choose_fields, read_tracks, snapshot

    layer, seconds = QgsVectorLayer(f"{sys.argv[1]}|layername=fixes", "fixes", "ogr"), []
    user, when = layer.fields().names()[1:3]
    fields = choose_fields(layer.fields(), user, None, when)
    while len(seconds) < 3 and sum(seconds) < 3:
        began = time.process_time()
        read_tracks(snapshot(layer, fields, "UTC"))
        seconds.append(time.process_time() - began)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"seconds": min(seconds), "peak_gb": peak_gb}))


if __name__ == "__main__":
    main()
