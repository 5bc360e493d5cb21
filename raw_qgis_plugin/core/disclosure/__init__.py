# SPDX-License-Identifier: GPL-2.0-or-later
"""Disclosure control: which figures of people may be shown, and how figures are published."""
