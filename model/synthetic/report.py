# SPDX-License-Identifier: GPL-2.0-or-later
"""A report of a synthetic city: python -m model.synthetic.report DIR writes report.html and report.json there.

Checks what people do against published laws of how people move, with stated tolerances, and shows how well a simple
rule predicts each label: a label that it always gets right, or never, teaches a model nothing.
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
    from matplotlib.figure import Figure

    from model.synthetic.rules import Score


def write_report(folder: Path) -> bool:
    """Write report.html and report.json of a city's folder. Returns whether every check holds."""
    path = folder / "laws.json"
    if not path.is_file():
        raise SyntheticError(f"{folder} holds no laws.json: it is not a city that `python -m model.synthetic` made")
    laws = json.loads(path.read_text(encoding="utf-8"))
    scores, travelled = _scores(folder), _travelled(folder)
    checks = laws["laws"] + [_rule_check(one) for one in scores if one.label == "commuting" and one.n >= 200]
    checks = [check | {"holds": check["low"] <= check["value"] <= check["high"]} for check in checks]
    labels = [score._asdict() for score in scores]
    report = {"city": laws["city"], "checks": checks, "labels": labels, "travelled": travelled}
    (folder / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    _write_page(laws, checks, scores, travelled, folder / "report.html")
    return all(check["holds"] for check in checks)


def report_if_possible(folder: Path) -> None:
    """Write the report, or name the missing package: the city is complete without a report."""
    try:
        holds = write_report(folder)
    except ImportError as error:
        say(f"no report, as a package is missing: {error}")
        return
    say("every check of the report holds" if holds else "some checks of the report are missed: see report.html")


def _scores(folder: Path) -> list[Score]:
    """The rule's scores on the recorded tracks; none for fewer than 50 people, or where only days were written."""
    from model.data.labels import read_table
    from model.synthetic.rules import score
    from raw_qgis_plugin.core.sources.readers import read

    if not (folder / "tracks.parquet").is_file():
        return []
    tracks, _, _ = read(str(folder / "tracks.parquet"))
    if tracks.n_users < 50:
        return []
    return score(tracks, {name: read_table(folder / f"truth_{name}.csv") for name in ("users", "segments")})


def _rule_check(score: Score) -> dict[str, Any]:
    return {
        "name": "a simple rule on commuting", "value": score.rule, "low": 0.75, "high": 0.88, "unit": "",
        "how": f"share right of {score.n:,} people, gradient boosting on hand-made features, people held out",
        "source": "our own bounds: neither trivial nor hopeless",
    }  # fmt: skip


def _travelled(folder: Path) -> dict[str, float]:
    """Of the simulated trips: median minutes to work, and shares of the modes."""
    from model.data.labels import read_table

    if not (folder / "truth_tracks.csv").is_file():
        return {}
    trips = read_table(folder / "truth_tracks.csv")
    minutes = (trips["t_end"].astype(float) - trips["t_start"].astype(float)) / 60_000
    work = minutes[trips["purpose"] == "work"]
    modes, counts = np.unique(trips["mode"].astype(str), return_counts=True)
    shares = zip(modes.tolist(), (counts / len(minutes)).tolist(), strict=True)
    found = {f"share of trips by {mode}": share for mode, share in shares}
    return {"median minutes to work": float(np.median(work)) if len(work) else float("nan"), **found}


def _write_page(
    laws: dict[str, Any], checks: list[dict], scores: list[Score], travelled: dict[str, float], path: Path
) -> None:
    import matplotlib

    from model.synthetic.rules import LABELS
    from raw_qgis_plugin.core.evaluation.report import Page

    city = laws["city"]
    page = Page(
        "A synthetic city against what is known of people",
        f"{city['people']:,} people, {city['weeks']} weeks, seed {city['seed']}, streets: {city['streets']}. "
        "The laws are measured on the plans of the whole population, the labels on the tracks that were recorded.",
    )
    missed = [check["name"] for check in checks if not check["holds"]]
    verdict = f"Of {len(checks)} checks {len(checks) - len(missed)} hold."
    page.sentence(f"{verdict} Missed: {', '.join(missed)}." if missed else verdict, "key")
    page.heading("Checks")
    rows = []
    for c in checks:
        value, holds = f"{c['value']:.2f} {c['unit']}".strip(), "yes" if c["holds"] else "no"
        rows.append([c["name"], value, c["low"], c["high"], holds, c["how"], c["source"]])
    page.table(["Check", "Measured", "From", "To", "Holds", "How", "Source"], rows)
    page.heading("How people move")
    with matplotlib.rc_context({"svg.hashsalt": "city"}):  # or no two reports of a city would be equal
        page.figure(_figure(laws["curves"], checks), "Planned, whole population. Dashed: the published law.")
    if travelled:
        page.heading("As simulated")
        page.sentence("The observed people's trips over the streets.")
        page.table(["", "Value"], [[name, f"{value:.2f}"] for name, value in travelled.items()])
    if scores:
        page.heading("What a simple rule scores")
        page.sentence(
            "Gradient boosting on 31 hand-made features of a person's tracks (of a leg's, for the mode), in five "
            "folds, people held out. Beside it the commonest answer, or for a number the error of the median."
        )
        rows = [[s.label, LABELS[s.label][2], s.n, s.kind, s.rule, s.guess, s.pearson] for s in scores]
        page.table(["Label", "Meaning", "Units", "Measure", "Rule", "Commonest answer", "Correlation"], rows)
    page.write(path)


def _figure(curves: dict[str, Any], checks: list[dict]) -> Figure:
    from matplotlib.figure import Figure

    from model.synthetic.laws import JUMP_LAW

    figure = Figure(figsize=(9, 6.4), layout="constrained")
    jumps, gyration, visits, commute = figure.subplots(2, 2).ravel()
    labels = (jumps, "jumps_km", f"exponent {checks[0]['value']:.2f}"), (gyration, "gyration_km", "people")
    for axes, name, label in labels:
        x, density = (np.array(curves[name][column]) for column in ("x", "density"))
        some = density > 0
        axes.loglog(x[some], density[some], "o", ms=4, color="tab:blue", label=label)
        if name == "jumps_km":
            law = JUMP_LAW.density(x)
            height = np.exp(np.mean(np.log(density[some] / law[some]))) if some.any() else 1.0
            jumps.plot(x, law * height, "k--", label=f"law, {JUMP_LAW.exponent}")
    ranks = np.arange(1, len(curves["visits"]) + 1)
    visits.loglog(ranks, curves["visits"], "o", color="tab:blue", label="mean share of a person's visits")
    visits.loglog(ranks, curves["visits"][0] * ranks**-1.2, "k--", label="law, 1.2")
    minutes = curves["commute_min"]
    commute.stairs(minutes["density"], minutes["edges"], fill=True, color="tab:blue", alpha=0.6)
    titles = ("Jump lengths", "Radius of gyration", "Visits to a person's places", "From home to work")
    for axes, title, unit in zip(figure.axes, titles, ("km", "km", "rank", "minutes"), strict=True):
        axes.set(title=title, xlabel=unit)
        if axes is not commute:
            axes.legend(frameon=False)
    return figure


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
