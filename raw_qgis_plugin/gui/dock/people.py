# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels of people in words: of all in a labelled layer, and of one with the evidence."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from qgis.core import NULL, QgsVectorLayer

from ...core.embedding.profiles import UNKNOWN
from ...processing.words import tr
from ..results import values_of
from ..widgets.card import plain
from ..widgets.layout import escaped

SHARES = ("walk", "bike", "motor", "rail")


def describe_people(layer: QgsVectorLayer | None, max_reasons: int = 3) -> list[str]:
    """Sentences on a labelled layer: how many, who commutes, main modes, and why nothing is known of others."""
    if layer is None:
        return []
    names, n = layer.fields().names(), layer.featureCount()
    found = [tr("{n:,} labelled: {name}.").format(n=n, name=layer.name())]
    if not {"commuter", "main_mode"} <= set(names) or not n:
        return found
    for name, words in (("commuter", tr("Commuters: {counts} of {n:,}.")), ("main_mode", tr("Main mode: {counts}."))):
        counts = Counter(str(value or UNKNOWN) for value in values_of(layer, name, object))
        listed = ", ".join(f"{tr(plain(value))} {k:,}" for value, k in counts.most_common())
        found.append(words.format(counts=listed, n=n))
    shares = [(tr(mode), values_of(layer, f"share_{mode}")) for mode in SHARES if f"share_{mode}" in names]
    listed = ", ".join(f"{mode} {np.nanmean(share):.0%}" for mode, share in shares if np.isfinite(share).any())
    if listed:
        found.append(tr("A user's trips, on average: {shares}.").format(shares=listed))
    reasons = Counter(why for why in values_of(layer, "why", object) if why) if "why" in names else Counter()
    if reasons:
        listed = "; ".join(f"{why} ({k:,})" for why, k in reasons.most_common(max_reasons))
        found.append(tr("Unknown: {reasons}.").format(reasons=listed))
    return found


def row_of(layer: QgsVectorLayer | None, user: str) -> dict[str, Any]:
    """The values of a user in a labelled layer, without empty ones; {} where there is no such user."""
    if layer is None or "user_id" not in layer.fields().names():
        return {}
    row = next((each for each in layer.getFeatures() if str(each["user_id"]) == user), None)
    return {} if row is None else {k: v for k, v in row.attributeMap().items() if v not in (None, NULL)}


def describe_person(row: dict[str, Any]) -> list[str]:
    """Sentences in rich text on one user, with the evidence. row: see `row_of`."""
    found = []
    if "commuter" in row:
        words = f"{tr('Commuter')}: <b>{tr(str(row['commuter']))}</b>"
        if row["commuter"] != UNKNOWN and "commuter_p" in row:
            p = row["commuter_p"] if row["commuter"] == "yes" else 1 - row["commuter_p"]
            words += f" {p:.0%}"
        found.append(words + (f", {escaped(str(row['evidence']))}" if row.get("evidence") else ""))
    if "main_mode" in row:
        shares = ", ".join(
            f"{tr(mode)} {row[f'share_{mode}']:.0%}" for mode in SHARES if row.get(f"share_{mode}", 0) > 0
        )
        words = f"{tr('Main mode')}: <b>{tr(plain(str(row['main_mode'])))}</b>"
        found.append(words + (f" ({tr('of the trips')}: {shares})" if shares else ""))
    titles = (("trips_a_day", tr("Trips a day")), ("rail_trips", tr("Trips by rail a week")))
    for name, title in titles:
        if name in row:
            ends = [f"{row[f'{name}_{end}']:.1f}" for end in ("low", "high") if f"{name}_{end}" in row]
            found.append(f"{title}: <b>{row[name]:.1f}</b>" + (f" ({' – '.join(ends)})" if ends else ""))
    if row.get("why"):
        found.append(tr("Unknown: {reasons}.").format(reasons=escaped(str(row["why"]))))
    if "n_days_seen" in row and "coverage" in row:
        words = tr("Days recorded: {n:.0f}; {share:.0%} of the time.")
        found.append(words.format(n=row["n_days_seen"], share=row["coverage"]))
    return found
