# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a model bundle: its weights in RAW's own graph with ONNX Runtime, its heads with NumPy."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array, Columns
from ..errors import BundleError, require, translated
from ..features import featurizer as feat
from ..paths import SCORER_CARD, SCORERS
from .bundle import Bundle
from .devices import Session, has_cuda, why_not_cuda
from .heads import Head
from .network import graph_of, weights_of

if TYPE_CHECKING:
    from ..tracks import Tracks

log = logging.getLogger(__name__)


class Model:
    """A bundle ready to run. warning: why the CPU does the work of the graphics card, or ''."""

    def __init__(
        self,
        bundle: Bundle,
        device: str = "auto",
        threads: int = 0,
        warn: Callable[[str], None] = log.warning,
    ) -> None:
        """device: 'auto', 'cpu' or 'cuda'. threads: of the CPU; 0 for all cores that this process
        may use.

        warn: is told `warning`, here or while the model runs. Raises BundleError and
        MissingLibrary.
        """
        require("onnxruntime")
        self.bundle = bundle
        self.card = bundle.card
        self._cuda = device != "cpu" and has_cuda()
        self._threads = threads or _allowed()
        self._warn = warn
        self.warning = ""
        self._backbone = self._session(graph_of(self.card), weights_of(bundle.path, self.card))
        if self.provider == "CPU" and (self._cuda or device == "cuda"):
            self._tell(why_not_cuda())
        self._past = self._backbone.shape("past_keys")
        self._candidate_width = self._backbone.shape("candidates")[-1]
        # by kind; nothing here refers to the model itself: see `_look_at`
        self._scorers: dict[str, Session] = {}
        self._head = cache(lambda name: Head.read(*bundle.head_file(name)))

    @property
    def provider(self) -> str:
        """'CUDA' or 'CPU', where the network runs."""
        return "CUDA" if self._backbone.on_card else "CPU"

    def _look_at(self, session: Session) -> Session:
        """Tell if the card has failed. A session that calls the model would make a circle with it
        and its `warn`.

        Python may free a circle in any thread, and QGIS's feedback, to which `warn` belongs, in its
        own alone.
        """
        if session.failed:
            self._cuda = False
            words = (
                "The graphics card or its libraries failed, so the CPU does the work. ONNX Runtime "
                "says: {text}"
            )
            self._tell(translated(words, text=session.failed))
        return session

    def _tell(self, warning: str) -> None:
        if not self.warning:  # one is enough for all graphs
            self.warning = warning
            self._warn(warning)

    @cached_property
    def has_fleet_graph(self) -> bool:
        """Whether a graph gives days of fleets a second mixture: it knows the states of the shipped
        network alone.
        """
        return self.bundle.has_shipped_network

    @cached_property
    def calibration(self) -> dict[str, dict[str, list[float]]]:
        """Calibration tables by kind of context: the card's, but those that came with the scorer
        where it answers.
        """
        return (
            dict(self.card["calibration"])
            | json.loads(SCORER_CARD.read_text("utf-8"))["calibration"]
        )

    def score(self, kind: str, inputs: Columns) -> list[Array]:
        """Weigh the components of mixtures and continuations of the layer together, for m queries,
        by one of SCORERS.

        Of trips and days, inputs are query (m, query); centre (m, C, 2), scale (m, C), log_weight
        (m, C) of the network's mixture and the error (m,) that it expects; continuations (m, n, 12)
        of forecasting/neighbours.py; near (m, 2), scales of their kernel. Metres in the frames of
        the fixes. Returns log_weights and scales (m, C + n), and where the continuations lead to,
        (m, n, 2).

        Of fleet, inputs are states (m, D) of the last fixes, query, its scale (m,) in metres,
        candidates (m, K, candidate), places (m, K, 2) and continuations as neighbours. Returns
        parameters (m, parameters) and options (m, K + n, 2) for `network_mixture` of
        forecasting/mixture.py, and where the continuations lead to.
        """
        if kind not in self._scorers:
            self._scorers[kind] = self._session(SCORERS[kind].read_bytes())
        return self._run(self._scorers[kind], inputs)

    def _session(self, graph: bytes, weights: Columns | None = None) -> Session:
        try:
            return self._look_at(Session(graph, self._threads, self._cuda, weights))
        except Exception as e:  # ONNX Runtime raises its own classes, which differ by version
            raise BundleError(
                "ONNX cannot run the model {name}: {error}", name=self.bundle.name, error=e
            ) from e

    def _run(
        self, session: Session, feed: Columns, outputs: Sequence[str] | None = None
    ) -> list[Array]:
        """The named outputs of a graph, or all. Numbers are fed in single precision."""
        feed = {
            k: v if v.dtype == bool else v.astype(np.float32, copy=False) for k, v in feed.items()
        }
        try:
            answers = session.run(outputs, feed)
        except Exception as e:  # as above
            raise BundleError(
                "ONNX cannot run the model {name}: {error}", name=self.bundle.name, error=e
            ) from e
        self._look_at(session)
        return self._finite(answers)

    def _finite(self, answers: list[Array]) -> list[Array]:
        """The answers. Raises BundleError unless all are finite, which is found without an array
        beside them.
        """
        if all(np.isfinite(a.min()) and np.isfinite(a.max()) for a in answers if a.size):
            return answers
        raise BundleError(
            "The model's answers are useless: numbers that are not finite. Use another model."
        )

    def backbone(
        self,
        x: Array,
        clock: Array,
        valid: Array,
        query: Array | None = None,
        outputs: tuple[str, ...] = ("states", "parameters"),
        candidates: Array | None = None,
    ) -> list[Array]:
        """Run the network.

        x: (B, T, features) and clock: (B, T), padded on the left. valid: (B, T) bool, False on
        padding. query: (B, Q, query) from the last fix. candidates: (B, Q, K, candidate) places.
        Returns the named outputs: states (B, T, D), parameters (B, Q, parameters), options
        (B, Q, K, 2).
        """
        b = len(x)
        layers, _, heads, _, dim = self._past
        no_past = np.zeros((layers, b, heads, 0, dim), np.float32)
        if query is None:
            query = np.zeros((b, 1, feat.N_QUERY), np.float32)
        if candidates is None:
            candidates = np.zeros((b, query.shape[1], 1, self._candidate_width), np.float32)
        feed = {
            "features": x,
            "clock": clock,
            "valid": valid,
            "query": query,
            "candidates": candidates,
            "past_keys": no_past,
            "past_values": no_past,
        }
        return self._run(self._backbone, feed, outputs)

    def run_head(self, name: str, x: Array) -> Array:
        """A head's output for inputs (n, e): logits (n, classes), or (n, 1) in the head's
        transformed scale.

        It takes the first columns of x, as many as its card says: later versions of RAW add columns
        at the end.
        """
        head = self.bundle.head(name)
        if x.shape[1] < head["inputs"]:
            raise BundleError(
                "The head {name} was taught with another backbone. Teach it again.", name=name
            )
        return self._finite([self._head(name)(x[:, : head["inputs"]].astype(np.float32))])[0]


