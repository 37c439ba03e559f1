"""Probing: networks as other projects export them are understood, or refused with the reason."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from safelight.api.testing import photograph
from safelight.workers.far.inference import Inference
from safelight.workers.far.network_contract import ModelError
from safelight.workers.far.probe.probe_network import probe
from safelight.workers.onnx_file import OnnxError, described, read_onnx
from tests.workers import networks
from tests.workers.networks import FREE, model, node, value


@pytest.fixture
def probed(tmp_path):
    """Probe a network's bytes; gives what was found and a function that runs it as a filter."""

    def run(content, given=None, **others):
        path = tmp_path / "some.onnx"
        path.write_bytes(content)
        trial = Inference().trial(path)

        def feed(feeds):
            try:
                return trial.run(feeds)
            except ModelError as error:
                raise OnnxError(f"{error}.") from None

        found = probe(read_onnx(path), path.name, feed, given or {}, **others)
        properties = {f"safelight.{key}": text for key, text in found.properties.items()}
        whole = tmp_path / "whole.onnx"
        whole.write_bytes(described(path, {"safelight.contract": "1"} | properties))
        inference = Inference()

        def made(image, **inputs):
            return inference.run(whole, image, inputs, "cpu")

        def raw(image):
            (result,) = trial.run({read_onnx(path).inputs[0].name: image.transpose(2, 0, 1)[None]})
            return result[0].transpose(1, 2, 0)

        made.raw = raw
        return found, made

    return run


def shape_of(found):
    keys = ("scale", "layout", "channels", "range", "result", "result_range")
    return tuple(found.properties[key] for key in keys)


def test_an_enlarger(probed):
    found, run = probed(networks.enlarger(2))
    assert shape_of(found) == ("2", "NCHW", "RGB", "0..1", "RGB", "0..1")
    assert (found.properties["multiple"], found.properties["least"]) == ("1", "1")
    # One 3 × 3 convolution looks at one pixel; a quarter more is stated.
    assert (found.properties["reach"], found.how["reach"]) == ("2", "probed")
    image = photograph(37, 23)
    result = run(image)
    assert result.shape == (46, 74, 3)
    small = result.reshape(23, 2, 37, 2, 3).mean(axis=(1, 3))
    assert np.abs(small - image).mean() < 0.02  # its bias is 0.01


def test_a_network_for_bgr_in_255_and_nhwc(probed):
    found, run = probed(networks.bgr_255())
    assert shape_of(found) == ("1", "NHWC", "BGR", "0..255", "BGR", "0..255")
    assert (found.how["channels"], found.asks["channels"]) == ("asked", ["BGR", "RGB"])
    assert found.how["range"] in ("probed", "asked")
    image = np.zeros((16, 16, 3), np.float32)
    image[...] = 0.2, 0.4, 0.8  # blue: untouched; as RGB it would be red, and dimmed
    assert np.abs(run(image)[4:-4, 4:-4] - image[4:-4, 4:-4]).max() < 0.2


ENLARGER = Path(find_spec("safelight_enlarge").origin).parent / "fast_faithful_x2.onnx"


def test_a_trained_network_is_understood_without_its_own_words(probed):
    """The shipped enlarger, wrapped as others export theirs: it is fed as it was trained."""
    model = onnx.load(str(ENLARGER))
    del model.metadata_props[:]
    found, run = probed(networks.in_255(model.SerializeToString()))
    assert shape_of(found)[:2] == ("2", "NHWC")
    assert found.properties["range"] == "0..255"
    assert found.how["range"] in ("probed", "asked")
    image = photograph(160, 120)
    whole = Inference().run(ENLARGER, image, {}, "cpu")
    assert np.abs(run(image) - whole).max() < 1e-4  # the order of float32 operations
    # The reach it was given leaves no seam that eight bits show.
    reach = int(found.properties["reach"])
    part = run(image[:, : 80 + reach])
    assert np.abs(part[:, :160] - whole[:, :160]).max() < 1 / 255


