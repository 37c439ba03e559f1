"""Clean: take noise, JPEG damage and blur out of a photograph, with neural networks."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from safelight import api

from . import light
from .estimates import LUMINANCE, jpeg_quality, noise_level, quality_of_table

HERE = Path(__file__).parent
NEIGHBOURS = 3
"""Pixels around its own whose values the halo guard lets a pixel have."""

SPREAD = 10.0
"""Pixels of blur that the network knows as a level of 1."""

Automatic = Annotated[bool, "Measure how strong it is"]
Level = Annotated[
    float,
    api.Number(0, 100, slider=(0, 55), step=0.5),
    api.Unless("automatic"),
    "How strong the noise is where it is not measured: its standard deviation of 255",
]
Quality = Annotated[
    int,
    api.Number(1, 100, slider=(5, 100)),
    api.Unless("automatic"),
    "The quality it was saved with, where it is not measured: lower cleans more",
]
Width = Annotated[
    float,
    api.Number(0, 10, slider=(0, 5), step=0.1, unit="px", length=True),
    api.Unless("automatic"),
    "How wide the blur is where the network is not to see for itself: its standard deviation",
]


def measured_noise(image: api.Image, automatic: bool) -> Mapping[str, Any]:
    """The level where it is to be measured, and can be."""
    level = 255 * noise_level(image) if automatic else 0
    return {"level": round(level, 1)} if level else {}


@api.filter(
    "Denoise",
    category="Clean",
    prepare=measured_noise,
    reach=light.REACH,
    keeps_grey=True,
    purpose="restore",
)
def denoise(
    image: api.Image,
    job: api.Job,
    prepared: api.Prepared,
    automatic: Automatic = True,
    level: Level = 15.0,
    luminance: Annotated[api.Fraction, "How much of the grain in brightness goes"] = 1.0,
    colour: Annotated[api.Fraction, "How much of the colour speckle goes"] = 1.0,
) -> api.Image:
    """Take noise and grain out, and leave edges and texture where they are."""
    if not automatic and level == 0:
        return image.copy()
    told = prepared.get("level") if automatic else level
    result = run(job, "denoise.onnx", image, None if told is None else told / 255)
    result = light.kept(image, result)
    return parted(image, result, luminance, colour)


def measured_quality(image: api.Image, automatic: bool, source: api.Source) -> Mapping[str, Any]:
    """The quality where it is to be measured, and can be: the file's tables say it best."""
    if not automatic:
        return {}
    if source.quantisation:
        return {"quality": quality_of_table(source.quantisation[0])}
    quality = jpeg_quality(image)
    return {} if quality is None else {"quality": quality}


@api.filter(
    "Clean JPEG", category="Clean", prepare=measured_quality, keeps_grey=True, purpose="restore"
)
def clean_jpeg(
    image: api.Image,
    job: api.Job,
    prepared: api.Prepared,
    automatic: Automatic = True,
    quality: Quality = 50,
    luminance: Annotated[api.Fraction, "How much of the damage in brightness goes"] = 1.0,
    colour: Annotated[api.Fraction, "How much of the damage in colours goes"] = 1.0,
) -> api.Image:
    """Take the blocks, rims and smeared colours out that a strong JPEG compression leaves."""
    if not automatic and quality == 100:
        return image.copy()
    told = prepared.get("quality") if automatic else quality
    result = run(job, "jpeg.onnx", image, None if told is None else 1 - told / 100)
    return parted(image, result, luminance, colour)


@api.filter(
    "Deblur",
    category="Clean",
    reach=max(light.REACH, NEIGHBOURS),
    keeps_grey=True,
    purpose="restore",
)
def deblur(
    image: api.Image,
    job: api.Job,
    automatic: Annotated[bool, "Let the network see for itself how wide the blur is"] = True,
    width: Width = 1.5,
    strength: Annotated[api.Fraction, "How much of the sharpness that was found is used"] = 1.0,
    halo_guard: Annotated[api.Fraction, "Hold rims back that are outside what was there"] = 0.5,
) -> api.Image:
    """Sharpen what is a little out of focus or moved, the same all over the picture."""
    if not automatic and width == 0:
        return image.copy()
    result = run(job, "deblur.onnx", image, None if automatic else width / SPREAD)
    result = light.kept(image, result)
    if halo_guard:
        result = guarded(image, result, halo_guard)
    return image + np.float32(strength) * (result - image)


def run(job: api.Job, network: str, image: api.Image, level: float | None) -> api.Image:
    """The network's result, told the level; without one it judges by itself."""
    return job.run(network, image) if level is None else job.run(network, image, level=level)


def parted(image: api.Image, result: api.Image, luminance: float, colour: float) -> api.Image:
    """The image less what a result takes away, as much in luminance and in colour as is wanted."""
    if luminance == colour == 1:
        return result
    damage = image - result
    grey = (damage @ LUMINANCE)[..., None]
    return image - np.float32(luminance) * grey - np.float32(colour) * (damage - grey)


def guarded(image: api.Image, result: api.Image, guard: float) -> api.Image:
    """The result, drawn by `guard` towards the range that the image has around each pixel."""
    lowest, highest = (around(image, choose) for choose in (np.minimum, np.maximum))
    return result + np.float32(guard) * (np.clip(result, lowest, highest) - result)


def around(image: api.Image, choose: Callable[..., Any]) -> api.Image:
    """The least or most of each channel in the square of NEIGHBOURS around each pixel."""
    for axis, size in enumerate(image.shape[:2]):
        sides = [(NEIGHBOURS, NEIGHBOURS) if n == axis else (0, 0) for n in range(3)]
        padded = np.moveaxis(np.pad(image, sides, mode="edge"), axis, 0)
        rows = padded[:size]
        for offset in range(1, 2 * NEIGHBOURS + 1):
            rows = choose(rows, padded[offset : offset + size])
        image = np.moveaxis(rows, 0, axis)
    return np.ascontiguousarray(image)


NETWORKS = {"denoise.onnx": denoise, "jpeg.onnx": clean_jpeg, "deblur.onnx": deblur}


@api.hookimpl
def filters():
    """The filters whose network is there: each network is trained on its own."""
    return [filter for network, filter in NETWORKS.items() if (HERE / network).is_file()]
