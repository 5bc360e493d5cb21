# SPDX-License-Identifier: GPL-2.0-or-later
"""Bundles are untrusted: the shipped one opens, as a folder and as .zip; every tampered one is refused in words."""

import hashlib
import json
import os
import shutil
import zipfile

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle.bundle import LIMITS, Worth, open_bundle, worth, write_sums
from raw_qgis_plugin.core.bundle.card import is_head_name
from raw_qgis_plugin.core.bundle.onnx_check import GraphChecker, _elements
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import BundleError
from raw_qgis_plugin.core.paths import shipped_bundle

NUMBER = {"name": "mine", "unit": "user", "kind": "number"}
CLASSES = {"name": "mine", "unit": "user", "kind": "classes", "classes": ["a", "b"]}
NAN = float("nan")
TABLE = {"horizon_s": [10.0, 60], "factor50": [1, 1], "factor80": [1, 0], "share50": [0.5, 0.5], "share80": [0.8, 1.0]}


@pytest.fixture
def copy(tmp_path):
    """A copy of the shipped bundle to tamper with."""
    return shutil.copytree(shipped_bundle(), tmp_path / "bundle")


def change_card(bundle, **changes):
    card = json.loads((bundle / "card.json").read_text("utf-8")) | changes
    (bundle / "card.json").write_text(json.dumps({k: v for k, v in card.items() if v is not None}), "utf-8")
    write_sums(bundle)


def zipped(folder, path, top=""):
    with zipfile.ZipFile(path, "w") as z:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                z.write(file, top + file.relative_to(folder).as_posix())
    return path


def test_the_shipped_bundle_opens_and_has_its_heads():
    bundle = open_bundle()
    assert [h["name"] for h in bundle.heads("track")] == ["transport_mode"] and not bundle.heads("user")
    assert sum(f.stat().st_size for f in bundle.path.rglob("*")) < 19e6
    for graph in bundle.path.rglob("*.onnx"):
        assert b'File "' not in graph.read_bytes()  # as PyTorch notes of the machine that wrote it


def test_the_shipped_heads_say_how_they_compare():
    for head in open_bundle().card["heads"]:
        assert head["metrics"]["head"].keys() == head["metrics"]["baseline"].keys()
        assert head["trained_on"] and head["title"]


def test_what_was_taught_comes_before_what_is_shipped_and_the_latest_first(copy):
    before = open_bundle(copy)
    own = [before.head("transport_mode") | {"name": name} for name in ("kind_of_tram", "ticket")]
    for head in own:
        shutil.copyfile(copy / "heads/transport_mode.onnx", copy / f"heads/{head['name']}.onnx")
    change_card(copy, heads=before.card["heads"] + own)
    after = open_bundle(copy)
    assert [h["name"] for h in after.heads("track")] == ["ticket", "kind_of_tram", "transport_mode"]


@pytest.mark.parametrize("top", ["", "raw-small/"])
def test_a_zip_is_the_same_bundle(copy, tmp_path, top):
    bundle = open_bundle(zipped(copy, tmp_path / "b.zip", top))
    assert bundle.card == open_bundle(copy).card
    place = bundle.path
    bundle._unpacked.cleanup()
    assert not place.exists()


def test_a_bundle_opens_where_python_is_older_than_its_file_digest(monkeypatch):
    """QGIS 3.34 on Ubuntu 22.04 runs Python 3.10."""
    monkeypatch.delattr(hashlib, "file_digest", raising=False)
    assert open_bundle().card["heads"]


def test_a_card_is_its_bundle(copy, monkeypatch):
    """As file dialogs give it, which choose files alone."""
    assert open_bundle(copy / "card.json").path == copy
    monkeypatch.chdir(copy)
    assert open_bundle("card.json").path.samefile(copy)
    (copy / "card.json").unlink()
    with pytest.raises(BundleError, match=r"no card\.json"):
        open_bundle(copy / "card.json")


def test_an_unknown_head_is_named(copy):
    with pytest.raises(BundleError, match="no head called 'bogus'.*transport_mode"):
        open_bundle(copy).head("bogus")


@pytest.mark.parametrize("path", ["/nowhere/at/all", "bundle.txt"])
def test_no_bundle_there(tmp_path, path):
    (tmp_path / "bundle.txt").write_text("hello")
    with pytest.raises(BundleError, match=r"no model at|neither a folder nor a \.zip"):
        open_bundle(tmp_path / path)


