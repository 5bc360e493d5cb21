# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks to embeddings, labels and their explanation."""
