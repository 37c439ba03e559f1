"""Sequence: a 1080p frame opened, drawn and written, against OpenCV alone; memory by length.

``play`` is the processor time of one frame at view size, under a tone layer, from a film of
motion JPEG, all decoded in this process; the reference decodes the frame and makes it as small.
``export`` is that of one frame written as VP9 in WebM, read back and all; the reference decodes
and codes it. Both are processor time of all threads, children included. ``memory`` is by how much
the memory of its own grows of a fresh process that goes through a long film, against a short one;
zoom levels that are set aside in files are not counted.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2

from safelight.actions import Studio, live_filter
from safelight.api import Region
from safelight.document import Document, Layer, edits, render
from safelight.document.frames import frames
from safelight.files.sequences.export_sequence import export_sequence
from safelight.files.sequences.open_sequence import open_sequence
from safelight.pixels import TONE, prepare_kernels
from tests.benchmarks.drawn_film import drawn_film
from tests.benchmarks.pairs import KERNELS, Row, alternate

PAIRS = {"full": 5, "quick": 3, "tiny": 1}

_SIZE = {"full": (1920, 1080), "quick": (960, 540), "tiny": (160, 90)}

_PLAYED = {"full": 24, "quick": 12, "tiny": 3}
_WRITTEN = {"full": 12, "quick": 6, "tiny": 3}
_LENGTHS = {"full": (10, 100, 1000), "quick": (10, 50, 200), "tiny": (2, 4, 6)}


def measure(pairs: int, size: str = "full") -> list[Row]:
    """The rows play, export, and memory for two lengths."""
    prepare_kernels(KERNELS, [TONE])
    with tempfile.TemporaryDirectory() as folder, Studio("cpu") as studio:
        place = Path(folder)
        wide, high = _SIZE[size]
        name = f"{wide} x {high} frame"
        film = drawn_film(
            place / "film.avi", (wide, high), max(_PLAYED[size], _WRITTEN[size]), "MJPG"
        )
        played = alternate(
            lambda: _play(film, place, _PLAYED[size], studio),
            lambda: _play_bare(film, _PLAYED[size]),
            pairs,
        )
        written = alternate(
            lambda: _export(film, place, _WRITTEN[size]),
            lambda: _export_bare(film, place, _WRITTEN[size]),
            pairs,
        )
        short, *longer = _LENGTHS[size]
        peaks = {}
        for count in _LENGTHS[size]:
            long = drawn_film(place / f"{count}.avi", (wide, high), count, "MJPG")
            peaks[count] = _peak(long, place)
            long.unlink()
        rows = [
            Row(f"sequence: play, {name}", "ms", *played, goal=3.0),
            Row(f"sequence: export, {name}", "ms", *written, goal=2.0),
        ]
        for count in longer:
            names = f"sequence: memory, {count:,} frames against {short}"
            rows.append(Row(names, "MB", [peaks[count]], [peaks[short]], goal=2.0))
        return rows


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _per_frame(work, count: int) -> float:
    """Milliseconds of processor time for each frame."""
    start = _spent()
    work()
    return 1000 * (_spent() - start) / count


def _opened(film: Path, place: Path) -> Document:
    return open_sequence(film, place / "scratch").document


def _play(film: Path, place: Path, count: int, studio: Studio) -> float:
    exposure = studio.filter("exposure")
    layer = Layer("Exposure", live_filter(exposure, exposure.settings({"stops": 0.3})))
    document = edits.add_layer(layer).apply(_opened(film, place))
    region = Region(0, 0, document.width // 2, document.height // 2, 1)

    def work() -> None:
        for number in range(count):
            render(frames.at(document, number), region, studio.live, "uint8")

    return _per_frame(work, count)


def _play_bare(film: Path, count: int) -> float:
    source = cv2.VideoCapture(str(film))

    def work() -> None:
        for _ in range(count):
            there, pixels = source.read()
            assert there
            cv2.cvtColor(cv2.resize(pixels, None, fx=0.5, fy=0.5), cv2.COLOR_BGR2RGB)

    return _per_frame(work, count)


def _export(film: Path, place: Path, count: int) -> float:
    from safelight.document.commands.sequence_commands import in_and_out

    document = _opened(film, place)
    if count < frames.length(document):
        document = in_and_out(last=count).apply(document)

    def work() -> None:
        export_sequence(document, place / "out.webm", place / "scratch", overwrite=True)

    return _per_frame(work, count)


def _export_bare(film: Path, place: Path, count: int) -> float:
    source = cv2.VideoCapture(str(film))
    size = tuple(int(source.get(x)) for x in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))

    def work() -> None:
        target = cv2.VideoWriter(
            str(place / "bare.webm"), cv2.VideoWriter.fourcc(*"VP90"), 25, size
        )
        for _ in range(count):
            there, pixels = source.read()
            assert there
            target.write(pixels)
        target.release()

    return _per_frame(work, count)


def _peak(film: Path, place: Path) -> float:
    """By how many megabytes a fresh process grows that goes through all of a film."""
    script = Path(__file__).with_name("film_walk.py")
    done = subprocess.run(
        [sys.executable, str(script), str(film), str(place / "scratch")],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    return (told["peak"] - told["before"]) / 1e6
