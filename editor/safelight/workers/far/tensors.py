"""Tensors: how a picture becomes what a network wants, and how its result becomes a picture.

Networks made elsewhere differ in the order of their axes, in the order of the colours and in
what white is. All of it is said by words that stand in the file's metadata properties.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from safelight.api import from_linear, to_linear

LAYOUTS = ("NCHW", "NHWC", "CHW", "HWC")
"""Orders of a tensor's axes; N is 1."""

CHANNELS = ("RGB", "BGR", "Y", "L")
"""What goes in: colours, or luma (Y) or lightness (CIE L*) alone."""

RESULTS = ("RGB", "BGR", "Y", "grey", "ab", "mask")
"""What comes out. Of Y the colours, of ab (CIE a* b*) the lightness is taken from what went in;
grey is a picture without colours, a mask says how much of each pixel is meant."""

FITS = ("windows", "whole", "change")
"""How a picture comes to the one size a network takes: cut into *windows*, or resized *whole*, and
the result resized back. *change* resizes back what the network changed alone, so that details stay
as sharp as they were."""

BEYOND = ("returned", "cut", "known")
"""What becomes of light below 0 and above 1, which a network has hardly ever been trained on. It is
not shown it: *returned* adds it to the result again, *cut* leaves it out, which is for results that
are no pictures. A network that has it *known* is shown it as it is. Grain beyond the range in a
picture that keeps its size is no light: a network may be there to take it away, and is shown it."""

RETURN_REACH = 2
"""Pixels around its own that an enlarged result depends on where light is returned to it."""

_NEAR, _FAR = np.float32(0.02), np.float32(0.25)
"""From how far beyond the range on a network's small changes count less, and not at all. The
primaries of Display P3 lie up to 0.5 beyond sRGB's."""

_LOUDEST = np.float32(0.5)
"""How far beyond the range light may be noise: more than two deviations of the strongest that
networks are trained to take away."""

GRAIN_REACH = 2
"""Pixels around its own that decide whether light beyond the range is noise."""

_SLIGHT, _LARGE = np.float32(24 / 255), np.float32(64 / 255)
"""What a network may change without meaning it: the shipped ones miss flat saturated colours by up
to 22 / 255, at the picture's edges most. From the larger on it is meant."""

COUNTS = {"RGB": 3, "BGR": 3, "Y": 1, "L": 1, "grey": 1, "mask": 1, "ab": 2}
"""How many channels each has."""

_ONE = np.ones(3, np.float32)
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
_CAFFE = np.array([123.68, 116.779, 103.939], np.float32)

RANGES: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {
    "0..1": (_ONE, 0 * _ONE),
    "0..255": (255 * _ONE, 0 * _ONE),
    "-1..1": (2 * _ONE, -_ONE),
    "0..100": (100 * _ONE, 0 * _ONE),
    "imagenet": (_ONE / _DEVIATION, -_MEAN / _DEVIATION),
    "caffe": (255 * _ONE, -_CAFFE),
}
"""Factors and summands, for red, green and blue, that turn 0 to 1 into a network's black to white.

The last two are how networks that began as classifiers of ImageNet are fed: by the mean and
deviation of its pictures (torchvision), by their mean alone (Caffe's models).
"""

SPREAD = "spread"
"""The range of a result whose least value is black and whose greatest is white, such as a depth."""

_AB = 128.0
"""What a* and b* are divided by where a network gives them in -1..1."""

CHROMA_REACH = 4
"""Pixels around its own that a resized colour depends on: bicubic looks at two, and spares."""

