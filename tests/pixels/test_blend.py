"""Blending against the published formulas, written here once more, in float64 and one at a time."""

import math
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from safelight.pixels import MODES, blend, composite, kernels_ready, prepare_kernels

# The package's attribute of that name is the function.
module = sys.modules["safelight.pixels.blend"]

# W3C Compositing and Blending Level 1, section 9.1: separable modes, in the standard's order.


def multiply(cb, cs):
    return cb * cs


def screen(cb, cs):
    return 1 - (1 - cb) * (1 - cs)


def hard_light(cb, cs):
    return multiply(cb, 2 * cs) if cs <= 0.5 else screen(cb, 2 * cs - 1)


def color_dodge(cb, cs):
    if cb == 0:
        return 0.0
    return 1.0 if cs == 1 else min(1.0, cb / (1 - cs))


def color_burn(cb, cs):
    if cb == 1:
        return 1.0
    return 0.0 if cs == 0 else 1 - min(1.0, (1 - cb) / cs)


def soft_light(cb, cs):
    if cs <= 0.5:
        return cb - (1 - 2 * cs) * cb * (1 - cb)
    d = ((16 * cb - 12) * cb + 4) * cb if cb <= 0.25 else math.sqrt(cb)
    return cb + (2 * cs - 1) * (d - cb)


# The others, as Krita and Adobe's blend mode descriptions define them, without the final clip.


def vivid_light(cb, cs):
    return color_burn(cb, 2 * cs) if cs <= 0.5 else color_dodge(cb, 2 * cs - 1)


def divide(cb, cs):
    if cs == 0:
        return 0.0 if cb == 0 else 1.0
    return min(1.0, cb / cs)


SEPARABLE = {
    "normal": lambda cb, cs: cs,
    "multiply": multiply,
    "screen": screen,
    "overlay": lambda cb, cs: hard_light(cs, cb),
    "darken": min,
    "lighten": max,
    "color-dodge": color_dodge,
    "color-burn": color_burn,
    "hard-light": hard_light,
    "soft-light": soft_light,
    "difference": lambda cb, cs: abs(cb - cs),
    "exclusion": lambda cb, cs: cb + cs - 2 * cb * cs,
    "linear-dodge": lambda cb, cs: cb + cs,
    "linear-burn": lambda cb, cs: cb + cs - 1,
    "vivid-light": vivid_light,
    "linear-light": lambda cb, cs: cb + 2 * cs - 1,
    "pin-light": lambda cb, cs: min(cb, 2 * cs) if cs <= 0.5 else max(cb, 2 * cs - 1),
    "hard-mix": lambda cb, cs: 1.0 if cb + cs >= 1 else 0.0,
    "subtract": lambda cb, cs: cb - cs,
    "divide": divide,
}

# Section 9.2: the pseudocode.


def lum(c):
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]


def clip_color(c):
    l, n, x = lum(c), min(c), max(c)
    if n < 0:
        c = [l + (v - l) * l / (l - n) for v in c]
    if x > 1:
        c = [l + (v - l) * (1 - l) / (x - l) for v in c]
    return c


def set_lum(c, l):
    d = l - lum(c)
    return clip_color([v + d for v in c])


def sat(c):
    return max(c) - min(c)


def set_sat(c, s):
    low, mid, high = sorted(range(3), key=lambda index: c[index])
    result = [0.0, 0.0, 0.0]
    if c[high] > c[low]:
        result[mid] = (c[mid] - c[low]) * s / (c[high] - c[low])
        result[high] = s
    return result


MIXING = {
    "hue": lambda cb, cs: set_lum(set_sat(cs, sat(cb)), lum(cb)),
    "saturation": lambda cb, cs: set_lum(set_sat(cb, sat(cs)), lum(cb)),
    "color": lambda cb, cs: set_lum(cs, lum(cb)),
    "luminosity": lambda cb, cs: set_lum(cb, lum(cs)),
}

OPEN = [
    *("normal", "multiply", "screen", "overlay", "darken", "lighten", "hard-light"),
    *("difference", "exclusion", "linear-dodge", "linear-burn", "linear-light", "pin-light"),
    *("hard-mix", "subtract"),
]
BOUNDED = [mode for mode in MODES if mode not in OPEN]


