# SPDX-License-Identifier: GPL-2.0-or-later
"""QGIS layers to the core's arrays and back: reading, writing, styles."""
