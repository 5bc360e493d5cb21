# SPDX-License-Identifier: GPL-2.0-or-later
"""How are the networks trained that weigh how tracks of the layer continued?"""
