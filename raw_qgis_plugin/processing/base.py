# SPDX-License-Identifier: GPL-2.0-or-later
"""What the algorithms share, so that each of them reads like a form.

`RawAlgorithm` carries identity, help, missing libraries, errors and cancel; `TrackAlgorithm` adds the tracks that come
in, the model that reads them, and what is told about both. Nothing is imported here that QGIS may lack.
"""

from __future__ import annotations

from abc import abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFields,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtGui import QIcon

from ..core.errors import Cancelled, InputError, Progress, RawError, no_progress
from ..core.paths import RESOURCES
from .progress import Stage
from .words import describe, how_to_install, tr, why_broken, word_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..core.bundle.runtime import Model
    from ..core.embedding.profiles import Embed
    from ..core.tracks import Skipped, Tracks
    from ..layers.reading import ReadPlan
    from ..layers.styling import Style

ANY_FILE = "All files (*)"  # with *.* QGIS would refuse a folder
DEVICES = ("auto", "CPU", "CUDA")
ROLE_FIELDS = ("USER_FIELD", "TRACK_FIELD", "TIME_FIELD")
SHAPEFILE_NAME = 10  # letters of a field's name
READ, COMPUTED = 15.0, 90.0  # percent of the bar: reading, the model's work, writing


def icon(name: str) -> QIcon:
    """A drawing of resources/icons."""
    return QIcon(str(RESOURCES / "icons" / f"{name}.svg"))


def cached(model: Model, feedback: QgsProcessingFeedback) -> Embed:
    """The model's embedding of tracks, with the cache in the user's folder; trouble with the cache is warned of."""
    from ..core.embedding.cache import embed_cached

    folder = kept_in(feedback)
    return lambda tracks, progress: embed_cached(tracks, model, folder, progress, feedback.pushWarning)


def kept_in(feedback: QgsProcessingFeedback) -> Path | None:
    """The folder of the cache; None, with a warning, where there can be none."""
    from ..environment.folders import cache_folder

    try:
        return cache_folder()
    except OSError as error:
        feedback.pushWarning(tr("There is no folder to keep embeddings in: {error}").format(error=error))
        return None


