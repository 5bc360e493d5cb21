# SPDX-License-Identifier: GPL-2.0-or-later
"""Models from elsewhere in QGIS: they run in a process of their own, until the user cancels or trusts them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attacks.bundles import put_head, spoilt, unpacked
from attacks.graphs import products

from .waiting import until


@pytest.fixture(autouse=True)
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A register of own graphs that is empty."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def test_a_model_from_elsewhere_answers_as_a_trusted_one(
    run: Callable, make: Callable, fixes: Any, tmp_path: Path
) -> None:
    from raw_qgis_plugin.core.bundle import own

    folder = unpacked(tmp_path / "bundle")
    foreign = run("raw:profileusers", INPUT=make(fixes), MODEL=str(folder)).rows()
    own.remember(own.graphs_of(folder))
    trusted = run("raw:profileusers", INPUT=make(fixes), MODEL=str(folder)).rows()
    assert [row["drives"] for row in foreign] == [row["drives"] for row in trusted]
    assert [row["metres"] for row in foreign] == pytest.approx([row["metres"] for row in trusted], rel=1e-4)


def test_cancel_ends_a_graph_without_end(
    run: Callable, make: Callable, fixes: Any, tmp_path: Path, feedback: Any, outcome: Callable
) -> None:
    folder, pressed = spoilt(put_head(lambda _: products(4000, False)), tmp_path / "bundle", random.Random(0)), []

    def press() -> None:
        pressed.append(time.monotonic())
        feedback.cancel()

    timer = threading.Timer(5.0, press)
    timer.start()
    run("raw:profileusers", INPUT=make(fixes), MODEL=str(folder))
    timer.cancel()
    assert pressed, feedback.errors
    waited = time.monotonic() - pressed[0]
    assert waited < 2.0
    outcome(
        "in QGIS, a graph without end, cancelled", wanted="within 2 s", now=f"within {waited:.1f} s", in_020="never"
    )


def test_the_models_window_trusts_a_model(qgis_iface: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from raw_qgis_plugin.core.bundle import library
    from raw_qgis_plugin.gui.windows import models

    monkeypatch.setattr(models, "models_folder", lambda: tmp_path / "models")
    made = library.add(unpacked(tmp_path / "bundle"), tmp_path / "models", "theirs")
    dialog = models.ModelsDialog(SimpleNamespace(iface=qgis_iface, models_changed=lambda: None))
    until(lambda: len(dialog.entries) == 2)
    trust = dialog.buttons_by_name["trust"]
    assert not trust.isEnabled()  # the shipped one
    dialog.list.setCurrentRow(1)
    assert dialog.entry().path == made and trust.isEnabled()
    dialog.trust(ask=False)
    until(lambda: dialog.entry() is not None and dialog.entry().own and not trust.isEnabled())
    dialog.close()
    dialog.deleteLater()  # the menu does, which is not here
