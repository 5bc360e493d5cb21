# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts, and how good they are."""
