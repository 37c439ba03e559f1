"""Resampling: the compiled loop and numpy give the same, and nothing is compiled by looking."""

import gc
import subprocess
import sys

import numpy as np
import pytest

from safelight.api import Region
from safelight.pixels import RESAMPLE, Raster, View, kernels_ready, lanczos, prepare_kernels
from safelight.pixels import mapped_raster as view_module

MAPS = {
    "turned": (0.96, -0.28, 7.0, 0.28, 0.96, -4.5, 0.0, 0.0, 1.0),
    "smaller": (2.3, 0.2, -11.0, -0.1, 3.1, 5.0, 0.0, 0.0, 1.0),
    "a perspective": (1.0, 0.1, 3.0, -0.05, 1.1, 2.0, 8e-4, -3e-4, 1.0),
    "beside it": (1.0, 0.0, 900.5, 0.0, 1.0, 0.5, 0.0, 0.0, 1.0),
}


@pytest.fixture(scope="module")
def compiled(kernel_folder):
    pytest.importorskip("numba")
    kept, lanczos.COMPILED[:] = list(lanczos.COMPILED), []
    assert prepare_kernels(kernel_folder, [RESAMPLE])
    assert kernels_ready([RESAMPLE])
    made, lanczos.COMPILED[:] = lanczos.COMPILED[0], kept
    return made


