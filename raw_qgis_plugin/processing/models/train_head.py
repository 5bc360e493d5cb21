# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:trainhead: teach the model a new label from examples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from qgis.core import NULL, Qgis, QgsFeatureRequest, QgsProcessing, QgsWkbTypes

from ...core.errors import InputError
from ...core.sources.schema import ID_FIELDS, INTERVAL_FIELDS
from ...core.specs import DeviceSpec, TeachSpec
from ...tasks import training
from ..form import Run
from ..regions.polygons import polygons_in_wgs84
from ..words import tr
from .train_base import TrainingAlgorithm


class TrainHead(TrainingAlgorithm):
    ID = "trainhead"
    MODULE = training.FINETUNE
    TITLE = "Teach a label"
    SUMMARY = "Teach the model a label of your own from some labelled users, tracks, days or regions."
    TAGS = ("trajectory", "movement", "train", "learn", "classify", "label", "head", "supervised", "predict")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_tracks()
        self.add_layer(
            "LABELS", "Labels",
            "A table with an id and the label for each user, track or day; for regions, their polygons.",
            QgsProcessing.SourceType.TypeVector,
        )  # fmt: skip
        self.add_field(
            "LABEL_FIELD", "Field to learn",
            "Two words are a yes or no, more words are classes, numbers are learned as numbers.", "LABELS",
            optional=False,
        )  # fmt: skip
        self.add_options(TeachSpec)
        self.add_field("LABEL_ID", "Field with the unit's id (empty: guessed)", "", "LABELS", advanced=True)
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

    def run_on(self, run: Run) -> dict[str, Any]:
        from ...core.bundle.bundle import open_bundle
        from ...environment import folders

        spec, field = run.spec(TeachSpec), run.text("LABEL_FIELD")
        unit, name = spec.unit, spec.task_name
        read, skipped = self.read(run)
        units = self.split(run, read, "user" if unit == "region" else unit, skipped)
        source = open_bundle(run.text("MODEL").strip() or None)  # keep it: an unpacked .zip is deleted with it
        if any(head["name"] == name for head in source.card["heads"]):
            words = tr("The model already has a label '{name}'. In the copy the new one replaces it.")
            run.warn(words.format(name=name))
        if not len(units):
            raise InputError("No user of INPUT has two usable fixes, so there is nothing to learn from.")

        def prepare(folder: Path) -> list[str]:
            result, labels = folder / training.RESULT_FOLDER, folder / "labels.parquet"
            result.mkdir()
            of_regions = self._write_labels(run, unit, folder)
            training.write_tracks(read, folder / "tracks.parquet")  # the child splits it again
            return [
                "--tracks", str(folder / "tracks.parquet"), "--labels", str(labels), "--field", "label",
                "--unit", unit, "--task-name", name, "--title", field.replace("_", " "),
                "--bundle", str(source.path.resolve()), "--trained-on", tr("labels of your own"),
                "--minutes", f"{spec.minutes:g}", "--device", run.spec(DeviceSpec).device.lower(),
                "--backbone", spec.backbone, "--cache", str(folders.cache_folder()),
                "--report", str(result / "report.html"), "--output", str(result / "bundle"), *of_regions,
            ]  # fmt: skip

        outputs = self.train(run, "head", prepare)
        return {**outputs, **self.counts(units, skipped, outputs["PROVIDER"])}

    def _write_labels(self, run: Run, unit: str, folder: Path) -> list[str]:
        """Write labels.parquet, and for regions regions.geojson. Returns the arguments that these need."""
        import pyarrow as pa
        from pyarrow import parquet

        names, field, more = self.sources["LABELS"].fields().names(), run.text("LABEL_FIELD"), []
        fields = {} if unit == "region" else id_columns(names, unit, run.text("LABEL_ID"))
        columns = read_labels(self.sources["LABELS"], {"label": field, **fields}, self.plan.fields.zone)
        with suppress(ValueError, TypeError):  # text that is numbers is learned as numbers
            columns["label"] = [None if label is None else float(label) for label in columns["label"]]
        if unit == "region":
            columns["region_id"] = [str(n) for n in range(len(columns["label"]))]
            self._write_regions(run, folder / "regions.geojson")
            more = ["--regions", str(folder / "regions.geojson"), "--id", "region_id"]
        parquet.write_table(pa.table(columns), folder / "labels.parquet")
        return more

    def _write_regions(self, run: Run, path: Path) -> None:
        """Write the labelled polygons, in longitude and latitude, with their numbers."""
        import shapely

        polygons = polygons_in_wgs84(self.sources["LABELS"].getFeatures(), self.sources["LABELS"], run.context)
        features = [
            {"type": "Feature", "properties": {"region_id": str(n)}, "geometry": json.loads(shapely.to_geojson(shape))}
            for n, shape in enumerate(polygons)
            if shape is not None and not shape.is_empty
        ]
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")


def read_labels(source: Any, fields: Mapping[str, str], zone: str) -> dict[str, list[Any]]:
    """The columns of labels.parquet. InputError where there is no row.

    fields: of each column, such as user_id, track_id, start, end and `label`, the field of the source. Times are read
    like those of the tracks. A model's answers, perhaps corrected by people, have their probability beside them:
    'unknown' is no label there.
    """
    from ...core.embedding.profiles import UNKNOWN
    from ...layers.reading import as_text, times_of

    at = [source.fields().lookupField(name) for name in fields.values()]
    request = QgsFeatureRequest().setFlags(QgsFeatureRequest.Flag.NoGeometry)
    rows = [[feature[i] for i in at] for feature in source.getFeatures(request)]
    if not rows:
        raise InputError("LABELS has no rows, so there is nothing to learn. Choose a table with ten labels or more.")
    none = (None, NULL, "", *([UNKNOWN] if f"{fields['label']}_p" in source.fields().names() else []))
    columns = {}
    for name, values in zip(fields, map(list, zip(*rows))):
        if name in INTERVAL_FIELDS[0]:
            moments = times_of(values, zone).astype("datetime64[ms]").astype(str)
            columns[name] = [None if moment == "NaT" else f"{moment}Z" for moment in moments.tolist()]
        else:
            columns[name] = [None if (text := as_text(value)) in none else text for value in values]
    return columns


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
