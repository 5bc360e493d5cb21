# SPDX-License-Identifier: GPL-2.0-or-later
"""Training and evaluating heads on embeddings."""
