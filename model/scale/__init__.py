# SPDX-License-Identifier: GPL-2.0-or-later
"""Embedding a city with Ray."""
