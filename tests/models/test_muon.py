"""Muon: kernels move by as much in every direction, what is no kernel as with Adam."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from models.muon import TIMES, Muon, orthogonal


@pytest.mark.parametrize("shape", [(24, 24), (16, 90), (90, 16)])
def test_a_move_has_singular_values_of_about_one(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonal(matrix))
    assert 0.6 < float(values.min()) <= float(values.max()) < 1.3


def test_the_size_of_a_gradient_does_not_matter():
    matrix = torch.randn(8, 20, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(orthogonal(matrix), orthogonal(1000 * matrix), atol=1e-4)


def test_a_kernel_moves_across_its_gradients_directions_alike():
    kernel = nn.Parameter(torch.zeros(6, 4, 3, 3))
    kernel.grad = torch.randn(kernel.shape, generator=torch.Generator().manual_seed(2))
    Muon([kernel], lr=0.01).step()
    values = torch.linalg.svdvals(kernel.detach().flatten(1)) / 0.01
    assert 0.6 < float(values.min()) <= float(values.max()) < 1.3
    assert float((kernel.detach() * kernel.grad).sum()) < 0


def test_what_is_no_kernel_moves_as_with_adam():
    ours, theirs = (nn.Parameter(torch.linspace(-1, 1, 7)) for _ in range(2))
    one = Muon([ours], lr=0.01)
    other = torch.optim.Adam([theirs], lr=0.01, betas=(0.9, 0.99))
    for seed in range(5):
        gradient = torch.randn(7, generator=torch.Generator().manual_seed(seed))
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        one.step()
        other.step()
    assert np.allclose(ours.detach(), theirs.detach(), atol=1e-6)


def test_groups_say_how_many_times_the_rate_they_want():
    network = nn.Conv2d(3, 4, 3)
    times = {
        len(g["params"][0].shape): g["times"] for g in Muon(network.parameters(), 1).param_groups
    }
    assert times == {4: TIMES, 1: 1.0}


def loss(network, seed):
    picture = torch.randn(2, 3, 12, 12, generator=torch.Generator().manual_seed(seed))
    return (network(picture) - picture.mean(1, keepdim=True)).square().mean()


def trained(network, optimizer, seeds):
    for seed in seeds:
        optimizer.zero_grad()
        found = loss(network, seed)
        found.backward()
        optimizer.step()
    return float(found.detach())


def small():
    torch.manual_seed(3)
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1))


def test_it_learns():
    torch.manual_seed(4)
    network = nn.Conv2d(3, 1, 3, padding=1)
    before = float(loss(network, 999).detach())
    trained(network, Muon(network.parameters(), 1e-2), range(150))
    assert float(loss(network, 999).detach()) < before / 3


def test_it_goes_on_from_a_stored_state():
    network = small()
    optimizer = Muon(network.parameters(), 1e-3)
    trained(network, optimizer, range(5))
    other = copy.deepcopy(network)
    again = Muon(other.parameters(), 1e-3)
    again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert trained(network, optimizer, range(5, 9)) == trained(other, again, range(5, 9))
