# SPDX-License-Identifier: GPL-2.0-or-later
"""The desktop: the menu and its windows, the dock, the tools on the map. `menu.RawMenu` opens all
of them.
"""
