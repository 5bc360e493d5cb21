# SPDX-License-Identifier: GPL-2.0-or-later
"""Collect what the plugin says into raw_*.ts, for Qt Linguist: run by `make i18n`, which also
compiles them.

Qt's own pylupdate sees only literals inside tr(). Many of our texts stand in a class, a table or a
loop and are passed to tr() by name, so they are read off the syntax tree: literals in tr(); the
class attributes of TEXTS; the arguments of CALLS; and what a loop or comprehension over literals
passes to tr(). The shipped model's card says words of legends. Errors translate their first
argument: it is a literal too, or a name of literals, and its values hold no sentence.
"""

from __future__ import annotations

import ast
import builtins
import json
import re
import sys
import xml.etree.ElementTree as ET  # nosec B405 - our own files
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLUGIN = HERE.parents[1] / "raw_qgis_plugin"
MODEL = HERE.parents[1] / "model"  # what a training says is shown too
NOT_RUN = {"synthetic", "evaluate", "fill", "retrieval"}  # by the plugin, of the folders of model
# of core.errors; built-in ones are in BUILT_IN
ERROR = re.compile("[A-Z][A-Za-z]*Error|MissingLibrary|Cancelled")
BUILT_IN = {name for name in dir(builtins) if name.endswith("Error")}
PASSED_ON = {"ours[-1]"}  # an error that a training printed
CARD = HERE.parent / "models" / "raw-small" / "card.json"
CONTEXT = "RAW"
TEXTS = {"TITLE", "SUMMARY", "title", "about"}  # class attributes
CALLS = {  # positions of arguments that are passed on to tr()
    **{
        f"add_{kind}": (1, 2)
        for kind in ("layer", "field", "bundle", "sink", "sentence")
    },
    "option": (1, 2), "Window": (1, 2), "Table": (0,),
}  # fmt: skip
# Units and values of fields, which are words of the interface as well
MORE = (
    "user", "track", "day", "region", "walk", "bike", "motor", "rail", "yes", "no", "unknown",
    "use the model", "use a simple method", "nothing clearly beats staying",
    "too few cases to say", "no user", "no track", "no position", "impossible jump", "no time that can be read",
    "time before 1900 or after 2100", "position outside the world", "position known to over a kilometre only",
    "at the time of another fix of the same track", "at the time of another fix of the same user",
    "position 0, 0, which devices write without a signal",
    "Commuter", "Main mode of transport", "Rail user", "Trips a day", "Trips by rail", "per day", "a week", "Residents",
    "the only fix of a user", "the only fix of a track", "the only fix of a day", "unreadable row",
    "inside a quote that an earlier row opens", "in another layer of the file", "waypoint or point of a route",
    "raw signal of a timeline",
    "users", "tracks", "days", "regions", "forecasts", "time", "date", "accuracy", "position", "model", "simple",
    "Worth using", "It looks better than a simple method, but these cases do not prove it",
    "A simple method does as well or better", "It says little more than the same number for all would",
    "the same answer for all, the most frequent or the middle one: nearer than gradient boosting here",
    "gradient boosting on the numbers of users and fixes and the area",
    "gradient boosting on the features that need no network (speeds, turns, stops, hours, places, trips)",
    "Workers", "Share of commuters", "Share of trips: walk", "Share of trips: bike", "Share of trips: motor",
    "Share of trips: rail",
)  # fmt: skip


def main() -> int:
    """Update every .ts; says how many texts still lack a translation. Returns 1 where tr() has what
    cannot be read.
    """
    texts, unread = collect(PLUGIN)
    for problem in unread:
        print(f"cannot be translated: {problem}", file=sys.stderr)
    for path in sorted(HERE.glob("raw_*.ts")):
        missing = update(path, texts)
        print(f"{path.name}: {len(texts)} texts, {missing} without a translation")
    return 1 if unread else 0


