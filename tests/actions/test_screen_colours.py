"""The screen: a monitor's colours and those of a print are two conversions in floats."""

import numpy as np
import pytest

from safelight.actions.screen_colours import (
    OUT_OF_GAMUT,
    ColourError,
    Proof,
    Screen,
    check_proof,
    sketched,
)
from safelight.pixels import SRGB, Transform, known_profile
from tests import pictures

PRESS, MONITOR = pictures.press_profile(), pictures.display_p3_profile()


def colours(seed=2):
    return np.random.default_rng(seed).random((60, 50, 3), np.float32)


@pytest.mark.parametrize("paper_white", [False, True])
@pytest.mark.parametrize("intent", ["relative", "perceptual", "saturation", "absolute"])
def test_a_proof_is_two_conversions_one_after_the_other(intent, paper_white):
    proof = Proof(PRESS, intent, True, paper_white)
    ink = Transform(None, PRESS, intent, True).apply(colours())
    back = Transform(PRESS, MONITOR, "absolute" if paper_white else "relative", not paper_white)
    assert np.array_equal(Screen(MONITOR, proof).seen(colours(), SRGB), back.apply(ink))


def test_the_paper_is_seen_where_that_is_asked_for():
    white = np.ones((1, 1, 3), np.float32)
    assert Screen(None, Proof(PRESS)).seen(white, SRGB) == pytest.approx(1, abs=0.02)
    paper = Screen(None, Proof(PRESS, paper_white=True)).seen(white, SRGB)
    expected = 1.055 * pictures.PAPER ** (1 / 2.4) - 0.055
    assert paper == pytest.approx(expected, abs=0.02)


def test_the_lattice_is_close_to_the_exact_colours():
    for proof in (None, Proof(PRESS), Proof(pictures.press_profile(b"RGB "), "perceptual")):
        screen = Screen(MONITOR, proof)
        sketch = sketched(screen, SRGB)
        apart = np.abs(sketch.seen.apply(colours()) - screen.seen(colours(), SRGB))
        # A lattice bends where the press runs out of ink, which it does between its points.
        assert np.median(apart) < 1 / 255
        assert apart.max() < 0.06


def test_what_the_press_has_not_is_told_from_what_it_has():
    screen = Screen(None, Proof(PRESS, "perceptual"))
    inside = 0.25 + colours() * 0.5
    assert screen.missing(inside, SRGB).max() < OUT_OF_GAMUT
    wide = known_profile("ProPhoto_RGB")
    green = np.full((1, 1, 3), [0, 1, 0], np.float32)
    assert screen.missing(green, wide)[0, 0] > 10 * OUT_OF_GAMUT
    sketch = sketched(screen, wide)
    assert sketch.missing.apply(green)[0, 0, 0] > 10 * OUT_OF_GAMUT


def test_a_print_of_primaries_has_no_more_than_its_gamut_either():
    screen = Screen(None, Proof(known_profile("sRGB").icc))
    wide = known_profile("Display_P3")
    red = np.full((1, 1, 3), [1, 0, 0], np.float32)
    assert screen.missing(red, wide)[0, 0] > OUT_OF_GAMUT
    assert screen.missing(red, SRGB)[0, 0] < 1


@pytest.mark.parametrize(
    "icc", [b"x" * 200, pictures.table_profile(b"CMYK")], ids=["nonsense", "one way"]
)
def test_a_print_that_cannot_be_proofed_is_refused_in_words(icc):
    with pytest.raises(ColourError, match=r"is for no grey|cannot be converted"):
        check_proof(Proof(icc))
    check_proof(Proof(PRESS))
