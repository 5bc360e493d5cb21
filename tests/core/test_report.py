# SPDX-License-Identifier: GPL-2.0-or-later
"""The report page: self-contained, escaped, numbers to the right."""

import re

from raw_qgis_plugin.core.evaluation.report import Page


def test_a_page_needs_nothing_from_outside(tmp_path):
    page = Page("A & B", "What it says.")
    page.heading("Errors")
    page.write(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text("utf-8")
    assert "<h1>A &amp; B</h1>" in text
    assert not re.search(r'(?:src|href)="(?!#)|url\((?!#)|@import', text)


def test_numbers_stand_to_the_right_and_words_to_the_left():
    page = Page("t")
    page.table(
        ["method", "mean (m)", "share"],
        [["model", 1234.56, "12 %"], ["other <b>", float("nan"), None]],
    )
    html = page.html()
    assert '<tr><td class="text">model</td><td>1,235</td><td>12 %</td></tr>' in html
    assert '<td class="text">other &lt;b&gt;</td><td>–</td><td>–</td></tr>' in html
