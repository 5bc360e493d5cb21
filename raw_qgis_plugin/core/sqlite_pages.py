# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes whole tables and R-trees of an SQLite file as arrays of pages, in a small part of the time that SQL takes.

The formats are those of https://sqlite.org/fileformat2.html and of SQLite's module rtree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .arrays import expand_ranges
from .errors import Cancelled

LEAF, INTERIOR = 13, 5  # types of pages
HEADER_BYTES = {LEAF: 8, INTERIOR: 12}  # of a page
LOCK_BYTE = 1 << 30  # the page with this byte is never used
NODE_CELLS = 51  # of an R-tree, as SQLite makes it in pages of 2 KB or more
NODE_CELL = np.dtype([("id", ">i8"), ("box", ">f4", 4)])

Sizes: TypeAlias = Any  # (n,) int64, or one NumPy number for all rows


class Column(NamedTuple):
    """A column of a table: the first `size` bytes of each row of `data`, (n, width) uint8."""

    kind: str  # 'text', 'blob', or 'int': of 4 bytes, big-endian
    data: np.ndarray
    size: Sizes


Block = tuple[np.ndarray, list[Column]]
"""Rows of a table: their keys, (n,) ascending int64 over zero, and the columns except the first, which is the key."""


class PageFile:
    """An SQLite file that nothing else has open. It is complete again after `close`.

    ValueError for one that was made with unusual settings.
    Several threads may fill tables at the same time; `cancel` ends them all with Cancelled.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b")
        header = self._file.read(100)
        self.page_bytes, self.changes, self.n_pages = (
            int.from_bytes(header[start:stop], "big") for start, stop in ((16, 18), (24, 28), (28, 32))
        )
        if self.page_bytes < 2048 or header[20] or any(header[52:56]):
            raise ValueError(f"{path.name} has small pages, reserved bytes or a map of its pages")
        self._lock, self._cancelled = Lock(), False

    def cancel(self) -> None:
        """End the work of all threads."""
        self._cancelled = True

    def _check(self) -> None:
        if self._cancelled:
            raise Cancelled

    def close(self) -> None:
        """Write the number of pages into the header of the file."""
        self._file.truncate(self.n_pages * self.page_bytes)
        for at, value in ((24, self.changes + 1), (28, self.n_pages), (92, self.changes + 1)):
            self._file.seek(at)
            self._file.write(value.to_bytes(4, "big"))
        self._file.close()

    def fill_table(self, root: int, blocks: Iterable[Block]) -> None:
        """Write all rows of an empty table. root: the number of its first page.

        A row has to fit a page: ValueError for a longer one.
        """
        numbers, keys, pages = [], [], None
        for ids, columns in blocks:
            if pages is not None:
                numbers.append(self._append(pages))
            cells, sizes = _cells(ids, columns)
            rows_a_page = (self.page_bytes - HEADER_BYTES[LEAF]) // (int(sizes.max()) + 2)
            if not rows_a_page:
                raise ValueError(f"a row of {sizes.max()} bytes fits no page")
            start = np.arange(0, len(ids), rows_a_page)
            stop = np.append(start[1:], len(ids))
            pages = self._pages(LEAF, cells, sizes, start, stop)
            keys.append(ids[stop - 1])
        if pages is None:
            return
        if numbers or len(pages) > 1:
            number, key = np.concatenate([*numbers, self._append(pages)]), np.concatenate(keys)
            pages, key = self._parents(number, key)
            while len(pages) > 1:
                pages, key = self._parents(self._append(pages), key)
        with self._lock:
            self._put(pages, root)

    def _parents(self, child: np.ndarray, key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The pages above some pages, and their greatest keys. child, key: numbers and greatest keys of the latter."""
        cells, sizes = _joined(len(child), [(_big_endian(child, 4), np.int64(4)), _varints(key)])
        cells_a_page = (self.page_bytes - HEADER_BYTES[INTERIOR]) // (int(sizes.max()) + 2)
        stop = np.linspace(0, len(child), -(-len(child) // cells_a_page) + 1).astype(np.int64)[1:]
        pages = self._pages(INTERIOR, cells, sizes, np.append(0, stop[:-1]), stop - 1, child[stop - 1])
        return pages, key[stop - 1]

    def _pages(
        self, kind: int, cells: np.ndarray, sizes: np.ndarray, start: np.ndarray, stop: np.ndarray,
        right: np.ndarray | None = None,
    ) -> np.ndarray:  # fmt: skip
        """(m, page_bytes): page k has the cells start[k] to stop[k]. right: last children of interior pages."""
        ends, header = np.append(0, np.cumsum(sizes)), HEADER_BYTES[kind]
        count, begin, end = stop - start, ends[start], ends[stop]
        pages = np.zeros((len(start), self.page_bytes), np.uint8)
        pages[:, 0] = kind
        pages[:, 3:5] = _big_endian(count, 2)
        pages[:, 5:7] = _big_endian(self.page_bytes - (end - begin), 2)
        if right is not None:
            pages[:, 8:12] = _big_endian(right, 4)
        place = self.page_bytes - np.repeat(end, count) + ends[expand_ranges(start, count)]
        pointers, done = _big_endian(place, 2).reshape(-1), 2 * np.append(0, np.cumsum(count))
        alike = len(pages) - 1 if kind == LEAF and sizes.min() == sizes.max() else 0  # full of rows of one size
        if alike:
            pages[:alike, header : header + done[1]] = pointers[: done[alike]].reshape(alike, -1)
            pages[:alike, self.page_bytes - end[0] :] = cells[: end[alike - 1]].reshape(alike, -1)
        for k in range(alike, len(pages)):
            pages[k, header : header + 2 * count[k]] = pointers[done[k] : done[k + 1]]
            pages[k, self.page_bytes - (end[k] - begin[k]) :] = cells[begin[k] : end[k]]
        return pages

    def _append(self, pages: np.ndarray) -> np.ndarray:
        """Write pages at the end of the file. Returns their numbers, (m,) from 1."""
        self._check()
        with self._lock:
            numbers = self.n_pages + 1 + np.arange(len(pages))
            lock = LOCK_BYTE // self.page_bytes + 1
            if self.n_pages < lock:
                numbers += numbers >= lock
            below = int((numbers < lock).sum())
            for some in (slice(0, below), slice(below, None)):
                if len(pages[some]):
                    self._put(pages[some], int(numbers[some][0]))
            self.n_pages = int(numbers[-1])
        return numbers

    def _put(self, pages: np.ndarray, number: int) -> None:
        self._file.seek((number - 1) * self.page_bytes)
        self._file.write(pages.data)

    def fill_rtree(self, nodes: int, rows: int, parents: int, x: np.ndarray, y: np.ndarray) -> None:
        """Index the points of the rows 1 to n of a table. nodes, rows, parents: first pages of the R-tree's tables."""
        order = _along_curve(x, y)
        self._check()
        near = [values.astype(np.float32)[order] for values in (x, y)]
        ids, box = order + 1, [near[0], near[0], near[1], near[1]]
        levels, first = [(ids, box)], [2]  # the number of the first node of each level; the root is 1
        while len(ids) > NODE_CELLS:
            start = np.arange(0, len(ids), NODE_CELLS)
            ids = first[-1] + np.arange(len(start))
            least, most = np.minimum.reduceat, np.maximum.reduceat
            box = [limit(edge, start) for limit, edge in zip((least, most, least, most), box)]
            self._check()
            levels.append((ids, box))
            first.append(first[-1] + len(start))
        first[-1] = 1
        self.fill_table(nodes, _nodes(levels, first))
        node_of_row = np.empty(len(order), np.uint32)
        node_of_row[order] = first[0] + np.arange(len(order)) // NODE_CELLS
        self.fill_table(rows, _numbers(1 + np.arange(len(order)), node_of_row))
        above = [up + np.arange(len(ids)) // NODE_CELLS for (ids, _), up in zip(levels[1:], first[1:])]
        if above:
            below = np.concatenate([ids for ids, _ in levels[1:]])
            self.fill_table(parents, _numbers(below, np.concatenate(above)))


def _level(ids: np.ndarray, box: list[np.ndarray]) -> np.ndarray:
    """Cells of an R-tree. box: least and greatest x, least and greatest y, each rounded to float32."""
    cells = np.empty(len(ids), NODE_CELL)
    cells["id"] = ids
    for k, near in enumerate(box):  # to numbers just below and just above; of a node as of the least of its cells
        margin = np.abs(near) * np.finfo(np.float32).eps
        cells["box"][:, k] = near + margin if k % 2 else near - margin
    return cells


def _nodes(
    levels: list[tuple[np.ndarray, list[np.ndarray]]], first: list[int], nodes_a_block: int = 2048
) -> Iterator[Block]:
    """The table of an R-tree's nodes, the root first. levels: ids and boxes of the cells of each, leaves first."""
    for (ids, box), number in ((levels[-1], first[-1]), *zip(levels[:-1], first[:-1])):
        for start in range(0, len(ids), nodes_a_block * NODE_CELLS):
            rows = slice(start, start + nodes_a_block * NODE_CELLS)
            some = _level(ids[rows], [edge[rows] for edge in box])
            n_nodes = -(-len(some) // NODE_CELLS)
            data = np.zeros((n_nodes, 4 + NODE_CELLS * NODE_CELL.itemsize), np.uint8)
            data[:, 2:4] = _big_endian(np.minimum(len(some) - NODE_CELLS * np.arange(n_nodes), NODE_CELLS), 2)
            padded = np.zeros(n_nodes * NODE_CELLS, NODE_CELL)
            padded[: len(some)] = some
            data[:, 4:] = padded.view(np.uint8).reshape(n_nodes, -1)
            if number == 1:
                data[0, 1] = len(levels) - 1
            yield number + start // NODE_CELLS + np.arange(n_nodes), [Column("blob", data, np.int64(data.shape[1]))]


def _numbers(keys: np.ndarray, values: np.ndarray, rows_a_block: int = 1 << 17) -> Iterator[Block]:
    """A table of one number under a key."""
    for start in range(0, len(keys), rows_a_block):
        some = slice(start, start + rows_a_block)
        yield keys[some].astype(np.int64), [Column("int", _big_endian(values[some], 4), np.int64(4))]


def _along_curve(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n,) rows in the order of a Z-shaped curve, on which neighbours are near each other."""
    code = np.zeros(len(x), np.uint32)
    for values in (x, y):
        low, high = values.min(), values.max()
        grid = ((values - low) * (65_535 / max(high - low, 1e-9))).astype(np.uint32)
        for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
            grid = (grid | grid << shift) & mask
        code = code << 1 | grid
    bits = len(x).bit_length()
    key = code.astype(np.int64) << bits | np.arange(len(x))  # sorts faster than by argsort
    key.sort()
    return key & ((1 << bits) - 1)


def _cells(ids: np.ndarray, columns: list[Column]) -> tuple[np.ndarray, np.ndarray]:
    """The cells of rows one after the other, uint8, and the size of each, (n,)."""
    bodies = [(column.data, _constant(column.size)) for column in columns]
    types = [
        _varints(np.int64(4) if column.kind == "int" else 12 + (column.kind == "text") + 2 * size)
        for column, (_, size) in zip(columns, bodies)
    ]
    header = 2 + sum(size for _, size in types)  # its own size, and the type NULL of the key
    record = header + sum(size for _, size in bodies)
    key = np.zeros((1, 1), np.uint8), np.int64(1)
    return _joined(len(ids), [_varints(record), _varints(ids), _varints(header), key, *types, *bodies])


def _constant(sizes: Sizes) -> Sizes:
    """Sizes of rows, or one number where all are the same."""
    return sizes[0] if sizes.ndim and (sizes == sizes[0]).all() else sizes


def _joined(n: int, parts: list[tuple[np.ndarray, Sizes]]) -> tuple[np.ndarray, np.ndarray]:
    """The rows of all parts side by side, as one run of bytes, and the size of each. parts: bytes, and their number."""
    parts = [(data[:, : int(size.max())], size) for data, size in parts]
    table = np.hstack([np.broadcast_to(data, (n, data.shape[1])) for data, _ in parts])
    if all(size.ndim == 0 for _, size in parts):
        return table.reshape(-1), np.full(n, table.shape[1])
    used = np.hstack([
        np.broadcast_to(np.arange(data.shape[1]) < size[..., None], (n, data.shape[1])) for data, size in parts
    ])  # fmt: skip
    return table[used], used.sum(axis=1)


def _varints(values: Sizes) -> tuple[np.ndarray, Sizes]:
    """Numbers from 0 on in SQLite's variable length: (n, width) bytes from the left, and the size of each.

    For one number n is 1, and the size is a number.
    """
    most = int(values.max())
    width = max(1, -(-most.bit_length() // 7))
    values = values.astype(np.int32) if most < 1 << 31 else values  # computes twice as fast
    size = _constant(1 + np.searchsorted((128 ** np.arange(1, width)).astype(values.dtype), values, side="right"))
    data = np.empty((values.size, width), np.uint8)
    for k in range(width):
        left = (size - 1 - k).astype(values.dtype)  # groups of seven bits that follow
        data[:, k] = values >> 7 * np.maximum(left, 0) & 0x7F | (left > 0) * values.dtype.type(0x80)
    return data, size


def _big_endian(values: np.ndarray, size: int) -> np.ndarray:
    """(n, size) bytes of numbers."""
    return np.asarray(values).astype(f">u{size}").view(np.uint8).reshape(-1, size)
