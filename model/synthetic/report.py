# SPDX-License-Identifier: GPL-2.0-or-later
"""A report of a synthetic city: python -m model.synthetic.report DIR writes report.html and report.json there.

Checks what people do against published laws of how people move, with stated tolerances, and shows what a simple rule
scores on each label: a label that it always gets right, or never, teaches a model nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model.cli import Parser, run
from model.synthetic.sumo import SyntheticError, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from model.synthetic.rules import Score

LAWS = "laws.json"
SCORED_FROM, JUDGED_FROM = 50, 200  # recorded people: fewer say nothing of a rule
LABELS = {"commuting": "commuter or not", "employed": "in a job or not", "metro user": "a metro ride a week or more",
          "trips a day": "mean over the weeks", "mode of a leg": "walk, bike, motor vehicle, rail"}  # fmt: skip


def write_report(folder: Path) -> bool:
    """Write report.html and report.json of a city's folder. Returns whether every check holds."""
    laws = _read(folder / LAWS)
    scores = _scores(folder)
    checks = [law | {"holds": law["low"] <= law["value"] <= law["high"]} for law in laws["laws"]]
    checks += [_rule_check(one) for one in scores if one.label == "commuting" and one.n >= JUDGED_FROM]
    rides = _travelled(folder)
    report = {"city": laws["city"], "checks": checks, "labels": [vars(score) for score in scores], "travelled": rides}
    (folder / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    _page(laws, checks, scores, rides, folder / "report.html")
    return all(check["holds"] for check in checks)


def report_if_possible(folder: Path) -> None:
    """Write the report, or say which package it needs: it is no part of the city."""
    try:
        holds = write_report(folder)
    except ImportError as error:
        say(f"no report, as a package is missing: {error}")
        return
    say("every check of the report holds" if holds else "some checks of the report are missed: see report.html")


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise SyntheticError(
            f"{path.parent} holds no {path.name}: it is not a city that `python -m model.synthetic` made"
        )
    return json.loads(path.read_text(encoding="utf-8"))


def _scores(folder: Path) -> list[Score]:
    """The rule on the recorded tracks; none where only days were written."""
    from model.data.labels import read_table
    from model.synthetic.rules import score
    from raw_qgis_plugin.core.sources.readers import read

    if not (folder / "tracks.parquet").is_file():
        return []
    tracks, _, _ = read(str(folder / "tracks.parquet"))
    if tracks.n_users < SCORED_FROM:
        return []
    tables = {name: read_table(folder / f"truth_{name}.csv") for name in ("users", "segments")}
    return score(tracks, tables)


def _rule_check(score: Score) -> dict[str, Any]:
    from model.synthetic.rules import COMMUTING

    low, high = COMMUTING
    return {
        "name": "a simple rule on commuting", "value": score.rule, "low": low, "high": high, "unit": "",
        "how": f"share right of {score.n:,} people, gradient boosting on hand-made features, people held out",
        "source": "our own bounds: neither trivial nor hopeless", "holds": low <= score.rule <= high,
    }  # fmt: skip


def _travelled(folder: Path) -> dict[str, float]:
    """What the simulated trips came to: median minutes to work, and shares of the modes."""
    from model.data.labels import read_table

    if not (folder / "truth_tracks.csv").is_file():
        return {}
    trips = read_table(folder / "truth_tracks.csv")
    minutes = (trips["t_end"].astype(float) - trips["t_start"].astype(float)) / 60_000
    modes, counts = np.unique(trips["mode"].astype(str), return_counts=True)
    shares = {
        f"share of trips by {mode}": n / len(minutes) for mode, n in zip(modes.tolist(), counts.tolist(), strict=True)
    }
    work = minutes[trips["purpose"] == "work"]
    return {"median minutes to work": float(np.median(work)) if len(work) else float("nan"), **shares}


def _page(laws: dict[str, Any], checks: list[dict], scores: list[Score], rides: dict[str, float], path: Path) -> None:
    import matplotlib

    from raw_qgis_plugin.core.evaluation.report import Page

    city = laws["city"]
    page = Page(
        "A synthetic city against what is known of people",
        f"{city['people']:,} people, {city['weeks']} weeks, seed {city['seed']}, streets: {city['streets']}. "
        "The laws are measured on the plans of the whole population, the labels on the tracks that were recorded.",
    )
    missed = [check["name"] for check in checks if not check["holds"]]
    told = f"Of {len(checks)} checks {len(checks) - len(missed)} hold." + (
        f" Missed: {', '.join(missed)}." if missed else ""
    )
    page.sentence(told, "key")
    page.heading("Checks")
    rows = []
    for c in checks:
        value, holds = f"{c['value']:.2f} {c['unit']}".strip(), "yes" if c["holds"] else "no"
        rows.append([c["name"], value, c["low"], c["high"], holds, c["how"], c["source"]])
    page.table(["Check", "Measured", "From", "To", "Holds", "How", "Source"], rows)
    page.heading("How people move")
    with matplotlib.rc_context({"svg.hashsalt": "city"}):  # or no two reports of a city would be equal
        page.figure(_figure(laws["curves"], checks), "Planned, whole population. Dashed: the published law.")
    if rides:
        page.heading("As simulated")
        page.sentence("What came of the observed people's plans on the streets.")
        page.table(["", "Value"], [[name, f"{value:.2f}"] for name, value in rides.items()])
    if scores:
        page.heading("What a simple rule scores")
        page.sentence(
            "Gradient boosting on 32 hand-made features of a person's tracks (of a leg's, for the mode), in five "
            "folds, people held out. Beside it the commonest answer, or for a number the error of the median."
        )
        rows = [[s.label, LABELS[s.label], s.n, s.kind, s.rule, s.guess, s.pearson] for s in scores]
        page.table(["Label", "Meaning", "Units", "Measure", "Rule", "Commonest answer", "Correlation"], rows)
    page.write(path)


def _figure(curves: dict[str, Any], checks: list[dict]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6.4), layout="constrained")
    jumps, gyration, visits, commute = figure.subplots(2, 2).ravel()
    beta = checks[0]["value"]
    _loglog(jumps, curves["jumps_km"], f"exponent {beta:.2f}")
    km = np.array(curves["jumps_km"]["x"])
    law = (km + 1.5) ** -1.75 * np.exp(-km / 80)
    jumps.plot(km, law * _level(np.array(curves["jumps_km"]["density"]), law), "k--", label="law, 1.75")
    _loglog(gyration, curves["gyration_km"], "people")
    ranks = np.arange(1, len(curves["visits"]) + 1)
    visits.loglog(ranks, curves["visits"], "o", color="tab:blue", label="mean share of a person's visits")
    visits.loglog(ranks, curves["visits"][0] * ranks**-1.2, "k--", label="law, 1.2")
    commute.stairs(
        curves["commute_min"]["density"], curves["commute_min"]["edges"], fill=True, color="tab:blue", alpha=0.6
    )
    drawn = (
        (jumps, "Jump lengths", "km"), (gyration, "Radius of gyration", "km"),
        (visits, "Visits to a person's places", "rank"), (commute, "From home to work", "minutes"),
    )  # fmt: skip
    for axes, title, x in drawn:
        axes.set(title=title, xlabel=x)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False)
    return figure


def _loglog(axes: Axes, curve: dict[str, list[float]], label: str) -> None:
    density = np.array(curve["density"])
    some = density > 0
    axes.loglog(np.array(curve["x"])[some], density[some], "o", ms=4, color="tab:blue", label=label)


def _level(density: np.ndarray, law: np.ndarray) -> float:
    """The height at which a law runs through the densities."""
    some = density > 0
    return float(np.exp(np.mean(np.log(density[some] / law[some])))) if some.any() else 1.0


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = Parser(
        "python -m model.synthetic.report", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a city's folder")
    folder = parser.parse_args(argv).folder
    holds = write_report(folder)
    say(f"{folder / 'report.html'}: {'every check holds' if holds else 'some checks are missed'}")


if __name__ == "__main__":
    raise SystemExit(run(main))
