"""The cures of adversarial training: each does what its paper says it does."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from models.generate import losses  # noqa: E402
from models.generate.augmentation import CHANGES, changed  # noqa: E402
from models.generate.networks import Convolution, Judge, Objects  # noqa: E402
from models.generate.train import stage  # noqa: E402
from models.training import Average  # noqa: E402


def numbers(*values):
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)


def moved(loss, verdicts):
    """How much of a change in each verdict a loss wants."""
    (gradient,) = torch.autograd.grad(loss, verdicts)
    return gradient


def test_a_generator_that_is_found_out_learns_most_from_the_non_saturating_loss():
    made = numbers(-8.0, 0.0, 8.0)
    wanted = -moved(losses.non_saturating().generator(made, made), made) * 3
    assert torch.allclose(wanted, torch.sigmoid(-made), atol=1e-6)
    saturating = moved(-nn.functional.softplus(made).mean(), made) * -3
    assert wanted[0] > 0.99
    assert saturating[0] < 0.001


def test_smoothed_labels_make_a_verdict_of_ninety_per_cent_the_best_one():
    real = torch.zeros(1, requires_grad=True)
    smoothed, plain = losses.non_saturating(0.1), losses.non_saturating()
    made = numbers(-50.0)
    for _ in range(400):
        real = (real - moved(smoothed.judge(real, made), real)).detach().requires_grad_()
    assert float(torch.sigmoid(real.detach())) == pytest.approx(0.9, abs=1e-3)
    assert float(moved(plain.judge(real, made), real)) < -0.09  # it would go on
    assert float(moved(smoothed.judge(numbers(5.0), (x := numbers(1.0))), x)) == pytest.approx(
        float(torch.sigmoid(x.detach())), abs=1e-6
    )  # made pictures are not smoothed


def test_only_one_loss_has_labels_to_smooth():
    with pytest.raises(ValueError, match="not the relativistic one"):
        losses.loss_of("relativistic", 0.1)


def test_a_relativistic_judge_tells_only_which_of_two_is_real():
    loss = losses.relativistic()
    real, made = torch.randn(2, 8)
    for side in loss:
        assert torch.allclose(side(real, made), side(real + 7, made + 7), atol=1e-6)
    assert not torch.allclose(
        losses.non_saturating().judge(real, made), losses.non_saturating().judge(real + 7, made + 7)
    )
    assert loss.judge(real, made) == loss.generator(made, real)
    assert float(loss.judge(real, real)) == pytest.approx(np.log(2))


def test_a_critics_loss_is_the_distance_of_its_means():
    real, made = torch.randn(2, 100)
    loss = losses.wasserstein()
    assert torch.allclose(-loss.judge(real + 3, made), real.mean() + 3 - made.mean())
    assert torch.allclose(loss.generator(real, made), -made.mean())


def linear(weights):
    return lambda pictures: (pictures * weights).flatten(1).sum(1)


@pytest.mark.parametrize(("norm", "wanted"), [(1.0, 0.0), (3.0, 4.0), (0.0, 1.0)])
def test_wgan_gp_wants_a_slope_of_one_between_real_and_made(norm, wanted):
    weights = torch.randn(1, 3, 4, 4)
    judge = linear(norm * weights / weights.norm())
    real, made = torch.randn(2, 6, 3, 4, 4)
    assert float(losses.slope(judge, real, made)) == pytest.approx(wanted, abs=1e-5)


def test_wgan_gp_looks_between_real_and_made():
    places = []

    def judge(pictures):
        places.append(pictures.detach())
        return pictures.flatten(1).sum(1)

    losses.slope(judge, torch.ones(50, 3, 2, 2), torch.zeros(50, 3, 2, 2))
    shares = places[0].flatten(1)
    assert (shares == shares[:, :1]).all()
    assert 0 <= float(shares.min()) < 0.2 < 0.8 < float(shares.max()) <= 1


def test_roughness_is_half_the_squared_gradient_and_a_judge_learns_from_it():
    weights = torch.randn(1, 3, 4, 4, requires_grad=True)
    found = losses.roughness(linear(weights), torch.randn(5, 3, 4, 4))
    assert torch.allclose(found, 0.5 * weights.square().sum())
    assert torch.allclose(moved(found, weights), weights)


def test_a_finite_difference_finds_about_the_same_roughness():
    torch.manual_seed(3)
    judge = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Tanh(), nn.Flatten(), nn.Linear(8 * 36, 1))

    def verdicts(pictures):
        return judge(pictures)[:, 0]

    pictures = torch.randn(64, 3, 8, 8)
    exact = float(losses.roughness(verdicts, pictures))
    found = np.mean(
        [float(losses.nudged(verdicts, pictures, verdicts(pictures))) for _ in range(20)]
    )
    assert found == pytest.approx(exact, rel=0.15)


def dirac(loss, penalty, steps=600, rate=0.1):
    """Mescheder's Dirac-GAN: data at 0, a generator of one point, a judge of one slope.

    Where the point is after each step.
    """
    point, steep = numbers(1.0), numbers(1.0)
    real, found = torch.zeros(1, 1, 1, 1), []
    for _ in range(steps):
        judge = linear(steep)
        verdicts = judge(real), judge(point.detach().view(1, 1, 1, 1))
        total = loss.judge(*verdicts) + penalty * losses.roughness(judge, real)
        steep = (steep - rate * moved(total, steep)).detach().requires_grad_()
        judge = linear(steep.detach())
        total = loss.generator(judge(real), judge(point.view(1, 1, 1, 1)))
        point = (point - rate * moved(total, point)).detach().requires_grad_()
        found.append(float(point.detach()))
    return np.array(found)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_with_r1_a_generator_arrives_and_stays_without_it_circles(name):
    loss = losses.loss_of(name)
    assert np.abs(dirac(loss, 0.0)[-200:]).max() > 0.3
    assert np.abs(dirac(loss, 1.0)[-200:]).max() < 0.02


def test_the_average_of_a_generator_that_circles_is_near_the_middle():
    path = dirac(losses.wasserstein(), 0.0, 3000)
    module = nn.Linear(1, 1, bias=False)
    average = Average(module, 0.998)
    for step, point in enumerate(path):
        nn.init.constant_(module.weight, float(point))
        average.update(module, step)
    assert np.abs(path[-300:]).max() > 0.5
    assert abs(float(average.weights["weight"])) < 0.1


def test_spectral_normalisation_leaves_no_direction_enlarged():
    torch.manual_seed(0)
    layer = Convolution(8, 12, norm=True)
    with torch.no_grad():
        layer.inner.parametrizations.weight.original.mul_(5)
    for _ in range(30):
        layer(torch.randn(2, 8, 6, 6))
    values = torch.linalg.svdvals(layer.inner.weight.detach().flatten(1))
    assert float(values.max()) == pytest.approx(1, abs=0.01)
    judge = Judge(16, 0.1, norm=True)
    for module in judge.modules():
        if isinstance(module, nn.Conv2d):
            assert hasattr(module, "parametrizations")


@pytest.mark.parametrize("names", [(name,) for name in CHANGES] + [tuple(CHANGES)])
def test_changes_are_drawn_for_each_picture_and_let_gradients_through(names):
    torch.manual_seed(1)
    pictures = torch.rand(1, 3, 16, 16).expand(6, -1, -1, -1).clone().requires_grad_()
    found = changed(pictures, names)
    assert found.shape == pictures.shape
    assert not torch.allclose(found[0], found[1])
    (gradient,) = torch.autograd.grad(found.square().sum(), pictures)
    assert (gradient.flatten(1).abs().sum(1) > 0).all()
    assert torch.equal(changed(pictures, ()), pictures)


def test_a_moved_picture_is_the_same_by_whole_pixels():
    torch.manual_seed(2)
    picture = torch.rand(1, 3, 16, 24)
    for found in changed(picture.expand(20, -1, -1, -1), ("move",)):
        fits = [
            torch.equal(
                found[:, max(d, 0) : 16 + min(d, 0), max(r, 0) : 24 + min(r, 0)],
                picture[0, :, max(-d, 0) : 16 - max(d, 0), max(-r, 0) : 24 - max(r, 0)],
            )
            for d in range(-2, 3)
            for r in range(-3, 4)
        ]
        assert sum(fits) == 1


def test_what_is_cut_out_is_a_square_of_half_a_side_at_most():
    torch.manual_seed(3)
    gone = changed(torch.ones(40, 3, 16, 16), ("cut",)) == 0
    assert (gone[:, :1] == gone).all()
    areas = gone[:, 0].flatten(1).sum(1)
    assert int(areas.max()) <= 8 * 8
    assert int(areas.min()) >= 4 * 4  # a corner


def test_a_new_size_comes_in_from_nothing():
    torch.manual_seed(4)
    generator, codes = Objects(32, 0.1), torch.randn(3, 128)
    small, large = generator(codes, 16), generator(codes, 32)
    assert small.shape == (3, 3, 16, 16)
    assert large.shape == (3, 3, 32, 32)
    enlarged = nn.functional.interpolate(small, scale_factor=2, mode="bilinear")
    assert torch.allclose(generator(codes, 32, 0.0), enlarged, atol=1e-6)
    half = generator(codes, 32, 0.5)
    assert torch.allclose(half, (enlarged + large) / 2, atol=1e-5)


def test_a_judge_of_a_new_size_says_what_it_said_of_half_the_size():
    torch.manual_seed(5)
    judge, pictures = Judge(32, 0.1), torch.randn(4, 3, 32, 32)
    halved = nn.functional.avg_pool2d(pictures, 2)
    assert torch.allclose(judge(pictures, 0.0), judge(halved), atol=1e-5)
    assert not torch.allclose(judge(pictures, 1.0), judge(halved), atol=1e-3)


def test_a_run_grows_through_its_sides():
    sides = (16, 32, 64)
    found = [stage(part / 1000, sides) for part in range(1001)]
    assert sorted({at.side for at in found}) == list(sides)
    assert found[0] == (16, 1.0)
    assert found[-1] == (64, 1.0)
    assert [at.side for at in found] == sorted(at.side for at in found)
    first = next(at for at in found if at.side == 32)
    assert first.fade < 0.02
    fades = [at.fade for at in found if at.side == 32]
    assert fades == sorted(fades)
    assert fades[-1] == 1
    assert stage(0.5, (64,)) == (64, 1.0)