def test_what_the_system_cannot_read_is_refused_in_a_sentence(copy, monkeypatch):
    with pytest.raises(BundleError, match="cannot be read: File name too long"):
        open_bundle("x" * 5000)

    def locked(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("raw_qgis_plugin.core.bundle.bundle._sum", locked)
    with pytest.raises(BundleError, match=r"model at .*bundle cannot be read: Permission denied\."):
        open_bundle(copy)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format_version": 99}, "format version 99; this plugin reads 2. Update the plugin"),
        ({"feature_version": 0}, "Export the model again"),
        ({"heads": None}, "lacks 'heads'"),
        ({"heads": [{"name": "../../evil", "unit": "user", "kind": "binary"}]}, "without a proper name"),
        ({"heads": [{**NUMBER, "name": "missing"}]}, "missing"),
        ({"heads": [{"name": "commuter", "unit": "cat", "kind": "binary"}]}, "unknown unit"),
        ({"heads": [NUMBER, NUMBER]}, "two heads that are called mine"),
        ({"heads": [{**CLASSES, "classes": ["a", ["b"]]}]}, "no classes"),
        *[({"heads": [{**CLASSES, "threshold": t}]}, "threshold") for t in ("0.6", None, float("nan"), 1.5)],
        *[({"embedding": {"width": width}}, r"proper embedding\.width") for width in ("wide", None, 0, 10**12, True)],
        ({"width": 0}, "proper width"),
        *[
            ({"domain": domain}, "no proper limits")
            for domain in ({"cadence_s": [1]}, "x", [1], {"speed_ms": [0, NAN]})
        ],
        *[({"heads": [{**NUMBER, "inputs": n}]}, "number of inputs") for n in (3.5, 0, -1, 10**6, True, "3", NAN)],
        ({"heads": [NUMBER] * (LIMITS.heads + 1)}, "more than 300 heads"),
        ({"data": "x" * LIMITS.text_bytes}, "larger than 4 MiB"),
        ({"heads": [{"name": "mine", "unit": "region", "kind": "number", "hours": 1e-9}]}, "stretches of no"),
        ({"heads": [{"name": "mine", "unit": "region", "kind": "number", "hours": "x"}]}, "stretches of no"),
        ({"heads": [{"name": "mine", "unit": "region", "kind": "number", "hours": float("inf")}]}, "endless length"),
        *[
            ({"heads": [{"name": name, "unit": "region", "kind": "number"}]}, "without a proper name")
            for name in ("n_users", "withheld", "epsilon", "fid", "geom", "con", "aux", "com1")
        ],
        ({"heads": [{"name": "mine", "unit": "user", "kind": "classes", "classes": "abc"}]}, "no classes"),
        ({"heads": [{"name": "mine", "unit": "user", "kind": "number", "domain": {"span_h": 5}}]}, "no proper limits"),
        ({"heads": [{**NUMBER, "halfwidth": {"low": "a", "high": 1}}]}, "no proper interval"),
        ({"heads": [{**NUMBER, "halfwidth": {"at": [300, 10], "low": [0, 0], "high": [1, 1]}}]}, "no proper interval"),
        ({"heads": [{**NUMBER, "halfwidth": {"at": [1, 10], "low": [0], "high": [1, 1]}}]}, "no proper interval"),
    ],
)
def test_a_wrong_card_is_refused(copy, changes, said):
    change_card(copy, **changes)
    with pytest.raises(BundleError, match=said):
        open_bundle(copy)


@pytest.mark.parametrize(
    "table",
    [
        [1],
        {"horizon_s": 10},
        {"horizon_s": [10.0, 60]},
        {k: v for k, v in TABLE.items() if k != "share80"},
        {**TABLE, "horizon_s": []},
        {**TABLE, "horizon_s": [60, 10.0]},
        {**TABLE, "horizon_s": [0, 60]},
        *(
            {**TABLE, "factor50": wrong}
            for wrong in ([1], [1, "1"], [NAN, NAN], [1, float("inf")], [1, 10**20], [1, -1])
        ),
    ],
)
def test_a_wrong_calibration_is_refused(copy, table):
    change_card(copy, calibration={"trips": table})
    with pytest.raises(BundleError, match="no proper calibration"):
        open_bundle(copy)


