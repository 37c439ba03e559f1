"""The codec's network: a transform that is undone, a prior that looks at nothing still unknown."""

import numpy as np
import pytest
import torch

from models.codec import network
from models.codec.export import PLUGIN, frequencies, identity
from models.codec.network import CHANNELS, STEPS, Codec, between, distortion, expected_means
from models.codec.train import cost

LAST_BITS = 2e-5
"""What two transforms lose in float32, of the full range."""


@pytest.fixture(scope="module")
def codec():
    torch.manual_seed(1)
    made = Codec()
    for weights in (made.encoder.branch.second.weight, made.decoder.tail.weight):
        torch.nn.init.normal_(weights, std=0.01)
    return made


def test_untrained_and_unrounded_it_gives_the_picture_back():
    image = torch.rand(2, 3, 24, 16, generator=torch.Generator().manual_seed(3))
    fresh, quality = Codec(), torch.tensor([0, 3])
    with torch.no_grad():
        again = fresh.decoder(fresh.encoder(image, quality), quality)
    assert (again - image).abs().max() < LAST_BITS


def test_an_even_grey_is_all_in_the_mean_of_luminance():
    with torch.no_grad():
        latents = Codec().encoder(torch.full((1, 3, 8, 8), 0.75), torch.tensor([1]))[0, :, 0, 0]
    assert latents[0] == pytest.approx(8 * 255 / 4 / STEPS[1], rel=1e-4)
    assert latents[1:].abs().max() < 1e-3


def test_the_lowest_frequencies_of_a_block_come_first_along_the_zigzag():
    assert network.zigzag()[:6] == [(0, 0), (0, 1), (1, 0), (2, 0), (1, 1), (0, 2)]
    assert sorted(network.zigzag()) == [(v, u) for v in range(8) for u in range(8)]


def test_a_quality_between_two_is_between_them():
    table = torch.tensor([[1.0, 2], [3, 6], [5, 0], [0, 0]])
    mixed = between(table, torch.tensor([0.25, 1.0, 3.0]))[..., 0, 0]
    assert mixed.tolist() == [[1.5, 3.0], [3.0, 6.0], [0.0, 0.0]]


def test_the_prior_looks_at_nothing_that_is_written_later(codec):
    """Blocks are written row by row, a block's channels in their order."""
    generator = torch.Generator().manual_seed(5)
    latents = torch.randint(-3, 4, (1, CHANNELS, 3, 4), generator=generator).float()
    quality = torch.tensor([1])
    y, x, channel = 1, 2, 70
    other = latents.clone()
    other[0, channel, y, x] += 5
    bits = [codec.prior.bits(each, each, quality) for each in (latents, other)]
    changed = (bits[0] != bits[1])[0]
    order = torch.arange(12).reshape(3, 4) * CHANNELS
    order = order[None] + torch.arange(CHANNELS)[:, None, None]
    assert changed.any()
    assert order[changed].min() == order[channel, y, x]


def test_means_are_expected_to_go_on_as_they_did():
    plane = torch.tensor([[[[10.0, 14, 18], [20, 24, 99]]]])
    assert expected_means(plane)[0, 0].tolist() == [[0, 10, 14], [10, 21, 25]]


def test_a_colour_difference_counts_less_than_luminance():
    grey = torch.full((1, 3, 8, 8), 0.5)
    light = grey + 1 / 255
    assert float(distortion(light, grey)) == pytest.approx(1, rel=1e-3)
    blue = grey + torch.tensor([-0.114 * 1.772 / 1.772, 0, 0]).reshape(1, 3, 1, 1)
    assert 0 < float(distortion(blue, grey)) < 255**2 * 0.114**2


def test_the_tables_that_ship_are_those_of_the_decoder_that_ships():
    with np.load(PLUGIN / "entropy.npz", allow_pickle=False) as held:
        made = {name: held[name] for name in held.files}
    stored = made.pop("identity")
    assert np.array_equal(identity(made, PLUGIN / "decoder.onnx"), stored)


def test_what_is_seldom_seen_is_thought_to_be_as_all_are():
    counts = np.array([[[900.0, 0.0], [0.0, 0.0]], [[100.0, 0.0], [0.0, 300.0]]])
    found = frequencies(counts, 1) / 65536
    assert found[0, 0] == pytest.approx(0.1, abs=0.01)
    assert found[1, 0] == pytest.approx(0.1, abs=0.01)
    assert found[1, 1] > 0.95
    assert found[0, 1] == pytest.approx(found[1, 1], abs=0.05)


def test_steps_down_the_cost_lower_it():
    torch.manual_seed(2)
    ramp = np.linspace(0, 1, 32, dtype=np.float32)
    image = torch.from_numpy(np.stack([np.add.outer(ramp, ramp) / 2] * 3))[None].repeat(4, 1, 1, 1)
    fresh, quality = Codec(), torch.arange(4)
    optimizer = torch.optim.Adam(fresh.parameters(), 1e-4)
    costs = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = cost(fresh, image, quality)
        loss.backward()
        optimizer.step()
        costs.append(float(loss.detach()))
    assert costs[-1] < costs[0]
