# SPDX-License-Identifier: GPL-2.0-or-later
"""The parameters of an algorithm: `Form` adds them, `Run` reads what the user entered and shows log
and progress.
"""

from __future__ import annotations

import time
from typing import Any, TypeVar

from qgis.core import (
    NULL,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsVectorLayer,
)

from ..core.errors import Cancelled
from ..core.options import Option, Spec, options_of
from .words import time_left, tr

ANY_FILE = "All files (*)"  # with *.* QGIS would refuse a folder
_SHAPES = QgsProcessing.SourceType
POINTS = _SHAPES.TypeVectorPoint
LINES = _SHAPES.TypeVectorLine
POLYGONS = _SHAPES.TypeVectorPolygon
ANY_SHAPE = _SHAPES.TypeVectorAnyGeometry
TABLE = _SHAPES.TypeVector
S = TypeVar("S", bound=Spec)


class Form(QgsProcessingAlgorithm):
    """Adds parameters and outputs. Labels and help texts are given in English and shown in QGIS's
    language.
    """

    def add(
        self,
        parameter: QgsProcessingParameterDefinition,
        help_text: str = "",
        advanced: bool = False,
    ) -> None:
        """Add a parameter. advanced: it is folded away in the dialog."""
        if help_text:
            parameter.setHelp(tr(help_text))
        if advanced:
            parameter.setFlags(
                parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced
            )
        self.addParameter(parameter)

    specs: tuple[type[Spec], ...] = ()  # whose options were added

    def add_options(self, *specs: type[Spec]) -> None:
        """Add the options of operations."""
        self.specs += specs
        for each in (each for spec in specs for each in options_of(spec)):
            self.add(_parameter(each), each.help, each.advanced)

    def add_layer(
        self, name: str, label: str, help_text: str, *shapes: Any, optional: bool = False
    ) -> None:
        """Add an input layer. shapes: POINTS, LINES …"""
        self.add(
            QgsProcessingParameterFeatureSource(name, tr(label), list(shapes), optional=optional),
            help_text,
        )

    def add_field(
        self,
        name: str,
        label: str,
        help_text: str,
        layer: str,
        optional: bool = True,
        advanced: bool = False,
    ) -> None:
        """Add a choice among the fields of the parameter `layer`."""
        self.add(
            QgsProcessingParameterField(name, tr(label), None, layer, optional=optional),
            help_text,
            advanced,
        )

    def add_bundle(
        self,
        name: str,
        label: str,
        help_text: str,
        default: str | None = None,
        advanced: bool = False,
    ) -> None:
        """Add an optional file or folder of a model bundle."""
        types = f"{tr('Model bundles')} (*.zip card.json);;{tr(ANY_FILE)}"
        bundle = QgsProcessingParameterFile(
            name, tr(label), defaultValue=default, optional=True, fileFilter=types
        )
        self.add(bundle, help_text, advanced)

    def add_sink(
        self, name: str, label: str, shape: Any, optional: bool = False, made: bool = True
    ) -> None:
        """Add an output layer. shape: POINTS, LINES … made: whether an optional one is ticked."""
        sink = QgsProcessingParameterFeatureSink(
            name, tr(label), shape, optional=optional, createByDefault=made
        )
        self.add(sink)

    def add_report(self, optional: bool) -> None:
        """Add REPORT, an HTML file."""
        files = tr("HTML files (*.html)")
        self.add(
            QgsProcessingParameterFileDestination("REPORT", tr("Report"), files, optional=optional)
        )

    def add_counts(self) -> None:
        """Add the numbers that every algorithm returns."""
        self.addOutput(QgsProcessingOutputNumber("N_USERS", tr("Number of users")))
        self.addOutput(QgsProcessingOutputNumber("N_POINTS", tr("Number of fixes used")))
        self.addOutput(QgsProcessingOutputNumber("N_SKIPPED", tr("Number of fixes skipped")))

    def add_sentence(self, name: str, label: str) -> None:
        """Add an output of text."""
        self.addOutput(QgsProcessingOutputString(name, tr(label)))


