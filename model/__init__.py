# SPDX-License-Identifier: GPL-2.0-or-later
"""Training, evaluation and the commands `python -m model.X`. Nothing here is imported by the
plugin.
"""

import raw_qgis_plugin.core  # noqa: F401 - turns ONNX Runtime's telemetry off before a module here loads it
