"""The degradation that networks learn to undo: exact in place, measured in strength."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from models import degradation as d
from models import resample

NOTHING = d.Degradation(
    clean=0, blur=0, second_blur=0, rescaled=0, noise=0, sharpened=0, last_jpeg=0, earlier_jpeg=0
)
ONE_STEP = {
    "blur": {"blur": 1.0},
    "rescale": {"rescaled": 1.0},
    "sharpen": {"sharpened": 1.0},
    "noise": {"noise": 1.0},
    "jpeg": {"last_jpeg": 1.0},
    "jpeg of a jpeg": {"earlier_jpeg": 1.0, "last_jpeg": 1.0},
}
CENTRED_KERNELS = {
    "Gaussian": d.gaussian_line(1.3),
    "elongated": d.gaussian_kernel(0.9, 2.2, 0.6),
    "peaked": d.gaussian_kernel(1.1, 1.5, 2.0, 0.8),
    "disc": d.disc_kernel(2.4),
    "sinc": d.sinc_line(0.6),
}


def texture(seed, side=192):
    """Random soft shapes in colour, (side, side, 3) uint8: gradients in every direction."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((side, side, 3)).astype(np.float32)
    coarse = d.convolve(noise, d.gaussian_line(3.3))
    fine = d.convolve(noise, d.gaussian_line(1.5))
    return d.levels(0.5 + 1.0 * coarse + 0.4 * fine)


def shift_between(moved, still, border=6):
    """(down, right) in pixels by which `moved` lies off `still`, by least squares on gradients.

    To first order moved = gain * still - down * d/dy still - right * d/dx still + offset.
    """
    a, b = (image.astype(np.float64).mean(-1) for image in (moved, still))
    rows = [b, -np.gradient(b, axis=0), -np.gradient(b, axis=1), np.ones_like(b)]
    inside = (slice(border, -border),) * 2
    known = np.stack([row[inside].ravel() for row in rows], 1)
    return np.linalg.lstsq(known, a[inside].ravel(), rcond=None)[0][1:3]


def mean_shift(scale, settings, count=60):
    """The mean shift over many degraded pictures, in pixels of the result."""
    rng = np.random.default_rng(11)
    pictures = [texture(seed) for seed in range(4)]
    small = [resample.resize(picture, 1 / scale) for picture in pictures]
    shifts = [
        shift_between(d.degrade(pictures[n % 4], scale, rng, settings), small[n % 4])
        for n in range(count)
    ]
    return np.mean(shifts, 0)


def test_the_ruler_measures_a_known_shift():
    picture = texture(0).astype(np.float32)
    ahead = 0.9 * picture + 0.1 * np.roll(picture, 1, axis=1)
    assert shift_between(ahead, picture) == pytest.approx([0, 0.1], abs=0.01)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_degraded_picture_lies_where_the_original_lies(scale):
    assert np.abs(mean_shift(scale, d.Degradation())).max() < 0.02


@pytest.mark.parametrize("step", ONE_STEP)
def test_no_single_step_moves_the_picture(step):
    assert np.abs(mean_shift(2, replace(NOTHING, **ONE_STEP[step]), 24)).max() < 0.02


@pytest.mark.parametrize("name", CENTRED_KERNELS)
def test_kernels_keep_brightness_and_place(name):
    kernel = CENTRED_KERNELS[name]
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(kernel, np.flip(kernel), atol=1e-6)
    flat = np.full((20, 33, 3), 0.4, np.float32)
    np.testing.assert_allclose(d.convolve(flat, kernel), flat, atol=1e-5)


def test_convolution_is_the_sum_of_weighted_neighbours():
    rng = np.random.default_rng(1)
    image, kernel = rng.random((13, 18, 3), np.float32), rng.random((5, 5), np.float32)
    padded = np.pad(image, ((2, 2), (2, 2), (0, 0)), "symmetric")
    expected = sum(
        kernel[4 - y, 4 - x] * padded[y : y + 13, x : x + 18] for y in range(5) for x in range(5)
    )
    np.testing.assert_allclose(d.convolve(image, kernel), expected, rtol=1e-4)


