"""The enlarging networks: what they are before any training, and what merging leaves the same."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.enlarge.network import (  # noqa: E402
    FAMILIES,
    Quality,
    RepConv,
    WindowAttention,
    build,
)
from models.training import load_weights, save_weights  # noqa: E402

EACH = pytest.mark.parametrize("family", sorted(FAMILIES))


def filled(module):
    """The module with every weight random: nothing in it is zero any more. In double precision."""
    torch.manual_seed(3)
    module = module.double()
    for weights in module.parameters():
        torch.nn.init.normal_(weights, std=0.1)
    return module


def picture(height, width):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1)).double()


@EACH
@pytest.mark.parametrize("scale", [2, 4])
def test_the_untrained_network_is_the_interpolation(family, scale):
    image = picture(32, 48)
    with torch.no_grad():
        result = build(family, scale).double()(image)
    expected = torch.nn.functional.interpolate(image, scale_factor=scale, mode="bilinear")
    assert torch.allclose(result, expected, atol=1e-12)


@EACH
def test_merged_branches_give_the_same_picture(family):
    network, image = filled(build(family, 2)), picture(16, 32)
    with torch.no_grad():
        expected, result = network(image), network.merged().double()(image)
    assert float((result - expected).abs().max() / expected.abs().max()) < 1e-5
    assert not any(isinstance(module, RepConv) for module in network.merged().modules())


def test_each_branch_counts():
    network, image = filled(RepConv(4, 5)), picture(9, 9)[:, :1].repeat(1, 4, 1, 1)
    whole = network(image)
    for branch in ("weight", "point", "narrow"):
        less = filled(RepConv(4, 5))
        torch.nn.init.zeros_(getattr(less, branch))
        assert not torch.allclose(less(image), whole)


def test_the_fast_one_ships_less_than_half_a_million_numbers():
    for scale in (2, 4):
        assert sum(item.numel() for item in build("fast", scale).merged().parameters()) <= 500_000


def test_the_reach_of_the_fast_one_is_exactly_the_sum_over_the_layers():
    network = filled(build("fast", 2))
    image = picture(1, 101).requires_grad_()
    network(image)[..., 100].sum().backward()  # the left half of input pixel 50
    seen = np.flatnonzero(np.abs(image.grad.numpy()).sum((0, 1, 2)))
    assert (seen.min(), seen.max()) == (50 - network.reach, 50 + network.reach)


@pytest.mark.parametrize("window", [(8, 8), (4, 16), (16, 4)])
def test_attention_stays_within_its_window(window):
    attention = filled(WindowAttention(8, window))
    image = torch.rand(1, 8, 32, 32).double().requires_grad_()
    y, x = 16, 17
    attention(image)[0, :, y, x].sum().backward()
    rows, columns = np.nonzero(image.grad.abs().sum((0, 1)).numpy())
    top, left = y // window[0] * window[0], x // window[1] * window[1]
    assert (rows.min(), rows.max()) == (top, top + window[0] - 1)
    assert (columns.min(), columns.max()) == (left, left + window[1] - 1)


def test_attention_tells_pixels_apart_by_where_they_are():
    """Without its table of offsets a pixel would see the others as a heap."""
    attention = filled(WindowAttention(8, (4, 4)))
    image = torch.rand(1, 8, 4, 4).double()
    moved = image.clone()
    moved[..., 0, 1], moved[..., 3, 2] = image[..., 3, 2], image[..., 0, 1]
    with torch.no_grad():
        assert not torch.allclose(attention(image)[..., 0, 0], attention(moved)[..., 0, 0])
        torch.nn.init.zeros_(attention.offsets)
        assert torch.allclose(attention(image)[..., 0, 0], attention(moved)[..., 0, 0])


def test_the_quality_one_moves_with_its_picture_by_whole_multiples_only():
    network, image = filled(Quality(2, blocks=2)), picture(16, 160)  # reaches less than 50 pixels

    def inner(first):
        """The same eight pixels of the result, from a picture that begins at `first`."""
        with torch.no_grad():
            return network(image[..., first : first + 128])[..., 2 * (80 - first) :][..., :8]

    spread = float(inner(0).std())
    assert float((inner(network.multiple) - inner(0)).abs().max()) < 1e-9 * spread
    assert float((inner(network.multiple // 2) - inner(0)).abs().max()) > 1e-3 * spread


@pytest.mark.parametrize("stored", ["branches", "merged"])
def test_a_fast_one_starts_a_quality_one_that_gives_the_same_picture(stored, tmp_path):
    fast, quality, image = filled(build("fast", 2)).float(), build("quality", 2), picture(16, 32)
    weights = fast if stored == "branches" else fast.merged()
    save_weights(tmp_path / "weights.npz", weights.state_dict())
    left = load_weights(quality, tmp_path / "weights.npz")
    assert not [name for name in left if name.startswith(("head.weight", "after.weight", "last"))]
    with torch.no_grad():
        expected, result = fast.double()(image), quality.double()(image)
    assert float((result - expected).abs().max() / expected.abs().max()) < 1e-5


def test_one_scale_starts_another(tmp_path):
    save_weights(tmp_path / "weights.npz", build("fast", 2).state_dict())
    assert load_weights(build("fast", 4), tmp_path / "weights.npz") == ["last.weight", "last.bias"]
