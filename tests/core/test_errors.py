# SPDX-License-Identifier: GPL-2.0-or-later
"""What is missing is named, all of it at once. Messages are translated, filled in once, and the
same elsewhere.
"""

from __future__ import annotations

import pickle

import pytest

from raw_qgis_plugin.core import errors
from raw_qgis_plugin.core.errors import Cancelled, InputError, MissingLibrary, require


def test_all_missing_packages_are_named_as_one_installs_them():
    require("numpy", "json")
    with pytest.raises(MissingLibrary, match=r"packages: no_such_thing, nor_this\.") as error:
        require("no_such_thing", "numpy", "nor_this.sub")
    assert "pip install no_such_thing nor_this" in str(error.value) and "RAW → Packages" in str(
        error.value
    )


def test_a_message_is_translated_and_filled_in_once(monkeypatch):
    """What the user wrote may hold braces, and so may a message passed on. Another process gets the
    same words.
    """
    monkeypatch.setattr(
        errors, "translate", lambda words: words.replace("No {name} here", "Não há {name} aqui")
    )
    error = InputError("No {name} here.", name="{name} {0}")
    assert (
        str(error)
        == str(InputError("{why}", why=error))
        == str(InputError(str(error)))
        == "Não há {name} {0} aqui."
    )
    assert [str(pickle.loads(pickle.dumps(each))) for each in (error, Cancelled())] == [
        str(error),
        "Cancelled.",
    ]
