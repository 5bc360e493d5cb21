# SPDX-License-Identifier: GPL-2.0-or-later
"""Models from elsewhere: whatever a bundle holds, it is refused in words or answers within limits."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from attacks.bundles import HEAD, HOSTILE, MUTATIONS, put_head, spoilt, unpacked
from attacks.graphs import WIDE, constant, encoded, head, hidden, products, varint

from model.training.card import describe
from model.training.checkpoint import load_network
from raw_qgis_plugin.core.bundle import own, runtime
from raw_qgis_plugin.core.bundle.bundle import Bundle, open_bundle, write_sums
from raw_qgis_plugin.core.bundle.onnx_check import OPERATORS, GraphChecker
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.bundle.worker import ForeignGraph, Worker
from raw_qgis_plugin.core.embedding.profiles import profile
from raw_qgis_plugin.core.errors import BundleError, Cancelled, RawError, cancellable
from raw_qgis_plugin.core.evaluation.backtest_page import trained_on
from raw_qgis_plugin.core.forecasting.predict import Queries, predict
from raw_qgis_plugin.core.paths import shipped_bundle
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

T0 = 1_600_000_000_000
LINUX = sys.platform == "linux"
pytestmark = pytest.mark.skipif(not LINUX, reason="limits of memory and calls are Linux's")


@pytest.fixture(autouse=True)
def register(tmp_path, monkeypatch):
    """A register of own graphs that is empty, in a place of this test."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def good(tmp_path):
    """The good bundle, whose graphs are the user's own."""
    folder = unpacked(tmp_path / "good")
    own.remember(own.graphs_of(folder))
    return folder


@pytest.fixture(scope="module")
def worker():
    """One worker for the graphs of many bundles."""
    made = Worker(lambda: Path(sys.executable), 1)
    yield made
    made.end()


def use(bundle: Bundle, tracks: Tracks) -> None:
    """Do with a bundle what RAW would: describe it, go on training it, forecast and profile with it."""
    trained_on(bundle.card)
    try:
        describe(bundle.card)
    except (LookupError, TypeError) as e:  # write_card says in words what a card lacks; other values were checked
        assert "NoneType" in str(e) or isinstance(e, LookupError)
    load_network(bundle.path / "weights.safetensors")
    model = Model(bundle, "cpu", 1)
    predict(tracks, model, Queries.ahead(tracks, [60, 1800]))
    profile(tracks, model, "user")


def test_mutated_bundles_are_refused_in_words_or_answer(tmp_path, good, worker, rounds, outcome, monkeypatch):
    monkeypatch.setattr(runtime, "Worker", lambda *_: worker)  # one process for all
    at = np.arange(100)
    tracks = build_tracks(at % 2, None, T0 + 45_000 * at, 10 + 1e-4 * at, 50 + 1e-4 * np.sin(at))[0]
    n, counts, slowest, kinds = rounds(160, 2000), Counter(), 0.0, sorted(MUTATIONS)
    for k in range(n):
        kind, rng = kinds[k % len(kinds)], random.Random(k)
        folder = spoilt(MUTATIONS[kind], tmp_path / "bundle", rng)
        began = time.process_time()
        try:
            bundle = open_bundle(folder)
        except RawError:
            counts["refused"] += 1
            continue
        finally:
            slowest = max(slowest, time.process_time() - began)
        try:
            use(bundle, tracks)
            counts["answered"] += 1
        except RawError:
            counts["refused"] += 1
        except Exception as e:
            pytest.fail(f"case {k}, {kind}: {type(e).__name__} {e}")
    assert counts["refused"] > n / 3 and counts["answered"] > n / 20
    assert slowest < 1.0, f"{slowest:.2f} s"
    now = f"{counts['refused']} of {n} refused in words, the others answered; the check took {slowest:.2f} s at most"
    in_020 = "8 of 12 wrong kinds: traceback"
    outcome("mutated graphs, cards, weights", wanted="refused or answered", now=now, in_020=in_020)


