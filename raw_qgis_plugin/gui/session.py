# SPDX-License-Identifier: GPL-2.0-or-later
"""The state of the dock for one layer: its tracks, the model, the users' embeddings. Made in tasks,
kept in memory.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime, QObject, QTimer, pyqtSignal

from ..core.bundle.bundle import open_bundle
from ..core.bundle.runtime import Model
from ..core.embedding.cache import embed_cached
from ..core.errors import Progress, RawError, part_of
from ..core.mobility.diary import label_users
from ..core.regions.view import VisitorIndex, prepare
from ..core.skipped import Skipped
from ..core.sources.schema import NONE
from ..core.tracks import Tracks, by_unit
from ..environment import folders
from ..layers.reading import ROLES, Schema, read_tracks, remembered, snapshot, zone_of
from ..processing.words import tr
from ..tasks.job import AlgorithmJob, Done, Job, Layers
from .layer_group import LayerGroup
from .maps.fit import show_in_time
from .results import DockRun
from .settings import settings
from .summary import describe
from .widgets.track_fields import remember

log = logging.getLogger(__name__)


class Session(QObject):
    """One layer and one model.

    `changed`: the state is another. `worked`: a job began, advanced or ended. `selected`: features
    of the layer were.
    """

    changed = pyqtSignal()
    worked = pyqtSignal()
    selected = pyqtSignal()

    def __init__(self, iface: Any, max_features: int = 5_000_000, max_fixes: int = 200_000) -> None:
        """Layers of more features are not read, and more fixes not embedded, without a question."""
        super().__init__()
        self.iface = iface
        self.max_features = max_features
        self.max_fixes = max_fixes
        self.layer: QgsVectorLayer | None = None
        self.fields = Schema(None, None, None)
        self.timezone = "UTC"
        self.model_path = ""
        self.device = ""  # of the model
        self.job: Job | AlgorithmJob | None = None
        self.group = LayerGroup("RAW")
        self.model: Model | None = None
        self._forget()
        self._tick = QTimer(self, interval=250, timeout=self.worked)

    def _forget(self) -> None:
        self.tracks: Tracks | None = None  # as read
        self.users: Tracks | None = None  # one track per user, of two fixes or more
        self.summary = ""  # of the reading, in words
        self.city: VisitorIndex | None = None
        self.problem = ""

    # ---- the source

    def set_layer(self, layer: QgsVectorLayer | None) -> None:
        """Take another layer, with its remembered or guessed fields, and read it."""
        if layer is self.layer:
            return
        self.cancel()
        self._listen(False)
        self.layer = layer
        self._forget()
        if layer is not None:
            self.group = LayerGroup(f"RAW: {layer.name()}")
            self.fields = remembered(layer)
            self.timezone = zone_of(layer) or "UTC"
            self._listen(True)
            show_in_time(self.iface, layer)
        self.changed.emit()
        if layer is not None and layer.featureCount() <= self.max_features:
            self.read()

    def map_crs(self) -> QgsCoordinateReferenceSystem:
        """The CRS of the map's coordinates. A project without a CRS draws the layer in the layer's
        own.
        """
        crs = self.iface.mapCanvas().mapSettings().destinationCrs()
        return crs if crs.isValid() or self.layer is None else self.layer.crs()

    def _listen(self, on: bool) -> None:
        if self.layer is not None:
            for signal, slot in (
                (self.layer.subsetStringChanged, self.read),
                (self.layer.afterCommitChanges, self.read),
                (self.layer.crsChanged, self.read),
                (self.layer.dataSourceChanged, self._read_anew),
                (self.layer.willBeDeleted, self._gone),
                (self.layer.selectionChanged, self.selected),
            ):
                signal.connect(slot) if on else signal.disconnect(slot)

    def _gone(self) -> None:
        self.cancel()
        self.layer = None
        self._forget()
        self.changed.emit()

    def _read_anew(self) -> None:
        """Read a layer whose file was missing, and take its fields. A saved result is only stored
        elsewhere.
        """
        if self.tracks is None:
            self.fields = remembered(self.layer)
            self.timezone = zone_of(self.layer) or "UTC"
            self.read()

    def set_fields(self, fields: Schema, timezone: str) -> None:
        """Take other fields, store them with the layer, and read again."""
        if self.layer is None or (fields, timezone) == (self.fields, self.timezone):
            return
        self.fields = fields
        self.timezone = timezone
        remember(self.layer, fields, timezone)
        self.read()

    def set_model(self, path: str) -> None:
        """Take another model bundle ('' is the shipped one) and embed with it."""
        if path != self.model_path:
            self.model_path = path
            self.model = None
            self.read()

    # ---- the work

    def read(self) -> None:
        """Read the layer, and open the model."""
        self.cancel()
        self._forget()
        self.changed.emit()
        if self.layer is not None and not self.layer.isValid():
            self._fail(
                tr(
                    "The file or database of this layer is missing. Click its red sign in the list "
                    "of layers."
                )
            )
        elif self.layer is not None:
            self._read()

    def _read(self) -> None:
        try:
            reading = snapshot(self.layer, self.fields, self.timezone)
        except RawError as error:  # a field was renamed or deleted
            self._fail(str(error))
            return
        device = settings().device.value().lower()
        if device != self.device:
            self.device = device
            self.model = None
        known = self.model
        path = self.model_path
        zone = self.timezone

        def work(progress: Progress) -> tuple[Tracks, Tracks, str, Model]:
            tracks, skipped = read_tracks(reading, part_of(progress, 0.0, 0.8))
            users, left_out = by_unit(tracks, "user")
            progress(0.9)
            every = Skipped(skipped)
            for reason, count in left_out.items():
                every.add(reason, count)
            advice = "" if len(users) else every.advice
            words = f"{describe(tracks, users, zone)} {every} {advice}".rstrip()
            return tracks, users, words, known or Model(open_bundle(path or None), device)

        def done(result: tuple[Tracks, Tracks, str, Model]) -> None:
            self.tracks, self.users, self.summary, self.model = result
            self.changed.emit()
            if 0 < len(result[1]) <= self.max_fixes:
                self.prepare()

        self.run(tr("Reading the tracks"), work, done)

    def prepare(self) -> None:
        """Label the users, and embed them if a head reads embeddings.

        After that regions and users are answered at once.
        """
        if (
            self.users is None
            or self.model is None
            or self.job is not None
            or self.city is not None
        ):
            return
        users = self.users
        model = self.model
        folder = folders.cache_folder()

        def done(city: VisitorIndex) -> None:
            self.city = city
            self.changed.emit()

        def work(progress: Progress) -> VisitorIndex:
            embeddings = np.zeros((users.n_users, 0), np.float32)
            if any(model.bundle.heads(unit) for unit in ("user", "region")):
                part = part_of(progress, 0.0, 0.3)
                embeddings = embed_cached(users, model, folder, part, log.warning)
            labels = label_users(users, model, part_of(progress, 0.3, 0.9))
            return prepare(users, embeddings, model, part_of(progress, 0.9, 1.0), labels)

        self.run(tr("The model reads the users"), work, done)

    def run(self, title: str, work: Callable[[Progress], Any], done: Callable[[Any], None]) -> None:
        """Start a job. Results of earlier jobs are dropped."""
        self._start(lambda ended, failed: Job(f"RAW: {title}", work, ended, failed), done)

    def run_algorithm(
        self,
        name: str,
        parameters: dict[str, Any],
        outputs: list[str],
        title: str,
        done: Done,
        label: str,
    ) -> None:
        """Run one of our algorithms on the layer. Its results join the layer's group, in a group
        named by `label`.
        """
        if self.job is not None or self.layer is None:
            return
        values = {
            "INPUT": self.layer,
            "TIMEZONE": self.timezone,
            "MODEL": self.model_path,
            "DEVICE": settings().device.value(),
            **{f"{role.upper()}_FIELD": getattr(self.fields, role) or NONE for role in ROLES},
            **parameters,
        }
        began = QDateTime.currentDateTime().toString("yyyy-MM-dd HH:mm:ss.zzz")
        run = DockRun(name, self.layer.id(), began, {**parameters, "MODEL": self.model_path})
        model = Path(self.model_path.removesuffix("card.json")).stem
        add = partial(
            self.group.add, run=self.group.free_name(f"{label}{f', {model}' if model else ''}")
        )

        def ended(results: dict[str, Any], layers: Layers, warnings: list[str]) -> None:
            for output, layer in layers.items():
                replace(run, warnings=warnings, output=output).mark(layer)
            done(results, layers, warnings)
            self.changed.emit()

        self._start(
            lambda ended, failed: AlgorithmJob(
                f"raw:{name}", values, outputs, title, add, ended, failed
            ),
            ended,
        )

    def _start(self, make: Callable[..., Job | AlgorithmJob], done: Callable[..., None]) -> None:
        """Start the job that `make(ended, failed)` makes. Only the latest job reports its end."""

        def last(slot: Callable[..., None]) -> Callable[..., None]:
            def report(*result: Any) -> None:
                if self.job is job:
                    self._free()
                    slot(*result)

            return report

        self.problem = ""
        try:
            job = make(last(done), last(lambda words: self._fail(words or tr("Cancelled."))))
        except RawError as error:
            self._fail(str(error))
            return
        self.job = job.start()
        self._tick.start()
        self.worked.emit()

    def _fail(self, problem: str) -> None:
        self.problem = problem
        self.changed.emit()

    def _free(self) -> None:
        self.job = None
        self._tick.stop()
        self.worked.emit()

    def cancel(self) -> None:
        """Cancel the job without waiting for its end."""
        if self.job is not None:
            self.job.cancel()
            self._free()

    def stop(self) -> None:
        """Cancel the job, and say so."""
        self.cancel()
        self._fail(tr("Cancelled."))

    def close(self) -> None:
        """Cancel the job, and leave the layer."""
        self.cancel()
        self._listen(False)
        self.layer = None
