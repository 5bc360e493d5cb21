# SPDX-License-Identifier: GPL-2.0-or-later
"""The base class of the algorithms on tracks: it reads the tracks, opens the model and reports on both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsProcessing

from ..core.sources.schema import NONE
from ..core.specs import DeviceSpec, ZoneSpec
from .base import RawAlgorithm
from .form import Run
from .words import describe, describe_outside, names_of, tr, warn_of_one_user

if TYPE_CHECKING:
    import numpy as np

    from ..core.bundle.runtime import Model
    from ..core.tracks import Skipped, Tracks
    from ..layers.reading import ReadPlan, Schema


class TrackAlgorithm(RawAlgorithm):
    """Reads the tracks of INPUT and opens MODEL."""

    NEEDS: tuple[str, ...] = ("onnxruntime",)
    plan: ReadPlan

    def add_tracks(self) -> None:
        """Add INPUT and its fields."""
        self.add_layer(
            "INPUT", "Tracks", "Fixes (points with a time), or lines whose M values are epoch seconds, in any CRS.",
            QgsProcessing.SourceType.TypeVectorPoint, QgsProcessing.SourceType.TypeVectorLine,
        )  # fmt: skip
        self.add_field(
            "USER_FIELD", "User field (empty: guessed)",
            "The person or vehicle that moved. Without this field, or with the word none, all fixes are one user's.",
            "INPUT", optional=True,
        )  # fmt: skip
        self.add_field(
            "TRACK_FIELD", "Track field (empty: guessed)",
            "Trip, journey or segment. Without it, or with the word none, a user is one track.", "INPUT", optional=True,
        )  # fmt: skip
        self.add_field(
            "TIME_FIELD", "Time field (empty: guessed)", "Date and time, ISO text, or epoch seconds, ms or µs.",
            "INPUT", optional=True,
        )  # fmt: skip

    def add_model(self) -> None:
        """Add time zone, model and device, and the outputs that are numbers."""
        self.add_options(ZoneSpec)
        self.add_bundle(
            "MODEL", "Model bundle (empty: the one that comes with RAW)",
            "A bundle's folder, the card.json in it, or its .zip. Empty: the model that comes with RAW.", advanced=True,
        )  # fmt: skip
        self.add_options(DeviceSpec)
        self.add_counts()
        self.add_sentence("PROVIDER", "Device used")

    def check(self, run: Run) -> None:
        """Every field that was chosen has to exist."""
        source = run.layer("INPUT")
        if source is not None:
            self._fields(run, source)

    def _fields(self, run: Run, source: Any) -> Schema:
        from ..layers.reading import choose_fields

        return choose_fields(source.fields(), *(run.text(f"{role}_FIELD") for role in ("USER", "TRACK", "TIME")))

    def prepare_layers(self, run: Run) -> None:
        """On the main thread: take from the layer what reading it in another thread needs."""
        from ..layers.reading import plan_reading, zone_of
        from ..tasks.job import load_libraries

        load_libraries()
        source, layer = run.open_layer("INPUT"), run.vector_layer("INPUT")
        self.plan = plan_reading(
            source,
            layer,
            run.parameters["INPUT"],
            self._fields(run, source),
            run.text("TIMEZONE").strip() or (zone_of(layer) if layer is not None else "") or "UTC",
            run.context.transformContext(),
        )

    def read(self, run: Run) -> tuple[Tracks, Skipped]:
        """Read INPUT. Logs which fields were guessed and what was read."""
        from ..layers.reading import fields_of_users, read_tracks

        run.info(tr("Fields: {fields}.").format(fields=self.plan.fields))
        tracks, skipped = read_tracks(self.plan, run.stage(tr("Reading the tracks"), 0, 15))
        run.info(describe(tracks))
        if self.plan.fields.user is None and run.text("USER_FIELD") != NONE:
            warn_of_one_user(run.warn, fields_of_users(self.plan.source, self.plan.fields))
        return tracks, skipped

    def read_units(self, run: Run, unit: str) -> tuple[Tracks, Skipped]:
        """Read INPUT with one track a unit: user, track or day."""
        tracks, skipped = self.read(run)
        return self.split(run, tracks, unit, skipped), skipped

    @staticmethod
    def split(run: Run, read: Tracks, unit: str, skipped: Skipped) -> Tracks:
        """One track a unit, without units of a single fix.

        Warns once of what reading skipped, and of what the unit leaves out, which `skipped` counts from then on too.
        """
        from ..core.tracks import by_unit

        tracks, left_out = by_unit(read, unit)
        if skipped:
            run.warn(f"{skipped} {skipped.advice}".strip())
        if left_out:
            run.warn(str(left_out))
        for reason, count in left_out.items():
            skipped.add(reason, count)
        if not len(tracks):
            words = tr("INPUT has no {unit} with two usable fixes, so the output is empty.")
            run.warn(words.format(unit=unit))
        return tracks

    def open_model(self, run: Run) -> Model:
        """The model of MODEL on DEVICE. Logs which device it really uses."""
        from ..core.bundle.bundle import open_bundle
        from ..core.bundle.runtime import Model

        device = (run.text("DEVICE") or "auto").lower()
        bundle = open_bundle(run.text("MODEL").strip() or None)
        model = Model(bundle, device, warn=run.warn)
        words = tr("The model is {name}, the device {provider}.")
        run.info(words.format(name=model.card["name"], provider=model.provider))
        return model

    @staticmethod
    def choose_heads(model: Model, unit: str, run: Run) -> list[dict[str, Any]]:
        """The heads of TASKS. Logs which the model has, and how far they can be trusted."""
        from ..core.embedding.profiles import choose_heads
        from .words import describe_head

        chosen = choose_heads(model, unit, names_of(run.parameters.get("TASKS")))
        for head in model.bundle.heads(unit):
            run.info(describe_head(head, head in chosen))
        return chosen

    @staticmethod
    def warn_outside(reasons: list[str], in_domain: Any, run: Run, so: str = "") -> None:
        """Warn once of every remark of the core on its answers: mostly why some are not in_domain, and what follows."""
        if reasons:
            run.warn(describe_outside(reasons, bool(in_domain.all()), so))

    def in_input_crs(self, run: Run, lon: np.ndarray, lat: np.ndarray, offsets: np.ndarray | None = None) -> np.ndarray:
        """(n,) degrees -> (n, 2) in INPUT's CRS. offsets: of the lines or polygons that the points belong to."""
        import numpy as np

        from ..layers.coordinates import from_wgs84, transform_lines, transform_xy

        transform = from_wgs84(self.plan.source.sourceCrs(), run.context.transformContext())
        lonlat = np.column_stack([lon, lat])
        return transform_xy(lonlat, transform) if offsets is None else transform_lines(lonlat, offsets, transform)

    def polygons_in_input_crs(self, run: Run, shapes: np.ndarray) -> list[Any]:
        """(n,) shapely polygons in degrees -> n multipolygons in INPUT's CRS; None where it cannot express them."""
        from ..layers import writing
        from ..layers.coordinates import from_wgs84, transform_polygons

        transform = from_wgs84(self.plan.source.sourceCrs(), run.context.transformContext())
        return writing.multipolygons(transform_polygons(shapes, transform))

    @staticmethod
    def counts(tracks: Tracks, skipped: Skipped, provider: str = "") -> dict[str, Any]:
        """The outputs that every algorithm on tracks returns. provider: of the model, if there is one."""
        numbers = {"N_USERS": tracks.n_users, "N_POINTS": len(tracks), "N_SKIPPED": skipped.total}
        return {**numbers, "PROVIDER": provider} if provider else numbers
