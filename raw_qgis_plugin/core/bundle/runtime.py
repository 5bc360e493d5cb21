# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a model bundle with ONNX Runtime, on the CPU or a CUDA device."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..errors import BundleError, InputError, RawError, require
from ..features import featurizer as feat
from ..paths import PAST_SCORER, SCORER, SCORER_CARD
from . import contract
from .bundle import Bundle
from .contract import LIMITS
from .devices import CPU, CUDA, CudaSession, has_cuda, open_session, why_not_cuda
from .external_data import Graph
from .onnx_check import GraphChecker
from .own import is_own, is_shipped
from .worker import ForeignGraph, Worker, answer_requests

if TYPE_CHECKING:
    import onnxruntime

    from ..tracks import Tracks

    Session: TypeAlias = "onnxruntime.InferenceSession | CudaSession | ForeignGraph"

DEVICES = ("auto", "cpu", "cuda")
log = logging.getLogger(__name__)


class Model:
    """A bundle ready to run.

    warning: why the CPU does the work of the graphics card, or ''.
    """

    _foreign_numbers = 800_000  # states of fixes or queries that a worker computes at once: its memory is limited

    def __init__(
        self, bundle: Bundle, device: str = "auto", threads: int = 0,
        python: Callable[[], Path] = lambda: Path(sys.executable), warn: Callable[[str], None] = log.warning,
    ) -> None:  # fmt: skip
        """threads: of the CPU; 0 for all cores that this process may use. python: finds the interpreter for a process
        of graphs from elsewhere. warn: is told `warning`, here or while the model runs. Raises BundleError, InputError
        and MissingLibrary.
        """
        require("onnxruntime")
        if device not in DEVICES:
            raise InputError(f"Unknown device '{device}': choose one of {', '.join(DEVICES)}.")
        self.bundle, self.card = bundle, bundle.card
        self._cuda, self._threads = device != "cpu" and has_cuda(), threads or _allowed()
        self._warn, self.warning = warn, ""
        self._worker, self._n_foreign = Worker(python, self._threads), 0
        self._backbone = self._session(bundle.path / contract.BACKBONE_FILE, contract.BACKBONE_GRAPH)
        hoped = self._cuda and not isinstance(self._backbone, ForeignGraph)
        if self.provider == "CPU" and (hoped or device == "cuda"):
            self._tell(self._why_not_cuda())
        shapes = {v.name: v.shape for v in (*self._backbone.get_inputs(), *self._backbone.get_outputs())}
        past, candidates, parameters = (shapes[name] or [] for name in ("past_keys", "candidates", "parameters"))
        sizes = [*past[::2], *candidates[-1:], *parameters[-1:]]
        if len(past) != 5 or len(sizes) != 5 or not all(isinstance(n, int) and 0 < n <= LIMITS.width for n in sizes):
            raise BundleError(
                f"The backbone of the model {self.card['name']} does not say how large its past, its places and its "
                "parameters are. Export the model again."
            )
        self._past, self._candidate_width, self._n_parameters = past, *sizes[3:]
        heads = bundle.path / "heads"
        self._head = cache(lambda name: self._session(heads / f"{bundle.head(name)['name']}.onnx", contract.HEAD_GRAPH))

    @property
    def provider(self) -> str:
        """'CUDA' or 'CPU', where the network runs."""
        return "CUDA" if self._backbone.get_providers()[0] == CUDA else "CPU"

    def _card_failed(self, error: Exception) -> None:
        self._cuda = False
        text = " ".join(str(error).split())[:300]
        self._tell(f"The graphics card or its libraries failed, so the CPU does the work. ONNX Runtime says: {text}")

    def _tell(self, warning: str) -> None:
        if not self.warning:  # one is enough for all graphs
            self.warning = warning
            self._warn(warning)

    def _why_not_cuda(self) -> str:
        if isinstance(self._backbone, ForeignGraph):
            return (
                f"The model {self.card['name']} comes from elsewhere, so it runs in a process of its own and the CPU "
                "does the work. Models that you trust, in Plugins → RAW → Models → Models…, use the graphics card."
            )
        return why_not_cuda()

    @cached_property
    def _own_scorer(self) -> Session | None:
        """The bundle's own scorer, of SCORER_GRAPH or, as 0.2.0 made them, of FLEET_GRAPH; None if it has none."""
        path = self.bundle.path / contract.SCORER_FILE
        return self._session(path, contract.SCORER_GRAPH, contract.FLEET_GRAPH) if path.is_file() else None

    @cached_property
    def has_fleet_graph(self) -> bool:
        """Does the bundle bring a graph of 0.2.0, which gives days of fleets a second mixture?"""
        return self._own_scorer is not None and _names(self._own_scorer) == contract.FLEET_GRAPH

    @cached_property
    def _scorer(self) -> Session:
        """The bundle's own scorer, or the one that serves every bundle."""
        own = None if self.has_fleet_graph else self._own_scorer
        return own or self._session(SCORER, contract.SCORER_GRAPH)

    @cached_property
    def _past_scorer(self) -> Session:
        return self._session(PAST_SCORER, contract.SCORER_GRAPH)

    @cached_property
    def calibration(self) -> dict[str, dict[str, list[float]]]:
        """Calibration tables by kind of context: the card's, but those that came with the scorer where it answers."""
        own = dict(self.card["calibration"])
        return own | scorer_calibration() if self._own_scorer is None or self.has_fleet_graph else own

    def score_fleets(
        self, states: np.ndarray, query: np.ndarray, scale: np.ndarray, candidates: np.ndarray, places: np.ndarray,
        continuations: np.ndarray,
    ) -> list[np.ndarray]:  # fmt: skip
        """Answer days of fleets by the graph of a bundle that 0.2.0 made.

        states: (m, D) of the last fixes. query: (m, query). scale: (m,) metres. candidates: (m, K, candidate) and
        places: (m, K, 2). continuations: (m, n, 12). Returns parameters (m, parameters), options (m, K + n, 2), and
        where the continuations lead to, (m, n, 2), for `network_mixture` of forecasting/mixture.py.
        """
        inputs = states, query, scale, candidates, places, continuations
        if self._own_scorer is None:
            raise BundleError(f"The model {self.card['name']} has no graph for days of fleets.")
        feed = dict(zip(contract.FLEET_GRAPH.inputs, inputs, strict=True))
        (m, k), n = places.shape[:2], continuations.shape[1]
        return self._run(self._own_scorer, feed, [(m, self._n_parameters), (m, k + n, 2), (m, n, 2)])

    def score(self, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Weigh the components of mixtures and continuations of the layer together, for m queries.

        inputs: query (m, query); centre (m, C, 2), scale (m, C), log_weight (m, C) of the network's mixture and the
        error (m,) that it expects; continuations (m, n, 12) of forecasting/neighbours.py; near (m, 2), scales of their
        kernel; trip (m,), one for trips and zero for days, never mixed. Metres in the frames of the fixes.
        Returns log_weights and scales (m, C + n), and where the continuations lead to, (m, n, 2).
        """
        return self._weigh(self._scorer, inputs)

    def score_past(self, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        """The same beside the mixtures of an untrained network, by the scorer that was trained for these."""
        return self._weigh(self._past_scorer, inputs)

    def _weigh(self, scorer: Session, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        (m, c), n = inputs["scale"].shape, inputs["continuations"].shape[1]
        answers = self._run(scorer, inputs, [(m, c + n), (m, c + n), (m, n, 2)])
        if not (answers[1] > 0).all():
            raise BundleError(f"The scorer of the model {self.card['name']} answers with scales that are not positive.")
        return answers

    def _session(self, path: Path, *allowed: contract.GraphNames) -> Session:
        """Load a graph of the bundle, whose inputs and outputs must have one of the allowed lists of names.

        The user's own graphs run in this process, those from elsewhere in the worker.
        """
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        beside = "external_data" in self.card and path.name == contract.BACKBONE_FILE
        file = path.with_name(contract.BACKBONE_DATA_FILE) if beside else None
        checked = file or not is_shipped(digest)
        graph = GraphChecker().read(path.name, data, file) if checked else Graph(data)
        if is_own(digest):
            try:
                session: Session = (
                    CudaSession(graph, self._threads, self._card_failed)
                    if self._cuda
                    else open_session(graph.data, self._threads, [CPU], weights=graph.weights)
                )
            except RawError:  # of the weights
                raise
            except Exception as e:  # ONNX Runtime raises its own classes, which differ by version
                raise BundleError(f"ONNX Runtime cannot load {path.name} of the model {self.card['name']}: {e}") from e
        else:
            session = ForeignGraph(self._worker, self._n_foreign, path.name, graph)
            self._n_foreign += 1
        if _names(session) not in allowed:
            names = allowed[0]
            raise BundleError(
                f"{path.name} of the model {self.card['name']} does not take or answer what it should: it has to take "
                f"{', '.join(names.inputs)} and to answer {', '.join(names.outputs)}. Export the model again."
            )
        return session

    def _run(
        self, session: Session, feed: dict[str, np.ndarray], shapes: Sequence[tuple[int, ...]],
        outputs: Sequence[str] | None = None,
    ) -> list[np.ndarray]:  # fmt: skip
        """The named outputs of a graph, or all, which must have these shapes. Numbers are fed in single precision."""
        feed = {k: v if v.dtype == bool else v.astype(np.float32, copy=False) for k, v in feed.items()}
        try:
            answer = session.run(None if outputs is None else list(outputs), feed)
        except RawError:  # of the worker
            raise
        except Exception as e:  # as above
            raise BundleError(f"ONNX Runtime cannot run a graph of the model {self.card['name']}: {e}") from e
        found = [values.shape if values.dtype.kind == "f" else values.dtype.name for values in answer]
        if found != list(shapes):
            raise BundleError(
                f"A graph of the model {self.card['name']} answers with arrays of other shapes than it should: "
                f"{found}, not {list(shapes)}. Export the model again."
            )
        if not all(_is_finite(values) for values in answer):
            raise BundleError(
                f"The model {self.card['name']} answers with numbers that are not finite, so its answers are useless. "
                "Use another model."
            )
        return answer

    def backbone(
        self, x: np.ndarray, clock: np.ndarray, valid: np.ndarray, query: np.ndarray | None = None,
        past: tuple[np.ndarray, np.ndarray] | None = None, outputs: tuple[str, ...] = ("states", "parameters"),
        candidates: np.ndarray | None = None,
    ) -> list[np.ndarray]:  # fmt: skip
        """Run the network.

        x: (B, T, features) and clock: (B, T), padded on the left. valid: (B, P + T) bool, False on padding. query:
        (B, Q, query) from the last fix. candidates: (B, Q, K, candidate) places. past: keys and values
        (layers, B, H, P, d), empty by default.
        Returns the named outputs: states (B, T, D), parameters (B, Q, parameters), options (B, Q, K, 2), present_keys,
        present_values.
        """
        b = len(x)
        if past is None:
            layers, _, heads, _, dim = self._past
            past = (np.zeros((layers, b, heads, 0, dim), np.float32),) * 2
        if query is None:
            query = np.zeros((b, 1, feat.N_QUERY), np.float32)
        if candidates is None:
            candidates = np.zeros((b, query.shape[1], 1, self._candidate_width), np.float32)
        feed = {
            "features": x, "clock": clock, "valid": valid, "query": query, "candidates": candidates,
            "past_keys": past[0], "past_values": past[1],
        }  # fmt: skip
        if not isinstance(self._backbone, ForeignGraph):
            return self._run_backbone(feed, outputs)
        rows_a_run = max(self._foreign_numbers // (self.card["width"] * max(valid.shape[1], query.shape[1])), 1)
        axis = {name: int(name.startswith(("past", "present"))) for name in (*feed, *outputs)}  # of the batch
        parts = [
            self._run_backbone({k: v.take(rows, axis[k]) for k, v in feed.items()}, outputs)
            for rows in np.split(np.arange(b), np.arange(rows_a_run, b, rows_a_run))
        ]
        return [np.concatenate(part, axis[name]) for name, part in zip(outputs, zip(*parts, strict=True), strict=True)]

    def _run_backbone(self, feed: dict[str, np.ndarray], outputs: tuple[str, ...]) -> list[np.ndarray]:
        (b, t), whole = feed["clock"].shape, feed["valid"].shape[1]
        q, k = feed["candidates"].shape[1:3]
        past = (self._past[0], b, self._past[2], whole, self._past[4])
        shapes = {
            "states": (b, t, self.card["width"]), "parameters": (b, q, self._n_parameters), "options": (b, q, k, 2),
            "present_keys": past, "present_values": past,
        }  # fmt: skip
        return self._run(self._backbone, feed, [shapes[name] for name in outputs], outputs)

    def run_head(self, name: str, x: np.ndarray) -> np.ndarray:
        """A head's output for inputs (n, e): logits (n, classes), or (n, 1) in the head's transformed scale.

        It takes the first columns of x, as many as its card says: later versions of RAW add columns at the end.
        """
        head = self.bundle.head(name)
        x = x[:, : head.get("inputs")].astype(np.float32)
        session = self._head(name)
        takes = session.get_inputs()[0]
        if list(takes.shape[1:]) != [x.shape[1]]:
            raise BundleError(
                f"The head {name} wants {takes.shape[1:]} inputs but gets {x.shape[1]}: it was taught with another "
                "backbone or with an earlier version of RAW. Teach it again."
            )
        many = 1 if head["kind"] == "number" else len(head["classes"])
        rows_a_run = 4096  # trees need memory for each row
        parts = np.split(x, np.arange(rows_a_run, len(x), rows_a_run))
        return np.concatenate([self._run(session, {takes.name: part}, [(len(part), many)])[0] for part in parts])


@cache
def scorer_calibration() -> dict[str, dict[str, list[float]]]:
    """The calibration tables of the scorer that serves every bundle."""
    return dict(json.loads(SCORER_CARD.read_text("utf-8"))["calibration"]) if SCORER_CARD.is_file() else {}


def serve(settings: dict[str, Any]) -> None:
    """The process of a worker: see worker.py."""
    import onnxruntime  # noqa: F401 - before the process limits itself

    answer_requests(settings, lambda graph, threads, weights: open_session(graph, threads, [CPU], False, weights))


def _is_finite(values: np.ndarray) -> bool:
    """Whether all are finite, without an array beside them."""
    return values.dtype.kind != "f" or not values.size or bool(np.isfinite(values.min()) and np.isfinite(values.max()))


def _names(session: Session) -> contract.GraphNames:
    """The names of a graph's inputs and outputs."""
    inputs, outputs = (tuple(part.name for part in parts) for parts in (session.get_inputs(), session.get_outputs()))
    return contract.GraphNames(inputs, outputs)


def _allowed() -> int:
    """The number of CPUs that this process is restricted to, or 0 if it may use all.

    ONNX Runtime counts the CPUs of the machine and binds a thread to each.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    return usable if usable < (os.cpu_count() or 1) else 0


def batches(length: np.ndarray, points: int = 8192, n_queries: np.ndarray | None = None) -> Iterator[np.ndarray]:
    """Split sequences into batches of similar length: arrays of their indexes.

    n_queries: (n,) number of queries of each sequence, none by default. Neither the padded fixes of a batch nor its
    padded queries are more than 1.3 `points`, unless one sequence alone has more.
    """
    asked = np.zeros(len(length), np.int64) if n_queries is None else n_queries
    order = np.argsort(length, kind="stable")
    at = 0
    while at < len(order):
        room = max(points // max(int(length[order[at]]), 1), 1)
        while room > 1 and (
            max(length[order[min(at + room, len(order)) - 1]], asked[order[at : at + room]].max()) * room > 1.3 * points
        ):
            room = max(int(room * 0.8), 1)
        yield order[at : at + room]
        at += room


def pad_left(values: np.ndarray, start: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows start … start + length of `values` as a batch padded on the left: (B, T, …), and valid (B, T)."""
    t = int(length.max())
    at = start[:, None] + np.arange(t)[None, :] - (t - length)[:, None]
    valid = at >= start[:, None]
    return values[np.maximum(at, start[:, None])], valid


def featurize_padded(
    tracks: Tracks, rows: np.ndarray, valid: np.ndarray, described: int | None = None
) -> tuple[feat.Features, np.ndarray, np.ndarray]:
    """The features of a batch of sequences padded on the left, for `Model.backbone`.

    rows: (B, T) rows of the tracks. valid: (B, T), False on padding. described: only the last `described` fixes of a
    sequence are described, all by default. Returns the features, flat without padding, in which x, velocity, speed and
    centroid of other fixes are zero, and x (B, D, features) and clock (B, D) of the D fixes described, zero on padding.
    """
    flat, width = rows[valid], valid.shape[1]
    begin = max(width - described, 0) if described is not None else 0
    last = np.flatnonzero(np.broadcast_to(np.arange(width) >= begin, valid.shape)[valid])
    sequence = np.repeat(np.arange(len(rows)), valid.sum(axis=1))
    f = feat.featurize(sequence, tracks.t[flat], tracks.lon[flat], tracks.lat[flat], last if begin else None)
    seen = valid[:, begin:]
    x, clock = np.zeros((*seen.shape, f.x.shape[1]), np.float32), np.zeros(seen.shape, np.float32)
    x[seen], clock[seen] = f.x[last], f.clock[last]
    return f, x, clock
