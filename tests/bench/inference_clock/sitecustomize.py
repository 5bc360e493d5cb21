# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the processor seconds of ONNX Runtime's runs (inference) and of the search for continuations in the layer's
past (search) into the file RAW_BENCH_CLOCK, after each.

Python imports it by itself where this folder is on PYTHONPATH (test_bench_proportion.py).
"""

import json
import os
import sys
import time
from importlib.machinery import PathFinder
from pathlib import Path

import onnxruntime

seconds = {"inference": 0.0, "search": 0.0}


def write():
    Path(os.environ["RAW_BENCH_CLOCK"]).write_text(json.dumps(seconds))


def timed(function, name):
    def run(*args, **kwargs):
        began = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[name] += time.process_time() - began
            write()

    return run


class Search(PathFinder):
    """Finds the plugin's module of the search, and times it once it is loaded."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if not fullname.endswith(".core.forecasting.neighbours"):
            return None
        spec = super().find_spec(fullname, path, target)
        load = spec.loader.exec_module

        def load_and_time(module):
            load(module)
            for method in ("of_trips", "of_days"):
                setattr(module.Neighbours, method, timed(getattr(module.Neighbours, method), "search"))

        spec.loader.exec_module = load_and_time
        return spec


write()
onnxruntime.InferenceSession.run = timed(onnxruntime.InferenceSession.run, "inference")
sys.meta_path.insert(0, Search)
