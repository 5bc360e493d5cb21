# SPDX-License-Identifier: GPL-2.0-or-later
"""Train a head on labels: python -m model.finetune --tracks T --labels L --field F --unit U …

The labels are a table with an id column and the field. A table with start and end times labels
intervals, each a track. Labels of two words are a yes or no, of more words classes; numbers are
numbers, whole ones counts. The head is cross-validated over users (regions: over blocks of two
kilometres, joined where regions overlap), beside gradient boosting on features that need no network
(regions: on users, fixes and area) and one answer for all. It goes into a copy of the bundle.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from model import cli
from model.data.join import Labelled, label_units
from model.data.labels import Table, read_table, usable
from model.head_training.examples import BASELINE, BASELINES, Examples, examples_of, region_examples
from model.head_training.report import report_page
from model.head_training.train import add_head, train
from model.head_training.verdict import verdict
from raw_qgis_plugin.core.arrays import Array
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import Worth, open_bundle, worth
from raw_qgis_plugin.core.bundle.card import HEAD_NAMES, clash, is_head_name
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.cache import embed_cached
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.specs import TeachSpec
from raw_qgis_plugin.core.tracks import Tracks


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = cli.Parser("python -m model.finetune", description=__doc__)
    add = p.add_argument
    add("--tracks", required=True, metavar="T", help="Parquet, CSV or a GeoLife folder")
    add("--labels", required=True, metavar="L", help="CSV or Parquet: an id column and the field")
    add("--field", required=True, metavar="F", help="column of the labels to learn")
    cli.add_options(p, TeachSpec)
    add("--regions", metavar="R", help="GeoJSON or GeoPackage, for --unit region")
    add("--id", metavar="FIELD", help="field of the regions that the labels' ids are of")
    rename = "labels to call by another name, to merge classes"
    add("--rename", nargs="+", type=cli.pair, default=[], metavar="FROM=TO", help=rename)
    classes = "only these labels (after renaming); leave out the others"
    add("--classes", nargs="+", metavar="C", help=classes)
    add("--title", default="", help="the task in words, for legends")
    add("--unit-of-measure", default="", help="of a number, such as 'per km²'")
    whose = "which people or places the labels represent, for the card"
    add("--trained-on", default="", help=whose)
    add("--bundle", help="model bundle (default: the shipped one)")
    where = "where embeddings are made (default: auto)"
    add("--device", choices=cli.DEVICES, default="auto", help=where)
    cache = "keep embeddings here, and use those that are here"
    add("--cache", type=Path, metavar="DIR", help=cache)
    add("--seed", type=cli.from_zero, default=0, metavar="S", help="of what is drawn (default 0)")
    add("--report", type=Path, metavar="FILE", help="write a page about the head: .html")
    beside = "more tracks and labels, such as simulated ones, which teach too and are not tested"
    add("--beside", nargs=2, metavar=("T", "L"), help=beside)
    sources = "users are named SOURCE/NAME: sources weigh as if less unequal"
    add("--sources", action="store_true", help=sources)
    add("--output", type=Path, required=True, metavar="BUNDLE", help="folder of the new bundle")
    return p


class Training:
    """One request: reads tracks and labels, makes examples, trains the head, writes the bundle.

    Raises InputError where arguments contradict each other, or the output would replace something
    else.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.args = arguments
        self.spec = cli.spec_of(arguments, TeachSpec)
        self.rename = dict(arguments.rename)
        check(arguments, self.spec)
        self.bundle = open_bundle(arguments.bundle)
        name = self.spec.task_name
        others = [head["name"] for head in self.bundle.card["heads"] if head["name"] != name]
        if clash([name, *others]):
            raise InputError(
                f"'{name}' is a field of another head of the model {self.bundle.name}: "
                "use another name."
            )
        self.model = Model(self.bundle, arguments.device)
        self._reported = 0.0

    def warn(self, text: str) -> None:
        """Report a warning."""
        cli.print_line({"warning": text})

    def progress(self, share: float) -> None:
        """Report the share of units embedded, every two seconds."""
        if time.monotonic() - self._reported > 2 or share >= 1:
            self._reported = time.monotonic()
            cli.print_line({"embedded": round(share, 3)})

    def embed(self, units: Tracks) -> Array:
        """Embeddings of units, from the cache where they are in it."""
        return embed_cached(units, self.model, self.args.cache, self.progress, cli.warn)

    def read(self, path: str, labels: str) -> tuple[Tracks, Table]:
        """Tracks, and the usable rows of a table of labels."""
        a = self.args
        unit = self.spec.unit
        rows = read_table(labels)
        table = usable(rows, unit, a.field, self.rename, self.warn, classes=a.classes)
        tracks, skipped, guess = read(path)
        provider = self.model.provider
        cli.print_line({"fields": str(guess), "skipped": str(skipped), "provider": provider})
        return tracks, table

    def labelled(self, path: str, labels: str) -> tuple[Tracks, Labelled]:
        """The labelled units of tracks, and their labels."""
        tracks, table = self.read(path, labels)
        return label_units(tracks, table, self.spec.unit, self.args.field, self.rename, self.warn)

    def examples(self) -> Examples:
        """The examples."""
        if self.spec.unit == "region":
            return self.region_examples()
        a = self.args
        examples = self.examples_of(*self.labelled(a.tracks, a.labels), a.sources)
        if a.beside:
            more = self.examples_of(*self.labelled(*a.beside), a.sources)
            examples = examples.beside(more)
        return examples

    def examples_of(self, tracks: Tracks, found: Labelled, by_source: bool) -> Examples:
        """The examples of labelled units."""
        return examples_of(tracks, found, self.spec.unit, self.model, self.embed, by_source)

    def region_examples(self) -> Examples:
        """The examples of labelled regions."""
        a = self.args
        tracks, table = self.read(a.tracks, a.labels)
        regions = read_polygons(a.regions, a.id)
        return region_examples(
            tracks, regions, table, a.field, self.model, a.seed, self.embed, self.warn
        )


