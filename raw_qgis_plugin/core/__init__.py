# SPDX-License-Identifier: GPL-2.0-or-later
"""Arrays in, arrays out: tracks, the model's answers about them, and nothing of QGIS, Qt or PyTorch."""

import os

# ONNX Runtime's wheels post the program's path and the machine's details to their maker unless this is set before
# the library is loaded. Child processes inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
