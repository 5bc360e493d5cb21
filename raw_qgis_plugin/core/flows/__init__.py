# SPDX-License-Identifier: GPL-2.0-or-later
"""Flows: how many trips go from zone to zone, when and how."""
