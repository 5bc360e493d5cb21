# SPDX-License-Identifier: GPL-2.0-or-later
"""Maps to show: print layouts, the basemap, cards as pages."""