def test_a_line_is_the_square_kernel_it_stands_for():
    image = np.random.default_rng(2).random((30, 41, 3), np.float32)
    for line in (d.gaussian_line(1.7), np.array([0.2, 0.5, 0.1, 0.0, 0.2])):
        whole = d.convolve(image, np.outer(line, line))
        np.testing.assert_allclose(d.convolve(image, line), whole, atol=1e-5)


def test_an_elongated_kernel_is_that_much_longer_along_its_angle():
    kernel = d.gaussian_kernel(1.0, 2.0, 0.0).astype(np.float64)
    y, x = d.offsets(kernel.shape[0] // 2)
    across, along = np.sqrt((kernel * y**2).sum()), np.sqrt((kernel * x**2).sum())
    assert across == pytest.approx(1.0, abs=0.03)
    assert along == pytest.approx(2.0, abs=0.06)  # cut off at three sigma


def test_a_disc_has_the_area_of_its_radius():
    kernel = d.disc_kernel(3.0)
    assert 1 / kernel.max() == pytest.approx(np.pi * 3.0**2, rel=0.03)


def test_the_sinc_kernel_rings_at_an_edge():
    edge = np.repeat(np.array([0.25, 0.75], np.float32), 24)[None, :, None].repeat(48, 0)
    ringing = d.convolve(edge, d.sinc_line(0.5))
    assert 0.78 < ringing.max() < 0.83  # Gibbs: 9 % of the step


def test_noise_has_the_stated_strength_at_mid_grey():
    grey = np.full((256, 256, 3), 0.5, np.float32)
    noisy = d.sensor_noise(grey, np.random.default_rng(2), 4.0, chroma=0.0)
    assert 255 * (noisy - grey).std() == pytest.approx(4.0, rel=0.05)
    assert 255 * abs((noisy - grey).mean()) < 0.2


def test_photon_noise_grows_with_the_root_of_the_light():
    rng = np.random.default_rng(3)
    light, _ = d.light_tables()
    deviations = []
    for value in (0.4, 0.8):
        flat = np.full((256, 256, 3), value, np.float32)
        noisy = d.look_up(light, d.sensor_noise(flat, rng, 2.0, photon_share=1.0))
        deviations.append(noisy.std() / np.sqrt(d.look_up(light, flat).mean()))
    assert deviations[1] == pytest.approx(deviations[0], rel=0.05)


def test_noise_is_tied_to_its_neighbours_as_after_a_demosaic():
    grey = np.full((256, 256, 3), 0.5, np.float32)
    for weight in (0.0, 0.5):
        noise = d.sensor_noise(grey, np.random.default_rng(4), 3.0, neighbours=weight, chroma=0.0)
        plane = noise[..., 0] - noise[..., 0].mean()
        beside = (plane[:, 1:] * plane[:, :-1]).mean() / plane.var()
        assert beside == pytest.approx(2 * weight / (1 + 2 * weight**2), abs=0.03)


def test_colour_noise_leaves_luminance_alone_and_is_coarser():
    grey = np.full((256, 256, 3), 0.5, np.float32)
    rng = np.random.default_rng(5)
    only_colour = d.sensor_noise(grey, rng, 3.0, neighbours=0.0, chroma=2.0)
    only_colour -= d.sensor_noise(grey, np.random.default_rng(5), 3.0, neighbours=0.0, chroma=0.0)
    assert (only_colour @ d.LUMINANCE).std() < 0.1 * only_colour.std()
    red = only_colour[..., 0]
    assert (red[:, 1:] * red[:, :-1]).mean() / red.var() > 0.5


def test_noise_is_kept_out_of_nowhere_else_than_its_generator():
    grey = np.full((16, 16, 3), 0.5, np.float32)
    first, again, other = (d.sensor_noise(grey, np.random.default_rng(s), 4.0) for s in (6, 6, 7))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_sharpening_overshoots_an_edge_and_leaves_flat_parts():
    edge = np.repeat(np.array([0.3, 0.7], np.float32), 24)[None, :, None].repeat(32, 0).repeat(3, 2)
    sharp = d.sharpen(edge, 1.0, 0.8)
    assert sharp.max() > 0.78
    assert sharp.min() < 0.22
    np.testing.assert_allclose(sharp[:, :12], 0.3, atol=1e-4)


def test_sharpening_does_not_touch_colour():
    rng = np.random.default_rng(8)
    image = rng.random((24, 24, 3), np.float32)
    change = d.sharpen(image, 0.8, 0.7) - image
    np.testing.assert_allclose(change[..., 0], change[..., 1], atol=1e-6)


def test_jpeg_is_what_a_file_of_that_quality_holds():
    picture = texture(9, 64)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=70, subsampling="4:2:0")
    expected = np.asarray(Image.open(file))
    assert np.array_equal(d.levels(d.jpeg(d.fraction(picture), 70)), expected)


