# SPDX-License-Identifier: GPL-2.0-or-later
"""Comparisons on which nothing shipped depends."""
