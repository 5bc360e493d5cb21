# SPDX-License-Identifier: GPL-2.0-or-later
"""What a training run is given and what its lines say: shared by raw:pretrain and the training dialog."""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.bundle import library
from ..core.errors import Progress, RawError, no_progress
from ..core.paths import RESOURCES
from ..layers.words import tr

if TYPE_CHECKING:
    from ..core.tracks import Tracks

PRESETS = ("raw-nano", "raw-small", "raw-base", "raw-large")  # of model/config.py: raw-1b is too large for a bundle
ADAPT, FINETUNE = "model.adapt", "model.finetune"
RESULT_FOLDER = "result"  # under the run's folder: what model.adapt calls RUN
PERSONAL = ("tracks.parquet", "labels.parquet", "labels.csv", "regions.geojson")  # what a run's folder holds of people
KEPT = f"0.2*{RESOURCES / 'sample' / 'city_tracks.parquet'}"  # so that what was learnt elsewhere is not forgotten
TRAINED, COMPARED, TAUGHT = 0.8, 0.85, 0.98  # shares of the work behind it, by the stages of model.adapt
EMBEDDED = 0.5  # share of the work that embedding is in model.finetune, as far as one can tell


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
    folder: Path, init: str, preset: str, minutes: float, device: str, name: str = "", typical_ways: bool = True
) -> list[str]:
    """Arguments of model.adapt. folder: of the run, with tracks.parquet in it. init: 'shipped', 'none' or a path.
    typical_ways: keep those of the tracks in the model, where one goes on from a model.
    """
    arguments = [
        "--tracks", str(folder / "tracks.parquet"), "--init", init, "--preset", preset, "--name", name,
        "--minutes", f"{minutes:g}", "--keep", KEPT, "--output", str(folder / RESULT_FOLDER),
    ]  # fmt: skip
    if preset == "raw-nano" and init == "none":  # for trying things out: figures at once
        arguments += ["--points", "1024", "--validate-every", "5"]
    else:
        arguments += ["--validate-every", "10" if minutes < 5 else "25" if minutes < 30 else "50"]
    if not typical_ways:
        arguments += ["--no-typical-ways"]
    return arguments if device.lower() == "auto" else [*arguments, "--device", device.lower()]


def check_target(bundle: str) -> None:
    """InputError where a bundle can't be put; '' is for QGIS to refuse."""
    if bundle:
        library.check_target(Path(bundle))


def deliver(folder: Path, made: Path, told: Path, bundle: Path, report: Path) -> None:
    """Copy a run's model and report to where they are wanted, then remove the run, which lies in `folder`.

    RawError where they can't be written: the run then stays, without its copies of tracks and labels.
    """
    try:
        library.copy(made, bundle)
        shutil.copyfile(told, report)
    except (RawError, OSError) as error:
        delete_personal_data(folder)
        raise RawError(f"{error} The training is done: its model is kept in {made}, and in RAW's training.") from error
    shutil.rmtree(folder)


def delete_personal_data(folder: Path) -> None:
    """Remove from a run's folder the copies of tracks and labels; its log and what it has made stay."""
    for name in PERSONAL:
        (folder / name).unlink(missing_ok=True)


def pretraining_share(line: dict[str, Any], minutes: float) -> float | None:
    """Share of a model.adapt run that is done, by one line of its log; None if the line holds no progress.

    Lines of `finetuning_share` also occur in this log. Each of those counts one head alone, so they are ignored here.
    """
    if "seconds_left" in line:
        return TRAINED * max(0.0, 1 - float(line["seconds_left"]) / (60 * minutes))
    stage = line.get("stage")
    if stage == "heads":
        return COMPARED + (TAUGHT - COMPARED) * line["done"] / max(1, line["of"])
    return {"comparing": TRAINED, "report": TAUGHT, "done": 1.0}.get(str(stage))


def finetuning_share(line: dict[str, Any]) -> float | None:
    """Share of a run of model.finetune that lies behind a line of progress; None where it does not say."""
    if "embedded" in line or "tuning" in line:
        return EMBEDDED * float(line.get("embedded", line.get("tuning", 0.0)))
    if "fold" in line:
        return EMBEDDED + (1 - EMBEDDED) * line["fold"] / (1 + line["of"])
    return None


