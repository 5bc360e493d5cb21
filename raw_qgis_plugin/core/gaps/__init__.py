# SPDX-License-Identifier: GPL-2.0-or-later
"""Gaps: where a track was between two fixes, as a point and as areas that hold 50 and 80 %.

Start at fill.py. Fixes on both sides of a gap are used, and those of other tracks; none that lies in the gap.

1. ends: the gaps of tracks, and how the track moved before and after each.
2. movements: movements of the layer that led from near the one end to near the other, or passed one of them.
3. imputer: a small network weighs them and simple movements from end to end, in one mixture.
4. fill: its spatial median is the point, its highest-density set the area.
"""
