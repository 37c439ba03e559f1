"""A network becomes a file that is the same network, or no file at all."""

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch")

from models import complexity, onnxfile, precision  # noqa: E402
from models.enlarge.network import FAMILIES  # noqa: E402
from models.tiles import Network, cuts, sha256  # noqa: E402
from tests.attack import times  # noqa: E402

WORDS = {"title": "Tiny", "licence": "CC0-1.0", "tile": "64"}


class Doubling(torch.nn.Module):
    """A 5x5 convolution and pixel shuffle, 12 to 3 channels: its reach is 2."""

    scale = 2

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.last = torch.nn.Conv2d(3, 12, 5, padding=2)

    def forward(self, image):
        return torch.nn.functional.pixel_shuffle(self.last(image), 2)


class Blockwise(torch.nn.Module):
    """The mean of each 4x4 block, at every pixel, and a little of the block to its right."""

    scale = 1

    def forward(self, image):
        means = torch.nn.functional.avg_pool2d(image, 4)
        mixed = means + 0.1 * torch.nn.functional.pad(means, (0, 1, 0, 0))[..., 1:]
        return torch.nn.functional.interpolate(mixed, scale_factor=4.0)


@pytest.fixture(scope="module")
def doubling(tmp_path_factory):
    """(module, its file, the report)."""
    module = Doubling().eval()
    target = tmp_path_factory.mktemp("doubling") / "doubling.onnx"
    return module, target, onnxfile.export(module, target, WORDS, reach=2)


def lines(side):
    """Single bright pixels, far apart: what a convolution makes of one does not meet the next."""
    picture = np.zeros((side, side, 3), np.float32)
    picture[3::17, 5::13] = 1
    return picture


def test_the_file_gives_what_the_network_gives(doubling):
    module, target, report = doubling
    image = np.random.default_rng(5).random((9, 14, 3), np.float32)
    with torch.no_grad():
        expected = module(torch.from_numpy(image.transpose(2, 0, 1)[None]))[0]
    result = Network(target).whole(image)
    assert result.shape == (18, 28, 3)
    np.testing.assert_allclose(result, expected.permute(1, 2, 0).numpy(), atol=1e-5)
    assert report.difference < onnxfile.LARGEST_DIFFERENCE


def test_the_file_explains_itself_and_keeps_no_trace_of_where_it_was_made(doubling):
    _, target, _ = doubling
    stated = Network(target).properties
    expected = {"contract": "1", "scale": "2", "reach": "2", "multiple": "1", "range": "0..1"}
    expected |= {"layout": "NCHW", "channels": "RGB", "title": "Tiny", "parameters": "912"}
    assert {name: stated[name] for name in expected} == expected
    assert onnxfile.__file__.encode() not in target.read_bytes()
    assert __file__.encode() not in target.read_bytes()
    stored = onnx.load(str(target))
    assert not any(node.metadata_props or node.doc_string for node in stored.graph.node)
    (image,), (result,) = stored.graph.input, stored.graph.output
    names = [[side.dim_param for side in v.type.tensor_type.shape.dim] for v in (image, result)]
    assert names == [["", "", "height", "width"], ["", "", "2*height", "2*width"]]


def test_a_folder_of_files_has_their_hashes(doubling):
    _, target, _ = doubling
    sums = (target.parent / "SHA256SUMS").read_text()
    assert sums == f"{sha256(target)}  doubling.onnx\n"
    assert [path.name for path in target.parent.glob("*.onnx")] == ["doubling.onnx"]


def test_a_reach_that_is_too_small_leaves_the_old_file(doubling, tmp_path):
    module, _, _ = doubling
    target = tmp_path / "old.onnx"
    target.write_bytes(b"old")
    with pytest.raises(SystemExit, match="still leaves a seam"):
        onnxfile.export(module, target, WORDS, reach=1)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["old.onnx"]


def test_a_file_that_is_another_network_is_refused(doubling):
    module, target, _ = doubling
    other = Doubling().eval()
    torch.nn.init.normal_(other.last.bias)
    assert onnxfile.parity(module, Network(target)) < 1e-6
    with pytest.raises(SystemExit, match="differ by"):
        onnxfile.parity(other, Network(target))


