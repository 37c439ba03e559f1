"""Bilateral grid: what a network sees of a photograph, and colour transforms that hang on place,
luminance and on whether something has the colours of leaves.

J. Chen, S. Paris and F. Durand, "Real-Time Edge-Aware Image Processing with the Bilateral Grid",
SIGGRAPH 2007; of affine transforms as M. Gharbi et al., "Deep Bilateral Learning for Real-Time
Image Enhancement", SIGGRAPH 2017.
"""

import numpy as np

SIDE, FINE = 32, 3
"""Places of the maps across and down, and pixels a side that each is the mean of."""

SHAPE = (8, 8, 6, 2, 12)
"""Of a grid: down, across, luminance, kind (all else, leaves), and the terms of a transform: three
rows of three factors, then three offsets."""

_SHARES = np.array([0.2126, 0.7152, 0.0722], np.float32)


def ramp(values: np.ndarray, start: float, end: float) -> np.ndarray:
    """0 up to ``start``, 1 from ``end`` on, a straight line between: float32 of the same shape."""
    return np.clip((values - np.float32(start)) / np.float32(end - start), 0, 1)


def luminance(image: np.ndarray) -> np.ndarray:
    """Luminance of encoded values (..., 3), 0 to 1: float32 (...)."""
    return np.clip(image @ _SHARES, 0, 1)


def leaves(image: np.ndarray) -> np.ndarray:
    """How much pixels (..., 3), sRGB-encoded, 0 to 1, are coloured as leaves: float32 (...).

    From yellow to blueish green, by hue and saturation.
    """
    red, green, blue = (image[..., i] for i in range(3))
    across, up = red - (green + blue) / 2, (green - blue) * np.float32(0.8660254)
    hue = np.degrees(np.arctan2(up, across))
    colour = np.sqrt(across * across + up * up) / (image.max(-1) + np.float32(0.08))
    return ramp(hue, 46, 62) * ramp(hue, 158, 130) * ramp(colour, 0.07, 0.2)


def maps(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the network is shown of a picture (height, width, 3), 0 to 1: float32 (SIDE, SIDE, 3).

    The means of SIDE by SIDE parts of it, whatever its proportions; and the deviation of luminance,
    the share of leaves and the darkest channel within each.
    """
    small = reduced(picture, SIDE * FINE, SIDE * FINE)
    parts = small.reshape(SIDE, FINE, SIDE, FINE, 3)
    light = luminance(parts)
    square = (light * light).mean((1, 3)) - light.mean((1, 3)) ** 2
    detail = np.sqrt(np.maximum(square, 0)), leaves(parts).mean((1, 3)), parts.min((1, 3, 4))
    return parts.mean((1, 3)), np.stack(detail, -1).astype(np.float32)


def reduced(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """A picture (h, w, channels) as the means of (height, width) parts of it: float32."""
    picture = np.asarray(picture, np.float32)
    for axis, sides in enumerate((height, width)):
        length = picture.shape[axis]
        edges = np.arange(sides + 1) * length / sides
        first = np.minimum(np.floor(edges[:-1]).astype(int), length - 1)
        last = np.maximum(np.ceil(edges[1:]).astype(int), first + 1)
        total = np.cumsum(picture, axis=axis, dtype=np.float64)
        total = np.concatenate([np.zeros_like(total.take([0], axis)), total], axis)
        counts = (last - first).reshape([-1, 1, 1] if axis == 0 else [1, -1, 1])
        picture = ((total.take(last, axis) - total.take(first, axis)) / counts).astype(np.float32)
    return picture


def changed(
    picture: np.ndarray, grid: np.ndarray, across: np.ndarray, down: np.ndarray
) -> np.ndarray:
    """A picture (height, width, 3) as a grid float32 (SHAPE) changes it, a new float32 array.

    ``across`` (width,) and ``down`` (height,) are where its pixels lie in the whole, 0 to 1.
    Transforms are interpolated between those of the grid, and are of the colour within 0 to 1; what
    lies outside is added again.
    """
    cells, tones = SHAPE[1], SHAPE[2]
    result = np.array(picture, np.float32)
    row_of, row_part = _between(down, SHAPE[0])
    column, part = _between(across, cells)
    place = column * tones
    for y, row in enumerate(result):
        table = grid[row_of[y]] * (1 - row_part[y]) + grid[row_of[y] + 1] * row_part[y]
        table = table.reshape(cells * tones, 2, SHAPE[4])
        colour = np.clip(np.nan_to_num(row), 0, 1)
        tone, share = _between_tones(luminance(colour), tones)
        corners = (
            (place + tone, (1 - part) * (1 - share)), (place + tone + 1, (1 - part) * share),
            (place + tones + tone, part * (1 - share)), (place + tones + tone + 1, part * share),
        )  # fmt: skip
        terms = _gathered(np.ascontiguousarray(table[:, 0]), corners)
        leaf = leaves(colour)
        green = np.flatnonzero(leaf)
        if green.size:
            apart = np.ascontiguousarray(table[:, 1] - table[:, 0])
            chosen = [(index[green], weight[green]) for index, weight in corners]
            terms[green] += leaf[green, None] * _gathered(apart, chosen)
        for channel in range(3):
            factors = terms[:, 3 * channel : 3 * channel + 3]
            row[:, channel] += (factors * colour).sum(1) + terms[:, 9 + channel]
    return result


def _gathered(table: np.ndarray, corners) -> np.ndarray:
    """Rows of a table (rows, terms) weighted together: (pixels, terms)."""
    (index, weight), *others = corners
    found = table[index] * weight[:, None]
    for index, weight in others:
        found += table[index] * weight[:, None]
    return found


def _between(places: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """The cell before each place, and how far it is on the way to the next one's middle."""
    at = np.clip(np.asarray(places, np.float32) * cells - np.float32(0.5), 0, cells - 1)
    first = np.minimum(at.astype(int), cells - 2)
    return first, (at - first).astype(np.float32)


def _between_tones(light: np.ndarray, tones: int) -> tuple[np.ndarray, np.ndarray]:
    at = light * np.float32(tones - 1)
    first = np.minimum(at.astype(int), tones - 2)
    return first, (at - first).astype(np.float32)
