"""Flowers: one square picture, as large as what it is to cover."""

import numpy as np
import pytest
from safelight_generate import flowers
from safelight_generate.flower import SIDE, locked

from safelight import api
from safelight.api import testing

RED, BLUE = (2.0, -2.0, -2.0) + (0.0,) * 125, (-2.0, -2.0, 2.0) + (0.0,) * 125


def made(job, width, height, region=None, **told):
    canvas = api.Region(0, 0, width, height)
    return flowers(region or canvas, canvas, job(flowers), **told)


def test_it_keeps_every_promise(job):
    testing.assert_well_behaved(flowers, job=job(flowers))


def test_pieces_are_those_of_the_whole(job):
    told = {"code": RED, "held": BLUE, "lock": (0.1, 0.2, 0.6, 0.5)}
    whole = made(job, 300, 210, **told)
    assert whole.shape == (210, 300, 3)
    region = api.Region(120, 33, 99, 105)
    part = made(job, 300, 210, region, **told)
    assert np.abs(part - whole[region.rows(), region.columns()]).max() < 1e-4


def test_what_is_locked_keeps_the_other_flower(job):
    told = {"code": RED, "held": BLUE, "lock": (0.5, 0.0, 0.5, 1.0), "variety": 1.0}
    flower = made(job, 128, 128, **told)
    assert flower[64, 20, 0] > 0.8 > 0.2 > flower[64, 20, 2]
    assert flower[64, 100, 2] > 0.8 > 0.2 > flower[64, 100, 0]


def test_a_lock_lies_where_it_was_drawn_on_the_canvas():
    mask = locked((0.0, 0.0, 0.5, 1.0), api.Region(0, 0, 256, 128))
    assert mask.shape == (SIDE, SIDE)
    assert mask[64, 30] == 1
    assert mask[64, 100] == 0
    assert mask[10].max() == 0  # above what the canvas shows of the flower


def test_less_variety_is_nearer_to_the_usual(job):
    near, far = (made(job, 64, 64, code=RED, variety=v) for v in (0.1, 1.0))
    assert np.abs(near - 0.5).max() < np.abs(far - 0.5).min()


def test_a_large_one_is_drawn_by_the_enlarging_network(job, monkeypatch):
    runs = []
    its = job(flowers)
    monkeypatch.setattr(
        type(its),
        "run",
        lambda self, model, image: runs.append(model) or image.repeat(4, 0).repeat(4, 1),
    )
    for side, times in ((128, 0), (190, 0), (400, 1), (1000, 2), (3000, 2)):
        runs.clear()
        canvas = api.Region(0, 0, side, side)
        flowers(api.Region(0, 0, 32, 32), canvas, its, code=(float(side % 9),) * 128)
        assert runs == ["safelight_enlarge:photo_crisp_x4.onnx"] * times


@pytest.mark.parametrize("name", ["flowers.onnx", "surfaces.onnx"])
def test_the_networks_that_ship_take_no_picture(name):
    import onnx
    from safelight_generate import codes

    path = codes.Path(codes.__file__).parent / name
    stated = {item.key: item.value for item in onnx.load(str(path)).metadata_props}
    assert stated["safelight.input"] == "numbers"
