# SPDX-License-Identifier: GPL-2.0-or-later
"""Two drawn regions beside each other, what is withheld of them, and the check before they are published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qgis import utils
from qgis.core import QgsRectangle
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QGridLayout, QLabel, QPushButton

from .tabs import HOME, draw


def test_a_comparison_shows_which_figures_differ(regions: Any) -> None:
    low, high = draw(regions), draw(regions, HOME.buffered(0.01))
    name = regions._bundle().heads("region")[0]["name"]
    for a, b, words in ((0.0, 2.0, "not distinguishable"), (9.0, 12.0, "−")):
        low.view.columns.update({name: 1.0, f"{name}_low": 0.0, f"{name}_high": 4.5})
        high.view.columns.update({name: b, f"{name}_low": a, f"{name}_high": 13.0})
        regions.table.selectAll()
        said = [label.text() for label in regions.show_comparison().findChildren(QLabel)]
        assert any(words in text for text in said[: said.index("<b>Region 1</b>", 4)])


def table_of(dialog: Any) -> list[list[str]]:
    grid = dialog.findChild(QGridLayout)
    rows, columns = range(1, grid.rowCount()), range(grid.columnCount())
    return [[grid.itemAtPosition(row, column).widget().text() for column in columns] for row in rows]


def test_regions_are_compared_without_a_head_by_what_may_be_shown(
    regions: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from raw_qgis_plugin.gui.widgets.charts import WeekStrip

    small, large = draw(regions), draw(regions, HOME.buffered(0.01))
    a, b = small.view, large.view
    regions.table.selectAll()
    dialog = regions.show_comparison()
    found = {title: cells for title, *cells in table_of(dialog)[:6]}
    assert list(found) == ["People", "Fixes", "Visits", "Median visit, minutes", "Area, km²", "People per km²"]
    assert found["People"][:2] == [str(a.n_users), str(b.n_users)]
    assert found["Fixes"] == [f"{a.n_points:,}", f"{b.n_points:,}", f"−{b.n_points - a.n_points:,}"]
    assert found["Visits"][0] == f"{a.n_visits:,}" and float(found["Median visit, minutes"][0]) > 0
    said = [label.text() for label in dialog.findChildren(QLabel)]
    assert sum("have no interval" in words for words in said) == 1
    strips = dialog.findChildren(WeekStrip)
    assert len(strips) == 2 and {strip.most for strip in strips} == {max(int(x.week.max()) for x in (a, b))}
    box = dialog.findChild(QDialogButtonBox)
    kinds = {box.standardButton(button) for button in box.buttons()}
    assert kinds >= {box.StandardButton.Close, box.StandardButton.Help}
    page = tmp_path / "both.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(page), ""))
    bar = QgsMessageBar()
    monkeypatch.setattr(utils, "iface", SimpleNamespace(messageBar=lambda: bar))
    dialog.findChild(QPushButton, "raw_compare_save").click()
    assert str(page) in bar.currentItem().text()
    html = page.read_text("utf-8")
    assert "Region 1 and Region 2" in html and html.count("<img") >= 2 and f"{b.n_points:,}" in html
    box.button(box.StandardButton.Help).click()
    (help_window,) = dialog.findChildren(QDialog, "raw_help")
    assert "scoreregions" in help_window.browser.source().toString()
    box.button(box.StandardButton.Close).click()
    assert not dialog.isVisible()


def test_a_comparison_withholds_as_the_cards_do_and_names_missing_hours_once(regions: Any) -> None:
    shown = draw(regions, HOME.buffered(0.05))
    hidden = draw(regions, QgsRectangle(100.0, 39.9, 100.01, 39.91))  # nobody
    assert hidden.view.suppressed
    regions.table.selectAll()
    found = {title: cells for title, *cells in table_of(regions.show_comparison())}
    assert all(found[title][1:] == ["withheld", ""] for title in ("People", "Fixes", "Visits", "People per km²"))
    assert found["Fixes"][0] == f"{shown.view.n_points:,}" and "withheld" not in found["Area, km²"]
    hidden.view = replace(shown.view, week=np.full((7, 24), -1))
    shown.view = replace(shown.view, week=np.full((7, 24), -1))
    said = [label.text() for label in regions.show_comparison().findChildren(QLabel)]
    assert sum("No hour of the week" in words for words in said) == 1
    assert not any("People by hour" in words for words in said)


def test_a_comparison_says_which_labels_are_withheld_in_which_region(regions: Any) -> None:
    one, other = draw(regions), draw(regions, HOME.buffered(0.01))
    first, second = regions._bundle().heads("user")[:2]
    for region, mix in ((one, {"yes": 12, "no": None}), (other, {"no": 14, "yes": None})):
        region.view = replace(region.view, n_users=20, mix={first["name"]: mix, second["name"]: {"yes": 20}})
    other.view.mix[second["name"]] = {"yes": 15, "no": 5}
    regions.table.selectAll()
    found = [cells[1:] for cells in table_of(regions.show_comparison())[6:10]]
    assert found[:2] == [["60%", "withheld", ""], ["withheld", "70%", ""]]
    assert found[2:] == [["100%", "75%", "+25 points"], ["0%", "25%", "−25 points"]]


def test_labels_that_are_withheld_are_explained(regions: Any) -> None:
    from raw_qgis_plugin.gui.widgets.charts import MixBar

    region = draw(regions)
    head = regions._bundle().heads("user")[0]
    region.view.mix[head["name"]] = {"yes": 12, "no": None}
    regions.book.min_users = 10
    regions._show_card()
    bar = next(bar for bar in regions.card.findChildren(MixBar) if "withheld" in bar.parts[-1][0])
    assert bar.parts[-1][0] == "withheld"
    said = [label.text() for label in regions.card.findChildren(QLabel)]
    assert sum("Withheld: labels of fewer than 10 people each" in words for words in said) == 1


def test_the_check_has_close_and_help(regions: Any) -> None:
    draw(regions)
    dialog = regions.show_check()
    box = dialog.findChild(QDialogButtonBox)
    box.button(box.StandardButton.Help).click()
    (help_window,) = dialog.findChildren(QDialog, "raw_help")
    assert "publishcheck" in help_window.browser.source().toString()
    box.button(box.StandardButton.Close).click()
    assert not dialog.isVisible()
