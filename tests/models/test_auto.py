"""Auto light's training: what it applies is what the plugin does, and what it spoils comes back."""

import numpy as np
import pytest
import torch

from models.auto.network import AutoLight
from models.auto.settings import applied, distortions, neutral, plugin, undone
from models.auto.train import split

PICTURE = torch.from_numpy(np.random.default_rng(4).random((1, 3, 9, 11)).astype(np.float32))


@pytest.mark.parametrize(
    "values",
    [
        [30.0, -20.0, 0.0, 0.0, 0.0, 0.25, 0.5, 0.75, 1.0],
        [0.0, 0.0, -0.8, 35.0, 0.0, 0.25, 0.5, 0.75, 1.0],
        [-40.0, 10.0, 0.5, -20.0, 0.08, 0.21, 0.55, 0.8, 0.93],
    ],
)
def test_settings_do_what_the_tones_of_the_plugin_do(values):
    table, colour, light = plugin("api.tone_table"), plugin("colour"), plugin("light")
    mired, tint, stops, contrast, black, low, middle, high, white = values
    points = ((black, 0.0), (0.25, low), (0.5, middle), (0.75, high), (white, 1.0))
    image = PICTURE[0].numpy().transpose(1, 2, 0)
    for tone in (
        colour.white_balance(1e6 / (1e6 / 6500 + mired), tint), light.exposure(stops),
        light.brightness_contrast(contrast=contrast), light.curves(rgb=points),
    ):  # fmt: skip
        image = table.applied(table.stages_of(tone), image)
    found = applied(PICTURE, torch.tensor([values]))[0].numpy().transpose(1, 2, 0)
    # The matrices of white balance are between those of a grid.
    assert np.abs(found - image.clip(0, 1)).max() < 2e-3


def test_what_is_spoilt_comes_back_as_far_as_nothing_was_lost():
    good = 0.3 + 0.4 * PICTURE.expand(64, -1, -1, -1)
    wrong = distortions(64, np.random.default_rng(2))
    back = applied(undone(good, wrong), wrong)
    assert (back - good).abs().mean((1, 2, 3)).median() < 0.01
    assert (applied(good, neutral().repeat(64, 1)) - good).abs().max() < 1e-5


def test_an_untrained_network_changes_nothing_at_any_size():
    network = AutoLight().eval()
    assert 50_000 < sum(p.numel() for p in network.parameters()) < 150_000
    for size in ((48, 32), (1, 1), (7, 90)):
        assert torch.allclose(network(torch.rand(2, 3, *size)), neutral().repeat(2, 1))


def test_what_a_list_marks_as_kept_is_not_trained_with(tmp_path):
    folder = tmp_path / "crops"
    folder.mkdir()
    names = [f"{number}.png" for number in range(40)]
    for name in names:
        (folder / name).touch()
    rows = ["file,kept", *(f"{name},{'yes' if name == '7.png' else ''}" for name in names)]
    (folder / "crops.csv").write_text("\n".join(rows))
    train, held = split([folder])
    assert "7.png" in {path.name for path in held}
    assert len(train) + len(held) == 40
    assert not set(train) & set(held)
