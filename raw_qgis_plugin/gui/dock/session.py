# SPDX-License-Identifier: GPL-2.0-or-later
"""What the dock knows of one layer: its tracks, the model, the users' embeddings. Made in tasks, kept in memory."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...core.bundle.runtime import Model
from ...core.embedding.cache import embed_cached
from ...core.embedding.embed import embed
from ...core.errors import Progress, RawError, part_of
from ...core.regions.view import City, prepare
from ...core.tracks import Skipped, Tracks
from ...environment.folders import cache_folder
from ...layers.reading import NONE, ROLES, FieldChoice, choose_fields, read_tracks
from ...layers.snapshot import snapshot
from ...processing.words import tr
from ...tasks.algorithm import AlgorithmJob
from ...tasks.job import Job
from ..settings import settings
from .layers import LayerGroup

if TYPE_CHECKING:
    from ...layers.reading import ReadPlan

log = logging.getLogger(__name__)
PROPERTY = "raw/"  # before the names of the layer's custom properties
SAMPLE = 4  # users that are embedded to see how long all take
AT_ONCE_S = 20.0  # embedding that takes no longer than this is not asked about
MOST_FEATURES = 5_000_000  # a larger layer is read when it is asked for


class Session(QObject):
    """One layer and one model. `changed`: look again. `worked`: a job began, moved on or ended."""

    changed = pyqtSignal()
    worked = pyqtSignal()

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self.iface = iface
        self.layer: QgsVectorLayer | None = None
        self.fields = FieldChoice(None, None, None)
        self.timezone, self.model_path, self.device = "UTC", "", ""
        self.job: Job | AlgorithmJob | None = None
        self.group = LayerGroup()
        self.model: Model | None = None
        self._forget()
        self._tick = QTimer(self)
        self._tick.setInterval(250)
        self._tick.timeout.connect(self.worked)

    def _forget(self) -> None:
        self.tracks: Tracks | None = None  # as read
        self.users: Tracks | None = None  # one track a user, of two fixes or more
        self.summary = ""  # of what was read, in words
        self.city: City | None = None
        self.estimate_s: float | None = None  # to embed the users
        self.problem = ""

    # ---- the source ---------------------------------------------------------------------------------------------

    def set_layer(self, layer: QgsVectorLayer | None) -> None:
        """Take another layer, with the fields remembered or guessed, and read it."""
        if layer is self.layer:
            return
        self.cancel()
        self._listen(False)
        self.layer = layer
        self._forget()
        if layer is not None:
            self.group = LayerGroup(layer)
            known = [layer.customProperty(f"{PROPERTY}{role}_field") for role in ROLES]
            if any(name is not None for name in known):
                there = (name if name and layer.fields().lookupField(name) >= 0 else None for name in known)
                user, track, time_field = there
                self.fields = FieldChoice(user, track, time_field)
            else:
                self.fields = choose_fields(layer.fields(), None, None, None)
            self.timezone = layer.customProperty(f"{PROPERTY}timezone") or "UTC"
            self._listen(True)
        self.changed.emit()
        if layer is not None and layer.featureCount() <= MOST_FEATURES:
            self.read()

    def map_crs(self) -> QgsCoordinateReferenceSystem:
        """In which the map's coordinates are: in a project without a CRS those of the layers are drawn as they are."""
        crs = self.iface.mapCanvas().mapSettings().destinationCrs()
        return crs if crs.isValid() or self.layer is None else self.layer.crs()

    def _listen(self, on: bool) -> None:
        if self.layer is not None:
            for signal in (self.layer.subsetStringChanged, self.layer.afterCommitChanges, self.layer.crsChanged):
                signal.connect(self.read) if on else signal.disconnect(self.read)
            self.layer.willBeDeleted.connect(self._gone) if on else self.layer.willBeDeleted.disconnect(self._gone)

    def _gone(self) -> None:
        self.cancel()
        self.layer = None
        self._forget()
        self.changed.emit()

    def set_fields(self, fields: FieldChoice, timezone: str) -> None:
        """Take other fields, remember them with the layer, and read again."""
        if self.layer is None or (fields, timezone) == (self.fields, self.timezone):
            return
        self.fields, self.timezone = fields, timezone
        for role in ROLES:
            self.layer.setCustomProperty(f"{PROPERTY}{role}_field", getattr(fields, role) or "")
        self.layer.setCustomProperty(f"{PROPERTY}timezone", timezone)
        self.read()

    def set_model(self, path: str) -> None:
        """Take another model bundle ('' is the shipped one) and embed with it."""
        if path != self.model_path:
            self.model_path, self.model = path, None
            self.read()

    # ---- the work -----------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read the layer, open the model and see how long the users will take."""
        self.cancel()
        self._forget()
        if self.layer is None:
            self.changed.emit()
            return
        try:
            reading = snapshot(self.layer, self.fields, self.timezone)
        except RawError as error:
            self.problem = str(error)
            self.changed.emit()
            return
        path, device = self.model_path, settings().device.value().lower()
        model, self.device = self.model if device == self.device else None, device
        self.run(
            tr("Reading the tracks"), lambda progress: _read(reading, model, path, device, progress), self._has_read
        )

    def _has_read(self, result: tuple[Tracks, Tracks, str, Model, float]) -> None:
        self.tracks, self.users, self.summary, self.model, self.estimate_s = result
        self.changed.emit()
        if self.users.n_users and self.estimate_s <= AT_ONCE_S:
            self.prepare()

    def prepare(self) -> None:
        """Embed the users, after which regions and users answer at once."""
        if self.users is None or self.model is None or self.job is not None or self.city is not None:
            return
        users, model, folder = self.users, self.model, cache_folder()
        self.run(
            tr("The model reads the users"),
            lambda progress: _prepare(users, model, folder, progress),
            self._has_prepared,
        )

    def _has_prepared(self, city: City) -> None:
        self.city = city
        self.changed.emit()

    def run(self, title: str, work: Callable[[Progress], Any], done: Callable[[Any], None]) -> None:
        """Start a job; what an earlier one still says is not listened to."""

        def ended(result: Any) -> None:
            if self.job is job:
                self._free()
                done(result)

        def failed(words: str) -> None:
            if self.job is job:
                self._free()
                self.problem = words or tr("Cancelled.")
                self.changed.emit()

        self.problem = ""
        job = Job(f"RAW: {title}", work, ended, failed)
        self.job = job.start()
        self._tick.start()
        self.worked.emit()

    def run_algorithm(
        self, name: str, parameters: dict[str, Any], outputs: list[str], title: str,
        done: Callable[[dict[str, Any], dict[str, QgsVectorLayer], list[str]], None],
    ) -> None:  # fmt: skip
        """Run one of our algorithms on the layer, its results in the layer's group."""
        if self.job is not None or self.layer is None:
            return
        common = {
            "INPUT": self.layer, "TIMEZONE": self.timezone, "MODEL": self.model_path,
            "DEVICE": settings().device.value(),
        } | {f"{role.upper()}_FIELD": getattr(self.fields, role) or NONE for role in ROLES}  # fmt: skip

        def ended(*result: Any) -> None:
            if self.job is job:
                self._free()
                done(*result)
                self.changed.emit()

        def failed(words: str) -> None:
            if self.job is job:
                self._free()
                self.problem = words or tr("Cancelled.")
                self.changed.emit()

        self.problem = ""
        try:
            job = AlgorithmJob(
                f"raw:{name}", {**common, **parameters}, outputs, title, self.group.add, ended, failed
            )  # fmt: skip
        except RawError as error:
            self.problem = str(error)
            self.changed.emit()
            return
        self.job = job.start()
        self._tick.start()
        self.worked.emit()

    def _free(self) -> None:
        self.job = None
        self._tick.stop()
        self.worked.emit()

    def cancel(self) -> None:
        """Ask the job to stop, and go on without it."""
        if self.job is not None:
            self.job.cancel()
            self._free()

    def close(self) -> None:
        """Let go of everything."""
        self.cancel()
        self._tick.stop()
        self._listen(False)
        self.layer = None


