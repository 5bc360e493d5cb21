# SPDX-License-Identifier: GPL-2.0-or-later
"""People: profiles, diaries, similar users, encounters."""