def test_a_shifted_jpeg_has_its_block_edges_elsewhere():
    """At a low quality the steps between columns are largest where blocks meet."""
    picture = d.fraction(texture(10, 128))
    for right in (0, 3):
        steps = np.abs(np.diff(d.jpeg(picture, 5, False, (0, right)).mean(-1), axis=1)).mean(0)
        by_phase = [steps[phase::8].mean() for phase in range(8)]
        assert np.argmax(by_phase) == (7 - right) % 8


def test_halved_colour_loses_colour_detail_and_keeps_luminance():
    stripes = np.tile(np.array([[0.7, 0.4, 0.4], [0.4, 0.55, 0.4]], np.float32), (32, 16, 1))
    full, halved = (d.jpeg(stripes, 95, flag) for flag in (False, True))
    saturation = [np.abs(image[..., 0] - image[..., 1])[:, 4:-4].std() for image in (full, halved)]
    assert saturation[1] < 0.3 * saturation[0]


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_the_result_is_smaller_by_the_scale_and_decided_by_the_generator(scale):
    picture = texture(12)[:96, :144]
    first, again, other = (d.degrade(picture, scale, np.random.default_rng(s)) for s in (1, 1, 2))
    assert first.shape == (96 // scale, 144 // scale, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_sides_that_do_not_divide_are_refused():
    with pytest.raises(ValueError, match="cannot be made 4 times smaller"):
        d.degrade(texture(0)[:94], 4, np.random.default_rng(0))


def test_a_clean_pair_is_the_benchmark_reduction_and_nothing_else():
    picture = texture(13)
    clean = replace(d.Degradation(), clean=1.0)
    small = d.degrade(picture, 4, np.random.default_rng(0), clean).astype(int)
    assert np.abs(small - resample.resize(picture, 1 / 4))[2:-2, 2:-2].max() <= 1
    assert np.array_equal(d.degrade(picture, 1, np.random.default_rng(0), clean), picture)


def test_the_original_is_left_as_it_was():
    picture = texture(14)
    before = picture.copy()
    for seed in range(5):
        d.degrade(picture, 2, np.random.default_rng(seed))
    assert np.array_equal(picture, before)


def test_steps_come_in_every_order():
    """Noise before a blur is soft, after it is grainy: both happen with the same two steps."""
    settings = replace(NOTHING, blur=1.0, noise=1.0, noise_level=(6, 6), blur_sigma=(0.9, 0.9))
    settings = replace(settings, blur_kinds=(1, 0, 0, 0, 0), noise_spread=(0, 0))
    grey = np.full((96, 96, 3), 128, np.uint8)
    grain = [
        d.degrade(grey, 1, np.random.default_rng(seed), settings)[..., 1].astype(float)
        for seed in range(12)
    ]
    deviations = sorted(plane.std() for plane in grain)
    assert deviations[0] < 0.6 * deviations[-1]


PLAIN = d.Camera(electrons=2000, read=8.0, contrast=0.0, mosaic=False, quality=None)


@pytest.mark.parametrize("light", [0.0, 0.05, 0.2, 0.8])
def test_a_sensor_counts_photons_by_chance_and_reads_them_with_an_error(light):
    flat = np.full((256, 256, 3), light, np.float32)
    noise = d.exposed(flat, np.random.default_rng(0), PLAIN) - flat
    balance = np.array(PLAIN.balance)
    shot, read = balance * light / PLAIN.electrons, (balance * PLAIN.read / PLAIN.electrons) ** 2
    assert noise.var((0, 1)) == pytest.approx(shot + read, rel=0.03)
    assert np.abs(noise.mean((0, 1))).max() < 5 * np.sqrt((shot + read).max()) / 256
    # Each pixel and each colour by a chance of its own.
    assert np.abs(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]) < 0.01
    assert np.abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 2].ravel())[0, 1]) < 0.02


