# SPDX-License-Identifier: GPL-2.0-or-later
"""Learning to weigh how tracks of the layer continued."""
