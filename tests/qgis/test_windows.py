# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin's windows: they open where something is missing, and are deleted when they are closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QMessageBox,
    QPushButton,
)

from .waiting import until


@pytest.fixture
def menu(
    processing: Any, qgis_iface: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Any]:
    """The menu, with no training runs."""
    from raw_qgis_plugin.gui.menu import RawMenu
    from raw_qgis_plugin.tasks import child

    (tmp_path / "runs").mkdir()
    monkeypatch.setattr(child, "runs_folder", lambda: tmp_path / "runs")
    menu = RawMenu(qgis_iface)
    yield menu
    if menu.actions:  # the test may have removed it
        menu.remove()


def test_every_action_stands_in_one_group_and_the_toolbar_is_short(menu: Any) -> None:
    from raw_qgis_plugin.gui.menu import TOOLBAR, groups

    named = [name for _, names in groups() for name in names if name in menu.actions]
    assert sorted(named) == sorted(menu.actions) and len(menu.entries) < 12
    assert menu.entries[0].objectName() == "raw_sample"
    shown = [action.objectName() for action in menu.toolbar.actions()]
    assert shown == [f"raw_{name}" for name in TOOLBAR] and len(shown) <= 7 and "raw_map" in shown


def test_every_window_has_close_help_and_a_title_alike(menu: Any) -> None:
    for name in ("train", "models", "environment"):
        window = menu.open_window(name)
        box = window.findChild(QDialogButtonBox)
        assert window.windowTitle().startswith("RAW – ")
        box.button(QDialogButtonBox.StandardButton.Help).click()
        page = window.findChild(QDialog, "raw_help")
        assert page.isVisible() and len(page.browser.toPlainText()) > 100
        page.close()
        box.button(QDialogButtonBox.StandardButton.Close).click()
        assert not window.isVisible()
        assert menu.open_window(name) is menu.open_window(name), (
            "of two of packages, both would install"
        )


def test_diagnose_copies_a_report(menu: Any) -> None:
    window = menu.open_window("environment")
    QApplication.clipboard().clear()
    button = next(b for b in window.findChildren(QPushButton) if b.text() == "Diagnose")
    button.click()
    until(lambda: QApplication.clipboard().text())
    text = QApplication.clipboard().text()
    assert text.startswith("### RAW for QGIS 1.0.0") and "| Model on CPU | runs on CPU" in text
    assert "Last errors" in text or "No errors" in text
    assert str(Path.home()) not in text
    window.close()


@pytest.mark.parametrize("replace", [True, False])
def test_a_name_with_a_dot_gets_its_suffix_and_no_other_file_is_replaced(
    menu: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, replace: bool
) -> None:
    from raw_qgis_plugin.gui.widgets.card import save_file

    written, asked, proposed, chosen = [], [], [], str(tmp_path / "Region 1.5 km")
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *said: (proposed.append(said[2]) or chosen, "")
    )
    answer = QMessageBox.StandardButton.Yes if replace else QMessageBox.StandardButton.No
    monkeypatch.setattr(QMessageBox, "question", lambda *said: asked.append(said[2]) or answer)
    save = (None, "Save", "Region 1/5: where to?.html", "HTML (*.html)", written.append)
    save_file(*save)
    assert (
        written == [Path(f"{chosen}.html")]
        and not asked
        and proposed == ["Region 1_5_ where to_.html"]
    )
    Path(f"{chosen}.html").touch()
    save_file(*save)
    assert (
        asked == ["Region 1.5 km.html exists already. Replace it?"] and len(written) == 1 + replace
    )


def test_another_known_ending_is_kept_and_a_missing_one_added(
    menu: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from raw_qgis_plugin.gui.widgets.dialog import file_to_write

    for chosen, path in (
        ("a.JPG", "a.JPG"),
        ("a.png", "a.png"),
        ("a.b", "a.b.png"),
        ("a", "a.png"),
    ):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, chosen=chosen: (chosen, ""))
        assert file_to_write(None, "Save", "map.png", "Pictures (*.png);;Photos (*.jpg)") == Path(
            path
        )


