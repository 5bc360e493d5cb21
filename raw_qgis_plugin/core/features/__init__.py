# SPDX-License-Identifier: GPL-2.0-or-later
"""The features of fixes, tracks and regions that models get."""
