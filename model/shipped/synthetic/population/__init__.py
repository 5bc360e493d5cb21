# SPDX-License-Identifier: GPL-2.0-or-later
"""Its people: plans, days, travel, recordings."""
