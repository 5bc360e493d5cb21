# SPDX-License-Identifier: GPL-2.0-or-later
"""Algorithms on polygons and the people who visit them."""
