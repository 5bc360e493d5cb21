# SPDX-License-Identifier: GPL-2.0-or-later
"""The card of a bundle, card.json: it may hold anything, so the kinds of all values that are read
are checked.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from ..errors import BundleError
from ..features.featurizer import FEATURE_VERSION
from ..labels import OF_REGIONS, OF_USERS, CardData
from ..paths import DEVICE
from . import contract
from .contract import Limits

HEAD_NAME = r"[a-z][a-z0-9_]{0,63}"
_FIELDS = """
user_id track_id day region n_users n_points n_days n_visits t_first t_last lon lat dwell_min
suppressed n_labelled within_95 no_data rho epsilon in_domain why evidence fid geom
n_days_seen coverage
"""
ENDS = ("", "_p", "_guess", "_low", "_high")  # of the fields of a head
# fields of results beside those of heads, and GeoPackage's own
RESERVED = frozenset(_FIELDS.split()).union(
    *(label.every_column for label in (*OF_USERS, *OF_REGIONS))
)
HEAD_NAMES = (
    "use small letters, digits and _, a letter first, such as night_worker, but not the name of a "
    "field that is there, nor one that Windows keeps for a device, such as con"
)


def is_head_name(name: Any) -> bool:
    """Whether a head can have this name. It becomes a field beside those of RESERVED, and the name
    of a file.
    """
    usual = (
        isinstance(name, str) and re.fullmatch(HEAD_NAME, name) and not re.fullmatch(DEVICE, name)
    )
    return bool(usual) and RESERVED.isdisjoint(name + end for end in ENDS)


def clash(names: list[str]) -> str:
    """The first name of a head that is another's too, or that of another's probability, guess or
    limit; '' if none.
    """
    fields = Counter(name + end for name in names for end in ENDS)
    return next((name for name in names if fields[name] > 1), "")


def _is_figure(value: Any) -> bool:
    """Whether it is a number, or one that is missing: null or not a number."""
    return value is None or (isinstance(value, (int, float)) and not abs(value) > Limits.number)


def _is_number(value: Any) -> bool:
    """Whether NumPy can work with it: it is not infinite, and not longer than NumPy's integers."""
    return isinstance(value, (int, float)) and abs(value) <= Limits.number


def _is_size(value: Any) -> bool:
    return type(value) is int and 1 <= value <= Limits.width


def _is_range(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))


def _is_calibration(table: Any) -> bool:
    """Whether a table can calibrate forecasts: its columns have the same length, or are empty."""
    if not isinstance(table, dict):
        return False
    horizon, *columns = every = [
        table.get(name, []) for name in ("horizon_s", *contract.CALIBRATION_COLUMNS)
    ]
    if not all(
        isinstance(c, list) and len(c) == len(horizon) and all(map(_is_number, c)) for c in every
    ):
        return False
    return (
        horizon == sorted(horizon)
        and all(h > 0 for h in horizon)
        and all(v >= 0 for c in columns for v in c)
    )


# What values have to be: of a class, or as a function says; lists of one kind; tables with given
# keys, or (str) with any. Keys that are missing here are read by nothing but the README that RAW
# writes.
ELSEWHERE = {
    str: {
        "units": _is_figure,
        "people": _is_figure,
        "sure": _is_figure,
        "accuracy_where_sure": _is_figure,
    }
}
HEAD: dict[Any, Any] = {
    "name": is_head_name,
    "unit": ("user", "track", "day", "region").__contains__,
    "kind": ("binary", "classes", "number").__contains__,
    "inputs": _is_size,
    "threshold": lambda value: _is_number(value) and 0 <= value <= 1,
    "domain": {str: _is_range},
    "halfwidth": lambda value: (
        isinstance(value, dict) and _is_range([value.get("low"), value.get("high")])
    ),
    "title": str,
    "unit_of_measure": str,
    "verdict": str,
    "transform": lambda value: value is None or isinstance(value, str),
    "metrics": {
        "head": {str: _is_figure},
        "ratio": [_is_figure],
        "units": _is_figure,
        "groups": _is_figure,
    },
    "elsewhere": ELSEWHERE,
    "sources": ELSEWHERE,
}
CARD: dict[Any, Any] = {
    "name": lambda value: (
        isinstance(value, str) and 0 < len(value) <= Limits.name and value.isprintable()
    ),
    "format_version": int,
    "feature_version": int,
    "config": dict,
    "width": _is_size,
    "parameters": _is_figure,
    "embedding": {"width": _is_size},
    "domain": {str: _is_range},
    "calibration": {str: _is_calibration},
    "training": dict,
    "data": str,
    "heads": [HEAD],
}
NEEDED = ("name", "format_version", "feature_version", "width", "embedding", "calibration", "heads")
NEEDED_OF_HEAD = ("name", "unit", "kind", "inputs")