def published(mode, backdrop, source):
    """A mode's published formula for pixels (h, w, 3), in float64."""
    result = np.empty(backdrop.shape)
    for place in np.ndindex(backdrop.shape[:2]):
        cb, cs = backdrop[place].tolist(), source[place].tolist()
        if mode in MIXING:
            result[place] = MIXING[mode](cb, cs)
        else:
            result[place] = [SEPARABLE[mode](b, s) for b, s in zip(cb, cs, strict=True)]
    return result


NICE = np.array([0, 0.125, 0.25, 0.5, 0.625, 0.75, 1], np.float32)


def grid():
    """Every pair of nice numbers, with the other two channels turning, and random pixels."""
    first, second = (plane.ravel() for plane in np.meshgrid(NICE, NICE))
    backdrop = np.stack([first, np.roll(first, 9), np.roll(first, 20)], axis=-1)
    source = np.stack([second, np.roll(second, 9), np.roll(second, 33)], axis=-1)
    numbers = np.random.default_rng(3)
    backdrop = np.concatenate([backdrop, numbers.random((1500, 3), np.float32)])
    source = np.concatenate([source, numbers.random((1500, 3), np.float32)])
    return backdrop[None], source[None]


def picture(seed, height=37, width=53, channels=4, low=0.0, high=1.0):
    """Random pixels, a third of them wholly transparent and a third opaque."""
    numbers = np.random.default_rng(seed)
    pixels = numbers.uniform(low, high, (height, width, channels)).astype(np.float32)
    if channels == 4:
        alpha = numbers.random((height, width), np.float32)
        kind = numbers.integers(0, 3, (height, width))
        pixels[..., 3] = np.choose(kind, [alpha, np.zeros_like(alpha), np.ones_like(alpha)])
    return pixels


