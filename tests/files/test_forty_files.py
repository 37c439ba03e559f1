"""A folder of forty files of twenty kinds: opened, exported, and compared with others' decoders."""

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from safelight.document import whole
from safelight.files import ExportOptions, export, open_picture
from safelight.pixels import to_float
from tests.files.forty_files import FILES, photograph, write

NAMES = [name for name in FILES if not name.endswith(".pfm")]  # a plugin's


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("forty")
    write(made, 96, 64)
    return made


def test_they_are_forty_of_twenty_kinds():
    assert len(FILES) == 40
    assert len({name.rpartition(".")[2][:3] for name in FILES}) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_each_opens_as_it_was_and_is_exported_as_others_read_it(folder, tmp_path, name):
    document = open_picture(folder / name).document
    shown = document.profile.to_srgb(to_float(whole(document).to_array()))
    apart = FILES[name].apart
    if apart is not None:
        meant = photograph(96, 64)
        off = np.abs(shown[..., :3] * 255 - meant)
        assert off.mean() <= max(apart, 0.01)
        if apart == 0:
            assert off.max() < 0.51
    deep = tmp_path / "deep.tif"
    export(document, deep, ExportOptions(depth=16))
    again = tifffile.imread(deep)
    own = to_float(whole(document).to_array())
    again = again[..., None] if again.ndim == 2 else again
    colours = min(again.shape[2], own.shape[2])
    off = np.abs(again[..., :colours] / 65535 - own[..., :colours].clip(0, 1)).max()
    # Several layers of 8 bits are mixed in the 16 of the file, here in their own.
    assert off < (1 / 65535 if len(document.layers) == 1 else 0.51 / 255)
    shallow = tmp_path / "shallow.png"
    export(document, shallow, ExportOptions(depth=8))
    with Image.open(shallow) as image:
        pillow = np.asarray(image.convert("RGBA"))
    assert np.array_equal(pillow[..., :3], _three(imagecodecs.png_decode(shallow.read_bytes())))
    lossy = tmp_path / "lossy.jpg"
    export(document, lossy, ExportOptions(quality=98))
    with Image.open(lossy) as image:
        assert image.size == (document.width, document.height)
        seen = np.asarray(image.convert("RGB"), np.float32)
    alpha = pillow[..., 3:] / np.float32(255)
    assert np.abs(seen - (pillow[..., :3] * alpha + 255 * (1 - alpha))).mean() < 4


def _three(pixels):
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    return pixels[..., [0, 0, 0]] if pixels.shape[2] < 3 else pixels[..., :3]
