"""Pixels of a hole are copied from few places, with seams where they show least."""

from itertools import product

import numpy as np
import pytest
from safelight_exemplar.seam_membrane import evened
from safelight_exemplar.seams import (
    continuing,
    copied,
    energy,
    expand,
    labelled,
    nodes_of,
    own_costs,
    reached,
    shifts_of,
)

SHIFTS = np.array([(0, 8), (0, -8), (6, 0), (5, 5)], np.int32)


def problem(seed):
    """A picture of noise with a hole of twelve pixels: what the functions of seams take."""
    rng = np.random.default_rng(seed)
    picture = rng.uniform(0, 1, (24, 24, 3)).astype(np.float32)
    missing = np.zeros((24, 24), bool)
    missing[10:13, 10:14] = True
    return picture, missing, *nodes_of(missing)


def costs_of(picture, missing, nodes, beside, shifts=SHIFTS):
    costs = np.empty((len(shifts), len(nodes)), np.int64)
    own_costs(picture, picture, missing, ~missing, nodes, beside, shifts, 0.5, 2.0, costs)
    return costs


@pytest.mark.parametrize("seed", range(6))
def test_no_other_choice_of_pixels_that_take_a_label_costs_less(seed):
    picture, missing, nodes, beside = problem(seed)
    costs = costs_of(picture, missing, nodes, beside)
    copies = copied(picture, nodes, SHIFTS, costs)
    labels = np.random.default_rng(seed).integers(0, 3, len(nodes)).astype(np.int32)

    def cost(chosen):
        return energy(copies, beside, costs, chosen)

    choices = product((False, True), repeat=len(nodes))
    least = min(cost(np.where(taken, 3, labels).astype(np.int32)) for taken in choices)
    before = cost(labels)
    assert expand(copies, beside, costs, labels, 3) == (least < before)
    assert cost(labels) == least


def test_no_pixel_is_copied_from_where_none_may_be():
    picture, missing, nodes, beside = problem(1)
    usable = ~missing & (np.arange(24) > 13)
    shifts = shifts_of(np.full((24, 24, 2), 20, np.int32), nodes, usable, nodes, 2)
    assert reached(shifts, usable, nodes).any(1).all()
    labels = labelled(
        *(picture, picture, missing, usable, nodes, beside, shifts), trust=0.5, rim=2.0
    )
    assert usable[tuple((nodes + shifts[labels]).T)].all()


def test_what_repeats_itself_is_copied_from_one_place():
    tile = np.random.default_rng(3).uniform(0, 1, (8, 8, 3)).astype(np.float32)
    picture = np.tile(tile, (7, 7, 1))
    missing = np.zeros((56, 56), bool)
    missing[20:32, 13:27] = True
    nodes, beside = nodes_of(missing)
    shifts = np.array([(3, 14), (0, 16), (-16, 0), (-14, 5)], np.int32)
    seen = np.where(missing[..., None], np.float32(0.5), picture)
    labels = labelled(*(seen, seen, missing, ~missing, nodes, beside, shifts), trust=0.1, rim=2.0)
    copied = seen[tuple((nodes + shifts[labels]).T)]
    assert np.array_equal(copied, picture[missing])


@pytest.mark.parametrize(("step", "stays"), [(0.1, False), (8.0, True)])
def test_regions_of_another_brightness_go_over_into_one_another_unless_they_are_an_edge(
    step, stays
):
    """The upper half of a hole in noise is copied from where the same is lighter, by a step."""
    noise = np.random.default_rng(3).uniform(-0.01, 0.01, (60, 60, 1)).astype(np.float32)
    picture = 0.5 + noise
    picture[:20] += np.float32(step)
    missing = np.zeros((60, 60), bool)
    missing[28:44, 20:40] = True
    nodes, beside = nodes_of(missing)
    shifts = np.array([(-25, 0), (14, 3)], np.int32)
    labels = (nodes[:, 0] >= 36).astype(np.int32)
    made = np.zeros((60, 60))
    told = picture, missing, ~missing, nodes, beside, shifts, labels
    made[missing] = evened(*told, 1.0)[:, 0]
    seam = made[34:36, 20:40].mean() - made[36:38, 20:40].mean()
    assert (seam > 0.8 * step) if stays else (abs(seam) < 0.2 * step)
    assert np.diff(made[29:35, 21:39]).std() == pytest.approx(
        np.diff(picture[4:10, 21:39, 0]).std(), rel=0.05
    )


def test_the_rim_goes_on_in_step_with_a_pattern_and_along_a_line():
    rows, columns = np.mgrid[0:64, 0:80]
    missing = np.zeros((64, 80), bool)
    missing[24:40, 30:50] = True
    tiles = np.random.default_rng(3).uniform(0, 1, (9, 12, 3))[rows % 9, columns % 12]
    tiles = np.where(missing[..., None], 7, tiles).astype(np.float32)
    shifts = continuing(tiles, missing, ~missing, 20)
    assert len(shifts)
    assert not (shifts % (9, 12)).any()
    line = np.zeros((64, 80, 1), np.float32)
    line[31:33] = 1
    line += np.random.default_rng(4).normal(0, 0.01, line.shape).astype(np.float32)
    usable = ~missing & ((abs(rows - 32) < 8) | (columns < 8))
    along = continuing(line, missing, usable, 40)
    assert reached(along[along[:, 0] == 0], usable, np.array([[32, 40]])).any()


def test_seams_are_evened_near_the_colours_that_are_given():
    picture, missing, nodes, beside = problem(2)
    held = np.full((len(nodes), 3), 5, np.float32)
    alone = np.zeros((1, 2), np.int32), np.zeros(len(nodes), np.int32)
    made = evened(picture, missing, np.zeros_like(missing), nodes, beside, *alone, 1.0, held)
    assert np.abs(made - 5).max() < 1e-4
