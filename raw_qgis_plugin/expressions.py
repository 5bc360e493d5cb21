# SPDX-License-Identifier: GPL-2.0-or-later
"""raw_label: the label of a user in the project's results, in any expression of QGIS.

The model never runs here: an expression is evaluated for every feature, in the GUI's thread or a renderer's. A result
layer becomes a feature source when it joins the project, in the main thread. The source is read by the first
expression that needs it, in the thread of that expression. A second function, which QGIS does not list because of its
underscore, is for the default values of `layers.legends.let_correct`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from qgis.core import (
    NULL,
    QgsExpression,
    QgsExpressionFunction,
    QgsFeatureRequest,
    QgsMapLayer,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
)
from qgis.PyQt import sip

from .layers.words import id_text
from .processing.words import tr

GROUP = "RAW"
USER = "user_id"
OTHER_UNITS = ("track_id", "day")  # a layer with one of them has several rows a user


class Result:
    """One result layer with a row per user, read at its first use."""

    def __init__(self, layer: QgsVectorLayer) -> None:
        self.id, self.name = layer.id(), layer.name()
        self.fields = [field.name() for field in layer.fields()]
        self._source = QgsVectorLayerFeatureSource(layer)
        self._lock = threading.Lock()
        self._columns: dict[str, dict[str, Any]] = {}

    def column(self, name: str) -> dict[str, Any]:
        """The values of a field by user."""
        with self._lock:
            if name not in self._columns:
                at = [self.fields.index(USER), self.fields.index(name)]
                request = QgsFeatureRequest().setSubsetOfAttributes(at).setFlags(QgsFeatureRequest.Flag.NoGeometry)
                rows = (feature.attributes() for feature in self._source.getFeatures(request))
                self._columns[name] = {id_text(row[at[0]]): row[at[1]] for row in rows}
            return self._columns[name]


class Results:
    """The result layers of the project, kept up to date. The newest has priority."""

    def __init__(self) -> None:
        self._found: dict[str, Result] = {}
        self._undo: dict[str, list[Callable[[], None]]] = {}  # by id of the layer; of the project: ''
        project = QgsProject.instance()
        self._listen(project.layersAdded, self._add)
        self._listen(project.layersWillBeRemoved, self._forget)
        self._add(list(project.mapLayers().values()))

    def newest_first(self) -> list[Result]:
        """The results, in a list of the caller's own: layers come and go in another thread."""
        return list(reversed(list(self._found.values())))

    def close(self) -> None:
        """Disconnect from the project and its layers."""
        self._forget(list(self._undo))

    def _listen(self, signal: Any, slot: Callable[..., None], layer: Any = None) -> None:
        signal.connect(slot)
        undo = self._undo.setdefault("" if layer is None else layer.id(), [])
        undo.append(lambda: None if layer is not None and sip.isdeleted(layer) else signal.disconnect(slot))

    def _add(self, layers: list[QgsMapLayer]) -> None:
        for layer in layers:
            if is_result(layer):
                self._renew(layer)
                slot = partial(self._changed, layer)
                for signal in (layer.dataChanged, layer.nameChanged, layer.afterCommitChanges):
                    self._listen(signal, slot, layer)

    def _renew(self, layer: QgsVectorLayer) -> None:
        self._found[layer.id()] = Result(layer)

    def _changed(self, layer: QgsVectorLayer) -> None:
        if layer.id() in self._found:  # not one that has left the project and lives on elsewhere
            self._renew(layer)

    def _forget(self, ids: list[str]) -> None:
        for layer_id in ids:
            self._found.pop(layer_id, None)
            for undo in self._undo.pop(layer_id, ()):
                undo()


def is_result(layer: QgsMapLayer) -> bool:
    """Whether a layer has a row per user, with labels."""
    if not isinstance(layer, QgsVectorLayer) or not layer.isValid():
        return False
    names = layer.fields().names()
    return {USER, "n_points"} <= set(names) and not any(name in names for name in OTHER_UNITS)


class Function(QgsExpressionFunction):
    """One function. It returns NULL, and sets the expression's error, where it finds no answer."""

    def __init__(
        self, name: str, parameters: list[QgsExpressionFunction.Parameter], help_text: str,
        answer: Callable[..., Any],
    ) -> None:  # fmt: skip
        super().__init__(name, parameters, GROUP, help_text)
        self._answer = answer

    def func(self, values: list[Any], _context: Any, parent: QgsExpression, _node: Any) -> Any:
        """Called by QGIS, in any thread."""
        try:
            return self._answer(*values)
        except LookupError as error:
            parent.setEvalErrorString(str(error.args[0]))
            return NULL


def label(results: Results, user: Any, task: str, layer: Any = "") -> Any:
    """The prediction for a user in the newest layer that has the task. LookupError: why there is none."""
    candidates = results.newest_first()
    if layer:
        wanted = layer.id() if isinstance(layer, QgsMapLayer) else str(layer)
        candidates = [result for result in candidates if wanted in (result.id, result.name)]
        if not candidates:
            raise LookupError(tr("raw_label: '{layer}' is no layer of labelled users.").format(layer=wanted))
    for result in candidates:
        if task in result.fields:
            return result.column(task).get(id_text(user), NULL)
    if not candidates:
        raise LookupError(tr("raw_label: the project has no labelled users. Run RAW → People → Profile users first."))
    words = tr("raw_label: no labelled users in the project have the label '{task}'.")
    raise LookupError(words.format(task=task))


def saved(layer_id: str, feature: int, field: str) -> Any:
    """A value as it is in the data, without the edits that are not saved yet; NULL for a new feature."""
    layer = QgsProject.instance().mapLayer(layer_id)
    if not isinstance(layer, QgsVectorLayer):
        return NULL
    request = QgsFeatureRequest(feature).setFlags(QgsFeatureRequest.Flag.NoGeometry)
    return next((row[field] for row in layer.dataProvider().getFeatures(request)), NULL)


class Registered:
    """Registers the functions with QGIS, until `close`."""

    def __init__(self) -> None:
        self.results = Results()
        self.functions = [
            Function(
                "raw_label", parameters("user", "task", layer=""),
                tr("<h3>raw_label(user, task, [layer])</h3><p>The label of a user, such as "
                   "raw_label(\"user_id\", 'commuter'). layer: name or id of the labelled users; else the newest.</p>"),
                partial(label, self.results),
            ),
            Function("_raw_saved", parameters("layer_id", "feature", "field"), "", saved),
        ]  # fmt: skip
        for function in self.functions:
            QgsExpression.registerFunction(function)

    def close(self) -> None:
        """Remove the functions from QGIS."""
        for function in self.functions:
            QgsExpression.unregisterFunction(function.name())
        self.results.close()
        self.functions = []


def parameters(*names: str, **optional: Any) -> list[QgsExpressionFunction.Parameter]:
    """The parameters of a function. optional: with their defaults."""
    kind = QgsExpressionFunction.Parameter
    return [kind(name) for name in names] + [kind(name, True, value) for name, value in optional.items()]
