"""The losses that make results crisp: features of SqueezeNet, and an adversary."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models import adversary as rival  # noqa: E402
from models.perceptual import Features, feature_loss  # noqa: E402

FIRES = {3: 16, 4: 16, 5: 32, 7: 32, 8: 48, 9: 48, 10: 64, 12: 64}  # squeezed channels (paper)


@pytest.fixture
def stored():
    """Random weights in the shapes of SqueezeNet 1.0, small enough that answers stay moderate."""
    rng = np.random.default_rng(0)

    def weights(name, *shape):
        deviation = np.float32((2 / np.prod(shape[1:])) ** 0.5)
        yield f"{name}.weight", deviation * rng.standard_normal(shape, np.float32)
        yield f"{name}.bias", np.zeros(shape[0], np.float32)

    arrays = dict(weights("features.0", 96, 3, 7, 7))
    inputs = 96
    for n, squeezed in FIRES.items():
        arrays |= weights(f"features.{n}.squeeze", squeezed, inputs, 1, 1)
        arrays |= weights(f"features.{n}.expand1x1", 4 * squeezed, squeezed, 1, 1)
        arrays |= weights(f"features.{n}.expand3x3", 4 * squeezed, squeezed, 3, 3)
        inputs = 8 * squeezed
    return arrays


@pytest.fixture
def path(stored, tmp_path):
    np.savez(tmp_path / "features.npz", **stored)
    return tmp_path / "features.npz"


def image(seed, side=64):
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(seed))


def test_taps_have_the_channels_of_the_paper_and_pools_round_up(path):
    answers = Features(path, (12, 1, 3, 8))(torch.rand(1, 3, 41, 41))
    assert [tuple(answer.shape[1:]) for answer in answers] == [
        (96, 18, 18),
        (128, 9, 9),  # (18 - 3) / 2 rounded up
        (384, 4, 4),
        (512, 2, 2),
    ]


def test_features_see_blue_first_in_steps_of_255_around_the_mean(stored, tmp_path):
    first = np.zeros_like(stored["features.0.weight"])
    first[[0, 1, 2], [0, 1, 2], 3, 3] = 1  # each of three channels passes one colour through
    np.savez(tmp_path / "plain.npz", **stored | {"features.0.weight": first})
    colour = torch.tensor([0.9, 0.8, 0.7]).view(1, 3, 1, 1).expand(1, 3, 40, 40)
    seen = Features(tmp_path / "plain.npz", (1,))(colour)[0][0, :3, 5, 5]
    expected = [255 * 0.7 - 104, 255 * 0.8 - 117, 255 * 0.9 - 123]
    torch.testing.assert_close(seen, torch.tensor(expected), rtol=0, atol=1e-3)


def test_a_fire_puts_the_small_kernels_before_the_large_ones(stored, tmp_path):
    """With the 3x3 weights at zero exactly the second half of the channels is silent."""
    silent = np.zeros_like(stored["features.3.expand3x3.weight"])
    np.savez(tmp_path / "half.npz", **stored | {"features.3.expand3x3.weight": silent})
    answer = Features(tmp_path / "half.npz", (3,))(image(1))[0]
    assert answer[:, :64].abs().max() > 0
    assert answer[:, 64:].abs().max() == 0


def test_the_feature_loss_is_zero_for_equal_pictures_and_grows_with_the_change(path):
    features = Features(path)
    original, noise = image(1), image(2) - 0.5
    losses = [feature_loss(features, original + k * noise, original).item() for k in (0, 0.1, 0.3)]
    assert losses[0] == 0
    assert losses[0] < losses[1] < losses[2]


def test_the_feature_loss_teaches_the_result_and_nothing_else(path):
    features = Features(path)
    result, original = image(1).requires_grad_(), image(2).requires_grad_()
    feature_loss(features, result, original).backward()
    assert result.grad.abs().sum() > 0
    assert original.grad is None
    assert not any(weight.requires_grad for weight in features.parameters())


def test_the_feature_loss_counts_every_tap_alike(stored, tmp_path):
    """Weights ten times larger make answers ten times larger, and the same loss."""
    louder = {name: value * (10 if ".8.expand" in name else 1) for name, value in stored.items()}
    losses = []
    for name, weights in (("plain", stored), ("louder", louder)):
        np.savez(tmp_path / f"{name}.npz", **weights)
        features = Features(tmp_path / f"{name}.npz")
        losses.append(feature_loss(features, image(1), image(2)).item())
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)


def test_weights_that_are_missing_are_named(stored, tmp_path):
    del stored["features.5.squeeze.bias"]
    np.savez(tmp_path / "partial.npz", **stored)
    with pytest.raises(KeyError, match=r"features\.5\.squeeze\.bias"):
        Features(tmp_path / "partial.npz")


def test_the_adversary_judges_every_four_pixels():
    verdict = rival.Adversary(channels=4)(torch.rand(2, 3, 36, 26))
    assert verdict.shape == (2, 1, 18, 13)


def test_the_adversary_learns_to_tell_noise_from_waves_and_is_rewarded():
    torch.manual_seed(0)
    judge = rival.Adversary(channels=8)
    optimizer = torch.optim.Adam(judge.parameters(), 2e-3)
    waves = (torch.linspace(0, 30, 32).sin() / 4 + 0.5).expand(4, 3, 32, 32)
    losses = []
    for _ in range(30):
        noise = torch.rand(4, 3, 32, 32)
        loss = rival.relativistic(judge(waves), judge(noise))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(np.log(2), abs=0.1)
    assert losses[-1] < 0.5 * losses[0]
    assert rival.relativistic(judge(noise), judge(waves)) > 1.0  # the other side's loss


def test_the_adversary_enlarges_differences_by_little():
    """Spectral normalisation: the middle convolutions have no direction that they amplify."""
    torch.manual_seed(1)
    judge = rival.Adversary(channels=4)
    with torch.no_grad():
        judge.after.parametrizations.weight.original.mul_(50)
        for _ in range(20):  # each pass in training refines its estimate of the norm
            judge(torch.rand(1, 3, 16, 16))
    matrix = judge.after.weight.detach().flatten(1)
    assert torch.linalg.matrix_norm(matrix, 2) == pytest.approx(1, abs=0.02)


def test_roughness_is_the_squared_slope_of_the_verdict():
    def linear(picture):
        return 3.0 * picture[:, :1]

    torch.manual_seed(2)
    picture = torch.rand(4, 3, 64, 64)
    measured = rival.roughness(linear, picture, linear(picture))
    assert measured == pytest.approx(9.0, rel=0.05)
