# SPDX-License-Identifier: GPL-2.0-or-later
"""Where outputs go, and what of that is refused before any work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsDataSourceUri,
    QgsFields,
    QgsProcessing,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingUtils,
    QgsProviderRegistry,
    QgsVectorFileWriter,
)

from ..core.errors import InputError
from .form import Run

if TYPE_CHECKING:
    from ..layers.writing import Output


def check_outputs(run: Run) -> None:
    """InputError where an output has no folder, or would replace an input or another output.

    QGIS itself would find the folder missing after the work, and would replace an input without a
    word.
    """
    taken = list(_inputs(run))
    for definition in run.algorithm.destinationParameterDefinitions():
        name = definition.name()
        kind = definition.type()
        text = destination_of(run, run.parameters.get(name))
        uri = QgsDataSourceUri(text.removeprefix("ogr:") if text.startswith("ogr:") else "")
        if kind not in ("sink", "fileDestination") or not (uri.database() or _is_file(text)):
            continue
        file = Path(uri.database() or (with_suffix(text) if kind == "sink" else text)).resolve()
        layer = uri.table()
        if not layer and Path(f"{file}-wal").exists():
            raise InputError(
                "{file} is open in QGIS. Remove its layer from the project, or choose another.",
                file=file,
            )
        if not (folder := file.parent).is_dir():
            raise InputError(
                "There is no folder {path} for {name}. Make it or choose another.",
                path=folder,
                name=name,
            )
        for other, found, part in taken:
            if file == found and (not layer or part in ("", layer)):
                raise InputError(
                    "{a} would replace {b}, the file {file}. Choose another.",
                    a=name,
                    b=other,
                    file=file,
                )
        taken.append((name, file, layer))


def _inputs(run: Run) -> Iterator[tuple[str, Path, str]]:
    """The inputs that are files: the parameter, its file, and the layer in it, '' for the whole
    file.
    """
    registry = QgsProviderRegistry.instance()
    for definition in run.algorithm.parameterDefinitions():
        name = definition.name()
        if isinstance(definition, QgsProcessingParameterFile) and run.text(name).strip():
            yield name, Path(run.text(name).strip()).resolve(), ""
            continue
        if not isinstance(definition, QgsProcessingParameterFeatureSource):
            continue
        layer = run.vector_layer(name)
        if layer is None:
            continue
        parts = registry.decodeUri(layer.providerType(), layer.source())
        if path := parts.get("path"):
            yield name, Path(path).resolve(), parts.get("layerName") or _first_layer(path)


def _first_layer(path: str) -> str:
    """The layer that QGIS opens in a GeoPackage; '' for another file."""
    if not path.lower().endswith(".gpkg"):
        return ""
    sublayers = QgsProviderRegistry.instance().querySublayers(path)
    return next((each.name() for each in sublayers), "")


def _is_file(text: str) -> bool:
    """Whether an output is a file, not a temporary layer or one in a database. A drive's letter is
    none.
    """
    return (
        bool(text)
        and text != QgsProcessing.TEMPORARY_OUTPUT
        and ":" not in text[2:]
        and "|" not in text
    )


def destination_of(run: Run, value: Any) -> str:
    """The text of an output's parameter; '' where it is empty."""
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        return value.sink.valueAsString(run.context.expressionContext(), "")[0]
    return str(value or "")


def open_sink(
    run: Run, name: str, fields: QgsFields, shape: Any, crs: QgsCoordinateReferenceSystem
) -> Output:
    """Begin the output `name`: a GeoPackage under way, or QGIS's own sink of a layer of another
    kind.
    """
    from ..layers.writing import Output

    text = destination_of(run, run.parameters.get(name))
    uri = QgsDataSourceUri(text.removeprefix("ogr:") if text.startswith("ogr:") else "")
    file = with_suffix(text) if _is_file(text) else uri.database()
    if file.lower().endswith(".gpkg"):
        output = Output.in_file(Path(file), uri.table())
        output.sink, _ = QgsProcessingUtils.createFeatureSink(
            str(output.file), run.context, fields, shape, crs
        )
    else:
        output = Output(
            *run.algorithm.parameterAsSink(run.parameters, name, run.context, fields, shape, crs)
        )
    if output.sink is None:
        output.discard()
        raise InputError("{words}", words=run.algorithm.invalidSinkError(run.parameters, name))
    return output


def with_suffix(path: str) -> str:
    """The path of an output layer as QGIS completes it: without the suffix of a format it knows,
    .gpkg.
    """
    known = QgsVectorFileWriter.driverForExtension(Path(path).suffix)
    return path if known else f"{path.rstrip('.')}.gpkg"
