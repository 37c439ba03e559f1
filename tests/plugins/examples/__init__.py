"""Example plugins, as an author writes them from the reference alone, and their networks.

``python -m tests.plugins.examples FOLDER`` writes a wheel of each. The networks are tiny and made
here, by hand; nothing of them was learnt.
"""

import sys
from pathlib import Path

import numpy as np

from tests.plugins.plugin_projects import wheel
from tests.workers.networks import FREE, model, node, value

HERE = Path(__file__).parent


def contract(**said):
    """The metadata properties of a network."""
    said = {"contract": "1", "licence": "CC0-1.0", "training_data": "None: by hand."} | said
    return {f"safelight.{key}": str(text) for key, text in said.items()}


def heal():
    """What the mask selects gets the mean of what it does not, at 64 pixels a side."""
    nodes = [
        node("Sub", "one mask", "kept"),
        node("Mul", "image kept", "seen"),
        node("ReduceSum", "seen sides", "sum"),
        node("ReduceSum", "kept sides", "count"),
        node("Max", "count one", "some"),
        node("Div", "sum some", "mean"),
        node("Mul", "mean mask", "filled"),
        node("Add", "seen filled", "result"),
    ]
    sides = [value("image", (1, 3, 64, 64)), value("mask", (1, 1, 64, 64))]
    numbers = {"one": np.array(1, np.float32), "sides": np.array([2, 3])}
    said = contract(height=64, width=64, fit="whole", reach=24, mask="mask", title="Heal")
    return model(nodes, sides, [value("result", (1, 3, 64, 64))], numbers, said)


def subject():
    """How much lighter a place is than the picture, at 320 pixels a side."""
    nodes = [
        node("AveragePool", "image", "soft", kernel_shape=[5, 5], pads=[2, 2, 2, 2]),
        node("GlobalAveragePool", "soft", "mean"),
        node("Sub", "soft mean", "lighter"),
        node("ReduceMean", "lighter", "grey", axes=[1], keepdims=1),
        node("Mul", "grey steep", "steeper"),
        node("Sigmoid", "steeper", "found"),
    ]
    sides = [value("image", (1, 3, 320, 320))]
    numbers = {"steep": np.array(12, np.float32)}
    said = contract(height=320, width=320, fit="whole", reach=0, result="mask", title="Subject")
    return model(nodes, sides, [value("found", (1, 1, 320, 320))], numbers, said)


def begin():
    """Each pixel with a tenth of the light of those beside it."""
    kernel = np.zeros((3, 1, 3, 3), np.float32)
    kernel[:] = 0.1 / 9
    kernel[..., 1, 1] += 0.9
    nodes = [
        node("Pad", "image pads", "padded", mode="edge"),
        node("Conv", "padded kernel", "result", group=3),
    ]
    pads = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    numbers = {"kernel": kernel, "pads": pads}
    said = contract(reach=1, title="Begin")
    return model(nodes, [value("image", FREE)], [value("result", FREE)], numbers, said)


def step():
    """A mean of nine pixels, as much of it as ``strength`` says."""
    nodes = [
        node("Pad", "image pads", "padded", mode="edge"),
        node("AveragePool", "padded", "mean", kernel_shape=[3, 3]),
        node("Sub", "mean image", "change"),
        node("Mul", "change strength", "part"),
        node("Add", "image part", "result"),
    ]
    inputs = [value("image", FREE), value("strength", (1,))]
    numbers = {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1])}
    said = contract(reach=1, title="Step")
    return model(nodes, inputs, [value("result", FREE)], numbers, said)


NETWORKS = {"heal": (heal,), "subject": (subject,), "slow_light": (begin, step)}
"""The networks of each plugin."""


def example(folder, name):
    """The wheel of an example, as its author would build it."""
    package = f"safelight_{name}"
    files = {f"{package}/{made.__name__}.onnx": made() for made in NETWORKS[name]}
    source = (HERE / f"{name}.py").read_text("utf-8")
    return wheel(folder, package.replace("_", "-"), source, files=files)


if __name__ == "__main__":
    for found in NETWORKS:
        print(example(Path(sys.argv[1]), found))