def test_a_network_that_does_not_stay_finite_is_refused(tmp_path):
    class Root(Doubling):
        def forward(self, image):
            return super().forward(torch.sqrt(image))  # of what lies below 0

    with pytest.raises(SystemExit, match="out of range gave values that are not finite"):
        onnxfile.export(Root(), tmp_path / "root.onnx", WORDS, reach=2)
    assert not list(tmp_path.iterdir())


def test_tiles_on_the_grid_are_the_whole_where_the_network_has_a_grid(tmp_path):
    """What a pixel sees ends with the block to the right: a halo of one block is enough."""
    target = tmp_path / "blocks.onnx"
    report = onnxfile.export(
        Blockwise(), target, WORDS, multiple=4, reach=0, exact=False, photographs={"l": lines(192)}
    )
    assert report.reach == 4
    assert set(report.seams) == {"noise", "edges", "l"}
    network = Network(target)
    image = np.random.default_rng(6).random((45, 30, 3), np.float32)  # no multiple of 4
    assert network.whole(image).shape == image.shape
    np.testing.assert_allclose(network.in_tiles(image, 13, 4), network.whole(image), atol=1e-6)
    off = np.abs(network.in_tiles(image, 13, 0) - network.whole(image)).max()
    assert off > 0.01


def test_a_network_that_sees_everything_is_not_cut(tmp_path):
    class Mean(torch.nn.Module):
        scale = 1

        def forward(self, image):
            return image - image.mean((2, 3), keepdim=True)

    with pytest.raises(SystemExit, match="leaves a seam"):
        onnxfile.export(Mean(), tmp_path / "mean.onnx", WORDS, multiple=16, reach=64, exact=False)


@pytest.mark.attack
@pytest.mark.parametrize("family", ["fast", "quality"])
def test_a_network_with_branches_ships_as_plain_convolutions(family, tmp_path):
    torch.manual_seed(1)
    blocks = 3 if family == "fast" else times(3, 1)  # each of quality's takes seconds to export
    module = FAMILIES[family](2, channels=12, blocks=blocks)
    for parameter in module.parameters():
        if not parameter.abs().max():
            torch.nn.init.normal_(parameter, std=0.02)
    module.eval()
    target = tmp_path / "merged.onnx"
    onnxfile.write(module.merged(), target, module.multiple)
    stated = {"scale": "2", "reach": "48", "multiple": str(module.multiple), "tile": "64"}
    onnxfile.state(target, stated)
    assert onnxfile.parity(module, Network(target)) < 1e-5
    plain = sum(p.numel() for p in module.merged().parameters())
    assert plain < 0.6 * sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("multiple", [1, 16])
def test_cuts_answer_for_every_pixel_once_and_see_the_reach(multiple):
    for size in (1, 15, 16, 47, 448, 500, 1201):
        parts = list(cuts(size, tile=240, reach=33, multiple=multiple))
        covered = [n for first, end, _, _ in parts for n in range(first, end)]
        assert covered == list(range(size))
        for first, end, start, stop in parts:
            assert start % multiple == 0
            assert stop % multiple == 0 or stop == size
            assert start == 0 or first - start >= 33
            assert stop == size or stop - end >= 33


def test_multiply_adds_are_counted_from_the_graph(doubling):
    _, target, _ = doubling
    assert complexity.multiply_adds(target) == 3 * 12 * 5 * 5


def test_the_largest_number_inside_is_found(tmp_path):
    class Hill(Doubling):
        def forward(self, image):
            return super().forward(image * 50) / 50

    onnxfile.write(Hill().eval(), tmp_path / "hill.onnx")
    white = np.ones((8, 8, 3), np.float32)
    assert complexity.largest_activation(tmp_path / "hill.onnx", [white]) >= 50
    assert complexity.largest_activation(tmp_path / "hill.onnx", [0 * white]) < 1


