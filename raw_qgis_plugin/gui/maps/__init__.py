# SPDX-License-Identifier: GPL-2.0-or-later
"""Maps to show: the printed page, its notes, the basemap."""
