"""Auto light: what the network suggests brings a spoilt picture nearer to what it was."""

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
import safelight_adjust
from safelight_adjust.auto import _reduced, auto_light

from safelight import api
from safelight.api import testing
from safelight.api.tone_table import applied, stages_of

FOLDER = Path(safelight_adjust.__file__).parent


class Network:
    """Runs the file beside the filter."""

    def describe(self, model, image):
        session = onnxruntime.InferenceSession(str(FOLDER / model))
        planes = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
        return session.run(None, {"image": planes})[0]


def found(picture):
    entry = api.registered(auto_light)
    return entry.declaration.settings(entry.found(picture.astype(np.float32), {}, Network()))


def made(picture, **settings):
    return applied(stages_of(auto_light(**settings)), np.asarray(picture, np.float32))


PICTURE = 0.04 + 0.9 * testing.photograph(160, 120)


def spoilt(**settings):
    return found(np.clip(made(PICTURE, **settings), 0, 1))


def test_what_is_darker_is_given_more_light_and_what_is_colder_more_warmth():
    dark, bright = spoilt(exposure=-1.4), spoilt(exposure=1.2)
    assert dark["exposure"] > bright["exposure"] + 0.2
    cold, warm = spoilt(temperature=4300.0), spoilt(temperature=11000.0)
    assert cold["temperature"] > warm["temperature"] + 200


def test_any_picture_gives_settings_that_are_legal():
    noise = np.random.default_rng(1).random((3, 700, 3))
    for picture in (
        np.zeros((50, 60, 3)), np.ones((1, 1, 3)), noise, 4 * noise, -noise,
        np.full((9, 9, 3), np.nan), np.zeros((40, 30, 3)) + np.array([1.0, 0, 0]),
    ):  # fmt: skip
        settings = found(picture)
        assert np.isfinite(made(np.full((2, 2, 3), 0.5), **settings)).all()


def test_it_is_shown_means_of_at_most_48_pixels_a_side():
    picture = testing.photograph(300, 200)
    small = _reduced(picture)
    assert small.shape == (32, 48, 3)
    assert np.abs(small.mean((0, 1)) - picture.mean((0, 1))).max() < 0.01
    assert np.array_equal(_reduced(small), small)


def test_its_parts_are_the_adjustments_of_their_names():
    curve = ((0.0, 0.05), (0.5, 0.6), (1.0, 1.0))
    one = made(PICTURE, temperature=5000.0, exposure=0.5, contrast=20.0, curve=curve)
    tables = (
        safelight_adjust.white_balance(5000.0), safelight_adjust.exposure(0.5),
        safelight_adjust.brightness_contrast(contrast=20.0), safelight_adjust.curves(rgb=curve),
    )  # fmt: skip
    several = PICTURE.astype(np.float32)
    for table in tables:
        several = applied(stages_of(table), several)
    assert np.abs(one - several).max() < 1e-6


def test_the_network_is_small_and_is_the_one_of_its_card():
    path = FOLDER / "auto.onnx"
    assert path.stat().st_size < 600_000
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest in (FOLDER / "SHA256SUMS").read_text()
    assert digest in (FOLDER / "card.md").read_text()
