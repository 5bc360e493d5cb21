# SPDX-License-Identifier: GPL-2.0-or-later
"""Inputs and progress of training runs, for the algorithms that train and the training page."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.bundle import library
from ..core.errors import InputError, Progress, RawError, no_progress
from ..core.paths import RESOURCES
from ..core.sources.schema import INTERVAL_FIELDS
from ..layers.reading import as_text, times_of
from ..layers.words import tr

if TYPE_CHECKING:
    from ..core.tracks import Tracks

log = logging.getLogger(__name__)
ADAPT, FINETUNE = "model.adapt", "model.finetune"
RESULT_FOLDER = "result"  # in the run's folder: RUN of model.adapt
PERSONAL_FILES = ("tracks.parquet", "labels.parquet", "regions.geojson")  # in a run's folder
REPLAYED = f"0.2*{RESOURCES / 'sample' / 'city_tracks.parquet'}"  # mixed in, so that the model forgets less


TRAINED, EMBEDDED = 0.7, 0.5  # the share of model.adapt that is training, and of model.finetune that is embedding
AFTER = {"calibrating": TRAINED, "comparing": 0.8, "report": 0.98, "done": 1.0}  # stages of model.adapt


def write_tracks(tracks: Tracks, path: Path) -> None:
    """Write tracks as Parquet for a child process: user_id, track_id, t (UTC), lon, lat."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = {
        "user_id": pa.array(tracks.user_ids[tracks.user], pa.string()),
        "track_id": pa.array(tracks.track_ids[tracks.track], pa.string()),
        "t": pa.array(tracks.t.astype("datetime64[ms]")).cast(pa.timestamp("ms", tz="UTC")),
        "lon": pa.array(tracks.lon),
        "lat": pa.array(tracks.lat),
    }
    parquet.write_table(pa.table(columns), path)


def pretraining_arguments(
    folder: Path, init: str, preset: str, minutes: float, device: str, name: str = ""
) -> list[str]:
    """Arguments of model.adapt. folder: of the run, with tracks.parquet. init: 'shipped', 'none' or a path."""
    arguments = [
        "--tracks", str(folder / "tracks.parquet"), "--init", init, "--preset", preset, "--name", name,
        "--minutes", f"{minutes:g}", "--keep", REPLAYED, "--output", str(folder / RESULT_FOLDER),
    ]  # fmt: skip
    if preset == "raw-nano" and init == "none":  # for a quick trial
        arguments += ["--points", "1024", "--validate-every", "5"]
    else:
        arguments += ["--validate-every", "10" if minutes < 5 else "25" if minutes < 30 else "50"]
    return arguments if device.lower() == "auto" else [*arguments, "--device", device.lower()]


def deliver(folder: Path, made_bundle: Path, made_report: Path, bundle: Path, report: Path) -> None:
    """Copy a run's model and report to `bundle` and `report`, then delete the run's folder.

    RawError where they cannot be written: the run then stays, without its copies of tracks and labels.
    """
    try:
        library.copy(made_bundle, bundle)
        shutil.copyfile(made_report, report)
    except (RawError, OSError) as error:
        delete_personal_data(folder)
        raise RawError(
            f"{error} The training is done: its model is kept in {made_bundle}, and in RAW's training."
        ) from error
    delete_run(folder)


def delete_run(folder: Path) -> None:
    """Delete a run's folder, the copies of tracks and labels first. What is in use, as by a virus scanner, stays."""
    delete_personal_data(folder)
    shutil.rmtree(folder, ignore_errors=True)


def delete_personal_data(folder: Path) -> None:
    """Delete the copies of tracks and labels from a run's folder. Its log and its results stay."""
    for name in PERSONAL_FILES:
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:  # the model, or why there is none, matters more
            log.warning("A copy of tracks or labels could not be deleted: %s", error)


def share_done(line: dict[str, Any], minutes: float) -> float | None:
    """Share of a training that is done, by one line of its log; None if the line holds no progress."""
    if "seconds_left" in line:
        return TRAINED * max(0.0, 1 - float(line["seconds_left"]) / (60 * minutes))
    if "embedded" in line or "tuning" in line:
        return EMBEDDED * float(line.get("embedded", line.get("tuning", 0.0)))
    if "fold" in line:
        return EMBEDDED + (1 - EMBEDDED) * line["fold"] / (1 + line["of"])
    return AFTER.get(str(line.get("stage")))


