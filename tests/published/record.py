# SPDX-License-Identifier: GPL-2.0-or-later
"""What RAW publishes: names that other people's scripts, models, projects and profiles hold.

    PYTHONPATH=CHECKOUT QT_QPA_PLATFORM=offscreen .venv/bin/python tests/published/record.py

writes published.json beside this file. It was recorded at b64f30a (0.2.0), and is recorded again with each release. In
between the tests ask that today's code has all of it (`missing`).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import runpy
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from raw_qgis_plugin.core.paths import ROOT

FILE = Path(__file__).with_name("published.json")
_COMMANDS = """
adapt calibrate contrastive embed export finetune forecast hardware neighbours pretrain profiles raw_paper regions sizes
ways evaluate.forecast evaluate.profiles evaluate.regions evaluate.probes synthetic synthetic.report synthetic.segments
"""
COMMANDS = _COMMANDS.split()
OF_THE_MACHINE = ("processes",)  # arguments whose defaults differ
TYPES = {1: "bool", 2: "int", 4: "longlong", 6: "double", 10: "text", 16: "datetime"}  # of Qt
T0 = 1_600_000_000_000
TEMPORARY = "TEMPORARY_OUTPUT"


# ---- the commands -------------------------------------------------------------------------------------------------


class Parsed(Exception):
    """Raised in the place of parsing arguments."""


@contextlib.contextmanager
def instead_of_parsing() -> Iterator[None]:
    """Stop commands where they would parse their arguments, but for those that hand over to others."""
    before = argparse.ArgumentParser.parse_known_args

    def stop(parser: argparse.ArgumentParser, *given: Any) -> Any:
        if parser._subparsers is not None or not parser._actions:
            return before(parser, *given)
        raise Parsed(parser)

    argparse.ArgumentParser.parse_known_args = stop
    try:
        yield
    finally:
        argparse.ArgumentParser.parse_known_args = before


def command(name: str) -> dict[str, Any]:
    """The flags and positional arguments of `python -m model.NAME`; `evaluate.forecast` is `evaluate forecast`."""
    package, _, what = name.partition(".")
    module, words = (f"model.{package}", [what]) if package == "evaluate" else (f"model.{name}", [])
    before, sys.argv = sys.argv, [module, *words]
    try:
        with instead_of_parsing(), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # that it was imported before, by another one
            runpy.run_module(module, run_name="__main__", alter_sys=False)
    except Parsed as stopped:
        parser = stopped.args[0]
    finally:
        sys.argv = before
    found = {}
    for action in parser._actions:
        if "--help" in action.option_strings:
            continue
        facts = {
            "nargs": action.nargs, "default": action.default, "required": action.required or None,
            "choices": list(action.choices) if action.choices is not None else None,
        }  # fmt: skip
        if action.dest in OF_THE_MACHINE:
            facts["default"] = None
        elif isinstance(action.default, Path):
            facts["default"] = action.default.relative_to(ROOT).as_posix()
        said = {key: value for key, value in json.loads(json.dumps(facts, default=str)).items() if value is not None}
        found |= dict.fromkeys(action.option_strings or [action.dest], said)
    return found


# ---- the provider -------------------------------------------------------------------------------------------------


def provider() -> dict[str, Any]:
    """Parameters and outputs of the algorithms, by id."""
    from qgis.core import QgsApplication, QgsProcessingParameterDefinition

    found: dict[str, Any] = {}
    for algorithm in QgsApplication.processingRegistry().providerById("raw").algorithms():
        parameters = {}
        for p in algorithm.parameterDefinitions():
            facts: dict[str, Any] = {"type": p.type(), "default": p.defaultValue()}
            facts["optional"] = bool(p.flags() & QgsProcessingParameterDefinition.FlagOptional)
            if p.type() == "enum":
                facts["options"] = p.options()
            parameters[p.name()] = facts
        outputs = {o.name(): o.type() for o in algorithm.outputDefinitions()}
        found[algorithm.id()] = {"parameters": parameters, "outputs": outputs}
    return found


def fields(run: Callable[..., dict[str, list[str]]], folder: Path) -> dict[str, list[str]]:
    """Geometry and fields, each with its type, of every output, by algorithm and what it was asked for."""
    table = folder / "fixes.csv"
    table.write_text("user;time;lat;lon\n" + "".join(f"a;{T0 // 1000 + i};39.9;{116 + i / 1e3}\n" for i in range(9)))
    few, trip, all_heads = tracks(), {"TRACK_FIELD": "trip"}, {"EXPERIMENTAL": True}
    ahead = {"INPUT": few, "HORIZON": 5, "STEP": 5}
    asked = {
        "importtracks": {"SOURCE": str(table)},
        "profileusers": {"INPUT": few, **all_heads},
        "profileusers track": {"INPUT": few, "UNIT": "track", **trip},
        "profileusers day": {"INPUT": few, "UNIT": "day"},
        "embedtracks": {"INPUT": few, "UNIT": "user"},
        "embedtracks track": {"INPUT": few, "UNIT": "track", **trip},
        "embedtracks day": {"INPUT": few, "UNIT": "day"},
        "forecasttracks": {**ahead, "OUTPUT_TRACKS": TEMPORARY, "OUTPUT_AREAS": TEMPORARY},
        "backtest": {**ahead, "FOLDS": 2},
        "scoreregions": {"INPUT": few, "REGIONS": regions(), "MIN_USERS": 1, "OUTPUT_WEEK": TEMPORARY, **all_heads},
        "similarregions": {"INPUT": few, "REGIONS": regions(), "TARGET": "1", "K": 1},
        "similarusers": {"INPUT": few, "TARGET": "u1", "K": 2},
    }
    found = {}
    for words, parameters in asked.items():
        outputs = run(f"raw:{words.partition(' ')[0]}", **{"OUTPUT": TEMPORARY, **parameters})
        found |= {f"raw:{words} {name}": columns for name, columns in outputs.items()}
    return found


def runner() -> Callable[..., dict[str, list[str]]]:
    """Run an algorithm -> the fields of its layers."""
    import processing
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject, QgsVectorLayer, QgsWkbTypes

    def run(algorithm: str, **parameters: Any) -> dict[str, list[str]]:
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        done = processing.run(algorithm, parameters, context=context, feedback=QgsProcessingFeedback())
        layers = {name: context.getMapLayer(value) if isinstance(value, str) else value for name, value in done.items()}
        return {
            name: [QgsWkbTypes.displayString(layer.wkbType()), *in_short(map(typed, layer.fields()))]
            for name, layer in layers.items() if isinstance(layer, QgsVectorLayer)
        }  # fmt: skip

    return run


def typed(field: Any) -> str:
    """A field's name and type."""
    return f"{field.name()} {TYPES[int(getattr(field.type(), 'value', field.type()))]}"


