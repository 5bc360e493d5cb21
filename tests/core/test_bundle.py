# SPDX-License-Identifier: GPL-2.0-or-later
"""Bundles: the shipped one opens and runs, as a folder and as .zip; one from elsewhere is refused
in words.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle.bundle import Worth, open_bundle, worth
from raw_qgis_plugin.core.bundle.card import is_head_name
from raw_qgis_plugin.core.bundle.checking import write_sums
from raw_qgis_plugin.core.bundle.contract import Limits
from raw_qgis_plugin.core.bundle.heads import Head
from raw_qgis_plugin.core.bundle.network import weights_of
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import BundleError
from raw_qgis_plugin.core.paths import GRAPHS, shipped_bundle

MODE = "transport_mode"
NUMBER = {"name": "mine", "unit": "user", "kind": "number", "inputs": 3}
CLASSES = {**NUMBER, "kind": "classes", "classes": ["a", "b"]}
NAN, INF = float("nan"), float("inf")
TABLE = {
    "horizon_s": [10.0, 60],
    "factor50": [1, 1],
    "factor80": [1, 0],
    "share50": [0.5, 0.5],
    "share80": [0.8, 1.0],
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped bundle to tamper with."""
    return shutil.copytree(shipped_bundle(), tmp_path / "bundle")


def change_card(bundle: Path, **changes: Any) -> None:
    card = json.loads((bundle / "card.json").read_text("utf-8")) | changes
    (bundle / "card.json").write_text(
        json.dumps({k: v for k, v in card.items() if v is not None}), "utf-8"
    )
    write_sums(bundle)


