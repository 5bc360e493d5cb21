# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes bundles as an attacker would: each kind is a function that spoils a copy of a small bundle that 0.2.0 made."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from attacks.graphs import (
    FORBIDDEN,
    computed,
    constant,
    doubling,
    encoded,
    forbidden,
    head,
    hidden,
    large,
    products,
    varint,
)
from onnx import TensorProto, helper

from raw_qgis_plugin.core.bundle.bundle import write_sums
from raw_qgis_plugin.core.bundle.onnx_check import OPERATORS

GOOD = Path(__file__).parents[1] / "compat" / "020" / "bundle.zip"
HEAD = "drives"
HEAD_FILE = f"heads/{HEAD}.onnx"
GRAPHS = ("backbone.onnx", HEAD_FILE)
Spoil = Callable[[Path, random.Random], Any]


def unpacked(folder: Path) -> Path:
    """A fresh copy of the good bundle."""
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(GOOD) as z:
        z.extractall(folder.with_name("unpacking"))
    return Path(shutil.move(folder.with_name("unpacking") / "my model", folder))


def packed(folder: Path, archive: Path, more: dict[str | zipfile.ZipInfo, bytes] | None = None) -> Path:
    """A bundle as .zip, with more members."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as z:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            z.write(file, file.relative_to(folder))
        for name, data in (more or {}).items():
            z.writestr(name, data)
    return archive


# ---- mutations: one thing is changed at random, and the sums fit again ----------------------------------------------


def flip(data: bytes, rng: random.Random) -> bytes:
    """Bytes changed, cut out, repeated or appended."""
    out, at = bytearray(data), rng.randrange(len(data))
    how = rng.randrange(4)
    if how == 0:
        for _ in range(rng.choice([1, 4, 32])):
            out[rng.randrange(len(out))] = rng.randrange(256)
    elif how == 1:
        del out[at : at + rng.choice([1, 7, 1000])]
    elif how == 2:
        out[at:at] = out[at : at + rng.choice([1, 7, 1000])]
    else:
        out += rng.randbytes(rng.choice([1, 9, 400]))
    return bytes(out)


def early(data: bytes, rng: random.Random) -> bytes:
    """As `flip`, within the first kilobyte, where headers are."""
    return flip(data[:1000], rng) + data[1000:]


def of_file(name: str, change: Callable[[bytes, random.Random], bytes]) -> Spoil:
    """Change a file of the bundle."""
    return lambda folder, rng: (folder / name).write_bytes(change((folder / name).read_bytes(), rng))


def change_graph(name: str) -> Spoil:
    """Change operators, attributes, sizes, constants and wiring of a graph, which stays an ONNX file."""

    def spoil(folder: Path, rng: random.Random) -> None:
        model = onnx.load(folder / name)
        for _ in range(rng.choice([1, 1, 2, 4])):
            rng.choice(GRAPH_CHANGES)(model.graph, rng.choice(model.graph.node), rng)
        (folder / name).write_bytes(model.SerializeToString())

    return spoil


def _other_operator(_: Any, node: Any, rng: random.Random) -> None:
    node.op_type = rng.choice(sorted(OPERATORS))


def _other_size(graph: Any, _: Any, rng: random.Random) -> None:
    tensor = rng.choice(graph.initializer)
    if len(tensor.dims):
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice([0, -1, 1, 7, 2**31, 2**62])


def _other_attribute(_: Any, node: Any, rng: random.Random) -> None:
    node.attribute.append(helper.make_attribute("axis", rng.choice([-5, 0, 3, 100])))
    for a in node.attribute:
        a.i = rng.choice([-1, 0, 1, 99, 2**62, -(2**63)])
        if a.ints:
            a.ints[rng.randrange(len(a.ints))] = rng.choice([-1, 0, 99, 2**62])


def _other_input(graph: Any, node: Any, rng: random.Random) -> None:
    names = [o for n in graph.node for o in n.output] + [t.name for t in graph.initializer] + [""]
    if len(node.input):
        node.input[rng.randrange(len(node.input))] = rng.choice(names)


def _other_constant(graph: Any, _: Any, rng: random.Random) -> None:
    tensor = rng.choice(graph.initializer)
    if tensor.data_type == TensorProto.INT64 and len(tensor.raw_data) >= 8:
        number = struct.pack("<q", rng.choice([-1, 0, 2**31, 2**62, -(2**63), 100_000]))
        tensor.raw_data = number + tensor.raw_data[8:]
    elif tensor.raw_data:
        tensor.raw_data = flip(tensor.raw_data, rng)


def _other_kind(graph: Any, _: Any, rng: random.Random) -> None:
    rng.choice(graph.initializer).data_type = rng.choice([1, 2, 6, 7, 8, 9, 10, 11, 16, 22])


def _twice(graph: Any, node: Any, rng: random.Random) -> None:
    graph.node.insert(rng.randrange(len(graph.node)), node)


GRAPH_CHANGES = (
    _other_operator, _other_size, _other_attribute, _other_input, _other_constant, _other_kind, _twice,
)  # fmt: skip
WRONG = (None, True, -1, 10**400, 1e300, float("nan"), float("inf"), "x", "", "\ud800", "x" * 10_000, [], [1], {},
         {"a": 1}, [[[]]], {"a": {"b": {}}}, [None])  # fmt: skip


def change_card(folder: Path, rng: random.Random) -> None:
    """Put a value of another kind anywhere into the card, or leave one out."""
    card = json.loads((folder / "card.json").read_text("utf-8"))
    place: Any = card
    while True:
        key = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if isinstance(place[key], (dict, list)) and place[key] and rng.random() < 0.7:
            place = place[key]
            continue
        if rng.random() < 0.2:
            del place[key]
        else:
            place[key] = rng.choice(WRONG)
        break
    (folder / "card.json").write_text(json.dumps(card), "utf-8")


def change_weights(folder: Path, rng: random.Random) -> None:
    """Put a value of another kind into the header of weights.safetensors."""
    file = folder / "weights.safetensors"
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    name = rng.choice([n for n in header if n != "__metadata__"])
    about = json.loads(header["__metadata__"]["about"])
    how = rng.randrange(5)
    if how == 0:
        header[name][rng.choice(["dtype", "shape", "data_offsets"])] = rng.choice(WRONG)
    elif how == 1:
        at, size = rng.randrange(2), rng.choice([-1, 0, 2**40, 2**63])
        header[name]["data_offsets"][at] = size
    elif how == 2:
        header[rng.choice([name, "__metadata__", "more"])] = rng.choice(WRONG)
    else:
        about["config"][rng.choice(list(about["config"]))] = rng.choice([*WRONG, 2**31, 65_536, 7])
        header["__metadata__"]["about"] = json.dumps(about)
    words = json.dumps(header).encode()
    length = len(words) if rng.random() < 0.8 else rng.choice([0, 2**31, 2**63, len(words) - 3])
    file.write_bytes(length.to_bytes(8, "little") + words + data[8 + int.from_bytes(data[:8], "little") :])


MUTATIONS: dict[str, Spoil] = {
    **{f"bytes of {name}": of_file(name, flip) for name in GRAPHS},
    **{f"first bytes of {name}": of_file(name, early) for name in GRAPHS},
    **{f"parts of {name}": change_graph(name) for name in GRAPHS},
    "values of the card": change_card, "other values of the card": change_card,
    "bytes of the card": of_file("card.json", flip), "header of the weights": change_weights,
    "bytes of the weights": of_file("weights.safetensors", early), "bytes of the README": of_file("README.md", flip),
}  # fmt: skip


# ---- hostile bundles, by kind ----------------------------------------------------------------------------------------


def put_head(make: Callable[[random.Random], Any]) -> Spoil:
    """Put a graph, or its bytes, in the place of a head."""

    def spoil(folder: Path, rng: random.Random) -> None:
        made = make(rng)
        (folder / HEAD_FILE).write_bytes(made if isinstance(made, bytes) else made.SerializeToString())

    return spoil


def _bits(kind: str) -> Spoil:
    return put_head(lambda rng: encoded(forbidden(kind), lambda n, p: hidden(n, p, rng.choice([32, 33, 40, 60]))))


def _longer(kind: str) -> Spoil:
    return put_head(
        lambda rng: encoded(forbidden(kind), lambda n, p: varint(n << 3 | 2, rng.choice([1, 3])) + varint(len(p)) + p)
    )


def _group(rng: random.Random) -> bytes:
    good = forbidden("if").SerializeToString()
    return good + varint(rng.choice([7, 100]) << 3 | 3) + varint(7 << 3 | 4)


def _no_file(name: str, make: Callable[[Path], Any]) -> Spoil:
    def spoil(folder: Path, _: random.Random) -> None:
        (folder / name).unlink()
        make(folder / name)

    return spoil


def _in_zip(name: str, mode: int = 0) -> Spoil:
    def spoil(folder: Path, _: random.Random) -> Path:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        return packed(folder, folder.with_suffix(".zip"), {info: b"/etc/passwd"})

    return spoil


def _bomb(name: str) -> Spoil:
    def spoil(folder: Path, rng: random.Random) -> Path:
        if name == "README.md":
            (folder / name).unlink()
        archive = packed(folder, folder.with_suffix(".zip"))
        with (
            zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as z,
            z.open(name, "w", force_zip64=True) as member,
        ):
            for _ in range(rng.choice([260, 300])):
                member.write(bytes(2**20))
        return archive

    return spoil


def _lie(folder: Path, rng: random.Random) -> Path:
    archive = packed(folder, folder.with_suffix(".zip"))
    data = bytearray(archive.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", rng.choice([5, 0xFFFFFFF0]))
    archive.write_bytes(data)
    return archive


def _card_text(make: Callable[[str], bytes]) -> Spoil:
    return lambda folder, _: (folder / "card.json").write_bytes(make((folder / "card.json").read_text("utf-8")))


HOSTILE: dict[str, dict[str, Spoil]] = {
    "parts of a graph that two parsers read differently": {
        **{f"{kind} behind a tag of 33 bits or more": _bits(kind) for kind in FORBIDDEN},
        **{f"{kind} behind a longer varint": _longer(kind) for kind in FORBIDDEN},
        "groups": put_head(_group),
    },
    "operators and files that no graph has": {
        kind: put_head(lambda _, kind=kind: forbidden(kind)) for kind in FORBIDDEN
    },
    "graphs that take all memory": {
        **{
            f"a huge {operator}": put_head(lambda rng, o=operator: large(o, rng.choice([10**3, 10**6])))
            for operator in ("ConstantOfShape", "Expand", "Tile", "Pad", "Range")
        },
        "a huge tensor of computed size": put_head(lambda rng: computed(rng.choice([400, 10**6]))),
        "a tensor that doubles": put_head(lambda rng: doubling(rng.choice([30, 45]))),
    },
    "graphs that take memory within the limit": {
        "a large tensor": put_head(lambda rng: large("Expand", rng.choice([20, 60]))),
    },
    "graphs without end": {
        "products": put_head(lambda _: products(4000, False)),
        "constants, at load": put_head(lambda _: products(4000, True)),
    },
    "answers that are not finite": {
        "no number": put_head(lambda rng: head([], [constant("s", np.nan, np.float32)])),
        "infinite": put_head(lambda rng: head([], [constant("s", rng.choice([-np.inf, np.inf]), np.float32)])),
    },
    "files that are none": {
        "a FIFO as README.md": _no_file("README.md", os.mkfifo),
        "a FIFO as a head": _no_file(HEAD_FILE, os.mkfifo),
        "a link as a head": _no_file(HEAD_FILE, lambda p: p.symlink_to("/etc/passwd")),
    },
    "cards and READMEs": {
        "README.md not in UTF-8": lambda folder, _: (folder / "README.md").write_bytes(b"\xff\xfe\x00" * 99),
        "README.md of 10 MB": lambda folder, _: (folder / "README.md").write_bytes(b"x" * 10**7),
        "a card nested deeply": _card_text(
            lambda text: (text.rstrip()[:-1] + ', "x": ' + "[" * 900 + "]" * 900 + "}").encode()
        ),
        "a card in UTF-16": _card_text(lambda text: text.encode("utf-16")),
        "a number of a million digits": _card_text(
            lambda text: text.replace('"parameters": ', '"parameters": 9' + "9" * 10**6).encode()
        ),
    },
    "zips": {
        "a zip that reaches outside": _in_zip("../../x.onnx"),
        "a zip with a link": _in_zip("heads/x.onnx", 0o120777),
        "a zip with a FIFO": _in_zip("heads/x.onnx", 0o010777),
        "a bomb as README.md": _bomb("README.md"),
        "a bomb as a head": _bomb("heads/bomb.onnx"),
        "sizes that lie": _lie,
    },
}  # fmt: skip


def spoilt(spoil: Spoil, folder: Path, rng: random.Random) -> Path:
    """A bundle of one kind, a folder or a .zip."""
    made = spoil(unpacked(folder), rng)
    if isinstance(made, Path):
        return made
    if not (folder / "README.md").is_fifo():
        write_sums(folder)
    return folder
