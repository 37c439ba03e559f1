"""Photographs are encoded by a plugin's autoencoder, and directions found among their codes."""

import numpy as np
import pytest
from PIL import Image

from safelight.actions import Document, JobFinished, Studio
from safelight.actions.encoded_photographs import code_of, codes_of_files
from safelight.actions.latent_directions import (
    Direction,
    DirectionError,
    amounts_of,
    measured_direction,
    moved,
    principal_directions,
)
from safelight.actions.stop import Stop, Stopped
from safelight.pixels import Raster
from tests.plugins.installed_module import install
from tests.plugins.safelight_coded import PATTERNS, SIDE, SIZE

GREY = 0.5 * np.sqrt(3) * SIDE
"""The number that says how light a picture of an even 0.5 is."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugin")
    install(folder, "safelight_coded")
    with Studio("cpu", plugin_folders=[folder]) as studio:
        yield studio


def picture(code, height=48, width=64, noise=0.0, seed=0):
    """A picture with that much of each pattern over grey, and noise without any: 0 to 1."""
    small = 0.5 + np.tensordot(np.asarray(code, np.float32), PATTERNS, 1)
    large = small.repeat(height // SIDE, 0).repeat(width // SIDE, 1)
    detail = np.random.default_rng(seed).normal(0, noise, (height, width, 3))
    parts = detail.reshape(SIDE, height // SIDE, SIDE, width // SIDE, 3)
    parts -= parts.mean((1, 3), keepdims=True)
    return (large + detail).astype(np.float32)


def document(code, **more):
    return Document.from_raster(Raster.from_array(picture(code, **more)))


def test_a_photograph_has_the_code_that_its_filter_measures(studio):
    code = code_of(studio, studio.filter("patterns"), document((0.3, -1.2, 0.4, 0.8), noise=0.05))
    assert code == pytest.approx((GREY + 0.3, -1.2, 0.4, 0.8), abs=2e-3)


def test_a_direction_from_two_handfuls_changes_a_photograph_along_it_and_keeps_its_detail(
    studio, tmp_path
):
    random = np.random.default_rng(3)
    paths = []
    for n in range(12):
        code = random.normal(0, 0.5, SIZE)
        code[1] = 1.0 if n < 6 else -1.0
        paths.append(tmp_path / f"{n}.png")
        pixels = np.rint(picture(code, noise=0.03, seed=n).clip(0, 1) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(paths[-1])
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG no picture")
    declaration, told = studio.filter("patterns"), []
    codes, left_out = codes_of_files(
        studio, declaration, [*paths[:6], broken, *paths[6:]], Stop(), told.append
    )
    assert told == list(range(1, 14))
    assert len(codes) == 12
    assert len(left_out) == 1
    assert left_out[0].startswith("broken.png: ")

    found = measured_direction(codes[:6], codes[6:], "Light from the right")
    assert found.vector[1] > 0.93
    assert 2 * found.step == pytest.approx(2.0, abs=0.2)  # from one kind to the other
    assert abs(principal_directions(codes)[0].vector[1]) > 0.8

    change = moved((0.0,) * SIZE, found, 1.0)
    before = document((0, -0.5, 0, 0), height=160, width=240, noise=0.05)
    job = studio.start(declaration, {"change": change}, before)
    ended = job.wait()
    assert isinstance(ended, JobFinished)
    made = ended.raster.to_array()[..., :3]
    added = made - before.layers[0].pixels.to_array()[..., :3]
    wanted = np.tensordot(np.float32(change), PATTERNS, 1)
    middles = added.reshape(SIDE, 20, SIDE, 30, 3)[:, 9:11, :, 14:16].mean((1, 3))
    assert np.abs(middles - wanted).max() < 2e-3  # at full size what is decoded, between linear
    assert np.abs(np.diff(added, 2, axis=1)).max() < 2e-3  # and of the detail nothing
    after = code_of(studio, declaration, Document.from_raster(ended.raster))
    own = code_of(studio, declaration, before)
    moved_by = np.subtract(after, own)
    # Level beyond the outermost middles: a ramp is decoded a little short.
    assert moved_by @ found.vector == pytest.approx(found.step, rel=0.08)


def test_what_changes_nothing_leaves_every_pixel(studio):
    before = document((0.1, 0.2, 0.3, 0.4), noise=0.05)
    ended = studio.start(studio.filter("patterns"), {"change": ()}, before).wait()
    assert np.array_equal(ended.raster.to_array(), before.layers[0].pixels.to_array())


def test_what_gives_no_code_is_said_in_a_sentence(studio):
    for name, words in (
        ("short", "Short gave no code for a photograph: a code is 4 numbers"),
        ("vignette", "Vignette has no encoder"),
    ):
        with pytest.raises(DirectionError, match=words):
            code_of(studio, studio.filter(name), document((0, 0, 0, 0)))
    one = (0.0,) * SIZE
    with pytest.raises(DirectionError, match="one alone tells a picture apart"):
        measured_direction([one], [one, one], "Light")
    with pytest.raises(DirectionError, match="need 12 photographs, and there are 3"):
        principal_directions([one] * 3)
    with pytest.raises(DirectionError, match="all the same"):
        principal_directions([one] * 12)
    stop = Stop()
    stop.ask()
    with pytest.raises(Stopped):
        codes_of_files(studio, studio.filter("patterns"), [None], stop)


def test_main_directions_of_codes_are_the_axes_along_which_they_were_drawn():
    rows = np.random.default_rng(1).normal(0, (0.1, 3.0, 1.0, 0.3), (400, SIZE))
    first, second, *_ = principal_directions([tuple(row) for row in rows])
    assert abs(first.vector[1]) > 0.99
    assert abs(second.vector[2]) > 0.99
    # The deviation of 400 numbers is known to 1 / sqrt(800) of it, 0.04; thrice that.
    assert first.step == pytest.approx(3.0, rel=0.12)
    assert second.step == pytest.approx(1.0, rel=0.12)


def test_a_change_is_told_apart_into_the_directions_it_was_made_of():
    one = Direction("One", (1.0, 0.0, 0.0, 0.0), 2.0)
    two = Direction("Two", (0.6, 0.8, 0.0, 0.0), 0.5)
    change = moved(moved((0.0,) * SIZE, one, 1.5), two, -2.0)
    assert amounts_of(change, (one, two)) == pytest.approx((1.5, -2.0), abs=1e-3)
    assert (
        amounts_of(moved(change, Direction("Three", (0.0, 0.0, 0.0, 1.0)), 0.1), (one, two)) is None
    )
    assert amounts_of(change, (one, two, one)) is None
    assert amounts_of((), (one,)) is None