def test_a_style_network_gets_the_range_it_gives(probed):
    found, _ = probed(networks.style())
    assert shape_of(found)[3:] == ("0..255", "RGB", "0..255")
    assert any("whole picture" in note for note in found.notes)


def test_bytes(probed):
    found, run = probed(networks.bytes_in_and_out())
    assert shape_of(found) == ("1", "NHWC", "RGB", "0..255", "RGB", "0..255")
    image = photograph(40, 30)
    assert 0.001 < np.abs(run(image) - image).mean() < 0.1


def test_what_the_user_says_is_not_probed(probed):
    given = {"channels": "RGB", "result": "RGB", "range": "0..1", "reach": "9"}
    found, _ = probed(networks.bgr_255(), given)
    assert {key: found.properties[key] for key in given} == given
    assert {found.how[key] for key in given} == {"given"}


def test_what_a_file_states_is_not_probed(probed):
    stated = {"contract": "1", "reach": "7", "range": "0..255", "multiple": "2"}
    metadata = {f"safelight.{key}": text for key, text in stated.items()}
    found, _ = probed(networks.enlarger(2, metadata=metadata))
    assert (found.properties["reach"], found.how["reach"]) == ("7", "stated by the file")
    assert found.properties["result_range"] == "0..255"
    assert found.properties["multiple"] == "2"


def test_half_precision(probed):
    found, run = probed(networks.enlarger(1, kind="float16"))
    image = photograph(20, 20)
    assert run(image).dtype == np.float32
    assert np.abs(run(image) - image).mean() < 0.02
    assert any("half precision" in note for note in found.notes)


def test_luma_at_one_size(probed):
    found, run = probed(networks.enlarger(3, (1, 1, 224, 224), channels=1))
    assert shape_of(found)[:3] == ("3", "NCHW", "Y")
    assert (found.properties["height"], found.properties["width"]) == ("224", "224")
    assert any("224 × 224 pixels at a time" in note for note in found.notes)
    image = photograph(300, 100)  # wider than a window, not as high
    result = run(image)
    assert result.shape == (300, 900, 3)
    small = result.reshape(100, 3, 300, 3, 3).mean(axis=(1, 3))
    assert np.abs(small - image).mean() < 0.03  # colours are resized


def test_a_colouriser(probed):
    found, run = probed(networks.colouriser())
    assert shape_of(found) == ("1", "NCHW", "L", "0..100", "ab", "0..1")
    grey = np.full((64, 64, 3), 0.5, np.float32)
    # L* of half grey is 53.4; a* and b* follow from the network: 15.7, 16.7.
    expected = np.array([0.6386, 0.4589, 0.3908])  # by the matrix of IEC 61966-2-1
    assert np.abs(run(grey)[32, 32] - expected).max() < 2e-3  # four digits, rounded


def test_what_a_network_crops_is_given_to_it_besides(probed):
    """Convolutions without padding, as waifu2x has them: three of 3 × 3, then twice as large."""
    kernel = networks.weights(share=0.02)
    nodes = [
        *(node("Conv", f"{a} kernel", b, kernel_shape=[3, 3]) for a, b in ("xa", "ab", "bc")),
        helper.make_node("Resize", ["c", "", "scales"], ["y"], mode="nearest"),
    ]
    numbers = {"kernel": kernel, "scales": np.array([1, 1, 2, 2], np.float32)}
    made = model(nodes, [value("x", FREE)], [value("y", (1, 3, "h2", "w2"))], numbers, opset=18)
    found, run = probed(made)
    assert (found.properties["scale"], found.properties["crop"]) == ("2", "6")
    image = photograph(40, 30)
    result = run(image)
    assert result.shape == (60, 80, 3)
    raw = run.raw(np.pad(image, ((3, 3), (3, 3), (0, 0)), mode="edge"))
    assert np.abs(result - raw).max() < 1e-5  # the order of float32 operations
    # Each in its place: the middle of a picture is what it is of a part.
    reach = int(found.properties["reach"])
    part = run(image[:, : 20 + reach])
    assert reach >= 3
    assert np.abs(part[:, :40] - result[:, :40]).max() < 1e-5


