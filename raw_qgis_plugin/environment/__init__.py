# SPDX-License-Identifier: GPL-2.0-or-later
"""The packages that RAW needs beyond QGIS's own: finding, checking, installing and diagnosing them.

Imports the standard library, qgis, `core.errors` and `core.paths` only, so that it works where
everything else is missing.
"""
