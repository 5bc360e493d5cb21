# SPDX-License-Identifier: GPL-2.0-or-later
"""Train a head on labelled units: python -m model.finetune --tracks T --labels L --field F --unit U …

The labels are a table with an id column and the field. A table with start and end times labels intervals, each a
track. Labels of two words are a yes or no, of more words classes; numbers are numbers, whole ones counts. The head is
cross-validated over people, where ids that share runs of fixes are one person (regions: over blocks of two kilometres,
joined where regions overlap), beside gradient boosting on hand features (regions: on users, fixes and area) and one
answer for all. It goes into a copy of the bundle. With --backbone tuned the network itself is trained first, and tested
on a fifth of the people, who were left out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path

import numpy as np

from model.cli import (
    DEVICES,
    Parser,
    Report,
    add_hours,
    check_not_read,
    from_zero,
    over_zero,
    pair,
    positive,
    print_line,
    run,
    warn,
)
from model.data.labels import Labelled, is_one_of, label_units, label_words, read_table, thin, usable
from model.head_training import examples as source
from model.head_training.examples import Examples
from model.head_training.fit import encode, folds
from model.head_training.scoring import verdict, write_report
from model.head_training.train import Splits, add_head, train
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import Bundle, Worth, open_bundle, worth
from raw_qgis_plugin.core.bundle.card import HEAD_NAMES, is_head_name
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.cache import embed_cached
from raw_qgis_plugin.core.errors import InputError, Progress
from raw_qgis_plugin.core.scratch import Scratch
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks

PLAIN = ("tracks", "points")  # names of files that say less than their folders' names


@dataclass
class Request:
    """Which head to train, on what; see the help of the command's arguments of the same names."""

    tracks: list[str]
    labels: list[str]
    field: str
    unit: str
    task_name: str
    output: Path
    regions: list[str] | None = None
    id: str | None = None
    rename: Sequence[tuple[str, str]] = ()
    classes: list[str] | None = None
    also_days: Sequence[int] = ()
    hours: float | None = None
    per_class: int | None = None
    title: str = ""
    unit_of_measure: str = ""
    trained_on: str = ""
    backbone: str = "frozen"
    minutes: float = 30.0
    bundle: str | Path | None = None
    device: str = "auto"
    cache: Path | None = None
    seed: int = 0
    report: Path | None = None
    also_parts: int | None = None
    simulated: int = 0
    states: bool = False


def parser() -> argparse.ArgumentParser:
    """The command's arguments, with the defaults of `Request`."""
    p = Parser("python -m model.finetune", description=__doc__)
    add = p.add_argument
    # fmt: off
    add("--tracks", required=True, nargs="+", metavar="T",
        help="Parquet, CSV or a GeoLife folder; several, with as many labels, are used together")
    add("--labels", required=True, nargs="+", metavar="L", help="CSV or Parquet: an id column and the field")
    add("--field", required=True, metavar="F", help="column of the labels to learn")
    add("--unit", required=True, choices=("user", "track", "day", "region"))
    add("--task-name", required=True, metavar="NAME", help="name of the head: small letters, digits, _")
    add("--regions", nargs="+", metavar="R", help="GeoJSON or GeoPackage, for --unit region")
    add("--id", metavar="FIELD", help="field of the regions that the labels' ids are of")
    add("--rename", nargs="+", type=pair, metavar="FROM=TO", help="labels to call by another name, to merge classes")
    add("--classes", nargs="+", metavar="C", help="only these labels (after renaming); leave out the others")
    add("--also-days", type=positive, nargs="+", metavar="N",
        help="of users: train also on what N days show of them, so that the head can be used after few days")
    add_hours(p)
    add("--per-class", type=positive, metavar="N", help="at most N labels a class, drawn at random")
    add("--title", help="the task in words, for legends")
    add("--unit-of-measure", help="of a number, such as 'per km²'")
    add("--trained-on", help="which people or places the labels represent, for the card")
    add("--backbone", choices=("frozen", "tuned"),
        help="frozen (default): the network and its other heads stay as they are; tuned: the network is trained first, "
             "which takes most of --minutes and drops the other heads")
    add("--minutes", type=over_zero, help="take no longer than about this (default: 30)")
    add("--bundle", help="model bundle (default: the shipped one)")
    add("--device", choices=DEVICES, help="where embeddings are made (default: auto)")
    add("--cache", type=Path, metavar="DIR", help="keep embeddings here, and use those that are here")
    add("--seed", type=from_zero, metavar="S", help="of what is drawn (default 0)")
    add("--report", type=Path, metavar="FILE", help="write a page about the head: .html")
    add("--also-parts", type=positive, metavar="N",
        help="of tracks: train also on N parts of each, of 2 to 15 minutes, many of them thinned")
    add("--simulated", type=from_zero, metavar="N",
        help="the last N of --tracks are simulated: the head learns from them but is not tested on them")
    add("--states", action="store_true",
        help="of classes: a regression on the network's states alone and a forest take the place of that on all "
             "inputs, of networks and of boosted trees; for how somebody moves in recordings of another kind")
    add("--output", type=Path, required=True, metavar="BUNDLE", help="folder of the new bundle")
    # fmt: on
    p.set_defaults(**{f.name: f.default for f in fields(Request) if f.default is not MISSING})
    return p