def test_the_order_that_onnx_image_metadata_states_is_obeyed(probed):
    stated = {"Image.BitmapPixelFormat": "Bgr8", "Image.NominalPixelRange": "NominalRange_0_255"}
    found, _ = probed(networks.enlarger(2, metadata=stated))
    assert shape_of(found) == ("2", "NCHW", "BGR", "0..255", "BGR", "0..255")
    assert (found.how["channels"], found.how["range"]) == ("stated by the file",) * 2


def fixed(nodes, numbers, out, side=32):
    return model(
        nodes, [value("input", (1, 3, side, side))], [value("output", out)], numbers, opset=18
    )


def test_a_network_of_one_size_sees_the_picture_whole(probed):
    """A subject's mask at half the size that goes in, by the mean of everything."""
    nodes = [
        node("AveragePool", "input", "a", kernel_shape=[2, 2], strides=[2, 2]),
        node("ReduceMean", "a channels", "b"),
        node("ReduceMean", "b area", "mean"),
        node("Sub", "b mean", "c"),
        node("Sigmoid", "c", "output"),
    ]
    numbers = {"channels": np.array([1]), "area": np.array([2, 3])}
    found, run = probed(fixed(nodes, numbers, (1, 1, 16, 16)))
    assert (found.properties["fit"], found.properties["result"]) == ("whole", "mask")
    assert found.asks["result"] == ["mask", "grey"]
    image = np.zeros((90, 130, 3), np.float32)
    image[:, 65:] = 1
    mask = run(image)
    assert mask.shape == image.shape
    # Sigmoids of 0.5 below and above the mean.
    assert np.abs(mask[:, :50] - 0.37754).max() < 0.01
    assert np.abs(mask[:, 80:] - 0.62246).max() < 0.01


def test_a_depth_in_units_of_its_own_is_spread_from_black_to_white(probed):
    nodes = [
        node("ReduceMean", "input channels", "a"),
        node("Mul", "a metres", "output"),
    ]
    numbers = {"channels": np.array([1]), "metres": np.array(9000, np.float32)}
    found, run = probed(fixed(nodes, numbers, (1, 1, 32, 32)))
    assert (found.properties["fit"], found.properties["result_range"]) == ("whole", "spread")
    assert found.how["result_range"] != "probed"
    result = run(photograph(100, 70))
    assert (result.min(), result.max()) == (pytest.approx(0, abs=0.05), pytest.approx(1, abs=0.05))


def test_what_changes_the_light_of_a_small_picture_leaves_a_large_one_sharp(probed):
    nodes = [
        node("ReduceMean", "input area", "mean"),
        node("Sub", "input mean", "a"),
        node("Mul", "a gain", "b"),
        node("Add", "b mean", "output"),
    ]
    numbers = {"area": np.array([2, 3]), "gain": np.array(0.8, np.float32)}
    found, run = probed(fixed(nodes, numbers, (1, 3, 32, 32)))
    assert (found.properties["fit"], found.how["fit"]) == ("change", "asked")
    image = photograph(320, 320)
    mean = image.mean(axis=(0, 1))
    # A tenth of its details is wrong: what 32 pixels do not hold is not dimmed.
    assert np.abs(run(image) - (0.8 * (image - mean) + mean)).mean() < 0.02


def test_whole_numbers_are_pixels_and_settings(probed):
    nodes = [
        node("Cast", "input", "a", to=1),
        node("Cast", "steps", "n", to=1),
        node("Mul", "a n", "b"),
        node("Cast", "b", "output", to=7),
    ]
    shape = (1, 3, "h", "w")
    inputs = [value("input", shape, "int32"), value("steps", (), "int64")]
    found, run = probed(model(nodes, inputs, [value("output", shape, "int64")]))
    assert (found.properties["range"], found.how["range"]) == ("0..255", "read from the graph")
    assert (found.extras, found.kinds) == ({"steps": 0}, {"steps": "int64"})
    image = photograph(20, 10)
    assert np.abs(run(image, steps=1) - image).max() < 0.502 / 255  # rounded
    assert np.abs(run(image * 0.5, steps=2) - image).max() < 1.01 / 255


