"""Networks for the tests of Sequence: tiny ones, in place of those that ship."""

import numpy as np
import onnx
import pytest
import safelight_clean
from onnx import TensorProto, helper, numpy_helper

STATED = {"contract": "1", "scale": "1", "reach": "1", "multiple": "8", "tile": "64"}
STATED |= {"licence": "CC0-1.0", "training_data": "none", "title": "Tiny"}


def saved(path, nodes, inputs, outputs, constants, **stated):
    """A graph as a file that explains itself."""

    def value(name, channels, sides):
        shape = [] if channels is None else [1, channels, *sides]
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    stored = [numpy_helper.from_array(np.asarray(x, np.float32), n) for n, x in constants.items()]
    graph = helper.make_graph(
        nodes, "tiny", [value(*x) for x in inputs], [value(*x) for x in outputs], stored
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    properties = {f"safelight.{name}": text for name, text in (STATED | stated).items()}
    helper.set_model_props(model, properties)
    onnx.save(model, str(path))


def plain(path):
    """result = image."""
    full = ("height", "width")
    saved(
        path,
        [
            helper.make_node("Mul", ["level", "zero"], ["nothing"]),
            helper.make_node("Add", ["image", "nothing"], ["result"]),
        ],
        [("image", 3, full), ("level", None, ())],
        [("result", 3, full)],
        {"zero": 0.0, "level": -1.0},
    )


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with such a file."""
    folder = tmp_path_factory.mktemp("networks")
    plain(folder / "denoise.onnx")
    return folder


@pytest.fixture(autouse=True)
def networks(folder, monkeypatch):
    """The plugin's job finds its networks there."""
    spec = safelight_clean.__spec__
    monkeypatch.setattr(spec, "submodule_search_locations", [str(folder)])
    return folder
