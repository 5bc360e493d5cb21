# SPDX-License-Identifier: GPL-2.0-or-later
"""Do the tests notice faults? `make mutants` swaps an operator of core at random, many times, and runs the tests.

    .venv/bin/python tests/mutants/run.py [COUNT] [SEED]

Works on a copy of the checkout. A mutant swaps a comparison or one of + - * / in a file of raw_qgis_plugin/core; it is
killed where a test fails. A mutant that survives may be equivalent: the line is printed to be looked at.
"""

from __future__ import annotations

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = "raw_qgis_plugin/core"
SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
}  # fmt: skip
# Files of tests that know a room come first; the answers of 0.2.0 notice most of the rest.
FIRST = {
    "forecasting": "adaptation candidates forecast neighbours paths prototypes time_forest invariance",
    "diary": "diary", "gaps": "gaps", "encounters": "encounters",
    "sources": "sources fields polygons", "features": "features trips facts motion activity region",
    "embedding": "embed cache profiles facts similarity user", "regions": "region differences week",
    "bundle": "bundle library runtime", "evaluation": "baselines backtest report windows",
}  # fmt: skip


def places(source: str) -> list[tuple[int, int]]:
    """Numbers of the nodes with an operator that can be swapped, and which of its operators."""
    found = []
    for number, node in enumerate(ast.walk(ast.parse(source))):
        if isinstance(node, ast.Compare):
            found += [(number, i) for i, op in enumerate(node.ops) if type(op) in SWAPS]
        elif isinstance(node, ast.BinOp) and type(node.op) in SWAPS and not isinstance(node.left, ast.Constant):
            found.append((number, 0))
    return found


def mutated(source: str, place: tuple[int, int]) -> tuple[str, int, str]:
    """The source with one operator swapped, its line, and what was swapped."""
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        if number == place[0]:
            old = node.ops[place[1]] if isinstance(node, ast.Compare) else node.op  # type: ignore[attr-defined]
            new = SWAPS[type(old)]()
            if isinstance(node, ast.Compare):
                node.ops[place[1]] = new
            else:
                node.op = new  # type: ignore[attr-defined]
            return ast.unparse(tree), node.lineno, f"{type(old).__name__} -> {type(new).__name__}"  # type: ignore[attr-defined]
    raise ValueError(place)


def tests_of(room: str, folder: Path) -> list[list[str]]:
    """Files of tests, in the order in which they are run."""
    files = sorted((folder / "tests" / "core").glob("test_*.py"))
    own = [f for f in files if any(word in f.stem for word in FIRST.get(room, "").split())]
    others = [folder / "tests" / name for name in ("attacks", "compat")]
    groups = own, [folder / "tests" / "golden"], set(files) - set(own), others
    return [[str(f) for f in group] for group in groups if group]


def main() -> None:
    """Run some mutants and say how many were killed."""
    count, seed = (int(a) for a in [*sys.argv[1:], *("100", "0")[len(sys.argv) - 1 :]])
    rng, killed = random.Random(seed), 0
    with tempfile.TemporaryDirectory(prefix="raw-mutants-") as beside:
        folder = Path(beside) / "copy"
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".git", ".venv", "build", "__pycache__"))
        files = sorted((folder / CORE).rglob("*.py"))
        every = [(file, place) for file in files for place in places(file.read_text("utf-8"))]
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        for file, place in rng.sample(every, count):
            source = file.read_text("utf-8")
            text, line, what = mutated(source, place)
            file.write_text(text, "utf-8")
            room = file.parent.name
            dead = False
            for group in tests_of(room, folder):
                command = [sys.executable, "-m", "pytest", "-p", "no:pytest_qgis", "-q", "-x", *group]
                run = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
                if run.returncode not in (0, 5):
                    dead = True
                    break
            killed += dead
            file.write_text(source, "utf-8")
            where = f"{file.relative_to(folder)}:{line}"
            print(
                f"{'killed' if dead else 'ALIVE '} {where} {what}: {source.splitlines()[line - 1].strip()}", flush=True
            )
    print(f"{killed} of {count} mutants were killed")


if __name__ == "__main__":
    main()
