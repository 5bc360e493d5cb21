# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:trainhead: teach the model a new label from examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsFeature, QgsFeatureRequest, QgsProcessing, QgsProcessingFeatureSource, QgsWkbTypes

from ...core.errors import Cancelled, InputError, RawError
from ...core.sources.schema import ID_FIELDS, INTERVAL_FIELDS
from ...core.specs import TeachSpec
from ...tasks import training
from ..cache import cache_folder
from ..form import Run
from ..regions.polygons import polygons_in_wgs84
from ..words import tr
from .train_base import TrainingAlgorithm

if TYPE_CHECKING:
    import numpy as np

    from ...core.tracks import Tracks


class TrainHead(TrainingAlgorithm):
    """Train a head in a child process, and add it to a copy of the model."""

    ID = "trainhead"
    ICON = "teach"
    MODULE = training.FINETUNE
    TITLE = "Teach a label"
    SUMMARY = "Teach the model a label of your own from some labelled users, tracks, days or regions."
    TAGS = ("trajectory", "movement", "train", "learn", "classify", "label", "head", "supervised", "predict")
    NEEDS = ("onnxruntime", "pyarrow")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_layer(
            "LABELS", "Labels",
            "A table with an id and the label for each user, track or day; for regions, their polygons.",
            QgsProcessing.SourceType.TypeVector,
        )  # fmt: skip
        self.add_field(
            "LABEL_FIELD", "Field to learn",
            "Two words are a yes or no, more words are classes, numbers are learned as numbers.", "LABELS",
        )  # fmt: skip
        self.add_options(TeachSpec)
        self.add_field(
            "LABEL_ID", "Field with the unit's id (empty: guessed)", "", "LABELS", optional=True, advanced=True
        )
        self.add_results()
        self.add_model()
        self.add_sentence("VERDICT", "Whether the label is worth using")

    def check(self, run: Run) -> None:
        """The name must suit a field, the labels must have an id or be polygons, and the model must be whole."""
        from ...core.bundle.bundle import open_bundle
        from ...core.bundle.card import HEAD_NAMES, is_head_name

        super().check(run)
        spec = run.spec(TeachSpec)
        if not is_head_name(spec.task_name):
            raise InputError(f"'{spec.task_name}' is no name for a label: {HEAD_NAMES}.")
        open_bundle(run.text("MODEL").strip() or None)
        labels = run.layer("LABELS")
        if labels is None:
            return
        for field in filter(None, (run.text("LABEL_FIELD"), run.text("LABEL_ID"))):
            if labels.fields().lookupField(field) < 0:
                raise InputError(f"LABELS has no field '{field}'. Its fields: {', '.join(labels.fields().names())}.")
        if spec.unit != "region":
            id_columns(labels.fields().names(), spec.unit, run.text("LABEL_ID"))
        elif QgsWkbTypes.geometryType(labels.wkbType()) != Qgis.GeometryType.Polygon:
            raise InputError("Labels of regions must be a layer of polygons.")

    def prepare_layers(self, run: Run) -> None:
        """On the main thread: tracks and labels."""
        self.labels = run.open_layer("LABELS")
        super().prepare_layers(run)

    def run_on(self, run: Run) -> dict[str, Any]:
        """Read, write the child's input files, train, copy the new model."""
        from ...core.bundle.bundle import open_bundle

        spec = run.spec(TeachSpec)
        unit, name = spec.unit, spec.task_name
        read, skipped = self.read(run)
        tracks = self.split(run, read, "user" if unit == "region" else unit, skipped)
        source = open_bundle(run.text("MODEL").strip() or None)  # keep it: an unpacked .zip is deleted with it
        if any(head["name"] == name for head in source.card["heads"]):
            words = tr("The model already has a label '{name}'. In the copy the new one replaces it.")
            run.warn(words.format(name=name))
        if not len(tracks):
            raise InputError("No user of INPUT has two usable fixes, so there is nothing to learn from.")
        used = tracks

        def prepare(folder: Path) -> list[str]:
            nonlocal used
            (folder / training.RESULT_FOLDER).mkdir()
            of_labels = self._write_labels(run, unit, folder)
            if unit == "user":
                used = with_label(tracks, folder / "labels.parquet")
            training.write_tracks(used if unit == "track" else unsplit(read, used), folder / "tracks.parquet")
            cache = cache_folder(run.warn)
            return [
                *training.finetuning_arguments(
                    folder, str(source.path.resolve()), unit, "label", name, spec.minutes,
                    run.text("DEVICE") or "auto", "labels.parquet", run.text("LABEL_FIELD"),
                ),
                "--backbone", spec.backbone,
                *(["--cache", str(cache)] if cache else []),
                *of_labels,
            ]  # fmt: skip

        outputs = self.train(run, "head", prepare)
        return {**outputs, **self.counts(used, skipped, outputs["PROVIDER"])}

    def tidy_up(self, run: Run, folder: Path, error: BaseException) -> None:
        """Keep the log of a training that failed, which the error message names, and nothing else."""
        if isinstance(error, Cancelled) or not isinstance(error, RawError):
            training.delete_run(folder)
        else:
            training.delete_personal_data(folder)

    def _write_labels(self, run: Run, unit: str, folder: Path) -> list[str]:
        """Write labels.parquet, and for regions regions.geojson. Returns the arguments that these need."""
        field = run.text("LABEL_FIELD")
        if unit == "region":
            features = rows_of(self.labels, QgsFeatureRequest())
            polygons = polygons_in_wgs84(features, self.labels, run.context)
            used = [n for n, polygon in enumerate(polygons) if polygon is not None and not polygon.is_empty]
            ids, values = [str(n) for n in used], [plain(features[n].attribute(field)) for n in used]
            write_regions(polygons[used], ids, folder / "regions.geojson")
            write_columns({"region_id": ids, "label": values}, folder / "labels.parquet")
            return ["--regions", str(folder / "regions.geojson"), "--id", "region_id"]
        from ...core.embedding.profiles import UNKNOWN

        columns = {"label": field, **id_columns(self.labels.fields().names(), unit, run.text("LABEL_ID"))}
        request = QgsFeatureRequest().setFlags(QgsFeatureRequest.Flag.NoGeometry)
        rows = [[feature.attribute(name) for name in columns.values()] for feature in rows_of(self.labels, request)]
        times = INTERVAL_FIELDS[0]
        table = {
            name: iso_utc(values, self.plan.fields.zone) if name in times else [plain(value) for value in values]
            for name, values in zip(columns, map(list, zip(*rows)))
        }
        if f"{field}_p" in self.labels.fields().names():  # answers of a model, perhaps corrected by people
            table["label"] = [None if label == UNKNOWN else label for label in table["label"]]
        write_columns(table, folder / "labels.parquet")
        return []


