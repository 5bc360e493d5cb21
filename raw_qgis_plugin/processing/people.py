# SPDX-License-Identifier: GPL-2.0-or-later
"""People: raw:profileusers, raw:diary, raw:similarusers and raw:encounters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import Qgis, QgsProcessingParameterFileDestination, QgsProcessingParameterString

from ..core.arrays import Array, Columns
from ..core.errors import InputError, part_of
from ..core.specs import DiarySpec, EncounterSpec, SimilarSpec, TaskSpec, UnitSpec
from .form import ANY_SHAPE, LINES, POINTS, Run
from .tracks import TrackAlgorithm
from .words import describe_head, names_of, tr

if TYPE_CHECKING:
    from ..core.embedding.similarity import Similar
    from ..core.labels import CardData
    from ..core.mobility.tables import Diary


class ProfileUsers(TrackAlgorithm):
    ID = "profileusers"
    TITLE = "Profile users"
    SUMMARY = (
        "Labels for users, tracks or days, from their tracks: commuter or not, mode of "
        "transport and more."
    )

    def declare(self) -> None:
        self.add_options(UnitSpec, TaskSpec)
        self.add_sink("OUTPUT", "Profiles", ANY_SHAPE)

    def run_on(self, run: Run) -> None:
        from ..core.embedding.applicability import after_gap
        from ..core.embedding.profiles import profile
        from ..core.labels import choose_labels
        from ..core.mobility.diary import label_users
        from ..core.mobility.people import add_labels
        from ..layers import styling

        unit = run.spec(UnitSpec).unit
        model = self.open_model()
        heads = self.choose_heads(unit)
        tracks = self.read_units(unit)
        stage = run.stage(tr("Profiling"))
        tasks = names_of(run.parameters.get("TASKS"))
        chosen = choose_labels(unit, model.bundle.heads(unit), tasks)
        if chosen:
            labels = label_users(tracks, model, part_of(stage, 0.0, 0.6))
            profiles = profile(tracks, model, unit, tasks, part_of(stage, 0.6, 1.0), self.embed)
            profiles = add_labels(profiles, labels.columns, chosen)
            heads = [*(label.card for label in chosen), *heads]
        else:
            profiles = profile(tracks, model, unit, tasks, stage, self.embed)
        so = tr("Those labels are 'unknown', and in_domain is false.")
        self.warn_outside(profiles.reasons, profiles.columns["in_domain"], so)
        if unit == "track":
            shapes = self.lines(
                tracks.lon, tracks.lat, tracks.track_offsets, begins=after_gap(tracks)
            )
        else:
            shapes = self.points(profiles.lon, profiles.lat)
        shape = Qgis.WkbType.MultiLineString if unit == "track" else Qgis.WkbType.Point
        self.write("OUTPUT", profiles.columns, styling.Profiles(heads, unit), shapes, shape)


GEOJSON_FIELDS = ("user_id", "trip_id", "mode", "distance_m", "duration_min")  # of trips


class WriteDiary(TrackAlgorithm):
    ID = "diary"
    TITLE = "Write a travel diary"
    SUMMARY = (
        "Where people stopped and how long, and their trips in between with the mode of transport."
    )
    TAGS = ("stay point", "segmentation", "home", "work")

    def declare(self) -> None:
        self.add_options(DiarySpec)
        self.add_sink("OUTPUT_STOPS", "Stops", POINTS)
        self.add_sink("OUTPUT_TRIPS", "Trips", LINES)
        files = tr("GeoJSON files (*.geojson)")
        label = tr("Trips with times, for kepler.gl or deck.gl")
        geojson = QgsProcessingParameterFileDestination(
            "OUTPUT_GEOJSON", label, files, None, True, False
        )
        self.add(geojson, tr("GeoJSON whose fourth coordinate is the time in epoch seconds."))

    def run_on(self, run: Run) -> None:
        from ..core.mobility.diary import find_diary
        from ..core.mobility.modes import HEAD

        model = self.open_model()
        heads = [head for head in model.bundle.heads("track") if head["name"] == HEAD]
        for head in heads:
            run.info(describe_head(head))
        tracks = self.read_units("user")
        diary = find_diary(
            tracks, model, run.spec(DiarySpec), run.stage(tr("Finding stops and trips"))
        )
        words = tr("Stops: {n:,}, trips: {m:,} ({seen:,} with fixes on the way), users: {k:,}.")
        n = len(diary.stops.user)
        observed = diary.legs.observed
        seen = np.count_nonzero(observed)
        run.info(words.format(n=n, m=len(observed), seen=seen, k=tracks.n_users))
        if n:
            run.warn(tr("Stops show where people live and work: they are personal data."))
        self.write_layers(run, diary, heads)

    def write_layers(self, run: Run, diary: Diary, heads: list[CardData]) -> None:
        """Write stops and legs. heads: the card of the head that names modes, if there is one."""
        from ..core.geojson import write_tracks
        from ..core.mobility.diary import stop_columns, trip_columns
        from ..layers import styling

        shapes = Qgis.WkbType
        trips = trip_columns(diary)
        fixes = diary.leg_fixes
        if geojson := run.text("OUTPUT_GEOJSON"):
            properties = {name: trips[name] for name in GEOJSON_FIELDS}
            write_tracks(Path(geojson), fixes, properties)
            self.results["OUTPUT_GEOJSON"] = geojson
        stops = stop_columns(diary)
        points = self.points(diary.stops.lon, diary.stops.lat)
        lines = self.lines(fixes.lon, fixes.lat, fixes.track_offsets, fixes.t)
        self.write("OUTPUT_STOPS", stops, styling.Stops(), points, shapes.Point, 90, 95)
        self.write("OUTPUT_TRIPS", trips, styling.Trips(heads), lines, shapes.LineStringM, start=95)


class SimilarUsers(TrackAlgorithm):
    ID = "similarusers"
    TITLE = "Similar users"
    SUMMARY = "The people who move most like one of them, with the reasons in words."

    def declare(self) -> None:
        target = QgsProcessingParameterString("TARGET", tr("The user to compare with"))
        self.add(target, tr("The user's id, as in the user field."))
        self.add_options(SimilarSpec)
        self.add_sink("OUTPUT", "Similar users", POINTS)

    def run_on(self, run: Run) -> None:
        from ..core.embedding.places import most_visited
        from ..core.embedding.similarity import similar_users
        from ..layers import styling

        target = run.text("TARGET").strip()
        if not target:
            raise InputError("TARGET is empty: give the id of a user.")
        self.open_model()
        users = self.read_units("user")
        found = similar_users(
            users, target, run.spec(SimilarSpec).k, self.embed, run.stage(tr("Comparing"))
        )
        points = self.points(*(values[found.rows] for values in most_visited(users)))
        columns = columns_of(found, users.user_ids[found.rows])
        self.write("OUTPUT", columns, styling.Similar(target), points, Qgis.WkbType.Point)


def columns_of(found: Similar, ids: Array) -> Columns:
    """The fields of the result: id, rank, similarity and reasons of each user or region that was
    found.
    """
    import numpy as np

    rank = np.arange(1, len(found.rows) + 1)
    return {
        "id": ids,
        "rank": rank,
        "similarity": found.similarity,
        "reasons": np.array(found.reasons, object),
    }


class FindEncounters(TrackAlgorithm):
    ID = "encounters"
    TITLE = "Find encounters"
    SUMMARY = "Pairs of users who were, or may have been, near each other at the same time."
    TAGS = ("meeting", "contact", "proximity")
    USES_MODEL = False

    def declare(self) -> None:
        self.add_options(EncounterSpec)
        self.add_sink("OUTPUT", "Encounters", POINTS)

    def run_on(self, run: Run) -> None:
        import numpy as np

        from ..core.encounters.encounters import find_encounters
        from ..layers import styling

        tracks = self.read_units("user")
        spec = run.spec(EncounterSpec)
        found = find_encounters(tracks, spec, run.stage(tr("Finding encounters")))
        run.info(
            tr("Encounters: {n:,}, observed: {k:,}.", n=len(found.one), k=int(found.observed.sum()))
        )
        gaps = np.diff(tracks.t)[tracks.steps()] / 60_000
        if len(gaps) and (longer := float(np.mean(gaps > spec.max_gap_min))) >= 0.5:
            words = tr(
                "Encounters are missed: {share:.0%} of the gaps between fixes are longer than "
                "MAX_GAP."
            )
            run.warn(words.format(share=longer))
        if tracks.n_users < 2:
            run.warn(tr("INPUT has fewer than two users: choose the user field."))
        if len(found.one):
            run.warn(
                tr("Encounters tell who knows whom. They are personal data: do not publish them.")
            )
        columns = {
            "user_a": tracks.user_ids[found.one],
            "user_b": tracks.user_ids[found.other],
            "t_start": found.t_start,
            "t_end": found.t_end,
            "probability": found.probability,
            "observed": found.observed,
        }
        points = self.points(found.lon, found.lat)
        self.write("OUTPUT", columns, styling.Encounters(), points, Qgis.WkbType.Point)
