# SPDX-License-Identifier: GPL-2.0-or-later
"""The Processing provider `raw`. provider.py lists its algorithms."""