def check(a: argparse.Namespace, spec: TeachSpec) -> None:
    """Raise InputError for arguments that cannot be right, before any work."""
    if not is_head_name(spec.task_name):
        raise InputError(f"'{spec.task_name}' is no name for a head: {HEAD_NAMES}.")
    library.check_target(a.output)
    if spec.unit == "region" and not a.regions:
        raise InputError("--unit region needs --regions.")
    if spec.unit == "region" and (a.beside or a.sources):
        raise InputError("--beside and --sources are for users, tracks and days.")
    if a.report:
        if not a.report.parent.is_dir():
            raise InputError(f"There is no folder {a.report.parent} for --report.")
        cli.check_not_read(a.report, [a.tracks, a.labels])


def main(argv: cli.Argv = None) -> None:
    """Train the head that the arguments name, and write its bundle and report."""
    began = time.monotonic()
    a = parser().parse_args(argv)
    training = Training(a)
    spec = training.spec
    examples = training.examples()
    left = max(spec.minutes - (time.monotonic() - began) / 60, 1.0)
    found = train(examples, training.rename, a.seed, left, cli.print_line)
    head, task, card, predictions = found
    card = {"baseline": BASELINES.get(spec.unit, BASELINE)} | card
    card["unit"] = spec.unit
    card["task"] = a.field
    card["title"] = a.title or spec.task_name.replace("_", " ")
    card["unit_of_measure"] = a.unit_of_measure
    card["trained_on"] = a.trained_on
    card["verdict"] = verdict(card["metrics"])
    add_head(training.bundle, a.output, spec.task_name, head, card)
    if a.report:
        report_page(task, predictions, card).write(a.report)
    report(card)


def report(card: dict) -> None:
    """Print the figures of a head, and whether to use it."""
    found = worth(card["metrics"])
    more = {
        "few_labels": card["few_labels"],
        "use": found in (Worth.PROVEN, Worth.UNPROVEN),
        "advice": found.value,
        "verdict": card["verdict"],
    }
    cli.print_line({**card["metrics"], **more})


if __name__ == "__main__":
    sys.exit(cli.run(main))
