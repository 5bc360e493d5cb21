# SPDX-License-Identifier: GPL-2.0-or-later
"""What is drawn of positions that nobody observed."""
