"""ONNX Runtime's telemetry stays off: it would post to its maker, and keep a folder of its own in
the user's cache.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN_A_GRAPH = """
import {first}
import onnxruntime, sys, time
onnxruntime.InferenceSession(open(sys.argv[1], "rb").read(), providers=["CPUExecutionProvider"])
time.sleep(1)
"""


def files_left(first: str, home: Path) -> list[Path]:
    """What ONNX Runtime leaves in a home folder after it loaded a graph in a process that imports
    `first` first.
    """
    graph = ROOT / "resources" / "bridge" / "bridge.onnx"
    env = {
        k: v
        for k, v in os.environ.items()
        if k != "ORT_DISABLE_TELEMETRY" and not k.startswith("XDG")
    }
    env |= {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RUN_A_GRAPH.format(first=first), str(graph)]
    subprocess.run(command, env=env, check=True, timeout=120)
    return [p for p in home.rglob("*") if "icrosoft" in str(p.relative_to(home))]


@pytest.mark.parametrize("first", ["raw_qgis_plugin.core", "model"])
def test_loading_a_graph_leaves_no_telemetry(first: str, tmp_path: Path) -> None:
    assert not files_left(first, tmp_path)


def test_a_child_process_inherits_the_switch() -> None:
    import raw_qgis_plugin.core  # noqa: F401

    code = "import os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "1\n"
    )
