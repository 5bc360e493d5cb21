# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks to embeddings, labels, and reasons why two are similar."""