def test_closed_windows_are_deleted_and_open_ones_go_with_the_plugin(menu: Any) -> None:
    def there() -> list[str]:
        return sorted(w.objectName() for w in menu.iface.mainWindow().findChildren(QDialog))

    for _ in range(3):
        menu.open_window("train").close()
        menu.open_window("models").close()  # in the middle of its work
    until(lambda: not there())
    for name in ("train", "models"):
        menu.open_window(name)
    menu.windows[0].close()
    menu.remove()
    until(lambda: not there())


def test_the_packages_window_opens_where_qgis_has_no_python(
    menu: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from raw_qgis_plugin.environment import interpreter

    monkeypatch.setattr(interpreter, "_folders", lambda *_: [Path("/no/bin")])
    dialog = menu.open_window("environment")
    assert (
        dialog.isVisible() and "The Python of this QGIS was not found." in dialog.log.toPlainText()
    )
    for _ in range(2):
        dialog.install()
        assert (
            "The Python of this QGIS was not found." in dialog.summary.text()
            and dialog.bar.isHidden()
        )
    dialog.close()


def test_the_sample_leaves_the_project_where_the_profile_cannot_be_written(
    menu: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(
        QgsApplication, "qgisSettingsDirPath", staticmethod(lambda: "/dev/null/profile")
    )
    monkeypatch.setattr(
        type(menu.iface), "newProject", lambda *_: pytest.fail("the project is gone"), raising=False
    )
    assert menu.open_window("sample") is None


def test_an_import_is_cancelled_or_goes_on_when_its_window_is_closed(
    menu: Any, fixes: Any, tmp_path: Path
) -> None:
    rows = [
        f"{user},{t},{lon},{lat}"
        for user, t, lon, lat in zip(fixes.user_id, fixes.t, fixes.lon, fixes.lat)
    ]
    table = tmp_path / "people.csv"
    table.write_text("\n".join(["user,time,lon,lat", *rows]))
    dialog = menu.import_tracks()
    dialog.choose(str(table))
    assert menu.import_tracks() is dialog
    until(dialog.start.isEnabled)
    dialog.run()
    dialog.stop.click()
    until(lambda: dialog.running is None)
    assert (
        dialog.state.text() == "Cancelled. Nothing was written."
        and not QgsProject.instance().mapLayers()
    )
    dialog.run()
    dialog.close()
    until(lambda: QgsProject.instance().mapLayersByName("people"))
    assert QgsProject.instance().mapLayersByName("people")[0].featureCount() == len(rows)
    QgsProject.instance().clear()


PICTURES = ("![x](/dev/ptmx)", "![x](file:///dev/zero)", "![x](file://host/share/x.png)", "![x][y]\n\n[y]: /dev/ptmx",
            "<img src='/dev/ptmx'>", "!<b></b>[x](/dev/ptmx)", "[![x](/dev/ptmx)](http://127.0.0.1:9)")  # fmt: skip


def test_a_models_description_is_text_and_loads_nothing(
    menu: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    from raw_qgis_plugin.gui.widgets.dialog import CardView

    (tmp_path / "README.md").write_text("# A model\n\n" + "\n\n".join(PICTURES))
    asked: list[str] = []
    load = CardView.loadResource
    monkeypatch.setattr(
        CardView, "loadResource", lambda *said: asked.append(said[2].toString()) or load(*said)
    )
    view = CardView()
    view.show_card(tmp_path)
    view.resize(600, 400)
    view.show()
    QApplication.processEvents()
    assert (
        "A model" in view.toPlainText()
        and asked == []
        and not view.openLinks()
        and not view.openExternalLinks()
    )
    view.close()


def test_a_model_is_imported_and_removed(menu: Any, monkeypatch: Any, tmp_path: Path) -> None:
    from raw_qgis_plugin.core.paths import shipped_bundle
    from raw_qgis_plugin.gui.windows import models

    monkeypatch.setattr(models, "models_folder", lambda: tmp_path / "models")
    dialog = menu.open_window("models")
    until(lambda: dialog.entries)
    dialog.take(str(shipped_bundle() / "card.json"))
    until(lambda: len(dialog.entries) == 2)
    assert "This model forecasts" in dialog.card.toPlainText()
    (tmp_path / "bad.zip").write_bytes(b"no archive")
    dialog.take(str(tmp_path / "bad.zip"))
    until(lambda: "bad.zip is neither a folder nor a .zip" in dialog.note.text())
    dialog.remove(ask=False)
    until(lambda: len(dialog.entries) == 1)
    dialog.close()
