# SPDX-License-Identifier: GPL-2.0-or-later
"""The notes on a map: when it was made, of which data, by which model, how far it can be trusted, what is personal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsMapLayer, QgsRenderContext, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QDate, QLocale

from ...core.bundle.bundle import Bundle, open_bundle
from ...core.errors import RawError
from ...layers.legends import is_unproven, title_of, unproven, verdict_of
from ...layers.publishing import describe
from ...layers.words import MADE_BY, MADE_OF
from ...processing.words import tr
from ..layer_kinds import REGIONS_OF
from ..results import made_at, run_of

if TYPE_CHECKING:
    from ..session import Session


def notes(canvas: QgsMapCanvas, layers: Sequence[QgsMapLayer], session: Session | None) -> list[str]:
    """Sentences for the foot of a map of what a canvas shows. layers: those in sight."""
    vectors = [layer for layer in layers if isinstance(layer, QgsVectorLayer)]
    words = tr("Made on {date} with RAW.")
    first = [words.format(date=QLocale().toString(QDate.currentDate(), QLocale.FormatType.LongFormat))]
    opened, models = cache(model_at), list[str]()
    heads: dict[str, dict[str, Any]] = {}
    for layer in vectors:
        name, bundle = model_of(layer, session, opened)
        models += [name] * bool(name and name not in models)
        used = layer.renderer().usedAttributes(QgsRenderContext()) if layer.renderer() is not None else ()
        heads |= {f"{name} {head['name']}": head for head in all_heads(bundle) if head["name"] in used}
    if models:
        first.append(tr("Model: {name}.").format(name=", ".join(models)))
    if session is not None and session.layer is not None and any(is_of(layer, session.layer) for layer in vectors):
        points = session.layer.geometryType() == Qgis.GeometryType.Point
        summary = session.describe(session.layer.featureCount() if points else 0)
        first.append(tr("Data: {layer}: {summary}").format(layer=session.layer.name(), summary=summary))
    shown = canvas.mapSettings()
    if shown.isTemporal():
        ends = (shown.temporalRange().begin(), shown.temporalRange().end())
        begin, end = (time.toUTC().toString("yyyy-MM-dd HH:mm:ss") for time in ends)
        first.append(tr("Time shown: {first} to {last} UTC.").format(first=begin, last=end))
    sentences = [" ".join(first)]
    for head in heads.values():
        words = f"{title_of(head)}: {verdict_of(head) or tr('Not tested.')}"
        sentences.append(f"{words} {unproven()}." if is_unproven(head) else words)
    fields = {name for layer in vectors for name in layer.fields().names()}
    if {"commuter", "commuter_p"} <= fields:
        sentences.append(tr("Labels of people were learned from users of phones in many countries; they may be wrong."))
    if any(name.endswith("_low") for name in fields):
        sentences.append(tr("In 80 % of cases the true number lies in its interval."))
    if {"horizon_min", "horizon_mi"} & fields:  # a Shapefile cuts names to ten letters
        sentences.append(tr("Forecasts: in 50 and 80 % of cases the track lies inside the areas."))
    if "suppressed" in fields:
        sentences.append(tr("Figures of too few people are withheld. The recorded people are not the population."))
    return sentences + remarks(layers) + sorted({right for each in layers for right in each.metadata().rights()})


def remarks(layers: Sequence[QgsMapLayer]) -> list[str]:
    """What has to be known of layers that leave the desk: single people, exact figures, published figures."""
    found: dict[str, list[str]] = {}
    for layer in layers:
        if isinstance(layer, QgsVectorLayer) and (words := describe(layer)):
            found.setdefault(words, []).append(layer.name())
    return [f"{'; '.join(names)}: {words}" for words, names in found.items()]


def is_of(layer: QgsVectorLayer, tracks: QgsVectorLayer) -> bool:
    """Whether a layer is a layer of tracks, or was made of it."""
    run = run_of(layer)
    if run is not None or layer.customProperty(REGIONS_OF):
        return tracks.id() in (layer.customProperty(REGIONS_OF), run and run.tracks)
    return layer is tracks or f", {tracks.name()}, " in f", {layer.customProperty(MADE_OF)}, "


def model_of(layer: QgsVectorLayer, session: Session | None, opened: Any) -> tuple[str, Bundle | None]:
    """The name of the model that made a layer, and the model, None where it cannot be opened any more.

    Drawn regions do not say what made them: they follow the dock's model. opened: `model_at`, cached.
    """
    run = run_of(layer)
    if run is not None:
        return opened(str(run.values.get("MODEL") or ""))
    if MADE_BY in layer.customPropertyKeys():
        return opened(str(layer.customProperty(MADE_BY) or ""))
    model = session.model if session is not None else None
    return (model.bundle.name, model.bundle) if model is not None and not made_at(layer) else ("", None)


def model_at(path: str) -> tuple[str, Bundle | None]:
    """The name of a model, '' for the shipped one, and the model; None where it cannot be opened."""
    try:
        model = open_bundle(path)
    except (RawError, OSError):
        return Path(path).stem, None
    return model.name, model


def all_heads(bundle: Bundle | None) -> list[dict[str, Any]]:
    """All heads of a model that become fields."""
    units = ("user", "track", "day", "region")
    return [head for unit in units for head in bundle.heads(unit)] if bundle is not None else []
