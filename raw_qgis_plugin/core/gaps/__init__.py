# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a track was between two fixes: ends, simple places, movements of the layer between them,
imputer, fill. Start at fill.py.
"""
