# SPDX-License-Identifier: GPL-2.0-or-later
"""The library of bundles: what gets in and away."""

from __future__ import annotations

import resource
import shutil
import zipfile
from pathlib import Path

import pytest

from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.errors import BundleError, InputError
from raw_qgis_plugin.core.paths import shipped_bundle


def test_a_zip_of_a_folder_comes_in(tmp_path: Path) -> None:
    archive, folder = tmp_path / "out.zip", tmp_path / "models"
    folder.mkdir()
    shutil.make_archive(
        str(archive.with_suffix("")), "zip", shipped_bundle().parent, shipped_bundle().name
    )
    first = library.add(archive, folder)
    second = library.add(archive, folder)
    assert [first.name, second.name] == ["out", "out 2"]
    assert open_bundle(first).card == open_bundle().card
    assert [entry.name for entry in library.entries(folder)] == [
        open_bundle().card["name"],
        "out",
        "out 2",
    ]
    assert [entry.shipped for entry in library.entries(folder)] == [True, False, False]


@pytest.mark.parametrize(("name", "called"), [
    ("con", "model con"), ("Aux.v2", "model Aux.v2"), ("NUL .1", "model NUL .1"), ("contact", "contact"),
])  # fmt: skip
def test_no_model_is_called_as_a_device_of_windows(tmp_path: Path, name: str, called: str) -> None:
    assert library.add(shipped_bundle(), tmp_path, name).name == called


def test_a_broken_one_stays_out_and_one_broken_later_says_why(tmp_path: Path) -> None:
    archive, folder = tmp_path / "bad.zip", tmp_path / "models"
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("card.json", "{}")
    with pytest.raises(BundleError, match="incomplete"):
        library.add(archive, folder)
    assert not folder.exists() or not any(folder.iterdir())
    added = library.add(shipped_bundle(), folder, "a/../name")
    assert added.parent == folder
    (added / "weights.safetensors").write_bytes(b"changed")
    (entry,) = library.entries(folder)[1:]
    assert entry.card is None and "weights.safetensors" in entry.refusal


def test_only_ones_own_models_are_removed_or_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    own = library.add(shipped_bundle(), folder, "mine")
    with pytest.raises(BundleError, match="stays"):
        library.remove(shipped_bundle(), folder)
    library.copy(shipped_bundle(), own)  # a bundle is replaced
    other = tmp_path / "papers"
    other.mkdir()
    (other / "thesis.txt").write_text("x")
    with pytest.raises(InputError, match="no model bundle"):
        library.copy(shipped_bundle(), other)
    assert (other / "thesis.txt").exists()
    library.remove(own, folder)
    assert not own.exists()


def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="large") as caught:
            library.copy(shipped_bundle(), tmp_path / "mine")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(str(caught.value)) < 500 and not any(tmp_path.iterdir()), (
        "one file is named, none is left"
    )


@pytest.mark.parametrize(
    "trouble", [PermissionError("in use by another process"), KeyboardInterrupt()]
)
def test_the_older_model_is_back_where_the_new_one_does_not_get_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: BaseException
) -> None:
    own = library.add(shipped_bundle(), tmp_path / "models", "mine")
    (own / "README.md").write_text("the older one")
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path.name == "fresh":
            raise trouble
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(type(trouble)):
        library.copy(shipped_bundle(), own)
    assert (own / "README.md").read_text() == "the older one"
    assert list(own.parent.iterdir()) == [own]
