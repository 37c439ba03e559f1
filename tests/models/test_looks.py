"""Change look's training: true labels, measurements without the network, a file that agrees."""

import json

import numpy as np
import onnxruntime
import torch

from models.auto.train import oklab
from models.looks import attributes, distortions, measure, train
from models.looks.directions import mixed, told
from models.looks.distortions import COUNT, NAMES, SEASON, distorted, encoded
from models.looks.export import export, trial
from models.looks.network import LATENT, Looks, ToGrid, changed, leaves, maps
from models.plugincode import plugin_module

SIDE = 48


def picture(count=2, side=SIDE):
    """Green below, blue above, a darker patch, with noise, (count, 3, side, side)."""
    rows = torch.linspace(0, 1, side).reshape(1, 1, -1, 1)
    sky, land = (
        torch.tensor(x).reshape(1, 3, 1, 1) for x in ((0.5, 0.65, 0.85), (0.36, 0.44, 0.14))
    )
    noise = 0.04 * torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(1))
    made = (torch.where(rows < 0.5, sky, land) + noise).clamp(0, 1)
    made[..., -side // 3 :, : side // 3] *= 0.4
    return made


def test_no_amount_changes_nothing_and_each_changes_its_own():
    image = picture(1)
    assert torch.equal(distorted(image, torch.zeros(1, COUNT)), image)
    for index, name in enumerate(NAMES):
        amounts = torch.zeros(5, COUNT)
        amounts[:, index] = torch.linspace(-1, 1, 5)
        after = distorted(image.expand(5, -1, -1, -1), amounts)
        values = attributes.plain(image, after)[:, index]
        assert (values.diff() > 0).all(), name


def test_oklab_and_back_is_the_picture():
    image = picture()
    assert (encoded(oklab(image)) - image).abs().max() < 1e-3


def test_a_season_is_of_leaves_alone():
    image = picture(1)
    after = distortions.season(image, torch.ones(1))
    assert torch.equal(after[..., : SIDE // 3, :], image[..., : SIDE // 3, :])
    assert (after - image)[leaves(image).expand_as(image) > 0.9].abs().mean() > 0.05


def test_what_explains_a_change_is_what_was_done():
    amounts = torch.cat([0.7 * torch.eye(COUNT), torch.tensor([[0.0, 0.4, 0.0, 0.6, 0.0]])])
    image = picture(1)
    found = attributes.explained(image, distorted(image.expand(6, -1, -1, -1), amounts))
    assert (found - amounts).abs().max() < 0.06
    without = torch.full((1, 3, SIDE, SIDE), 0.4) + 0.2 * image[:, 2:]
    found = attributes.explained(without, distorted(without, amounts[1:2]))
    assert abs(found[0, SEASON]) < 1e-3


def test_directions_are_mixed_until_each_moves_its_own_look_alone():
    response = torch.eye(COUNT) * 0.9
    response[1, 2], response[4, 0] = 0.12, -0.15
    steps = mixed(torch.eye(COUNT, LATENT), response)
    # A step's response, were it linear: the sum of those of the codes that it goes along.
    assert (response @ steps[:, :COUNT].T - torch.eye(COUNT)).abs().max() < 1e-5
    # No look is taken further than it was trained with for the sake of another.
    assert mixed(torch.eye(COUNT, LATENT), 0.5 * response)[0, 0] == 1.2


def test_the_plugin_sees_and_changes_as_the_network_was_trained():
    grid = plugin_module("looks", "bilateral_grid")
    image = picture(1, 96)
    shown = image[0].permute(1, 2, 0).numpy()
    for mine, its in zip(maps(image), grid.maps(shown), strict=True):
        assert np.abs(mine[0].permute(1, 2, 0).numpy() - its).max() < 1e-3
    given = torch.from_numpy(np.random.default_rng(2).normal(0, 0.1, grid.SHAPE)).float()
    along = (np.arange(96) + 0.5) / 96
    places = torch.from_numpy(np.stack(np.meshgrid(along, along), -1)).float().reshape(1, -1, 2)
    grids = given.permute(3, 4, 2, 0, 1).flatten(0, 1)[None]
    expected = changed(image.flatten(2), places, grids)[0].T.reshape(96, 96, 3).numpy()
    assert np.abs(grid.changed(shown, given.numpy(), along, along) - expected).max() < 1e-4


def test_it_learns_and_no_change_of_the_code_is_none(tmp_path):
    rng = np.random.default_rng(4)
    shown = [(picture(1, side)[0].permute(1, 2, 0) * 255).byte().numpy() for side in train.SIZES]
    pictures = [[(one * rng.uniform(0.5, 1)).astype(np.uint8) for one in shown] for _ in range(4)]
    network = train.train(pictures, tmp_path, 0, steps=3)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] == 3
    assert np.isfinite(list(rows[-1].values())).all()
    with torch.no_grad():
        values = trial(1) | {"change": torch.zeros(1, LATENT)}
        assert not ToGrid(network)(*values.values())[0].any()


def test_the_file_is_the_network_and_the_directions_name_it(tmp_path):
    torch.manual_seed(1)
    looks = Looks().eval()
    torch.nn.init.normal_(looks.decoder.last.weight, std=0.1)
    with torch.no_grad():
        export(looks, tmp_path)
        given = trial(12)
        session = onnxruntime.InferenceSession(str(tmp_path / "looks.onnx"))
        grid, code = session.run(None, {name: value.numpy() for name, value in given.items()})
        expected = ToGrid(looks)(*given.values())
    assert np.abs(grid - expected[0].numpy()).max() < 1e-4
    assert np.abs(code - expected[1].numpy()).max() < 1e-4
    assert np.abs(grid).max() > 0.01
    said = json.loads(told(torch.eye(COUNT, LATENT), tmp_path / "SHA256SUMS"))
    assert [item["name"] for item in said["directions"]] == list(NAMES)


def test_a_table_tells_medians_and_which_look_rises_everywhere():
    readings = np.zeros((4, COUNT, 5, COUNT))
    for slider in range(COUNT):
        readings[:, slider, :, slider] = np.array(measure.ALL) / 100
    readings[:, 0, :, 1] = 0.2 * np.array(measure.ALL) / 100
    lines, medians = measure.matrix(measure.slopes(readings), np.ones(4, bool), "look")
    assert np.abs(np.diag(medians) - 1).max() < 1e-9
    assert abs(medians[1, 0] - 0.2) < 1e-9
    assert len(lines) == COUNT + 2
    assert measure.rising(readings[:, 0, :, 0]) == 1.0
    assert measure.rising(readings[:, 2, :, 0]) == 0.0
