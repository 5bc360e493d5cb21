# SPDX-License-Identifier: GPL-2.0-or-later
"""The dock: tracks and model on top; tabs of regions (gui/regions), users, forecasts.
`dock.RawDock` holds it.
"""
