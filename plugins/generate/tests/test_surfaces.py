"""Surfaces: any size, from pieces, without a seam; kinds that pass into one another."""

import numpy as np
import pytest
from safelight_generate import surfaces
from safelight_generate.codes import kinds_of
from safelight_generate.field import CELL, MARGIN, NOISE, Axis, noise

from safelight import api
from safelight.api import testing

ONE, OTHER = (4.0,) + (0.0,) * 15, (0.0, 4.0) + (0.0,) * 14


def made(job, width, height, region=None, **told):
    canvas = api.Region(0, 0, width, height)
    return surfaces(region or canvas, canvas, job(surfaces), **told)


def test_it_keeps_every_promise(job):
    testing.assert_well_behaved(surfaces, job=job(surfaces))


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.7, 3.0])
@pytest.mark.parametrize("size", [(640, 480), (501, 333)])
def test_pieces_are_those_of_the_whole(job, size, scale):
    told = {"scale": scale, "palette": ("#204060", "#ffeecc"), "code": ONE, "other": OTHER}
    told["passage"] = "left to right"
    whole = made(job, *size, **told)
    for region in (
        api.Region(0, 0, 100, 80),
        api.Region(size[0] - 130, 17, 130, 61),
        api.Region(200, size[1] - 50, 64, 50),
    ):
        part = made(job, *size, region, **told)
        assert np.abs(part - whole[region.rows(), region.columns()]).max() < 1e-4


def test_a_pattern_goes_on_at_the_opposite_border(job):
    surface = made(job, 160, 96, seed=4)
    # The tiny network mixes a cell with its left neighbour: so the first with the last.
    cells = noise(4, np.arange(6), np.arange(10))[:3]
    kind = kinds_of(api.drawn(4, 16)[None])[0, :3]
    own = 0.05 * cells + 0.05 * kind[:, None, None]
    expected = (own + np.roll(own, 1, 2) + 0.3).transpose(1, 2, 0)
    assert np.allclose(surface[::CELL, ::CELL], expected, atol=1e-5)


def test_a_whole_number_of_cells_fits_in_any_canvas():
    for pixels in (1, 15, 17, 100, 4096):
        for scale in (0.25, 1.0, 2.6):
            axis = Axis.of(pixels, scale)
            assert axis.cells >= 1
            assert axis.cells * CELL == pytest.approx(pixels * axis.step)


def test_a_larger_canvas_has_the_same_cells_and_more():
    small = noise(7, np.arange(5), np.arange(40))
    large = noise(7, np.arange(30), np.arange(60))
    assert np.array_equal(small, large[:, :5, :40])
    assert small.shape == (NOISE, 5, 40)


def test_noise_is_normal_and_another_with_another_seed():
    one, other = noise(1, np.arange(40), np.arange(40)), noise(2, np.arange(40), np.arange(40))
    assert abs(one.mean()) < 0.02
    assert one.std() == pytest.approx(1, abs=0.02)
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.02


def test_a_code_like_a_textures_chooses_it():
    known = np.eye(3, 16, dtype=np.float32) * 4
    assert np.allclose(kinds_of(known * 0.3), known, atol=1e-3)
    between = kinds_of(np.float32([[1, 1] + [0] * 14]))
    assert np.allclose(between[0, :3], [2, 2, 0], atol=1e-3)


def test_one_surface_becomes_another_across_the_canvas(job):
    told = {"variety": 0.0, "code": ONE, "other": OTHER}
    for passage, first, last in (
        ("left to right", (40, 4), (40, 300)),
        ("top to bottom", (4, 40), (236, 40)),
        ("from the middle", (120, 160), (2, 2)),
    ):
        surface = made(job, 320, 240, passage=passage, **told)
        assert surface[first][0] > surface[first][1] + 0.3
        assert surface[last][1] > surface[last][0] + 0.2
    assert np.ptp(made(job, 320, 240, **told)[..., 0]) < 1e-5


def test_what_is_locked_stays_while_the_code_changes(job):
    told = {"variety": 0.0, "held": ONE, "lock": (0.25, 0.25, 0.5, 0.5)}
    for code in (OTHER, (0.0, 0.0, 4.0) + (0.0,) * 13):
        surface = made(job, 320, 320, code=code, **told)
        assert np.allclose(surface[160, 160], [0.7, 0.3, 0.3], atol=1e-3)
        assert surface[10, 10, 0] == pytest.approx(0.3, abs=1e-3)


def test_a_palette_gives_its_colours_and_leaves_light_and_dark(job):
    plain = made(job, 320, 240, seed=5)
    tinted = made(job, 320, 240, seed=5, palette=("#8899ee",))
    luma = np.float32([0.2126, 0.7152, 0.0722])
    assert np.corrcoef((plain @ luma).ravel(), (tinted @ luma).ravel())[0, 1] > 0.9
    assert np.abs(tinted.mean((0, 1)) - np.float32([0x88, 0x99, 0xEE]) / 255).max() < 0.05


def test_the_margin_is_what_the_shipped_network_says():
    import onnx
    from safelight_generate import codes

    path = codes.Path(codes.__file__).parent / "surfaces.onnx"
    stated = {item.key: item.value for item in onnx.load(str(path)).metadata_props}
    assert stated["safelight.margin"] == str(MARGIN)
    assert stated["safelight.cell"] == str(CELL)