class Stage:
    """One part of the work: a core.errors.Progress that fills the bar from `start` to `stop`
    percent.

    The time left is shown from `first_text_s` seconds on, every `text_every_s` seconds.
    """

    first_text_s = 3.0
    text_every_s = 5.0

    def __init__(
        self, feedback: QgsProcessingFeedback, title: str, start: float, stop: float
    ) -> None:
        self.feedback = feedback
        self.title = title
        self.start = start
        self.stop = stop
        self.began_s = self.last_text_s = time.monotonic()
        feedback.setProgressText(f"{title} …")
        self(0.0)

    def __call__(self, share: float) -> None:
        """Move the bar. Raises Cancelled if the user has pressed Cancel."""
        if self.feedback.isCanceled():
            raise Cancelled
        self.feedback.setProgress(self.start + (self.stop - self.start) * share)
        now_s = time.monotonic()
        spent_s = now_s - self.began_s
        if (
            share > 0.02
            and spent_s > self.first_text_s
            and now_s - self.last_text_s > self.text_every_s
        ):
            self.last_text_s = now_s
            # the share is on the bar, which moves on between two texts
            text = tr("{what}: {left} left")
            left = time_left(spent_s * (1 - share) / share)
            self.feedback.setProgressText(text.format(what=self.title, left=left))


class Run:
    """One run of an algorithm: the parameters, and the log and progress bar that the user sees."""

    def __init__(
        self,
        algorithm: QgsProcessingAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback | None = None,
    ) -> None:
        self.algorithm = algorithm
        self.context = context
        self.parameters = dict(parameters)
        self.feedback = feedback or QgsProcessingFeedback(False)
        # add a line to the log
        self.info = self.feedback.pushInfo
        self.warn = self.feedback.pushWarning

    def spec(self, kind: type[S]) -> S:
        """The options of an operation as the user set them."""
        of = self.algorithm
        get = {
            bool: of.parameterAsBool,
            int: of.parameterAsInt,
            float: of.parameterAsDouble,
            str: of.parameterAsString,
        }
        values = {}
        for each in options_of(kind):
            empty = each.default is None and self.parameters.get(each.parameter) in (None, NULL, "")
            values[each.name] = (
                None if empty else get[each.kind](self.parameters, each.parameter, self.context)
            )
        return kind(**values)

    def text(self, name: str) -> str:
        """The value of a text, choice, file or field; '' where it is empty. Fields may begin with a
        blank.
        """
        return self.algorithm.parameterAsString(self.parameters, name, self.context)

    def layer(self, name: str) -> QgsProcessingFeatureSource | None:
        """The layer of an input; None where it cannot be opened."""
        try:
            return self.algorithm.parameterAsSource(self.parameters, name, self.context)
        except (
            Exception
        ):  # QGIS 3.44 raises one without words for a layer with places that are not finite
            return None

    def vector_layer(self, name: str) -> QgsVectorLayer | None:
        """The layer behind an input; None where it is another source of features.

        For a selection or a filter of a layer QGIS's own parameterAsVectorLayer finds none.
        """
        value = self.parameters.get(name)
        if isinstance(value, QgsProcessingFeatureSourceDefinition):
            value = value.source
        return self.algorithm.parameterAsVectorLayer({name: value}, name, self.context)

    def stage(self, title: str, start: float = 15.0, stop: float = 90.0) -> Stage:
        """Begin a part of the work. start, stop: percent of the bar; by default what reading and
        writing leave.
        """
        return Stage(self.feedback, title, start, stop)


def _parameter(option: Option) -> QgsProcessingParameterDefinition:
    label = f"{tr(option.label)} ({option.unit})" if option.unit else tr(option.label)
    name = option.parameter
    default = option.default
    empty = option.default is None
    if option.choices:
        return QgsProcessingParameterEnum(
            name, label, list(option.choices), False, default, empty, True
        )
    if option.kind is bool:
        return QgsProcessingParameterBoolean(name, label, default)
    if option.kind is str:
        return QgsProcessingParameterString(name, label, default, optional=empty)
    numbers = QgsProcessingParameterNumber.Type
    kind = numbers.Integer if option.kind is int else numbers.Double
    number = QgsProcessingParameterNumber(name, label, kind, default, empty)
    if option.minimum is not None:
        number.setMinimum(option.minimum)
    if option.maximum is not None:
        number.setMaximum(option.maximum)
    return number
