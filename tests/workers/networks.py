"""Small real networks as ONNX bytes, of the kinds that other projects export."""

import numpy as np
import onnx
from onnx import OperatorSetIdProto, TensorProto, helper, numpy_helper

from tests.plugins.installed_module import install

KINDS = {
    **{"float32": TensorProto.FLOAT, "uint8": TensorProto.UINT8},
    **{"bool": TensorProto.BOOL, "int32": TensorProto.INT32},
    **{"int64": TensorProto.INT64, "float16": TensorProto.FLOAT16},
}


def tensor(name, array, external=None):
    """An initializer; ``external`` says where its numbers lie instead."""
    made = numpy_helper.from_array(np.asarray(array), name)
    if external is not None:
        made.ClearField("raw_data")
        made.data_location = TensorProto.EXTERNAL
        for key, text in external.items():
            made.external_data.add(key=key, value=str(text))
    return made


def node(kind, inputs, outputs, domain="", **attributes):
    return helper.make_node(kind, inputs.split(), outputs.split(), domain=domain, **attributes)


def value(name, shape, kind="float32"):
    return helper.make_tensor_value_info(name, KINDS[kind], shape)


def model(nodes, inputs, outputs, tensors=(), metadata=None, *, opset=17, domains=()):
    """A whole file. ``tensors``: {name: array} or made ones."""
    if isinstance(tensors, dict):
        tensors = [tensor(name, array) for name, array in tensors.items()]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, list(tensors))
    sets = [("", opset), *((domain, 1) for domain in domains)]
    imports = [OperatorSetIdProto(domain=domain, version=version) for domain, version in sets]
    made = helper.make_model(graph, opset_imports=imports, ir_version=8, producer_name="tests")
    helper.set_model_props(made, metadata or {})
    return made.SerializeToString()


def in_255(content, axes="NHWC"):
    """A network from 0 to 1 in NCHW as one from 0 to 255, its axes in another order."""
    made = onnx.load_model_from_string(content)
    graph = made.graph
    taken, given = graph.input[0].name, graph.output[0].name
    there = [axes.index(axis) for axis in "NCHW"]
    back = ["NCHW".index(axis) for axis in axes]
    before = [node("Transpose", "x", "x1", perm=there), node("Div", "x1 white", taken)]
    after = [node("Mul", f"{given} white", "y1"), node("Transpose", "y1", "y", perm=back)]
    nodes = [*before, *graph.node, *after]
    sides = {"N": 1, "C": 3, "H": "height", "W": "width"}
    values = [value(name, tuple(sides[axis] for axis in axes)) for name in ("x", "y")]
    white = tensor("white", np.array(255, np.float32))
    return model(nodes, values[:1], values[1:], [*graph.initializer, white], opset=18)


def means(count=1):
    """Tells the mean of each colour: (1, 3)."""
    nodes = [node("ReduceMean", "image sides", "told", keepdims=0)]
    shapes = [value("image", (count, 3, "height", "width")), value("told", (count, 3))]
    stated = {"contract": "1", "reach": "0", "scale": "1", "multiple": "1"}
    stated = {f"safelight.{name}": text for name, text in stated.items()}
    sides = {"sides": np.array([2, 3])}
    return model(nodes, shapes[:1], shapes[1:], sides, stated, opset=18)


FREE = (1, 3, "height", "width")


