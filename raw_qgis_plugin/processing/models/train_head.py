# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:trainhead: teach the model a new label from examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsProcessing, QgsWkbTypes

from ...core.errors import InputError
from ...core.sources.schema import ID_FIELDS, INTERVAL_FIELDS
from ...core.specs import DeviceSpec, TeachSpec
from ...tasks import training
from ..form import Run
from ..regions.polygons import polygons_in_wgs84
from ..words import tr
from .train_base import TrainingAlgorithm


class TrainHead(TrainingAlgorithm):
    """Train a head in a child process, and add it to a copy of the model."""

    ID = "trainhead"
    ICON = "teach"
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

    def prepare_layers(self, run: Run) -> None:
        self.labels = run.open_layer("LABELS")
        super().prepare_layers(run)

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
            (folder / training.RESULT_FOLDER).mkdir()
            of_regions = ["--regions", str(folder / "regions.geojson"), "--id", "region_id"]
            if unit == "region":
                self._write_regions(run, folder)
            else:
                fields = {"label": field, **id_columns(self.labels.fields().names(), unit, run.text("LABEL_ID"))}
                labels = training.read_labels(self.labels, fields, self.plan.fields.zone)
                training.write_labels(labels, folder / "labels.parquet")
            training.write_tracks(read, folder / "tracks.parquet")  # the child splits it again
            path, device = str(source.path.resolve()), run.spec(DeviceSpec).device
            return [
                *training.finetuning_arguments(folder, path, unit, field, name, spec.minutes, device),
                "--backbone", spec.backbone, "--cache", str(folders.cache_folder()),
                *(of_regions if unit == "region" else []),
            ]  # fmt: skip

        outputs = self.train(run, "head", prepare)
        return {**outputs, **self.counts(units, skipped, outputs["PROVIDER"])}

    def _write_regions(self, run: Run, folder: Path) -> None:
        """Write the labelled polygons, in longitude and latitude, and their labels."""
        import shapely

        labels = training.read_labels(self.labels, {"label": run.text("LABEL_FIELD")})["label"]
        polygons = polygons_in_wgs84(self.labels.getFeatures(), self.labels, run.context)
        used = [n for n, polygon in enumerate(polygons) if polygon is not None and not polygon.is_empty]
        features = [
            {"type": "Feature", "properties": {"region_id": str(n)}, "geometry": json.loads(shapely.to_geojson(shape))}
            for n, shape in zip(used, polygons[used])
        ]
        collection = {"type": "FeatureCollection", "features": features}
        (folder / "regions.geojson").write_text(json.dumps(collection), "utf-8")
        columns = {"region_id": [str(n) for n in used], "label": [labels[n] for n in used]}
        training.write_labels(columns, folder / "labels.parquet")


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
