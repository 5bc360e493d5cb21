# SPDX-License-Identifier: GPL-2.0-or-later
"""The first pages of the training dialog without a desktop: what is asked is what the training is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsVectorLayer


def test_typical_ways_are_left_out_where_somebody_says_so(staged: Any, tmp_path: Path) -> None:
    from raw_qgis_plugin.gui.training.pages import DataPage, ModelPage, QuestionPage
    from raw_qgis_plugin.tasks.training import pretraining_arguments

    question = QuestionPage(DataPage(QgsVectorLayer("Point?crs=EPSG:4326", "fixes", "memory")))
    page = ModelPage(question)
    question.go_on.setChecked(True)
    assert page.ways.isVisibleTo(page) and page.ways.isChecked() and "three or more people" in page.ways.toolTip()
    page.init.setCurrentIndex(page.init.findData("none"))
    assert not page.ways.isVisibleTo(page)  # a model from nothing has none
    question.teach.setChecked(True)
    assert not page.ways.isVisibleTo(page)
    told = [
        pretraining_arguments(tmp_path, "shipped", "raw-small", 1.0, "auto", "mine", ways) for ways in (True, False)
    ]
    assert [a for a in told[1] if a not in told[0]] == ["--no-typical-ways"]
