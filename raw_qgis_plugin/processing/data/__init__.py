# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks as layers: import, gaps, embeddings."""