def id_columns(names: list[str], unit: str, chosen: str) -> dict[str, str]:
    """The id columns of labels.parquet, and the fields of LABELS that they are from. InputError if there is no id."""
    given = {name.lower(): name for name in names}
    user = next((given[name] for name in ID_FIELDS["user"] if name in given), "")
    for start, end in INTERVAL_FIELDS:
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


def iso_utc(values: list[Any], timezone: str) -> list[str | None]:
    """Times of labels as ISO text in UTC, read like the times of the tracks; None where there is no time."""
    import numpy as np

    from ...layers.reading import times_of

    moments = times_of(values, timezone).astype("datetime64[ms]")
    return [None if np.isnat(moment) else f"{moment}Z" for moment in moments]


def plain(value: Any) -> Any:
    """A field's value as a Python value: dates as ISO text, NULL as None."""
    if value is None or (hasattr(value, "isNull") and value.isNull()):
        return None
    if hasattr(value, "toPyDateTime"):
        return value.toUTC().toPyDateTime().isoformat() + "Z"
    return value.toPyDate().isoformat() if hasattr(value, "toPyDate") else value


def with_label(tracks: Tracks, labels: Path, fewest: int = 10) -> Tracks:
    """The tracks of users that have a label; all tracks if fewer than `fewest` users have one."""
    import numpy as np
    from pyarrow import parquet

    ids = {str(i) for i in parquet.read_table(labels, columns=["user_id"])["user_id"].to_pylist()}
    known = np.array([str(user) in ids for user in tracks.user_ids], bool)
    return tracks.take(known[tracks.user]) if known.sum() >= fewest else tracks


def unsplit(read: Tracks, units: Tracks) -> Tracks:
    """The fixes of `units`, which are users or days, in the tracks of `read`.

    The child cleans each track again before it splits: in a whole user, gaps between tracks would count as jumps.
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
    """Write lists as a Parquet table. A list of values of several types is written as text."""
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
        {"type": "Feature", "properties": {"region_id": i}, "geometry": json.loads(shapely.to_geojson(polygon))}
        for i, polygon in zip(ids, polygons)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
