# SPDX-License-Identifier: GPL-2.0-or-later
"""Parts that the dock and the windows share: layout helpers, charts and cards."""
