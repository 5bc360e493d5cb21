# SPDX-License-Identifier: GPL-2.0-or-later
"""The synthetic city: streets, rail and what moves on them."""
