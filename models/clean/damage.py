"""What the cleaning networks are taught to undo: one random damage, and how strong it is.

Each task is a function from a clean crop, (h, w, 3) uint8, and chance to (the damaged crop, (h, w,
3) float32, not clipped by all of them; its level as `network.Clean` is told it). Single steps are
those of models/degradation.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from models.degradation import (
    LUMINANCE,
    WIDEST,
    Camera,
    convolve,
    disc_kernel,
    fraction,
    gaussian_kernel,
    gaussian_line,
    jpeg,
    light_tables,
    look_up,
    sensor_noise,
    taken,
)

Damaged = tuple[np.ndarray, float]
Task = Callable[[np.ndarray, np.random.Generator], Damaged]

GREY = 0.08  # share of pictures without colour

# Noise, in 8-bit levels. The benchmarks' is white; a camera's is not, nor is that of film.
WHITE = 0.7  # share of white Gaussian noise
WHITE_LEVEL = (0.0, 55.0)
CLIPPED = 0.5  # share of it that a file has cut off at black and white
CAMERA = 0.22  # share of a sensor's noise; the rest is film grain
CAMERA_LEVEL = (1.0, 35.0)  # logarithmic
PHOTON_SHARE = (0.5, 1.0)
NEIGHBOURS = (0.0, 0.6)
CHROMA = (0.4, 1.6)
GRAIN_LEVEL = (2.0, 25.0)
GRAIN_SIGMA = (0.4, 1.3)  # pixels

# What a camera saves, by the model of a sensor: the rest of the pictures have noise as above.
TAKEN = 0.6
ELECTRONS = (120.0, 20000.0)  # of white; logarithmic: ISO 100 of a large sensor to 25600 of a phone
READ = (1.0, 6.0)  # electrons
RED, BLUE = (1.4, 2.4), (1.2, 2.2)  # of the white balance, green being 1
CONTRAST = (0.0, 0.35)
MOSAIC = 0.8
WITHOUT_LOSS = 0.4
CAMERA_QUALITY = (85, 99)

QUALITY = (5, 96)
ALIGNED = 0.6  # share of pictures that were not cropped since: blocks start at the corner
TWICE = 0.2  # share compressed before, at another place of the grid
HALVED = 0.6  # share with 4:2:0
UNTOUCHED = 0.04  # share left as it is, so that nothing is done where nothing is to be done

GAUSSIAN, DISC = 0.35, 0.3  # shares; the rest is motion
BLUR_SIGMA = (0.3, 3.0)
ELONGATION = (1.0, 2.0)
DISC_RADIUS = (0.6, 5.0)
MOTION = (2.0, 18.0)  # pixels
CURVATURE = 0.15  # radians a pixel, at most
IN_LIGHT = 0.5  # share blurred in linear light, as a lens does it; the rest in the file's values
BLUR_NOISE = (0.0, 2.5)  # 8-bit levels
BLUR_QUALITY = (80, 98)
SAVED = 0.35  # share of blurred pictures that are a JPEG's
SPREAD = 10.0  # pixels of spread that a level of 1 stands for

TOLD_APART = 3.0  # times as much, or as little, as there is
ENOUGH = 0.7  # of a level: told as much, all of it goes. Nobody sees a level to a hair.
MOST_TOLD = {"denoise": 100 / 255, "jpeg": 1.0, "deblur": 1.0}  # what the filters' fields take


def white_noise(image: np.ndarray, rng: np.random.Generator, sigma: float) -> np.ndarray:
    """Add Gaussian noise of standard deviation `sigma` (black to white is 1), not clipped."""
    return image + np.float32(sigma) * rng.standard_normal(image.shape, np.float32)


def film_grain(
    image: np.ndarray, rng: np.random.Generator, sigma: float, size: float
) -> np.ndarray:
    """Add the same noise to all three colours, smoothed by a Gaussian of `size` pixels."""
    line = gaussian_line(size)
    noise = convolve(rng.standard_normal((*image.shape[:2], 1), np.float32), line)
    return np.clip(image + np.float32(sigma / np.square(line).sum()) * noise, 0, 1)


def noisy(clean: np.ndarray, rng: np.random.Generator) -> Damaged:
    """White noise, a camera's, or film grain. The level is the standard deviation."""
    image = fraction(clean)
    kind = rng.random()
    if kind < WHITE:
        sigma = rng.uniform(*WHITE_LEVEL) / 255
        result = white_noise(image, rng, sigma)
        return (np.clip(result, 0, 1) if rng.random() < CLIPPED else result), sigma
    if kind < WHITE + CAMERA:
        level = math.exp(rng.uniform(*np.log(CAMERA_LEVEL)))
        drawn = [rng.uniform(*limits) for limits in (PHOTON_SHARE, NEIGHBOURS, CHROMA)]
        result = sensor_noise(image, rng, level, *drawn)
    else:
        result = film_grain(image, rng, rng.uniform(*GRAIN_LEVEL) / 255, rng.uniform(*GRAIN_SIGMA))
    return result, float(np.sqrt(np.mean(np.square(result - image))))


