# SPDX-License-Identifier: GPL-2.0-or-later
"""Training, evaluation and the commands `python -m model.X`. Nothing here is imported by the
plugin.
"""

# turns ONNX Runtime's telemetry off before a module here loads it
import raw_qgis_plugin.core  # noqa: F401
