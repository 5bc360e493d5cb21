# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions: their figures, flows between them, similar ones, and what may be published."""