def weights(channels=3, out=3, seed=1, size=3, share=0.12):
    """A 3×3 convolution that leaves the picture mostly as it is."""
    random = np.random.default_rng(seed)
    kernel = random.normal(0, share / size, (out, channels, size, size)).astype(np.float32)
    for index in range(out):
        kernel[index, index % channels, size // 2, size // 2] += 1
    return kernel


def enlarger(scale=2, shape=FREE, kind="float32", channels=3, metadata=None):
    """Convolution, PReLU-like bend, PixelShuffle: NCHW, 0 to 1."""
    many = channels * scale * scale
    kernel = np.random.default_rng(1).normal(0, 0.004, (many, channels, 3, 3))
    for index in range(many):  # PixelShuffle takes scale² neighbouring channels for one colour
        kernel[index, index // (scale * scale), 1, 1] += 1
    nodes = [
        node("Conv", "input kernel bias", "a", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        node("LeakyRelu", "a", "b", alpha=0.2),
        node("DepthToSpace", "b", "output", blocksize=scale, mode="CRD"),
    ]
    sides = [side * scale if isinstance(side, int) else f"big_{side}" for side in shape[2:]]
    tensors = {"kernel": kernel.astype(kind), "bias": np.full(many, 0.01, kind)}
    return model(
        nodes,
        [value("input", shape, kind)],
        [value("output", (1, channels, *sides), kind)],
        tensors,
        metadata,
    )


def mosaic(side=16, scale=2, tile=64):
    """Each square of its input as its mean, enlarged: it depends on where squares begin."""
    nodes = [
        node("AveragePool", "input", "a", kernel_shape=[side, side], strides=[side, side]),
        helper.make_node(
            "Resize",
            ["a", "", "scales"],
            ["output"],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
    ]
    metadata = {"contract": "1", "reach": side - 1, "multiple": side, "scale": scale, "tile": tile}
    return model(
        nodes,
        [value("input", FREE)],
        [value("output", (1, 3, "big_height", "big_width"))],
        {"scales": np.array([1, 1, side * scale, side * scale], np.float32)},
        {f"safelight.{key}": str(text) for key, text in metadata.items()},
    )


def bgr_255(shape=(1, "height", "width", 3)):
    """NHWC, 0 to 255, blue first: dims what is redder than it is blue and clips at white."""
    kernel = weights(share=0.05)
    nodes = [
        node("Transpose", "picture", "a", perm=[0, 3, 1, 2]),
        node("Conv", "a kernel", "b", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        # Of blue, green, red: what red has more than blue, where it is more than 10.
        node("Conv", "b excess bias", "c", kernel_shape=[1, 1]),
        node("Relu", "c", "d"),
        node("Conv", "d back", "e", kernel_shape=[1, 1]),
        node("Add", "b e", "f"),
        node("Clip", "f low high", "g"),
        node("Round", "g", "h"),
        node("Transpose", "h", "result", perm=[0, 2, 3, 1]),
    ]
    tensors = {
        "kernel": kernel,
        "excess": np.array([-1, 0, 1], np.float32).reshape(1, 3, 1, 1),
        "bias": np.array([-10], np.float32),
        "back": np.array([0.9, -0.3, -0.9], np.float32).reshape(3, 1, 1, 1),
        "low": np.array(0, np.float32),
        "high": np.array(255, np.float32),
    }
    return model(nodes, [value("picture", shape)], [value("result", shape)], tensors)


def classifier():
    """224 × 224 to a thousand numbers."""
    nodes = [
        node("GlobalAveragePool", "data", "a"),
        node("Flatten", "a", "b"),
        node("MatMul", "b table", "logits"),
    ]
    table = np.random.default_rng(2).normal(0, 1, (3, 1000)).astype(np.float32)
    return model(
        nodes,
        [value("data", (1, 3, 224, 224))],
        [value("logits", (1, 1000))],
        {"table": table},
    )


def three_pictures():
    """A picture and two more."""
    names = ("content", "style", "depth")
    shapes = [value(name, FREE) for name in names]
    return model([node("Sum", " ".join(names), "out")], shapes, [value("out", FREE)])


def filling(side=64, mask="mask"):
    """What a mask selects becomes a quarter grey; no pixel of what was there counts."""
    nodes = [
        node("Sub", f"one {mask}", "kept"),
        node("Mul", "image kept", "a"),
        node("Mul", f"{mask} grey", "b"),
        node("Add", "a b", "output"),
    ]
    sides = [value("image", (1, 3, side, side)), value(mask, (1, 1, side, side))]
    numbers = {"one": np.array(1, np.float32), "grey": np.array(0.25, np.float32)}
    return model(nodes, sides, [value("output", (1, 3, side, side))], numbers)


def mixing():
    """Three quarters of a picture and one of another that lies on it."""
    nodes = [
        node("Mul", "input most", "a"),
        node("Mul", "second rest", "b"),
        node("Add", "a b", "output"),
    ]
    sides = [value("input", FREE), value("second", FREE)]
    shares = {"most": np.array(0.75, np.float32), "rest": np.array(0.25, np.float32)}
    return model(nodes, sides, [value("output", FREE)], shares)


def halving(factor=4):
    """Pooled and enlarged again, so the sides must be multiples of ``factor``; adds the input."""
    nodes = [
        node("Conv", "input kernel", "a", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        node("SpaceToDepth", "a", "b", blocksize=factor),
        node("DepthToSpace", "b", "c", blocksize=factor),
        node("Conv", "c kernel", "d", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        node("Add", "d input", "e"),
        node("Mul", "e half", "output"),
    ]
    tensors = {"kernel": weights(share=0.01), "half": np.array(0.5, np.float32)}
    return model(nodes, [value("input", FREE)], [value("output", FREE)], tensors)


def colouriser(side=64):
    """Lightness, 0 to 100, to a* and b*, at one size."""
    nodes = [
        node("Conv", "L kernel bias", "a", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        node("Mul", "a gain", "ab"),
    ]
    kernel = np.zeros((2, 1, 3, 3), np.float32)
    kernel[:, 0, 1, 1] = 0.2, 0.5
    tensors = {
        "kernel": kernel,
        "bias": np.array([5, -10], np.float32),
        "gain": np.array(1, np.float32),
    }
    shapes = (1, 1, side, side), (1, 2, side, side)
    return model(nodes, [value("L", shapes[0])], [value("ab", shapes[1])], tensors)


def with_strength():
    """A picture and a number: how much of the blur to apply."""
    nodes = [
        node("AveragePool", "input", "a", kernel_shape=[5, 5], pads=[2, 2, 2, 2]),
        node("Sub", "a input", "b"),
        node("Mul", "b noise.level", "c"),
        node("Add", "c input", "output"),
    ]
    inputs = [value("input", FREE), value("noise.level", (1,))]
    return model(nodes, inputs, [value("output", FREE)])


def whole_picture():
    """Divides by the mean of the whole picture: looks at all of it."""
    nodes = [
        node("ReduceMean", "input", "a", axes=[2, 3], keepdims=1),
        node("Sub", "input a", "b"),
        node("Mul", "b gain", "c"),
        node("Add", "c a", "output"),
    ]
    return model(
        nodes, [value("input", FREE)], [value("output", FREE)], {"gain": np.array(1.2, np.float32)}
    )


def several(count="count", sides=("height", "width")):
    """Pictures, each times its mask and its gain, plus an offset that is one for all."""
    nodes = [
        node("Mul", "image mask", "a"),
        node("Mul", "a gain", "b"),
        node("Add", "b offset", "output"),
    ]
    shapes = {
        "image": (count, 3, *sides),
        "mask": ("masks", 1, *sides),
        "gain": (count, 1, 1, 1),
        "offset": (1,),
    }
    inputs = [value(name, shape) for name, shape in shapes.items()]
    stated = {"contract": "1", "reach": "0", "mask": "mask"}
    if isinstance(sides[0], int):
        stated |= {"height": str(sides[0]), "width": str(sides[1])}
    stated = {f"safelight.{key}": text for key, text in stated.items()}
    return model(nodes, inputs, [value("output", (count, 3, *sides))], (), stated)


def blurring(count=1):
    """Softens each picture as much as the number says that is given with it."""
    nodes = [
        node("AveragePool", "image", "a", kernel_shape=[5, 5], pads=[2, 2, 2, 2]),
        node("Sub", "a image", "b"),
        node("Unsqueeze", "strength axes", "c"),
        node("Mul", "b c", "d"),
        node("Add", "image d", "output"),
    ]
    inputs = [value("image", (count, 3, "height", "width")), value("strength", (count,))]
    outputs = [value("output", (count, 3, "height", "width"))]
    stated = {"contract": "1", "reach": "2", "tile": "128"}
    stated = {f"safelight.{key}": text for key, text in stated.items()}
    return model(nodes, inputs, outputs, {"axes": np.array([1, 2, 3])}, stated)


def style():
    """Whatever the range, its own contrast, 0 to 255: instance normalisation and a sigmoid."""
    nodes = [
        node("Conv", "input kernel", "a", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        node("InstanceNormalization", "a gain shift", "b"),
        node("Sigmoid", "b", "c"),
        node("Mul", "c white", "output"),
    ]
    tensors = {
        "kernel": weights(),
        "gain": np.full(3, 2, np.float32),
        "shift": np.array([0.5, 0, -0.5], np.float32),
        "white": np.array(255, np.float32),
    }
    return model(nodes, [value("input", FREE)], [value("output", FREE)], tensors)


def bytes_in_and_out(shape=(1, "height", "width", 3)):
    """NHWC, uint8: a blur."""
    nodes = [
        node("Cast", "input", "a", to=TensorProto.FLOAT),
        node("Transpose", "a", "b", perm=[0, 3, 1, 2]),
        node("AveragePool", "b", "c", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("Transpose", "c", "d", perm=[0, 2, 3, 1]),
        node("Cast", "d", "output", to=TensorProto.UINT8),
    ]
    return model(nodes, [value("input", shape, "uint8")], [value("output", shape, "uint8")])


def memory_bomb():
    """A few hundred bytes that want four terabytes when they run."""
    fill = helper.make_tensor("fill", TensorProto.FLOAT, [1], [1.0])
    nodes = [
        node("ConstantOfShape", "sides", "a", value=fill),
        node("ReduceSum", "a", "b", keepdims=0),
        node("Add", "input b", "output"),
    ]
    sides = {"sides": np.array([1 << 20, 1 << 20], np.int64)}
    return model(nodes, [value("input", FREE)], [value("output", FREE)], sides)


def endless():
    """A loop that ends after more turns than anybody waits for."""
    values = [value("turn", (), "int64"), *(bool_value(name) for name in ("more", "again"))]
    sums = [value(name, ()) for name in ("before", "after")]
    body = helper.make_graph(
        [node("Identity", "more", "again"), node("Add", "before small", "after")],
        "body",
        [values[0], values[1], sums[0]],
        [values[2], sums[1]],
        [tensor("small", np.array(0, np.float32))],
    )
    nodes = [node("Loop", "turns yes zero", "sum", body=body), node("Add", "input sum", "output")]
    numbers = {
        "turns": np.array(1 << 60, np.int64),
        "yes": np.array(True),
        "zero": np.array(0, np.float32),
    }
    return model(nodes, [value("input", FREE)], [value("output", FREE)], numbers)


def bool_value(name):
    return helper.make_tensor_value_info(name, TensorProto.BOOL, ())


def constant_result():
    """The same grey whatever goes in."""
    nodes = [node("Mul", "input zero", "a"), node("Add", "a grey", "output")]
    numbers = {"zero": np.array(0, np.float32), "grey": np.array(0.5, np.float32)}
    return model(nodes, [value("input", FREE)], [value("output", FREE)], numbers)


def random_result():
    """Noise that differs from run to run."""
    nodes = [node("RandomNormalLike", "input", "a", scale=0.1), node("Add", "a input", "output")]
    return model(nodes, [value("input", FREE)], [value("output", FREE)])


def lifting(levels, **stated):
    """Adds so many levels of 255 to every pixel."""
    stated = {"contract": "1", "reach": "0", "scale": "1", "multiple": "1"} | stated
    tensors = {"more": np.float32(levels / 255)}
    values = value("image", FREE), value("result", FREE)
    properties = {f"safelight.{name}": text for name, text in stated.items()}
    return model([node("Add", "image more", "result")], values[:1], values[1:], tensors, properties)


def numberless():
    """States what ``lifting`` states, and gives no numbers: the root of what is below zero."""
    made = onnx.load_model_from_string(lifting(-300))
    made.graph.node[0].output[0] = "below"
    made.graph.node.append(node("Sqrt", "below", "result"))
    return made.SerializeToString()


def drafting(folder):
    """A folder with the plugin of drafts and its networks: the exact one adds 50 levels."""
    install(folder, "safelight_drafting")
    files = {
        "exact": lifting(50),
        "quick": lifting(51),
        "broken": b"no network",
        "farther": lifting(51, reach="9"),
        "larger": lifting(51, scale="2"),
        "numberless": numberless(),
    }
    for name, content in files.items():
        (folder / f"{name}.onnx").write_bytes(content)
    return folder
