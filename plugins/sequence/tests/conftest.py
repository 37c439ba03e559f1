"""Networks for the tests of Sequence: tiny ones, in place of those that ship."""

import numpy as np
import onnx
import pytest
import safelight_clean
import safelight_sequence
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


def recurrent(path):
    """result = 0.5 image + 0.5 previous + 0 (left + newest); next_memory = memory + 1."""
    full, half = ("height", "width"), ("tall", "wide")
    saved(
        path,
        [
            helper.make_node("Add", ["image", "previous"], ["sum"]),
            helper.make_node("Mul", ["sum", "half"], ["mixed"]),
            helper.make_node("Add", ["left", "newest"], ["others"]),
            helper.make_node("Add", ["others", "level"], ["more"]),
            helper.make_node("Mul", ["more", "zero"], ["nothing"]),
            helper.make_node("Add", ["mixed", "nothing"], ["result"]),
            helper.make_node("Add", ["memory", "one"], ["next_memory"]),
        ],
        [
            ("image", 3, full),
            ("left", 1, full),
            ("newest", 3, full),
            ("previous", 3, full),
            ("memory", safelight_sequence.MEMORY, half),
            ("level", None, ()),
        ],
        [("result", 3, full), ("next_memory", safelight_sequence.MEMORY, half)],
        {"half": 0.5, "one": 1.0, "zero": 0.0, "level": -1.0},
        carries="left:1,newest:1,previous:1,memory:2",
    )


def predictor(path):
    """result = image, the mean of two frames; next_hidden = hidden + 1; next_cell = cell."""
    full, quarter = ("height", "width"), ("tall", "wide")
    saved(
        path,
        [
            helper.make_node("Add", ["image", "zero"], ["result"]),
            helper.make_node("Add", ["hidden", "one"], ["next_hidden"]),
            helper.make_node("Add", ["cell", "zero"], ["next_cell"]),
        ],
        [("image", 3, full), ("first", 3, full), ("second", 3, full), ("hints", 6, full)]
        + [(name, safelight_sequence.HIDDEN, quarter) for name in ("hidden", "cell")],
        [("result", 3, full)]
        + [(name, safelight_sequence.HIDDEN, quarter) for name in ("next_hidden", "next_cell")],
        {"one": 1.0, "zero": 0.0},
        carries="first:1,second:1,hints:1,hidden:4,cell:4",
    )


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
    """A folder with such a file for each network."""
    folder = tmp_path_factory.mktemp("networks")
    recurrent(folder / safelight_sequence.NETWORK)
    predictor(folder / safelight_sequence.PREDICTOR)
    plain(folder / "denoise.onnx")
    return folder


@pytest.fixture(autouse=True)
def networks(folder, monkeypatch):
    """The plugin's job finds its networks there."""
    monkeypatch.setattr(safelight_sequence, "__file__", str(folder / "__init__.py"))
    spec = safelight_clean.__spec__
    monkeypatch.setattr(spec, "submodule_search_locations", [str(folder)])
    return folder