def test_the_noise_of_a_mosaic_is_as_coarse_as_its_interpolation():
    flat = np.full((256, 256, 3), 0.2, np.float32)
    whole = d.exposed(flat, np.random.default_rng(0), PLAIN) - flat
    noise = d.exposed(flat, np.random.default_rng(0), replace(PLAIN, mosaic=True)) - flat
    # A green pixel in two is seen, the other is the mean of four; red and blue one in four.
    parts = noise.var((0, 1)) / whole.var((0, 1))
    assert parts == pytest.approx([(1 + 2 / 2 + 1 / 4) / 4, (1 + 1 / 4) / 2, 2.25 / 4], rel=0.06)
    for channel, least in ((0, 0.6), (1, 0.3), (2, 0.6)):
        plane = noise[..., channel]
        assert np.corrcoef(plane[:, 1:].ravel(), plane[:, :-1].ravel())[0, 1] > least
    assert np.abs(noise.mean()) < 5e-4


def test_interpolation_leaves_what_is_even_and_finds_the_filter():
    even = np.broadcast_to(np.float32([0.2, 0.5, 0.7]), (32, 32, 3))
    for down, right in np.ndindex(2, 2):
        inner = d.demosaiced(even, down, right)[2:-2, 2:-2]
        np.testing.assert_allclose(inner, even[2:-2, 2:-2], rtol=1e-6)


def test_a_cameras_curve_can_be_undone_and_is_steeper_in_the_middle():
    to_light, from_light = d.tone_tables(0.3)
    picture = np.linspace(0, 1, 500, dtype=np.float32)
    there = d.look_up(from_light, d.look_up(to_light, picture))
    np.testing.assert_allclose(there, picture, atol=1 / 255)
    light = d.look_up(d.light_tables()[0], np.float32([0.45, 0.55]))
    assert np.diff(d.look_up(from_light, light)) == pytest.approx([0.13], rel=0.03)


def test_a_cameras_file_has_eight_bits_the_same_light_and_more_noise_at_a_higher_sensitivity():
    clean = d.fraction(texture(4))
    noise = []
    for electrons in (8000, 800, 200):
        camera = d.Camera(electrons, quality=None)
        result = d.taken(clean, np.random.default_rng(1), camera)
        np.testing.assert_allclose(result * 255, np.rint(result * 255), atol=1e-4)
        assert np.abs(255 * (result - clean).mean((0, 1))).max() < 1.5
        noise.append((result - clean).std())
    assert noise[1] > 2 * noise[0]
    assert noise[2] > 1.5 * noise[1]
    compressed = d.taken(clean, np.random.default_rng(1), d.Camera(200, quality=85))
    assert compressed.dtype == np.float32
    assert (compressed - clean).std() < noise[2]


def test_shadows_of_a_cameras_file_are_noisier_than_its_lights():
    dark, light = (
        (d.taken(flat, np.random.default_rng(0), d.Camera(1000, quality=None)) - flat).std()
        for flat in (np.full((96, 96, 3), level, np.float32) for level in (0.15, 0.9))
    )
    assert dark > 1.3 * light
