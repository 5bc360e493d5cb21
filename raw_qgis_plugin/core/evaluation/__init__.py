# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts against simple methods: windows, figures, pages."""
