# SPDX-License-Identifier: GPL-2.0-or-later
"""Chinese and Portuguese: complete, compiled, and what QGIS shows in those languages."""

from __future__ import annotations

import importlib.util
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsApplication, QgsFeature, QgsProcessingException, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QTranslator

I18N = Path(__file__).parents[2] / "resources" / "i18n"
LANGUAGES = ("zh", "pt")
SAME_IN_BOTH = re.compile(r"\{[^}]*\}|<[^>]+>|\bin_domain\b|\bINPUT\b|\bREGIONS\b")


@pytest.fixture(autouse=True)
def english_again(staged: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each test."""
    from raw_qgis_plugin.core import errors

    for name in ("translate", "speaks"):
        monkeypatch.setattr(errors, name, getattr(errors, name))


@pytest.fixture(scope="module")
def update() -> Any:
    """What `make i18n` runs."""
    specification = importlib.util.spec_from_file_location("i18n_update", I18N / "update.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def texts(update: Any) -> list[str]:
    """Everything the plugin says, as `make i18n` reads it off the code."""
    found, unread = update.collect(update.PLUGIN)
    assert not unread, f"tr() or an error is given something that cannot be collected: {unread}"
    return found


@pytest.mark.parametrize(("code", "found"), [
    ('raise InputError("No {name}.", name=name)', ["No {name}."]), ('raise InputError("{why}", why=error)', []),
    ('words = "A." if a else "B."\n    raise InputError(words)', ["A.", "B."]), ('raise OSError(f"No {a}.")', []),
    ('raise InputError(f"No {name}.")', None), ('words = f"No {name}."\n    raise InputError(words)', None),
    ('raise InputError("No {what}.", what="such thing")', None), ("raise InputError(str(error))", None),
])  # fmt: skip
def test_a_message_that_cannot_be_translated_is_found(
    update: Any, tmp_path: Path, code: str, found: Any
) -> None:
    before, _ = update.collect(tmp_path)
    (tmp_path / "a.py").write_text(f"def f(a):\n    {code}\n")
    texts, unread = update.collect(tmp_path)
    assert bool(unread) == (found is None) and (unread or texts[len(before) :] == found)


def messages(language: str) -> dict[str, str]:
    root = ET.parse(I18N / f"raw_{language}.ts").getroot()
    return {m.findtext("source", ""): m.findtext("translation", "") for m in root.iter("message")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_with_the_same_values(texts: list[str], language: str) -> None:
    have = messages(language)
    assert len(texts) > 300
    assert not [text for text in texts if not have.get(text)], (
        "run `make i18n`, then translate what is unfinished"
    )
    assert 'type="unfinished"' not in (I18N / f"raw_{language}.ts").read_text(encoding="utf-8")
    assert not [
        t
        for t, said in have.items()
        if sorted(SAME_IN_BOTH.findall(t)) != sorted(SAME_IN_BOTH.findall(said))
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(qgis_app: Any, language: str) -> None:
    translator = QTranslator()
    assert translator.load(str(I18N / f"raw_{language}.qm"))
    QCoreApplication.installTranslator(translator)
    stale = [
        t for t, said in messages(language).items() if QCoreApplication.translate("RAW", t) != said
    ]
    QCoreApplication.removeTranslator(translator)
    assert not stale, f"run `make i18n`: {stale[:3]}"


@pytest.fixture(params=[("zh_CN", "软件包……", "用户画像"), ("zh-Hans", "软件包……", "用户画像"),
                        ("pt_BR", "Pacotes…", "Perfis de usuários")])  # fmt: skip
def speaking(request: pytest.FixtureRequest, staged: None) -> Iterator[tuple[str, str]]:
    from raw_qgis_plugin import translation

    translator = translation.install(request.param[0])
    assert translator is not None
    yield request.param[1:]
    QCoreApplication.removeTranslator(translator)


def test_menu_and_toolbox_speak_the_language(
    processing: Any, speaking: tuple[str, str], qgis_iface: Any
) -> None:
    from raw_qgis_plugin.gui.menu import RawMenu

    packages, profile = speaking
    menu = RawMenu(qgis_iface)
    try:
        said = {action.objectName(): action.text() for action in menu.actions.values()}
    finally:
        menu.remove()
    assert said["raw_environment"] == packages and said["raw_profileusers"] == f"{profile}…"
    algorithm = QgsApplication.processingRegistry().algorithmById("raw:profileusers")
    assert algorithm.displayName() == profile


def test_a_refusal_is_in_the_language(
    run: Any, make: Any, fixes: Any, speaking: tuple[str, str]
) -> None:
    """Before the run, and in it: words of core, filled in."""
    said = messages("pt" if speaking[0] == "Pacotes…" else "zh")
    for start, wrong, more in (
        ("Unknown time zone", {"TIMEZONE": "Mars"}, ""),
        ("There is no user", {}, "u00, u01, "),
    ):
        words = next(
            said[text]
            for text in said
            if text.startswith(start) and ("{known}" in text) == bool(more)
        )
        with pytest.raises(
            QgsProcessingException, match=re.escape(words.format(name="Mars", known=more)[:-1])
        ):
            run("raw:similarusers", **{"INPUT": make(fixes), "TARGET": "Mars", **wrong})


@pytest.mark.parametrize("speaking", [("zh_CN", "", "")], indirect=True)
def test_maps_speak_the_language(speaking: tuple[str, str], bundle: str) -> None:
    """Names of layers and legends, of the shipped heads too: they end on printed maps."""
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.layers import styling

    heads = open_bundle(bundle or None).heads
    styles = [styling.Profiles([head], unit) for unit in ("user", "track") for head in heads(unit)]
    styles += [styling.RegionScores([head]) for head in heads("region")] + [
        styling.Profiles([], "day")
    ]
    styles += [
        styling.Similar("u1"),
        styling.ForecastPoints(),
        styling.ForecastLines(),
        styling.ForecastAreas(),
    ]
    said = [words for style in styles for words in spoken(style)]
    assert len(said) > 20 and not [words for words in said if re.search("[a-z]{3}", words)]


def spoken(style: Any) -> list[str]:
    """The name and the legend of a layer of every answer, in the domain, outside and withheld."""
    shape = {"profile_tracks.qml": "LineString", "forecast_tracks.qml": "LineString", "regions.qml": "Polygon",
             "forecast_areas.qml": "Polygon"}.get(f"{style.qml}.qml", "Point")  # fmt: skip
    head = (getattr(style, "heads", None) or [{"name": "similarity", "kind": "number"}])[0]
    answers = ["unknown", *head["classes"]] if head.get("classes") else [1.0, 20.0, 300.0, None]
    kind = "string" if head.get("classes") else "double"
    fields = f"field={head['name']}:{kind}&field=in_domain:bool&field=suppressed:bool&field=horizon_min:double"
    layer = QgsVectorLayer(f"{shape}?{fields}&field=level:int", "layer", "memory")
    features = []
    for number, answer in enumerate(answers):
        for suppressed in (False, True):
            feature = QgsFeature(layer.fields())
            feature.setAttributes([answer, bool(number % 2), suppressed, float(number), 50])
            features.append(feature)
    layer.dataProvider().addFeatures(features)
    style.apply(layer)
    return [layer.name(), *(item.label() for item in layer.renderer().legendSymbolItems())]


def test_the_language_of_a_command_line_is_spoken_and_one_that_is_not_there_is_english(
    staged: None,
) -> None:
    """As of qgis --lang pt_BR, which QGIS itself speaks whatever its settings say."""
    from raw_qgis_plugin import translation
    from raw_qgis_plugin.core import errors
    from raw_qgis_plugin.tasks.child_side import translator as of_a_training

    assert translation.install("fi") is None and translation.install("en_US") is None
    before = QgsApplication.instance().translation()
    QgsApplication.setTranslation("pt_BR")
    translator = translation.install()
    said = QCoreApplication.translate("RAW", "Packages…")
    QCoreApplication.removeTranslator(translator)
    QgsApplication.setTranslation(before)
    assert (
        said == of_a_training(errors.speaks)("Packages…") == "Pacotes…"
        and of_a_training("")("Days") == "Days"
    )
