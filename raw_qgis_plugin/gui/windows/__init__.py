# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows that the menu opens."""
