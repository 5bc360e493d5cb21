# SPDX-License-Identifier: GPL-2.0-or-later
"""The Processing provider `raw`. Its algorithms are in a room for each group of the toolbox."""
