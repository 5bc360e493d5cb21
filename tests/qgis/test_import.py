# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:importtracks through processing.run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis.core import QgsProcessingException


def test_import_of_csv_and_geolife(run: Callable, fixes: Any, tmp_path: Path) -> None:
    rows = [
        f"{user};{np.datetime64(t, 'ms')}Z;{lat};{lon}"
        for user, t, lon, lat in zip(fixes.user_id, fixes.t, fixes.lon, fixes.lat)
    ]
    table = tmp_path / "fixes.csv"
    table.write_text("\n".join(["user_id;tracked_at;latitude;longitude", *rows, rows[0], "u01;soon;39;116"]))
    done = run("raw:importtracks", SOURCE=str(table))
    assert done.values["N_USERS"] == 12 and done.values["N_POINTS"] == 1440 and done.values["N_SKIPPED"] == 2
    assert done.layer().crs().authid() == "EPSG:4326" and done.layer().fields().names() == ["user_id", "track_id", "t"]
    first = next(done.layer().getFeatures())
    assert first["t"].toMSecsSinceEpoch() == fixes.t[0]
    assert first.geometry().asPoint().x() == pytest.approx(fixes.lon[0], abs=1e-9)

    folder = tmp_path / "Data" / "007" / "Trajectory"
    folder.mkdir(parents=True)
    lines = [f"39.9{i:02d},116.4{i:02d},0,100,44087.5,2020-09-13,12:00:{i:02d}" for i in range(30)]
    (folder / "20200913120000.plt").write_text("\r\n".join(["head"] * 6 + lines))
    done = run("raw:importtracks", SOURCE=str(tmp_path / "Data"), FORMAT="geolife")
    assert {row["user_id"] for row in done.rows()} == {"007"} and len(done.rows()) == 30
    with pytest.raises(QgsProcessingException, match="nowhere"):
        run("raw:importtracks", SOURCE=str(tmp_path / "nowhere"))
