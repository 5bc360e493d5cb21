# SPDX-License-Identifier: GPL-2.0-or-later
"""Our calls that Qt 6 and QGIS 4 removed or that QGIS deprecates, and what qgis-plugin-analyzer finds.

`make api` runs it on the plugin as it is installed, in the QGIS of this machine; the newer that is,
the more is known as deprecated. Each finding is printed with the reason why it stays; without one it
counts, and the command ends with 1. Names that are missing in Qt 6, and enums without their scope,
are found by tests/qgis/test_names.py.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

# Rules of flake8-qgis, and of qgis-plugin-analyzer, whose findings stay, each with its reason.
EXPLAINED = {
    "QGS105": "the desktop is passed in, so that tests can give another",
    "QGS201": "adding a layer to the project says nothing that the layer did not say before",
    "QGS202": "found by the names of methods alone",
    "QGS402": "QgsField takes QMetaType from QGIS 3.38 on; before it, and there alone, QVariant",
    "MISSING_I18N": "it knows tr() alone; tests/qgis/test_translation.py fails while a text has none",
    "MAGIC_NUMBER": "comparisons with a count, whose sentence stands beside them",
    "MISSING_DOCSTRING": "methods that QGIS names (ruff's D rules hold for all others)",
    "GOD_OBJECT": "windows hold their widgets, tables their columns",
    "SPATIAL_INDEX": "all features of a layer of results are read, once",
    "POTENTIAL_MISSING_SLOT": "setProgress is QgsTask's",
    "UNSAFE_SUBPROCESS": "commands are lists without a shell, of programs found by full path",
    "METADATA_SUPPORTS_QT6": "QGIS 3 on Qt 6 refuses plugins without it; QGIS 4 does not read it",
}
MODULES = ("qgis.core", "qgis.gui", "qgis.analysis")
MODULES += tuple(f"qgis.PyQt.Qt{name}" for name in ("Core", "Gui", "Widgets", "Xml", "Network"))


def main(plugin: Path) -> int:
    """Print what each check finds; 1 where something has no explanation."""
    left = [
        *report("flake8-qgis", flake8(plugin)),
        *report("deprecated in this QGIS", deprecated(plugin)),
        *report("qgis-plugin-analyzer", analyzer(plugin)),
    ]
    print("\n".join(["", "Without an explanation:", *left] if left else ["", "All is explained."]))
    return int(bool(left))


def report(title: str, findings: Iterator[tuple[str, str]]) -> Iterator[str]:
    """Print the rules that found something; the findings that nothing explains. findings: of rule
    and text.
    """
    found = list(findings)
    print(f"{title}: {len(found)}")
    for rule, count in Counter(rule for rule, _ in found).most_common():
        print(f"  {count:5} {rule}: {EXPLAINED.get(rule) or '?'}")
    for rule, text in found:
        if rule not in EXPLAINED:
            yield f"  {text}"


def flake8(plugin: Path) -> Iterator[tuple[str, str]]:
    """What flake8-qgis finds: calls that Qt 6 has no longer are QGS4."""
    command = [sys.executable, "-m", "flake8", "--isolated", "--select=QGS", "."]
    done = subprocess.run(command, cwd=plugin, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        yield re.search(r" (QGS\d+) ", line)[1], line  # type: ignore[index]


def public_classes() -> Iterator[tuple[str, type]]:
    """Every class of QGIS and Qt with its name."""
    for name in MODULES:
        for kind in vars(import_module(name)).values():
            if isinstance(kind, type):
                yield kind.__name__, kind


def deprecated_members() -> dict[str, set[str]]:
    """Class.member by the member's name, of what this QGIS documents as deprecated in each class
    that has the name: of others nobody can say which is called. Their calls are errors in tests.
    """
    old = defaultdict(set)
    others = set()
    for owner, kind in public_classes():
        for name in dir(kind):
            about = getattr(getattr(kind, name, None), "__doc__", "") or ""
            if ".. deprecated::" in about:
                old[name].add(f"{owner}.{name}")
            else:
                others.add(name)
    return {name: members for name, members in old.items() if name not in others}


def deprecated(plugin: Path) -> Iterator[tuple[str, str]]:
    """Attributes of our code that have the name of a deprecated member."""
    members = deprecated_members()
    print(f"{sum(map(len, members.values()))} members of QGIS are deprecated in every class")
    for path in sorted(plugin.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "from qgis." in text else ():
            if isinstance(node, ast.Attribute) and node.attr in members:
                owners = ", ".join(sorted(members[node.attr]))
                yield node.attr, f"{path.relative_to(plugin)}:{node.lineno}: {owners}"


def analyzer(plugin: Path) -> Iterator[tuple[str, str]]:
    """What qgis-plugin-analyzer finds."""
    code = "import sys; from analyzer.main import main; sys.exit(main())"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", code, "analyze", "-r", "-o", folder, str(plugin)]
        subprocess.run(command, capture_output=True, text=True, check=False)
        context = json.loads(Path(folder, "project_context.json").read_text(encoding="utf-8"))
    for found in context["qgis_compliance"]["best_practices"]["issues"]:
        yield found["type"], f"{found['file']}:{found['line']}: {found['message']}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
