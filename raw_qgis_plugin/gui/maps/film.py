# SPDX-License-Identifier: GPL-2.0-or-later
"""Save a film: what the map shows while its clock runs, as MP4 by ffmpeg or as GIF by Pillow."""

from __future__ import annotations

from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from qgis.core import QgsFeedback, QgsTemporalUtils
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QProcess, Qt
from qgis.PyQt.QtWidgets import QProgressDialog

from ...core.errors import InputError
from ...core.scratch import complete
from ...processing.words import tr
from ..desktop import Desktop
from ..widgets.dialog import file_to_write
from .fit import OFF

FRAMES_A_SECOND = 12
MAX_FRAMES = 2000


def save_film(desktop: Desktop) -> None:
    """Ask for a file, and write the frames of the map's clock into it."""
    canvas = desktop.iface.mapCanvas()
    window = desktop.iface.mainWindow()
    bar = desktop.iface.messageBar()
    clock = canvas.temporalController()
    tools = (("MP4 (*.mp4)", which("ffmpeg")), ("GIF (*.gif)", find_spec("PIL")))
    kinds = [kind for kind, tool in tools if tool]
    try:
        if not kinds:
            raise InputError(
                "A film needs ffmpeg (for MP4) or Pillow (for GIF). Install one, then try again."
            )
        if clock.navigationMode() == OFF or clock.totalFrameCount() > MAX_FRAMES:
            words = (
                "Choose times and a step in the Temporal Controller first, of {n:,} frames at most."
            )
            raise InputError(words, n=MAX_FRAMES)
        path = file_to_write(window, tr("Save a film"), f"film{kinds[0][-5:-1]}", ";;".join(kinds))
        if path and write_film(
            canvas, path, QProgressDialog(tr("Drawing the frames"), tr("Cancel"), 0, 100, window)
        ):
            bar.pushSuccess("RAW", tr("Written: {path}").format(path=path))
    except (InputError, OSError) as error:
        bar.pushWarning("RAW", str(error))


def write_film(canvas: QgsMapCanvas, path: Path, progress: QProgressDialog) -> bool:
    """Draw a frame for each step of the map's clock, and join them to a film. Returns False where
    it was cancelled.
    """
    clock = canvas.temporalController()
    feedback = QgsFeedback()
    settings = QgsTemporalUtils.AnimationExportSettings()
    progress.setWindowModality(Qt.WindowModality.WindowModal)
    feedback.progressChanged.connect(lambda percent: progress.setValue(int(percent)))
    progress.canceled.connect(feedback.cancel)
    with TemporaryDirectory(prefix="raw-film-") as folder, closing(progress):
        settings.animationRange = clock.temporalExtents()
        settings.frameDuration = clock.frameDuration()
        settings.outputDirectory = folder
        settings.fileNameTemplate = "####.png"
        done, words = QgsTemporalUtils.exportAnimation(canvas.mapSettings(), settings, feedback)
        if done:
            with complete(path) as film:
                _join(Path(folder), film, path.suffix.lower())
        elif not feedback.isCanceled():
            raise InputError("{words}", words=words)  # of QGIS
    return done


def _join(folder: Path, film: Path, suffix: str) -> None:
    if suffix == ".gif":
        from PIL import Image

        frames = map(Image.open, sorted(folder.glob("*.png")))  # one by one: open ones are limited
        next(frames).save(
            film,
            "GIF",
            save_all=True,
            append_images=frames,
            duration=1000 // FRAMES_A_SECOND,
            loop=0,
        )
        return
    even = "pad=ceil(iw/2)*2:ceil(ih/2)*2"  # H.264 has no odd sizes
    pictures = [
        "-framerate",
        str(FRAMES_A_SECOND),
        "-i",
        str(folder / "%04d.png"),
        "-vf",
        even,
        "-pix_fmt",
        "yuv420p",
    ]
    if QProcess.execute("ffmpeg", ["-y", "-loglevel", "error", *pictures, "-f", "mp4", str(film)]):
        raise InputError("ffmpeg could not write the film.")