def check(r: Request, bundle: Bundle) -> None:
    """Raise InputError where arguments contradict each other, or the output would replace something else."""
    library.check_target(r.output)
    if r.unit == "region" and not r.regions:
        raise InputError("--unit region needs --regions.")
    if r.hours and r.unit != "region":
        raise InputError("--hours is for --unit region.")
    if r.unit == "region" and r.backbone == "tuned":
        raise InputError("The network cannot be tuned on regions: use --backbone frozen.")
    counts = {len(r.tracks), len(r.labels), *([len(r.regions or ())] if r.unit == "region" else [])}
    if len(counts) > 1:
        raise InputError("Give as many --labels (and --regions) as --tracks, in the same order.")
    if r.backbone == "tuned" and len(r.tracks) > 1:
        raise InputError("The network is tuned on one source: give one --tracks, or use --backbone frozen.")
    if r.report:
        if not r.report.parent.is_dir():
            raise InputError(f"There is no folder {r.report.parent} for --report.")
        check_not_read(r.report, [*r.tracks, *r.labels])
    if r.states and r.unit == "region":
        raise InputError("--states is for users, tracks and days.")
    if r.also_days and (r.unit != "user" or r.backbone == "tuned"):
        raise InputError("--also-days is for users and a frozen network.")
    if r.also_parts and (r.unit != "track" or r.backbone == "tuned"):
        raise InputError("--also-parts is for tracks and a frozen network.")
    if r.simulated >= len(r.tracks):
        raise InputError("--simulated has to leave some of --tracks to test the head on.")


