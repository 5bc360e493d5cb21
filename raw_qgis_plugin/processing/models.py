# SPDX-License-Identifier: GPL-2.0-or-later
"""Training in a child process, and labels of one's own (raw:trainhead)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from qgis.core import (
    NULL,
    Qgis,
    QgsFeatureRequest,
    QgsProcessingParameterFolderDestination,
    QgsWkbTypes,
)

from ..core.bundle import library
from ..core.errors import Cancelled, InputError, Progress, RawError
from ..core.sources.schema import ID_FIELDS, INTERVAL_FIELDS, find_columns
from ..core.specs import DeviceSpec, TeachSpec
from ..tasks import child as runs
from ..tasks import training
from ..tasks.child_side import Line
from .form import TABLE, Run
from .regions.algorithms import polygons_in_wgs84
from .tracks import TrackAlgorithm
from .words import time_left, tr


class TrainingAlgorithm(TrackAlgorithm):
    """Trains in a child process, then copies the new model to BUNDLE and the report to REPORT."""

    MODULE = ""  # what the child process runs
    RESUMABLE = False  # whether a run that began is kept, to be resumed
    NEEDS = (*TrackAlgorithm.NEEDS, "torch", "safetensors", "sklearn", "onnx", "onnxscript")
    PACKAGES = ("runtime", "train")

    def add_results(self) -> None:
        """Add BUNDLE and REPORT."""
        self.add(QgsProcessingParameterFolderDestination("BUNDLE", tr("New model")))
        self.add_report(optional=False)

    def check(self, run: Run) -> None:
        super().check(run)
        if bundle := run.text("BUNDLE"):  # QGIS itself refuses an empty one
            library.check_target(Path(bundle))

    def train(
        self, run: Run, name: str, prepare: Callable[[Path], list[str]], **notes: Any
    ) -> None:
        """Train in a new folder of runs, to the results BUNDLE, REPORT, VERDICT and PROVIDER.

        prepare: writes the child's input files into the folder and returns the child's arguments.
        notes: more for run.json, such as the minutes that it may take.
        """
        from ..core.bundle.bundle import open_bundle

        # once: a temporary output gets a new name each time
        bundle = run.text("BUNDLE")
        report = run.text("REPORT")
        folder = runs.new_folder(name)
        found: Line = {}
        child = None
        try:
            arguments = prepare(folder)
            # raises Cancelled before anything is started
            stage = run.stage(tr("Training"), stop=100)
            show = partial(self._show_line, run, found, stage, notes.get("minutes", 30.0))
            child = runs.Child.start(self.MODULE, arguments, folder, title=tr(self.TITLE), **notes)
            child.follow(show, run.feedback.isCanceled)
        except BaseException as error:
            if child is not None:
                child.cancel()
            self._tidy(run, folder, error, started=child is not None)
            raise
        self._take_result(folder, Path(bundle), Path(report))
        shutil.rmtree(folder, ignore_errors=True)
        verdict = str(found.get("verdict", ""))
        run.info(verdict)
        provider = found.get("provider") or open_bundle(bundle).card["training"]["device"]
        self.results |= {
            "BUNDLE": bundle,
            "REPORT": report,
            "VERDICT": verdict,
            "PROVIDER": provider,
        }

    def _show_line(
        self, run: Run, found: Line, stage: Progress, minutes: float, line: Line
    ) -> None:
        """Show what a line of the training's log says, and keep its verdict and provider."""
        found.update({key: line[key] for key in ("verdict", "provider") if key in line})
        text = training.progress_text(line)
        if text and "verdict" not in line:
            if "text" in line:
                run.feedback.pushConsoleInfo(text)
            else:
                run.info(text)
        share = training.share_done(line, minutes)
        if share is not None and not run.feedback.isCanceled():
            if line.get("stage", "done") == "done":
                stage(share)
            else:
                run.stage(text, 15 + 85 * share)
        if "seconds_left" in line:
            left = time_left(line["seconds_left"])
            run.feedback.setProgressText(tr("Training: {left} left").format(left=left))

    def _tidy(self, run: Run, folder: Path, error: BaseException, *, started: bool) -> None:
        """Keep of a training that ended early what can be resumed, or its log."""
        stopped = isinstance(error, Cancelled)
        if started and self.RESUMABLE:
            if stopped:
                words = tr(
                    "Stopped. The training so far is kept in {folder}. Resume or delete it on "
                    "RAW's page Train a model."
                )
                run.warn(words.format(folder=folder))
        elif started and not stopped and isinstance(error, RawError):
            training.delete_personal_data(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)

    def _take_result(self, folder: Path, bundle: Path, report: Path) -> None:
        """Copy the model and the report to where they were asked for."""
        made = folder / training.RESULT_FOLDER
        try:
            library.copy(made / "bundle", bundle)
            shutil.copyfile(made / "report.html", report)
        except (RawError, OSError) as error:
            training.delete_personal_data(folder)
            words = (
                "{error} The training is done: its model is kept in {folder}, and in RAW's "
                "training."
            )
            raise RawError(words, error=error, folder=made) from error


