"""Estimates: how noisy a picture is, and with which quality it was saved as a JPEG.

Both look at a whole picture, (h, w, 3) float32, sRGB-encoded, 0 to 1. NumPy alone; nothing of
Safelight's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Image = Array

PATCH = 7  # pixels; side of the patches that noise is estimated from
MOST_PATCHES = 20_000
LEAST_CUT_OFF = 0.2  # share of the patches that count in any case
SQUARE = 8  # pixels; side of the squares that say how calm a picture is
FEWEST_SQUARES = 20
CALM, CALMEST = 0.05, 0.01  # shares of the squares that are calmer than those compared
COLOURED = 0.15  # times the unrest of brightness, which that of colours is at least in noise
ALIKE = 1.25  # times the unrest of the calmest squares, up to where calm ones hold noise alone
TIED = 1.25  # times the white noise, from where on what is in calm squares is noise of another kind
MOST_COARSER = 1.3  # times the unrest of the picture itself, that of its half size at most
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)

BLOCK = 8  # pixels; side of JPEG's blocks
MOST_BLOCKS = 20_000
BAND = 16  # blocks; rows of a picture too large to be looked at whole that lie together
LOWEST = 15  # frequencies that the quality is read from, by their sum of row and column
FEWEST = 200  # coefficients that are not zero, below which a picture says nothing
SMALLEST = 1.5  # 8-bit levels; a coefficient below may be a zero that was rounded as pixels
AGREEMENT = 0.5  # of coefficients with the steps of a quality; 1 is all of them, 0 is chance
FINEST_STEP = 1.8  # 8-bit levels; finer steps are lost in the rounding to pixels

# The luminance table of the JPEG standard (ITU-T T.81, table K.1), that programs scale by quality.
STANDARD = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)


def noise_level(image: Image) -> float:
    """The standard deviation of noise in a picture (black to white is 1); 0 if it is small.

    White noise is found as Chen, Zhu and Heng do. Where the calmest squares of the picture have
    more of it, the noise is tied to its neighbours, as in files from cameras and in what has been
    compressed: then those squares tell.
    """
    white, calm = _white_noise(image), _unrest(image)
    if calm <= TIED * white:
        return white
    # What is tied to its neighbours is not lost, as white noise is, where four pixels become one.
    return max(white, calm, min(2 * _unrest(_halved(image)), MOST_COARSER * calm))


def _white_noise(image: Image) -> float:
    """The standard deviation of white noise; 0 if it is small.

    Chen, Zhu and Heng, "An Efficient Statistical Method for Image Noise Level Estimation" (2015):
    small patches lie near a plane of few dimensions, so in all others there is noise alone, and the
    variances there are those around their own median.
    """
    patches = _patches(image)
    if len(patches) < 2 * patches.shape[1]:
        return 0.0
    variances = np.linalg.eigvalsh(np.cov(patches, rowvar=False))
    means = np.cumsum(variances) / np.arange(1, len(variances) + 1)
    for count in range(len(variances), 0, -1):
        middle = np.median(variances[:count])
        if means[count - 1] <= middle:
            return float(np.sqrt(max(means[count - 1], 0)))
    return float(np.sqrt(max(variances[0], 0)))


def _unrest(image: Image) -> float:
    """The standard deviation in the calmest squares of a picture, around a surface of the second
    degree in each; 0 where there are few, and for texture, which is not alike in all of them as
    noise is, or has hardly any colour of its own. Squares with values at black or white do not
    count where there are others: there, noise has been cut off.
    """
    height, width = (side // SQUARE for side in image.shape[:2])
    squares = image[: height * SQUARE, : width * SQUARE].reshape(height, SQUARE, width, SQUARE, 3)
    step = max(1, int(np.sqrt(height * width / MOST_PATCHES)))
    squares = squares[::step, :, ::step].transpose(0, 2, 4, 1, 3).reshape(-1, 3, SQUARE * SQUARE)
    squares = squares[np.isfinite(squares).all((1, 2))]
    whole = ((squares > 0) & (squares < 1)).all((1, 2))
    squares = squares[whole] if whole.sum() >= FEWEST_SQUARES else squares
    if len(squares) < FEWEST_SQUARES:
        return 0.0
    y, x = np.indices((SQUARE, SQUARE)).reshape(2, -1) - (SQUARE - 1) / 2
    surface, _ = np.linalg.qr(np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=1))
    rest = squares - (squares @ surface) @ surface.T
    variances = (rest**2).sum(2).mean(1) / (SQUARE * SQUARE - surface.shape[1])
    calmest, calm = np.sqrt(np.quantile(variances, [CALMEST, CALM]))
    quiet = rest[variances <= calm**2]
    light = quiet.mean(1, keepdims=True)
    coloured = ((quiet - light) ** 2).mean() >= COLOURED**2 * (light**2).mean()
    return float(calm) if coloured and calm <= ALIKE * calmest else 0.0


def _halved(image: Image) -> Image:
    """The means of each four pixels."""
    height, width = (side // 2 * 2 for side in image.shape[:2])
    halved: Image = image[:height, :width].reshape(height // 2, 2, width // 2, 2, 3).mean((1, 3))
    return halved


def _patches(image: Image) -> Array:
    """Patches of a picture as rows, (n, PATCH * PATCH * 3), spread over all of it.

    Those with values at black or white are left out, as far as enough remain: there, noise has
    been cut off.
    """
    if min(image.shape[:2]) < PATCH:
        return np.empty((0, PATCH * PATCH * 3), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(image, (PATCH, PATCH), (0, 1))
    step = max(1, int(np.sqrt(windows.shape[0] * windows.shape[1] / MOST_PATCHES)))
    rows = windows[::step, ::step].reshape(-1, PATCH * PATCH * 3)
    rows = rows[np.isfinite(rows).all(1)]
    if not len(rows):
        return rows
    cut_off = ((rows <= 0) | (rows >= 1)).mean(1)
    return np.ascontiguousarray(rows[cut_off <= np.quantile(cut_off, LEAST_CUT_OFF)], np.float32)


def table_of(quality: int) -> NDArray[np.int64]:
    """The (8, 8) steps of luminance that the IJG's library uses at a quality of 1 to 100."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((STANDARD * scale + 50) // 100, 1, 255)


