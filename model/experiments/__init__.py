# SPDX-License-Identifier: GPL-2.0-or-later
"""Comparisons that nothing shipped depends on."""