def test_mutated_zips_are_refused_in_words(tmp_path, rounds, outcome):
    n, refused = rounds(40, 400), 0
    good = (Path(__file__).parents[1] / "compat" / "020" / "bundle.zip").read_bytes()
    for k in range(n):
        rng = random.Random(k)
        data = bytearray(good)
        for _ in range(rng.choice([1, 3, 30])):  # half of them in the list of members, at the end
            at = rng.randrange(len(data)) if rng.random() < 0.5 else len(data) - 1 - rng.randrange(900)
            data[at] = rng.randrange(256)
        (tmp_path / "b.zip").write_bytes(data[: rng.choice([len(data), len(data), rng.randrange(len(data))])])
        try:
            open_bundle(tmp_path / "b.zip")
        except BundleError:
            refused += 1
    assert refused > n / 2
    outcome("mutated zips", wanted="refused or whole", now=f"{refused} of {n} refused, the others were whole")


def run_hostile(folder: Path, seconds: float | None = None) -> tuple[str, float, float]:
    """What a bundle's head comes to ('answered' or a refusal), seconds until then, and the worker's memory in MB."""
    began, peak_mb = time.process_time(), 0.0
    try:
        bundle = open_bundle(folder)
    except RawError as e:
        return str(e), time.process_time() - began, 0.0
    began, model = time.monotonic(), Model(bundle, "cpu", 1)
    if seconds:
        model._worker.limits = replace(model._worker.limits, load_or_run_s=seconds)
    seen = threading.Event()

    def watch() -> None:
        nonlocal peak_mb
        while not seen.wait(0.02):
            if (process := model._worker._process) is not None:
                try:
                    status = Path(f"/proc/{process.pid}/status").read_text("ascii")
                except OSError:
                    continue
                if "VmHWM" in status:
                    peak_mb = max(peak_mb, float(status.split("VmHWM:")[1].split()[0]) / 1000)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        answer = model.run_head(HEAD, np.ones((3, WIDE), np.float32))
        words = "answered" if np.isfinite(answer).all() else "answered with what is not finite"
    except RawError as e:
        words = str(e)
    finally:
        seen.set()
        watching.join()
        model._worker.end()
    return words, time.monotonic() - began, peak_mb


IN_020 = {
    "parts of a graph that two parsers read differently": "4 of 4 ran",
    "graphs that take all memory": "4.4 GB from 332 bytes", "graphs without end": "until killed",
    "answers that are not finite": "answered", "cards and READMEs": "tracebacks",
}  # fmt: skip


@pytest.mark.parametrize("group", HOSTILE)
def test_hostile_bundles_are_refused_or_end_within_limits(group, tmp_path, good, rounds, outcome):
    n = rounds(1, 2 if "without end" in group else 7)
    kinds, seconds, mb, run_s = HOSTILE[group], 0.0, 0.0, 10.0 if rounds(0, 1) else 2.0
    answers, cases = "within the limit" in group, [(k, kind) for kind in kinds for k in range(n)]
    for k, kind in cases:
        folder = spoilt(kinds[kind], tmp_path / "bundle", random.Random(k))
        words, spent, peak = run_hostile(folder, run_s)
        assert (words == "answered") if answers else ("answered" not in words), f"{kind}, {k}: {words}"
        assert len(words) < 600 and "Traceback" not in words
        seconds, mb = max(seconds, spent), max(mb, peak)
        limit = 1.0 if not peak else 40.0  # by the clock of a busy machine; 10 s of the processor
        assert spent < limit and peak < 1000, f"{kind}, {k}: {spent:.1f} s, {peak:.0f} MB: {words}"
    now = f"{len(cases)} of {len(cases)} {'answered' if answers else 'refused'}, in {seconds:.1f} s at most"
    now += f" (limit of {run_s:.0f} s of the processor) and {mb:.0f} MB" if mb else ""
    attack = f"bundles with {group}" + (f": {', '.join(kinds)}" if len(kinds) < 8 else "")
    outcome(attack, wanted="refused or within limits", now=now, in_020=IN_020.get(group, ""))


