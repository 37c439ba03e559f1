"""Tensors: a picture goes in as a network wants it, and comes back as a picture."""

import itertools

import numpy as np
import pytest

from safelight.api.testing import photograph
from safelight.workers.far.network_contract import Contract, ModelError
from safelight.workers.far.tensors import LAYOUTS, RANGES, Format, windows

IMAGE = photograph(21, 13)


@pytest.mark.parametrize(
    ("layout", "channels", "values"),
    list(itertools.product(LAYOUTS, ("RGB", "BGR", "Y"), RANGES)),
)
def test_what_goes_in_and_comes_back_is_the_picture(layout, channels, values):
    format = Format(layout, channels, values, channels, values)
    tensor = format.tensor(IMAGE)
    sides = {"N": 1, "C": 1 if channels == "Y" else 3, "H": 13, "W": 21}
    assert tensor.shape == tuple(sides[axis] for axis in layout)
    back = format.picture(format.planes(tensor), IMAGE)
    assert np.abs(back - IMAGE).max() < 1e-5  # float32, through factors of up to 255


def test_white_black_and_blue_are_what_each_range_says():
    colours = np.array([[[1, 1, 1], [0, 0, 0], [0, 0, 1]]], np.float32)
    assert Format("HWC", "BGR", "0..255").tensor(colours)[0, 2].tolist() == [255, 0, 0]
    assert Format("HWC", "RGB", "-1..1").tensor(colours)[0, 1].tolist() == [-1, -1, -1]
    caffe = Format("HWC", "BGR", "caffe").tensor(colours)[0, 1]
    assert np.allclose(caffe, [-103.939, -116.779, -123.68])  # the mean that Caffe's models have
    red = Format("HWC", "RGB", "imagenet").tensor(colours)[0, 0, 0]
    assert red == pytest.approx((1 - 0.485) / 0.229)


def test_whole_numbers_do_not_wrap_round():
    bright = np.full((2, 2, 3), 1.2, np.float32)
    assert (Format("HWC", "RGB", "0..255").tensor(bright, "uint8") == 255).all()
    assert (Format("HWC", "RGB", "0..255").tensor(-bright, "uint8") == 0).all()


def test_lab_is_that_of_srgb():
    # Published: sRGB red is L* 53.24, a* 80.09, b* 67.20 (D65).
    format = Format("HWC", "L", "0..100", "ab", "0..1")
    red = np.array([[[1, 0, 0]]], np.float32)
    assert format.tensor(red)[0, 0, 0] == pytest.approx(53.24, abs=0.01)
    ab = format.planes(np.array([[[80.09, 67.20]]], np.float32))
    # Unrounded, 1e-4 of a* is as much as 2e-4 of green, which is dark.
    assert np.abs(format.picture(ab, red) - red).max() < 5e-3


def test_a_result_without_colours_is_grey():
    format = Format("NCHW", "RGB", "0..1", "grey", "0..1")
    planes = format.planes(np.full((1, 1, 4, 6), 0.25))
    assert np.array_equal(format.picture(planes, IMAGE), np.full((4, 6, 3), 0.25, np.float32))


@pytest.mark.parametrize("shape", [(13, 21, 3), (2, 3, 13, 21), (1, 4, 13, 21), (1, 3, 0, 21)])
def test_results_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"\("):
        Format().planes(np.zeros(shape, np.float32))


@pytest.mark.parametrize("length", [1, 223, 224, 225, 300, 1000])
@pytest.mark.parametrize("overlap", [0, 2, 56])
def test_windows_cover_a_line_once(length, overlap):
    found = windows(length, 224, overlap)
    assert [keep for _, first, last in found for keep in range(first, last)] == list(range(length))
    for start, first, last in found:
        assert 0 <= start <= max(length - 224, 0)
        assert first - start >= (overlap if first else 0)
        assert last == length or start + 224 - last >= overlap


@pytest.mark.parametrize(
    ("key", "text"),
    [("layout", "NCWH"), ("channels", "CMYK"), ("range", "0..7"), ("result", "depth")],
)
def test_a_contract_with_unknown_words_is_refused(key, text):
    properties = {"safelight.contract": "1", "safelight.reach": "1", f"safelight.{key}": text}
    with pytest.raises(ModelError, match=f"a.onnx has the {key} {text}, not "):
        Contract.read(properties, "a.onnx", "")