def test_a_slow_network_is_asked_about_instead_of_tried(probed):
    found, run = probed(networks.bgr_255(), budget=0.0)
    assert "probed" not in {found.how[key] for key in ("range", "channels", "reach", "multiple")}
    assert set(found.asks["range"]) == {"0..1", "0..255", "-1..1", "imagenet", "caffe"}
    assert any("It is slow" in note for note in found.notes)
    assert run(photograph(20, 10)).shape == (10, 20, 3)


def test_the_multiple_that_a_network_needs(probed):
    found, run = probed(networks.halving(8))
    assert (found.properties["multiple"], found.properties["least"]) == ("8", "8")
    assert run(photograph(13, 3)).shape == (3, 13, 3)


def test_windows_on_the_wrong_grid_are_noticed(probed):
    # It takes any size, but means blocks of 4 × 4 counted from the corner.
    nodes = [
        node("AveragePool", "input", "a", kernel_shape=[4, 4], strides=[4, 4], ceil_mode=1),
        node("Resize", "a none scales", "b", mode="nearest"),
        node("Shape", "input", "size"),
        node("Slice", "b zero size axes", "c"),
        node("Add", "c input", "d"),
        node("Mul", "d half", "output"),
    ]
    numbers = {
        "none": np.array([], np.float32),
        "scales": np.array([1, 1, 4, 4], np.float32),
        "zero": np.zeros(4, np.int64),
        "axes": np.arange(4),
        "half": np.array(0.5, np.float32),
    }
    whole = model(nodes, [value("input", FREE)], [value("output", FREE)], numbers, opset=18)
    found, _ = probed(whole)
    assert found.properties["multiple"] == "4"


def test_a_network_that_sees_everything_is_told_of(probed):
    found, _ = probed(networks.whole_picture())
    assert any("looks at the whole picture" in note for note in found.notes)
    assert found.properties["tile"] == "1024"


def test_further_numbers_are_inputs_of_the_filter(probed):
    found, run = probed(networks.with_strength())
    assert found.extras == {"noise.level": 1}
    image = photograph(40, 30)
    assert np.array_equal(run(image, **{"noise.level": [0.0]}), image)
    assert not np.allclose(run(image, **{"noise.level": [1.0]}), image)


def simple(kind, shape, out=None, element="float32"):
    nodes = [node(kind, "input", "output")]
    return model(nodes, [value("input", shape, element)], [value("output", out or shape, element)])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (networks.classifier(), "gives 1 × 1000 numbers, not a picture"),
        (networks.three_pictures(), "content .* and depth .*; a filter has a picture, a mask"),
        (networks.constant_result(), "the same result whatever goes in"),
        (networks.random_result(), "another result each time"),
        (simple("Relu", (4, 3, 32, 32)), "takes 4 pictures at a time"),
        (simple("Relu", (1, 4, "h", "w")), "no 3 or 1 channels"),
        (simple("Relu", (1, 3, 5, 32, 32)), "5 dimensions"),
        (simple("Relu", (1, 3, 9000, 9000)), "too large to cut"),
        (simple("Not", FREE, element="bool"), "takes bool tensors, not pixels"),
        (simple("GlobalMaxPool", FREE), "smaller than what went in"),
    ],
    ids=["numbers", "three", "grey", "noise", "batch", "four", "film", "huge", "whole", "small"],
)
def test_what_cannot_be_a_filter_is_refused_with_the_reason(probed, content, reason):
    with pytest.raises(OnnxError, match=f"some.onnx .*{reason}"):
        probed(content)


def test_channels_that_do_not_fit_are_refused(probed):
    with pytest.raises(OnnxError, match="takes 3 channels, which cannot be Y"):
        probed(networks.enlarger(2), {"channels": "Y"})
