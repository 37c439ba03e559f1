"""Shapes: pictures of one shape, whose size, hue, roundness and place are known.

python shapes.py FOLDER writes some, to try directions with.
"""

import sys
from pathlib import Path

import numpy as np

AMOUNTS = ("size", "hue", "roundness", "across", "down")
"""What differs between two shapes, each -1 to 1: small to large, red to green, square to round,
left to right, top to bottom."""

SIDE = 32
"""Pixels a side of what the network sees."""

_GROUND = 0.45  # the grey behind a shape


def drawn(amounts, side=SIDE):
    """Shapes with these amounts (n, 5), as float32 (n, side, side, 3), sRGB-encoded, 0 to 1."""
    size, hue, roundness, across, down = np.asarray(amounts, np.float64).T[..., None, None]
    radius = (9.5 + 2.5 * size) / SIDE
    power = 2 / (0.7 + 0.5 * roundness)  # of a superellipse: 10 is nearly a square, 2 a circle
    places = (np.arange(side) + 0.5) / side - 0.5
    u = np.abs(places - 3.5 / SIDE * across) / radius
    v = np.abs(places[:, None] - 3.5 / SIDE * down) / radius
    distance = (u**power + v**power) ** (1 / power)
    cover = np.clip((1 - distance) * radius * side + 0.5, 0, 1)[..., None]
    angle = (hue[..., 0] + 1) * 60  # degrees, of hue: red, yellow, green
    red, green = np.clip((120 - angle) / 60, 0, 1), np.clip(angle / 60, 0, 1)
    colour = 0.15 + 0.75 * np.stack([red, green, np.zeros_like(red)], -1)[:, None]
    return (_GROUND + cover * (colour - _GROUND)).astype(np.float32)


def chance(count, seed=0):
    """Amounts drawn at random: float64 (count, 5), each evenly from -1 to 1."""
    return np.random.default_rng(seed).uniform(-1, 1, (count, len(AMOUNTS)))


def write(folder, count=12, side=256):
    """Write ``count`` pictures of each end of each amount, as NAME-most-1.png and NAME-least-1.png,
    all else by chance: two handfuls to find a direction with.
    """
    from PIL import Image

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for which, name in enumerate(AMOUNTS):
        for end, sign in (("most", 1), ("least", -1)):
            amounts = chance(count, 2 * which + (sign > 0))
            amounts[:, which] = sign * (0.7 + 0.3 * np.abs(amounts[:, which]))
            for number, picture in enumerate(drawn(amounts, side), 1):
                pixels = np.rint(255 * picture).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{name}-{end}-{number}.png")


if __name__ == "__main__":
    write(*sys.argv[1:2])
