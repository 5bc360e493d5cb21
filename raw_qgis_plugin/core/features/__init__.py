# SPDX-License-Identifier: GPL-2.0-or-later
"""The features of tracks, trips and regions that models get."""