class TrainHead(TrainingAlgorithm):
    ID = "trainhead"
    MODULE = training.FINETUNE
    TITLE = "Teach a label"
    SUMMARY = (
        "Teach the model a label of your own from some labelled users, tracks, days or regions."
    )

    def declare(self) -> None:
        self.add_layer(
            "LABELS",
            "Labels",
            "A table with an id and the label for each user, track or day; for regions, their "
            "polygons.",
            TABLE,
        )
        self.add_field(
            "LABEL_FIELD",
            "Field to learn",
            "Two words are a yes or no, more words are classes, numbers are learned as numbers.",
            "LABELS",
            optional=False,
        )
        self.add_options(TeachSpec)
        self.add_field(
            "LABEL_ID", "Field with the unit's id (empty: guessed)", "", "LABELS", advanced=True
        )
        self.add_results()
        self.add_sentence("VERDICT", "Whether the label is worth using")

    def check(self, run: Run) -> None:
        """The name must suit a field, the labels must have an id or be polygons, and the model must
        be whole.
        """
        from ..core.bundle.bundle import open_bundle
        from ..core.bundle.card import HEAD_NAMES, is_head_name

        super().check(run)
        spec = run.spec(TeachSpec)
        if not is_head_name(spec.task_name):
            raise InputError(
                "'{name}' is no name for a label: {rule}.", name=spec.task_name, rule=tr(HEAD_NAMES)
            )
        open_bundle(run.text("MODEL").strip() or None)
        labels = run.layer("LABELS")
        if labels is None:
            return
        fields = labels.fields()
        for field in filter(None, (run.text("LABEL_FIELD"), run.text("LABEL_ID"))):
            if fields.lookupField(field) < 0:
                names = ", ".join(fields.names())
                raise InputError(
                    "LABELS has no field '{name}'. Its fields: {names}.", name=field, names=names
                )
        if spec.unit != "region":
            id_columns(fields.names(), spec.unit, run.text("LABEL_ID"), run.text("LABEL_FIELD"))
        elif QgsWkbTypes.geometryType(labels.wkbType()) != Qgis.GeometryType.Polygon:
            raise InputError("Labels of regions must be a layer of polygons.")

    def run_on(self, run: Run) -> None:
        from ..core.bundle.bundle import open_bundle
        from ..environment import folders

        spec = run.spec(TeachSpec)
        title = run.text("LABEL_FIELD").replace("_", " ")
        read = self.read()
        if not len(self.split(read, "user" if spec.unit == "region" else spec.unit)):
            raise InputError(
                "INPUT has no unit with two usable fixes, so there is nothing to learn from."
            )
        # keep it: an unpacked .zip is deleted with it
        source = open_bundle(run.text("MODEL").strip() or None)

        def prepare(folder: Path) -> list[str]:
            result = folder / training.RESULT_FOLDER
            result.mkdir()
            of_regions = self._write_labels(run, spec.unit, folder)
            training.write_tracks(read, folder / "tracks.parquet")  # the child splits it again
            options = {
                "--tracks": folder / "tracks.parquet",
                "--labels": folder / "labels.parquet",
                "--field": "label",
                "--unit": spec.unit,
                "--task-name": spec.task_name,
                "--title": title,
                "--bundle": source.path.resolve(),
                "--trained-on": tr("labels of your own"),
                "--minutes": f"{spec.minutes:g}",
                "--device": run.spec(DeviceSpec).device.lower(),
                "--cache": folders.cache_folder(),
                "--report": result / "report.html",
                "--output": result / "bundle",
            }
            return [str(word) for option in options.items() for word in option] + of_regions

        self.train(run, "head", prepare)

    def _write_labels(self, run: Run, unit: str, folder: Path) -> list[str]:
        """Write labels.parquet, and for regions regions.geojson. Returns the arguments that these
        need.
        """
        import pyarrow as pa
        import shapely
        from pyarrow import parquet

        source = self.sources["LABELS"]
        more = []
        names = source.fields().names()
        label = run.text("LABEL_FIELD")
        fields = {} if unit == "region" else id_columns(names, unit, run.text("LABEL_ID"), label)
        columns = read_labels(source, {"label": label, **fields}, self.plan.fields.zone)
        with suppress(ValueError, TypeError):  # text that is numbers is learned as numbers
            columns["label"] = [
                None if label is None else float(label) for label in columns["label"]
            ]
        if unit == "region":
            columns["region_id"] = [str(n) for n in range(len(columns["label"]))]
            polygons = polygons_in_wgs84(source.getFeatures(), source, run.context)
            features = [
                {
                    "type": "Feature",
                    "properties": {"region_id": n},
                    "geometry": json.loads(shapely.to_geojson(shape)),
                }
                for n, shape in zip(columns["region_id"], polygons)
                if shape is not None and not shape.is_empty
            ]
            path = folder / "regions.geojson"
            path.write_text(
                json.dumps({"type": "FeatureCollection", "features": features}), "utf-8"
            )
            more = ["--regions", str(path), "--id", "region_id"]
        parquet.write_table(pa.table(columns), folder / "labels.parquet")
        return more