class Training:
    """One request on its way: reads tracks and labels, makes examples, trains the head, writes the bundle."""

    def __init__(self, request: Request, report: Report) -> None:
        self.request, self.report, self.rename = request, report, dict(request.rename)
        self.bundle = open_bundle(request.bundle)
        check(request, self.bundle)
        self.model = Model(self.bundle, request.device)
        self._reported = 0.0

    def warn(self, text: str) -> None:
        """Report a warning."""
        self.report({"warning": text})

    def progress(self, share: float) -> None:
        """Report the share of units embedded, every two seconds."""
        if time.monotonic() - self._reported > 2 or share >= 1:
            self._reported = time.monotonic()
            self.report({"embedded": round(share, 3)})

    def embed(self, units: Tracks, progress: Progress) -> np.ndarray:
        """Embeddings of units, from the cache where they are in it."""
        return embed_cached(units, self.model, self.request.cache, progress, warn)

    def labels_of(self, path: str) -> dict[str, np.ndarray]:
        """The table of labels, without rows that are not to be used."""
        r = self.request
        table = usable(read_table(path), r.unit, r.field, self.rename, self.warn)
        if r.classes:
            words = label_words(table[r.field], self.rename)
            chosen = is_one_of(words, r.classes)
            if not chosen.any():
                raise InputError(
                    f"No label is one of {', '.join(r.classes)}; there are: {', '.join(sorted(set(words)))}."
                )
            table = {name: values[chosen] for name, values in table.items()}
        return thin(table, r.field, self.rename, r.per_class, r.seed) if r.per_class else table

    def examples(self, beside: Path) -> tuple[Examples, Splits | None]:
        """The examples, and how they are split, None for folds. beside: a folder for a tuned bundle."""
        r, splits, parts = self.request, None, []
        tables = [self.labels_of(path) for path in r.labels]
        for n, (path, table) in enumerate(zip(r.tracks, tables, strict=True)):
            tracks, skipped, guess = read(path)
            self.report({"fields": str(guess), "skipped": str(skipped), "provider": self.model.provider})
            if r.unit == "region" and r.regions:
                regions, how = read_polygons(r.regions[n], r.id), (self.progress, self.embed, self.warn, r.hours)
                parts.append(source.region_examples(tracks, regions, table, r.field, self.model, r.seed, *how))
                continue
            tracks, found = label_units(tracks, table, r.unit, r.field, self.rename, self.warn)
            if r.backbone == "tuned":
                examples, splits = self.tune(tracks, found, beside)
            else:
                examples = source.examples_of(tracks, found, r.unit, self.model, self.progress, self.embed)
            if r.also_days:
                more = source.some_days(tracks, found, self.model, r.also_days, r.seed, self.progress, self.embed)
                examples = source.together([examples, more], apart=False)
            simulated = n >= len(r.tracks) - r.simulated
            if simulated:
                examples = replace(examples, whole=np.zeros(len(examples.x), bool))
            elif r.also_parts:
                more = source.some_parts(tracks, found, self.model, r.also_parts, r.seed, self.progress, self.embed)
                examples = source.together([examples, more], apart=False)
            parts.append(examples)
        examples = source.together(parts, warn=self.warn)
        return replace(examples, states=r.states), splits

    def tune(self, tracks: Tracks, found: Labelled, beside: Path) -> tuple[Examples, Splits]:
        """Train the network on labelled units but for a fifth of their groups, and put it into a bundle without heads.

        Returns the examples that it makes, and the one split to test them by.
        """
        from model.head_training.tune import tune, write_tuned

        r, bundle = self.request, self.bundle
        before = source.examples_of(tracks, found, r.unit, self.model)
        if (np.diff(tracks.track_offsets) < 2).any():
            raise InputError("Some labelled units have a single fix: remove their labels before tuning the network.")
        task, y = encode(before.label, self.rename)
        splits = folds(y, before.group, task, r.seed)[:1]
        if not splits:
            raise InputError("The labels are too few or in too few groups to tune the network: use --backbone frozen.")
        learn = splits[0][0]
        chosen, strength = np.isin(tracks.track, learn), source.strength_of(before.x.shape[1], Model(bundle))
        minutes = 0.6 * r.minutes  # embedding and heads take the rest
        network = tune(
            bundle, tracks.take(chosen), y[learn], task, before.x[learn], strength, minutes, self.report, r.seed
        )
        dropped = [h["name"] for h in bundle.card["heads"]]
        if dropped:
            names = ", ".join(dropped)
            self.warn(f"The other heads ({names}) belong to the network as it was, and are not in the new bundle.")
        folder = beside / "tuned"
        library.copy_files(bundle, folder)
        write_tuned(folder, network, bundle.card, f"the labels '{r.field}' of {len(learn)} {r.unit}s")
        self.bundle = open_bundle(folder)
        after = source.examples_of(tracks, found, r.unit, Model(self.bundle, r.device))
        return replace(after, label=before.label), splits


def finetune(r: Request, report: Report = print_line) -> None:
    """Train the head of a request, and write its bundle and report. report: takes the lines of progress."""
    if not is_head_name(r.task_name):
        raise InputError(f"'{r.task_name}' is no name for a head: {HEAD_NAMES}.")
    training, began = Training(r, report), time.monotonic()
    with Scratch("raw-tuned-") as beside:
        examples, splits = training.examples(Path(beside))
        left = r.minutes - (time.monotonic() - began) / 60
        names = [Path(path).parent.name if Path(path).stem in PLAIN else Path(path).stem for path in r.tracks]
        how = max(left, 1.0), report, splits, names
        head, task, card, predictions = train(examples, training.rename, r.seed, *how)
        card = {"baseline": source.BASELINES.get(r.unit, source.BASELINE)} | card | {
            "unit": r.unit, "task": r.field, "title": r.title or r.task_name.replace("_", " "),
            "unit_of_measure": r.unit_of_measure, "trained_on": r.trained_on,
            "verdict": verdict(card["metrics"]),
        }  # fmt: skip
        if r.hours:
            card["hours"] = r.hours
        add_head(training.bundle, r.output, r.task_name, head, card)
    if r.report:
        write_report(r.report, r.task_name, task, predictions, card)
    found = worth(card["metrics"])
    use = found in (Worth.PROVEN, Worth.UNPROVEN)
    report({**card["metrics"], "use": use, "advice": found.value, "verdict": card["verdict"]})


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    finetune(Request(**vars(parser().parse_args(argv))))


if __name__ == "__main__":
    sys.exit(run(main))
