# SPDX-License-Identifier: GPL-2.0-or-later
"""Diaries: where people stopped, and how they got from stop to stop.

`line` thins and smooths tracks, `stops` finds the stops in them, `legs` cuts the ways between stops
where the pace changes between walking and riding, `places` says which stops are the same place,
`place_features` and `place_head` which place is home or work, `modes` asks the model for the mode
of each leg, and `diary` puts the tables together.
"""
