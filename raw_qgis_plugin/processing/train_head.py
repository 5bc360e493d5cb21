# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:trainhead: teach the model a label of one's own from examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QIcon

from ..core.errors import Cancelled, InputError, RawError
from ..tasks import training
from .base import READ, TrackAlgorithm, icon, kept_in
from .progress import Stage
from .score_regions import to_lonlat
from .words import tr

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from ..core.tracks import Tracks
    from ..tasks.child import Child

UNITS = ("user", "track", "day", "region")
BACKBONES = ("frozen", "tuned")
# Names of the field with a unit's id, as model/data/labels.py knows them
ID_FIELDS = {
    "user": ("user_id", "user", "uid", "cab_id", "id"),
    "track": ("track_id", "trip_id", "tid", "id"),
    "day": ("day", "date"),
}
INTERVALS = (("start", "end"), ("t_start", "t_end"))
FEWEST = 10  # labelled units


class TrainHead(TrackAlgorithm):
    """Teach a head in a child process, and put it into a copy of the model."""

    ID = "trainhead"
    TITLE = "Teach a label"
    SUMMARY = "Teach the model a label of your own from some labelled users, tracks, days or regions."
    TAGS = ("trajectory", "movement", "train", "learn", "classify", "label", "head", "supervised", "predict")
    NEEDS = ("onnxruntime", "pyarrow")

    @staticmethod
    def icon() -> QIcon:
        """The drawing in toolbar and toolbox."""
        return icon("teach")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        labels = QgsProcessingParameterFeatureSource("LABELS", tr("Labels"), [QgsProcessing.SourceType.TypeVector])
        labels.setHelp(tr("A table with an id and the label for each user, track or day; for regions, their polygons."))
        self.addParameter(labels)
        field = QgsProcessingParameterField("LABEL_FIELD", tr("Field to learn"), parentLayerParameterName="LABELS")
        field.setHelp(tr("Two words are a yes or no, more words are classes, numbers are learned as numbers."))
        self.addParameter(field)
        self.add_choice("UNIT", "A label is of a", UNITS, "What a row of the labels speaks of.", defaultValue="user")
        name = QgsProcessingParameterString("TASK_NAME", tr("Name of the task"))
        name.setHelp(tr("Small letters, digits and _: the field of the results is called so."))
        self.addParameter(name)
        self.add_choice(
            "BACKBONE", "The network", BACKBONES, "frozen: stays as it is, a matter of minutes. tuned: is trained on, "
            "which takes some thousand labels; its other tasks are lost in the copy.", defaultValue="frozen",
        )  # fmt: skip
        id_field = QgsProcessingParameterField(
            "LABEL_ID",
            tr("Field with the unit's id (empty: guessed)"),
            parentLayerParameterName="LABELS",
            optional=True,
        )
        self.add_advanced(id_field)
        minutes = QgsProcessingParameterNumber(
            "MINUTES", tr("Minutes at most"), QgsProcessingParameterNumber.Type.Double, 30.0, minValue=0.1
        )
        self.add_advanced(minutes)
        hours = QgsProcessingParameterNumber(
            "HOURS", tr("Regions: count each stretch of so many hours as a user"),
            QgsProcessingParameterNumber.Type.Double, None, optional=True, minValue=0.1,
        )  # fmt: skip
        hours.setHelp(
            tr(
                "For vehicles that cross everything in a day or a week: who crosses a region says more in half an hour "
                "to two hours. The new label is then asked so too."
            )
        )
        self.add_advanced(hours)
        self.addParameter(QgsProcessingParameterFolderDestination("BUNDLE", tr("New model")))
        self.addParameter(QgsProcessingParameterFileDestination("REPORT", tr("Report"), "HTML files (*.html)"))
        self.add_model()
        self.addOutput(QgsProcessingOutputString("VERDICT", tr("Whether the label is worth using")))

    def check_own(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """A name that can be a field's, an id to join by, polygons for regions, a model that is whole, room for it."""
        from ..core.bundle.bundle import HEAD_NAMES, is_head_name, open_bundle

        super().check_own(parameters, context)
        name = self.parameterAsString(parameters, "TASK_NAME", context)
        if not is_head_name(name):
            raise InputError(f"'{name}' is no name for a task: {HEAD_NAMES}.")
        open_bundle(self._model_path(parameters, context))
        training.check_target(self.parameterAsString(parameters, "BUNDLE", context))
        labels, unit = self.parameterAsSource(parameters, "LABELS", context), self._unit(parameters, context)
        for key in ("LABEL_FIELD", "LABEL_ID") if labels is not None else ():
            field = self.parameterAsString(parameters, key, context)
            if field and labels.fields().lookupField(field) < 0:
                raise InputError(f"LABELS has no field '{field}'. Its fields: {', '.join(labels.fields().names())}.")
        if unit != "region" and parameters.get("HOURS") is not None:
            raise InputError("HOURS is for labels of regions: leave it empty.")
        if labels is None:
            return
        if unit == "region":
            if QgsWkbTypes.geometryType(labels.wkbType()) != QgsWkbTypes.GeometryType.PolygonGeometry:
                raise InputError("Labels of regions must be a layer of polygons.")
            return
        id_field(labels.fields().names(), unit, self.parameterAsString(parameters, "LABEL_ID", context))

    def _unit(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        return self.parameterAsString(self.in_words(parameters), "UNIT", context) or "user"

    def _model_path(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str | None:
        return self.parameterAsString(parameters, "MODEL", context).strip() or None

    def prepareAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """On the main thread: tracks and labels."""
        self.labels = self.parameterAsSource(parameters, "LABELS", context)
        if self.labels is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, "LABELS"))
        return super().prepareAlgorithm(parameters, context, feedback)

    def run_on(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Read, write down what the child needs, teach, copy what came of it."""
        import shutil
        from pathlib import Path

        from ..core.bundle.bundle import open_bundle
        from ..tasks import child as runs

        unit, name = self._unit(parameters, context), self.parameterAsString(parameters, "TASK_NAME", context)
        bundle, report = (self.parameterAsString(parameters, key, context) for key in ("BUNDLE", "REPORT"))
        read, skipped = self.read(feedback)
        tracks = self.cut(read, "user" if unit == "region" else unit, skipped, feedback)
        source = open_bundle(self._model_path(parameters, context))  # of a .zip the folder lives as long as this does
        if any(head["name"] == name for head in source.card["heads"]):
            words = tr("The model has a task '{name}' already: in the copy the new one takes its place.")
            feedback.pushWarning(words.format(name=name))
        if not len(tracks):
            raise InputError("INPUT has no two usable fixes of anybody, so there is nothing to learn from.")
        folder, child = runs.new_folder("head"), None
        made = folder / training.RESULT_FOLDER  # where the training dialog looks for it
        arguments = [
            "--tracks", str(folder / "tracks.parquet"), "--labels", str(folder / "labels.parquet"),
            "--field", "label", "--unit", unit, "--task-name", name,
            "--backbone", self.parameterAsString(parameters, "BACKBONE", context) or "frozen",
            "--minutes", f"{self.parameterAsDouble(parameters, 'MINUTES', context):g}",
            "--device", (self.parameterAsString(parameters, "DEVICE", context) or "auto").lower(),
            "--bundle", str(source.path.resolve()),
            "--title", self.parameterAsString(parameters, "LABEL_FIELD", context).replace("_", " "),
            "--trained-on", tr("labels of one's own"),
            "--report", str(made / "report.html"), "--output", str(made / "bundle"),
        ]  # fmt: skip
        cache = kept_in(feedback)
        arguments += ["--cache", str(cache)] if cache else []
        if parameters.get("HOURS") is not None:
            arguments += ["--hours", f"{self.parameterAsDouble(parameters, 'HOURS', context):g}"]
        try:
            made.mkdir()
            arguments += self._write_labels(parameters, context, unit, folder)
            if unit == "user":
                tracks = only_labelled(tracks, folder / "labels.parquet")
            training.write_tracks(tracks if unit == "track" else uncut(read, tracks), folder / "tracks.parquet")
            stage = Stage(feedback, tr("Teaching"), READ, 100)  # where Cancel was pressed, nothing is started
            child = runs.Child.start("model.finetune", arguments, folder, title=tr(self.TITLE))
            told = self._follow(child, stage, feedback)
        except BaseException as error:
            if child is not None:
                child.cancel()
            if child is None or isinstance(error, Cancelled) or not isinstance(error, RawError):
                shutil.rmtree(folder)  # a copy of people's tracks
            else:
                training.delete_personal_data(folder)  # the log stays: errors say where it is
            raise
        training.deliver(folder, made / "bundle", made / "report.html", Path(bundle), Path(report))
        feedback.pushInfo(told.get("verdict", ""))
        return {
            "BUNDLE": bundle, "REPORT": report, "VERDICT": told.get("verdict", ""),
            "PROVIDER": told.get("provider", "CPU"),
            "N_USERS": tracks.n_users, "N_POINTS": len(tracks), "N_SKIPPED": skipped.total,
        }  # fmt: skip

    def _write_labels(
        self, parameters: dict[str, Any], context: QgsProcessingContext, unit: str, folder: Path
    ) -> list[str]:
        """Write labels.parquet, and regions.geojson where they are of regions. Returns arguments that go with it.

        InputError where there are none.
        """
        field = self.parameterAsString(parameters, "LABEL_FIELD", context)
        if unit == "region":
            features = rows_of(self.labels, QgsFeatureRequest())
            polygons = to_lonlat(features, self.labels, context)
            there = [n for n, polygon in enumerate(polygons) if polygon is not None and not polygon.is_empty]
            ids, values = [str(n) for n in there], [plain(features[n].attribute(field)) for n in there]
            write_regions(polygons[there], ids, folder / "regions.geojson")
            write_columns({"region_id": ids, "label": values}, folder / "labels.parquet")
            return ["--regions", str(folder / "regions.geojson"), "--id", "region_id"]
        names = self.labels.fields().names()
        own = id_field(names, unit, self.parameterAsString(parameters, "LABEL_ID", context))
        columns = {"label": field, **own}
        request = QgsFeatureRequest().setFlags(QgsFeatureRequest.Flag.NoGeometry)
        rows = [[f.attribute(n) for n in columns.values()] for f in rows_of(self.labels, request)]
        table = {
            name: utc(values, self.reading.timezone) if name in INTERVALS[0] else [plain(value) for value in values]
            for name, values in zip(columns, map(list, zip(*rows)))
        }
        write_columns(table, folder / "labels.parquet")
        return []

    @staticmethod
    def _follow(child: Child, stage: Stage, feedback: QgsProcessingFeedback) -> dict[str, str]:
        """Show the child's progress. Returns the verdict and the device really used."""
        told: dict[str, str] = {}

        def hear(line: dict[str, Any]) -> None:
            told.update({key: str(line[key]) for key in ("verdict", "provider") if key in line})
            words = training.progress_text(line)
            if words and "verdict" not in line:
                feedback.pushConsoleInfo(words) if "text" in line else feedback.pushInfo(words)
            share = training.finetuning_share(line)
            if share is not None and not feedback.isCanceled():
                stage(share)

        child.follow(hear, feedback.isCanceled)
        return told


def id_field(names: list[str], unit: str, chosen: str) -> dict[str, str]:
    """Columns of the labels' file and the fields that they are from. InputError where there is no id."""
    given = {name.lower(): name for name in names}
    user = next((given[name] for name in ID_FIELDS["user"] if name in given), "")
    for start, end in INTERVALS:
        if unit == "track" and start in given and end in given and user:
            return {"user_id": chosen or user, "start": given[start], "end": given[end]}
    own = chosen or next((given[name] for name in ID_FIELDS[unit] if name in given), "")
    if not own:
        words = ", ".join(ID_FIELDS[unit])
        raise InputError(f"The labels have no id of the {unit} (a field called {words}). Choose it: Field with the id.")
    column = {"user": "user_id", "track": "track_id", "day": "day"}[unit]
    return {column: own, **({"user_id": user} if unit != "user" and user and user != own else {})}


def rows_of(labels: QgsProcessingFeatureSource, request: QgsFeatureRequest) -> list[QgsFeature]:
    """All rows of the labels. InputError where there is none."""
    rows = list(labels.getFeatures(request))
    if not rows:
        raise InputError("LABELS has no rows, so there is nothing to learn. Choose a table with ten labels or more.")
    return rows


def utc(values: list[Any], timezone: str) -> list[str | None]:
    """Times of labels as ISO text in UTC, read as those of the tracks are; None where there is none."""
    import numpy as np

    from ..layers.reading import times_of

    moments = times_of(values, timezone).astype("datetime64[ms]")
    return [None if np.isnat(moment) else f"{moment}Z" for moment in moments]


def plain(value: Any) -> Any:
    """A field's value as Python has it: dates as ISO text, NULL as None."""
    if value is None or (hasattr(value, "isNull") and value.isNull()):
        return None
    if hasattr(value, "toPyDateTime"):
        return value.toUTC().toPyDateTime().isoformat() + "Z"
    if hasattr(value, "toPyDate"):
        return value.toPyDate().isoformat()
    return value


def only_labelled(tracks: Tracks, labels: Path) -> Tracks:
    """Without the users that have no label, unless next to none has."""
    import numpy as np
    from pyarrow import parquet

    ids = {str(i) for i in parquet.read_table(labels, columns=["user_id"])["user_id"].to_pylist()}
    known = np.array([str(user) in ids for user in tracks.user_ids], bool)
    return tracks.take(known[tracks.user]) if known.sum() >= FEWEST else tracks


def uncut(read: Tracks, units: Tracks) -> Tracks:
    """What users or days cut from `read` hold of it, in its own tracks.

    The child cleans each track again before it cuts; in a whole user's, ways between tracks would pass for jumps.
    """
    import numpy as np

    if len(units) == len(read):
        return read
    place = {user: n for n, user in enumerate(read.user_ids)}
    user = np.array([place[user] for user in units.user_ids], np.int64)[units.user]
    first, span = read.t.min(), np.ptp(read.t) + 1
    key = read.user.astype(np.int64) * span + (read.t - first)
    return read.take(np.isin(key, user * span + (units.t - first)))


def write_columns(columns: dict[str, list[Any]], path: Path) -> None:
    """Write lists as a table; values of several kinds in one of them become text."""
    import pyarrow as pa
    from pyarrow import parquet

    arrays = {}
    for name, values in columns.items():
        try:
            arrays[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            arrays[name] = pa.array([None if v is None else str(v) for v in values])
    parquet.write_table(pa.table(arrays), path)


def write_regions(polygons: np.ndarray, ids: list[str], path: Path) -> None:
    """Write polygons in longitude and latitude as GeoJSON."""
    import json

    import shapely

    features = [
        {
            "type": "Feature",
            "properties": {"region_id": i},
            "geometry": json.loads(shapely.to_geojson(p)) if p else None,
        }
        for i, p in zip(ids, polygons)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