def quality_of_table(steps: Sequence[int]) -> int:
    """The quality, 1 to 100, whose luminance table is nearest to a file's 64 steps, in any order.

    Raises ValueError when there are not 64.
    """
    given = np.sort(np.asarray(steps).ravel())
    if given.size != STANDARD.size:
        raise ValueError(f"a quantisation table has 64 steps, not {given.size}")
    distances = [np.abs(np.sort(table_of(q), None) - given).sum() for q in range(1, 101)]
    return int(np.argmin(distances)) + 1


def jpeg_quality(image: Image) -> int | None:
    """The quality that a picture's pixels were last saved with; None where none can be seen.

    Coefficients of a JPEG's blocks are whole multiples of its steps, and are so again when its
    pixels are transformed: cos(2 pi c / step) is 1 for such a multiple. The lowest quality counts
    whose steps agree, since those of many a higher one do too: they are their divisors. After Fan
    and de Queiroz, "Identification of Bitmap Compression History" (2003). Blocks may start
    anywhere; the picture has been neither resized nor changed in tone.
    """
    plane = np.concatenate([_plane(band) for band in _bands(image)])
    top, left = _grid(plane), _grid(plane.T)
    found = [_quality_on(plane[y:, x:]) for y, x in {(0, 0), (top, left)}]
    return min((quality for quality in found if quality), default=None)


