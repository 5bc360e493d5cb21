# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees beside a head's networks: the same answers in scikit-learn, PyTorch and NumPy, where they help."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

from model.head_training import trees
from model.head_training.examples import Examples
from model.head_training.train import train
from model.head_training.trees import SETTINGS, OnColumns, grow, trees_beside
from model.heads import Calibrated, Ensemble, Head, Task, arrays_of, predict
from raw_qgis_plugin.core.bundle import heads

TASKS = {
    "binary": Task("binary", ("no", "yes")), "classes": Task("classes", ("a", "b", "c")), "number": Task("number"),
}  # fmt: skip


def drawn(kind, n=400, columns=7, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, columns)).astype(np.float32)
    step = (np.abs(x[:, 0]) > 0.7).astype(int)
    return x, {"binary": step, "classes": step + (x[:, 1] > 1), "number": 10 + 3.0 * step}[kind]


@pytest.mark.parametrize("kind", TASKS)
def test_trees_answer_as_scikit_learn_does(kind, monkeypatch):
    boosted = []

    class Kept(trees.Trees):
        def __init__(self, model, *args):
            boosted.append(model)
            super().__init__(model, *args)

    monkeypatch.setattr(trees, "Trees", Kept)
    x, y = drawn(kind)
    ours = predict(grow(x, y, TASKS[kind], seed=3), x)
    if kind == "number":
        np.testing.assert_allclose(ours[:, 0], y.mean() + boosted[0].predict(x), atol=1e-4)
    else:
        np.testing.assert_allclose(ours, np.maximum(boosted[0].predict_log_proba(x), SETTINGS.least), atol=1e-4)


@pytest.mark.parametrize("kind", TASKS)
def test_the_arrays_of_a_bundle_answer_the_same(kind, tmp_path):
    x, y = drawn(kind)
    task, strength = TASKS[kind], np.array([0.5, *[1.0] * 6])
    parts = [Head(7, task.outputs), trees_beside(x, y, task, strength, seed=0)]
    blend = Ensemble(parts, [0.6, 0.4]).eval()
    head = Calibrated(blend, 0.7, 0.1).eval()
    save_file(arrays_of(head), tmp_path / "head.safetensors")
    written = heads.Head(tmp_path / "head.safetensors", 7, task.outputs)
    for rows in (x, x[:1]):
        np.testing.assert_allclose(written(rows), predict(head, rows), atol=1e-5)


def test_trees_see_the_facts_alone():
    x, y = drawn("binary")
    strength = np.array([1.0, 1.0, 0.4, 0.4, 0.4, 1.0, 0.4])
    head = trees_beside(x, y, TASKS["binary"], strength, seed=0)
    assert head.columns.tolist() == [0, 1, 5]


def examples(n):
    x, y = drawn("binary", n)
    every, label = np.ones(n, bool), np.array(["no", "yes"], object)[y]
    return Examples(x, x[:, 1:3].astype(float), label, np.arange(n), every, np.ones(n), np.ones(7), {})


def test_trees_join_where_they_help_and_labels_are_enough():
    head, _, card, _ = train(examples(400), {}, 0, 10.0)
    assert isinstance(head.head.members[-1], OnColumns) and card["metrics"]["head"]["accuracy"] > 0.85
    head, _, _, _ = train(examples(60), {}, 0, 10.0)
    assert [type(member) for member in head.head.members] == [Head]
