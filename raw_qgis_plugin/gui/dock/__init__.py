# SPDX-License-Identifier: GPL-2.0-or-later
"""The dock: tracks and model at its top, tabs of users and forecasts below. `dock.RawDock` holds it."""
