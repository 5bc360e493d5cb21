# SPDX-License-Identifier: GPL-2.0-or-later
"""Widgets, menus and tools of the desktop."""
