# SPDX-License-Identifier: GPL-2.0-or-later
"""What is missing is named, all of it at once."""

from __future__ import annotations

import pytest

from raw_qgis_plugin.core.errors import MissingLibrary, require


def test_all_missing_packages_are_named_as_one_installs_them():
    require("numpy", "json")
    with pytest.raises(MissingLibrary, match=r"packages: no_such_thing, nor_this\.") as error:
        require("no_such_thing", "numpy", "nor_this.sub")
    assert "pip install no_such_thing nor_this" in str(error.value) and "RAW → Packages" in str(error.value)