@pytest.mark.parametrize("calibration", [{}, {"trips": {}}, {"trips": TABLE}, {"days": dict.fromkeys(TABLE, [])}])
def test_kinds_may_be_uncalibrated(copy, calibration):
    change_card(copy, calibration=calibration)
    assert open_bundle(copy).card["calibration"] == calibration


@pytest.mark.parametrize("change", [{"classes": ["no", "yes", "perhaps"]}, {"kind": "number"}])
def test_a_head_that_answers_otherwise_than_its_card_says_is_refused(copy, change):
    heads = [h | change if h["name"] == "transport_mode" else h for h in open_bundle(copy).card["heads"]]
    change_card(copy, heads=heads)
    bundle = open_bundle(copy)
    with pytest.raises(BundleError, match="answers with arrays of other shapes"):
        Model(bundle, "cpu", 1).run_head(
            "transport_mode", np.zeros((1, bundle.head("transport_mode")["inputs"]), np.float32)
        )


@pytest.mark.parametrize("card", ["{", "[1]", '"x"', "[" * 100_000])
def test_a_card_that_is_none_is_refused(copy, card):
    (copy / "card.json").write_text(card)
    write_sums(copy)
    with pytest.raises(BundleError):
        open_bundle(copy)


def test_a_changed_file_is_refused(copy):
    with (copy / "backbone.onnx").open("ab") as f:
        f.write(b"\0")
    with pytest.raises(BundleError, match=r"backbone\.onnx .* not the file that was packed"):
        open_bundle(copy)


def test_a_missing_file_is_refused(copy):
    (copy / "backbone.onnx").unlink()
    with pytest.raises(BundleError, match=r"no backbone\.onnx"):
        open_bundle(copy)


def test_foreign_files_and_links_are_refused(copy, tmp_path):
    (copy / "heads" / "run.py").write_text("print(1)")
    with pytest.raises(BundleError, match=r"run\.py"):
        open_bundle(copy)
    (copy / "heads" / "run.py").unlink()
    (copy / "README.md").unlink(missing_ok=True)
    os.symlink("/etc/hostname", copy / "README.md")
    with pytest.raises(BundleError, match=r"README\.md"):
        open_bundle(copy)


@pytest.mark.parametrize("name", ["nul", "lpt9"])
def test_devices_of_windows_are_no_heads(name):
    assert not is_head_name(name) and all(map(is_head_name, (f"{name}_", f"{name}0", f"a{name}")))


@pytest.mark.parametrize(
    "name", ["../outside.onnx", "/etc/passwd", "heads/../../x.onnx", "model.pkl", "heads/con.onnx", "heads/lpt1.onnx"]
)
def test_a_zip_that_reaches_outside_is_refused(copy, tmp_path, name):
    archive = zipped(copy, tmp_path / "b.zip")
    with zipfile.ZipFile(archive, "a") as z:
        z.writestr(name, b"x")
    with pytest.raises(BundleError, match="which no model bundle has"):
        open_bundle(archive)
    assert not (tmp_path / "outside.onnx").exists()