def from_a_camera(clean: np.ndarray, rng: np.random.Generator) -> Damaged:
    """What a camera at a random sensitivity would have saved. The level is the deviation's root
    mean square.
    """
    image = fraction(clean)
    camera = Camera(
        electrons=math.exp(rng.uniform(*np.log(ELECTRONS))),
        read=rng.uniform(*READ),
        balance=(rng.uniform(*RED), 1.0, rng.uniform(*BLUE)),
        contrast=round(rng.uniform(*CONTRAST), 2),
        mosaic=rng.random() < MOSAIC,
        quality=None if rng.random() < WITHOUT_LOSS else int(rng.integers(*CAMERA_QUALITY)),
    )
    result = taken(image, rng, camera, rng.random() < HALVED, random_shift(rng, 1))
    return result, float(np.sqrt(np.mean(np.square(result - image))))


def noisy_or_from_a_camera(clean: np.ndarray, rng: np.random.Generator) -> Damaged:
    """Mostly what cameras save, else noise that is drawn."""
    return (from_a_camera if rng.random() < TAKEN else noisy)(clean, rng)


def compressed(clean: np.ndarray, rng: np.random.Generator) -> Damaged:
    """A JPEG, sometimes one of another. The level is 1 - quality / 100, of the last."""
    image = fraction(clean)
    if rng.random() < UNTOUCHED:
        return image, 0.0
    if rng.random() < TWICE:
        image = jpeg(image, random_quality(rng), rng.random() < HALVED, random_shift(rng, 1))
    quality = random_quality(rng)
    # Squares of colour are 16 pixels wide in 4:2:0, so even an aligned crop starts in one of two.
    shift = random_shift(rng, 8 if rng.random() < ALIGNED else 1)
    return jpeg(image, quality, rng.random() < HALVED, shift), 1 - quality / 100


def random_quality(rng: np.random.Generator) -> int:
    return int(rng.integers(*QUALITY))


