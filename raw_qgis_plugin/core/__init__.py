# SPDX-License-Identifier: GPL-2.0-or-later
"""Arrays in, arrays out: tracks, the model's answers about them, and nothing of QGIS, Qt or PyTorch."""