def measure_name(measure: str) -> str:
    """The name of a validation measure: 'ratio_900s_filled' is '900 s filled'."""
    return re.sub(r"(\d)s\b", r"\1 s", measure.partition("_")[2].replace("_", " "))


def progress_text(line: dict[str, Any]) -> str:
    """A line of the log as readable text; '' if the line has none."""
    if "text" in line:
        return str(line["text"])
    if "step" in line and "loss" in line:
        unseen = [
            f"{measure_name(k)} {v:.2f}" + (f" ({m:.0f} m)" if (m := line.get(k.replace("ratio", "metres"))) else "")
            for k, v in line.items()
            if k.startswith("ratio_")
        ]
        words = [
            tr("step {step}: loss {loss:.3f}").format(step=line["step"], loss=line["loss"]),
            *([tr("error relative to the baseline, on unseen people: ") + ", ".join(unseen)] if unseen else []),
            *([tr("{n:,.0f} fixes a second").format(n=line["points_per_s"])] if "points_per_s" in line else []),
        ]
        return "; ".join(words)
    if "step_loss" in line:
        return tr("step {step}: loss {loss:.3f}").format(step=line["step"], loss=line["step_loss"])
    if "fold" in line:
        return tr("tested on held-out units: {fold} of {of} times").format(**line)
    if "embedded" in line:
        return tr("embedded {share:.0%} of the tracks").format(share=float(line["embedded"]))
    if "warning" in line:
        return tr("warning: ") + str(line["warning"])
    stages = {
        "training": tr("Training"),
        "calibrating": tr("Calibrating the forecast areas"),
        "comparing": tr("Comparing with the old model on held-out people"),
        "report": tr("Writing the report"),
    }
    return stages.get(str(line.get("stage")), str(line.get("verdict", "")))


def read_labels(
    source: Any, fields: Mapping[str, str], zone: str = "UTC", progress: Progress = no_progress
) -> dict[str, list[Any]]:
    """The columns of labels.parquet, from a layer or table. InputError where it has no rows.

    source: has fields(), featureCount() and getFeatures(), like layers.reading.Snapshot. fields: of each column, such
    as user_id, track_id, start, end and `label`, the field of the source. Times are read like those of the tracks. A
    model's answers, perhaps corrected by people, have their probability beside them: 'unknown' is no label there.
    """
    from qgis.core import NULL, QgsFeatureRequest

    from ..core.embedding.profiles import UNKNOWN

    at, rows = [source.fields().lookupField(name) for name in fields.values()], []
    total = max(1, source.featureCount())
    request = QgsFeatureRequest().setSubsetOfAttributes(at).setFlags(QgsFeatureRequest.Flag.NoGeometry)
    for n, feature in enumerate(source.getFeatures(request)):
        if n % 5000 == 0:
            progress(min(1.0, n / total))
        rows.append([feature[i] for i in at])
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


def write_labels(columns: Mapping[str, list[Any]], path: Path) -> None:
    """Write labels.parquet. Text that is numbers is learned as numbers."""
    import pyarrow as pa
    from pyarrow import parquet

    labels = columns["label"]
    with suppress(ValueError, TypeError):
        labels = [None if label is None else float(label) for label in labels]
    parquet.write_table(pa.table({**columns, "label": labels}), path)


def finetuning_arguments(
    folder: Path, init: str, unit: str, field: str, name: str, minutes: float, device: str = "auto"
) -> list[str]:
    """Arguments of model.finetune. folder: of the run, with tracks.parquet and labels.parquet. field: for the title."""
    result = folder / RESULT_FOLDER
    return [
        "--tracks", str(folder / "tracks.parquet"), "--labels", str(folder / "labels.parquet"), "--field", "label",
        "--unit", unit, "--task-name", name, "--title", field.replace("_", " "), "--bundle", init,
        "--trained-on", tr("labels of your own"), "--minutes", f"{minutes:g}",
        "--device", device.split(":")[0].lower(),
        "--report", str(result / "report.html"), "--output", str(result / "bundle"),
    ]  # fmt: skip
