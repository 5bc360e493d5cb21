# SPDX-License-Identifier: GPL-2.0-or-later
"""The ledger: what was published, of whom, and at which price. A folder of the user's profile.

A publication is one file, written beside and renamed. It holds what was published, so that the same
publication again is the same numbers; and a digest of each person's id, so that prices add up over
layers that have people in common.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ..arrays import Array, Columns
from ..errors import InputError, translated
from ..scratch import complete, lock
from ..tracks import Tracks
from .accounting import epsilon_of, guess_bound
from .publish import Publication
from .spec import PublishSpec

ENDING = ".npz"
LOCK = ".lock"
COLUMN = "column "
FACTS = ("rho", "beyond", "within_95", "least")
WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Request:
    """What somebody wants to publish.

    digest: of all that its figures depend on. people: (n,) uint64 of `people_of`. tracks: the
    digest of the data set.
    """

    digest: str
    people: Array
    tracks: str
    rho: float


@dataclass(frozen=True)
class Spent:
    """What was paid. rho: the most that all publications with one of the people cost together."""

    rho: float
    publications: int

    def in_words(self) -> str:
        """What was paid, in a sentence."""
        return translated(
            "People of this layer are in {n:,} publications of this profile, which cost a ρ of "
            "{rho:g} together.",
            n=self.publications,
            rho=self.rho,
        )


def request_of(tracks: Tracks, shapes: Array, spec: PublishSpec, *options: Any) -> Request:
    """A request. shapes: (n,) shapely. options: what else figures depend on."""
    import shapely

    data = sha256()
    for column in (tracks.track_user, tracks.track, tracks.t, tracks.lon, tracks.lat):
        data.update(np.ascontiguousarray(column).data)
    names = "\0".join(map(str, tracks.user_ids))
    data.update(names.encode())

    whole = sha256(data.digest())
    for shape in shapely.to_wkb(shapes):
        whole.update(shape or b"none")
    # what somebody is ready to pay changes no figure
    spec = replace(spec, max_rho=spec.rho)
    whole.update(repr((spec, *options)).encode())
    return Request(whole.hexdigest()[:40], people_of(tracks), data.hexdigest()[:40], spec.rho)


def people_of(tracks: Tracks) -> Array:
    """(n,) uint64: a digest of each user's id, the same in every layer."""
    digests = []
    for name in tracks.user_ids:
        digest = blake2b(str(name).encode(), digest_size=8)
        digests.append(digest.digest())
    return np.frombuffer(b"".join(digests), np.uint64)


class Ledger:
    """The publications of a profile. Raises InputError where they cannot be read or kept."""

    def __init__(self, folder: Path) -> None:
        """folder: made if missing, readable by the user alone."""
        self.folder = folder
        with self._writing():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.locked():  # it can be written
            pass

    def find(self, request: Request) -> Publication | None:
        """The same publication, if there was one."""
        path = self.folder / f"{request.digest}{ENDING}"
        if not path.exists():
            return None
        return _publication(_read(path))

    def spent(self, people: Array) -> Spent:
        """What publications with any of these people have cost. people: (n,) of `people_of`."""
        total = np.zeros(len(people))
        publications = 0
        for path in self._files():
            stored = _read(path)
            known = np.isin(people, stored["people"])

            rho = _meta(stored)["rho"]
            total[known] += rho
            publications += bool(known.any())
        return Spent(float(total.max(initial=0.0)), publications)

    def keep(self, request: Request, publication: Publication) -> None:
        """Write a publication down. Only then it may leave the desk."""
        path = self.folder / f"{request.digest}{ENDING}"
        with (
            self._writing(),
            complete(path) as beside,
            open(os.open(beside, WRITE, 0o600), "wb") as file,
        ):
            np.savez_compressed(file, **_arrays(request, publication))  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """No other QGIS of this profile writes meanwhile."""
        with self._writing(), lock(self.folder / LOCK, wait=True):
            yield

    def _files(self) -> Iterator[Path]:
        with self._writing():
            yield from sorted(self.folder.glob(f"*{ENDING}"))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            words = (
                "Nothing can be published, because the ledger of publications cannot be kept in "
                "{folder}: {error}."
            )
            raise InputError(words, folder=self.folder, error=error.strerror) from error


def publish_once(
    ledger: Ledger, request: Request, max_rho: float, draw: Callable[[], Publication]
) -> Publication:
    """The stored publication of a request, or a new one that the ledger has written down.

    draw: makes a new one. Raises InputError if the people would have cost more than max_rho.
    """
    if (stored := ledger.find(request)) is not None:
        return stored
    _refuse_above(max_rho, ledger.spent(request.people), request.rho)
    publication = draw()
    with ledger.locked():  # another QGIS may have published meanwhile
        if (stored := ledger.find(request)) is not None:
            return stored
        _refuse_above(max_rho, ledger.spent(request.people), request.rho)
        ledger.keep(request, publication)
    return publication


def _refuse_above(max_rho: float, spent: Spent, rho: float) -> None:
    """Raise InputError if what was spent and one more publication cost more than max_rho."""
    total = spent.rho + rho
    if total <= max_rho:
        return
    raise InputError(
        "People of this layer are in {n:,} publications already, which cost a ρ of {spent:g} "
        "together. With this one it is {total:g} (ε {epsilon:.1f}), and somebody who knows "
        "everybody else guesses a person's presence right in {bound:.0%} of cases. MAX_RHO "
        "allows {most:g}: raise it if this is meant.",
        n=spent.publications,
        spent=spent.rho,
        total=total,
        epsilon=epsilon_of(total),
        bound=guess_bound(total),
        most=max_rho,
    )


def _arrays(request: Request, publication: Publication) -> Columns:
    """What a file of the ledger holds."""
    import shapely

    meta = {name: getattr(publication, name) for name in FACTS}
    meta["tracks"] = request.tracks
    meta["when"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
    wkb = [shape or b"" for shape in shapely.to_wkb(publication.shapes)]
    arrays = {COLUMN + name: values for name, values in publication.columns.items()}
    arrays["people"] = request.people
    arrays["meta"] = np.array(json.dumps(meta))
    arrays["wkb"] = np.frombuffer(b"".join(wkb), np.uint8)
    arrays["sizes"] = np.array([len(each) for each in wkb], np.int64)
    return arrays


def _meta(stored: Any) -> Any:
    return json.loads(str(stored["meta"]))


def _read(path: Path) -> Any:
    """The arrays of a file of the ledger, by name; each is read when it is asked for."""
    try:
        stored = np.load(path, allow_pickle=False)
        _meta(stored)
        return stored
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        words = (
            "Nothing can be published, because a file of the ledger of publications cannot be "
            "read: {file}. Restore it from a backup."
        )
        raise InputError(words, file=path) from error


def _publication(stored: Any) -> Publication:
    import shapely

    sizes = stored["sizes"]
    whole = stored["wkb"].tobytes()
    wkb = [whole[end - size : end] or None for end, size in zip(np.cumsum(sizes), sizes)]
    shapes = np.asarray(shapely.from_wkb(wkb), object).reshape(-1)

    columns = {}
    for name in stored.files:
        if name.startswith(COLUMN):
            columns[name.removeprefix(COLUMN)] = stored[name]
    meta = _meta(stored)
    facts = {name: meta[name] for name in FACTS}
    return Publication(columns, shapes, **facts)
