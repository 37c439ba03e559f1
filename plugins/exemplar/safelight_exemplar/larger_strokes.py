"""Larger strokes: a painting whose strokes stay sharp where it is drawn larger than it is.

A scan of 512 pixels that paints 24 megapixels is seen twelve times as large: what interpolation
makes of it is soft. Paint runs along its strokes, so what is enlarged is smoothed along them and
sharpened across them, and the bristles of a brush are laid on top, as strong as the light varies.
After J. Kyprianidis and H. Kang, "Image and Video Abstraction by Coherence-Enhancing Filtering",
CGF 30 (2011), and B. Cabral and L. Leedom, "Imaging Vector Fields Using Line Integral Convolution",
SIGGRAPH 1993. Pictures are float32 (height, width, 3), 0 to 1.
"""

import numpy as np

from .brushwork import softened
from .kernel_cache import compiled
from .kernels import shared_rows
from .pyramid import smooth_doubled

_compiled = compiled(nogil=True)

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)

_ALONG = 4
"""Pixels to both sides along a stroke that a colour is the mean of."""

_BRISTLE = 10
"""Pixels to both sides along a stroke that a bristle's trace is the mean of."""

_SHARPER = np.float32(1.2)
"""Of what differs from the pixels around it, how much is added: edges of strokes are sharp."""

_RELIEF = np.float32(0.35)
"""How far traces of bristles are lighter and darker, in spreads of the light around them."""

_NEAR = 4
"""Pixels over which the direction of a stroke is a mean."""


def doubled_strokes(painting, seed=0):
    """A painting at twice the size, its strokes with sharp edges and traces of bristles."""
    height, width = painting.shape[:2]
    large = smooth_doubled(painting, (2 * height, 2 * width))
    light = large @ _LUMA
    down, across = directions(light)
    even = traced(large, down, across, _ALONG)
    chance = np.random.default_rng([seed, height, width])
    grain = chance.standard_normal(light.shape, np.float32)[..., None]
    grain = traced(grain, down, across, _BRISTLE)
    grain /= max(float(grain.std()), 1e-6)
    varied = np.sqrt(softened(np.square(light - softened(light, 3)), 5))[..., None]
    even += _SHARPER * (even - softened(even, 1)) + _RELIEF * varied * grain
    return np.clip(even, 0, 1, out=even)


def directions(light):
    """Along which way a stroke runs at each pixel of light (height, width): how far down and how
    far across it goes in one pixel, float32 (height, width) each.
    """
    down, across = np.gradient(softened(light, 1))
    both = np.stack([across * across - down * down, 2 * across * down], -1)
    both = softened(both, _NEAR)
    uphill = 0.5 * np.arctan2(both[..., 1], both[..., 0])
    return np.cos(uphill), -np.sin(uphill)


def traced(picture, down, across, half):
    """A picture (height, width, n) smoothed along the lines of a field of directions, ``half``
    pixels to both sides, what is nearer counting more.
    """
    result = np.empty_like(picture)
    told = picture, down, across, half, result
    shared_rows(picture.shape[0], lambda rows: _trace(rows, *told))
    return result


@_compiled
def _trace(rows, picture, down, across, half, result):
    height, width, channels = picture.shape
    sums = np.empty(channels, np.float32)
    for y in rows:
        for x in range(width):
            for channel in range(channels):
                sums[channel] = picture[y, x, channel]
            total = np.float32(1.0)
            for side in range(2):
                dy, dx = down[y, x], across[y, x]
                if side == 1:
                    dy, dx = -dy, -dx
                py, px = np.float32(y), np.float32(x)
                for step in range(half):
                    py, px = py + dy, px + dx
                    if not (0 <= py < height - 1 and 0 <= px < width - 1):
                        break
                    iy, ix = int(py), int(px)
                    fy, fx = py - iy, px - ix
                    share = np.float32(1.0) - np.float32(step + 1) / np.float32(half + 1)
                    a, b = share * (1 - fy) * (1 - fx), share * (1 - fy) * fx
                    c, d = share * fy * (1 - fx), share * fy * fx
                    for channel in range(channels):
                        sums[channel] += (
                            a * picture[iy, ix, channel]
                            + b * picture[iy, ix + 1, channel]
                            + c * picture[iy + 1, ix, channel]
                            + d * picture[iy + 1, ix + 1, channel]
                        )
                    total += share
                    ny = down[int(py + 0.5), int(px + 0.5)]
                    nx = across[int(py + 0.5), int(px + 0.5)]
                    if ny * dy + nx * dx < 0:
                        ny, nx = -ny, -nx
                    dy, dx = ny, nx
            for channel in range(channels):
                result[y, x, channel] = sums[channel] / total
