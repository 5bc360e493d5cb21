# SPDX-License-Identifier: GPL-2.0-or-later
"""Teaching again does not embed again."""

import sqlite3

import pytest

from model.finetune import main as finetune
from raw_qgis_plugin.core.bundle.bundle import open_bundle


def test_embeddings_are_kept(nano_run, tracks_file, tmp_path, monkeypatch):
    (tmp_path / "l.csv").write_text("user_id,way\n" + "".join(f"u{i},{'ab'[i % 2]}\n" for i in range(30)))
    arguments = ["--tracks", str(tracks_file), "--labels", str(tmp_path / "l.csv"), "--field", "way", "--unit", "user"]
    arguments += ["--bundle", str(nano_run / "bundle"), "--cache", str(tmp_path / "cache"), "--task-name"]
    finetune([*arguments, "one", "--output", str(tmp_path / "one")])
    database = sqlite3.connect(tmp_path / "cache" / "embeddings.sqlite")
    assert database.execute("SELECT count(*) FROM units").fetchone() == (30,)
    database.close()

    def refuse(*_):
        raise AssertionError("nothing was to be embedded again")

    monkeypatch.setattr("raw_qgis_plugin.core.embedding.cache.embed", refuse)
    finetune([*arguments, "two", "--output", str(tmp_path / "two")])
    one, two = (open_bundle(tmp_path / name).head(name)["metrics"] for name in ("one", "two"))
    assert one == two
    with pytest.raises(AssertionError, match="embedded again"):
        finetune([*arguments[:-3], "--task-name", "three", "--output", str(tmp_path / "three")])
