"""Networks for the tests of Clean: tiny ones of random weights, in place of those that ship."""

import numpy as np
import onnx
import pytest
import safelight_clean
from onnx import TensorProto, helper, numpy_helper

AUTO = -1.0
STATED = {"contract": "1", "scale": "1", "reach": "1", "multiple": "8", "tile": "64"}
STATED |= {"licence": "CC0-1.0", "training_data": "none", "title": "Tiny"}


def network(path, seed):
    """image - (level + 1.5) * a random 3x3 convolution of it; a level not given is AUTO."""
    weights = np.random.default_rng(seed).normal(0, 0.03, (3, 3, 3, 3)).astype(np.float32)
    constants = {"weights": weights, "more": np.float32(1.5), "level": np.float32(AUTO)}
    nodes = [
        helper.make_node("Conv", ["image", "weights"], ["found"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["level", "more"], ["strength"]),
        helper.make_node("Mul", ["found", "strength"], ["damage"]),
        helper.make_node("Sub", ["image", "damage"], ["result"]),
    ]
    image, result = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "height", "width"])
        for name in ("image", "result")
    )
    level = helper.make_tensor_value_info("level", TensorProto.FLOAT, [])
    stored = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", [image, level], [result], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, {f"safelight.{name}": text for name, text in STATED.items()})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with a file for each filter."""
    folder = tmp_path_factory.mktemp("networks")
    for seed, name in enumerate(safelight_clean.NETWORKS):
        network(folder / name, seed)
    return folder


@pytest.fixture(autouse=True)
def networks(folder, monkeypatch):
    """The plugin finds its networks there, and so does a job."""
    monkeypatch.setattr(safelight_clean, "HERE", folder)
    monkeypatch.setattr(safelight_clean, "__file__", str(folder / "__init__.py"))
    return folder