class RawAlgorithm(QgsProcessingAlgorithm):
    """Identity, help, missing libraries, errors and cancel."""

    ID = ""  # published
    TITLE = ""
    SUMMARY = ""
    TAGS: tuple[str, ...] = ()
    NEEDS: tuple[str, ...] = ()  # Python modules beyond QGIS's own

    def name(self) -> str:
        """Published: the second half of the algorithm's id."""
        return self.ID

    def displayName(self) -> str:  # noqa: N802
        """The name in the toolbox."""
        return tr(self.TITLE)

    def shortDescription(self) -> str:  # noqa: N802
        """The tooltip."""
        return tr(self.SUMMARY)

    def shortHelpString(self) -> str:  # noqa: N802
        """The help beside the dialog, from resources/help."""
        return (RESOURCES / "help" / f"{self.ID}.html").read_text(encoding="utf-8")

    def tags(self) -> list[str]:
        """More words to find it by."""
        return list(self.TAGS)

    def createInstance(self) -> RawAlgorithm:  # noqa: N802
        """A fresh copy for one run."""
        return type(self)()

    @staticmethod
    def icon() -> QIcon:
        """The drawing in toolbar and toolbox."""
        return icon("raw")

    def canExecute(self) -> tuple[bool, str]:  # noqa: N802
        """Whether every library is there; if not, what to install and where."""
        missing = [name for name in self.NEEDS if find_spec(name) is None]
        return (False, how_to_install(missing)) if missing else (True, "")

    def processAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run; an error of ours becomes the sentence that the log shows, a cancel an empty result."""
        ready, reason = self.canExecute()
        if not ready:
            raise QgsProcessingException(reason)
        try:
            return self.run_on(self.in_words(parameters), context, feedback)
        except Cancelled:
            return {}
        except (RawError, OSError) as error:
            said = str(error)
        except ImportError as error:
            said = why_broken(error)
        # Out here the exception knows nothing of `error`: QGIS never lets go of what an algorithm raises, nor of the
        # calls that led to it, in which lie all the tracks that were read.
        raise QgsProcessingException(said)

    @abstractmethod
    def run_on(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Do the work, off the main thread. Returns the outputs by name."""

    def add_advanced(self, parameter: QgsProcessingParameterDefinition) -> None:
        """Add a parameter that most people leave alone."""
        parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.FlagAdvanced)
        self.addParameter(parameter)

    def checkParameterValues(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """What can be refused before anything is read."""
        from ..core.times import find_zone

        try:
            find_zone(self.parameterAsString(parameters, "TIMEZONE", context))
            self.check_own(parameters, context)
        except RawError as error:
            return False, str(error)
        return super().checkParameterValues(self.in_words(parameters), context)

    def check_own(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Raise InputError where the algorithm's own parameters contradict each other."""

    def in_words(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Choices that were given by number or in other capitals, as qgis_process suggests, in the published words."""
        result = dict(parameters)
        for definition in self.parameterDefinitions():
            if isinstance(definition, QgsProcessingParameterEnum) and definition.name() in result:
                value = result[definition.name()]
                word = word_of(definition.options(), value)
                result[definition.name()] = definition.defaultValue() if word is None else word
        return result

    def write_table(
        self, parameters: dict[str, Any], name: str, context: QgsProcessingContext, columns: dict[str, Any],
        geometries: Sequence[Any], shape: Any, crs: QgsCoordinateReferenceSystem, style: Style,
        progress: Progress = no_progress,
    ) -> str:  # fmt: skip
        """Write columns and geometries to the output `name`, one feature a row. Returns its id."""
        from ..layers import loading, writing

        kinds = writing.kinds_of(columns)
        fields = writing.make_fields(kinds)
        sink, destination = self.open_sink(parameters, name, context, fields, shape, crs)
        values = [writing.attribute_values(columns[column], kind) for column, kind in kinds.items()]
        writing.write(sink, fields, values, geometries, progress)
        loading.on_load(context, destination, style, self.parameterDefinition(name).description())
        return destination

    def open_sink(
        self, parameters: dict[str, Any], name: str, context: QgsProcessingContext, fields: QgsFields, shape: Any,
        crs: QgsCoordinateReferenceSystem,
    ) -> tuple[Any, str]:  # fmt: skip
        """A sink and its id."""
        sink, destination = self.parameterAsSink(parameters, name, context, fields, shape, crs)
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(parameters, name))
        cut = [field.name() for field in fields if len(field.name()) > SHAPEFILE_NAME]
        if cut and destination.lower().endswith((".shp", ".dbf")) and context.feedback() is not None:
            words = tr("A Shapefile cuts names of fields to ten letters: {names}. A GeoPackage keeps them.")
            context.feedback().pushWarning(words.format(names=", ".join(cut)))
        return sink, destination

    def add_choice(self, name: str, label: str, options: tuple[str, ...], help_text: str, **more: Any) -> None:
        """Add a choice among fixed words. more: `default`, `optional`, `advanced`."""
        advanced = more.pop("advanced", False)
        choice = QgsProcessingParameterEnum(name, tr(label), list(options), usesStaticStrings=True, **more)
        choice.setHelp(tr(help_text))
        self.add_advanced(choice) if advanced else self.addParameter(choice)

    def add_time_zone(self) -> None:
        """Add TIMEZONE."""
        zone = QgsProcessingParameterString("TIMEZONE", tr("Time zone of times without one"), "UTC", optional=True)
        zone.setHelp(tr("IANA name such as UTC, Europe/Berlin or Asia/Shanghai. Times that carry a zone ignore it."))
        self.add_advanced(zone)

    def add_counts(self) -> None:
        """Add the numbers that every algorithm gives back."""
        self.addOutput(QgsProcessingOutputNumber("N_USERS", tr("Number of users")))
        self.addOutput(QgsProcessingOutputNumber("N_POINTS", tr("Number of fixes used")))
        self.addOutput(QgsProcessingOutputNumber("N_SKIPPED", tr("Number of fixes skipped")))


class TrackAlgorithm(RawAlgorithm):
    """Tracks come in, the model reads them, and both are told about."""

    NEEDS: tuple[str, ...] = ("onnxruntime",)
    reading: ReadPlan

    def add_tracks(self) -> None:
        """Add INPUT and its fields."""
        source = QgsProcessingParameterFeatureSource(
            "INPUT", tr("Tracks"), [QgsProcessing.TypeVectorPoint, QgsProcessing.TypeVectorLine]
        )
        source.setHelp(tr("Fixes (points with a time), or lines whose M values are epoch seconds, in any CRS."))
        self.addParameter(source)
        for name, label, help_text in (
            (
                "USER_FIELD",
                "User field (empty: guessed)",
                "Who or what moved. Without such a field, or with the word none, all is one user.",
            ),
            (
                "TRACK_FIELD",
                "Track field (empty: guessed)",
                "Trip, journey or segment. Without it, or with the word none, a user is one track.",
            ),
            ("TIME_FIELD", "Time field (empty: guessed)", "Date and time, ISO text, or epoch seconds, ms or µs."),
        ):
            parameter = QgsProcessingParameterField(name, tr(label), parentLayerParameterName="INPUT", optional=True)
            parameter.setHelp(tr(help_text))
            self.addParameter(parameter)

    def add_model(self) -> None:
        """Add time zone, model and device, and the outputs in figures."""
        self.add_time_zone()
        model = QgsProcessingParameterFile(
            "MODEL", tr("Model bundle (empty: the one that comes with RAW)"), optional=True,
            fileFilter=f"{tr('Model bundles')} (*.zip card.json);;{ANY_FILE}",
        )  # fmt: skip
        model.setHelp(tr("A bundle's folder, the card.json in it, or its .zip. Empty: the model that comes with RAW."))
        self.add_advanced(model)
        self.add_choice(
            "DEVICE", "Device", DEVICES, "auto uses the graphics card where ONNX Runtime can, and says what it used.",
            defaultValue="auto", advanced=True,
        )  # fmt: skip
        self.add_counts()
        self.addOutput(QgsProcessingOutputString("PROVIDER", tr("Device really used")))

    def check_own(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Every field that was chosen has to be there, and the folder of a report."""
        from ..layers import reading

        if self.parameterDefinition("REPORT"):
            folder = Path(self.parameterAsString(parameters, "REPORT", context)).parent
            if not folder.is_dir():
                raise InputError(f"There is no folder {folder} for REPORT. Make it, or choose another.")
        source = self.parameterAsSource(parameters, "INPUT", context)
        if source is not None:
            names = (self.parameterAsString(parameters, name, context) for name in ROLE_FIELDS)
            reading.choose_fields(source.fields(), *names)

    def prepareAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """On the main thread: learn from the layer all that reading it takes, so that it can be read elsewhere."""
        from ..layers import reading
        from ..tasks.libraries import load_libraries

        load_libraries()
        source = self.parameterAsSource(parameters, "INPUT", context)
        if source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, "INPUT"))
        names = (self.parameterAsString(parameters, name, context) for name in ROLE_FIELDS)
        self.reading = reading.plan_reading(
            source,
            self.parameterAsVectorLayer(parameters, "INPUT", context),
            parameters["INPUT"],
            reading.choose_fields(source.fields(), *names),
            self.parameterAsString(parameters, "TIMEZONE", context),
            context.transformContext(),
        )
        return True

    def read(self, feedback: QgsProcessingFeedback) -> tuple[Tracks, Skipped]:
        """Read INPUT, and say what was guessed and what was read."""
        from ..layers.reading import read_tracks

        feedback.pushInfo(str(self.reading.fields))
        tracks, skipped = read_tracks(self.reading, Stage(feedback, tr("Reading the tracks"), 0, READ))
        feedback.pushInfo(describe(tracks))
        return tracks, skipped

    @staticmethod
    def cut(read: Tracks, unit: str, skipped: Skipped, feedback: QgsProcessingFeedback) -> Tracks:
        """One track a unit, without units of a single fix, which say nothing about movement.

        Warns once of all that was skipped, here and in reading.
        """
        import numpy as np

        tracks = read if unit == "track" else read.by_day() if unit == "day" else read.by_user()
        skipped.add("at the time of another fix of the same user", len(read) - len(tracks))
        single = np.diff(tracks.track_offsets) < 2
        skipped.add(f"the only fix of a {unit}", int(single.sum()))
        if single.any():
            tracks = tracks.take(~single[tracks.track])
        if skipped:
            feedback.pushWarning(f"{skipped} {skipped.advice}".strip())
        if not len(tracks):
            words = tr("INPUT has no {unit} with two usable fixes, so the output is empty.")
            feedback.pushWarning(words.format(unit=unit))
        return tracks

    def open_model(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Model:
        """The model on the device that was asked for; says which one it really got."""
        from ..core.bundle.bundle import open_bundle
        from ..core.bundle.runtime import Model

        path = self.parameterAsString(parameters, "MODEL", context).strip()
        device = self.parameterAsString(parameters, "DEVICE", context) or "auto"
        model = Model(open_bundle(path or None), device.lower())
        if model.warning:
            feedback.pushWarning(model.warning)
        words = tr("The model is {name}, the device {provider}.")
        feedback.pushInfo(words.format(name=model.card["name"], provider=model.provider))
        return model

    @staticmethod
    def describe_heads(heads: list[dict[str, Any]], feedback: QgsProcessingFeedback) -> None:
        """Say which tasks the model has for the unit, and how far the answers can be trusted."""
        for head in heads:
            words = [f"{head.get('title') or head['name']}.", str(head.get("verdict", ""))]
            if head.get("experimental"):
                words.append(tr("Experimental: taught on simulated data only."))
            feedback.pushInfo(tr("Task {name}: ").format(name=head["name"]) + " ".join(filter(None, words)))

    @staticmethod
    def warn_outside(reasons: list[str], in_domain: Any, feedback: QgsProcessingFeedback) -> None:
        """Warn once of all that the core remarks on its answers: mostly why they are not in_domain."""
        if reasons:
            text = "; ".join(reason.rstrip(".") for reason in reasons)
            words = tr("{text}.") if in_domain.all() else tr("Do not rely on what is not in_domain: {text}.")
            feedback.pushWarning(words.format(text=text))

    @staticmethod
    def counts(tracks: Tracks, skipped: Skipped, model: Model) -> dict[str, Any]:
        """The outputs in figures."""
        return {
            "N_USERS": tracks.n_users,
            "N_POINTS": len(tracks),
            "N_SKIPPED": skipped.total,
            "PROVIDER": model.provider,
        }