def test_cancel_ends_a_graph_within_two_seconds_and_the_model_goes_on(tmp_path, good, outcome):
    folder = spoilt(put_head(lambda _: products(4000, False)), tmp_path / "bundle", random.Random(0))
    model, cancelled, x = Model(open_bundle(folder), "cpu", 1), threading.Event(), np.ones((3, WIDE), np.float32)
    pressed = 0.0

    def press() -> None:
        nonlocal pressed
        pressed = time.monotonic()
        cancelled.set()

    threading.Timer(3.0, press).start()
    with cancellable(cancelled.is_set), pytest.raises(Cancelled):
        model.run_head(HEAD, x)
    waited = time.monotonic() - pressed
    assert cancelled.is_set() and waited < 2.0
    assert model._worker._process is None
    assert np.isfinite(model.run_head("metres", x)).all()
    outcome("a graph without end, cancelled", wanted="within 2 s", now=f"within {waited:.1f} s", in_020="never")


def test_a_worker_that_crashed_is_started_again(tmp_path):
    model = Model(open_bundle(unpacked(tmp_path / "bundle")), "cpu", 1)
    x = np.ones((3, WIDE), np.float32)
    before = model.run_head(HEAD, x)
    model._worker._process.kill()
    with pytest.raises(BundleError, match=r"drives\.onnx was stopped: it crashed"):
        model.run_head(HEAD, x)
    np.testing.assert_array_equal(model.run_head(HEAD, x), before)


