# SPDX-License-Identifier: GPL-2.0-or-later
"""The other windows of the menu, import with its preview, sample, models, packages, training,
flows.
"""
