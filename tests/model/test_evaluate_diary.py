# SPDX-License-Identifier: GPL-2.0-or-later
"""model.evaluate diary: which stretches count, and a run on a day whose truth is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model.cli import run
from model.evaluate import main
from model.evaluate.diary import Truth, count, read_truth
from raw_qgis_plugin.core.tracks import build_tracks

MINUTE = 60_000
MORNING = 1_600_000_000_000


def minutes(*pairs: tuple[float, float]) -> np.ndarray:
    return (np.array(pairs, float).reshape(-1, 2) * MINUTE).astype(np.int64)


@pytest.mark.parametrize(
    ("answer", "found", "answered"),
    [
        ([(0, 10)], 1, 1),
        ([(0, 5)], 1, 1),
        ([(0, 4.9)], 0, 1),
        ([(0, 4), (4, 10)], 1, 2),
        ([(0, 10), (100, 110)], 1, 1),  # where nobody wrote a diary nothing is judged
        ([(0, 10), (50, 60)], 1, 1),  # nor where the label is not borne by fixes
        ([], 0, 0),
    ],
)
def test_what_counts(answer: list, found: int, answered: int) -> None:
    truth = Truth(trips=minutes((0, 10)).tolist(), stops=minutes((10, 40)).tolist(), unclear=minutes((50, 60)).tolist())
    assert count(minutes(*answer), truth, "trips") == (found, answered, 1)


def test_what_labels_say() -> None:
    t = MORNING + np.arange(0, 120 * MINUTE, MINUTE // 2)
    x = np.interp((t - MORNING) / MINUTE, [0, 20, 60, 80, 120], [0, 9000, 9000, 0, 0])
    tracks = build_tracks(["a"] * len(t), None, t, x / 111_320, np.zeros(len(t)))[0]
    rows = [("a", 0, 20, "car"), ("a", 60, 70, "bus"), ("a", 70, 80, "bus"), ("a", 110, 110.5, "walk"),
            ("a", 150, 170, "walk"), ("b", 0, 20, "car"), ("a", 90, 95, None)]  # fmt: skip
    labels = {name: np.array(values, object) for name, values in zip(("user_id", "start", "end", "mode"), zip(*rows))}
    for name in ("start", "end"):
        labels[name] = MORNING + (labels[name].astype(float) * MINUTE).astype(np.int64)
    truth = read_truth(tracks, labels)
    assert list(truth) == ["a"]
    known = truth["a"]
    assert [(b - MORNING) / MINUTE for b, _ in known.trips] == [0, 60]
    assert (np.array(known.stops) - MORNING).tolist() == [[20 * MINUTE, 60 * MINUTE], [80 * MINUTE, 110 * MINUTE]]
    assert len(known.unclear) == 2  # half a minute, and time without a fix


def test_a_run(tmp_path, capsys) -> None:
    from pyarrow import csv, table

    t = MORNING + np.arange(0, 120 * MINUTE, MINUTE // 4)
    x = np.interp((t - MORNING) / MINUTE, [0, 20, 60, 80, 120], [0, 9000, 9000, 0, 0])
    columns = {"user_id": ["7"] * len(t), "t": t, "lon": x / 111_320 + 10, "lat": np.full(len(t), 50.0)}
    csv.write_csv(table(columns), tmp_path / "tracks.csv")
    start, end = MORNING + minutes((0, 20), (20, 60), (60, 80), (80, 120)).T
    labels = {"user_id": [7] * 4, "start": start, "end": end, "mode": ["car", "stop", "car", "stop"]}
    csv.write_csv(table(labels), tmp_path / "labels.csv")
    asked = ["diary", "--tracks", str(tmp_path / "tracks.csv"), "--labels", str(tmp_path / "labels.csv")]
    main([*asked, "--output", str(tmp_path / "report")])
    found = json.loads((tmp_path / "report.json").read_text())
    for name in ("with the model", "without"):
        assert found[name]["stops"]["f1"] == found[name]["trips"]["f1"] == 1
    labels["user_id"] = [8] * 4
    csv.write_csv(table(labels), tmp_path / "labels.csv")
    assert run(main, asked) == 2
    assert "No user of" in capsys.readouterr().err
