"""A network's gradients by its twin in PyTorch: known ones, and the same reach as by covering."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.pictures import read
from models.plugincode import ROOT, editor

twin = editor("workers.far.torch_twin")
FREE = (1, 3, "height", "width")


def network(nodes, arrays):
    """An ONNX file of a picture to a picture."""
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, FREE) for n in ("image", "made")]
    tensors = [numpy_helper.from_array(np.asarray(item), name) for name, item in arrays.items()]
    graph = helper.make_graph(nodes, "graph", values[:1], values[1:], tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return made.SerializeToString()


def ran(content, feeds):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)[0]


@pytest.fixture
def picture():
    return np.random.default_rng(1).random((1, 3, 40, 50), np.float32)


def test_the_gradient_of_a_linear_filter_is_its_kernel(picture):
    kernel = np.random.default_rng(2).random((5, 7), np.float32)
    weights = np.zeros((3, 3, 5, 7), np.float32)
    weights[[0, 1, 2], [0, 1, 2]] = kernel
    node = helper.make_node("Conv", ["image", "kernel"], ["made"], pads=[2, 3, 2, 3])
    content = network([node], {"kernel": weights})
    feeds = {"image": picture}
    found = twin.input_gradient(content, feeds, ran(content, feeds), (20, 30))
    wanted = np.zeros((40, 50), np.float32)
    wanted[18:23, 27:34] = np.sqrt(3) * kernel  # of three channels, each by its own
    assert np.abs(found - wanted).max() < 1e-6


def test_a_twin_that_gives_something_else_is_not_believed(picture):
    node = helper.make_node("Relu", ["image"], ["made"])
    content = network([node], {})
    made = ran(content, {"image": picture})
    with pytest.raises(twin.NoTwin, match="does not give what the network gives"):
        twin.input_gradient(content, {"image": picture}, made + 0.1, (3, 4))
    strange = network([helper.make_node("Sin", ["image"], ["made"])], {})
    with pytest.raises(twin.NoTwin, match="the operator Sin has no twin"):
        twin.input_gradient(strange, {"image": picture}, made, (3, 4))
    with pytest.raises(twin.NoTwin, match="cannot be read"):
        twin.input_gradient(b"no network", {"image": picture}, made, (3, 4))


STEPS = {
    "compared": ([helper.make_node("Greater", ["image", "half"], ["whole"])], TensorProto.BOOL),
    "counted": ([helper.make_node("Mul", ["image", "many"], ["whole"])], TensorProto.INT64),
}


@pytest.mark.parametrize("name", STEPS)
def test_of_a_network_that_works_in_steps_there_is_no_gradient_and_a_clause_says_so(picture, name):
    nodes, kind = STEPS[name]
    cast = [
        helper.make_node("Cast", ["whole"], ["steps"], to=kind),
        helper.make_node("Cast", ["steps"], ["made"], to=TensorProto.FLOAT),
    ]
    content = network([*nodes, *cast], {"half": np.float32(0.5), "many": np.float32(9)})
    with pytest.raises(twin.NoTwin, match="has no gradient there"):
        twin.input_gradient(content, {"image": picture}, ran(content, {"image": picture}), (3, 4))


def test_where_a_network_is_cut_off_there_is_no_gradient_and_a_clause_says_so(picture):
    cut = helper.make_node("Clip", ["image", "low", "high"], ["made"])
    content = network([cut], {"low": np.float32(2), "high": np.float32(3)})
    with pytest.raises(twin.NoTwin, match="has no gradient there"):
        twin.input_gradient(content, {"image": picture}, ran(content, {"image": picture}), (3, 4))


def effective(changes, most):
    """The largest distance at which something still counts: more than a thousandth of the most."""
    return max((far for far, change in changes if change > 1e-3 * most), default=0)


@pytest.mark.parametrize("file", ["clean/safelight_clean/denoise.onnx",
                                  "enlarge/safelight_enlarge/fast_faithful_x2.onnx"])  # fmt: skip
def test_gradients_and_covering_find_the_same_reach(file):
    """Of Denoise's network and Enlarge's: as far as covers tell anything, within a step of them."""
    content = (ROOT / "plugins" / file).read_bytes()
    photograph = read(ROOT / "resources/samples/tea-gardens.jpg")[300:460, 300:460]
    image = photograph.astype(np.float32) / 255
    image += np.random.default_rng(3).normal(0, 0.06, image.shape).astype(np.float32)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    usual = {item.name: np.float32(25 / 255) for item in session.get_inputs()[1:]}

    def result(pixels):
        feeds = {"image": np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])} | usual
        return feeds, session.run(None, feeds)[0]

    feeds, made = result(image)
    scale = made.shape[2] // 160
    at = 80 * scale + scale // 2
    slopes = twin.input_gradient(content, feeds, made, (at, at))
    away = np.maximum(*np.abs(np.indices((160, 160)) - 80))
    distances = range(4, 80, 4)
    beyond = [(far, float(slopes[away >= far].sum())) for far in distances]
    by_gradients = effective(beyond, slopes.sum())
    changes = []
    for far in distances:
        covered = np.where((away >= far)[..., None], image.mean((0, 1)), image).astype(np.float32)
        difference = result(covered)[1][0, :, at, at] - made[0, :, at, at]
        changes.append((far, float(np.abs(difference).max())))
    by_covering = effective(changes, max(change for _, change in changes))
    assert by_covering > 4
    assert abs(by_gradients - by_covering) <= max(0.35 * by_covering, 4), (beyond, changes)