@pytest.mark.parametrize("method", ["lanczos", "bilinear"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", [*MAPS, "moved", "on its side"])
def test_what_is_compiled_gives_what_numpy_gives(compiled, monkeypatch, name, channels, method):
    pixels = np.random.default_rng(5).random((90, 120, channels), np.float32)
    made = []
    for ways in ([], [compiled]):
        monkeypatch.setattr(lanczos, "COMPILED", ways)
        matrix = (MAPS | AXES)[name]
        view = View(Raster.from_array(pixels.copy()), matrix, 70, 60, beyond=1, method=method)
        made.append(view.to_array())
    assert np.allclose(*made, rtol=1e-5, atol=1e-6)


AXES = {
    "moved": (1.0, 0.0, -3.25, 0.0, 1.0, 2.5, 0.0, 0.0, 1.0),
    "smaller": (2.3, 0.0, -11.0, 0.0, -3.1, 80.0, 0.0, 0.0, 1.0),
    "larger": (-0.4, 0.0, 50.0, 0.0, 0.3, 5.0, 0.0, 0.0, 1.0),
    "on its side": (0.0, 1.7, 3.5, -1.2, 0.0, 60.25, 0.0, 0.0, 1.0),
    "beside it": (1.0, 0.0, 900.5, 0.0, 1.0, 0.5, 0.0, 0.0, 1.0),
}


@pytest.mark.parametrize("ways", ["numpy", "compiled"])
def test_a_quick_pixel_is_what_lies_between_the_four_around_it(request, monkeypatch, ways):
    kernels = [request.getfixturevalue("compiled")] if ways == "compiled" else []
    monkeypatch.setattr(lanczos, "COMPILED", kernels)
    pixels = np.random.default_rng(5).random((9, 12, 3), np.float32)
    moved = (1.0, 0.0, 0.25, 0.0, 1.0, 0.5, 0.0, 0.0, 1.0)
    made = View(Raster.from_array(pixels), moved, 8, 5, method="bilinear").to_array()
    columns = 0.75 * pixels[:, :8] + 0.25 * pixels[:, 1:9]
    assert np.allclose(made, (columns[:5] + columns[1:6]) / 2, atol=1e-6)
    level = View(Raster.from_array(pixels), moved, 8, 5, method="bilinear").level(1)
    assert level.method == "bilinear"


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", AXES)
def test_sums_along_rows_and_then_columns_are_the_sum_over_both(name, channels):
    pixels = np.random.default_rng(5).random((90, 120, channels), np.float32)
    window, corner, matrix = (4, 7, 140, 110), (-6, 3), AXES[name]
    made, expected = (np.full((150, 70, channels), 0.5, np.float32) for _ in range(2))
    lanczos.resample(pixels, window, matrix, corner, 1.0, made)
    lanczos.in_numpy(pixels, window, matrix, corner, 1.0, expected)
    assert np.allclose(made, expected, rtol=1e-5, atol=1e-6)
    part = np.full((31, 20, channels), 0.5, np.float32)
    lanczos.resample(pixels, window, matrix, (corner[0] + 9, corner[1] + 50), 1.0, part)
    assert np.array_equal(part, made[50:81, 9:29])


def test_looking_at_a_turned_picture_compiles_nothing():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, numpy as np; from safelight.pixels import Raster, View;"
            "raster = Raster.from_array(np.ones((9, 9, 3), 'f4'));"
            "View(raster, (.8, .6, 0, -.6, .8, 5, 0, 0, 1), 5, 5).to_array();"
            "assert 'numba' not in sys.modules",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_view_looks_at_no_pixel_until_it_is_looked_at():
    class Never(Raster):
        __slots__ = ()

        def digest(self):
            raise AssertionError("hashed")

        def read(self, region):
            raise AssertionError("read")

    view = View(Never(9, 9, 3, "uint8", ()), (1, 0, 2, 0, 1, 2, 0, 0, 1), 4, 4)
    assert view.level(0) is view
    assert (view.width, view.height, view.channels, view.depth) == (4, 4, 3, "uint8")


@pytest.fixture
def looks(monkeypatch):
    """The first pixel of each tile that is computed."""
    made = []

    def counted(pixels, window, matrix, corner, *more):
        made.append(corner)
        resample(pixels, window, matrix, corner, *more)

    resample = lanczos.resample
    monkeypatch.setattr(view_module, "resample", counted)
    return made


def turned(side=700):
    pixels = np.random.default_rng(2).random((side, side, 3), np.float32)
    return View(Raster.from_array(pixels), MAPS["turned"], 600, 512)


def test_what_was_looked_at_is_not_computed_again(looks):
    view = turned()
    first = view.read(Region(0, 0, 300, 300))
    assert len(looks) == 4
    assert np.array_equal(view.read(Region(20, 10, 280, 290)), first[10:, 20:])
    assert len(looks) == 4
    view.read(view.region)
    assert sorted(looks) == [(x, y) for x in (0, 256, 512) for y in (0, 256)]


def test_only_the_tiles_that_were_looked_at_last_are_held(looks, monkeypatch):
    monkeypatch.setattr(view_module, "_computed", view_module._Computed(2 * 4 * 256 * 256 * 4))
    view = turned()
    left, middle, right = (Region(x, 0, 10, 10) for x in (0, 256, 512))
    for place in (left, middle, left, right, left, middle):
        view.read(place)
    assert looks == [(0, 0), (256, 0), (512, 0), (256, 0)]


def test_a_view_that_is_gone_holds_nothing(monkeypatch):
    held = view_module._Computed(1 << 30)
    monkeypatch.setattr(view_module, "_computed", held)
    view = turned()
    view.read(view.region)
    assert held._held > 0
    del view
    gc.collect()
    assert (held._held, len(held._tiles)) == (0, 0)


def test_what_is_exact_is_copied_and_held_by_nobody(looks):
    source = Raster.from_array(np.random.default_rng(2).random((700, 700, 3), np.float32))
    view = View(source, (0, 1, 30, -1, 0, 650, 0, 0, 1), 600, 500)
    part = view.read(Region(100, 90, 300, 310))
    assert np.array_equal(part, view.to_array()[90:400, 100:400])
    assert looks == []


def test_the_kernel_is_compiled_once_when_there_is_enough_to_do(monkeypatch):
    asked = []
    monkeypatch.setattr(lanczos, "COMPILED", [])
    monkeypatch.setattr(lanczos, "COMPILERS", [lambda: asked.append(True)])
    monkeypatch.setattr(lanczos, "_made_in_numpy", [])
    monkeypatch.setattr(lanczos, "_WORTH_IT", 100 * 100)
    source = Raster.from_array(np.random.default_rng(2).random((300, 300, 3), np.float32))
    counts = []
    for _ in range(3):
        View(source, MAPS["turned"], 80, 80).to_array()
        counts.append(len(asked))
    assert counts == [0, 1, 1]