def in_short(columns: Iterable[str]) -> list[str]:
    """Of the columns of embeddings the first and the last."""
    columns = list(columns)
    numbered = [column for column in columns if re.match(r"e\d{3} ", column)]
    return [column for column in columns if column not in numbered[1:-1]]


def tracks() -> Any:
    """A layer of twelve people who walk to and fro for forty minutes."""
    from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsVectorLayer

    layer = QgsVectorLayer(
        "Point?crs=EPSG:4326&field=user_id:string&field=t:string&field=trip:integer", "fixes", "memory"
    )
    features = []
    for user in range(12):
        for i in range(40):
            feature = QgsFeature(layer.fields())
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(T0 // 1000 + 60 * i))
            feature.setAttributes([f"u{user}", moment, i // 20])
            feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(116.4 + user / 1999 + abs(20 - i) / 2e3, 39.9)))
            features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def regions() -> Any:
    """A layer of two squares, with a name and a field named as a result is."""
    from qgis.core import QgsFeature, QgsGeometry, QgsRectangle, QgsVectorLayer

    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string&field=n_users:integer", "regions", "memory")
    for west in (116.39, 116.408):
        feature = QgsFeature(layer.fields())
        feature.setAttributes(["a square", 3])
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(west, 39.8, west + 0.018, 40)))
        layer.dataProvider().addFeatures([feature])
    return layer


# ---- the rest of the plugin ---------------------------------------------------------------------------------------


