# SPDX-License-Identifier: GPL-2.0-or-later
"""Map tips: HTML in which QGIS evaluates every [% expression %]. Ids, names and titles come from others' files."""

from __future__ import annotations

from html import escape

from qgis.core import QgsExpression


def value_of(field: str) -> str:
    """The part of a map tip that shows a field's value as text; '' for a field that no expression can name."""
    if "%]" in field:
        return ""
    text = f"to_string({QgsExpression.quotedColumnRef(field)})"
    return f"[% replace(replace({text}, '&', '&amp;'), '<', '&lt;') %]"


def literal(words: str) -> str:
    """Words for a map tip, as they are: neither HTML nor an expression."""
    return escape(words).replace("%", "&#37;")
