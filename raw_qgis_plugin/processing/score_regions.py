# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:scoreregions: figures for polygons from the users who cross them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsFeature, QgsFields, QgsProcessing

from .base import cached
from .form import Run
from .regions import RegionAlgorithm
from .words import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ..layers.styling import Style


SPENT = "raw/epsilon_spent"  # property of the layer of tracks: the sum over all runs in this project


class ScoreRegions(RegionAlgorithm):
    """Score polygons by the users who crossed them."""

    ID = "scoreregions"
    ICON = "regions"
    TITLE = "Score regions"
    SUMMARY = "Figures for polygons from the people who cross them, with intervals; few people are withheld."
    spent = 0.0
    TAGS = ("trajectory", "movement", "polygon", "neighbourhood", "points of interest", "density", "mobility", "zones")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_regions("Polygons in any CRS; their own fields are kept.")
        self.add_tasks()
        self.add_min_users("A region crossed by fewer distinct users gets no figure, so that nobody is exposed.")
        self.add_choice(
            "POOLING", "Pooling of users", "How the users of a region are combined. sum: as the shipped model was "
            "trained. mean: regardless of their number. share: in proportion to their fixes.",
            ("sum", "mean", "share"), "sum", advanced=True,
        )  # fmt: skip
        self.add_choice(
            "CROSSING", "A user crossed a region", "fixes: with a fix in it. segments: also where the straight line "
            "between two fixes (15 minutes and 5 km at most) crosses it.", ("fixes", "segments"), "fixes",
            advanced=True,
        )  # fmt: skip
        self.add_sink("OUTPUT", "Region scores", QgsProcessing.SourceType.TypeVectorPolygon)
        self.add_sink("OUTPUT_WEEK", "Regions by weekday and hours", QgsProcessing.SourceType.TypeVector, optional=True)
        self.add_model()
        self.add_number(
            "EPSILON", "Epsilon of noise on the counts (empty: no noise)",
            "Differential privacy of persons: only people and visits are given, with random noise; the smaller, the "
            "more noise. 1 is usual. Every run spends its epsilon anew.", None, 0.0, advanced=True,
        )  # fmt: skip

    def prepare_layers(self, run: Run) -> None:
        """On the main thread: tracks and regions, and what epsilon the layer has spent with this run."""
        super().prepare_layers(run)
        epsilon, layer, project = run.number("EPSILON"), run.vector_layer("INPUT"), run.context.project()
        if epsilon > 0 and layer is not None:
            self.spent = epsilon + number_of(layer.customProperty(SPENT))
            layer.setCustomProperty(SPENT, self.spent)
            if project is None or project.mapLayer(layer.id()) is None:
                words = tr(
                    "INPUT is no layer of a project, so the epsilon of earlier runs is not added. Add up the epsilons "
                    "of all runs on these tracks yourself."
                )
                run.warn(words)

    def run_on(self, run: Run) -> dict[str, Any]:
        """Read, score, write."""
        import numpy as np

        from ..core.regions.scores import score_regions
        from ..core.regions.week import week_of_regions
        from ..layers import styling

        minimum, epsilon = run.integer("MIN_USERS"), run.number("EPSILON")
        wants_week = bool(run.parameters.get("OUTPUT_WEEK"))
        each = epsilon / 2 if wants_week else epsilon  # of a table
        model = self.open_model(run)
        heads = self.choose_heads(model, "region", run)
        tracks, skipped = self.read_units(run, "user")
        features = list(self.regions.getFeatures())
        polygons = self.polygons(run, features, tracks)
        scores = score_regions(
            tracks, polygons, model, [head["name"] for head in heads], run.text("POOLING") or "sum", minimum,
            run.stage(tr("Scoring")), run.text("CROSSING") or "fixes", cached(model, run), each,
        )  # fmt: skip
        trusted = scores.columns["in_domain"] | scores.columns["suppressed"]  # what is withheld misleads nobody
        self.warn_outside(scores.reasons, trusted, run)
        withheld = int(scores.columns["suppressed"].sum())
        words = tr("{n} of {m} regions are withheld: they would show figures of fewer than {k} users.")
        run.info(words.format(n=withheld, m=len(features), k=minimum))

        if epsilon:
            words = tr(
                "Noise: this run spent an epsilon of {a:g}, and this layer {b:g} in this project. Answers to several "
                "runs together are protected by the sum of their epsilons only."
            )
            run.info(words.format(a=epsilon, b=self.spent))

        style = styling.RegionScores(heads)
        columns = {**scores.columns, "withheld": scores.why}
        if epsilon:
            columns["epsilon"] = np.full(len(features), epsilon)
        results = {"OUTPUT": self._write(run, "OUTPUT", features, columns, style, 90, 95)}
        if wants_week:
            shown, stage = ~np.isnan(scores.columns["n_points"]), run.stage(tr("Weekdays and hours"), 95, 97)
            columns = week_of_regions(tracks, polygons, minimum, stage, shown, each)
            rows = [features[number] for number in columns["region"]]
            columns["region"] = columns["region"] + 1
            table = styling.Table("Regions by weekday and hours")
            results["OUTPUT_WEEK"] = self._write(run, "OUTPUT_WEEK", rows, columns, table, 97, 100)
        return {**results, **self.counts(tracks, skipped, model.provider)}

    def _write(
        self, run: Run, name: str, features: Sequence[QgsFeature], columns: dict[str, np.ndarray], style: Style,
        start: float, stop: float,
    ) -> str:  # fmt: skip
        """Write columns beside the regions' own fields, one feature a row. OUTPUT also gets the regions' geometries.

        start, stop: percent of the progress bar. Returns the id of the layer.
        """
        from ..layers import writing

        counted = ("n_users", "n_points", "n_visits")  # whole numbers, or nan
        kinds = {key: "int" if key in counted else kind for key, kind in writing.kinds_of(columns).items()}
        drawn = name == "OUTPUT"
        own = renamed(self.regions.fields(), [*kinds, *reserved_of_files(features, self.regions.fields(), drawn)], run)
        fields = QgsFields(own)
        for field in writing.make_fields(kinds):
            fields.append(field)
        values: list[Sequence[Any]] = [[feature.attribute(i) for feature in features] for i in range(len(own))]
        values += [writing.attribute_values(columns[key], kind) for key, kind in kinds.items()]
        geometries = [feature.geometry() if drawn and feature.hasGeometry() else None for feature in features]
        shape = self.regions.wkbType() if drawn else Qgis.WkbType.NoGeometry
        crs = self.regions.sourceCrs() if drawn else None
        return self.write(run, name, fields, values, style, geometries, shape, crs, start, stop)