def zipped(folder: Path, path: Path, top: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as z:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                z.write(file, top + file.relative_to(folder).as_posix())
    return path


def test_the_shipped_bundle_is_small_and_its_heads_say_how_they_compare() -> None:
    bundle = open_bundle()
    assert MODE in [h["name"] for h in bundle.heads("track")]
    assert sum(f.stat().st_size for f in bundle.path.rglob("*")) < 12e6
    for head in bundle.card["heads"]:
        assert (
            head["metrics"]["head"].keys() == head["metrics"]["baseline"].keys()
            and head["trained_on"]
        )
        assert head["title"] and head["verdict"].startswith(f"{worth(head['metrics']).value}: ")


def test_what_was_taught_comes_before_what_is_shipped_and_the_latest_first(copy: Path) -> None:
    before = open_bundle(copy)
    own = [before.head(MODE) | {"name": name} for name in ("kind_of_tram", "ticket")]
    for head in own:
        shutil.copyfile(
            copy / f"heads/{MODE}.safetensors", copy / f"heads/{head['name']}.safetensors"
        )
    change_card(copy, heads=before.card["heads"] + own)
    assert [h["name"] for h in open_bundle(copy).heads("track")][:3] == [
        "ticket",
        "kind_of_tram",
        MODE,
    ]


@pytest.mark.parametrize("top", ["", "raw-small/"])
def test_a_zip_is_the_same_bundle(copy: Path, tmp_path: Path, top: str) -> None:
    bundle = open_bundle(zipped(copy, tmp_path / "b.zip", top))
    assert bundle.card == open_bundle(copy).card
    place = bundle.path
    bundle._unpacked.cleanup()
    assert not place.exists()


def test_a_card_is_its_bundle(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As file dialogs give it, which choose files alone."""
    assert open_bundle(copy / "card.json").path == copy
    monkeypatch.chdir(copy)
    assert open_bundle("card.json").path.samefile(copy)
    (copy / "card.json").unlink()
    with pytest.raises(BundleError, match=r"no card\.json"):
        open_bundle(copy / "card.json")


def test_what_is_no_bundle_is_refused_in_a_sentence(
    copy: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    (tmp_path / "bundle.txt").write_text("hello")
    run = tmp_path / "run"
    shutil.copytree(copy, run / "bundle")
    (run / "state.safetensors").write_bytes(b"")
    for place, words in (
        ("/nowhere/at/all", "no model at"), (tmp_path / "bundle.txt", r"neither a folder nor a \.zip"),
        (run, "is the folder of a run: its model is .*bundle"), ("x" * 5000, "cannot be read: File name too long"),
    ):  # fmt: skip
        with pytest.raises(BundleError, match=words):
            open_bundle(place)
    with pytest.raises(BundleError, match=f"no head called 'bogus'.*{MODE}"):
        open_bundle(copy).head("bogus")


WRONG: list[tuple[dict, str]] = [
    ({"format_version": 99}, "format_version 99; RAW reads 3. Update RAW"),
    ({"feature_version": 0}, "Export the model again"), ({"heads": None}, "no heads"),
    ({"config": {"preset": "raw-small", "layers": 6}}, "other sizes than those that this version"),
    ({"width": 48}, "other sizes"), ({"config": None}, "other sizes"), ({"width": 0}, "in width"),
    *[({"embedding": {"width": width}}, r"in embedding\.width") for width in ("wide", None, 0, 10**12, True)],
    *[({"domain": value}, "in domain") for value in ({"cadence_s": [1]}, "x", [1], {"speed_ms": [0, NAN]})],
    *[({"parameters": value}, "in parameters") for value in ("x", 10**400)],
    ({"data": "x" * Limits.text_bytes}, "larger than 4 MiB"),
    *[({"heads": heads}, words) for heads, words in (
        ([{**NUMBER, "unit": "cat"}], r"in heads\.0\.unit"), ([NUMBER, NUMBER], "two heads that are called mine"),
        ([NUMBER, {**NUMBER, "name": "mine_low"}], "mine_low or answer in this field"),
        ([{**CLASSES, "classes": ["a", ["b"]]}], "two texts"), ([{**CLASSES, "classes": "abc"}], "two texts"),
        ([NUMBER] * (Limits.heads + 1), "more than 300 heads"), ([{"name": "a"}], "a head without unit"),
        ([NUMBER], "mine.*which is missing"), ([], "which its card does not name"),
        *[([{**CLASSES, "threshold": t}], r"0\.threshold") for t in ("0.6", None, NAN, 1.5)],
        *[([{**NUMBER, "inputs": n}], r"0\.inputs") for n in (3.5, 0, -1, 10**6, True, "3", NAN, None)],
        *[([{**NUMBER, "name": n}], r"0\.name") for n in ("n_users", "fid", "geom", "con", "com1", "../../evil", 1)],
        *[([{**NUMBER, name: value}], rf"0\.{name}") for name, value in (
            ("domain", {"span_h": 5}), ("halfwidth", {"low": "a", "high": 1}), ("metrics", {"ratio": [1, "2"]}),
        )],
    )],
    *[({"calibration": {"trips": table}}, r"in calibration\.trips") for table in (
        [1], {"horizon_s": 10}, {"horizon_s": [10.0, 60]}, {**TABLE, "horizon_s": []},
        {**TABLE, "horizon_s": [60, 1.0]},
        *({**TABLE, "factor50": wrong} for wrong in ([1], [1, "1"], [NAN, NAN], [1, INF], [1, 10**20], [1, -1])),
    )],
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), WRONG)
def test_a_wrong_card_is_refused(copy: Path, changes: dict, said: str) -> None:
    change_card(copy, **changes)
    with pytest.raises(BundleError, match=said):
        open_bundle(copy)


@pytest.mark.parametrize(
    "calibration", [{}, {"trips": {}}, {"trips": TABLE}, {"days": dict.fromkeys(TABLE, [])}]
)
def test_kinds_may_be_uncalibrated(copy: Path, calibration: dict) -> None:
    change_card(copy, calibration=calibration)
    assert open_bundle(copy).card["calibration"] == calibration


@pytest.mark.parametrize(
    "change", [{"classes": ["no", "yes", "perhaps"]}, {"kind": "number"}, {"inputs": 5}]
)
def test_a_head_that_answers_otherwise_than_its_card_says_is_refused(
    copy: Path, change: dict
) -> None:
    heads = [h | change if h["name"] == MODE else h for h in open_bundle(copy).card["heads"]]
    change_card(copy, heads=heads)
    with pytest.raises(BundleError, match=f"{MODE}.safetensors is no head with"):
        open_bundle(copy)


@pytest.mark.parametrize("name", ["weights.safetensors", f"heads/{MODE}.safetensors", "README.md"])
def test_a_changed_or_missing_file_is_refused(copy: Path, name: str) -> None:
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BundleError, match="is not the file that was packed"):
        open_bundle(copy)
    if name != "README.md":
        (copy / name).unlink()
        with pytest.raises(BundleError, match=r"has no weights\.safetensors|which is missing"):
            open_bundle(copy)


@pytest.mark.parametrize("card", ["{", "[1]", '"x"', "[" * 100_000, '{"name": "\\ud800"}'])
def test_a_card_that_is_none_is_refused(copy: Path, card: str) -> None:
    (copy / "card.json").write_text(card)
    write_sums(copy)
    with pytest.raises(BundleError):
        open_bundle(copy)


@pytest.mark.parametrize("name", ["nul", "lpt9"])
def test_devices_of_windows_are_no_heads(name: str) -> None:
    assert not is_head_name(name) and all(map(is_head_name, (f"{name}_", f"{name}0", f"a{name}")))


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_is_refused(tmp_path: Path, compression: int) -> None:
    packed = tmp_path / "damaged.zip"
    with zipfile.ZipFile(packed, "w", compression) as z:
        z.writestr("card.json", np.random.default_rng(0).bytes(2000))
    data = bytearray(packed.read_bytes())
    data[60:1000] = b"\xff" * 940
    packed.write_bytes(data)
    with pytest.raises(BundleError, match="damaged"):
        open_bundle(packed)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, Worth.PROVEN),
        ({"ratio": [0.5, 0.4, 1.0]}, Worth.UNPROVEN),
        ({"groups": 5}, Worth.UNPROVEN),
        ({"ratio": [1.1, 0.9, 1.3]}, Worth.SIMPLE),
        *[({"ratio": ratio}, Worth.SIMPLE) for ratio in ([], [0.5], [None, None, None])],
        *[
            ({"head": {"r2": r2}}, Worth.NOTHING if r2 is not None else Worth.PROVEN)
            for r2 in (None, 0.09, 0, -0.1)
        ],
    ],
)
def test_a_head_is_proven_where_chance_does_not_explain_its_figures(
    change: dict, found: Worth
) -> None:
    assert worth({"ratio": [0.5, 0.4, 0.99], "groups": 6, "head": {"r2": 0.1}} | change) is found


# ---- weights in RAW's own graphs, heads as arrays
# ------------------------------------------------------------------


def test_every_preset_has_a_graph_without_weights() -> None:
    for path in GRAPHS.glob("*.json"):
        sizes = json.loads(path.read_text("utf-8"))
        graph = path.with_suffix(".onnx").read_bytes()
        assert sizes["config"]["preset"] == path.stem and len(graph) < 20_000 * (
            2 + sizes["config"]["layers"]
        )
        assert all(name.encode() in graph for name in sizes["tensors"]) and b'File "' not in graph


@pytest.mark.parametrize(
    ("change", "words"), [("gone", "does not hold the weights"), ("nan", "not finite")]
)
def test_weights_that_do_not_fit_are_refused(copy: Path, change: str, words: str) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    weights = weights_of(copy, open_bundle(copy).card)
    if change == "gone":
        weights.pop("norm.weight")
    else:
        weights["norm.weight"][3] = NAN
    numpy.save_file(weights, copy / "weights.safetensors")
    write_sums(copy)
    with pytest.raises(BundleError, match=words):
        Model(open_bundle(copy), "cpu", 1)


def head_file(path: Path, **changes: Any) -> Path:
    """A head of two inputs and a number: a tree that asks whether the second is above a half."""
    numpy = pytest.importorskip("safetensors.numpy")
    f, i = np.float32, np.int32
    tree = {"columns": np.array([1], i), "root": np.array([0], i), "left": np.array([1, 1, 2], i),
            "right": np.array([2, 1, 2], i), "column": np.zeros(3, i), "threshold": np.array([0.5, 0, 0], f),
            "value": np.array([0, -2, 3], f), "depth": np.array([1], i), "start": np.ones(1, f),
            "floor": np.array([0.01], f)}  # fmt: skip
    arrays = {"shares": np.ones(1, f), "gain": np.array([2], f), "shift": np.array([0.5], f)}
    arrays |= {f"0.{name}": changes.get(name, values) for name, values in tree.items()}
    numpy.save_file(arrays, path)
    return path


def test_a_tree_answers_as_it_should(tmp_path: Path) -> None:
    x = np.array([[9, 0.5], [9, 0.51]], np.float32)
    assert Head.read(head_file(tmp_path / "h.safetensors"), 2, 1)(x).tolist() == [[-1.5], [8.5]]
    forest = head_file(
        tmp_path / "f.safetensors", value=np.array([[0, 0], [1, 0], [0.2, 0.8]], np.float32)
    )
    p = np.exp((Head.read(forest, 2, 2)(x) - 0.5) / 2)
    np.testing.assert_allclose(p, [[0.99, 0.01], [0.206, 0.794]], atol=1e-5)


@pytest.mark.parametrize("changes", [
    {"columns": np.array([2], np.int32)}, {"left": np.array([1, -1, 2], np.int32)},
    {"right": np.array([3, 1, 2], np.int32)}, {"root": np.array([], np.int32)}, {"depth": np.array([0], np.int32)},
    {"depth": np.array([10**6], np.int32)}, {"value": np.zeros((3, 3), np.float32)},
    {"column": np.zeros(3, np.float32)}, {"threshold": np.zeros(4, np.float32)},
])  # fmt: skip
def test_trees_that_point_elsewhere_or_never_end_are_refused(tmp_path: Path, changes: dict) -> None:
    with pytest.raises(BundleError, match="is no head with 2 inputs and 1 outputs"):
        Head.read(head_file(tmp_path / "h.safetensors", **changes), 2, 1)


def test_answers_that_are_not_finite_are_an_error(model: Model) -> None:
    inputs = model.bundle.head(MODE)["inputs"]
    with pytest.raises(BundleError, match="another backbone"):
        model.run_head(MODE, np.zeros((1, 5)))
    with pytest.raises(BundleError, match="not finite"), np.errstate(all="ignore"):
        model.run_head(MODE, np.full((1, inputs), NAN))
    with pytest.raises(BundleError, match="not finite"):
        model.backbone(np.full((1, 2, 77), NAN), np.zeros((1, 2)), np.ones((1, 2), bool))


@pytest.mark.parametrize(
    "changes",
    [
        {"columns": np.zeros(3, np.int32)},
        {"root": np.zeros(20_000, np.int32), "value": np.zeros((3, 1000), np.float32)},
        {"depth": np.array([20_001], np.int32)},
    ],
)
def test_heads_that_would_take_all_memory_or_time_are_refused(
    tmp_path: Path, changes: dict
) -> None:
    outputs = 1000 if "value" in changes else 1
    with pytest.raises(BundleError, match="too many or too deep|more columns than it has"):
        Head.read(head_file(tmp_path / "h.safetensors", **changes), 2, outputs)


def test_the_parts_of_a_head_share_its_limits(tmp_path: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    arrays = numpy.load_file(
        head_file(tmp_path / "h.safetensors", depth=np.array([5000], np.int32))
    )
    part = {name: values for name, values in arrays.items() if name.startswith("0.")}
    for n in range(1, 5):
        arrays |= {name.replace("0.", f"{n}.", 1): values for name, values in part.items()}
    arrays["shares"] = np.ones(4, np.float32)
    assert Head(arrays, 2, 1)(np.zeros((3, 2), np.float32)).shape == (3, 1)
    arrays["shares"] = np.ones(5, np.float32)
    with pytest.raises(BundleError, match="too many or too deep"):
        Head(arrays, 2, 1)
