"""Small real networks as ONNX bytes, written here: the tests need no package for it."""

import struct

import numpy as np

KINDS = {"float32": 1, "uint8": 2, "int64": 7, "float16": 10}


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def part(number, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(number << 3 | 2) + varint(len(data)) + data


def whole(number, value):
    return varint(number << 3) + varint(value)


def tensor(name, array, external=None):
    array = np.asarray(array)
    out = b"".join(whole(1, side) for side in array.shape)
    out += whole(2, KINDS[str(array.dtype)]) + part(8, name)
    if external is None:
        return out + part(9, array.tobytes())
    pairs = b"".join(part(13, part(1, key) + part(2, str(text))) for key, text in external.items())
    return out + pairs + whole(14, 1)


def attribute(name, value):
    out = part(1, name)
    if isinstance(value, float):
        return out + varint(2 << 3 | 5) + struct.pack("<f", value) + whole(20, 1)
    if isinstance(value, int):
        return out + whole(3, value) + whole(20, 2)
    if isinstance(value, str):
        return out + part(4, value) + whole(20, 3)
    return out + b"".join(whole(8, item) for item in value) + whole(20, 7)


def node(kind, inputs, outputs, domain="", **attributes):
    out = b"".join(part(1, name) for name in inputs.split())
    out += b"".join(part(2, name) for name in outputs.split())
    out += part(4, kind) + (part(7, domain) if domain else b"")
    return out + b"".join(part(5, attribute(*item)) for item in attributes.items())


def value(name, shape, kind="float32"):
    sides = b"".join(
        part(1, whole(1, side) if isinstance(side, int) else part(2, side)) for side in shape
    )
    return part(1, name) + part(2, part(1, whole(1, KINDS[kind]) + part(2, sides)))


def model(nodes, inputs, outputs, tensors=(), metadata=None, *, opset=17, extra=b""):
    """A whole file. ``tensors``: {name: array} or encoded ones."""
    if isinstance(tensors, dict):
        tensors = [tensor(name, array) for name, array in tensors.items()]
    graph = b"".join(part(1, item) for item in nodes) + part(2, "graph")
    graph += b"".join(part(5, item) for item in tensors)
    graph += b"".join(part(11, item) for item in inputs)
    graph += b"".join(part(12, item) for item in outputs)
    out = whole(1, 8) + part(2, "tests") + part(3, "1.5") + part(7, graph)
    out += part(8, part(1, "") + whole(2, opset))
    for key, text in (metadata or {}).items():
        out += part(14, part(1, key) + part(2, text))
    return out + extra


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
    kernel = weights(channels, many).astype(kind)
    # PixelShuffle takes scale² neighbouring channels for one colour.
    kernel = kernel * 0.1
    for index in range(many):
        kernel[index, index // (scale * scale), 1, 1] += 0.9
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


def bgr_255(shape=(1, "height", "width", 3)):
    """NHWC, 0 to 255, blue first: dims what is bluer than it is red and clips at white."""
    kernel = weights(share=0.05)
    nodes = [
        node("Transpose", "picture", "a", perm=[0, 3, 1, 2]),
        node("Conv", "a kernel", "b", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        # Of blue, green, red: what blue has more than red, halved where it is more than 10.
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
        "excess": np.array([1, 0, -1], np.float32).reshape(1, 3, 1, 1),
        "bias": np.array([-10], np.float32),
        "back": np.array([-0.9, -0.3, 0.9], np.float32).reshape(3, 1, 1, 1),
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


def two_inputs():
    """A picture and a reference picture."""
    shapes = [value("content", FREE), value("style", FREE)]
    return model([node("Add", "content style", "out")], shapes, [value("out", FREE)])


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
    tensors = {"kernel": weights(), "half": np.array(0.5, np.float32)}
    return model(nodes, [value("input", FREE)], [value("output", FREE)], tensors)


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


def constant_result():
    """The same grey whatever goes in."""
    nodes = [node("Mul", "input zero", "a"), node("Add", "a grey", "output")]
    numbers = {"zero": np.array(0, np.float32), "grey": np.array(0.5, np.float32)}
    return model(nodes, [value("input", FREE)], [value("output", FREE)], numbers)


def random_result():
    """Noise that differs from run to run."""
    nodes = [node("RandomNormalLike", "input", "a", scale=0.1), node("Add", "a input", "output")]
    return model(nodes, [value("input", FREE)], [value("output", FREE)])
