# SPDX-License-Identifier: GPL-2.0-or-later
"""Gaps of tracks filled: `python -m model.fill --tracks T --output P`. train makes the network for
it.
"""
