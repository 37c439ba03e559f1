"""Filters go through the frames of a sequence, each piece with what was carried to it."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from safelight import actions
from safelight.actions.sequences.filter_frames import filtered_frames
from safelight.actions.sequences.finish_frames import FrameFinisher
from safelight.actions.stop import Stop, Stopped
from safelight.api import Region, testing
from safelight.document import Document, Layer, LiveFilter, edits, whole
from safelight.document.frames import frames
from safelight.document.frames.frames_content import Frames
from safelight.pixels import Raster
from tests.actions.test_frame_carrier import panned


@pytest.fixture(scope="module")
def studio():
    with actions.Studio() as studio:
        yield studio


def document_of(pictures, depth="uint8"):
    full = np.iinfo(depth).max
    rasters = [Raster.from_array(np.rint(full * each).astype(depth)) for each in pictures]
    layer = Layer("Sequence", Frames(tuple(rasters), (40,) * len(rasters)))
    return Document(rasters[0].width, rasters[0].height, depth, (layer,))


def test_a_filter_goes_through_the_frames_with_what_it_carries(studio):
    pictures = [0.2 + 0.6 * testing.photograph(600, 500, seed=5) for _ in range(3)]
    pictures[1] = np.clip(pictures[1] * 1.2, 0, 1)
    document = document_of(pictures)
    filter = studio.filter("steady_light")
    made = filtered_frames(document, filter, {"inertia": 1.0}, studio)
    assert [layer.name for layer in made.layers] == ["Sequence", "Steady light"]
    assert frames.length(made) == 3
    shown = [whole(frames.at(made, n)).to_array().astype(float).mean() for n in range(3)]
    bare = [whole(frames.at(document, n)).to_array().astype(float).mean() for n in range(3)]
    assert bare[1] > 1.1 * bare[0]
    assert shown[1] == pytest.approx(shown[0], rel=0.02)  # all of its light is from before
    assert frames.durations(made) == frames.durations(document)


def test_pieces_of_a_frame_carry_on_what_the_whole_frame_would(studio):
    """A frame of several pieces: what is carried has no seam."""
    pictures = panned(2, 3, 64, 680)
    document = document_of(pictures)
    made = filtered_frames(document, studio.filter("merge_burst"), {"clean": False}, studio)
    last = whole(frames.at(made, 1)).to_array()[..., :3].astype(float)
    assert np.abs(last - 255 * pictures[1])[20:-20, 20:-30].mean() < 2


def test_what_is_stopped_ends_within_the_filter_of_one_frame():
    layer = Layer("Slow", LiveFilter("some.slow"), id="slow")
    raster = Raster.filled(8, 8, (0, 0, 0), "uint8")
    document = Document(8, 8, "uint8", (Layer("Sequence", Frames((raster,) * 3, (40,) * 3)), layer))
    running, ended, stop = threading.Event(), threading.Event(), Stop()

    class Job:
        def wait(self):
            running.set()
            assert ended.wait(60)

        def cancel(self):
            ended.set()

    studio = SimpleNamespace(
        offers=lambda: SimpleNamespace(by_id={"some.slow": SimpleNamespace(recurrent=False)}),
        is_cheap=lambda *_: False,
        start=lambda *_, **__: Job(),
    )
    finished = FrameFinisher(studio, stop).finished
    threading.Thread(target=lambda: running.wait(60) and stop.ask()).start()
    with pytest.raises(Stopped):
        finished(frames.at(document, 1), 1)
    assert ended.is_set()


def noisy_frames(count, side=48):
    random = np.random.default_rng(27)
    still = 0.2 + 0.6 * testing.photograph(side, side, seed=5)
    return [np.clip(still + random.normal(0, 0.1, still.shape), 0, 1) for _ in range(count)]


def test_what_looks_both_ways_shows_the_mean_of_both(studio):
    pictures = noisy_frames(3)
    document = document_of(pictures)
    both = studio.filter("denoise_sequence")
    assert both.both_ways
    one_way, turned = replace(both, both_ways=False), document_of(pictures[::-1])
    settings = {"automatic": False, "level": 25.0}
    onward = filtered_frames(document, one_way, settings, studio)
    back = filtered_frames(turned, one_way, settings, studio)
    told = []
    made = filtered_frames(document, both, settings, studio, hear=told.append)
    for number in range(3):
        mean = (shown(onward, number) + shown(back, 2 - number)) / 2
        assert np.abs(shown(made, number) - mean).max() <= 0.501 / 255
        assert np.abs(shown(made, number) - shown(onward, number)).max() > 1 / 255
    assert told == sorted(told)
    assert told[-1] == 1


def test_an_export_shows_the_mean_of_both_ways_over_what_goes_one_way(studio):
    """Live layers: below, light is steadied from the first picture on; above, noise goes."""
    pictures = noisy_frames(3)
    pictures[1] = np.clip(pictures[1] * 1.2, 0, 1)
    document = document_of(pictures, "uint16")
    steady, clean = studio.filter("steady_light"), studio.filter("denoise_sequence")
    settings = {"automatic": False, "level": 25.0}
    wanted = filtered_frames(document, steady, {}, studio)
    wanted = filtered_frames(wanted, clean, settings, studio)
    for filter, told in ((steady, {}), (clean, settings)):
        layer = Layer(filter.title, LiveFilter(filter.id, settings=filter.settings(told)))
        document = edits.add_layer(layer).apply(document)
    heard = []
    finisher = FrameFinisher(studio, Stop(), heard.append)
    for number in range(3):
        made = finisher.finished(frames.at(document, number), number)
        finisher.told((number + 1) / 3)
        assert np.abs(shown(made, number) - shown(wanted, number)).max() < 1e-4
    assert heard == sorted(heard)
    assert heard[-1] == 1


def shown(document, number):
    pixels = whole(frames.at(document, number)).to_array()[..., :3]
    return pixels / np.iinfo(pixels.dtype).max


def test_frames_between_double_a_sequence_and_its_length_stays(studio):
    pictures = panned(5, 4, 160, 200)
    document = document_of(pictures[::2])
    made = filtered_frames(document, studio.filter("frames_between"), {}, studio)
    assert frames.length(made) == 5
    assert frames.durations(made) == (20, 20, 20, 20, 40)
    assert [layer.synthetic for layer in made.layers] == ["partly"]
    assert np.abs(shown(made, 2) - pictures[2]).max() < 1 / 255
    inner = (slice(16, -16), slice(24, -24))
    for number in (1, 3):
        apart = np.abs(shown(made, number) - pictures[number])[inner].mean()
        assert apart < 0.3 * np.abs(pictures[number - 1] - pictures[number])[inner].mean()


def test_between_what_was_cut_nothing_is_added(studio):
    one, other = panned(1, 0, 160, 200)[0], 1 - panned(1, 0, 160, 200)[0][:, ::-1]
    made = filtered_frames(
        document_of([one, one, other]), studio.filter("frames_between"), {}, studio
    )
    assert frames.durations(made) == (20, 20, 40, 40)


def test_a_sequence_is_continued_with_what_moves_going_on(studio):
    pictures = panned(6, 4, 160, 200)
    made = filtered_frames(
        document_of(pictures[:4]), studio.filter("continue_sequence"), {"frames": 2}, studio
    )
    assert frames.length(made) == 6
    inner = (slice(16, -16), slice(24, -40))
    for number in (4, 5):
        apart = np.abs(shown(made, number) - pictures[number])[inner].mean()
        assert apart < 0.5 * np.abs(pictures[3] - pictures[number])[inner].mean()


def test_of_a_region_the_filter_remembers_what_it_saw_there(studio):
    """What a preview shows: the eight pictures before, as far as the region goes."""
    pictures = [np.full((64, 96, 3), light, np.float32) for light in (0.3, 0.5, 0.5)]
    document = document_of(pictures)
    steady = studio.filter("steady_light")
    settings = steady.settings({"inertia": 1.0})
    document = edits.add_layer(Layer("Steady", LiveFilter(steady.id, settings))).apply(document)
    layer, region, told = document.layers[-1], Region(40, 20, 37, 33), []
    finisher = FrameFinisher(studio, Stop())
    carried = finisher.carried_to(document, layer.id, 2, told.append, region)
    assert carried["inside"].shape[:2] == (33, 37)
    assert told == [f"Picture {number}, which comes before" for number in (1, 2)]
    job = studio.start(
        steady,
        settings,
        frames.at(document, 2),
        layer_id=layer.id,
        region=region,
        before=carried,
    )
    made = Stop().finished(job).raster.to_array()
    assert made.shape[:2] == (33, 37)
    assert np.abs(made[..., :3] / 255 - 0.3).max() < 0.02  # the light of the first picture
