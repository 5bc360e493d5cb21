# SPDX-License-Identifier: GPL-2.0-or-later
"""How is the place head, which says what is home and work, trained and judged?"""
