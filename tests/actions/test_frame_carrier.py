"""Filters of sequences: what is carried from frame to frame, moved, cut and put together."""

from __future__ import annotations

import numpy as np
import pytest

from safelight import api
from safelight.actions.sequences.frame_carrier import FrameCarrier
from safelight.api.carried import INSIDE
from safelight.pixels import motion


def ground(height, width, seed=0):
    rng = np.random.default_rng(seed)
    small = rng.random((height // 8 + 2, width // 8 + 2, 3))
    large = np.kron(small, np.ones((8, 8, 1)))[:height, :width]
    return (0.2 + 0.6 * large).astype(np.float32)


def panned(count, step, height=200, width=260):
    """A camera that moves over a still ground by whole pixels."""
    wide = ground(height, width + step * count)
    return [wide[:, step * n : step * n + width] for n in range(count)]


def declaration(**carries):
    @api.sequence_filter("Try", category="Try", carries=carries)
    def tried(image: api.Image, before: api.Before | None):
        """Nothing."""
        return image, {}

    return api.registered(tried).declaration


def test_what_is_carried_is_moved_to_where_the_next_frame_has_it():
    first, second = panned(2, 6)
    carrier = FrameCarrier(declaration(mean=api.Carried(3), half=api.Carried(3, size=2)))
    assert carrier.before(first) is None
    half = first[::2, ::2]
    carrier.keep({"mean": first, "half": half})
    before = carrier.before(second)
    inner = (slice(16, -16), slice(16, -24))
    assert np.abs(before["mean"] - second)[inner].mean() < 0.01
    assert np.abs(before["mean"] - first)[inner].mean() > 0.05  # as it would be without
    assert before["half"].shape == (100, 130, 3)
    assert before[INSIDE][100, 100] == 1
    assert before[INSIDE][100, -2] == 0  # which has come in


def test_a_cut_a_jump_and_another_size_begin_anew():
    one, other = ground(120, 160), 1 - ground(120, 160, seed=1)
    carrier = FrameCarrier(declaration(mean=api.Carried(3)))
    for following in (other, ground(100, 160), None):
        carrier.begin_anew()
        assert carrier.before(one) is None
        carrier.keep({"mean": one})
        if following is None:
            assert carrier.before(one * 0.8) is not None  # a flicker is no cut
        else:
            assert carrier.before(following) is None


@pytest.mark.parametrize("strength", [0.55, 1.8])
def test_what_moves_while_the_light_becomes_much_stronger_or_weaker_is_no_cut(strength):
    lamp = min(1, 1 / strength)
    first, second = (np.where(frame > 0.5, lamp, 0.1 * lamp) for frame in panned(2, 6))
    first, second = first.astype(np.float32), second.astype(np.float32)
    carrier = FrameCarrier(declaration(mean=api.Carried(3)))
    carrier.before(first)
    carrier.keep({"mean": first})
    before = carrier.before(strength * second)
    assert before is not None
    inner = (slice(16, -16), slice(16, -24))
    assert np.abs(before["mean"] - second)[inner].mean() < 0.02  # motion is found all the same
    assert np.abs(first - second)[inner].mean() > 0.1


def test_noise_moves_nothing():
    still, rng = ground(160, 200), np.random.default_rng(2)
    noisy = [still + 0.1 * rng.standard_normal(still.shape).astype(np.float32) for _ in range(2)]
    flow = motion.between(*map(motion.looked_at, noisy))
    assert np.median(np.abs(flow)) < 0.15


def test_noise_on_an_even_wall_that_was_cleaned_before_moves_nothing():
    """Any motion explains it, and none does as well."""
    slope = np.linspace(0.3, 0.5, 200, dtype=np.float32)[None, :, None]
    wall = np.broadcast_to(slope, (160, 200, 3)).astype(np.float32)
    noisy = wall + 0.1 * np.random.default_rng(4).standard_normal(wall.shape).astype(np.float32)
    flow = motion.between(motion.looked_at(noisy), motion.looked_at(wall))
    assert (np.abs(flow).max(2) == 0).mean() > 0.8


def test_motion_is_found_from_what_a_filter_has_cleaned():
    first, second = panned(2, 6)
    carrier = FrameCarrier(declaration(clean=api.Carried(3, looked_at=True)))
    noise = np.random.default_rng(5).standard_normal(first.shape).astype(np.float32)
    carrier.before(first + 0.6 * noise)
    carrier.keep({"clean": first})
    before = carrier.before(second)
    inner = (slice(16, -16), slice(16, -24))
    assert np.abs(before["clean"] - second)[inner].mean() < 0.01
    stated = declaration(clean=api.Carried(3, looked_at=True))
    assert api.Declaration.from_json(stated.to_json()) == stated
    with pytest.raises(ValueError, match="looked at"):
        api.Carried(1, looked_at=True)


def test_what_cannot_be_carried_is_no_declaration():
    with pytest.raises(TypeError, match="asks for before"):

        @api.sequence_filter("Try", category="Try", carries={"mean": api.Carried(3)})
        def without(image: api.Image):
            """Nothing."""

    with pytest.raises(ValueError, match="times smaller"):
        api.Carried(3, size=3)
    with pytest.raises(TypeError, match="no name"):
        declaration(inside=api.Carried(1))
    with pytest.raises(TypeError, match="channels are carried"):
        declaration(one=api.Carried(200), two=api.Carried(100))
    stated = declaration(mean=api.Carried(3)).to_json() | {"carries": {"mean": [3, 5]}}
    with pytest.raises(api.ParameterError, match="times smaller"):
        api.Declaration.from_json(stated)