def number_of(value: Any) -> float:
    """A number of the project file; 0 if it is none."""
    try:
        return max(float(value), 0.0)
    except (TypeError, ValueError):
        return 0.0


def reserved_of_files(features: Sequence[QgsFeature], fields: QgsFields, drawn: bool) -> list[str]:
    """Names that a GeoPackage has for columns of its own: geom, and fid, in which it numbers its rows.

    A fid that already numbers the features stays. drawn: one row a feature; else a region has several by weekday.
    """
    index = fields.lookupField("fid")
    ids = [feature.attribute(index) for feature in features] if index >= 0 else []
    numbered = drawn and all(isinstance(each, int) for each in ids) and len(set(ids)) == len(ids)
    return ["geom"] if numbered else ["geom", "fid"]


def renamed(fields: QgsFields, names: Sequence[str], run: Run) -> QgsFields:
    """The regions' own fields. A field with the name of a result gets a number, and the log names it.

    The results keep their names, which are published. Most databases ignore the case of names.
    """
    reserved = {name.lower() for name in names}
    taken = reserved | {field.name().lower() for field in fields}
    result = QgsFields()
    for field in fields:
        name, number = field.name(), 2
        if name.lower() in reserved:
            while f"{name}_{number}".lower() in taken:
                number += 1
            name = f"{name}_{number}"
            taken.add(name.lower())
            run.info(tr("The regions' own field {a} is called {b} in the output.").format(a=field.name(), b=name))
            field.setName(name)
        result.append(field)
    return result