def read_labels(source: Any, fields: Mapping[str, str], zone: str) -> dict[str, list[Any]]:
    """The columns of labels.parquet. InputError where there is no row.

    fields: of each column, such as user_id, track_id, start, end and `label`, the field of the
    source. Times are read like those of the tracks. A model's answers, perhaps corrected by people,
    have their probability beside them: 'unknown' is no label there.
    """
    from ..core.labels import UNKNOWN
    from ..layers.values import as_text, times_of

    at = [source.fields().lookupField(name) for name in fields.values()]
    request = QgsFeatureRequest().setFlags(QgsFeatureRequest.Flag.NoGeometry)
    rows = [[feature[i] for i in at] for feature in source.getFeatures(request)]
    if not rows:
        raise InputError(
            "LABELS has no rows, so there is nothing to learn. Choose a table with ten labels or "
            "more."
        )
    none = (
        None,
        NULL,
        "",
        *([UNKNOWN] if f"{fields['label']}_p" in source.fields().names() else []),
    )
    columns = {}
    for name, values in zip(fields, map(list, zip(*rows))):
        if name in INTERVAL_FIELDS[0]:
            moments = times_of(values, zone).astype("datetime64[ms]").astype(str)
            columns[name] = [
                None if moment == "NaT" else f"{moment}Z" for moment in moments.tolist()
            ]
        else:
            columns[name] = [None if (text := as_text(value)) in none else text for value in values]
    return columns


def id_columns(names: list[str], unit: str, chosen: str, label: str) -> dict[str, str]:
    """The id columns of labels.parquet, and the fields of LABELS that they are from: beside the
    label alone, that of users has any name. InputError if there is no id.
    """
    names = [name for name in names if name != label]
    given = {name.lower(): name for name in names}
    guess = find_columns(names)
    user = next((given[name] for name in ID_FIELDS["user"] if name in given), guess.user or "")
    for start, end in INTERVAL_FIELDS:
        if unit == "track" and start in given and end in given and user:
            return {"user_id": chosen or user, "start": given[start], "end": given[end]}
    guessed = getattr(guess, unit, None) or (names[0] if unit == "user" and len(names) == 1 else "")
    own = chosen or next((given[name] for name in ID_FIELDS[unit] if name in given), guessed)
    if not own:
        raise InputError(
            "The labels have no id of the {unit} (a field called {names}). Choose it under "
            "Advanced Parameters as Field with the unit's id.",
            unit=tr(unit),
            names=", ".join(ID_FIELDS[unit]),
        )
    column = {"user": "user_id", "track": "track_id", "day": "day"}[unit]
    return {column: own, **({"user_id": user} if unit != "user" and user and user != own else {})}
