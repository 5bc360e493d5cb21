# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks and models as functions of arrays, without QGIS, Qt or PyTorch."""

import os

# ONNX Runtime's wheels post the path of the program and details of the machine to their maker,
# unless this is set before the library is loaded. Child processes inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