def test_a_worker_that_does_not_start_says_why(tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'ImportError: numpy is broken' >&2\nexit 1\n")
    broken.chmod(0o755)
    for python, why in ((broken, "ImportError: numpy is broken"), (tmp_path / "missing", "No such file")):
        with pytest.raises(BundleError, match=f"did not start: .*{why}") as error:
            Worker(lambda python=python: python, 1)._start()
        assert "memory" not in str(error.value)


def test_foreign_graphs_answer_as_own_ones_do(tmp_path):
    folder = unpacked(tmp_path / "bundle")
    foreign = Model(open_bundle(folder), "cpu", 1)
    own.remember(own.graphs_of(folder))
    trusted = Model(open_bundle(folder), "cpu", 1)
    assert isinstance(foreign._backbone, ForeignGraph) and not isinstance(trusted._backbone, ForeignGraph)
    rng = np.random.default_rng(0)
    foreign._foreign_numbers = 20_000  # less than the batch has
    b, t = 90, 100
    x, clock = rng.normal(size=(b, t, 77)).astype(np.float32), np.cumsum(np.ones((b, t), np.float32), 1)
    outputs = ("states", "parameters", "options", "present_keys", "present_values")
    answers = [m.backbone(x, clock, np.ones((b, t), bool), outputs=outputs) for m in (foreign, trusted)]
    for ours, theirs in zip(*answers, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    inputs = rng.normal(size=(5, WIDE))
    np.testing.assert_allclose(foreign.run_head(HEAD, inputs), trusted.run_head(HEAD, inputs), atol=1e-5)


def test_only_graphs_of_ones_own_run_in_this_process(tmp_path):
    assert not isinstance(Model(open_bundle(), "cpu", 1)._backbone, ForeignGraph)
    folder = unpacked(tmp_path / "bundle")
    assert not own.is_all_own(folder) and own.is_all_own(shipped_bundle())
    own.remember(own.graphs_of(folder))
    assert own.is_all_own(folder)
    graph = onnx.load(folder / "backbone.onnx")
    graph.graph.name += "x"
    onnx.save(graph, folder / "backbone.onnx")
    write_sums(folder)
    assert not own.is_all_own(folder)
    (tmp_path / "data" / "raw-qgis" / "own-graphs.txt").write_bytes(b"\xff\0")  # damaged: nothing is trusted
    assert not own.is_all_own(folder)


@pytest.mark.parametrize(
    "call",
    ["socket.socket()", "os.execv('/bin/true', ['true'])", "os.write(os.open('x', os.O_CREAT | os.O_WRONLY), b'x')"],
)
def test_a_worker_has_no_network_programs_or_files(call, tmp_path):
    code = (
        "import os, socket\nfrom raw_qgis_plugin.core.bundle.worker import _restrict\n_restrict(2**29)\n"
        f"try:\n    {call}\nexcept OSError as e:\n    print(type(e).__name__, flush=True)"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout in ("PermissionError\n", "OSError\n"), done.stderr


def test_a_worker_ends_with_its_parent(tmp_path):
    code = (
        "import sys; from pathlib import Path; from raw_qgis_plugin.core.bundle.worker import Worker\n"
        "w = Worker(lambda: Path(sys.executable), 1); w._start(); print(w._process.pid, flush=True)\n"
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    until = time.monotonic() + 10
    while Path(f"/proc/{int(done.stdout)}/cmdline").exists() and time.monotonic() < until:
        if b"serve" not in Path(f"/proc/{int(done.stdout)}/cmdline").read_bytes():
            break  # a zombie, or another process
        time.sleep(0.05)
    assert time.monotonic() < until


def test_what_onnx_reads_of_a_checked_graph_is_what_was_checked(rounds):
    """Whatever bytes pass the check: ONNX's own parser finds nothing in them that is not allowed."""
    good, passed = (shipped_bundle() / "heads" / "transport_mode.onnx").read_bytes(), 0
    n = rounds(60, 600)
    for k in range(n):
        rng, data = random.Random(k), bytearray(good)
        for _ in range(rng.choice([1, 2, 5])):
            at = rng.randrange(4000) if rng.random() < 0.7 else rng.randrange(len(data))
            data[at] = rng.randrange(256)
        try:
            checked = GraphChecker().check("x.onnx", bytes(data))
        except BundleError:
            continue
        passed += 1
        model = onnx.load_from_string(checked)
        assert model.SerializeToString(deterministic=True) == checked or len(model.SerializeToString()) <= len(checked)
        assert not model.functions and not model.graph.sparse_initializer and not model.training_info
        assert {n.op_type for n in model.graph.node} <= OPERATORS
        assert {n.domain for n in model.graph.node} <= {"", "ai.onnx"}
        assert not any(a.HasField("g") or a.graphs or a.sparse_tensors for n in model.graph.node for a in n.attribute)
        assert not any(t.external_data or t.data_location for t in model.graph.initializer)
        assert GraphChecker().check("x.onnx", checked) == checked
    assert 0 < passed < n


def test_unknown_parts_do_not_reach_onnx_runtime():
    good = (shipped_bundle() / "heads" / "transport_mode.onnx").read_bytes()
    checked = GraphChecker().check("x.onnx", good)
    more = varint(9999 << 3 | 2) + varint(3) + b"abc" + varint(30 << 3) + varint(7)
    assert GraphChecker().check("x.onnx", good + more) == GraphChecker().check("x.onnx", more + good) == checked
    same = {"hidden": lambda n, p: hidden(n, p, 33), "longer": lambda n, p: varint(n << 3 | 2, 1) + varint(len(p)) + p,
            "long size": lambda n, p: varint(n << 3 | 2) + varint(len(p), 2) + p}  # fmt: skip
    harmless = head([], [constant("s", 1.0, np.float32)])
    GraphChecker().check("x.onnx", encoded(harmless, lambda n, p: varint(n << 3 | 2) + varint(len(p)) + p))
    for field in same.values():
        with pytest.raises(BundleError, match="no ONNX file"):
            GraphChecker().check("x.onnx", encoded(harmless, field))
    again = varint(7 << 3 | 2) + varint(0)  # a second graph, which parsers merge with the first
    with pytest.raises(BundleError, match="no ONNX file"):
        GraphChecker().check("x.onnx", good + again)


def test_own_models_are_refused_too_if_their_answers_are_not_finite(tmp_path, good):
    folder = spoilt(HOSTILE["answers that are not finite"]["infinite"], tmp_path / "bundle", random.Random(0))
    own.remember(own.graphs_of(folder))
    with pytest.raises(BundleError, match="not finite"):
        Model(open_bundle(folder), "cpu", 1).run_head(HEAD, np.ones((3, WIDE), np.float32))


def test_figures_of_a_card_may_miss_but_not_be_endless(tmp_path):
    for value, fits in ((math.nan, True), (None, True), (10**400, False), ("x", False)):
        folder = unpacked(tmp_path / "bundle")
        text = (folder / "card.json").read_text("utf-8").replace('"parameters": 9522', f'"parameters": {_json(value)}')
        (folder / "card.json").write_text(text, "utf-8")
        write_sums(folder)
        if fits:
            open_bundle(folder)
        else:
            with pytest.raises(BundleError, match="parameters"):
                open_bundle(folder)


def _json(value: object) -> str:
    return {"nan": "NaN", "None": "null", "x": '"x"'}.get(str(value), "9" * 400)
