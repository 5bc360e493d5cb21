# SPDX-License-Identifier: GPL-2.0-or-later
"""Diaries of tracks: `python -m model.diary --tracks T --output DIR`."""
