# SPDX-License-Identifier: GPL-2.0-or-later
"""The type of the RAW menu for the dock and the windows, which the menu imports: a name for the type checker alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .menu import RawMenu as Desktop
else:
    Desktop = object
