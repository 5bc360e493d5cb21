# SPDX-License-Identifier: GPL-2.0-or-later
"""How is the network trained that says where tracks were in gaps?"""
