# SPDX-License-Identifier: GPL-2.0-or-later
"""The first pages of the training window without a desktop: the choices on them reach the training."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsProject, QgsVectorLayer

from .waiting import until


def test_a_training_without_a_user_field_says_what_that_means(staged: Any) -> None:
    """As after the field was renamed or deleted."""
    from raw_qgis_plugin.gui.training.pages import DataPage

    uri = "Point?crs=EPSG:4326&field=user_id:string&field=t:datetime"
    layer = QgsVectorLayer(uri, "fixes", "memory")
    QgsProject.instance().addMapLayer(layer)
    page = DataPage(layer, lambda: None)
    assert page.fields["user"].currentField() == "user_id" and page.alone.isHidden()
    page.fields["user"].setField("")
    assert not page.alone.isHidden() and "one person's" in page.alone.text()


HARDWARE = """import json, os, sys
assert os.environ["RAW_MARK"] == "passed on"
if "--preset" in sys.argv:
    print(json.dumps({"points_per_s": 1000.0}))
else:
    print(json.dumps({"name": "CPU", "device": "cpu", "memory_gb": 8, "fits": ["raw-nano", "raw-small"]}))
"""


def test_the_hardware_page_lists_devices_and_measures_their_speed(
    staged: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from raw_qgis_plugin.gui.training.hardware import HardwarePage
    from raw_qgis_plugin.gui.training.pages import DataPage, ModelPage, QuestionPage
    from raw_qgis_plugin.tasks import child

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "hardware.py").write_text(HARDWARE)
    monkeypatch.chdir(tmp_path)  # Python looks for modules there first
    monkeypatch.setattr(child, "python", lambda: Path(sys.executable))
    monkeypatch.setattr(child, "environment", lambda: {"PYTHONPATH": str(tmp_path), "RAW_MARK": "passed on"})
    question = QuestionPage(DataPage(QgsVectorLayer("Point?crs=EPSG:4326", "fixes", "memory"), lambda: None))
    page = HardwarePage(question, ModelPage(question), lambda: 90_000)
    assert page.problem() == "The training can start when the devices are found."
    page.show()
    until(lambda: page.found is not None or page.trouble)
    assert not page.trouble and page.device.currentText() == "CPU, 8 GB memory"
    page.measure_speed()
    until(lambda: page.pending is None)
    assert "1,000 fixes a second here: 1,800,000 in 30 minutes" in page.estimate.text()
    assert "each of your 90,000 fixes 20.0 times" in page.estimate.text()
    assert "About 36 minutes in all: 30 of training, then about 6 to calibrate" in page.estimate.text()  # slow: 1,000
    question.finetune.setChecked(True)
    assert "A label ends by itself, after 30 minutes at the latest." in page.estimate.text()
    assert page.model.budget.text() == "Train for at most" and "ends by itself" in page.model.note.text()
    question.adapt.setChecked(True)
    assert page.model.budget.text() == "Train for"


def test_the_hardware_page_says_that_no_python_was_found(staged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from raw_qgis_plugin.core.errors import RawError
    from raw_qgis_plugin.gui.training.hardware import HardwarePage
    from raw_qgis_plugin.gui.training.pages import DataPage, ModelPage, QuestionPage
    from raw_qgis_plugin.tasks import child

    def nowhere() -> Path:
        raise RawError("The Python of this QGIS was not found.")

    monkeypatch.setattr(child, "python", nowhere)
    question = QuestionPage(DataPage(QgsVectorLayer("Point?crs=EPSG:4326", "fixes", "memory"), lambda: None))
    page = HardwarePage(question, ModelPage(question), lambda: 1)
    page.show()
    until(lambda: page.pending is None)
    assert page.problem() == page.note.text() == "The Python of this QGIS was not found."


def test_what_comes_after_a_training_grows_with_the_data_to_a_limit(staged: Any) -> None:
    from raw_qgis_plugin.gui.training.hardware import minutes_after

    small, large, larger = (minutes_after(n, None) for n in (9_262, 1_000_000, 8_400_000))
    assert 3 < small < 4 and 8 < large == larger < 9
    assert 2.5 < minutes_after(8_400_000, 1e9) < 2.6, "teaching heads hardly depends on the network"


def test_missing_packages_are_named_on_the_first_page(staged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from raw_qgis_plugin.core import errors
    from raw_qgis_plugin.gui.training.pages import DataPage

    opened: list[bool] = []
    page = DataPage(
        QgsVectorLayer("Point?crs=EPSG:4326&field=t:datetime", "fixes", "memory"), lambda: opened.append(True)
    )
    assert "All packages" in page.packages.text()
    find = errors.find_spec
    monkeypatch.setattr(errors, "find_spec", lambda name: None if name == "torch" else find(name))
    page.check_packages()
    assert "torch" in page.packages.text() and "MB to download" in page.packages.text()
    assert page.problem() == "Install the packages that training needs first."
    page.install.click()
    assert opened


def test_the_hardware_page_names_a_missing_package(
    staged: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from raw_qgis_plugin.gui.training.hardware import HardwarePage
    from raw_qgis_plugin.gui.training.pages import DataPage, ModelPage, QuestionPage
    from raw_qgis_plugin.tasks import child

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "hardware.py").write_text("import a_package_that_is_missing")
    monkeypatch.chdir(tmp_path)  # Python looks for modules there first
    monkeypatch.setattr(child, "python", lambda: Path(sys.executable))
    monkeypatch.setattr(child, "environment", lambda: {"PYTHONPATH": str(tmp_path)})
    question = QuestionPage(DataPage(QgsVectorLayer("Point?crs=EPSG:4326", "fixes", "memory"), lambda: None))
    page = HardwarePage(question, ModelPage(question), lambda: 1)
    page.show()
    until(lambda: page.found is not None or page.trouble)
    assert "a_package_that_is_missing" in page.problem() and page.problem().startswith("Training needs")


def test_the_values_of_labels_are_no_markup(staged: Any) -> None:
    from raw_qgis_plugin.gui.training.pages import describe_labels
    from raw_qgis_plugin.tasks.training import Labels

    values = {("u", str(n)): ("<18", "R&D")[n % 2] for n in range(12)}
    assert describe_labels(Labels(values, False), "users") == "12 labelled users: <b>&lt;18</b> 6, <b>R&amp;D</b> 6"


def test_labels_come_from_the_current_table_or_a_file(session: Any, tmp_path: Path) -> None:
    from raw_qgis_plugin.gui.results import DockRun
    from raw_qgis_plugin.gui.training.pages import DataPage, QuestionPage

    def table(name: str) -> QgsVectorLayer:
        fields = "field=user_id:string&field=team:string"
        return QgsProject.instance().addMapLayer(QgsVectorLayer(f"NoGeometry?{fields}", name, "memory"))

    result, teams, staff = table("Backtest"), table("teams"), table("Staff")
    DockRun("backtest", "tracks", "2026-01-01 00:00:00.000", {}).mark(result)
    tracks = QgsProject.instance().addMapLayer(QgsVectorLayer("Point?field=user_id:string", "Aa", "memory"))
    data = DataPage(tracks, lambda: None)
    for current, proposed in ((teams, teams), (staff, staff), (result, teams), (None, teams)):
        page = QuestionPage(data, current)
        assert page.table.currentLayer() is proposed or (proposed is teams and page.table.currentLayer() is staff)
        assert page.table.currentLayer() is not result
    for layer in (teams, staff):
        QgsProject.instance().removeMapLayer(layer)
    page = QuestionPage(data, tracks)
    assert page.table.currentLayer() is tracks, "labels may be a field of the tracks"
    page.finetune.setChecked(True)
    file = tmp_path / "car owners.csv"
    file.write_text("user_id,owns_car\n" + "".join(f"u{n},{'yes' if n % 2 else 'no'}\n" for n in range(12)))
    page.load(str(file))
    until(lambda: page.labels is not None)
    assert page.table.currentLayer().name() == "car owners" and page.label.currentField() == "owns_car"
    assert page.note.text() == "12 labelled users: <b>no</b> 6, <b>yes</b> 6" and page.problem() == ""
    german = tmp_path / "Fuhrpark.csv"
    german.write_text("Antrieb;Kennung\n" + "".join(f"{'Strom' if n % 2 else 'Diesel'};u{n}\n" for n in range(12)))
    page.load(str(german))
    until(lambda: page.labels is not None)
    assert (page.key.currentField(), page.label.currentField()) == ("Kennung", "Antrieb"), "by its values"
    page.load(str(file))
    until(lambda: page.labels is not None)
    page.name.setText("evidence")
    assert "the name of a field that is there" in page.problem(), "the training would refuse it only after its start"
    page.name.setText("Owns car")
    assert "small letters" in page.problem()
    (tmp_path / "no table.csv").mkdir()
    page.load(str(tmp_path / "no table.csv"))
    assert "no table.csv cannot be opened" in page.note.text() and page.table.currentLayer().name() == "car owners"
