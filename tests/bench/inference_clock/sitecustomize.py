# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the processor seconds of ONNX Runtime's runs into the file RAW_BENCH_CLOCK, after each.

Python imports it by itself where this folder is on PYTHONPATH (test_bench_proportion.py).
"""

import os
import time
from pathlib import Path

import onnxruntime

seconds = 0.0
run = onnxruntime.InferenceSession.run


def timed(*args, **kwargs):
    global seconds
    began = time.process_time()
    try:
        return run(*args, **kwargs)
    finally:
        seconds += time.process_time() - began
        Path(os.environ["RAW_BENCH_CLOCK"]).write_text(str(seconds))


Path(os.environ["RAW_BENCH_CLOCK"]).write_text("0")
onnxruntime.InferenceSession.run = timed
