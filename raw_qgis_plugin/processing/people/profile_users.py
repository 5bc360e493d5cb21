# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:profileusers: labels of users, tracks or days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsProcessing

from ...core.specs import ProfileSpec, TaskSpec
from ..cache import cached
from ..form import Run
from ..tracks import TrackAlgorithm
from ..words import names_of, tr

if TYPE_CHECKING:
    from ...core.embedding.profiles import Profiles
    from ...core.tracks import Tracks


class ProfileUsers(TrackAlgorithm):
    """Label users, tracks or days, with the probability of each label."""

    ID = "profileusers"
    ICON = "profile"
    TITLE = "Profile users"
    SUMMARY = "Labels for users, tracks or days, from their tracks: commuter or not, mode of transport and more."
    TAGS = ("trajectory", "movement", "commuter", "transport mode", "mobility", "gps", "embedding", "label")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_options(ProfileSpec)
        self.add_options(TaskSpec)
        self.add_sink("OUTPUT", "Profiles", QgsProcessing.SourceType.TypeVectorAnyGeometry)
        self.add_model()

    def run_on(self, run: Run) -> dict[str, Any]:
        """Read, profile, write."""
        from ...core.embedding.profiles import profile
        from ...core.people.profiles import CARDS, profile_people
        from ...layers import styling

        unit = run.spec(ProfileSpec).unit
        model = self.open_model(run)
        heads = self.choose_heads(model, unit, run)
        tracks, skipped = self.read_units(run, unit)
        stage = run.stage(tr("Profiling"))
        if unit == "user" and not names_of(run.parameters.get("TASKS")):
            profiles, heads = profile_people(tracks, model, stage, cached(model, run)), [*CARDS, *heads]
        else:
            names = [head["name"] for head in heads]
            profiles = profile(tracks, model, unit, names, stage, cached(model, run))
        so = tr("Those labels are 'unknown', and in_domain is false.")
        self.warn_outside(profiles.reasons, profiles.columns["in_domain"], run, so)
        if unit == "track":
            _warn_of_long_tracks(tracks, run)
        shape = Qgis.WkbType.MultiLineString if unit == "track" else Qgis.WkbType.Point
        destination = self.write_table(
            run, "OUTPUT", profiles.columns, styling.Profiles(heads, unit),
            self._geometries(run, tracks, profiles, unit), shape, self.plan.source.sourceCrs(),
        )  # fmt: skip
        return {"OUTPUT": destination, **self.counts(tracks, skipped, model.provider)}

    def _geometries(self, run: Run, tracks: Tracks, profiles: Profiles, unit: str) -> list[Any]:
        """Tracks as lines cut at gaps, users and days as points, in INPUT's CRS."""
        from ...core.embedding.applicability import after_gap
        from ...core.geodesy import unwrapped
        from ...layers import writing

        if unit == "track":
            lon = unwrapped(tracks.lon, tracks.track_offsets)
            xy = self.in_input_crs(run, lon, tracks.lat, tracks.track_offsets)
            return writing.cut_lines(xy, tracks.track_offsets, after_gap(tracks))
        return writing.points(self.in_input_crs(run, profiles.lon, profiles.lat))


def _warn_of_long_tracks(tracks: Tracks, run: Run, long_h: float = 4.0) -> None:
    """Warn of tracks that hardly are one trip each, such as all that a user recorded. long_h: hours."""
    n = int((tracks.span_s > 3600 * long_h).sum())
    if n:
        words = tr(
            "{n:,} of {all:,} tracks last longer than {hours:g} hours: one label may stand for many trips. A travel "
            "diary ('stops and trips' in the dock) labels each trip."
        )
        run.warn(words.format(n=n, all=tracks.n_tracks, hours=long_h))
