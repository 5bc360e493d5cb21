# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of transport: where rails, bus lines and stops lie, and what they say of a leg."""
