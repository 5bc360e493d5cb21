# SPDX-License-Identifier: GPL-2.0-or-later
"""Training and evaluating heads on embeddings, for model.finetune. core/embedding/profiles.py asks
them for labels.
"""
