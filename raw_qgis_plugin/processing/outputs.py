# SPDX-License-Identifier: GPL-2.0-or-later
"""Where outputs go, and what of that is refused before any work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsDataSourceUri,
    QgsFields,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingUtils,
    QgsProviderRegistry,
    QgsVectorFileWriter,
)

from ..core.errors import InputError
from .form import Run

if TYPE_CHECKING:
    from ..layers.writing import Output


@dataclass(frozen=True)
class Target:
    """A file, and the layer in it. layer: '' for the whole file."""

    file: Path
    layer: str = ""

    def replaces(self, other: Target) -> bool:
        """Whether writing this loses the other. A layer in a GeoPackage leaves the other layers there."""
        if self.file != other.file:
            return False
        return not self.layer or self.layer == (other.layer or first_layer(other.file))


def first_layer(file: Path) -> str:
    """The layer that QGIS opens if only the file is named; '' where there is none."""
    layers = QgsProviderRegistry.instance().querySublayers(str(file))
    return layers[0].name() if layers else ""


def check_outputs(run: Run) -> None:
    """InputError where an output has no folder, or would replace an input or another output.

    QGIS itself would find the folder missing after the work, and would replace an input without a word.
    """
    inputs, outputs = dict(_inputs(run)), dict(_outputs(run))
    for number, (name, target) in enumerate(outputs.items()):
        folder = target.file.parent
        if not target.layer and Path(f"{target.file}-wal").exists():
            raise InputError(f"{target.file} is open in QGIS. Remove its layer from the project, or choose a new file.")
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder} for {name}. Make it, or choose another.")
        for other in (each for each, found in inputs.items() if target.replaces(found)):
            raise InputError(f"{name} would replace {other}, the file {target.file}. Choose another file.")
        for other, found in list(outputs.items())[:number]:
            if target.replaces(found) or found.replaces(target):
                raise InputError(f"{other} and {name} are the same file, {target.file}. Choose two files.")


def _inputs(run: Run) -> Iterator[tuple[str, Target]]:
    """The inputs that are files, by the name of the parameter."""
    for definition in run.algorithm.parameterDefinitions():
        name = definition.name()
        if isinstance(definition, QgsProcessingParameterFile) and run.text(name).strip():
            yield name, Target(Path(run.text(name).strip()).resolve())
        elif isinstance(definition, QgsProcessingParameterFeatureSource):
            layer = run.vector_layer(name)
            if layer is not None:
                parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
                if parts.get("path"):
                    yield name, Target(Path(parts["path"]).resolve(), parts.get("layerName") or "")


def _outputs(run: Run) -> Iterator[tuple[str, Target]]:
    """The outputs that are files, by the name of the parameter."""
    for definition in run.algorithm.parameterDefinitions():
        name = definition.name()
        if isinstance(definition, (QgsProcessingParameterFeatureSink, QgsProcessingParameterFileDestination)):
            text = destination_of(run, run.parameters.get(name))
            if text.startswith("ogr:"):
                uri = QgsDataSourceUri(text[len("ogr:") :])
                if uri.database():
                    yield name, Target(Path(uri.database()).resolve(), uri.table())
            elif text and text != QgsProcessing.TEMPORARY_OUTPUT and ":" not in text[2:]:  # C:\ is a file
                is_layer = isinstance(definition, QgsProcessingParameterFeatureSink)
                yield name, Target(Path(with_suffix(text) if is_layer else text).resolve())


def destination_of(run: Run, value: Any) -> str:
    """The text of an output's parameter; '' where it is empty."""
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        return value.sink.valueAsString(run.context.expressionContext(), "")[0]
    return str(value or "")


def open_sink(
    algorithm: QgsProcessingAlgorithm, run: Run, name: str, fields: QgsFields, shape: Any,
    crs: QgsCoordinateReferenceSystem,
) -> Output:  # fmt: skip
    """Begin the output `name`: a file under way, or QGIS's own sink of a layer in memory or a database."""
    from ..layers.writing import Output

    text = destination_of(run, run.parameters.get(name))
    if text and text != QgsProcessing.TEMPORARY_OUTPUT and ":" not in text[2:] and "|" not in text:
        output = Output.in_file(Path(with_suffix(text)))
        output.sink, made = QgsProcessingUtils.createFeatureSink(str(output.file), run.context, fields, shape, crs)
        output.destination = str(Path(output.destination).with_name(Path(made).name))  # QGIS may add to the name
    else:
        output = Output(*algorithm.parameterAsSink(run.parameters, name, run.context, fields, shape, crs))
    if output.sink is None:
        output.discard()
        raise QgsProcessingException(algorithm.invalidSinkError(run.parameters, name))
    return output


def tell_qgis(run: Run, name: str, destination: str, title: str) -> None:
    """Let QGIS load an output that it did not make itself, where it would load its own."""
    definition = run.parameters[name]
    project = getattr(definition, "destinationProject", None)
    if project is not None:
        called, kind = definition.destinationName or title, QgsProcessingUtils.LayerHint.Vector
        details = QgsProcessingContext.LayerDetails(called, project, name, kind)
        run.context.addLayerToLoadOnCompletion(destination, details)


def with_suffix(path: str) -> str:
    """The path of an output layer as QGIS completes it: without the suffix of a format it knows, .gpkg."""
    known = QgsVectorFileWriter.driverForExtension(Path(path).suffix)
    return path if known else f"{path.rstrip('.')}.gpkg"
