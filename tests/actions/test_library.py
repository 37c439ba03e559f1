"""The library: pictures opened, changed, run through recipes and exported, as a notebook does."""

import io

import numpy as np
import pytest
from PIL import Image

from safelight import actions, library
from safelight.api import ParameterError
from safelight.document import EditError


@pytest.fixture(scope="module")
def session():
    with library.Session("cpu") as session:
        yield session


def ramp(height=12, width=16):
    return np.tile(np.linspace(0, 255, width).astype(np.uint8)[None, :, None], (height, 1, 3))


def test_an_array_goes_in_is_changed_and_comes_out(session):
    picture = session.picture(ramp())
    turned = picture.apply("flip", axis="horizontal")
    assert (turned.pixels() == ramp()[:, ::-1]).all()
    assert (picture.pixels() == ramp()).all()
    inverted = picture.apply("invert")
    assert (inverted.pixels() == 255 - ramp()).all()
    assert inverted.pixels("float32").dtype == np.float32


def test_a_file_is_opened_run_through_a_recipe_exported_and_shown(session, tmp_path):
    Image.fromarray(ramp(40, 50)).save(tmp_path / "a.png")
    picture = session.open(tmp_path / "a.png").run("portrait-4x5")
    assert picture.size == (32, 40)
    written = picture.export(tmp_path / "b.jpg", quality=90, profile="sRGB")
    assert Image.open(written.path).size == (32, 40)
    assert Image.open(io.BytesIO(picture._repr_png_())).size == (32, 40)
    with pytest.raises(actions.FileExists):
        picture.export(tmp_path / "b.jpg")
    picture.export(tmp_path / "c.safelight")
    again = session.open(tmp_path / "c.safelight")
    assert (again.pixels() == picture.pixels()).all()


def test_what_was_done_is_a_recipe_for_another_picture(session):
    done = session.picture(ramp()).apply("crop", box=(4, 3, 8, 6)).apply("invert")
    other = session.picture(ramp(24, 32)).run(done.recipe())
    assert other.size == (16, 12)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda s: s.picture(np.zeros((2, 2, 2), np.uint8)), ValueError),
        (lambda s: s.picture(np.full((2, 2), np.nan)), ValueError),
        (lambda s: s.picture(np.zeros((2, 2), "<U2")), ValueError),
        (lambda s: s.picture(ramp()).apply("fly"), actions.UnknownFilter),
        (lambda s: s.picture(ramp()).apply("invert", amount=3), ParameterError),
        (lambda s: s.picture(ramp()).apply("crop", box=(90, 90, 2, 2)), EditError),
        (lambda s: s.open("/nowhere.jpg"), actions.OpenError),
    ],
)
def test_what_cannot_be_is_an_error_with_a_sentence(session, wrong, error):
    with pytest.raises(error) as found:
        wrong(session)
    assert len(str(found.value)) > 10
