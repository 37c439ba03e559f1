"""Distances of what is made from what is real, and what a training is watched by."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from models.generate import watch  # noqa: E402
from models.generate.distances import (  # noqa: E402
    kernel_distance,
    naive,
    nearest,
    overlap,
    variety,
)
from models.training import fabric, take_step  # noqa: E402

WIDTH = 12


def rows(seed, count, mean=0.0, spread=1.0):
    return mean + spread * np.random.default_rng(seed).standard_normal((count, WIDTH))


def kernel(a, b):
    return (a @ b / WIDTH + 1) ** 3


def plain(made, real):
    """KID as its definition has it."""
    found = 0.0
    for part in (made, real):
        pairs = [kernel(a, b) for i, a in enumerate(part) for j, b in enumerate(part) if i != j]
        found += np.mean(pairs)
    return found - 2 * np.mean([kernel(a, b) for a in made for b in real])


def test_the_kernel_distance_is_as_defined_and_its_error_the_jackknifes():
    made, real = rows(1, 9, 0.3), rows(2, 7)
    found = kernel_distance(made, real)
    assert found.distance == pytest.approx(plain(made, real))
    variance = 0.0
    for n, part in enumerate((made, real)):
        left = []
        for i in range(len(part)):
            sets = [made, real]
            sets[n] = np.delete(part, i, 0)
            left.append(plain(*sets))
        variance += (len(part) - 1) / len(part) * np.square(np.array(left) - np.mean(left)).sum()
    assert found.error == pytest.approx(np.sqrt(variance))


@pytest.mark.parametrize(("mean", "least", "most"), [(0.0, 0.9, 1.7), (0.7, 0.85, 1.15)])
def test_it_is_unbiased_and_its_error_tells_how_far_off_it_is(mean, least, most):
    found = [kernel_distance(rows(2 * n, 40, mean), rows(2 * n + 1, 60)) for n in range(300)]
    values, errors = (np.array(part) for part in zip(*found, strict=True))
    many = kernel_distance(rows(1000, 4000, mean), rows(1001, 4000))
    chance = np.hypot(values.std() / np.sqrt(300), many.error)
    assert abs(values.mean() - many.distance) < 3 * chance
    assert least < errors.mean() / values.std() < most


def test_two_pictures_are_too_few():
    with pytest.raises(ValueError, match="three pictures"):
        kernel_distance(rows(0, 2), rows(1, 9))


def test_sets_of_one_kind_overlap_and_a_generator_of_few_covers_little():
    real = rows(0, 300)
    same, few, far = rows(1, 300), np.repeat(real[:5], 60, 0) + 1e-3, rows(2, 300, 9.0)
    alike = overlap(same, real)
    assert min(alike) > 0.85
    assert alike.density == pytest.approx(1, abs=0.15)
    collapsed = overlap(few, real)
    assert collapsed.precision == 1
    assert collapsed.coverage < 0.15
    assert max(overlap(far, real)) == 0


def test_variety_is_in_parts_of_that_of_real_pictures():
    real = rows(0, 200)
    assert variety(rows(1, 200), real) == pytest.approx(1, abs=0.05)
    assert variety(rows(1, 200, spread=0.25), real) == pytest.approx(0.25, abs=0.02)


def test_the_nearest_picture_is_found_with_its_distance():
    real = rows(0, 50)
    which, away = nearest(real[[7, 3]] + 0.001, real)
    assert which.tolist() == [7, 3]
    assert away.max() < 0.01


def test_the_naive_generator_has_the_mean_and_the_spread_of_its_pictures():
    rng = np.random.default_rng(0)
    parts = rng.uniform(60, 200, (400, 2, 2, 3)).repeat(4, 1).repeat(4, 2)
    pictures = np.clip(parts, 0, 255).astype(np.uint8)
    made = naive(pictures, 600)
    assert made.shape == (600, 8, 8, 3)
    assert np.abs(made.mean(0) - pictures.mean(0)).max() < 12
    assert made.std(0).mean() == pytest.approx(pictures.std(0).mean(), rel=0.1)
    assert np.abs(made[:, 0, 0] - made[:, 3, 3].astype(int)).max() <= 2  # what goes together


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [((2, 2, -2), 0), ((2, -2, -2), 1), ((2, 0, -2), 0.5), ((0, 0, 0), 0), ((2, 3, -2), 0),
     ((2, -9, -2), 1)],
)  # fmt: skip
def test_a_judge_overfits_as_far_as_new_pictures_seem_made_to_it(seen, wanted):
    assert watch.Seen(*seen).overfitting() == wanted


def test_the_alarm_rings_for_what_goes_wrong_and_for_nothing_else():
    assert watch.alarms(0.1, 0.9, [1.0, 20.0]) == []
    assert watch.alarms(0.9, 0.9, [1.0]) == ["the judge knows its pictures by heart"]
    assert watch.alarms(0.1, 0.2, [1.0]) == ["the generator makes much the same again and again"]
    assert watch.alarms(0.1, 0.9, [1.0, float("nan")]) == ["a gradient is no number"]
    assert watch.alarms(0.1, 0.9, [1e5]) == ["gradients are very large"]


def test_the_norm_of_gradients_is_that_of_all_together_before_it_is_cut_off():
    layer, devices = nn.Linear(2, 1), fabric()
    module, optimizer = devices.setup(layer, torch.optim.SGD(layer.parameters(), lr=0.0))
    loss = (layer.weight * torch.tensor([[2.0, 3.0]])).sum() + 6 * layer.bias.sum()
    assert take_step(devices, module, optimizer, loss) == pytest.approx(7)
    assert float(layer.weight.grad.norm()) < 0.5  # CLIP


def test_spread_is_the_mean_distance_of_two():
    assert watch.spread(torch.tensor([[0.0, 0], [3, 4], [0, 0]])) == pytest.approx(10 / 3)
    with pytest.raises(ValueError, match="two pictures"):
        watch.spread(torch.zeros(1, 4))
