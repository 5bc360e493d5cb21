# SPDX-License-Identifier: GPL-2.0-or-later
"""The base class of the algorithms on tracks: it reads them, opens the model, and puts results into
INPUT's CRS.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsCoordinateTransform

from ..core.arrays import Array, Columns
from ..core.labels import CardData
from ..core.sources.schema import NONE
from ..core.specs import DeviceSpec, ZoneSpec
from .base import RawAlgorithm
from .form import LINES, POINTS, Run
from .words import describe, describe_head, names_of, one_user, tr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..core.bundle.runtime import Model
    from ..core.errors import Progress
    from ..core.skipped import Skipped
    from ..core.tracks import Tracks
    from ..layers.reading import ReadPlan, Schema
    from ..layers.styling import Style


class TrackAlgorithm(RawAlgorithm):
    """Reads the tracks of INPUT, opens MODEL, and writes in INPUT's CRS."""

    plan: ReadPlan
    skipped: Skipped  # fixes of this run
    USES_MODEL = True

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """INPUT and its fields, what the algorithm declares, then time zone, model and device, and
        numbers.
        """
        self.add_layer(
            "INPUT",
            "Tracks",
            "Fixes (points with a time), or lines whose M values are epoch seconds, in any CRS.",
            POINTS,
            LINES,
        )
        self.add_field(
            "USER_FIELD",
            "User field (empty: guessed)",
            "The person or vehicle that moved. Without this field, or with the word none, all "
            "fixes are one user's.",
            "INPUT",
        )
        self.add_field(
            "TRACK_FIELD",
            "Track field (empty: guessed)",
            "Trip, journey or segment. Without it, or with the word none, a user is one track.",
            "INPUT",
        )
        self.add_field(
            "TIME_FIELD",
            "Time field (empty: guessed)",
            "Date and time, ISO text, or epoch seconds, ms or µs.",
            "INPUT",
        )
        self.declare()
        self.add_options(ZoneSpec)
        if self.USES_MODEL:
            self.add_bundle(
                "MODEL",
                "Model bundle (empty: the one that comes with RAW)",
                "A bundle's folder, the card.json in it, or its .zip. Empty: the model that comes "
                "with RAW.",
                advanced=True,
            )
            self.add_options(DeviceSpec)
            self.add_sentence("PROVIDER", "Device used")
        self.add_counts()

    @abstractmethod
    def declare(self) -> None:
        """Add the algorithm's own parameters and outputs."""

    def check(self, run: Run) -> None:
        """Every field that was chosen has to exist."""
        source = run.layer("INPUT")
        if source is not None:
            self._fields(run, source)

    def _fields(self, run: Run, source: Any) -> Schema:
        from ..layers.reading import choose_fields, remembered

        given = [run.text(f"{role}_FIELD") for role in ("USER", "TRACK", "TIME")]
        layer = None if any(given) else run.vector_layer("INPUT")
        return choose_fields(source.fields(), *given) if layer is None else remembered(layer)

    def prepare_layers(self, run: Run) -> None:
        """On the main thread: take from the layer what reading it in another thread needs."""
        from ..layers.reading import plan_reading, zone_of
        from ..tasks.job import load_libraries

        load_libraries()
        source = self.sources["INPUT"]
        layer = run.vector_layer("INPUT")
        zone = (
            run.text("TIMEZONE").strip() or (zone_of(layer) if layer is not None else "") or "UTC"
        )
        fields = self._fields(run, source)
        given = run.parameters["INPUT"]
        self.plan = plan_reading(source, layer, given, fields, zone, run.context.transformContext())
        self.crs = source.sourceCrs()

    def read(self) -> Tracks:
        """Read INPUT. Logs which fields were guessed and what was read."""
        from ..layers.reading import read_tracks

        run = self.current
        run.info(tr("Fields: {fields}.").format(fields=self.plan.fields))
        tracks, self.skipped = read_tracks(self.plan, run.stage(tr("Reading the tracks"), 0, 15))
        run.info(describe(tracks))
        if self.plan.fields.user is None and run.text("USER_FIELD") != NONE:
            run.warn(one_user())
        return tracks

    def read_units(self, unit: str) -> Tracks:
        """Read INPUT with one track a unit: user, track or day. Without units of a single fix."""
        return self.split(self.read(), unit)

    def split(self, read: Tracks, unit: str) -> Tracks:
        """One track a unit, without units of a single fix. Warns once of what was skipped, and
        returns the counts.
        """
        from ..core.tracks import by_unit

        tracks, left_out = by_unit(read, unit)
        if self.skipped:
            self.current.warn(f"{self.skipped} {self.skipped.advice}".strip())
        if left_out:
            self.current.warn(str(left_out))
        for reason, count in left_out.items():
            self.skipped.add(reason, count)
        if not len(tracks):
            self.current.warn(
                tr("INPUT has no {unit} with two usable fixes, so the output is empty.", unit=unit)
            )
        self.results |= counts(tracks, self.skipped)
        return tracks

    def open_model(self) -> Model:
        """The model of MODEL on DEVICE. Logs which device it really uses."""
        from ..core.bundle.bundle import open_bundle
        from ..core.bundle.runtime import Model

        run = self.current
        bundle = open_bundle(run.text("MODEL").strip() or None)
        self.model = Model(bundle, run.spec(DeviceSpec).device.lower(), warn=run.warn)
        words = tr("The model is {name}, the device {provider}.")
        run.info(words.format(name=self.model.card["name"], provider=self.model.provider))
        return self.model

    def embed(self, tracks: Tracks, progress: Progress) -> Array:
        """The model's embedding of tracks, with the cache in the user's folder."""
        from ..core.embedding.cache import embed_cached
        from ..environment.folders import cache_folder

        return embed_cached(tracks, self.model, cache_folder(), progress, self.current.warn)

    def choose_heads(self, unit: str) -> list[CardData]:
        """The heads of TASKS. Logs which the model has, and how far they can be trusted."""
        from ..core.embedding.profiles import choose_heads

        chosen = choose_heads(self.model, unit, names_of(self.current.parameters.get("TASKS")))
        for head in self.model.bundle.heads(unit):
            self.current.info(describe_head(head, head in chosen))
        return chosen

    def warn_outside(self, reasons: list[str], in_domain: Any, so: str = "") -> None:
        """Warn once of every remark of the core on its answers: mostly why some are not in_domain.
        so: what follows.
        """
        from ..core.embedding.applicability import format_reasons

        if reasons:
            so = so or tr(
                "Do not rely on them: they are unlike the training data (in_domain is false)."
            )
            self.current.warn(f"{format_reasons(reasons)}." + ("" if in_domain.all() else f" {so}"))

    # ---- geometries in INPUT's CRS

    def _from_wgs84(self) -> QgsCoordinateTransform:
        from ..layers.coordinates import from_wgs84

        return from_wgs84(self.crs, self.current.context.transformContext())

    def points(self, lon: Array, lat: Array) -> list[Any]:
        """(n,) degrees -> n points in INPUT's CRS."""
        import numpy as np

        from ..layers.coordinates import transform_xy
        from ..layers.writing import points

        return points(transform_xy(np.column_stack([lon, lat]), self._from_wgs84()))

    def lines(
        self,
        lon: Array,
        lat: Array,
        offsets: Array,
        t: Array | None = None,
        begins: Array | None = None,
    ) -> list[Any]:
        """Lines in INPUT's CRS, k through the rows offsets[k] to offsets[k + 1], also over the
        antimeridian.

        t: (n,) epoch ms, which become M values in seconds, so that they can be INPUT of other
        algorithms. begins: (n,) bool, rows to which no line leads: the lines are MultiLineStrings
        then.
        """
        import numpy as np

        from ..core.geodesy import unwrapped
        from ..layers.coordinates import transform_xy
        from ..layers.writing import cut_lines, lines

        xy = transform_xy(np.column_stack([unwrapped(lon, offsets), lat]), self._from_wgs84())
        if begins is not None:
            return cut_lines(xy, offsets, begins)
        return lines(xy if t is None else np.column_stack([xy, t / 1000]), offsets)

    def polygons(self, shapes: Array) -> list[Any]:
        """(n,) shapely polygons in degrees -> n multipolygons in INPUT's CRS; None where it cannot
        express them.
        """
        from ..layers.coordinates import transform_polygons
        from ..layers.writing import multipolygons

        return multipolygons(transform_polygons(shapes, self._from_wgs84()))

    def write_areas(
        self,
        ids: Mapping[str, Array],
        columns: Mapping[str, Array],
        areas: Array,
        style: Style,
        start: float = 96,
    ) -> None:
        """Write OUTPUT_AREAS, two areas a row, the larger one first, so that it is drawn below.

        areas: (n, 2) polygons in degrees, the 50 % area first.
        """
        import numpy as np

        twice = {name: np.tile(values, 2) for name, values in {**ids, **columns}.items()}
        levels = {"level": np.repeat([80, 50], len(areas))}
        table = {**{name: twice[name] for name in ids}, **levels, **twice}
        shapes = self.polygons(areas[:, ::-1].T.ravel())
        self.write("OUTPUT_AREAS", table, style, shapes, Qgis.WkbType.MultiPolygon, start)


def counts(tracks: Tracks, skipped: Skipped) -> dict[str, int]:
    """The numbers that every algorithm on tracks returns."""
    return {"N_USERS": tracks.n_users, "N_POINTS": len(tracks), "N_SKIPPED": skipped.total}


def ids_of(tracks: Tracks, track: Array) -> Columns:
    """The id columns of rows that belong to the tracks of these numbers."""
    return {
        "user_id": tracks.user_ids[tracks.track_user[track]],
        "track_id": tracks.track_ids[track],
    }
