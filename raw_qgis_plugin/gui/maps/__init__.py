# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done on the map: drawing, fitting, basemap, the printed page and its notes."""
