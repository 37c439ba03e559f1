"""ONNX files: what one says is read; what is corrupt, hostile or absurd is refused by name."""

import numpy as np
import onnx
import pytest

from safelight.workers.onnx_file import OnnxError, described, read_onnx
from tests.workers import networks


def written(folder, content, name="some.onnx"):
    path = folder / name
    path.write_bytes(content)
    return path


def external(folder, location, **entries):
    """A network whose kernel lies in another file."""
    kernel = networks.tensor("kernel", networks.weights(), {"location": location, **entries})
    nodes = [networks.node("Conv", "input kernel", "output", pads=[1, 1, 1, 1])]
    values = [networks.value(name, networks.FREE) for name in ("input", "output")]
    return written(folder, networks.model(nodes, values[:1], values[1:], [kernel]))


def test_what_a_file_says_is_read(tmp_path):
    file = read_onnx(written(tmp_path, networks.enlarger(2, metadata={"licence": "MIT"})))
    assert [item.text() for item in file.inputs] == ["input float32 1 × 3 × height × width"]
    assert file.outputs[0].dimensions == (1, 3, "big_height", "big_width")
    assert file.operators == {"Conv": 1, "LeakyRelu": 1, "DepthToSpace": 1}
    assert file.parameters == 12 * 3 * 9 + 12
    assert (file.producer, file.opset, file.last) == ("tests", 17, "DepthToSpace")
    assert file.metadata == {"licence": "MIT"}


def test_initializers_are_no_inputs(tmp_path):
    shapes = [networks.value("input", networks.FREE), networks.value("gain", ())]
    nodes = [networks.node("Mul", "input gain", "output")]
    gain = {"gain": np.array(0.5, np.float32)}
    whole = networks.model(nodes, shapes, [networks.value("output", networks.FREE)], gain)
    assert [item.name for item in read_onnx(written(tmp_path, whole)).inputs] == ["input"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\xff" * 500, "no ONNX file, or a damaged one"),
        (b"<html>Not found</html>", "no ONNX file"),
        (networks.enlarger()[:300], "no ONNX file, or a damaged one"),
        (networks.model([], [], []), "holds no network"),
    ],
    ids=["empty", "noise", "page", "cut", "bare"],
)
def test_what_is_no_network_is_refused(tmp_path, content, reason):
    with pytest.raises(OnnxError, match=f"some.onnx.*{reason}"):
        read_onnx(written(tmp_path, content))


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("../secret.bin", "leaves its folder"),
        ("inside/../../secret.bin", "leaves its folder"),
        ("..\\secret.bin", "leaves its folder"),
        ("/etc/passwd", "not in its folder"),
        ("C:\\secret.bin", "not in its folder"),
        ("", "not in its folder"),
        ("link.bin", "which is a link"),
        ("nowhere.bin", "which is missing"),
        ("short.bin", "more of short.bin than that file holds"),
    ],
)
def test_numbers_outside_the_folder_are_refused(tmp_path, location, reason):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(400))
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "short.bin").write_bytes(bytes(10))
    with pytest.raises(OnnxError, match=reason):
        read_onnx(external(folder, location, length=324))


def test_numbers_in_the_folder_are_taken_in(tmp_path):
    (tmp_path / "kernel.bin").write_bytes(bytes(8) + networks.weights().tobytes())
    path = external(tmp_path, "kernel.bin", offset=8, length=324)
    whole = written(tmp_path / "..", described(path, {"safelight.title": "A"}), "whole.onnx")
    model = onnx.load(str(whole), load_external_data=False)
    (kernel,) = model.graph.initializer
    assert np.array_equal(onnx.numpy_helper.to_array(kernel), networks.weights())
    assert read_onnx(whole).metadata == {"safelight.title": "A"}


def test_operators_from_elsewhere_are_refused(tmp_path):
    nodes = [networks.node("Sharpen", "input", "output", domain="org.example")]
    values = [networks.value(name, networks.FREE) for name in ("input", "output")]
    whole = networks.model(nodes, values[:1], values[1:], domains=["org.example"])
    with pytest.raises(OnnxError, match="operator Sharpen of org.example"):
        read_onnx(written(tmp_path, whole))


def test_operators_hidden_in_a_branch_are_refused(tmp_path):
    hidden = networks.node("Sharpen", "input", "inner", domain="org.example")
    values = [networks.value(name, networks.FREE) for name in ("input", "output", "inner")]
    branch = onnx.helper.make_graph([hidden], "branch", [], values[2:])
    nodes = [networks.node("If", "yes", "output", then_branch=branch, else_branch=branch)]
    whole = networks.model(
        nodes, values[:1], values[1:2], {"yes": np.array(True)}, domains=["org.example"]
    )
    with pytest.raises(OnnxError, match="operator Sharpen of org.example"):
        read_onnx(written(tmp_path, whole))


@pytest.mark.parametrize("dims", [[1 << 40], [1 << 20, 1 << 20], [-5]])
def test_weights_of_absurd_size_are_refused(tmp_path, dims):
    model = onnx.load_model_from_string(networks.enlarger())
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend(dims)
    with pytest.raises(OnnxError, match="weights of absurd size"):
        read_onnx(written(tmp_path, model.SerializeToString()))


def test_inputs_of_absurd_size_are_refused(tmp_path):
    whole = networks.enlarger(shape=(1, 3, 1 << 30, 1 << 30))
    with pytest.raises(OnnxError, match="input or output of absurd size"):
        read_onnx(written(tmp_path, whole))


def test_a_folder_and_nothing_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.onnx"):
        with pytest.raises(OnnxError, match="not there, or is no ordinary file"):
            read_onnx(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git lfs pull"),
        (b"PK\x03\x04" + bytes(60), "PyTorch checkpoint.*torch.onnx.export"),
        (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "PyTorch checkpoint.*torch.onnx.export"),
        ((2).to_bytes(8, "little") + b"{}", "safetensors.*torch.onnx.export"),
    ],
)
def test_what_is_taken_for_a_network_is_named_as_what_it_is(tmp_path, content, said):
    path = tmp_path / "network.onnx"
    path.write_bytes(content)
    with pytest.raises(OnnxError, match=said):
        read_onnx(path)
