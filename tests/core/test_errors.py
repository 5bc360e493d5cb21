# SPDX-License-Identifier: GPL-2.0-or-later
"""What is missing is named, all of it at once."""

from __future__ import annotations

import pytest

from raw_qgis_plugin.core import paths
from raw_qgis_plugin.core.errors import MissingLibrary, part_of, require


def test_all_missing_packages_are_named_as_one_installs_them():
    require("numpy", "json")
    with pytest.raises(MissingLibrary, match=r"packages: no_such_thing, nor_this\.") as error:
        require("no_such_thing", "numpy", "nor_this.sub")
    assert "pip install no_such_thing nor_this" in str(error.value)


def test_a_part_of_the_progress():
    said = []
    part_of(said.append, 0.5, 1.0)(0.5)
    assert said == [0.75]


def test_user_data_is_the_users_own(tmp_path):
    folder = paths.user_data(tmp_path, "cache")
    assert folder == tmp_path / "raw" / "cache" and folder.is_dir()
    assert folder.stat().st_mode & 0o077 == 0 or paths.PACKAGE.drive  # Windows has no such bits
    assert paths.shipped_bundle().parent.name == "models"
    assert (paths.child_paths()[0] / "raw_qgis_plugin").is_dir()