_TO_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Full-range BT.601, the luma of JPEG and of nearly every network that takes luma alone."""

_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ],
    np.float32,
)
"""Linear sRGB to XYZ (IEC 61966-2-1, D65), the white that networks with CIELAB are trained on."""

_WHITE = _TO_XYZ.sum(axis=1)

_BICUBIC, _LINEAR = PillowImage.Resampling.BICUBIC, PillowImage.Resampling.BILINEAR


@dataclass(frozen=True, slots=True)
class Format:
    """The picture as a network knows it: ``layout``, ``channels`` and ``values`` (the range).

    ``result`` and ``made`` are the channels and the range of what comes out.
    """

    layout: str = "NCHW"
    channels: str = "RGB"
    values: str = "0..1"
    result: str = "RGB"
    made: str = "0..1"

    def tensor(self, image: NDArray[np.float32], kind: str = "float32") -> NDArray[Any]:
        """(height, width, 3) float32, 0 to 1, as the network's input of numpy type ``kind``."""
        planes = _TAKEN[self.channels](image)
        factor, summand = RANGES[self.values]
        if self.values != "0..1":
            count = planes.shape[2]
            planes = planes * factor[:count] + summand[:count]
        if self.channels == "BGR":
            planes = planes[..., ::-1]
        if np.dtype(kind).kind in "iu":  # wraps round outside, where a float does not
            planes = np.clip(np.rint(planes), 0, np.iinfo(kind).max)
        return laid_out(planes, self.layout, kind)

    def returned(
        self,
        made: NDArray[np.float32],
        shown: NDArray[np.float32],
        beyond: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """A result (height, width, 3) with the light again that the network was not shown.

        ``shown`` and ``beyond`` are as ``folded`` gives them, of the size that went in. Where a
        pixel lies far beyond the range, and the network changes little, nothing counts as changed:
        there the sum is what went in, enlarged by the host. Light beyond is enlarged linearly,
        because anything sharper swings at the rims of highlights.
        """
        far = np.abs(beyond).max(axis=2)
        far = np.clip((far - _NEAR) / (_FAR - _NEAR), 0, 1, dtype=np.float32)
        if self.result in ("grey", "mask"):
            shown, beyond = (np.repeat(_luma(planes), 3, axis=2) for planes in (shown, beyond))
        size = made.shape[1], made.shape[0]
        before = each_resized(shown, size, _BICUBIC)
        change = np.abs(made - before).max(axis=2)
        slight = np.clip((_LARGE - change) / (_LARGE - _SLIGHT), 0, 1, dtype=np.float32)
        share = (_resized(far, size, _LINEAR) * slight)[..., np.newaxis]
        made = made + share * (before - made)
        return np.asarray(made + each_resized(beyond, size, _LINEAR), np.float32)

    def planes(self, result: NDArray[Any]) -> NDArray[np.float32]:
        """The network's result as (height, width, channels) float32, 0 to 1, in RGB order.

        a* and b* are in their own units. Raises ValueError for a result that is not shaped as
        the layout and channels say.
        """
        planes = unpacked(result, self.layout)
        if planes.shape[2] != COUNTS[self.result] or 0 in planes.shape:
            raise ValueError(result.shape)
        planes = planes.astype(np.float32, copy=False)
        if self.result == "ab":
            return planes * np.float32(_AB) if self.made == "-1..1" else planes
        if self.result == "BGR":
            planes = planes[..., ::-1]
        if self.made == "0..1":
            return planes
        if self.made == SPREAD:
            low, high = planes.min(), planes.max()
            return np.asarray((planes - low) / max(high - low, np.float32(1e-12)), np.float32)
        factor, summand = (item[: planes.shape[2]] for item in RANGES[self.made])
        return np.asarray((planes - summand) / factor, np.float32)

    def picture(self, planes: NDArray[np.float32], image: NDArray[np.float32]) -> Any:
        """``planes`` as (height, width, 3), with what they lack taken from ``image``.

        ``image`` is what went in; it is resized to the result, bicubic.
        """
        size = planes.shape[1], planes.shape[0]
        if self.result in ("grey", "mask"):
            return np.repeat(planes, 3, axis=2)
        if self.result == "ab":
            return _coloured(_resized(_lightness(image)[..., 0] * 100, size), planes)
        if self.result != "Y":
            return planes
        luma = image @ _TO_LUMA
        blue, red = (_resized(image[..., index] - luma, size) for index in (2, 0))
        # Colour differences, so that green follows from luma = 0.299 R + 0.587 G + 0.114 B.
        green = -(_TO_LUMA[0] * red + _TO_LUMA[2] * blue) / _TO_LUMA[1]
        return np.stack([red, green, blue], axis=2) + planes


def folded(
    image: NDArray[np.float32], *, grain: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """An image (height, width, 3) cut off at 0 and 1, and what that took away; None if nothing.

    With ``grain`` a pixel stays as it is whose neighbours do not all go beyond in the same way,
    unless it is as far beyond as no noise is.
    """
    if image.min() >= 0 and image.max() <= 1:
        return image, None
    inside = np.clip(image, 0, 1)
    beyond = image - inside
    if not grain:
        return inside, beyond
    alike = np.maximum(_least_around(beyond), _least_around(-beyond)).max(axis=2)
    depth = np.abs(beyond).max(axis=2)
    share = np.maximum(
        np.clip(alike / _NEAR, 0, 1), np.clip((depth - _LOUDEST) / (1 - _LOUDEST), 0, 1)
    )[..., np.newaxis]
    beyond = np.asarray(beyond * share, np.float32)
    return np.where(share == 1, inside, image - beyond), beyond


def _least_around(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The least in each channel of the pixels within GRAIN_REACH, as far as there are any."""
    for axis in (0, 1):
        lines = np.moveaxis(planes, axis, 0)
        least = lines.copy()
        for step in range(1, GRAIN_REACH + 1):
            np.minimum(least[step:], lines[:-step], out=least[step:])
            np.minimum(least[:-step], lines[step:], out=least[:-step])
        planes = np.moveaxis(least, 0, axis)
    return planes


def laid_out(planes: NDArray[Any], layout: str, kind: str = "float32") -> NDArray[Any]:
    """(height, width, channels) with its axes as ``layout`` says, of the dtype ``kind``."""
    if "HWC" not in layout:
        planes = planes.transpose(2, 0, 1)
    if layout.startswith("N"):
        planes = planes[np.newaxis]
    return np.ascontiguousarray(planes, kind)


def unpacked(result: NDArray[Any], layout: str) -> NDArray[Any]:
    """A network's result, of any dtype, as (height, width, channels). Raises ValueError when it is
    not laid out as ``layout`` says.
    """
    if result.ndim != len(layout) or (result.ndim == 4 and result.shape[0] != 1):
        raise ValueError(result.shape)
    planes = result[0] if result.ndim == 4 else result
    return planes if "HWC" in layout else planes.transpose(1, 2, 0)


def _luma(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return (image @ _TO_LUMA)[..., np.newaxis]


def _lightness(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """CIE L* of sRGB, 0 to 1."""
    luminance = to_linear(image) @ _TO_XYZ[1]
    root = np.where(luminance > 216 / 24389, np.cbrt(luminance), luminance * 841 / 108 + 4 / 29)
    return np.asarray((1.16 * root - 0.16)[..., np.newaxis], np.float32)


def _coloured(lightness: NDArray[np.float32], ab: NDArray[np.float32]) -> NDArray[np.float32]:
    """sRGB from CIELAB: lightness (height, width), 0 to 100; ab (height, width, 2)."""
    middle = (lightness + 16) / 116
    roots = np.stack([middle + ab[..., 0] / 500, middle, middle - ab[..., 1] / 200], axis=2)
    xyz = np.where(roots > 6 / 29, roots**3, (roots - 4 / 29) * 108 / 841) * _WHITE
    return from_linear(np.asarray(xyz @ np.linalg.inv(_TO_XYZ).T, np.float32))


_TAKEN: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    **{"RGB": np.asarray, "BGR": np.asarray},
    **{"Y": _luma, "L": _lightness},
}
"""What of a picture goes in, in the order of red, green and blue."""


def _resized(
    plane: NDArray[np.float32], size: tuple[int, int], how: PillowImage.Resampling = _BICUBIC
) -> NDArray[np.float32]:
    if plane.shape == size[::-1]:
        return plane
    image = PillowImage.fromarray(np.ascontiguousarray(plane))
    return np.asarray(image.resize(size, how), np.float32)


def each_resized(
    image: NDArray[np.float32],
    size: tuple[int, int],
    how: PillowImage.Resampling = _BICUBIC,
) -> NDArray[np.float32]:
    """Planes (height, width, channels) resized to (width, height); made smaller they are averaged
    over what each pixel stands for.
    """
    if image.shape[1::-1] == size:
        return image
    return np.stack([_resized(image[..., n], size, how) for n in range(image.shape[2])], axis=2)


def windows(length: int, window: int, overlap: int) -> list[tuple[int, int, int]]:
    """Cut a line of ``length`` into windows of one fixed size: (start, keep from, keep to) each.

    The keeps cover the line once; each is ``overlap`` away from its window's ends, except at the
    line's own. A line shorter than the window is one window that the caller fills up.
    """
    found: list[tuple[int, int, int]] = []
    start = kept = 0
    while start + window < length:
        found.append((start, kept, start + window - overlap))
        kept = start + window - overlap
        start = kept - overlap
    return [*found, (max(min(start, length - window), 0), kept, length)]
