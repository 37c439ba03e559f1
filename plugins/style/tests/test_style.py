"""Style: what the styles' shares, sizes and colours do, and that pieces fit together."""

import os
from itertools import product

import numpy as np
import pytest
from safelight_style import NETWORK, style, working_size

from safelight import api
from safelight.api import testing

PICTURE = 0.4 + np.float32(0.2) * testing.photograph(150, 110, seed=3)  # nothing is cut off
RED = np.full((120, 100, 3), (0.7, 0.4, 0.3), np.float32)
BLUE = np.full((90, 140, 3), (0.3, 0.4, 0.7), np.float32)
STROKES = pytest.mark.parametrize("stroke_size", [4.0, 8.0, 13.0, 40.0])


def seen(job, picture=PICTURE, **told):
    entry = api.registered(style)
    images = {name: told.pop(name) for name in ("style", "second_style") if name in told}
    settings = entry.declaration.settings({"strokes": NETWORK} | told)
    plain = {name: value for name, value in settings.items() if "style" not in name}
    its = job(style)
    prepared = entry.prepared(picture, settings, job=its)
    region = api.Region(0, 0, picture.shape[1], picture.shape[0])
    return style(picture, its, region, prepared, **plain, **images)


def mean(picture):
    return picture.mean((0, 1))


def test_without_a_style_the_photograph_stays_bit_by_bit(job):
    assert np.array_equal(seen(job), PICTURE)


def test_at_no_strength_the_photograph_stays_bit_by_bit(job):
    assert np.array_equal(seen(job, style=RED, strength=0.0), PICTURE)


def test_the_result_has_the_means_of_the_style(job):
    assert np.abs(mean(seen(job, style=RED)) - mean(RED)).max() < 0.05


def test_a_second_style_alone_counts_as_the_first(job):
    first, second = seen(job, style=BLUE), seen(job, second_style=BLUE)
    assert np.array_equal(first, second)


@pytest.mark.parametrize("mix", [0.0, 0.3, 1.0])
def test_a_mix_lies_between_the_two(job, mix):
    made = seen(job, style=RED, second_style=BLUE, mix=mix, colours="style")
    alone = [seen(job, style=one) for one in (RED, BLUE)]
    assert np.abs(made - ((1 - mix) * alone[0] + mix * alone[1])).max() < 0.25
    wanted = (1 - mix) * mean(RED) + mix * mean(BLUE)
    assert np.abs(mean(made) - wanted).max() < 0.05


def test_less_strength_is_nearer_to_the_photograph(job):
    away = [
        np.abs(seen(job, style=RED, strength=strength) - PICTURE).mean()
        for strength in (0.1, 0.4, 0.7, 1.0)
    ]
    assert away == sorted(away)
    assert away[0] < away[-1] / 2


@STROKES
def test_pieces_fit_together_whatever_the_size_of_the_strokes(job, stroke_size):
    large = testing.photograph(60, 50, seed=1).repeat(3, 0).repeat(3, 1)
    settings = {"style": RED, "stroke_size": stroke_size, "strength": 0.8, "strokes": NETWORK}
    testing.assert_kept("tiles", style, job=job(style), tolerance=1 / 255, **settings)
    assert seen(job, large, style=RED, stroke_size=stroke_size).shape == large.shape


def test_larger_strokes_are_softer(job):
    noisy = np.random.default_rng(0).random((200, 160, 3), np.float32)
    rough = [
        np.abs(np.diff(seen(job, noisy, style=noisy, stroke_size=size), axis=1)).mean()
        for size in (8.0, 16.0, 32.0)
    ]
    assert rough[0] > 1.5 * rough[1] > 1.5 * rough[2]


def test_with_the_photographs_colours_only_the_luminance_changes(job):
    made = seen(job, style=RED, colours="photograph")
    change = made - PICTURE
    assert np.abs(change - change[..., :1]).max() < 1e-6
    assert np.abs(change).max() > 0.05


def test_a_matched_style_has_the_photographs_mean(job):
    made = seen(job, style=RED + 0.1 * np.random.default_rng(0).random(RED.shape, np.float32),
                colours="matched")  # fmt: skip
    assert np.abs(mean(made) - mean(PICTURE)).max() < 0.05


def test_light_beyond_white_stays(job):
    bright = PICTURE.copy()
    bright[40:60, 40:60] = 2.5
    made = seen(job, bright, style=RED)
    assert made[45:55, 45:55].max() > 2
    assert np.isfinite(made).all()


def test_the_same_style_picture_is_described_once(job):
    asked = []

    class Counting(type(job(style))):
        def describe(self, model, image, **inputs):
            asked.append(image.shape)
            return super().describe(model, image, **inputs)

    its = job(style)
    its.__class__ = Counting
    for _ in range(3):
        seen(lambda _: its, style=RED)
    styles = [shape for shape in asked if shape[:2] == (384, 384)]
    assert len(styles) == 1


@pytest.mark.parametrize("shape", [(30, 500), (500, 30), (1, 1), (40, 41), (3000, 2000)])
def test_a_style_picture_of_any_shape_is_taken(job, shape):
    picture = np.random.default_rng(0).random((*shape, 3), np.float32)
    assert np.isfinite(seen(job, style=picture)).all()


TOLD = ({}, {"style": RED}, {"style": RED, "second_style": BLUE})
COLOURS = ("style", "matched", "photograph")
PAIRS = [*zip(TOLD, COLOURS, strict=True)]
if os.environ.get("SAFELIGHT_ATTACK") == "full":  # as `make attack` says
    PAIRS = [*product(TOLD, COLOURS)]


@pytest.mark.attack
@pytest.mark.parametrize(("told", "colours"), PAIRS)
def test_it_is_well_behaved(job, told, colours):
    testing.assert_well_behaved(style, job=job(style), colours=colours, strokes=NETWORK, **told)


def test_a_piece_has_room_for_what_a_network_does_at_an_edge_and_a_tiny_one_less():
    assert working_size.Span(40, 300, 1.5).border == working_size.BORDER
    assert working_size.Span(0, 64, 1.0).border == working_size.NARROW
    whole = working_size.Span(0, 300, 1.0)
    assert (whole.first, whole.last) == (-working_size.BORDER, 304 + working_size.BORDER)