def random_shift(rng: np.random.Generator, step: int) -> tuple[int, int]:
    """How far (down, right) the crop starts inside a block of 16, a multiple of `step`."""
    down, right = (int(n) * step for n in rng.integers(16 // step, size=2))
    return down, right


def motion_kernel(length: float, angle: float, curvature: float) -> np.ndarray:
    """The path of a camera that turned while it moved: an arc of `length` pixels.

    `angle` in radians from x towards y, `curvature` in radians a pixel. A path of any shape keeps
    its centre of gravity in the middle, so that the picture is not moved. Sums to 1.
    """
    along = np.linspace(-length / 2, length / 2, max(2, math.ceil(8 * length)))
    direction = angle + curvature * along
    step = along[1] - along[0]
    x, y = np.cumsum(np.cos(direction)) * step, np.cumsum(np.sin(direction)) * step
    x, y = x - x.mean(), y - y.mean()
    radius = min(WIDEST, math.ceil(max(np.abs(x).max(), np.abs(y).max())) + 1)
    kernel = np.zeros((2 * radius + 1, 2 * radius + 1))
    column, row = np.floor(x), np.floor(y)
    right, down = x - column, y - row
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = (down if dy else 1 - down) * (right if dx else 1 - right)
        at = ((row + dy).astype(int) + radius, (column + dx).astype(int) + radius)
        np.add.at(kernel, tuple(side.clip(0, 2 * radius) for side in at), weight)
    return kernel / kernel.sum()


def spread(kernel: np.ndarray) -> float:
    """The standard deviation of a square kernel along its longest direction, in pixels."""
    radius = kernel.shape[0] // 2
    y, x = np.indices(kernel.shape) - radius
    mean = [(kernel * axis).sum() for axis in (y, x)]
    y, x = y - mean[0], x - mean[1]
    across = (kernel * x * y).sum()
    covariance = [[(kernel * y * y).sum(), across], [across, (kernel * x * x).sum()]]
    return float(np.sqrt(max(np.linalg.eigvalsh(covariance)[-1], 0)))


def random_kernel(rng: np.random.Generator) -> np.ndarray:
    """Out of focus, a soft lens, or motion: a square kernel."""
    kind, angle = rng.random(), rng.uniform(0, math.pi)
    if kind < GAUSSIAN:
        return gaussian_kernel(rng.uniform(*BLUR_SIGMA), rng.uniform(*ELONGATION), angle)
    if kind < GAUSSIAN + DISC:
        return disc_kernel(rng.uniform(*DISC_RADIUS))
    return motion_kernel(rng.uniform(*MOTION), angle, rng.uniform(-CURVATURE, CURVATURE))


def blurred(clean: np.ndarray, rng: np.random.Generator) -> Damaged:
    """Out of focus or moved, with a little noise. The level is the kernel's spread / SPREAD."""
    image = fraction(clean)
    if rng.random() < UNTOUCHED:
        return image, 0.0
    kernel = random_kernel(rng)
    if rng.random() < IN_LIGHT:
        to_light, from_light = light_tables()
        result = look_up(from_light, convolve(look_up(to_light, image), kernel))
    else:
        result = convolve(image, kernel)
    result = np.clip(white_noise(result, rng, rng.uniform(*BLUR_NOISE) / 255), 0, 1)
    if rng.random() < SAVED:
        result = jpeg(result, int(rng.integers(*BLUR_QUALITY)), True, random_shift(rng, 1))
    return result, spread(kernel) / SPREAD


NOISES: dict[str, Task] = {"drawn": noisy, "camera": noisy_or_from_a_camera}
TASKS: dict[str, Task] = {"denoise": noisy, "jpeg": compressed, "deblur": blurred}
MARGINS = {"denoise": 0, "jpeg": 0, "deblur": WIDEST}  # pixels beyond a crop that shape it


def benchmark(task: str, clean: np.ndarray, seed: int) -> Damaged:
    """The one damage that a run is followed by: sigma 25, quality 10, a Gaussian of 1.6 pixels."""
    image = fraction(clean)
    if task == "denoise":
        return white_noise(image, np.random.default_rng(seed), 25 / 255), 25 / 255
    if task == "jpeg":
        return jpeg(image, 10), 1 - 10 / 100
    return convolve(image, gaussian_line(1.6)), 1.6 / SPREAD


def told_level(task: str, level: float, rng: np.random.Generator) -> float:
    """What a hand on the slider might say of a level: up to TOLD_APART times more, or less.

    Of a picture without damage, anything that the filter's field takes.
    """
    most = MOST_TOLD[task]
    if not level:
        return float(rng.uniform(0, most))
    return min(most, level * TOLD_APART ** rng.uniform(-1, 1))


def less_damaged(clean: np.ndarray, damaged: np.ndarray, level: float, told: float) -> np.ndarray:
    """What is wanted of a damaged picture, (h, w, 3) float32 from 0 to 1.

    Told less than ENOUGH of the level, the part of the damage beyond it stays; told more, or
    nothing (below zero), all of it goes. Were the true level itself where some begins to stay, a
    network that is told the truth would hedge: it lost 0.6 dB and more. `clean` is (h, w, 3) uint8,
    `damaged` the same of float32 from 0 to 1.
    """
    wanted = fraction(clean)
    if 0 <= told < ENOUGH * level:
        wanted = wanted + np.float32(1 - told / (ENOUGH * level)) * (damaged - wanted)
    return wanted


def flattened(clean: np.ndarray) -> np.ndarray:
    """The mean colour of a picture everywhere, (h, w, 3) uint8 in and out."""
    return np.broadcast_to(np.rint(clean.mean((0, 1))).astype(np.uint8), clean.shape).copy()


def without_colour(clean: np.ndarray) -> np.ndarray:
    """Every colour its luminance, (h, w, 3) uint8 in and out."""
    grey = np.rint(clean @ LUMINANCE).astype(np.uint8)
    return np.repeat(grey[..., None], 3, 2)