def _bands(image: Image) -> list[Image]:
    """Bands of rows spread over a picture, its first pixel's row of a block being theirs as well.

    All of it where it is small; MOST_BLOCKS, roughly, where it is large.
    """
    height, width = image.shape[:2]
    rows = BAND * BLOCK
    count = max(1, MOST_BLOCKS * BLOCK * BLOCK // (rows * width))
    if height <= count * rows:
        return [image]
    starts = np.linspace(0, height - rows, count).astype(int) // BLOCK * BLOCK
    return [image[start : start + rows] for start in starts]


def _plane(band: Image) -> Array:
    """Its luminance, 0 to 255, and a row of blocks below that are not known, (h + BLOCK, w).

    Nor is what has been cut off at black or white: a decoder's overshoot was lost there.
    """
    sure = ((band > 0) & (band < 1)).all(2)
    plane = np.where(sure, 255 * (np.where(sure[..., None], band, 0) @ LUMINANCE), np.nan)
    rest = -len(band) % BLOCK + BLOCK
    return np.pad(plane, ((0, rest), (0, 0)), constant_values=np.nan).astype(np.float32)


def _grid(plane: Array) -> int:
    """In which of eight rows blocks begin: where the second difference is largest on average."""
    rough = np.abs(plane[:-3] - 3 * plane[1:-2] + 3 * plane[2:-1] - plane[3:])
    if len(rough) < BLOCK:
        return 0
    counts = [np.isfinite(rough[n::BLOCK]).sum() for n in range(BLOCK)]
    means = [np.nansum(rough[n::BLOCK]) / max(count, 1) for n, count in enumerate(counts)]
    return (int(np.argmax(means)) + 2) % BLOCK


def _quality_on(plane: Array) -> int | None:
    """The quality of a luminance plane, 0 to 255, whose blocks begin at its corner.

    Blocks with a value that is not finite do not count.
    """
    height, width = (side // BLOCK for side in plane.shape)
    blocks = plane[: height * BLOCK, : width * BLOCK].reshape(height, BLOCK, width, BLOCK)
    blocks = blocks.swapaxes(1, 2).reshape(-1, BLOCK, BLOCK)
    blocks = blocks[np.isfinite(blocks).all((1, 2))]
    blocks = blocks[:: max(1, len(blocks) // MOST_BLOCKS)]
    cosine = _cosines()
    row, column = _frequencies()
    coefficients = (cosine @ blocks @ cosine.T)[:, row, column]
    scores = [_agreement(coefficients, table_of(q)[row, column]) for q in range(1, 100)]
    lowest = next((n for n, score in enumerate(scores) if score > AGREEMENT), None)
    if lowest is None:
        return None
    # Qualities beside the right one agree as well, only less.
    end = next((n for n in range(lowest, len(scores)) if scores[n] <= AGREEMENT), len(scores))
    return lowest + 1 + int(np.argmax(scores[lowest:end]))


def _agreement(coefficients: Array, steps: NDArray[np.int64]) -> float:
    """How well coefficients (n, frequencies) fit whole multiples of steps: 1 all do, 0 chance.

    Those that are zero fit everything and do not count; one that should have become zero does not
    fit. 0 where the steps are too fine to tell.
    """
    coarse = steps >= FINEST_STEP
    kept, of = coefficients[:, coarse], steps[coarse]
    counted = np.abs(kept) > SMALLEST
    if counted.sum() < FEWEST:
        return 0.0
    waves = np.where(np.abs(kept) < of / 2, -1, np.cos(2 * np.pi * kept / of))
    return float(waves[counted].mean())


def _cosines() -> Array:
    """The orthonormal DCT-II of 8 values, (8, 8): frequency by place."""
    place = np.arange(BLOCK)
    waves = np.cos(np.pi * (2 * place[None] + 1) * place[:, None] / (2 * BLOCK))
    waves[0] /= np.sqrt(2)
    return (waves / 2).astype(np.float32)


def _frequencies() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(rows, columns) of the lowest frequencies but the mean."""
    row, column = np.indices((BLOCK, BLOCK)).reshape(2, -1)
    order = np.argsort(row + column, kind="stable")[1 : LOWEST + 1]
    return row[order], column[order]
