# SPDX-License-Identifier: GPL-2.0-or-later
"""Training: labels of one's own, and a model on one's own tracks."""
