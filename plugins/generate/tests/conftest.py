"""Networks for the tests of Generate: tiny ones in place of those that ship."""

import numpy as np
import onnx
import pytest
import safelight_generate
from onnx import TensorProto, helper, numpy_helper

STATED = {"contract": "1", "scale": "1", "reach": "0", "multiple": "1", "tile": "64"}
STATED |= {"licence": "CC0-1.0", "training_data": "none", "title": "Tiny", "input": "numbers"}
TEXTURES = np.eye(3, 16, dtype=np.float32) * 4


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def save(path, nodes, inputs, outputs, constants):
    stored = [numpy_helper.from_array(np.asarray(x), name) for name, x in constants.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, {f"safelight.{name}": text for name, text in STATED.items()})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def of_cells(path):
    """Cells of one colour: a tenth of their first three noises beside 0.2 and their first kinds.

    Each is mixed with its left neighbour, around the border.
    """
    nodes = [
        helper.make_node("Slice", ["field", "none", "three", "first"], ["noise"]),
        helper.make_node("Slice", ["kinds", "none", "three", "first"], ["kind"]),
        helper.make_node("Mul", ["noise", "tenth"], ["little"]),
        helper.make_node("Mul", ["kind", "tenth"], ["own"]),
        helper.make_node("Add", ["little", "own"], ["sum"]),
        helper.make_node("Slice", ["sum", "last", "end", "across"], ["right"]),
        helper.make_node("Slice", ["sum", "none", "last", "across"], ["others"]),
        helper.make_node("Concat", ["right", "others"], ["turned"], axis=3),
        helper.make_node("Add", ["sum", "turned"], ["both"]),
        helper.make_node("Add", ["both", "grey"], ["cells"]),
        helper.make_node("Resize", ["cells", "", "scales"], ["image"], mode="nearest"),
        helper.make_node("ReduceSum", ["places"], ["unused"], keepdims=0),
        helper.make_node("ReduceSum", ["period"], ["unused too"], keepdims=0),
    ]
    constants = {
        "none": np.int64([0]),
        "three": np.int64([3]),
        "first": np.int64([1]),
        "last": np.int64([-1]),
        "end": np.int64([1 << 30]),
        "across": np.int64([3]),
        "tenth": np.float32(0.05),
        "grey": np.float32(0.3),
        "scales": np.float32([1, 1, 16, 16]),
    }
    inputs = [
        value("field", [1, 24, "height", "width"]),
        value("kinds", [1, 16, "height", "width"]),
        value("places", [1, 2, "height", "width"]),
        value("period", [1, 2]),
    ]
    save(path, nodes, inputs, [value("image", [1, 3, "tall", "wide"])], constants)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with the file of surfaces."""
    folder = tmp_path_factory.mktemp("networks")
    of_cells(folder / "surfaces.onnx")
    return folder


@pytest.fixture(autouse=True)
def networks(folder, monkeypatch):
    """A job finds the networks there, and codes choose among three textures."""
    monkeypatch.setattr(safelight_generate, "__file__", str(folder / "__init__.py"))
    monkeypatch.setattr("safelight_generate.codes.textures", lambda: TEXTURES)
    return folder
