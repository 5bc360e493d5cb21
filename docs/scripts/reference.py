# SPDX-License-Identifier: GPL-2.0-or-later
"""Write pages of docs/reference: commands from the model room, algorithms from QGIS's Processing
provider.

`make docs` writes all of them. algorithms needs QGIS and the staged plugin, the others need the
training packages.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections import Counter
from html import unescape
from importlib import import_module
from pathlib import Path
from textwrap import indent
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "resources/sample"
COMMANDS = {
    "Answers": ("forecast", "profiles", "regions", "embed", "diary", "flows", "fill"),
    "Models of your own": ("adapt", "finetune", "data.labelled", "pretrain", "export"),
    "Evaluation": tuple(f"evaluate.{name}" for name in ("forecast", "profiles", "regions")),
    "The synthetic city": ("synthetic",),
    "Parts of the model": ("shipped.retrieval.train", "shipped.fill.train"),
}
# What each algorithm is run with, so that its output fields can be listed.
EXAMPLES: dict[str, dict[str, Any]] = {
    "importtracks": {"SOURCE": "city_tracks.parquet"},
    "fillgaps": {"STEP": 0.5, "OUTPUT_TRACKS": "", "OUTPUT_AREAS": ""},
    "encounters": {},
    "diary": {"OUTPUT_STOPS": "", "OUTPUT_TRIPS": ""},
    "profileusers": {},
    "flows": {"SIZE": 2000, "MIN_USERS": 2, "OUTPUT_ZONES": "", "OUTPUT_MATRIX": ""},
    "scoreregions": {"REGIONS": "aracaju_regions.gpkg", "MIN_USERS": 3},
    "forecasttracks": {"HORIZON": 2, "STEP": 1, "OUTPUT_TRACKS": "", "OUTPUT_AREAS": ""},
    "backtest": {"HORIZON": 2, "STEP": 2},
    "similarusers": {"TARGET": "4"},
    "similarregions": {"REGIONS": "aracaju_regions.gpkg", "TARGET": "$id = 1", "MIN_USERS": 1},
    "embedtracks": {},
}  # fmt: skip
KINDS = {
    "source": "layer",
    "sink": "new layer",
    "fileDestination": "new file",
    "folderDestination": "new folder",
}
GENERATED = "<!-- Written by `make docs`. Do not edit: change the program's own help and run it again. -->\n"


class Found(BaseException):
    """A parser, caught on its way to read the arguments."""


def find_parser(module: str) -> argparse.ArgumentParser:
    """The parser that a command makes."""

    def caught(parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        raise Found(parser)

    names = ("parse_args", "parse_known_args")
    try:
        with patch.multiple(argparse.ArgumentParser, **dict.fromkeys(names, caught)):
            import_module(f"model.{module}").main([])
    except Found as found:
        return found.args[0]
    raise ValueError(f"model.{module} reads no arguments")


def commands() -> str:
    """The page of all commands."""
    parts = [
        GENERATED,
        "# Commands\n",
        "Run them in the repository with its Python, `.venv/bin/python`, after `make setup`.\n",
    ]
    for title, modules in COMMANDS.items():
        parts.append(f"## {title}\n")
        for module in modules:
            parser = find_parser(module)
            parts += [
                f"### `{parser.prog.removesuffix('.__main__')}`\n",
                _text(parser.description),
                _flags(parser),
            ]
            parts.append(_text(parser.epilog))
    return "\n".join(part for part in parts if part)


def _text(text: str | None) -> str:
    """A help text as paragraphs; indented lines are code."""
    lines = (text or "").split("\n")
    return (
        "\n".join(
            f"    {line.strip()}" if line.startswith("  ") else _escape(line) for line in lines
        ).strip("\n")
        + "\n"
    )


def _escape(text: str) -> str:
    return re.sub(r"([*<>|])", r"\\\1", text)


def _flags(parser: argparse.ArgumentParser) -> str:
    rows = ["| argument | meaning |", "|---|---|"]
    for action in parser._actions:
        if action.dest == "help":
            continue
        values = action.metavar or (
            "{" + ",".join(map(str, action.choices)) + "}"
            if action.choices
            else action.dest.upper()
        )
        values = " ".join(values) if isinstance(values, tuple) else str(values)
        values = f"{values} …" if action.nargs in ("+", "*") else values
        flag = ", ".join(action.option_strings) + ("" if action.nargs == 0 else f" {values}")
        meaning = (action.help or "") % {**vars(action), "prog": parser.prog}
        needed = " **Required.**" if action.required else ""
        rows.append(f"| `{flag.strip()}` | {_escape(meaning)}{needed} |")
    return "\n".join(rows) + "\n"


def algorithms(processing: Any, work: Path) -> str:
    """The page of all algorithms. processing: QGIS's module, with the provider in it. work: a
    folder for layers.
    """
    from qgis.core import QgsApplication

    every = QgsApplication.processingRegistry().providerById("raw").algorithms()
    rows = {a.id(): [_parameter(p) for p in a.parameterDefinitions()] + _figures(a) for a in every}
    count = Counter(row for of_one in rows.values() for row in of_one)
    common = [row for row, times in count.items() if 2 * times > len(every)]
    head = ["| parameter | kind | default | meaning |", "|---|---|---|---|"]
    parts = [
        GENERATED,
        "# Algorithms\n",
        "Common to most algorithms; the sections below list what each one adds.\n",
    ]
    parts += [*head, *common, ""]
    for algorithm in every:
        parts += [
            f"## {algorithm.displayName()} (`{algorithm.id()}`)\n",
            _markdown(algorithm.shortHelpString()) + "\n",
        ]
        parts += [*head, *(row for row in rows[algorithm.id()] if row not in common), ""]
        parts += _fields(processing, algorithm, work)
    return "\n".join(parts)


def _parameter(p: Any) -> str:
    from qgis.core import QgsProcessingParameterDefinition

    options = p.options() if p.type() == "enum" else []
    kind = " / ".join(f"`{option}`" for option in options) or KINDS.get(p.type(), p.type())
    default = "" if p.defaultValue() in (None, "") else f"`{p.defaultValue()}`"
    optional = " (optional)" if p.flags() & QgsProcessingParameterDefinition.FlagOptional else ""
    meaning = _escape(f"{p.description()}. {p.help()}".strip())
    return f"| `{p.name()}`{optional} | {kind} | {default} | {meaning} |"


def _figures(algorithm: Any) -> list[str]:
    """The outputs that are no parameters: counts and sentences."""
    own = {p.name() for p in algorithm.parameterDefinitions()}
    return [
        f"| `{o.name()}` | result |  | {o.description()}. |"
        for o in algorithm.outputDefinitions()
        if o.name() not in own
    ]


def _fields(processing: Any, algorithm: Any, work: Path) -> list[str]:
    """The fields of each output layer, from a run on the sample."""
    from qgis.core import QgsVectorLayer

    name = algorithm.id().partition(":")[2]
    if name not in EXAMPLES:
        return []
    values = {
        key: str(SAMPLE / v) if (SAMPLE / str(v)).is_file() else v
        for key, v in EXAMPLES[name].items()
    }
    if name != "importtracks":
        values["INPUT"] = str(SAMPLE / "aracaju_tracks.gpkg")
    outputs = [
        o
        for o in ("OUTPUT", *values)
        if o.startswith("OUTPUT") and algorithm.parameterDefinition(o)
    ]
    files = {o: str(work / f"{name}_{o}.gpkg") for o in outputs}
    processing.run(algorithm.id(), {**values, **files})
    rows = ["| layer | fields |", "|---|---|"]
    for output, path in files.items():
        fields = [
            f
            for f in QgsVectorLayer(path, output, "ogr").fields()
            if not f.name().startswith("fid")
        ]
        words = [f"`{f.name()}`" for f in fields]
        if "`e000`" in words:
            words = [*words[: words.index("`e000`") + 1], "…", words[-1]]
        rows.append(f"| `{output}` | {', '.join(words)} |")
    return [*rows, ""]


def _markdown(html: str) -> str:
    """A help text as Markdown: examples as code, the rest by its few tags."""
    parts = re.split(r"<pre>\n(.*?)\n</pre>", html, flags=re.DOTALL)
    return "\n\n".join(
        indent(unescape(part), "    ") if n % 2 else _prose(part) for n, part in enumerate(parts)
    ).strip()


def _prose(html: str) -> str:
    text = re.sub(r"\s+", " ", html).replace("*", r"\*")
    for pattern, mark in (
        (r"</?(b|strong)>", "**"), (r"</?(i|em)>", "*"), (r"</?code>", "`"), (r"<br ?/?>", "\n"),
        (r"<li>", "\n- "), (r"</?ul>|</?ol>|</li>", "\n"), (r"</?p>", "\n\n"), (r"<h\d>(.*?)</h\d>", r"\n\n**\1**\n\n"),
        (r"<a [^>]*>(.*?)</a>", r"\1"), (r"\n +", "\n"), (r" +\n", "\n"), (r"\n\n+- ", "\n- "), (r"\n\n+", "\n\n"),
    ):  # fmt: skip
        text = re.sub(pattern, mark, text)
    return text.strip()


def start_qgis() -> Any:
    """QGIS without a screen, in a profile of its own, with the staged plugin's provider."""
    os.environ["QGIS_CUSTOM_CONFIG_PATH"] = tempfile.mkdtemp()
    sys.path[:0] = [str(ROOT / "build"), "/usr/share/qgis/python/plugins"]
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    import processing
    from processing.core.Processing import Processing

    from raw_qgis_plugin.plugin import RawPlugin

    Processing.initialize()
    plugin = RawPlugin(None)
    plugin.initProcessing()
    processing.kept = application, plugin
    return processing


def main() -> None:
    """Write the pages that are named."""
    for name in sys.argv[1:]:
        if name == "algorithms":
            with tempfile.TemporaryDirectory() as folder:
                page = algorithms(start_qgis(), Path(folder))
        else:
            page = commands()
        (ROOT / "docs/reference" / f"{name}.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
