# SPDX-License-Identifier: GPL-2.0-or-later
"""What has to be said beside a map: when it was made, of which data, by which model, and how far it can be trusted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsExpression, QgsFeatureRequest, QgsMapLayer, QgsRenderContext, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QDate, QLocale

from ...core.bundle.bundle import Bundle, open_card
from ...core.errors import RawError
from ...layers.legends import is_unproven, title_of, unproven, verdict_of
from ...layers.publishing import describe as describe_figures
from ...layers.words import MADE_BY, MADE_OF, tr
from ..regions.layer import OF
from ..results import UNIT, made_at, run_of
from ..session import Session
from ..summary import describe


def notes(canvas: QgsMapCanvas, session: Session | None, bundle: Bundle | None) -> list[str]:
    """Sentences for the foot of a map of what a canvas shows. bundle: of the model; None where there is none."""
    layers, shown = canvas.layers(), canvas.mapSettings()
    words = tr("Made on {date} with RAW.").format(
        date=QLocale().toString(QDate.currentDate(), QLocale.FormatType.LongFormat)
    )
    vectors = [layer for layer in layers if isinstance(layer, QgsVectorLayer)]
    fields = {name for layer in vectors for name in layer.fields().names()}
    forecast = {"horizon_min", "horizon_mi"} & fields  # a Shapefile cuts names to ten letters
    heads: dict[str, dict[str, Any]] = {}
    models: list[str] = []
    opened = cache(model_at)
    for layer in vectors:
        name, made_by = model_of(layer, bundle, opened)
        found = [head for head in shown_heads(made_by) if shows(layer, head)]
        heads |= {f"{name}: {head['name']}": head for head in found}
        if name and (found or made_at(layer) or forecast & set(layer.fields().names())):
            models += [name] * (name not in models)
    if models:
        words += " " + tr("Model: {name}.").format(name=", ".join(models))
    if (
        session is not None and session.layer is not None and session.tracks is not None and session.users is not None
        and any(is_of(layer, session.layer) for layer in vectors)
    ):  # fmt: skip
        data, points = tr("Data: {layer}: {summary}"), session.layer.geometryType() == Qgis.GeometryType.Point
        summary = describe(
            session.tracks, session.users, session.timezone, session.layer.featureCount() if points else 0
        )
        words += " " + data.format(layer=session.layer.name(), summary=summary)
    if shown.isTemporal():
        times = shown.temporalRange()
        first, last = (time.toUTC().toString("yyyy-MM-dd HH:mm:ss") for time in (times.begin(), times.end()))
        words += " " + tr("Time shown: {first} to {last} UTC.").format(first=first, last=last)
    sentences = [words]
    for head in heads.values():
        words = f"{title_of(head)}: {verdict_of(head) or tr('Nobody has tested it.')}"
        sentences.append(words + (f" {unproven()}." if is_unproven(head) else ""))
    if any(head["kind"] == "number" for head in heads.values()):
        sentences.append(tr("In 80 % of cases the true number lies in its interval. Colours follow the intervals."))
    if forecast:
        sentences.append(tr("Forecasts: in 50 and 80 % of cases the track lies inside the areas."))
    if "suppressed" in fields:
        sentences.append(tr("Figures of too few people are withheld. The recorded people are not the population."))
    sentences += sorted({words for layer in vectors if "n_users" in layer.fields().names()
                         and (words := describe_figures(layer))})  # fmt: skip
    return sentences + sorted({right for layer in layers for right in layer.metadata().rights()})


def is_of(layer: QgsVectorLayer, tracks: QgsVectorLayer) -> bool:
    """Whether a layer is a layer of tracks, or was made of it."""
    run = run_of(layer)
    if run is not None or layer.customProperty(OF):
        return tracks.id() in (layer.customProperty(OF), run and run.tracks)
    return layer is tracks or f", {tracks.name()}, " in f", {layer.customProperty(MADE_OF)}, "


def model_of(
    layer: QgsVectorLayer, bundle: Bundle | None, opened: Callable[[str], tuple[str, Bundle | None]]
) -> tuple[str, Bundle | None]:
    """The name of the model that made a layer, and the model, None where it cannot be opened any more.

    bundle: taken for a layer that does not say what made it, such as drawn regions, which follow the dock's model.
    opened: `model_at`, which opens each model once.
    """
    run = run_of(layer)
    if run is not None:
        return opened(str(run.values.get("MODEL") or ""))
    if MADE_BY in layer.customPropertyKeys():
        return opened(str(layer.customProperty(MADE_BY) or ""))
    return (bundle.name, bundle) if bundle is not None and not made_at(layer) else ("", None)


def model_at(path: str) -> tuple[str, Bundle | None]:
    """The name of a model, '' for the shipped one, and the model by its card alone; None where it cannot be opened."""
    try:
        model = open_card(path)
    except (RawError, OSError):
        return Path(path).stem, None
    return model.name, model


def shows(layer: QgsVectorLayer, head: dict[str, Any]) -> bool:
    """Whether the colours of a layer are a head's, and it gives a label or number to any feature."""
    if head["name"] not in layer.renderer().usedAttributes(QgsRenderContext()):
        return False
    name = QgsExpression.quotedColumnRef(head["name"])
    given = f"{name} IS NOT NULL AND {name} <> 'unknown'" if head["kind"] != "number" else f"{name} IS NOT NULL"
    return next(layer.getFeatures(QgsFeatureRequest(QgsExpression(given)).setLimit(1)), None) is not None


def title_of_layer(layer: QgsMapLayer) -> str:
    """The name of a layer for readers who do not know RAW: 'Team of each user', not 'Profiles: Team'."""
    kind, _, label = re.sub(r" \(\d+\)$", "", layer.name()).partition(": ")  # without the number of a second layer
    unit = "region" if layer.customProperty(OF) else layer.customProperty(UNIT)
    known = {
        ("user", tr("Profiles")): tr("{label} of each user"), ("track", tr("Tracks")): tr("{label} of each track"),
        ("day", tr("Days")): tr("{label} of each day"), ("region", tr("Drawn regions")): tr("{label} of each region"),
    }  # fmt: skip
    words = known.get((str(unit), kind)) if label else None
    return words.format(label=label) if words else layer.name()


def shown_heads(bundle: Bundle | None) -> list[dict[str, Any]]:
    """All heads of a model that become fields."""
    units = ("user", "track", "day", "region")
    return [head for unit in units for head in bundle.heads(unit)] if bundle is not None else []


def warnings(layers: Sequence[QgsMapLayer]) -> list[str]:
    """What each layer shows of people, for those who may publish the map."""
    described = ((layer, describe_figures(layer)) for layer in layers if isinstance(layer, QgsVectorLayer))
    return [f"{layer.name()}: {words}" for layer, words in described if words]
