# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks and labels for training."""
