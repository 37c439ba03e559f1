"""Rehearsal: what a filter's networks look at together, whatever way they are put together."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from safelight import api
from safelight.workers.far.dry_run import rehearse


def contract(path):
    """What a file would say that is called after it: reach3_multiple16_x2.onnx."""
    reach, multiple, scale = map(
        int, re.match(r"reach(\d+)_multiple(\d+)_x(\d+)", path.name).groups()
    )
    return SimpleNamespace(reach=reach, multiple=multiple, scale=scale, tile=448)


def network(reach, multiple=1, scale=1):
    return f"reach{reach}_multiple{multiple}_x{scale}.onnx"


def one_after_another(image, job):
    return job.run(network(5), job.run(network(3), image))


def side_by_side(image, job):
    return 0.5 * (job.run(network(3), image) + job.run(network(5), image))


def side_by_side_on_a_part_of_the_colours(image, job):
    return job.run(network(3), image[..., ::-1]) + job.run(network(5), image)


def a_diamond(image, job):
    """Two side by side, then one on what both made."""
    return job.run(network(2), side_by_side(image, job))


def two_roads(image, job):
    """The longer road counts, whichever comes first."""
    long = job.run(network(4), job.run(network(3), image))
    return long + job.run(network(6), image)


def mixed_in_place(image, job):
    first, second = job.run(network(3), image), job.run(network(5), image)
    first *= 0.5
    first += 0.5 * second
    return job.run(network(2), first)


def copied_into(image, job):
    first, second = job.run(network(3), image), job.run(network(5), image)
    first[:] = second
    return job.run(network(2), first)


def as_a_further_input(image, job):
    return job.run(network(2), image, hint=job.run(network(5), image), strength=0.5)


def made_by_the_filter(image, job):
    """It cannot be told that this is the picture: the sum is safe."""
    return job.run(network(5), image * 0.5) + job.run(network(3), image.clip(0, 1))


def after_enlarging(image, job):
    """Nine of the larger pixels are five of the picture's."""
    return job.run(network(9), job.run(network(3, scale=2), image))[::2, ::2]


REACHES = {
    one_after_another: 8,
    side_by_side: 5,
    side_by_side_on_a_part_of_the_colours: 5,
    a_diamond: 7,
    two_roads: 7,
    mixed_in_place: 7,
    copied_into: 7,
    as_a_further_input: 7,
    made_by_the_filter: 8,
    after_enlarging: 8,
}


def plan(function, reach=0):
    function.__annotations__ = {"image": api.Image, "job": api.Job}
    filter = api.filter("Tried", category="Test", reach=reach)(function)
    settings = api.registered(filter).declaration.settings()
    return rehearse(api.registered(filter), Path(), settings, contract, None)[0]


@pytest.mark.parametrize("function", REACHES, ids=lambda function: function.__name__)
def test_networks_look_as_far_as_the_longest_road_through_them(function):
    assert plan(function).reach == REACHES[function]
    assert plan(function, reach=11).reach == REACHES[function] + 11


@pytest.mark.parametrize(("zoom", "multiple"), [(1, 16), (2, 8), (3, 16), (0.5, 32), (70 / 64, 16)])
def test_the_grid_of_a_network_is_told_in_pixels_of_the_picture(zoom, multiple):
    def resized(image, job):
        side = round(image.shape[0] * zoom)
        job.run(network(0, multiple=16), np.zeros((side, side, 3), np.float32))
        return image + 0

    assert plan(resized).multiple == multiple


def test_a_grid_that_suits_every_network_is_found():
    def several(image, job):
        return job.run(network(0, multiple=6), job.run(network(0, multiple=4), image))

    assert plan(several).multiple == 12


def test_a_filter_that_says_how_far_it_is_is_known_to_take_its_time():
    @api.filter("Steps", category="Test")
    def steps(image: api.Image, job: api.Job, said: bool = True) -> api.Image:
        if said:
            job.progress(0.5, "Half")
            job.preview(image)
        return image

    real = SimpleNamespace(progress=lambda fraction: None, check=lambda: None)
    entry = api.registered(steps)
    for said in (True, False):
        plan, _ = rehearse(entry, Path(), {"said": said}, contract, real)
        assert plan.in_steps is said