def expressions() -> dict[str, Any]:
    """Functions of QGIS's expressions: parameters, and the defaults of those that may be left out."""
    from raw_qgis_plugin.expressions import Registered

    registered = Registered()
    try:
        return {
            f.name(): {p.name(): {"optional": p.optional(), "default": p.defaultValue()} for p in f.parameters()}
            for f in registered.functions
        }
    finally:
        registered.close()


def settings() -> dict[str, Any]:
    """What a user sets once for all projects: keys in QGIS's settings and values until somebody sets them."""
    from raw_qgis_plugin.gui.menu import DOCK_OPEN
    from raw_qgis_plugin.gui.settings import settings as own

    entries = [entry for entry in vars(own()).values() if hasattr(entry, "key")]
    return {entry.key(): entry.defaultValueAsVariant() for entry in entries} | {DOCK_OPEN: False}


def user_folder() -> list[str]:
    """Where a user's own things lie in QGIS's profile."""
    from qgis.core import QgsApplication

    from raw_qgis_plugin.environment import folders

    profile = Path(QgsApplication.qgisSettingsDirPath())
    places = (
        folders.user_folder,
        folders.models_folder,
        folders.runs_folder,
        folders.cache_folder,
        folders.venv_folder,
    )
    return [place().relative_to(profile).as_posix() for place in places]


def run_folder(folder: Path) -> list[str]:
    """The files of a training run."""
    from raw_qgis_plugin.tasks.child import Child

    child = Child.start("platform", [], folder, needs=())
    while child.running:
        time.sleep(0.05)
    return sorted(path.name for path in folder.iterdir())


def formats() -> list[str]:
    """What the kinds of input are called."""
    try:
        from raw_qgis_plugin.core.sources.readers import FORMATS
    except ImportError:  # 0.2.0
        from raw_qgis_plugin.core.sources import FORMATS
    return list(FORMATS)


# ---- comparing ----------------------------------------------------------------------------------------------------


def missing(published: Any, have: Any, where: str = "") -> list[str]:
    """What is published and not there, or there otherwise: a line each. What is new is no matter.

    Of a list all must be there, in the same order. What had to be given ('required', not 'optional') need not be now. A
    line may have become one of several parts: it is cut at gaps.
    """
    if isinstance(published, dict):
        lines = []
        for name, value in published.items():
            kept_elsewhere = isinstance(have, dict) and have.get(name) == argparse.SUPPRESS  # as a class's default is
            if kept_elsewhere or (name, value) in (("required", True), ("optional", False)):
                continue
            there = f"{where} {name}".strip()
            if not isinstance(have, dict) or name not in have:
                lines.append(f"{there} is gone")
            else:
                lines += missing(value, have[name], there)
        return lines
    if isinstance(published, list):
        line = "LineString" in published
        rest = iter("LineString" if line and each == "MultiLineString" else each for each in have or [])
        return [f"{where}: {each} is gone, or elsewhere" for each in published if each not in rest]
    return [] if published == have else [f"{where}: {published!r} became {have!r}"]


def main() -> None:
    """Write the list."""
    import tempfile

    sys.path.append("/usr/share/qgis/python/plugins")
    from qgis.core import QgsApplication

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = QgsApplication([], True, name)
        app.initQgis()
        from processing.core.Processing import Processing

        from raw_qgis_plugin.plugin import RawPlugin

        Processing.initialize()
        plugin = RawPlugin(None)
        plugin.initProcessing()
        found = {
            "recorded at": "b64f30a (0.2.0)",
            "algorithms": provider(),
            "fields": fields(runner(), folder),
            "expressions": expressions(),
            "settings": settings(),
            "user folder": user_folder(),
            "run folder": run_folder(folder / "raw" / "runs" / "one"),
            "formats": formats(),
            "commands": {name: command(name) for name in COMMANDS},
        }
        plugin.unload()
        text = json.dumps(found, indent=1, ensure_ascii=False)
        for ends in ("[]", "{}"):  # what holds nothing else goes into a line
            text = re.sub(rf"\{ends[0]}[^][{{}}]*\{ends[1]}", lambda whole: " ".join(whole[0].split()), text)
        FILE.write_text(text + "\n", "utf-8")
        print(FILE)
        app.exitQgis()


if __name__ == "__main__":
    main()