def test_the_folder_of_a_run_says_where_its_model_is(copy, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(copy, run / "bundle")
    (run / "state.safetensors").write_bytes(b"")
    with pytest.raises(BundleError, match="is the folder of a run: its model is .*bundle"):
        open_bundle(run)


def test_a_damaged_zip_is_refused(copy, tmp_path):
    packed = zipped(copy, tmp_path / "damaged.zip")
    data = bytearray(packed.read_bytes())
    data[len(data) // 2] ^= 1
    packed.write_bytes(data)
    with pytest.raises(BundleError, match="damaged|is not the file that was packed"):
        open_bundle(packed)


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_whose_contents_are_damaged_is_refused(tmp_path, compression):
    packed = tmp_path / "damaged.zip"
    with zipfile.ZipFile(packed, "w", compression) as z:
        z.writestr("card.json", np.random.default_rng(0).bytes(2000))
    data = bytearray(packed.read_bytes())
    data[60:1000] = b"\xff" * 940
    packed.write_bytes(data)
    with pytest.raises(BundleError, match="damaged"):
        open_bundle(packed)


def test_a_zip_with_a_damaged_list_of_files_is_refused(tmp_path):
    packed = tmp_path / "damaged.zip"
    with zipfile.ZipFile(packed, "w") as z:
        z.writestr("heads/é.onnx", b"x")
    packed.write_bytes(packed.read_bytes().replace("é".encode(), b"\xff\xff"))
    with pytest.raises(BundleError, match="damaged"):
        open_bundle(packed)


def test_a_zip_of_files_without_end_is_refused_before_it_is_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as z:
        for n in range(LIMITS.files + 1):
            z.writestr(f"heads/h{n}.onnx", b"")
    with pytest.raises(BundleError, match="more than 308 files"):
        open_bundle(tmp_path / "many.zip")


def test_a_number_without_end_is_refused_at_once(copy):
    (copy / "backbone.onnx").write_bytes(b"\xff" * 4_000_000)
    write_sums(copy)
    with pytest.raises(BundleError, match="no ONNX file"):
        open_bundle(copy)


def test_random_bytes_are_no_graph(copy):
    (copy / "backbone.onnx").write_bytes(bytes(range(256)) * 40)
    write_sums(copy)
    with pytest.raises(BundleError, match="no ONNX file"):
        open_bundle(copy)


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number, payload):
    """One length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (field(7, field(1, field(4, b"Loop"))), "operator Loop"),
        (field(7, field(1, field(4, b"Add") + field(7, b"com.evil"))), "operator com.evil:Add"),
        (field(7, field(1, field(4, b"Add") + field(5, field(6, b"")))), "a graph within a graph"),
        (field(7, field(5, field(13, field(1, b"location") + field(2, b"/etc/passwd")))), "weights in another file"),
        (field(7, field(1, field(4, b"Constant") + field(5, field(5, field(13, b""))))), "weights in another file"),
        (field(7, field(15, field(1, field(13, field(1, b"location"))))), "sparse tensors"),
        (field(7, field(1, field(4, b"Constant") + field(5, field(22, field(1, field(13, b"")))))), "sparse tensors"),
        (field(7, field(1, field(4, b"Constant") + field(5, field(23, b"")))), "sparse tensors"),
        (field(25, b""), "functions of its own"),
    ],
)
def test_a_hostile_graph_is_refused(copy, graph, said):
    (copy / "backbone.onnx").write_bytes(graph)
    write_sums(copy)
    with pytest.raises(BundleError, match=said):
        open_bundle(copy)


def test_parts_without_end_are_refused(copy):
    (copy / "backbone.onnx").write_bytes(field(7, b"\x30\x01" * GraphChecker().limits.fields))
    write_sums(copy)
    with pytest.raises(BundleError, match="more parts than"):
        open_bundle(copy)


def test_the_graphs_of_the_largest_preset_have_parts_to_spare():
    checker = GraphChecker()
    checker.check("backbone.onnx", (shipped_bundle() / "backbone.onnx").read_bytes())
    assert (
        checker.n_fields * 24 / 5 < checker.limits.fields / 12
    )  # layers of raw-large and of raw-small; the rest is for heads


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, Worth.PROVEN),
        ({"ratio": [0.5, 0.4, 1.0]}, Worth.UNPROVEN),
        ({"groups": 5}, Worth.UNPROVEN),
        ({"ratio": [1.1, 0.9, 1.3]}, Worth.SIMPLE),
        *[({"ratio": ratio}, Worth.SIMPLE) for ratio in ([], [0.5], [None, None, None])],
        *[({"head": {"r2": r2}}, Worth.NOTHING if r2 is not None else Worth.PROVEN) for r2 in (None, 0.09, 0, -0.1)],
    ],
)
def test_a_head_is_proven_where_chance_does_not_explain_its_figures(change, found):
    assert worth({"ratio": [0.5, 0.4, 0.99], "groups": 6, "head": {"r2": 0.1}} | change) is found


def test_verdicts_of_the_shipped_heads_follow_from_their_figures():
    assert all(head["verdict"].startswith(f"{worth(head['metrics']).value}: ") for head in open_bundle().card["heads"])


def test_how_much_a_range_makes_is_known_before_it_runs():
    def numbers(*values):
        return [np.array(value) for value in values]

    assert _elements("Range", numbers(0.0, 5e9, 1.0)) == _elements("Range", numbers(5e9, 0.0, -1.0)) == 5_000_000_000
    assert _elements("Range", numbers(0.0, 1.0, 0.0)) == _elements("Range", numbers(0.0, NAN, 1.0)) == 2**62
    assert _elements("Range", [None, *numbers(5e9, 1.0)]) == _elements("Where", numbers(0.0, 5e9, 1.0)) == 0
