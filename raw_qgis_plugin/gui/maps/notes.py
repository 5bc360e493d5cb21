# SPDX-License-Identifier: GPL-2.0-or-later
"""What has to be said beside a map: when it was made, of which data, by which model, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.core import QgsMapLayer, QgsProject, QgsRenderContext, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QDate, QLocale

from ...core.bundle.bundle import Bundle
from ...layers.legends import doubt, title_of
from ...layers.publishing import check_layer
from ...processing.words import tr
from ..session import Session, describe


def notes(canvas: QgsMapCanvas, session: Session | None, bundle: Bundle | None) -> list[str]:
    """Sentences for the foot of a map of what a canvas shows. bundle: of the model; None where there is none."""
    layers, shown = canvas.layers(), canvas.mapSettings()
    words = tr("Made on {date} with RAW.").format(
        date=QLocale().toString(QDate.currentDate(), QLocale.FormatType.LongFormat)
    )
    vectors = [layer for layer in layers if isinstance(layer, QgsVectorLayer)]
    fields = {name for layer in vectors for name in layer.fields().names()}
    drawn = {name for layer in vectors for name in layer.renderer().usedAttributes(QgsRenderContext())}
    heads = [head for head in shown_heads(bundle) if head["name"] in drawn]
    forecast = {"horizon_min", "horizon_mi"} & fields  # a Shapefile cuts names to ten letters
    if bundle is not None and (heads or forecast):
        words += " " + tr("Model: {name}.").format(name=bundle.card["name"])
    if session is not None and session.layer is not None and session.tracks is not None and session.users is not None:
        data = tr("Data: {layer}: {summary}")
        words += " " + data.format(
            layer=session.layer.name(), summary=describe(session.tracks, session.users, session.timezone)
        )
    if shown.isTemporal():
        times = shown.temporalRange()
        first, last = (time.toUTC().toString("yyyy-MM-dd HH:mm:ss") for time in (times.begin(), times.end()))
        words += " " + tr("Time shown: {first} to {last} UTC.").format(first=first, last=last)
    found = [words]
    for head in heads:
        words = f"{title_of(head)}: {head.get('verdict') or tr('Nobody has tested it.')}"
        found.append(words + (f" {tr('Experimental ({why})').format(why=why)}." if (why := doubt(head)) else ""))
    if any(head["kind"] == "number" for head in heads):
        found.append(tr("In 80 % of cases the true number lies in its interval. Colours follow the intervals."))
    if forecast:
        found.append(tr("Forecasts: in 50 and 80 % of cases the track lies inside the areas."))
    if "suppressed" in fields:
        found.append(tr("Figures of too few people are withheld. The recorded people are not the population."))
    found += sorted({right for layer in layers for right in layer.metadata().rights()})
    return found


def shown_heads(bundle: Bundle | None) -> list[dict[str, Any]]:
    """All heads of a model that become fields."""
    units = ("user", "track", "day", "region")
    return [head for unit in units for head in bundle.heads(unit, every=True)] if bundle is not None else []


def warnings(layers: Sequence[QgsMapLayer], min_users: int, max_features: int = 50_000) -> list[str]:
    """The worst of what each layer shows of single people. Larger layers than max_features are not read."""
    found = []
    for layer in layers:
        if isinstance(layer, QgsVectorLayer):
            if layer.featureCount() > max_features:
                faults = [tr("too large to be checked here: run Check before publishing.")]
            else:
                faults = check_layer(layer, QgsProject.instance().transformContext(), min_users)
            found += [f"{layer.name()}: {fault}" for fault in faults[:1]]
    return found
