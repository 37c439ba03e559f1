"""Sequences that are odd, damaged or endless: a sentence each, and nothing is lost."""

from __future__ import annotations

import os
import random
import signal
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from safelight.actions.open_confined import open_picture
from safelight.actions.sequences.open_sequences import opened_pictures, opened_sequence
from safelight.document import Document, Layer, whole
from safelight.document.frames import frames
from safelight.document.frames.frames_content import Frames
from safelight.document.frames.keyframes import MOST_FRAMES
from safelight.files import OpenError
from safelight.files.exports.export_outcome import ExportError
from safelight.files.sequences.export_sequence import estimated_bytes, export_sequence
from safelight.files.sequences.frame_readers import FILM, OPENERS
from safelight.files.sequences.open_sequence import open_pictures, open_sequence
from safelight.pixels import Raster
from tests import pictures

KILLS = 12


def film(lights, channels=3, size=(32, 16)):
    """A document of one sequence, each frame of one light; the upper half is clear where it can."""
    made = []
    for light in lights:
        pixels = np.full((size[1], size[0], channels), light, np.uint8)
        if channels == 4:
            pixels[: size[1] // 2, :, 3] = 0
            pixels[size[1] // 2 :, :, 3] = 255
        made.append(Raster.from_array(pixels))
    held = Frames(tuple(made), (40,) * len(made))
    return Document(*size, "uint8", (Layer("Sequence", held),))


def shown(document, number):
    return whole(frames.at(document, number)).to_array()


def test_a_frame_of_another_profile_is_seen_in_the_colours_of_the_first(tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    colour = np.full((16, 32, 3), (200, 60, 60), np.uint8)
    Image.fromarray(colour).save(folder / "1.png")
    Image.fromarray(colour).save(folder / "2.png", icc_profile=pictures.display_p3_profile())
    document = opened_pictures([folder]).document
    assert document.profile.is_srgb
    assert shown(document, 0)[8, 8].tolist() == [200, 60, 60]
    red, green, _ = shown(document, 1)[8, 8].tolist()
    assert red > 210  # what is as red in P3 is redder in sRGB
    assert green < 60


@pytest.mark.parametrize("ending", [".gif", ".webp", ".png", ".avif", ".webm", ".tif"])
def test_a_sequence_of_one_frame_is_written_and_read(tmp_path, ending):
    made = export_sequence(film([120]), tmp_path / f"one{ending}", tmp_path / "scratch")
    back = opened_sequence(made.path).document
    assert frames.length(back) == 1
    assert abs(int(shown(back, 0)[8, 8, 0]) - 120) <= 3
    assert frames.at(back, 5).layers[0].content.shown == 0


def test_ten_thousand_frames_are_opened_one_at_a_time_and_too_many_are_told(tmp_path):
    one = tmp_path / "one.png"
    Image.fromarray(np.full((4, 4, 3), 90, np.uint8)).save(one)
    opened = []

    def counted(path):
        opened.append(path)
        return open_picture(path)

    found = open_pictures([one] * 10_000, tmp_path / "scratch", counted)
    assert frames.length(found.document) == 10_000
    assert shown(found.document, 9_999)[0, 0, 0] == 90
    assert len(opened) == 2  # the first, and the one that was looked at
    found = open_pictures([one] * (MOST_FRAMES + 5), tmp_path / "scratch", counted)
    assert frames.length(found.document) == MOST_FRAMES
    assert f"the first {MOST_FRAMES:,} were opened" in found.notes[0]


class Capture:
    """What OpenCV says of a film: so many pictures a second, at ``times`` in milliseconds."""

    def __init__(self, count, rate, times=None, opened=True):
        self.count, self.rate, self.times, self.opened = count, rate, times, opened
        self.at = 0

    def isOpened(self):
        return self.opened

    def get(self, what):
        told = {
            cv2.CAP_PROP_FRAME_WIDTH: 32,
            cv2.CAP_PROP_FRAME_HEIGHT: 16,
            cv2.CAP_PROP_FPS: self.rate,
            cv2.CAP_PROP_FRAME_COUNT: self.count,
            cv2.CAP_PROP_POS_MSEC: self.times[max(self.at - 1, 0)] if self.times else 0,
        }
        return told[what]

    def set(self, what, value):
        self.at = int(value)

    def grab(self):
        self.at += 1
        return self.at <= self.count


@pytest.fixture
def capture(monkeypatch):
    def having(*given, **named):
        monkeypatch.setattr(cv2, "VideoCapture", lambda *_: Capture(*given, **named))
        return OPENERS[FILM](SimpleNamespace(), 1, None)

    return having


def test_of_a_film_of_two_hours_the_beginning_is_opened_and_that_is_told(capture):
    found = capture(2 * 60 * 60 * 25, 25)
    assert len(found.durations) == MOST_FRAMES
    assert found.notes == [
        f"The file holds 180,000 pictures; the first {MOST_FRAMES:,} were opened."
    ]


def test_frames_that_are_shown_unevenly_are_told(capture):
    even = [40.0 * number for number in range(20)]
    assert capture(20, 25, even).notes == []
    uneven = [number * 40.0 + (30.0 if number % 2 else 0.0) for number in range(20)]
    found = capture(20, 25, uneven)
    assert "for different times" in found.notes[0]
    assert set(found.durations) == {40}


def test_without_a_coder_nothing_is_lost_and_it_is_told(tmp_path, monkeypatch, capture):
    with pytest.raises(Exception, match="its coder is not known here"):
        capture(5, 25, opened=False)
    target = tmp_path / "film.webm"
    target.write_bytes(b"old")
    monkeypatch.setattr(cv2.VideoWriter, "isOpened", lambda self: False)
    with pytest.raises(ExportError, match="No film can be written"):
        export_sequence(film([1, 2]), target, tmp_path / "scratch", overwrite=True)
    assert target.read_bytes() == b"old"
    unknown = tmp_path / "unknown.mkv"
    unknown.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(200))
    with pytest.raises(OpenError, match="film"):
        open_sequence(unknown, tmp_path / "scratch")


def test_what_is_clear_stays_clear_or_is_told_to_be_black(tmp_path):
    document = film([200, 210], channels=4)
    for ending in (".png", ".webp", ".gif"):
        made = export_sequence(document, tmp_path / f"clear{ending}", tmp_path / "scratch")
        back = opened_sequence(made.path).document
        assert shown(back, 1)[2, 2, 3] == 0
        assert shown(back, 1)[12, 2, 3] == 255
    made = export_sequence(document, tmp_path / "clear.webm", tmp_path / "scratch")
    assert any("Transparent parts became black" in note for note in made.notes)
    back = opened_sequence(made.path).document
    assert shown(back, 1)[2, 2, 0] <= 16
    assert shown(back, 1)[13, 2, 0] >= 190


def test_a_size_is_told_beforehand_about_as_it_becomes(tmp_path):
    chance = np.random.default_rng(3)
    made = []
    for number in range(30):
        pixels = np.full((96, 160, 3), 90, np.uint8)
        pixels[:, number : number + 60] = chance.integers(0, 255, (96, 60, 3), np.uint8)
        made.append(Raster.from_array(pixels))
    document = Document(
        160, 96, "uint8", (Layer("Sequence", Frames(tuple(made), (40,) * len(made))),)
    )
    for ending in (".gif", ".webp", ".png", ".tif", ".webm"):
        path = tmp_path / f"out{ending}"
        told = estimated_bytes(document, path, tmp_path / "scratch")
        assert 0.6 < told / export_sequence(document, path, tmp_path / "scratch").bytes < 1.6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("ending", [".gif", ".webm"])
def test_a_killed_export_leaves_the_old_film_or_the_new(tmp_path, ending):
    target, scratch = tmp_path / f"film{ending}", tmp_path / "scratch"
    document = film(range(0, 240, 40))
    export_sequence(film([7]), target, scratch)
    old, chance, steps = target.read_bytes(), random.Random(5), []
    export_sequence(document, target, scratch, overwrite=True, hear=steps.append)
    lengths = {1: 0, 6: 0}
    for number in range(KILLS):
        target.write_bytes(old)
        child = os.fork()
        if child == 0:
            last = chance.random() * 1.2 if number else 2.0

            def hear(share, last=last):
                if share >= last:
                    os.kill(os.getpid(), signal.SIGKILL)

            try:
                export_sequence(document, target, scratch, overwrite=True, hear=hear)
            finally:
                os._exit(0)
        chance.random()
        os.waitpid(child, 0)
        lengths[frames.length(open_sequence(target, scratch).document)] += 1
    assert lengths[1] > 0
    assert lengths[6] > 0
    export_sequence(document, target, scratch, overwrite=True)  # which sweeps what was left
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == [target.name]