def _allowed() -> int:
    """The number of CPUs that this process is restricted to, or 0 if it may use all.

    ONNX Runtime counts the CPUs of the machine and binds a thread to each.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    return usable if usable < (os.cpu_count() or 1) else 0


def batches(length: Array, points: int = 8192, n_queries: Array | None = None) -> Iterator[Array]:
    """Split sequences into batches of similar length: arrays of their indexes.

    n_queries: (n,) number of queries of each sequence, none by default. Neither the padded fixes of
    a batch nor its padded queries are more than 1.3 `points`, unless one sequence alone has more.
    """
    asked = np.zeros(len(length), np.int64) if n_queries is None else n_queries
    order = np.argsort(length, kind="stable")
    at = 0
    while at < len(order):
        room = max(points // max(int(length[order[at]]), 1), 1)
        while room > 1 and (
            max(length[order[min(at + room, len(order)) - 1]], asked[order[at : at + room]].max())
            * room
            > 1.3 * points
        ):
            room = max(int(room * 0.8), 1)
        yield order[at : at + room]
        at += room


def pad_left(values: Array, start: Array, length: Array) -> tuple[Array, Array]:
    """Rows start … start + length of `values` as a batch padded on the left: (B, T, …), and valid
    (B, T).
    """
    t = int(length.max())
    at = start[:, None] + np.arange(t)[None, :] - (t - length)[:, None]
    valid = at >= start[:, None]
    return values[np.maximum(at, start[:, None])], valid


def padded(parts: Sequence[Array]) -> tuple[Array, Array]:
    """Arrays of some rows, one or more each, as a batch padded on the left, (B, T), and valid (B,
    T).
    """
    length = np.array([len(part) for part in parts])
    return pad_left(np.concatenate(parts), np.cumsum(length) - length, length)


def featurize_padded(
    tracks: Tracks, rows: Array, valid: Array, described: int | None = None
) -> tuple[feat.Features, Array, Array]:
    """The features of a batch of sequences padded on the left, for `Model.backbone`.

    rows: (B, T) rows of the tracks. valid: (B, T), False on padding. described: only the last
    `described` fixes of a sequence are described, all by default. Returns the features, flat
    without padding, in which x, velocity, speed and centroid of other fixes are zero, and x (B, D,
    features) and clock (B, D) of the D fixes described, zero on padding.
    """
    flat = rows[valid]
    width = valid.shape[1]
    begin = max(width - described, 0) if described is not None else 0
    last = np.flatnonzero(np.broadcast_to(np.arange(width) >= begin, valid.shape)[valid])
    sequence = np.repeat(np.arange(len(rows)), valid.sum(axis=1))
    f = feat.featurize(
        sequence, tracks.t[flat], tracks.lon[flat], tracks.lat[flat], last if begin else None
    )
    seen = valid[:, begin:]
    x = np.zeros((*seen.shape, f.x.shape[1]), np.float32)
    clock = np.zeros(seen.shape, np.float32)
    x[seen] = f.x[last]
    clock[seen] = f.clock[last]
    return f, x, clock