def test_every_mode_of_the_standard_and_of_the_editors_people_know_is_there():
    assert set(MODES) == {*SEPARABLE, *MIXING}
    assert list(MODES)[0] == "normal"
    assert len(set(MODES.values())) == len(MODES)
    assert MODES["color-dodge"] == "Colour dodge"


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_is_its_published_formula(mode):
    backdrop, source = grid()
    result = blend(mode, backdrop, source)
    assert result.dtype == np.float32
    # A handful of float32 roundings; quotients and the cubic of soft light multiply them.
    np.testing.assert_allclose(result, published(mode, backdrop, source), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("mode", OPEN)
def test_an_open_mode_is_the_same_arithmetic_beyond_0_to_1(mode):
    numbers = np.random.default_rng(4)
    backdrop, source = numbers.uniform(-3, 5, (2, 1, 2000, 3)).astype(np.float32)
    expected = published(mode, backdrop, source)
    np.testing.assert_allclose(blend(mode, backdrop, source), expected, rtol=1e-5, atol=2e-5)
    if mode != "hard-mix":
        assert expected.min() < -1 or mode == "difference"
        assert expected.max() > 2


@pytest.mark.parametrize("mode", BOUNDED)
def test_a_bounded_mode_gives_back_what_the_backdrop_has_beyond_0_to_1(mode):
    numbers = np.random.default_rng(5)
    backdrop, source = numbers.uniform(-1, 2, (2, 1, 1000, 3)).astype(np.float32)
    inside = blend(mode, np.clip(backdrop, 0, 1), np.clip(source, 0, 1))
    assert inside.min() > -1e-5
    assert inside.max() < 1 + 1e-5
    expected = inside.astype(np.float64) + (backdrop - np.clip(backdrop, 0, 1))
    np.testing.assert_allclose(blend(mode, backdrop, source), expected, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_no_finite_colour_becomes_infinite_or_nan(mode):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        values = np.array(
            [0, -0.0, 1e-45, 1e-38, -1e-38, 0.5, 1, 1 + 2**-23, -1, 2, 1e20, 1.6e38, -1.6e38],
            np.float32,
        )
        backdrop, source = (plane.ravel() for plane in np.meshgrid(values, values))
        below, above = (
            np.stack([plane, np.roll(plane, 5), np.roll(plane, 31), np.ones_like(plane)], -1)[None]
            for plane in (backdrop, source)
        )
        assert np.isfinite(blend(mode, below[..., :3], above[..., :3])).all()
        for opacity in (0.3, 1.0):
            for alpha in (0.0, 1e-45, 0.5, 1.0):
                pixels = below.copy()
                pixels[..., 3] = alpha
                composite(pixels, above, mode=mode, opacity=opacity)
                assert np.isfinite(pixels).all()


# Alpha


def porter_duff(mode, below, above, opacity, mask):
    """W3C's formula 5.8 with premultiplied colours, in float64; alpha 0 gives colour 0."""
    below, above = below.astype(np.float64), above.astype(np.float64)
    alpha_b = below[..., 3:]
    alpha_s = (
        (above[..., 3:] if above.shape[2] == 4 else 1.0)
        * opacity
        * mask.reshape(*below.shape[:2], 1)
    )
    cb, cs = below[..., :3], above[..., :3]
    blended = published(mode, cb, cs)
    source = (1 - alpha_b) * cs + alpha_b * blended
    premultiplied = alpha_s * source + (1 - alpha_s) * alpha_b * cb
    alpha = alpha_s + alpha_b * (1 - alpha_s)
    colour = np.divide(premultiplied, alpha, out=np.zeros_like(cb), where=alpha > 0)
    return colour, alpha


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [3, 4])
def test_compositing_is_porter_and_duffs_over_with_the_blended_source(mode, channels):
    below, above = picture(1), picture(2, channels=channels)
    mask = picture(3)[..., 3]
    colour, alpha = porter_duff(mode, below, above, 0.8, mask)
    composite(below, above, mode=mode, opacity=0.8, mask=mask)
    seen = alpha[..., 0] > 0
    assert seen.any()
    assert not seen.all()
    np.testing.assert_allclose(below[..., 3:], alpha, atol=1e-6)
    np.testing.assert_allclose(below[..., :3][seen], colour[seen], rtol=2e-5, atol=4e-6)


def test_a_mask_may_have_a_channel_axis():
    above, mask = picture(2), picture(3)[..., 3]
    flat, deep = picture(1), picture(1)
    composite(flat, above, mask=mask)
    composite(deep, above, mask=mask[..., None])
    np.testing.assert_array_equal(flat, deep)


def bits(pixels):
    return np.ascontiguousarray(pixels).view(np.uint32)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("by", ["alpha", "opacity", "mask"])
def test_where_nothing_of_the_source_counts_not_a_bit_changes(mode, by):
    below, above = picture(1, low=-1, high=3), picture(2, low=-1, high=3)
    below[0, 0] = [np.nan, np.inf, -0.0, 0]
    below[0, 1] = [1e-45, -np.inf, np.nan, np.nan]
    below[1, :5, 3] = [-2, 3, -0.0, np.nan, np.inf]
    above[..., 3] = 1
    above[:2, :5] = 0
    opacity, mask = 1.0, None
    if by == "alpha":
        above[..., 3] = above[..., 0] > 1
        counts = above[..., 3] > 0
    elif by == "mask":
        mask = (above[..., 0] > 1).astype(np.float32)
        counts = mask > 0
    else:
        opacity, counts = 0.0, np.zeros(below.shape[:2], bool)
    before = below.copy()
    with np.errstate(invalid="ignore"):
        composite(below, above, mode=mode, opacity=opacity, mask=mask)
    np.testing.assert_array_equal(bits(below)[~counts], bits(before)[~counts])
    assert not counts.any() or (below[counts] != before[counts]).any()


def test_an_opaque_normal_source_replaces_an_opaque_backdrop_exactly():
    below, above = picture(1, low=-5, high=50), picture(2, low=-5, high=50)
    below[..., 3] = above[..., 3] = 1
    composite(below, above)
    np.testing.assert_array_equal(bits(below), bits(above))


def test_an_opaque_backdrop_stays_exactly_opaque():
    below, above = picture(1), picture(2)
    below[..., 3] = 1
    composite(below, above, opacity=0.37)
    assert (below[..., 3] == 1).all()


def test_over_nothing_a_source_comes_out_as_it_is_whatever_the_mode():
    for mode in MODES:
        below, above = np.zeros((20, 30, 4), np.float32), picture(2, 20, 30, low=-1, high=2)
        composite(below, above, mode=mode)
        seen = above[..., 3] > 0
        np.testing.assert_array_equal(below[seen], above[seen])


@pytest.mark.parametrize(("alpha", "opacity", "counts"), [(7, 0.1, 0.7), (7, 0.5, 1), (-2, 1, 0)])
def test_alphas_beyond_0_to_1_are_taken_as_0_or_1(alpha, opacity, counts):
    above = picture(2)
    wild, tame = picture(1), picture(1)
    wild[..., 3] = np.where(wild[..., 3] > 0.5, 3, -2)
    tame[..., 3] = tame[..., 3] > 0.5
    untouched = wild.copy()
    above[..., 3] = alpha
    composite(wild, above, mode="screen", opacity=opacity)
    above[..., 3] = counts
    composite(tame, above, mode="screen")
    np.testing.assert_allclose(wild, tame if counts else untouched, atol=1e-6)


def test_an_unknown_mode_or_shapes_that_do_not_fit_are_refused():
    below, above = picture(1), picture(2)
    before = below.copy()
    for call in (
        lambda: composite(below, above, mode="dissolve"),
        lambda: blend("dissolve", below[..., :3], above[..., :3]),
        lambda: composite(below[..., :3], above),
        lambda: composite(below, above[:-1]),
        lambda: composite(below, above[..., :2]),
        lambda: composite(below, above, mask=above),
        lambda: prepare_kernels(None, ["dissolve"]),
    ):
        with pytest.raises(ValueError, match="dissolve|not|fit"):
            call()
    with pytest.raises(TypeError, match="float64"):
        composite(below, above.astype(np.float64))
    np.testing.assert_array_equal(below, before)


# Properties

COLOURS = arrays(np.float32, (1, 4, 3), elements=st.floats(0, 1, width=32))
ANY_COLOURS = arrays(np.float32, (1, 4, 3), elements=st.floats(-64, 64, width=32))
PIXELS = arrays(np.float32, (3, 4, 4), elements=st.floats(0, 1, width=32))

COMMUTATIVE = [
    *("multiply", "screen", "darken", "lighten", "difference", "exclusion"),
    *("linear-dodge", "linear-burn", "hard-mix"),
]


@pytest.mark.parametrize("mode", COMMUTATIVE)
@given(one=ANY_COLOURS, other=ANY_COLOURS)
def test_modes_that_treat_both_sides_alike_commute(mode, one, other):
    np.testing.assert_allclose(
        blend(mode, one, other), blend(mode, other, one), rtol=1e-6, atol=1e-5
    )


@given(one=COLOURS, other=COLOURS)
def test_overlay_is_hard_light_with_the_sides_exchanged(one, other):
    np.testing.assert_array_equal(blend("overlay", one, other), blend("hard-light", other, one))


NEUTRAL = {
    **dict.fromkeys(["multiply", "color-burn", "linear-burn", "divide"], 1.0),
    **dict.fromkeys(["screen", "color-dodge", "linear-dodge", "difference", "exclusion"], 0.0),
    "subtract": 0.0,
    **dict.fromkeys(["soft-light", "vivid-light", "linear-light"], 0.5),
}


@pytest.mark.parametrize("mode", NEUTRAL)
@given(backdrop=ANY_COLOURS)
def test_a_neutral_source_leaves_the_backdrop_alone_beyond_0_to_1_too(mode, backdrop):
    result = blend(mode, backdrop, np.full_like(backdrop, NEUTRAL[mode]))
    expected = np.abs(backdrop) if mode == "difference" else backdrop
    np.testing.assert_allclose(result, expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("mode", ["darken", "lighten", "hard-light", "pin-light", "overlay"])
@given(backdrop=COLOURS)
def test_within_0_to_1_modes_with_a_branch_have_a_neutral_source_too(mode, backdrop):
    neutral = {"darken": 1.0, "lighten": 0.0}.get(mode, 0.5)
    if mode == "overlay":  # its neutral backdrop: the roles of hard light exchanged
        backdrop, neutral = np.full_like(backdrop, neutral), backdrop
        np.testing.assert_allclose(blend(mode, backdrop, neutral), neutral, atol=1e-6)
    else:
        result = blend(mode, backdrop, np.full_like(backdrop, neutral))
        np.testing.assert_allclose(result, backdrop, atol=1e-6)


@pytest.mark.parametrize("mode", [*MIXING])
@given(backdrop=COLOURS, source=COLOURS)
def test_the_four_keep_the_luminosity_they_promise(mode, backdrop, source):
    weights = np.array([0.3, 0.59, 0.11])
    kept = source if mode == "luminosity" else backdrop
    result = blend(mode, backdrop, source)
    np.testing.assert_allclose(result @ weights, kept @ weights, atol=2e-6)


@pytest.mark.parametrize("mode", MODES)
@given(below=PIXELS, above=PIXELS)
def test_opacity_0_is_nothing_at_all(mode, below, above):
    before = below.copy()
    composite(below, above, mode=mode, opacity=0.0)
    np.testing.assert_array_equal(bits(below), bits(before))


# The compiled kernels


@pytest.fixture(scope="session")
def kernels(kernel_folder):
    """All modes compiled, kept from one run of the tests to the next."""
    pytest.importorskip("numba")
    with pytest.MonkeyPatch.context() as patch:
        compiled = {}
        patch.setattr(sys.modules["safelight.pixels.fused"], "COMPILED", compiled)
        assert prepare_kernels(kernel_folder)
        assert kernels_ready()
    return compiled


@pytest.fixture
def both(kernels, monkeypatch):
    """Composite twice, in numpy and compiled, and hand back both results."""

    def composite_both(below, above, **options):
        results = []
        for compiled in ({}, kernels):
            monkeypatch.setattr(module, "COMPILED", compiled)
            pixels = below.copy()
            composite(pixels, above, **options)
            results.append(pixels)
        return results

    return composite_both


# Both do the same float32 operations in the same order; what is left is a last digit where a
# compiler may use one that rounds otherwise (not on x86-64, where they are equal bit for bit).
SAME = {"rtol": 2e-6, "atol": 1e-6}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("masked", [False, True])
def test_a_kernel_gives_what_numpy_gives(both, mode, channels, masked):
    # Wider than a kernel's chunk and not a multiple of it, beyond 0 .. 1.
    below = picture(1, 19, 601, low=-0.5, high=1.5)
    above = picture(2, 19, 601, channels, low=-0.5, high=1.5)
    mask = picture(3, 19, 601)[..., 3] if masked else None
    # Opaque in whole chunks, in a row but for a pixel, and nowhere.
    below[3:9, :, 3] = 1
    below[9, :600, 3] = 1
    above[4, 5:40] = 0
    in_numpy, compiled = both(below, above, mode=mode, opacity=0.9, mask=mask)
    np.testing.assert_allclose(compiled, in_numpy, **SAME)
    assert (compiled != below).any()
    assert (compiled[3:9, :, 3] == 1).all()


@pytest.mark.parametrize("mode", MODES)
def test_a_kernel_leaves_alone_what_the_source_does_not_cover(kernels, monkeypatch, mode):
    monkeypatch.setattr(module, "COMPILED", kernels)
    for by in ("alpha", "opacity", "mask"):
        test_where_nothing_of_the_source_counts_not_a_bit_changes(mode, by)
    test_no_finite_colour_becomes_infinite_or_nan(mode)


def test_an_opaque_normal_source_replaces_exactly_in_a_kernel_too(kernels, monkeypatch):
    monkeypatch.setattr(module, "COMPILED", kernels)
    test_an_opaque_normal_source_replaces_an_opaque_backdrop_exactly()
    test_over_nothing_a_source_comes_out_as_it_is_whatever_the_mode()


def test_a_kernel_takes_pieces_of_larger_pictures_and_writes_nowhere_else(kernels, monkeypatch):
    def pieces(of):
        yield of[5:60, 7:300]  # a tile of a block: rows lie in one piece
        yield of[::2, 3:50]
        yield of[::-1]
        yield of[:, ::-1]
        yield of[:, ::3]
        yield of[4:5]
        yield of[4:5, 9:10]
        yield of.transpose(1, 0, 2)
        yield of[0:0]

    for index in range(9):
        results = []
        for compiled in ({}, kernels):
            monkeypatch.setattr(module, "COMPILED", compiled)
            below, above, mask = picture(1, 64, 310), picture(2, 64, 310), picture(3, 64, 310)
            above.flags.writeable = mask.flags.writeable = False
            lower, upper, weight = (list(pieces(pixels))[index] for pixels in (below, above, mask))
            composite(lower, upper, mode="screen", mask=weight[..., 3], opacity=0.8)
            composite(lower, upper[..., :3], mode="multiply", opacity=0.3)
            results.append(below)
        np.testing.assert_allclose(results[1], results[0], **SAME)


def test_kernels_agree_when_several_threads_call_them(kernels, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    monkeypatch.setattr(module, "COMPILED", kernels)
    above = picture(2, 256, 256)

    def work(seed):
        below = picture(seed, 256, 256)
        for mode in ("normal", "overlay", "hue"):
            composite(below, above, mode=mode, opacity=0.6)
        return below

    alone = [work(seed) for seed in range(6)]
    with ThreadPoolExecutor(3) as threads:
        for expected, result in zip(alone, threads.map(work, range(6)), strict=True):
            np.testing.assert_array_equal(result, expected)


def run(script, *words, **environment):
    import os

    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_and_compositing_do_not_load_numba():
    run(
        "import sys, numpy as np; from safelight.pixels import composite, kernels_ready;"
        "composite(np.zeros((2, 2, 4), 'f4'), np.ones((2, 2, 4), 'f4'), mode='screen');"
        "assert not kernels_ready() and 'numba' not in sys.modules"
    )


PREPARE = """
import logging, sys
from pathlib import Path
logging.basicConfig(level=logging.INFO, stream=sys.stdout)
from safelight.pixels import kernels_ready, prepare_kernels
print(prepare_kernels(Path(sys.argv[1]), ["screen"]), kernels_ready(["screen"]), kernels_ready())
"""


def test_a_kernel_is_compiled_once_and_kept_for_the_user_alone(tmp_path):
    pytest.importorskip("numba")
    folder = tmp_path / "cache" / "kernels"
    assert run(PREPARE, folder) == "True True False\n"
    kept = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert any(path.suffix == ".nbc" for path in kept)
    assert folder.stat().st_mode & 0o077 == 0
    assert run(PREPARE, folder) == "True True False\n"
    assert kept == {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_kernel_is_compiled_in_a_child_process_or_else_here(tmp_path, monkeypatch):
    pytest.importorskip("numba")
    fused = sys.modules["safelight.pixels.fused"]
    started = []

    def no_child(words, **options):
        started.append(words)
        raise OSError("no more processes")

    monkeypatch.setattr(fused, "COMPILED", {})
    monkeypatch.setattr(fused.subprocess, "run", no_child)
    assert prepare_kernels(tmp_path, ["lighten", "darken"])
    assert [words[-2:] for words in started] == [["lighten", "darken"]]


def test_processes_that_compile_at_once_share_the_work(tmp_path, monkeypatch):
    pytest.importorskip("numba")
    fused = sys.modules["safelight.pixels.fused"]
    compiled, begun, goes_on = [], threading.Event(), threading.Event()

    def compile_slowly(mode, folder):
        compiled.append(mode)
        if mode == "screen":
            begun.set()
            assert goes_on.wait(180)

    monkeypatch.setattr(fused, "_checked", compile_slowly)
    # Locks are between open files, so threads stand for processes here.
    first = threading.Thread(target=fused.fill, args=(str(tmp_path), "screen", "darken"))
    first.start()
    assert begun.wait(180)
    other = threading.Thread(target=fused.fill, args=(str(tmp_path), "screen", "darken"))
    other.start()
    while "darken" not in compiled and other.is_alive():
        time.sleep(0.01)
    assert other.is_alive()  # not before all is there
    goes_on.set()
    first.join()
    other.join()
    assert compiled == ["screen", "darken"]


def test_a_damaged_or_forbidden_cache_does_no_harm(tmp_path):
    pytest.importorskip("numba")
    (tmp_path / "file").write_text("in the way")
    assert "True True False" in run(PREPARE, tmp_path / "file" / "kernels")


@pytest.mark.parametrize("how", ["missing", "off"])
def test_without_numba_everything_stays_in_numpy(tmp_path, how):
    gone = "import sys; sys.modules['numba'] = None\n" if how == "missing" else ""
    said = run(gone + PREPARE, tmp_path, NUMBA_DISABLE_JIT="1" if how == "off" else "0")
    assert "False False False" in said
    assert "blending stays in numpy" in said


def test_a_kernel_that_disagrees_with_numpy_is_not_used(monkeypatch):
    fused = sys.modules["safelight.pixels.fused"]
    monkeypatch.setattr(fused, "COMPILED", {})
    monkeypatch.setattr(fused, "_compile", lambda formula, folder: lambda *arguments: None)
    assert not prepare_kernels(None, ["normal"])
    assert not kernels_ready(["normal"])
