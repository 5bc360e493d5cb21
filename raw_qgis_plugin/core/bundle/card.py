# SPDX-License-Identifier: GPL-2.0-or-later
"""The card of a bundle, card.json: it may hold anything, so the kinds of all values that are read are checked."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from ..errors import BundleError
from ..features.featurizer import FEATURE_VERSION
from ..paths import DEVICE
from . import contract
from .contract import LIMITS

HEAD_NAME = r"[a-z][a-z0-9_]{0,63}"
_FIELDS = """
user_id track_id day region n_users n_points n_days n_visits t_first t_last lon lat dwell_min suppressed
residents workers n_labelled share_commuters share_walk share_bike share_motor share_rail noise_key within_95 no_data
capped_n_visits noisy_dwell_min epsilon in_domain why evidence fid geom
commuter main_mode rail_user rail_trips work_days weekdays_seen trips_a_day n_days_seen coverage
"""
RESERVED = frozenset(_FIELDS.split())  # fields of results beside those of heads, and GeoPackage's own
HEAD_NAMES = (
    "use small letters, digits and _, a letter first, such as night_worker, but not the name of a field that is there, "
    "nor one that Windows keeps for a device, such as con"
)

# Kinds of values: classes, a list of one kind, a table with given keys or (str) with any, or the name of another table,
# which may be null as figures may. Keys that are missing here are read by nothing but the README that RAW writes.
_OR_NONE, _FIGURES = (str, type(None)), {str: float}
_ELSEWHERE: dict[Any, Any] = {"units": float, "people": float, "sure": float, "accuracy_where_sure": float}
HEAD: dict[Any, Any] = {
    "title": str, "unit_of_measure": str, "verdict": str, "transform": _OR_NONE, "elsewhere": {str: _ELSEWHERE},
    "sources": {str: _ELSEWHERE}, "metrics": {"head": _FIGURES, "ratio": [float], "units": float, "groups": float},
}  # fmt: skip
CARD: dict[Any, Any] = {"parameters": float, "data": str, "config": dict, "training": "TRAINING"}
TRAINING: dict[Any, Any] = {
    "corpus": [str], "device": _OR_NONE, "seed": float, "seconds": float, "step": float, "points": float,
    "command": _OR_NONE, "before": "TRAINING",
}  # fmt: skip


def read_card(text: bytes, folder: Path) -> dict[str, Any]:
    """The checked card of the bundle in a folder. Raises BundleError."""
    try:
        card = json.loads(text.decode("utf-8"))
        if _depth(card) > LIMITS.depth:
            raise ValueError("it is nested too deeply")
        json.dumps(card, ensure_ascii=False).encode("utf-8")  # halves of characters cannot be written
    except (ValueError, RecursionError) as e:
        raise BundleError(f"{contract.CARD_FILE} of the model in {folder} cannot be read: {e}.") from e
    _check_card(folder, card)
    _check_heads(folder, card)
    return card


def _depth(value: object) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, parts), default=0)


def _misfit(value: object, kind: Any, where: str = "") -> str:
    """The first place in a value that is not of its kind, '' if all are."""
    if value is None and (kind is float or (kind == "TRAINING" and where.endswith("before"))):
        return ""
    kind = TRAINING if kind == "TRAINING" else kind
    if isinstance(kind, dict) and isinstance(value, dict):
        parts = [(key, part, kind.get(str, kind.get(key))) for key, part in value.items()]
        inside = [_misfit(part, inner, f"{where}.{key}"[:80].lstrip(".")) for key, part, inner in parts if inner]
        return next(filter(None, inside), "")
    if isinstance(kind, list) and isinstance(value, list):
        return next(filter(None, (_misfit(part, kind[0], where) for part in value)), "")
    if kind is float:
        fits = isinstance(value, (int, float)) and not abs(value) > LIMITS.number  # not a number: a figure that misses
    else:
        fits = isinstance(kind, (type, tuple)) and isinstance(value, kind)
    return "" if fits else where or "it"


def _check_card(folder: Path, card: object) -> None:
    if not isinstance(card, dict):
        raise BundleError(f"{contract.CARD_FILE} of the model in {folder} is not a card.")
    needed = {"name": str, "embedding": dict, "calibration": dict, "heads": list}
    for key, kind in (needed | dict.fromkeys(("format_version", "feature_version", "width"), int)).items():
        if not isinstance(card.get(key), kind):
            raise BundleError(f"{contract.CARD_FILE} of the model in {folder} lacks '{key}'.")
    if not 0 < len(card["name"]) <= LIMITS.name or not card["name"].isprintable():
        raise BundleError(
            f"The model in {folder} has no proper name: one line of at most {LIMITS.name} letters. Export it again."
        )
    for key, ours in (("format_version", contract.FORMAT_VERSION), ("feature_version", FEATURE_VERSION)):
        if card[key] != ours:
            raise BundleError(
                f"The model {card['name']} has {key.replace('_', ' ')} {card[key]}; this plugin reads {ours}. "
                + ("Update the plugin." if card[key] > ours else "Export the model again with this plugin's version.")
            )
    for width, what in ((card["width"], "width"), (card["embedding"].get("width", 1), "embedding.width")):
        if type(width) is not int or not 1 <= width <= LIMITS.width:
            raise BundleError(f"The model {card['name']} has no proper {what}, from 1 to {LIMITS.width:,}.")
    if not all(_is_calibration(table) for table in card["calibration"].values()):
        raise BundleError(f"The model {card['name']} has no proper calibration of its forecasts: export it again.")
    if not _is_domain(card.get("domain", {})):
        raise BundleError(f"The model {card['name']} has no proper limits of its domain: export it again.")
    if wrong := _misfit({k: v for k, v in card.items() if k != "heads"}, CARD):
        raise BundleError(f"The card of the model {card['name']} holds something else than it should in '{wrong}'.")


def _check_heads(folder: Path, card: dict) -> None:
    if len(card["heads"]) > LIMITS.heads:
        raise BundleError(f"The model {card['name']} has more than {LIMITS.heads:,} heads.")
    for h in card["heads"]:
        if not isinstance(h, dict) or not is_head_name(str(h.get("name"))):
            raise BundleError(f"{contract.CARD_FILE} of the model in {folder} has a head without a proper name.")
        if fault := _head_fault(h):
            raise BundleError(f"The head {h['name']} of the model {card['name']} has {fault}.")
        if wrong := _misfit(h, HEAD):
            raise BundleError(f"The card of the head {h['name']} holds something else than it should in '{wrong}'.")
    if name := clash([h["name"] for h in card["heads"]]):
        raise BundleError(f"The model {card['name']} has two heads that are called {name} or answer in this field.")


def clash(names: list[str]) -> str:
    """The first name of a head that is another's too, or that of another's probability or limit; '' if none."""
    fields = Counter(name + end for name in names for end in ("", "_p", "_low", "_high"))
    return next((name for name in names if fields[name] > 1), "")


def is_head_name(name: str) -> bool:
    """Whether a head can have this name. It becomes a field beside those of RESERVED, and the name of a file."""
    return bool(re.fullmatch(HEAD_NAME, name)) and name not in RESERVED and not re.fullmatch(DEVICE, name)


def _head_fault(head: dict) -> str:
    """The part of a head's entry in a card that cannot be used, in words; '' if all can."""
    unit, kind = head.get("unit"), head.get("kind")
    classes, inputs = head.get("classes"), head.get("inputs")
    if unit not in ("user", "track", "day", "region") or kind not in ("binary", "classes", "number"):
        return "an unknown unit or kind"
    words = [word for word in classes if isinstance(word, str)] if isinstance(classes, list) else []
    if kind != "number" and not (len(words) > 1 and words == classes):
        return "no classes: two texts or more"
    threshold = head.get("threshold", 0.0)
    if not isinstance(threshold, (int, float)) or not 0 <= threshold <= 1:
        return "a threshold that is no number from 0 to 1"
    if type(inputs) is not int or not 1 <= inputs <= LIMITS.width:
        return f"no proper number of inputs: a whole number from 1 to {LIMITS.width:,}"
    if not _is_domain(head.get("domain", {})):
        return "no proper limits of its domain"
    return "" if _is_interval(head.get("halfwidth", {"low": 0.0, "high": 0.0})) else "no proper interval"


def _is_interval(value: object) -> bool:
    """Whether it has numbers 'low' and 'high'."""
    return isinstance(value, dict) and _is_numbers([value.get("low"), value.get("high")], 2)


def _is_domain(value: object) -> bool:
    return isinstance(value, dict) and all(_is_numbers(pair, 2) for pair in value.values())


def _is_calibration(table: object) -> bool:
    """Whether a table can calibrate forecasts: its columns have the same length, or are empty."""
    if not isinstance(table, dict):
        return False
    horizon, *columns = (table.get(name, []) for name in ("horizon_s", *contract.CALIBRATION_COLUMNS))
    if not isinstance(horizon, list) or not all(_is_numbers(column, len(horizon)) for column in (horizon, *columns)):
        return False
    return horizon == sorted(horizon) and all(h > 0 for h in horizon) and all(v >= 0 for c in columns for v in c)


def _is_numbers(value: object, n: int) -> bool:
    """Whether it is a list of n numbers that NumPy can work with: none infinite, none longer than its integers."""
    if not isinstance(value, list) or len(value) != n:
        return False
    return all(isinstance(v, (int, float)) and abs(v) <= LIMITS.number for v in value)
