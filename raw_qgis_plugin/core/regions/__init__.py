# SPDX-License-Identifier: GPL-2.0-or-later
"""Polygons and the users who visit them: scores, use by hour, similar regions, and what is to be
published of them.
"""
