# SPDX-License-Identifier: GPL-2.0-or-later
"""The other windows of the menu, one file each: import, sample and tour, models, packages, diagnostics."""
