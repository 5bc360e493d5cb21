# SPDX-License-Identifier: GPL-2.0-or-later
"""A model on disk: checked, loaded and run."""
