# SPDX-License-Identifier: GPL-2.0-or-later
"""Gaps of tracks filled: `python -m model.fill --tracks T --output P`. examples and train make the network for it."""