def read_card(text: bytes, folder: Path) -> CardData:
    """The checked card of the bundle in a folder. Raises BundleError."""
    try:
        card = json.loads(text.decode("utf-8"))
        if _depth(card) > Limits.depth:
            raise ValueError("it is nested too deeply")
        # halves of characters cannot be written
        json.dumps(card, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as e:
        raise BundleError(
            "{folder}/card.json cannot be read: {error}", folder=folder, error=e
        ) from e
    for key, ours in (
        ("format_version", contract.FORMAT_VERSION),
        ("feature_version", FEATURE_VERSION),
    ):
        theirs = card.get(key) if isinstance(card, dict) else None
        if type(theirs) is int and theirs != ours:
            words = (
                "The model has {key} {theirs}; RAW reads {ours}. Export the model again with this "
                "RAW."
            )
            if theirs > ours:
                words = "The model has {key} {theirs}; RAW reads {ours}. Update RAW."
            raise BundleError(words, key=key, theirs=theirs, ours=ours)
    if wrong := _fault(card):
        raise BundleError(
            "{folder}/card.json cannot be used ({wrong}): export it again.",
            folder=folder,
            wrong=wrong,
        )
    return card


def _fault(card: Any) -> str:
    """What is wrong in a card, in words; '' if nothing is."""
    if wrong := _misfit(card, CARD):
        return f"something else than it should in {wrong}"
    if lost := [key for key in NEEDED if key not in card]:
        return f"no {lost[0]}"
    for head in card["heads"]:
        if lost := [key for key in NEEDED_OF_HEAD if key not in head]:
            return f"a head without {lost[0]}"
        classes = head.get("classes")
        words = (
            {word for word in classes if isinstance(word, str)}
            if isinstance(classes, list)
            else set()
        )
        if head["kind"] != "number" and not 1 < len(words) == len(classes):
            return f"a head {head['name']} without classes, two texts or more"
    if len(card["heads"]) > Limits.heads:
        return f"more than {Limits.heads:,} heads"
    name = clash([head["name"] for head in card["heads"]])
    return f"two heads that are called {name} or answer in this field" if name else ""


def _depth(value: object) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, parts), default=0)


def _misfit(value: Any, kind: Any, where: str = "") -> str:
    """The first place in a value that is not of its kind, as in 'heads.0.name'; '' if there is
    none.
    """
    inside: list[tuple[Any, Any, Any]] = []
    if isinstance(kind, dict) and isinstance(value, dict):
        inside = [(key, part, kind.get(key, kind.get(str))) for key, part in value.items()]
    elif isinstance(kind, list) and isinstance(value, list):
        inside = [(number, part, kind[0]) for number, part in enumerate(value)]
    elif isinstance(kind, (dict, list)) or not (
        isinstance(value, kind) if isinstance(kind, type) else kind(value)
    ):
        return where or "it"
    found = (
        _misfit(part, kind, f"{where}.{key}"[:80].lstrip("."))
        for key, part, kind in inside
        if kind is not None
    )
    return next(filter(None, found), "")
