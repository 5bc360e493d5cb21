# SPDX-License-Identifier: GPL-2.0-or-later
"""Diaries: where people stopped, and how they got from stop to stop.

`line` thins and smooths tracks, `stops` finds the stops in them, `legs` cuts the ways between stops where the pace
changes between walking and riding, `places` says which stops are the same place and which place is home or work, and
`diary` asks the model for the mode of each way and puts the tables together.
"""
