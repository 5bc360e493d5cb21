# SPDX-License-Identifier: GPL-2.0-or-later
"""Polygons and the users who visit them: scores, use by hour, disclosure control, publishing."""