def _read(
    reading: ReadPlan, model: Model | None, path: str, device: str, progress: Progress
) -> tuple[Tracks, Tracks, str, Model, float]:
    """In a task: the tracks, the users among them with two fixes or more, what was read in words, the model, and the
    seconds to embed the users.
    """
    from ...core.bundle.bundle import open_bundle

    tracks, skipped = read_tracks(reading, part_of(progress, 0.0, 0.8))
    users = tracks.by_user()
    skipped.add("at the time of another fix of the same user", len(tracks) - len(users))
    single = np.diff(users.track_offsets) < 2
    skipped.add("the only fix of a user", int(single.sum()))
    users = users.take(~single[users.track]) if single.any() else users
    progress(0.9)
    model = model or Model(open_bundle(path or None), device)
    progress(0.95)
    summary = f"{describe(tracks, users)} {describe_skipped(skipped, len(users))}"
    return tracks, users, summary, model, _seconds_to_embed(users, model, progress)


def _seconds_to_embed(users: Tracks, model: Model, progress: Progress) -> float:
    """By one measured batch: users of all sizes."""
    if not users.n_users:
        return 0.0
    by_size = np.argsort(np.diff(users.user_offsets), kind="stable")
    sample = by_size[np.linspace(0, users.n_users - 1, min(SAMPLE, users.n_users)).round().astype(int)]
    some = users.take(np.isin(users.user, sample))
    began = time.monotonic()
    embed(some, model, lambda share: progress(0.95 + 0.05 * share))
    return (time.monotonic() - began) * users.n_users / max(some.n_users, 1)


def _prepare(users: Tracks, model: Model, folder: Path, progress: Progress) -> City:
    """In a task: embed, and work out what no region changes. folder: of the cache."""
    embeddings = embed_cached(users, model, folder, part_of(progress, 0.0, 0.9), log.warning)
    return prepare(users, embeddings, model, part_of(progress, 0.9, 1.0))


def describe(tracks: Tracks, users: Tracks) -> str:
    """How many users and fixes can be used, from when to when and how far apart."""
    if not len(users):
        return tr("No user has two usable fixes.")
    first, last = np.datetime_as_string(np.array([users.t.min(), users.t.max()], "datetime64[ms]"), unit="D")
    same = tracks.track[1:] == tracks.track[:-1]
    words = tr("{users:,} users, {fixes:,} fixes, {first} to {last} UTC").format(
        users=users.n_users, fixes=len(users), first=first, last=last
    )
    if same.any():
        words += tr(", one every {time}").format(time=duration(float(np.median(np.diff(tracks.t)[same])) / 1000))
    return f"{words}."


def describe_skipped(skipped: Skipped, used: int) -> str:
    """How many of all fixes are not among those used, and why."""
    if not skipped:
        return tr("No fix was skipped.")
    reasons = sorted(skipped.items(), key=lambda item: -item[1])
    why = ", ".join(f"{n:,} {reason}" for reason, n in reasons) if len(reasons) > 1 else reasons[0][0]
    return tr("{n:,} of {all:,} fixes were skipped: {why}.").format(n=skipped.total, all=used + skipped.total, why=why)


def duration(seconds: float) -> str:
    """A time between fixes, in round words."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.3g} s"
