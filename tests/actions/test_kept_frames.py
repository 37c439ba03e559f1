"""Filters that are given several frames: each moved once, by the motion of the camera alone."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from safelight import api
from safelight.actions.sequences.frame_carrier import FrameCarrier
from safelight.api import testing
from safelight.api.carried import INSIDE, MOTION

HEIGHT, WIDTH = 150, 190
INNER = slice(16, -16), slice(16, -16)


def declaration(**carries):
    @api.sequence_filter("Try", category="Try", carries=carries)
    def tried(image: api.Image, before: api.Before | None):
        """Nothing."""
        return image, {}

    return api.registered(tried).declaration


def carrier(frames=4):
    return FrameCarrier(declaration(frames=api.Carried(3, frames=frames)))


@cache
def scene(seed):
    """A photograph twice as wide and high as a frame and more, as sharp as a lens leaves it."""
    large = 0.1 + 0.8 * testing.photograph(2 * WIDTH + 80, 2 * HEIGHT + 80, seed=seed)
    return cv2.GaussianBlur(large, (0, 0), 1.4)


def by_hand(count, seed=0, shake=2.0, turn=0.006):
    """What a camera in a hand sees, (height, width, 3) each; the last one lies as it is."""
    large, rng, made = scene(seed), np.random.default_rng(seed), []
    middle = np.array([WIDTH, HEIGHT]) - 0.5
    for number in range(count):
        still = number == count - 1
        angle = 0 if still else turn * rng.standard_normal()
        way = np.zeros(2) if still else 2 * shake * rng.standard_normal(2)
        c, s = np.cos(angle), np.sin(angle)
        linear = np.array([[c, -s], [s, c]])
        matrix = np.column_stack([linear, middle + 40 + way - linear @ middle])
        flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(large, matrix, (2 * WIDTH, 2 * HEIGHT), flags=flags)
        made.append(cv2.resize(seen, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
    return np.asarray(made, np.float32)


def carried(frames, most=4):
    """What the last of the frames is given."""
    each, before = carrier(most), None
    for frame in frames:
        before = each.before(frame)
        each.keep({"frames": frame})
    return before


def test_each_of_the_frames_before_lies_where_the_last_one_has_it_however_noisy_they_are():
    clean = by_hand(5, shake=5.0)
    rng = np.random.default_rng(1)
    noisy = clean + 0.05 * rng.standard_normal(clean.shape).astype(np.float32)
    before = carried(noisy)
    frames, inside = np.asarray(before["frames"]), np.asarray(before[INSIDE])
    assert frames.shape == (HEIGHT, WIDTH, 12)
    assert inside.shape == (HEIGHT, WIDTH, 4)
    assert 0.9 < inside.mean() < 1
    mean = frames.reshape(HEIGHT, WIDTH, 4, 3).mean(2)
    unmoved = noisy[:4].mean(0)
    apart, noise = (
        np.sqrt(np.mean(np.square(x[INNER] - clean[4][INNER]))) for x in (mean, unmoved)
    )
    assert apart < 0.028  # 0.05 / sqrt(4) and little more
    assert noise > 1.2 * apart


def test_the_newest_frame_comes_first_and_no_more_than_asked_for():
    frames = [np.full((40, 50, 3), value, np.float32) for value in (0.2, 0.22, 0.24, 0.26)]
    given = np.asarray(carried(frames, most=2)["frames"])
    assert given.shape == (40, 50, 6)
    assert np.allclose(given[20, 20], np.repeat([0.24, 0.22], 3), atol=1e-3)
    assert np.asarray(carried(frames[:2], most=2)["frames"]).shape == (40, 50, 3)


@pytest.mark.parametrize("depth", [255, 65535])
def test_from_a_tripod_nothing_is_looked_up_between_pixels(depth):
    clean = by_hand(1)[0]
    rng = np.random.default_rng(2)
    noisy = [clean + 0.1 * rng.standard_normal(clean.shape) for _ in range(5)]
    coded = [
        np.rint(depth * np.clip(x, 0, 1)).astype(np.float32) / np.float32(depth) for x in noisy
    ]
    before = carried(coded)
    apart = np.asarray(before["frames"]).reshape(HEIGHT, WIDTH, 4, 3) - np.stack(coded[3::-1], 2)
    assert np.abs(apart).max() <= (0 if depth == 255 else 2**-12)
    assert np.asarray(before[INSIDE]).all()
    assert not np.asarray(before[MOTION]).any()


def test_a_piece_is_what_the_whole_has_there():
    before = carried(by_hand(5))
    place = slice(30, 94), slice(50, 141)
    for name in ("frames", INSIDE, MOTION):
        assert np.abs(before[name][place] - np.asarray(before[name])[place]).max() < 0.01


def test_what_was_moved_is_as_sharp_on_average_as_it_was():
    frames = by_hand(9, seed=3)
    given = np.asarray(carried(frames, most=8)["frames"]).reshape(HEIGHT, WIDTH, 8, 3).mean(2)

    def fine(picture):
        return np.std((picture - cv2.GaussianBlur(picture, (0, 0), 1))[INNER])

    assert 0.97 < fine(given) / fine(frames[-1]) < 1.05


def test_what_passes_before_the_camera_moves_nothing():
    frames = by_hand(3, seed=4, shake=0, turn=0)
    rng = np.random.default_rng(5)
    for number, frame in enumerate(frames):
        frame[20:110, 20 + 9 * number : 90 + 9 * number] = (0.9, 0.2, 0.1)
        frame[30:100:9, 25 + 9 * number : 85 + 9 * number] = 0.1
        frame += 0.06 * rng.standard_normal(frame.shape).astype(np.float32)
    before = carried(frames)
    assert before is not None  # it is no cut
    assert np.abs(np.asarray(before[MOTION])).max() < 0.1


def test_another_place_begins_anew():
    one, other = by_hand(1, seed=6)[0], by_hand(1, seed=7)[0][::-1]
    for following in (1 - one, other, one[:-20]):
        assert carried([one, one, following]) is None
    assert carried([one, 1 - one, 1 - one]) is not None


def test_such_a_declaration_is_told_and_understood():
    stated = declaration(frames=api.Carried(3, frames=15), light=api.Carried(1, size=4))
    assert api.Declaration.from_json(stated.to_json()) == stated
    with pytest.raises(ValueError, match="frames are given"):
        api.Carried(3, frames=17)
    with pytest.raises(ValueError, match="several frames"):
        api.Carried(3, frames=2, stays=True)
    with pytest.raises(TypeError, match="channels are carried"):
        declaration(frames=api.Carried(20, frames=16))


def test_what_is_carried_besides_is_moved_as_the_camera_has_moved():
    frames = by_hand(2)
    each = FrameCarrier(declaration(few=api.Carried(3, frames=2), mean=api.Carried(3)))
    each.before(frames[0])
    each.keep({"few": frames[0], "mean": frames[0]})
    before = each.before(frames[1])
    apart = np.abs(before["mean"] - np.asarray(before["few"]))[INNER]
    assert apart.mean() < 0.01
    assert np.abs(frames[0] - frames[1])[INNER].mean() > 3 * apart.mean()
