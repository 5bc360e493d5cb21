# SPDX-License-Identifier: GPL-2.0-or-later
"""The first pages of the training window without a desktop: the choices on them reach the training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsVectorLayer


def test_prototypes_are_left_out_on_request(staged: Any, tmp_path: Path) -> None:
    from raw_qgis_plugin.gui.training.pages import DataPage, ModelPage, QuestionPage
    from raw_qgis_plugin.tasks.training import pretraining_arguments

    question = QuestionPage(DataPage(QgsVectorLayer("Point?crs=EPSG:4326", "fixes", "memory")))
    page = ModelPage(question)
    box = page.prototypes
    question.adapt.setChecked(True)
    assert box.isVisibleTo(page) and box.isChecked() and "three or more people" in box.toolTip()
    page.init.setCurrentIndex(page.init.findData("none"))
    assert not box.isVisibleTo(page)  # a model from nothing has none
    question.finetune.setChecked(True)
    assert not box.isVisibleTo(page)
    stored, omitted = (
        pretraining_arguments(tmp_path, "shipped", "raw-small", 1.0, "auto", "mine", stored) for stored in (True, False)
    )
    assert [argument for argument in omitted if argument not in stored] == ["--no-typical-ways"]
