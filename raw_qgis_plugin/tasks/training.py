# SPDX-License-Identifier: GPL-2.0-or-later
"""Inputs and progress of training runs, for the algorithms that train and the training page."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.paths import RESOURCES
from ..layers.words import tr
from .child_side import Line

if TYPE_CHECKING:
    from ..core.tracks import Tracks

ADAPT = "model.adapt"
FINETUNE = "model.finetune"
RESULT_FOLDER = "result"  # in the run's folder: RUN of model.adapt
PERSONAL_FILES = ("tracks.parquet", "labels.parquet", "regions.geojson")  # in a run's folder
# mixed in, so that the model forgets less
REPLAYED = f"0.2*{RESOURCES / 'sample' / 'city_tracks.parquet'}"
# the share of model.adapt that is training, and of model.finetune that is embedding
TRAINED = 0.7
EMBEDDED = 0.5
# stages of model.adapt
AFTER = {"calibrating": TRAINED, "comparing": 0.8, "report": 0.98, "done": 1.0}


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


def delete_personal_data(folder: Path) -> None:
    """Delete the copies of tracks and labels from a run's folder. Its log and its results stay."""
    for name in PERSONAL_FILES:
        with suppress(OSError):  # in use, as by a virus scanner
            (folder / name).unlink(missing_ok=True)


def share_done(line: Line, minutes: float) -> float | None:
    """The share of a training that is done, by a line of its log; None without progress."""
    if "seconds_left" in line:
        return TRAINED * max(0.0, 1 - float(line["seconds_left"]) / (60 * minutes))
    if "embedded" in line:
        return EMBEDDED * float(line["embedded"])
    if "fold" in line:
        return EMBEDDED + (1 - EMBEDDED) * line["fold"] / (1 + line["of"])
    return AFTER.get(str(line.get("stage")))


def progress_text(line: Line) -> str:
    """A line of the log as readable text; '' if the line has none."""
    stages = {
        "training": tr("Training"),
        "calibrating": tr("Calibrating the forecast areas"),
        "comparing": tr("Comparing with the old model on held-out people"),
        "report": tr("Writing the report"),
    }
    words = (
        line.get("text")
        or stages.get(str(line.get("stage")))
        or line.get("warning")
        or line.get("verdict")
    )
    if "fold" in line:
        words = tr("Tested on part {fold} of {of}", fold=line["fold"], of=line["of"])
    elif "embedded" in line:
        words = tr("Embedded: {share:.0%}", share=line["embedded"])
    shown = ("step", "loss", "step_loss")
    figures = [name for name in line if name in shown or name.startswith("ratio_")]
    return str(words or ", ".join(f"{name.replace('_', ' ')} {line[name]}" for name in figures))