def measure_name(measure: str) -> str:
    """A figure of people unseen in words: 'ratio_900s_filled' is '900 s filled'."""
    return re.sub(r"(\d)s\b", r"\1 s", measure.partition("_")[2].replace("_", " "))


def progress_text(line: dict[str, Any]) -> str:
    """A line of progress for people to read; '' where there is nothing to say."""
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
            *([tr("error over the baseline's on people unseen: ") + ", ".join(unseen)] if unseen else []),
            *([tr("{n:,.0f} fixes a second").format(n=line["points_per_s"])] if "points_per_s" in line else []),
        ]
        return "; ".join(words)
    if "fold" in line:
        return tr("tried on those left out of learning: {fold} of {of} times").format(**line)
    if "embedded" in line:
        return tr("the model has read {share:.0%} of the tracks").format(share=float(line["embedded"]))
    if "warning" in line:
        return tr("warning: ") + str(line["warning"])
    stages = {
        "training": tr("Training"),
        "ways": tr("Gathering typical ways of these places"),
        "neighbours": tr("Learning from where tracks went on before"),
        "comparing": tr("Comparing with the model before, on people held out"),
        "heads": tr("Teaching the head {head} again").format(head=line.get("head", "")),
        "report": tr("Writing the report"),
    }
    return stages.get(str(line.get("stage")), str(line.get("verdict", "")))


@dataclass(frozen=True)
class Labels:
    """Labels by a unit's id, (id,), or (user, id) of tracks whose ids are each user's own.

    is_number: whether they are measured and not named.
    """

    values: dict[tuple[str, ...], str]
    is_number: bool


def read_labels(source: Any, key: str, label: str, progress: Progress = no_progress, user: str = "") -> Labels:
    """The label of each id in a layer or table; where one id has several, the most frequent. Runs in a task.

    source: with fields(), featureCount() and getFeatures(), as layers.snapshot.Snapshot. user: the field of the user,
    where two users may have an id in common.
    """
    from qgis.core import NULL, QgsFeatureRequest

    fields, total = source.fields(), max(1, source.featureCount())
    at = [fields.lookupField(name) for name in (user, key, label) if name]
    request = QgsFeatureRequest().setSubsetOfAttributes(at).setFlags(QgsFeatureRequest.NoGeometry)
    seen: dict[tuple[str, ...], Counter[str]] = {}
    for n, feature in enumerate(source.getFeatures(request)):
        if n % 5000 == 0:
            progress(min(1.0, n / total))
        *unit, value = (feature[i] for i in at)
        if value not in (None, NULL, "") and not any(name in (None, NULL) for name in unit):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            seen.setdefault(tuple(map(str, unit)), Counter())[text] += 1
    values = {unit: counts.most_common(1)[0][0] for unit, counts in seen.items()}
    return Labels(values, are_numbers(set(values.values())))


def are_numbers(texts: set[str]) -> bool:
    """Whether model.finetune learns labels as numbers, by its own rule: all are, and there are not just two of them."""
    try:
        return len({float(text) for text in texts}) not in (0, 2)
    except ValueError:
        return False


def write_labels(labels: Labels, unit: str, field: str, path: Path) -> None:
    """Write labels as CSV: user_id, track_id or both, and the field."""
    width = max(map(len, labels.values), default=1)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow([*("user_id", f"{unit}_id")[-width:], field])
        table.writerows([*names, value] for names, value in labels.values.items())


def finetuning_arguments(
    folder: Path, init: str, unit: str, field: str, name: str, minutes: float, device: str = "auto"
) -> list[str]:
    """Arguments of model.finetune. folder: of the run, with tracks.parquet and labels.csv in it."""
    return [
        "--tracks", str(folder / "tracks.parquet"), "--labels", str(folder / "labels.csv"), "--field", field,
        "--unit", unit, "--task-name", name, "--title", field.replace("_", " "), "--bundle", init,
        "--trained-on", "labels of your own", "--minutes", f"{minutes:g}", "--device", device.split(":")[0].lower(),
        "--report", str(folder / RESULT_FOLDER / "report.html"), "--output", str(folder / RESULT_FOLDER / "bundle"),
    ]  # fmt: skip
