# SPDX-License-Identifier: GPL-2.0-or-later
"""Drawing on the map, and shapes between the map's CRS and WGS84."""
