# SPDX-License-Identifier: GPL-2.0-or-later
"""Import a table of fixes in one of two ways, and print seconds, the peak of memory and the number
of fixes as JSON.

python import_child.py WAY FILE OUTPUT
WAY: ours (raw:importtracks), native (QGIS's 'Create points layer from table', of a file with
columns lon and lat)
"""

import json
import os
import resource
import sys
import time

from qgis.core import QgsApplication, QgsProcessingFeedback

sys.path.append("/usr/share/qgis/python/plugins")


def main() -> None:
    """Run once."""
    way, source, output = sys.argv[1:4]
    app = QgsApplication([], False)
    app.initQgis()
    import processing
    from processing.core.Processing import Processing

    Processing.initialize()
    if way == "native":
        name, values = "native:createpointslayerfromtable", {
            "INPUT": source, "XFIELD": "lon", "YFIELD": "lat", "TARGET_CRS": "EPSG:4326", "OUTPUT": output,
        }  # fmt: skip
    else:
        from raw_qgis_plugin.plugin import RawPlugin

        plugin = RawPlugin(None)
        plugin.initProcessing()
        name, values = "raw:importtracks", {"SOURCE": source, "OUTPUT": output}
    began, computed = time.monotonic(), time.process_time()
    result = processing.run(name, values, feedback=QgsProcessingFeedback(False))
    ended = time.monotonic()
    print(json.dumps({
        "seconds": ended - began, "computed": time.process_time() - computed, "fixes": result.get("N_POINTS"),
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }), flush=True)  # fmt: skip
    os._exit(0)


if __name__ == "__main__":
    main()