def collect(folder: Path) -> tuple[list[str], list[str]]:
    """Every text under a folder, and the places where tr() is given what nothing is known of."""
    texts, unread = dict.fromkeys([*MORE, *card_words(), *said_by_trainings(MODEL)]), []
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py"))
    }
    tables = {name: value for tree in trees.values() for name, value in tables_of(tree)}
    for path, tree in trees.items():
        reader = Reader(tree, tables)
        texts |= dict.fromkeys(
            text for text in reader.texts if re.search(r"\w", re.sub(r"\{.*?\}", "", text))
        )
        unread += [f"{path.relative_to(folder)}:{line}" for line in reader.unread]
    return list(texts), unread


def card_words() -> Iterator[str]:
    """What the shipped model's card says in legends: titles, classes and units of measure of its
    heads.
    """
    for head in json.loads(CARD.read_text(encoding="utf-8"))["heads"]:
        yield from (
            words.replace("_", " ")
            for words in (head.get("title"), *(head.get("classes") or ()))
            if words
        )
        if head.get("unit_of_measure"):
            yield head["unit_of_measure"]


def is_error(call: ast.Call) -> bool:
    """Whether a call makes one of our errors."""
    name = getattr(call.func, "id", "")
    return bool(call.args) and ERROR.fullmatch(name) is not None and name not in BUILT_IN


def said_by_trainings(folder: Path) -> Iterator[str]:
    """What commands that the plugin runs say: in translated(), and errors that are literals and
    name no option.
    """
    paths = sorted(path for path in folder.rglob("*.py") if path.parent.name not in NOT_RUN)
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    tables = {name: value for tree in trees for name, value in tables_of(tree)}
    yield from (text for tree in trees for text in Reader(tree, tables).texts if "--" not in text)


def sentences(node: ast.expr) -> bool:
    """Whether the values of an error hold a sentence that nobody translates: two words in a literal
    or an f-string.
    """
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("tr", "translated"):
        return False
    if isinstance(node, ast.Constant):
        return (
            isinstance(node.value, str)
            and re.search(r"[A-Za-z]{2} +[A-Za-z]{2}", node.value) is not None
        )
    return any(
        sentences(child)
        for child in ast.iter_child_nodes(node)
        if isinstance(child, ast.expr | ast.keyword)
    )


