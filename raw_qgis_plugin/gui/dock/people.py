# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels of people in words: of all in a labelled layer, and of one with the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from qgis.core import QgsVectorLayer

from ...core.labels import SHORT_MODES, UNKNOWN, CardData
from ...layers.legends import title_of
from ...processing.words import tr
from ..results import values_of
from ..widgets.card import plain
from ..widgets.layout import escaped


def describe_people(layer: QgsVectorLayer | None, own: Sequence[CardData] = ()) -> list[str]:
    """Sentences on a labelled layer: how many, the analyst's own labels, who commutes, main modes,
    and why nothing is known of others. own: heads.
    """
    if layer is None:
        return []
    names = layer.fields().names()
    n = layer.featureCount()
    found = [tr("{n:,} labelled: {name}.").format(n=n, name=layer.name())]
    if not {"commuter", "main_mode"} <= set(names) or not n:
        return found
    classes = {each["name"]: title_of(each) for each in own if each["kind"] != "number"}
    for name, title in {
        **classes,
        "commuter": tr("Commuters"),
        "main_mode": tr("Main mode"),
    }.items():
        counts = Counter(str(value or UNKNOWN) for value in values_of(layer, name, object))
        listed = ", ".join(f"{tr(plain(value))} {k:,}" for value, k in counts.most_common())
        found.append(f"{title}: {listed}.")
    if shares := _mean_shares(layer):
        found.append(tr("A user's trips, on average: {shares}.").format(shares=shares))
    if "why" in names:
        reasons = Counter(why for why in values_of(layer, "why", object) if why)
        listed = "; ".join(f"{why} ({k:,})" for why, k in reasons.most_common(3))
        if listed:
            found.append(tr("Unknown: {reasons}.").format(reasons=listed))
    return found


def _mean_shares(layer: QgsVectorLayer) -> str:
    """The means of users' shares of modes, in words; '' where nothing is known."""
    listed = []
    for mode in SHORT_MODES:
        name = f"share_{mode}"
        share = values_of(layer, name) if layer.fields().lookupField(name) >= 0 else np.nan
        if np.isfinite(share).any():
            listed.append(f"{tr(mode)} {np.nanmean(share):.0%}")
    return ", ".join(listed)


def describe_person(labels: dict[str, Any]) -> list[str]:
    """Sentences in rich text on one user, with the evidence. labels: the user's values of
    `PeopleLabels.columns`.
    """
    words = f"{tr('Commuter')}: <b>{tr(str(labels['commuter']))}</b>"
    if labels["commuter"] != UNKNOWN:
        p = labels["commuter_p"]
        words += f" {p if labels['commuter'] == 'yes' else 1 - p:.0%}"
    found = [words + (f", {escaped(labels['evidence'])}" if labels["evidence"] else "")]
    shares = ", ".join(
        f"{tr(mode)} {labels[f'share_{mode}']:.0%}"
        for mode in SHORT_MODES
        if labels[f"share_{mode}"] > 0
    )
    words = f"{tr('Main mode')}: <b>{tr(plain(labels['main_mode']))}</b>"
    found.append(words + (f" ({tr('of the trips')}: {shares})" if shares else ""))
    for name, title in (
        ("trips_a_day", tr("Trips a day")),
        ("rail_trips", tr("Trips by rail a week")),
    ):
        count, low, high = (labels[name + end] for end in ("", "_low", "_high"))
        if count == count:
            found.append(f"{title}: <b>{count:.1f}</b> ({low:.1f} – {high:.1f})")
    if labels["why"]:
        found.append(tr("Unknown: {reasons}.").format(reasons=escaped(labels["why"])))
    words = tr("Days recorded: {n:.0f}; {share:.0%} of the time.")
    return [*found, words.format(n=labels["n_days_seen"], share=labels["coverage"])]
