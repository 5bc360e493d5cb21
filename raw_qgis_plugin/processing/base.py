# SPDX-License-Identifier: GPL-2.0-or-later
"""The two base classes of the algorithms, which keep each algorithm as short as a form.

`RawAlgorithm` has identity, help, missing libraries, errors and cancel; `TrackAlgorithm` reads the tracks, opens the
model and reports on both. Nothing is imported on loading that QGIS may lack.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsFields,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
)
from qgis.PyQt.QtGui import QIcon

from ..core.errors import Cancelled, RawError, cancellable, is_installed
from ..core.paths import RESOURCES
from ..core.sources.schema import NONE
from ..core.specs import DeviceSpec, TaskSpec, ZoneSpec
from .cache import cache_folder as cache_folder
from .cache import cached as cached
from .form import Form, Run
from .outputs import check_outputs, open_sink, tell_qgis
from .words import (
    broken_package,
    describe,
    describe_outside,
    group_title,
    how_to_install,
    names_of,
    tr,
    warn_of_one_user,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ..core.bundle.runtime import Model
    from ..core.tracks import Skipped, Tracks
    from ..layers.reading import ReadPlan, Schema
    from ..layers.styling import Style
    from ..layers.writing import Output


def icon(name: str) -> QIcon:
    """A drawing of resources/icons."""
    return QIcon(str(RESOURCES / "icons" / f"{name}.svg"))


class RawAlgorithm(Form):
    """Identity, help, missing libraries, errors and cancel."""

    ID = ""  # published
    ICON = ""  # a file of resources/icons
    GROUP = ""  # of the toolbox: by the provider
    TITLE = ""
    SUMMARY = ""
    TAGS: tuple[str, ...] = ()
    NEEDS: tuple[str, ...] = ()  # Python modules beyond QGIS's own
    refused = ""  # why the parameters of this run were refused
    inputs = ""  # the names of this run's input layers

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Output] = []  # that this run writes

    def name(self) -> str:
        """Published: the second half of the algorithm's id."""
        return self.ID

    def displayName(self) -> str:  # noqa: N802
        """The name in the toolbox."""
        return tr(self.TITLE)

    def group(self) -> str:
        """The title of the group in the toolbox."""
        return group_title(self.GROUP)

    def groupId(self) -> str:  # noqa: N802
        """Published."""
        return self.GROUP

    def shortDescription(self) -> str:  # noqa: N802
        """The tooltip."""
        return tr(self.SUMMARY)

    def shortHelpString(self) -> str:  # noqa: N802
        """The help beside the dialog, from resources/help, without the line that tells browsers its encoding."""
        page = (RESOURCES / "help" / f"{self.ID}.html").read_text(encoding="utf-8")
        return page.removeprefix('<meta charset="utf-8">').lstrip()

    def tags(self) -> list[str]:
        """Further search words for the toolbox."""
        return list(self.TAGS)

    def createInstance(self) -> RawAlgorithm:  # noqa: N802
        """A fresh copy for one run."""
        return type(self)()

    @classmethod
    def icon(cls) -> QIcon:
        """The drawing in toolbar and toolbox."""
        return icon(cls.ICON)

    def canExecute(self) -> tuple[bool, str]:  # noqa: N802
        """Whether every library is installed; if not, what to install and where."""
        return (True, "") if all(map(is_installed, self.NEEDS)) else (False, how_to_install())

    def checkParameterValues(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Refuse what can be refused before anything is read."""
        from ..core.times import find_zone

        run = Run(self, parameters, context)
        try:
            run.check_expressions()
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

    def prepareAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Called by QGIS on the main thread. Checks again, because QGIS does not in models and tasks.

        A refusal waits for processAlgorithm: of a task that cannot be prepared QGIS never tells the end.
        """
        run = Run(self, parameters, context, feedback)
        run.warn_of_unknown()
        self.inputs = run.names_of_inputs()
        good, self.refused = self.checkParameterValues(parameters, context)
        try:
            if good:
                self.prepare_layers(run)
        except RawError as error:
            self.refused = str(error)
        return True

    def prepare_layers(self, run: Run) -> None:
        """On the main thread: take from the layers what reading them in another thread needs."""

    def processAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run. An error of ours becomes the message in the log, a cancel an empty result."""
        ready, reason = self.canExecute()
        if not ready or self.refused:
            raise QgsProcessingException(self.refused or reason)
        try:
            with cancellable(feedback.isCanceled):
                results = self.run_on(Run(self, parameters, context, feedback))
            for output in self.opened:
                output.finish()
            return results
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
            self.opened = []
        # Raised outside of `except`, so that it has no reference to `error`: QGIS never frees an exception of an
        # algorithm, nor its frames, which hold all the tracks that were read.
        raise QgsProcessingException(message)

    @abstractmethod
    def run_on(self, run: Run) -> dict[str, Any]:
        """Do the work, off the main thread. Returns the outputs by name."""

    def write_table(
        self, run: Run, name: str, columns: dict[str, Any], style: Style, geometries: Sequence[Any] | None = None,
        shape: Any = Qgis.WkbType.NoGeometry, crs: QgsCoordinateReferenceSystem | None = None, start: float = 90.0,
        stop: float = 100.0,
    ) -> str:  # fmt: skip
        """Write columns and geometries to the output `name`, one feature a row. Returns the id of the layer.

        start, stop: percent of the progress bar. Without geometries the output is a table.
        """
        from ..layers import writing

        kinds = writing.kinds_of(columns)
        values = [writing.attribute_values(columns[column], kind) for column, kind in kinds.items()]
        rows = geometries if geometries is not None else [None] * len(values[0])
        return self.write(run, name, writing.make_fields(kinds), values, style, rows, shape, crs, start, stop)

    def write(
        self, run: Run, name: str, fields: QgsFields, values: Sequence[Sequence[Any]], style: Style,
        geometries: Sequence[Any], shape: Any, crs: QgsCoordinateReferenceSystem | None, start: float, stop: float,
    ) -> str:  # fmt: skip
        """Write to the output `name`. values: for each field a sequence with one value a feature. Returns its id."""
        from ..layers import writing

        sink, destination = self.open_output(run, name, fields, style, shape, crs)
        writing.write(sink, fields, values, geometries, run.stage(tr("Writing"), start, stop))
        return destination

    def open_output(
        self, run: Run, name: str, fields: QgsFields, style: Style, shape: Any,
        crs: QgsCoordinateReferenceSystem | None,
    ) -> tuple[Output, str]:  # fmt: skip
        """Begin the output `name`, which gets its style when it is loaded. Returns the output and its id."""
        output = open_sink(self, run, name, fields, shape, crs or QgsCoordinateReferenceSystem())
        self.opened.append(output)
        self.load_on_completion(run, name, output.destination, style, output.folder is not None)
        return output, output.destination

    def load_on_completion(self, run: Run, name: str, destination: str, style: Style, own: bool = True) -> None:
        """Style the output `name` where QGIS will load it. own: QGIS did not make it, so that it has to be told."""
        from ..layers import loading

        title = self.parameterDefinition(name).description()
        if own:
            tell_qgis(run, name, destination, title)
        model = run.text("MODEL").strip() if self.parameterDefinition("MODEL") is not None else None
        loading.on_load(run.context, destination, style, title, self.inputs, model)


class TrackAlgorithm(RawAlgorithm):
    """Reads the tracks of INPUT and opens MODEL."""

    NEEDS: tuple[str, ...] = ("onnxruntime",)
    plan: ReadPlan

    def add_tracks(self) -> None:
        """Add INPUT and its fields."""
        self.add_layer(
            "INPUT", "Tracks", "Fixes (points with a time), or lines whose M values are epoch seconds, in any CRS.",
            QgsProcessing.SourceType.TypeVectorPoint, QgsProcessing.SourceType.TypeVectorLine,
        )  # fmt: skip
        self.add_field(
            "USER_FIELD", "User field (empty: guessed)",
            "The person or vehicle that moved. Without this field, or with the word none, all fixes are one user's.",
            "INPUT", optional=True,
        )  # fmt: skip
        self.add_field(
            "TRACK_FIELD", "Track field (empty: guessed)",
            "Trip, journey or segment. Without it, or with the word none, a user is one track.", "INPUT", optional=True,
        )  # fmt: skip
        self.add_field(
            "TIME_FIELD", "Time field (empty: guessed)", "Date and time, ISO text, or epoch seconds, ms or µs.",
            "INPUT", optional=True,
        )  # fmt: skip

    def add_tasks(self) -> None:
        """Add TASKS."""
        self.add_options(TaskSpec)

    def add_model(self) -> None:
        """Add time zone, model and device, and the outputs that are numbers."""
        self.add_options(ZoneSpec)
        self.add_bundle(
            "MODEL", "Model bundle (empty: the one that comes with RAW)",
            "A bundle's folder, the card.json in it, or its .zip. Empty: the model that comes with RAW.", advanced=True,
        )  # fmt: skip
        self.add_options(DeviceSpec)
        self.add_counts()
        self.add_sentence("PROVIDER", "Device really used")

    def check(self, run: Run) -> None:
        """Every field that was chosen has to exist."""
        source = run.layer("INPUT")
        if source is not None:
            self._fields(run, source)

    def _fields(self, run: Run, source: Any) -> Schema:
        from ..layers.reading import choose_fields

        return choose_fields(source.fields(), *(run.text(f"{role}_FIELD") for role in ("USER", "TRACK", "TIME")))

    def prepare_layers(self, run: Run) -> None:
        """On the main thread: take from the layer what reading it in another thread needs."""
        from ..layers.reading import plan_reading, zone_of
        from ..tasks.job import load_libraries

        load_libraries()
        source, layer = run.open_layer("INPUT"), run.vector_layer("INPUT")
        self.plan = plan_reading(
            source,
            layer,
            run.parameters["INPUT"],
            self._fields(run, source),
            run.text("TIMEZONE").strip() or (zone_of(layer) if layer is not None else "") or "UTC",
            run.context.transformContext(),
        )

    def read(self, run: Run) -> tuple[Tracks, Skipped]:
        """Read INPUT. Logs which fields were guessed and what was read."""
        from ..layers.reading import fields_of_users, read_tracks

        run.info(tr("Fields: {fields}.").format(fields=self.plan.fields))
        tracks, skipped = read_tracks(self.plan, run.stage(tr("Reading the tracks"), 0, 15))
        run.info(describe(tracks))
        if self.plan.fields.user is None and run.text("USER_FIELD") != NONE:
            warn_of_one_user(run.warn, fields_of_users(self.plan.source, self.plan.fields))
        return tracks, skipped

    def read_units(self, run: Run, unit: str) -> tuple[Tracks, Skipped]:
        """Read INPUT with one track a unit: user, track or day."""
        tracks, skipped = self.read(run)
        return self.split(run, tracks, unit, skipped), skipped

    @staticmethod
    def split(run: Run, read: Tracks, unit: str, skipped: Skipped) -> Tracks:
        """One track a unit, without units of a single fix.

        Warns once of what reading skipped, and of what the unit leaves out, which `skipped` counts from then on too.
        """
        from ..core.tracks import by_unit

        tracks, left_out = by_unit(read, unit)
        if skipped:
            run.warn(f"{skipped} {skipped.advice}".strip())
        if left_out:
            run.warn(str(left_out))
        for reason, count in left_out.items():
            skipped.add(reason, count)
        if not len(tracks):
            words = tr("INPUT has no {unit} with two usable fixes, so the output is empty.")
            run.warn(words.format(unit=unit))
        return tracks

    def open_model(self, run: Run) -> Model:
        """The model of MODEL on DEVICE. Logs which device it really uses."""
        from ..core.bundle.bundle import open_bundle
        from ..core.bundle.runtime import Model

        device = (run.text("DEVICE") or "auto").lower()
        bundle = open_bundle(run.text("MODEL").strip() or None)
        model = Model(bundle, device, warn=run.warn)
        words = tr("The model is {name}, the device {provider}.")
        run.info(words.format(name=model.card["name"], provider=model.provider))
        return model

    @staticmethod
    def choose_heads(model: Model, unit: str, run: Run) -> list[dict[str, Any]]:
        """The heads of TASKS. Logs which the model has, and how far they can be trusted."""
        from ..core.embedding.profiles import choose_heads
        from .words import describe_head

        chosen = choose_heads(model, unit, names_of(run.parameters.get("TASKS")))
        for head in model.bundle.heads(unit):
            run.info(describe_head(head, head in chosen))
        return chosen

    @staticmethod
    def warn_outside(reasons: list[str], in_domain: Any, run: Run, so: str = "") -> None:
        """Warn once of every remark of the core on its answers: mostly why some are not in_domain, and what follows."""
        if reasons:
            run.warn(describe_outside(reasons, bool(in_domain.all()), so))

    def in_input_crs(self, run: Run, lon: np.ndarray, lat: np.ndarray, offsets: np.ndarray | None = None) -> np.ndarray:
        """(n,) degrees -> (n, 2) in INPUT's CRS. offsets: of the lines or polygons that the points belong to."""
        import numpy as np

        from ..layers.coordinates import from_wgs84, transform_lines, transform_xy

        transform = from_wgs84(self.plan.source.sourceCrs(), run.context.transformContext())
        lonlat = np.column_stack([lon, lat])
        return transform_xy(lonlat, transform) if offsets is None else transform_lines(lonlat, offsets, transform)

    def polygons_in_input_crs(self, run: Run, shapes: np.ndarray) -> list[Any]:
        """(n,) shapely polygons in degrees -> n multipolygons in INPUT's CRS; None where it cannot express them."""
        from ..layers import writing
        from ..layers.coordinates import from_wgs84, transform_polygons

        transform = from_wgs84(self.plan.source.sourceCrs(), run.context.transformContext())
        return writing.multipolygons(transform_polygons(shapes, transform))

    @staticmethod
    def counts(tracks: Tracks, skipped: Skipped, provider: str = "") -> dict[str, Any]:
        """The outputs that every algorithm on tracks returns. provider: of the model, if there is one."""
        numbers = {"N_USERS": tracks.n_users, "N_POINTS": len(tracks), "N_SKIPPED": skipped.total}
        return {**numbers, "PROVIDER": provider} if provider else numbers