class Reader(ast.NodeVisitor):
    """Reads one file."""

    def __init__(self, tree: ast.Module, tables: dict[str, ast.expr]) -> None:
        self.texts: list[str] = []
        self.unread: list[int] = []
        self.tables = tables
        # Names whose texts were read elsewhere: loop variables, parameters
        self.known: list[set[str]] = [{"unit", "choice", "plain"}]
        self.named: list[dict[str, list[ast.expr]]] = [{}]  # what each function assigns to a name
        self.visit(tree)

    def visit_Call(self, node: ast.Call) -> None:
        """tr("…"), and the calls that pass on."""
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in ("tr", "translated") and node.args:  # that of core
            found = list(self._literals(node.args[0]))
            self.texts += found
            if not found and not self._is_known(node.args[0]):
                self.unread.append(node.lineno)
        if is_error(node) and ast.unparse(node.args[0]) not in PASSED_ON:
            argument = node.args[0]
            given = (
                self.named[-1].get(argument.id, [])
                if isinstance(argument, ast.Name)
                else [argument]
            )
            found = [list(strings(each)) for each in given]
            self.texts += [text for each in found for text in each]
            if not found or not all(found) or any(sentences(value) for value in node.keywords):
                self.unread.append(node.lineno)
        for position in CALLS.get(name, ()):
            if position < len(node.args):
                self.texts += strings(node.args[position])
        self.generic_visit(node)

    def _literals(self, argument: ast.expr) -> Iterator[str]:
        """Of tr("…"), of tr(CONSTANT), of tr(TABLE[key]) every value of the table, of tr(words) all
        it was set to.
        """
        if isinstance(argument, ast.Subscript) and isinstance(argument.value, ast.Name):
            table = self.tables.get(argument.value.id)
            for value in getattr(table, "values", None) or getattr(table, "elts", []):
                yield from self._literals(value)
        if isinstance(argument, ast.Name):
            constant = [self.tables[argument.id]] if argument.id in self.tables else []
            for value in self.named[-1].get(argument.id, constant):
                yield from strings(value)
        yield from strings(argument)

    def _is_known(self, argument: ast.expr) -> bool:
        if isinstance(argument, ast.Attribute):
            return argument.attr in TEXTS | {"tip", "label", "help", "value"}
        if isinstance(argument, ast.Call):  # of a value of a field
            return (
                getattr(argument.func, "id", "") in ("plain", "str")
                or getattr(argument.func, "attr", "") == "get"
            )
        return isinstance(argument, ast.Name) and any(argument.id in names for names in self.known)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """TITLE = "…" and the like."""
        for each in (each for each in node.body if isinstance(each, ast.Assign)):
            for target in each.targets:
                pairs = pairs_of(target, each.value)
                self.texts += [
                    text
                    for name, value in pairs
                    if getattr(name, "id", "") in TEXTS
                    for text in strings(value)
                ]
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """A parameter that is passed to tr() was collected at the calls."""
        named: dict[str, list[ast.expr]] = {}
        for each in (each for each in ast.walk(node) if isinstance(each, ast.Assign)):
            for name, value in pairs_of(each.targets[0], each.value):
                named.setdefault(getattr(name, "id", ""), []).append(value)
        self.named.append(named)
        arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
        self._with({argument.arg for argument in arguments}, node)
        self.named.pop()

    def visit_For(self, node: ast.For) -> None:
        """Read `for name, words in (("a", "…"), …): tr(words)`."""
        self._loop(node.target, node.iter, node.body)
        self._with(names_in(node.target), node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        """[tr(words) for words in …]."""
        for part in node.generators:
            self._loop(part.target, part.iter, [node.elt])
        self._with({name for part in node.generators for name in names_in(part.target)}, node)

    visit_GeneratorExp = visit_SetComp = visit_ListComp  # type: ignore[assignment]

    def _with(self, names: set[str], node: ast.AST) -> None:
        self.known.append(names)
        self.generic_visit(node)
        self.known.pop()

    def _loop(self, target: ast.expr, source: ast.expr, body: list) -> None:
        said = {
            call.args[0].id
            for part in body
            for call in ast.walk(part)
            if isinstance(call, ast.Call)
            and getattr(call.func, "id", "") in ("tr", "translated")
            and call.args
            if isinstance(call.args[0], ast.Name)
        }
        if not said & names_in(target):
            return
        rows = self.tables.get(source.id, source) if isinstance(source, ast.Name) else source
        for row in getattr(rows, "elts", []):
            pairs = zip(target.elts, row.elts) if isinstance(target, ast.Tuple) else [(target, row)]
            for variable, value in pairs:
                if getattr(variable, "id", "") in said:
                    self.texts += strings(value)


def tables_of(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """The constants of a module: name and value."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from (
                (target.id, node.value) for target in node.targets if isinstance(target, ast.Name)
            )
        elif (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.value is not None
        ):
            yield node.target.id, node.value


def pairs_of(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """The targets of an assignment and their values."""
    return (
        list(zip(target.elts, getattr(value, "elts", [])))
        if isinstance(target, ast.Tuple)
        else [(target, value)]
    )


def names_in(target: ast.expr) -> set[str]:
    """The names that a loop binds."""
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def strings(node: ast.expr) -> Iterator[str]:
    """A literal, or both of `a if b else c`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip():
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from strings(node.body)
        yield from strings(node.orelse)


def update(path: Path, texts: list[str]) -> int:
    """Bring a .ts up to date: new texts unfinished, gone ones dropped. Returns how many lack a
    translation.
    """
    root = ET.parse(path).getroot()  # nosec B314 - our own files
    have = {m.findtext("source", ""): m.findtext("translation", "") for m in root.iter("message")}
    context = ET.Element("context")
    ET.SubElement(context, "name").text = CONTEXT
    for text in sorted(texts):
        message = ET.SubElement(context, "message")
        ET.SubElement(message, "source").text = text
        translation = ET.SubElement(message, "translation")
        if have.get(text):
            translation.text = have[text]
        else:
            translation.set("type", "unfinished")
    root[:] = [context]
    ET.indent(root, "  ")
    body = ET.tostring(root, encoding="unicode")
    path.write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n', encoding="utf-8"
    )
    return sum(not have.get(text) for text in texts)


if __name__ == "__main__":
    sys.exit(main())
