# SPDX-License-Identifier: GPL-2.0-or-later
"""Encounters: who was near whom at the same time, seen in fixes or inferred in gaps. Start at encounters.py.

1. clock: everybody's positions at the same times, between two fixes or in a gap.
2. pairs: which of them are near enough to be asked, and how likely each pair is within the distance.
3. encounters: runs of such times, one row each.
"""
