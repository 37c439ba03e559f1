"""Networks for the tests of Style: tiny ones in place of those that ship."""

import numpy as np
import onnx
import pytest
import safelight_style
from onnx import TensorProto, helper, numpy_helper

STATED = {"contract": "1", "scale": "1", "reach": "2", "multiple": "8", "tile": "64"}
STATED |= {"licence": "CC0-1.0", "training_data": "none", "title": "Tiny"}


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def save(path, nodes, inputs, outputs, constants, **stated):
    stored = [numpy_helper.from_array(np.asarray(x), name) for name, x in constants.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(
        model, {f"safelight.{name}": text for name, text in (STATED | stated).items()}
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def code(path):
    """One token: the mean of red, green and blue."""
    nodes = [
        helper.make_node("ReduceMean", ["image", "sides"], ["means"], keepdims=0),
        helper.make_node("Unsqueeze", ["means", "first"], ["tokens"]),
    ]
    constants = {"sides": np.int64([2, 3]), "first": np.int64([1])}
    inputs = [value("image", [1, 3, "height", "width"])]
    save(path, nodes, inputs, [value("tokens", [1, 1, 3])], constants, multiple="96")


def painter(path):
    """A blurred picture, minus the whole picture's mean, plus the mean of the styles."""
    weights = np.zeros((3, 3, 5, 5), np.float32)
    weights[range(3), range(3)] = 1 / 25
    nodes = [
        helper.make_node("Conv", ["image", "weights"], ["soft"], pads=[2, 2, 2, 2]),
        helper.make_node("Unsqueeze", ["shares", "last"], ["weighed"]),
        helper.make_node("Mul", ["style", "weighed"], ["parts"]),
        helper.make_node("ReduceSum", ["parts", "tokens"], ["wanted"], keepdims=0),
        helper.make_node("Sub", ["wanted", "own"], ["away"]),
        helper.make_node("Unsqueeze", ["away", "sides"], ["shift"]),
        helper.make_node("Add", ["soft", "shift"], ["result"]),
    ]
    constants = {"weights": weights, "last": np.int64([2]), "tokens": np.int64([1])}
    constants["sides"] = np.int64([2, 3])
    inputs = [
        value("image", [1, 3, "height", "width"]),
        value("own", [1, 3]),
        value("style", [1, "many", 3]),
        value("shares", [1, "many"]),
    ]
    save(path, nodes, inputs, [value("result", [1, 3, "height", "width"])], constants)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with a pair of files for each size."""
    folder = tmp_path_factory.mktemp("networks")
    for network, describes in safelight_style.MODELS.values():
        painter(folder / network)
        code(folder / describes)
    return folder


@pytest.fixture(autouse=True)
def networks(folder, monkeypatch):
    """A job finds the networks there; nothing is remembered of others."""
    monkeypatch.setattr(safelight_style, "__file__", str(folder / "__init__.py"))
    monkeypatch.setattr("safelight_style.codes._codes", type(safelight_style.codes._codes)())
    return folder
