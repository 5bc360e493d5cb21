# SPDX-License-Identifier: GPL-2.0-or-later
"""Where tracks go next."""
