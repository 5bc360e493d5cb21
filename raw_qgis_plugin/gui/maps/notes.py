# SPDX-License-Identifier: GPL-2.0-or-later
"""The notes on a map: when it was made, of which data, by which model, how far it can be trusted,
what is personal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qgis.core import QgsMapLayer, QgsRenderContext, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QDate

from ...core.bundle.bundle import open_bundle
from ...core.disclosure.thresholds import is_few
from ...core.errors import RawError
from ...core.specs import MIN_USERS
from ...layers.legends import is_unproven, title_of, verdict_of
from ...layers.publishing import describe
from ...layers.reading import zone_of
from ...layers.words import MADE_BY, MADE_OF, clock_words
from ...processing.words import tr
from ..layer_kinds import REGIONS_OF
from ..results import values_of
from ..summary import describe as describe_tracks

if TYPE_CHECKING:
    from ..session import Session


def notes(
    canvas: QgsMapCanvas, layers: Sequence[QgsMapLayer], session: Session | None
) -> list[str]:
    """Sentences for the foot of a map of what a canvas shows. layers: those in sight."""
    vectors = [layer for layer in layers if isinstance(layer, QgsVectorLayer)]
    fields = {name for layer in vectors for name in layer.fields().names()}
    models, of_heads = describe_models(vectors, session)

    first = [tr("Made on {date} with RAW.", date=QDate.currentDate().toString("yyyy-MM-dd"))]
    if models:
        first.append(tr("Model: {name}.").format(name=", ".join(models)))
    if session is not None:
        first += _describe_data(vectors, session)
    if canvas.mapSettings().isTemporal():
        clocks = {zone_of(each) for each in vectors if "slice" in each.fields().names()}
        first.append(_describe_time(canvas, clocks))

    sentences = [" ".join(first), *of_heads, *_describe_figures(fields)]
    if "n_users" in fields:
        sentences.append(_describe_fewest(vectors))
    found: dict[str, list[str]] = {}  # what has to be known of layers that leave the desk
    for layer in vectors:
        if words := describe(layer):
            found.setdefault(words, []).append(layer.name())
    sentences += [f"{'; '.join(names)}: {words}" for words, names in found.items()]
    return sentences + sorted({right for each in layers for right in each.metadata().rights()})


def _describe_data(vectors: Sequence[QgsVectorLayer], session: Session) -> list[str]:
    """The tracks, if some layer is made of them."""
    tracks = session.layer
    if tracks is None or not any(is_of(layer, tracks) for layer in vectors):
        return []
    summary = tr("not read")
    if session.tracks is not None and session.users is not None:
        summary = describe_tracks(session.tracks, session.users, session.timezone)
    return [tr("Data: {layer}: {summary}").format(layer=tracks.name(), summary=summary)]


def _describe_time(canvas: QgsMapCanvas, clocks: set[str]) -> str:
    """The time that the map shows. clocks: the time zones of slices in sight."""
    shown = canvas.mapSettings().temporalRange()
    begin = shown.begin()
    end = shown.end()
    if clocks and begin.date() == QDate(2000, 1, 1):  # which stands for all days, see FlowLines
        words = tr("Departures shown: {first} to {last}, {clock}.")
        clock = ", ".join(map(clock_words, sorted(clocks)))
        return words.format(first=begin.toString("HH:mm"), last=end.toString("HH:mm"), clock=clock)
    form = "yyyy-MM-dd HH:mm:ss"
    words = tr("Time shown: {first} to {last} UTC.")
    return words.format(first=begin.toUTC().toString(form), last=end.toUTC().toString(form))


def _describe_figures(fields: set[str]) -> list[str]:
    """What has to be known of figures, by the names of their fields."""
    sentences = []
    if {"commuter", "commuter_p"} <= fields:
        sentences.append(
            tr(
                "Labels of people were learned from users of phones in many countries; they may be "
                "wrong."
            )
        )
    if any(name.endswith("_low") for name in fields):
        sentences.append(tr("In 80 % of cases the true number lies in its interval."))
    if "horizon_min" in fields:
        sentences.append(tr("Forecasts: in 50 and 80 % of cases the track lies inside the areas."))
    return sentences


def _describe_fewest(vectors: Sequence[QgsVectorLayer]) -> str:
    """Whether figures of too few people are shown."""
    shown_people = (
        values_of(layer, "if(attribute('suppressed'), NULL, \"n_users\")")
        for layer in vectors
        if "n_users" in layer.fields().names()
    )
    fewest = min((n for people in shown_people for n in people if n > 0), default=MIN_USERS)
    words = tr(
        "Figures of too few people are withheld. The recorded people are not the population."
    )
    if is_few(fewest, MIN_USERS):
        words = tr(
            "Some figures are of {n} people only and could reveal one of them: do not publish "
            "this map."
        )
    return words.format(n=int(fewest))


def is_of(layer: QgsVectorLayer, tracks: QgsVectorLayer) -> bool:
    """Whether a layer is a layer of tracks, or was made of it."""
    made_of = str(layer.customProperty(MADE_OF) or "").split(", ")
    return (
        layer is tracks
        or layer.customProperty(REGIONS_OF) == tracks.id()
        or tracks.name() in made_of
    )


def describe_models(
    layers: Sequence[QgsVectorLayer], session: Session | None
) -> tuple[list[str], list[str]]:
    """The names of the models that made layers, and what was found of the labels that the layers'
    colours show.
    """
    paths: dict[str, set[str]] = {}  # with the fields that are shown
    for layer in layers:
        path = str(layer.customProperty(MADE_BY) or "")
        model = session.model if session is not None else None
        drawn = bool(layer.customProperty(REGIONS_OF)) and model is not None
        if drawn and model is not None:
            path = str(model.bundle.path)  # drawn regions follow the dock's model
        if drawn or MADE_BY in layer.customPropertyKeys():
            used = (
                layer.renderer().usedAttributes(QgsRenderContext())
                if layer.renderer() is not None
                else ()
            )
            paths.setdefault(path, set()).update(used)
    names = dict[str, None]()
    sentences = dict[str, None]()
    for path, shown in paths.items():
        try:
            bundle = open_bundle(path)
        except (RawError, OSError):  # it was deleted
            names[Path(path).stem] = None
            continue
        names[bundle.name] = None
        every = (head for unit in ("user", "track", "day", "region") for head in bundle.heads(unit))
        for head in (each for each in every if each["name"] in shown):
            words = f"{title_of(head)}: {verdict_of(head) or tr('Not tested.')}"
            sentences[
                f"{words} {tr('Not proven better than a simple method')}."
                if is_unproven(head)
                else words
            ] = None
    return list(names), list(sentences)
