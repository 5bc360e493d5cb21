# SPDX-License-Identifier: GPL-2.0-or-later
"""The base class of all algorithms: identity, help, missing libraries, errors, cancel and outputs.

Those on tracks derive from tracks.TrackAlgorithm. Nothing is imported on loading that QGIS may
lack.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsField,
    QgsFields,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSource,
    QgsProcessingUtils,
)
from qgis.PyQt.QtGui import QIcon

from ..core.errors import Cancelled, InputError, RawError, cancellable, is_installed
from ..core.paths import RESOURCES
from ..environment.report import remember
from .form import Form, Run
from .outputs import check_outputs, open_sink
from .words import broken_package, group_title, how_to_install, tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..layers.styling import Style
    from ..layers.writing import Output


def icon(name: str) -> QIcon:
    """A drawing of resources/icons."""
    return QIcon(str(RESOURCES / "icons" / f"{name}.svg"))


class RawAlgorithm(Form):
    """Identity, help, missing libraries, errors, cancel and outputs. The methods of QGIS's are
    documented there.
    """

    # published; its page in resources/help and its drawing in resources/icons have this name
    ID = ""
    GROUP = ""  # of the toolbox, published: by the provider
    TITLE = ""
    SUMMARY = ""
    TAGS: tuple[str, ...] = ()  # search words for the toolbox that neither title nor summary has
    # modules beyond QGIS's own
    NEEDS: tuple[str, ...] = ("onnxruntime", "scipy", "shapely", "pyproj", "pyarrow")
    # the groups of packages to install where one of NEEDS is missing
    PACKAGES: tuple[str, ...] = ("runtime",)
    refused = ""  # why the parameters of this run were refused
    inputs = ""  # the names of this run's input layers
    model: Any = None  # of core.bundle.runtime, where this run opened one

    def __init__(self) -> None:
        super().__init__()
        self.current: Run  # while it runs
        self.results: dict[str, Any] = {}  # outputs of this run, by name
        self.opened: list[Output] = []  # that this run writes
        self.crs = QgsCoordinateReferenceSystem()  # of its outputs
        # its input layers, opened on the main thread
        self.sources: dict[str, QgsProcessingFeatureSource] = {}

    def name(self) -> str:
        return self.ID

    def displayName(self) -> str:
        return tr(self.TITLE)

    def group(self) -> str:
        return group_title(self.GROUP)

    def groupId(self) -> str:
        return self.GROUP

    def shortDescription(self) -> str:
        return tr(self.SUMMARY)

    def shortHelpString(self) -> str:
        """The help beside the dialog, from resources/help, without the line that tells browsers its
        encoding.
        """
        page = (RESOURCES / "help" / f"{self.ID}.html").read_text(encoding="utf-8")
        return page.removeprefix('<meta charset="utf-8">').lstrip()

    def tags(self) -> list[str]:
        return ["trajectory", "movement", "mobility", "gps", *self.TAGS]

    def createInstance(self) -> RawAlgorithm:
        return type(self)()

    @classmethod
    def icon(cls) -> QIcon:
        return icon(cls.ID)

    def canExecute(self) -> tuple[bool, str]:
        """Whether every library is installed; if not, what to install and where."""
        return (
            (True, "")
            if all(map(is_installed, self.NEEDS))
            else (False, how_to_install(*self.PACKAGES))
        )

    def checkParameterValues(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Refuse what can be refused before anything is read."""
        from ..core.times import find_zone

        run = Run(self, parameters, context)
        try:
            for spec in self.specs:
                run.spec(spec)
            find_zone(run.text("TIMEZONE"))
            check_outputs(run)
            self.check(run)
        except RawError as error:
            return False, str(error)
        return super().checkParameterValues(run.parameters, context)

    def check(self, run: Run) -> None:
        """Raise InputError where the algorithm's own parameters contradict each other."""

    def prepareAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> bool:
        """Called by QGIS on the main thread. Checks again, because QGIS does not in models and
        tasks.

        A refusal waits for processAlgorithm: of a task that cannot be prepared QGIS never tells the
        end.
        """
        run = Run(self, parameters, context, feedback)
        definitions = self.parameterDefinitions()
        names = [
            each.name()
            for each in definitions
            if isinstance(each, QgsProcessingParameterFeatureSource)
        ]
        self.inputs = ", ".join(
            layer.name() for layer in map(run.vector_layer, names) if layer is not None
        )
        good, self.refused = self.checkParameterValues(parameters, context)
        try:
            if good:
                self.sources = {name: run.layer(name) for name in names if parameters.get(name)}
                for name in (name for name, source in self.sources.items() if source is None):
                    raise InputError("{words}", words=self.invalidSourceError(parameters, name))
                self.prepare_layers(run)
        except RawError as error:
            self.refused = str(error)
        return True

    def prepare_layers(self, run: Run) -> None:
        """On the main thread: take from `sources` what reading them in another thread needs."""

    def processAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        """Run. An error of ours becomes the message in the log, a cancel an empty result."""
        message = self.refused or self.canExecute()[1]
        try:
            if not message:
                self.results = {}
                self.current = Run(self, parameters, context, feedback)
                with cancellable(feedback.isCanceled):
                    self.run_on(self.current)
                for output in self.opened:
                    output.finish()
                return self.results | ({"PROVIDER": self.model.provider} if self.model else {})
        except Cancelled:
            feedback.pushInfo(tr("Cancelled."))  # QGIS itself writes that the execution failed
            return {}
        except (RawError, OSError) as error:
            message = str(error)
        except ImportError as error:
            message = broken_package(error)
        finally:
            for output in self.opened:
                output.discard()
            # `current` refers to `self`: Python would free this circle in any thread, and crash
            # QGIS
            self.__dict__.clear()
        remember(message)
        # Raised outside of `except`, so that it has no reference to `error`: QGIS never frees an
        # exception of an algorithm, nor its frames, which hold all the tracks that were read.
        raise QgsProcessingException(message)

    @abstractmethod
    def run_on(self, run: Run) -> None:
        """Do the work, off the main thread. `write` and `results` take the outputs."""

    def write(
        self,
        name: str,
        columns: Mapping[str, Any],
        style: Style,
        geometries: Sequence[Any] | None = None,
        shape: Any = Qgis.WkbType.NoGeometry,
        start: float = 90.0,
        stop: float = 100.0,
        counts: Sequence[str] = (),
        own: tuple[Sequence[QgsField], Sequence[Sequence[Any]]] = ((), ()),
    ) -> None:
        """Write columns and geometries to the output `name`, one feature a row.

        start, stop: percent of the progress bar. Without geometries the output is a table. counts:
        columns that become whole numbers. own: fields to write before the columns, and their
        values.
        """
        from ..layers import writing

        kinds = {**writing.kinds_of(columns), **dict.fromkeys(counts, "int")}
        values = [
            *own[1],
            *(writing.attribute_values(columns[column], kind) for column, kind in kinds.items()),
        ]
        fields = QgsFields()
        for field in (*own[0], *writing.make_fields(kinds)):
            fields.append(field)
        rows = geometries if geometries is not None else [None] * len(values[0])
        crs = QgsCoordinateReferenceSystem() if shape == Qgis.WkbType.NoGeometry else self.crs
        output = open_sink(self.current, name, fields, shape, crs)
        self.opened.append(output)
        self.load_on_completion(name, output.destination, style, output.folder is not None)
        output.write(fields, values, rows, self.current.stage(tr("Writing"), start, stop))

    def load_on_completion(
        self, name: str, destination: str, style: Style, own: bool = True
    ) -> None:
        """Return an output, and style it where QGIS will load it. own: QGIS did not make it, and
        has to be told.
        """
        from ..layers import styling

        run = self.current
        title = self.parameterDefinition(name).description()
        self.results[name] = destination
        project = getattr(run.parameters[name], "destinationProject", None)
        if own and project is not None:
            called = run.parameters[name].destinationName or title
            kind = QgsProcessingUtils.LayerHint.Vector
            details = QgsProcessingContext.LayerDetails(called, project, name, kind)
            run.context.addLayerToLoadOnCompletion(destination, details)
        model = run.text("MODEL").strip() if self.parameterDefinition("MODEL") is not None else None
        styling.on_load(run.context, destination, style, title, self.inputs, model)
