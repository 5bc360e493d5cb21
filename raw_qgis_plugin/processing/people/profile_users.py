# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:profileusers: labels of users, tracks or days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsProcessing

from ...core.specs import ProfileSpec, TaskSpec
from ..form import Run
from ..tracks import TrackAlgorithm
from ..words import names_of, tr

if TYPE_CHECKING:
    from ...core.tracks import Tracks


class ProfileUsers(TrackAlgorithm):
    ID = "profileusers"
    TITLE = "Profile users"
    SUMMARY = "Labels for users, tracks or days, from their tracks: commuter or not, mode of transport and more."
    TAGS = ("trajectory", "movement", "commuter", "transport mode", "mobility", "gps", "embedding", "label")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_tracks()
        self.add_options(ProfileSpec, TaskSpec)
        self.add_sink("OUTPUT", "Profiles", QgsProcessing.SourceType.TypeVectorAnyGeometry)
        self.add_model()

    def run_on(self, run: Run) -> dict[str, Any]:
        from ...core.embedding.applicability import after_gap
        from ...core.embedding.profiles import profile
        from ...core.people.profiles import CARDS, profile_people
        from ...layers import styling

        unit = run.spec(ProfileSpec).unit
        model = self.open_model(run)
        heads = self.choose_heads(model, unit, run)
        tracks, skipped = self.read_units(run, unit)
        stage, embed = run.stage(tr("Profiling")), self.cached(model, run)
        if unit == "user" and not names_of(run.parameters.get("TASKS")):
            profiles, heads = profile_people(tracks, model, stage, embed), [*CARDS, *heads]
        else:
            profiles = profile(tracks, model, unit, [head["name"] for head in heads], stage, embed)
        so = tr("Those labels are 'unknown', and in_domain is false.")
        self.warn_outside(profiles.reasons, profiles.columns["in_domain"], run, so)
        if unit == "track":
            _warn_of_long_tracks(tracks, run)
            offsets, shape = tracks.track_offsets, Qgis.WkbType.MultiLineString
            shapes = self.lines(run, tracks.lon, tracks.lat, offsets, begins=after_gap(tracks))
        else:
            shapes, shape = self.points(run, profiles.lon, profiles.lat), Qgis.WkbType.Point
        output = self.write(run, "OUTPUT", profiles.columns, styling.Profiles(heads, unit), shapes, shape)
        return {"OUTPUT": output, **self.counts(tracks, skipped, model.provider)}


def _warn_of_long_tracks(tracks: Tracks, run: Run, long_h: float = 4.0) -> None:
    """Warn of tracks that hardly are one trip each, such as all that a user recorded. long_h: hours."""
    n = int((tracks.span_s > 3600 * long_h).sum())
    if n:
        words = tr(
            "{n:,} of {all:,} tracks last longer than {hours:g} hours: one label may stand for many trips. A travel "
            "diary ('stops and trips' in the dock) labels each trip."
        )
        run.warn(words.format(n=n, all=tracks.n_tracks, hours=long_h))