def test_multiply_adds_of_a_matrix_product_are_counted(tmp_path):
    class Mixing(torch.nn.Module):
        scale = 1

        def __init__(self):
            super().__init__()
            self.mix = torch.nn.Linear(3, 3)

        def forward(self, image):
            return self.mix(image.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    onnxfile.write(Mixing().eval(), tmp_path / "mixing.onnx")
    assert complexity.multiply_adds(tmp_path / "mixing.onnx") == 9


def test_half_precision_is_close_and_half_the_size(doubling, tmp_path):
    _, target, _ = doubling
    photograph = np.random.default_rng(7).random((32, 32, 3), np.float32)
    psnr, difference = precision.half(target, tmp_path / "half.onnx", [photograph])
    assert psnr > precision.LEAST_AGREEMENT
    assert 0 < difference < precision.LARGEST_DIFFERENCE
    halves = onnx.load(str(tmp_path / "half.onnx"))
    kinds = {weights.data_type for weights in halves.graph.initializer if len(weights.dims) == 4}
    assert kinds == {onnx.TensorProto.FLOAT16}
    assert halves.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert Network(tmp_path / "half.onnx").reach == 2


def test_a_network_whose_numbers_grow_too_large_for_half_precision_is_refused(tmp_path):
    class Large(Doubling):
        def forward(self, image):
            return super().forward(image * 300 * 300) / 300 / 300

    target = tmp_path / "large.onnx"
    onnxfile.export(Large().eval(), target, WORDS, reach=2)
    with pytest.raises(SystemExit, match="too much for float16"):
        precision.half(target, tmp_path / "half.onnx", [])
    assert not (tmp_path / "half.onnx").exists()


def test_eight_bits_say_what_they_cost(tmp_path):
    """Of three convolutions the middle one loses bits; the trade names the loss."""

    class Three(torch.nn.Module):
        scale = 2

        def __init__(self):
            super().__init__()
            torch.manual_seed(2)
            sizes = ((3, 8), (8, 8), (8, 12))
            self.layers = torch.nn.ModuleList(torch.nn.Conv2d(a, b, 3, padding=1) for a, b in sizes)

        def forward(self, image):
            first, second, last = self.layers
            body = last(torch.relu(second(torch.relu(first(image)))))
            base = torch.nn.functional.interpolate(image, scale_factor=2.0, mode="bilinear")
            return base + 0.05 * torch.nn.functional.pixel_shuffle(body, 2)

    target, small = tmp_path / "three.onnx", tmp_path / "eight.onnx"
    onnxfile.export(Three().eval(), target, WORDS, reach=3)
    rng = np.random.default_rng(8)
    tiles = [rng.random((32, 32, 3), np.float32) for _ in range(3)]
    picture = rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)
    trade = precision.eight_bit(target, small, tiles, [picture])
    graph = onnx.load(str(small)).graph
    kinds = [weights.data_type for weights in graph.initializer if len(weights.dims) == 4]
    assert sorted(kinds) == [onnx.TensorProto.FLOAT] * 2 + [onnx.TensorProto.INT8]
    assert trade.count == 1
    assert abs(trade.loss) < 1
    assert trade.loss == pytest.approx(
        precision.psnr(Network(target), [picture]) - precision.psnr(Network(small), [picture])
    )


@pytest.mark.parametrize(
    ("speed_up", "loss", "kept"), [(1.4, 0.04, True), (1.2, 0.0, False), (3.0, 0.06, False)]
)
def test_eight_bits_are_kept_where_they_are_faster_and_lose_next_to_nothing(speed_up, loss, kept):
    assert precision.Trade(speed_up, loss, 3).worth_it() is kept


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_result_that_is_no_number_agrees_with_nothing(wrong):
    picture = np.full((4, 4, 3), 0.5, np.float32)

    def broken(picture):
        result = picture.copy()
        result[1, 2, 0] = wrong
        return result

    assert precision.agreement(np.copy, np.copy, [picture]) == (np.inf, 0)
    assert precision.agreement(np.copy, broken, [picture]) == (0, np.inf)
