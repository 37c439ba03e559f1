"""Networks for the tests of Repair: tiny ones of random weights, in place of those that ship."""

import numpy as np
import onnx
import pytest
import safelight_repair
from onnx import TensorProto, helper, numpy_helper
from safelight_repair.noise import CHANNELS

STATED = {"contract": "1", "scale": "1", "reach": "1", "multiple": "16", "tile": "64"}
STATED |= {"licence": "CC0-1.0", "training_data": "none", "title": "Tiny"}


def save(path, nodes, inputs, constants, **stated):
    """Write a graph of `inputs` (name: channels, in that order) to a result of three channels."""

    def value(name, channels):
        sides = [f"{name}_height", f"{name}_width"]
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, *sides])

    stored = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    given = [value(name, channels) for name, channels in inputs.items()]
    graph = helper.make_graph(nodes, "tiny", given, [value("result", 3)], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    properties = STATED | stated
    helper.set_model_props(model, {f"safelight.{name}": text for name, text in properties.items()})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def detector(path):
    """How sure: a random 3x3 convolution, through a sigmoid."""
    weights = np.random.default_rng(1).normal(0, 2, (3, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["image", "weights"], ["found"], pads=[1, 1, 1, 1]),
        helper.make_node("Sigmoid", ["found"], ["result"]),
    ]
    save(path, nodes, {"image": 3}, {"weights": weights})


def filler(path):
    """Where something is missing: a random 3x3 convolution of it all, and the mean of the noise."""
    weights = np.random.default_rng(2).normal(0, 0.2, (3, 5, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Concat", ["image", "mask", "guess"], ["all"], axis=1),
        helper.make_node("Conv", ["all", "weights"], ["seen"], pads=[1, 1, 1, 1]),
        helper.make_node("ReduceMean", ["noise"], ["level"], keepdims=1),
        helper.make_node("Add", ["seen", "level"], ["made"]),
        helper.make_node("Greater", ["mask", "nothing"], ["missing"]),
        helper.make_node("Where", ["missing", "made", "image"], ["result"]),
    ]
    inputs = {"image": 3, "mask": 1, "guess": 1, "noise": CHANNELS}
    save(path, nodes, inputs, {"weights": weights, "nothing": np.float32(0)}, reach="0")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    detector(folder / "detect.onnx")
    filler(folder / "fill.onnx")
    return folder


@pytest.fixture
def networks(folder, monkeypatch):
    """The plugin finds its networks there, and so does a job."""
    monkeypatch.setattr(safelight_repair, "HERE", folder)
    monkeypatch.setattr(safelight_repair, "__file__", str(folder / "__init__.py"))
    return folder
