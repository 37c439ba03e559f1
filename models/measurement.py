"""How well a result matches the original, measured on luminance.

PSNR and SSIM are the papers' measures: they compare the Y channel of BT.601 (16 to 235) after
leaving out a border as wide as the scale. `grey` marks a picture whose file holds a single channel:
the papers' scripts compare that channel as it is, 0 to 255, which gives 1.3 dB less than Y would.
Set14 has one such file.

A network trained to look crisp loses by both, because they reward the mean of what is plausible.
Two more say something about it, neither made of what such networks are trained with: GMSD, whether
edges are where they were, and the spectral distance, whether there is as much fine detail as there
was, wherever it may lie. Read them together: noise lowers the second and raises the first.
"""

from __future__ import annotations

import numpy as np


def luminance(image: np.ndarray, grey: bool = False) -> np.ndarray:
    """Y of (h, w, 3) uint8 sRGB, as float64 in 16 to 235 (MATLAB's rgb2ycbcr, not rounded).

    With `grey` the same weights over the full range, 0 to 255.
    """
    weighted = image.astype(np.float64) @ np.array([65.481, 128.553, 24.966])
    return weighted / 219 if grey else 16 + weighted / 255


def inside(image: np.ndarray, border: int) -> np.ndarray:
    """The picture without `border` pixels on each side."""
    return image[border : image.shape[0] - border, border : image.shape[1] - border]


def psnr(result: np.ndarray, original: np.ndarray, border: int, grey: bool = False) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures on Y, in dB. Infinite when equal."""
    difference = inside(luminance(result, grey) - luminance(original, grey), border)
    error = float(np.mean(difference**2))
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def colour_psnr(result: np.ndarray, original: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures over all three colours, in dB.

    What papers on colour denoising print. Infinite when equal.
    """
    error = float(np.mean(np.square(result.astype(np.float64) - original)))
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def smooth(plane: np.ndarray) -> np.ndarray:
    """An 11x11 Gaussian of sigma 1.5 over (h, w), only where it fits wholly (h-10, w-10)."""
    window = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window /= window.sum()
    height, width = plane.shape
    rows = sum(window[k] * plane[k : height - 10 + k] for k in range(11))
    return sum(window[k] * rows[:, k : width - 10 + k] for k in range(11))


def ssim(result: np.ndarray, original: np.ndarray, border: int, grey: bool = False) -> float:
    """Structural similarity of two uint8 pictures on Y (Wang et al., 2004), 1 when equal."""
    return similarity(*(inside(luminance(image, grey), border) for image in (result, original)))


def edge_ssim(result: np.ndarray, original: np.ndarray) -> float:
    """Structural similarity of where the edges of two uint8 pictures are, 1 when equal.

    SSIM of Prewitt's gradient magnitudes on luminance, each in parts of its own mean times 64: a
    picture of more contrast has the same edges.
    """
    magnitudes = [prewitt(luminance(image, grey=True)) for image in (result, original)]
    return similarity(*(64 * edges / (edges.mean() + 1e-6) for edges in magnitudes))


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """SSIM of two planes whose range is about 0 to 255."""
    near, like = similarity_terms(a, b)
    return float(np.mean(near * like))


def similarity_terms(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How like the means around each place are, and how like contrast and structure, of two planes
    (h, w) whose range is about 0 to 255; each (h-10, w-10).
    """
    mean_a, mean_b = smooth(a), smooth(b)
    var_a = smooth(a * a) - mean_a**2
    var_b = smooth(b * b) - mean_b**2
    covariance = smooth(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    near = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return near, (2 * covariance + c2) / (var_a + var_b + c2)


MS_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""What each scale counts in `ms_ssim`, the finest first, as the paper found by asking people."""


def ms_ssim(result: np.ndarray, original: np.ndarray) -> float:
    """Structural similarity of two uint8 pictures on Y over five scales, 1 when equal.

    Wang, Simoncelli and Bovik, "Multi-Scale Structural Similarity for Image Quality Assessment"
    (2003): contrast and structure of each scale, luminance of the coarsest, each to its weight;
    a scale is the one before averaged 2x2, a last odd row or column left out. A scale that is
    contrary counts 0. Raises ValueError where the shorter side is under 176 pixels, of which the
    coarsest scale has 11.
    """
    if min(result.shape[:2]) < 11 * 16:
        raise ValueError(f"{result.shape[:2]}: five scales need 176 pixels a side")
    a, b = luminance(result), luminance(original)
    product = 1.0
    for number, weight in enumerate(MS_WEIGHTS):
        near, like = similarity_terms(a, b)
        coarsest = number == len(MS_WEIGHTS) - 1
        found = float(np.mean(near * like if coarsest else like))
        product *= max(found, 0.0) ** weight
        a, b = halved(a), halved(b)
    return product


def halved(plane: np.ndarray) -> np.ndarray:
    """(h, w) averaged 2x2 to (h // 2, w // 2)."""
    height, width = (side // 2 for side in plane.shape)
    return plane[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean((1, 3))


def prewitt(plane: np.ndarray) -> np.ndarray:
    """Gradient magnitude of (h, w) by Prewitt's 3x3 masks over 3, where they fit (h-2, w-2)."""
    down = plane[:-2] + plane[1:-1] + plane[2:]
    right = plane[:, :-2] + plane[:, 1:-1] + plane[:, 2:]
    return np.hypot(down[:, 2:] - down[:, :-2], right[2:] - right[:-2]) / 3


def gmsd(result: np.ndarray, original: np.ndarray, border: int) -> float:
    """Gradient magnitude similarity deviation of two uint8 pictures: 0 when equal, more is worse.

    Xue et al., "Gradient Magnitude Similarity Deviation: A Highly Efficient Perceptual Image
    Quality Index" (2014): on luminance 0 to 255, halved by averaging 2x2, with its constant of 170.
    The outermost samples, where the authors' script sees black beyond the border, are left out.
    """
    magnitudes = []
    for image in (result, original):
        magnitudes.append(prewitt(halved(inside(luminance(image, grey=True), border))))
    a, b = magnitudes
    similarity = (2 * a * b + 170) / (a**2 + b**2 + 170)
    return float(similarity.std(ddof=1))


def radial_spectrum(plane: np.ndarray) -> np.ndarray:
    """Mean power of (h, w) at 32 distances from zero frequency, up to half a cycle a pixel.

    The mean is taken off and a Hann window laid over it, so that borders make no lines. A ring that
    no frequency of a small picture falls into is NaN.
    """
    height, width = plane.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    power = np.abs(np.fft.fft2((plane - plane.mean()) * window)) ** 2 / (window**2).sum()
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    ring = np.floor(radius * 2 * 32).astype(int).ravel()
    kept = ring < 32
    count = np.bincount(ring[kept], minlength=32)
    total = np.bincount(ring[kept], power.ravel()[kept], minlength=32)
    with np.errstate(invalid="ignore"):
        return total / count


def spectral_distance(result: np.ndarray, original: np.ndarray, scale: int) -> float:
    """How far the amount of fine detail in the result is from the original's, in dB; 0 when equal.

    Mean absolute difference of the radial power spectra in dB, over the frequencies that a picture
    `scale` times smaller cannot hold. After Durall et al., "Watch your Up-Convolution" (2020), who
    compare networks' pictures with photographs by this spectrum. The floor, the power of rounding
    to 8 bits (1/12), keeps detail that nobody can see from counting.
    """
    a, b = (
        10 * np.log10(radial_spectrum(inside(luminance(image, grey=True), scale)) + 1 / 12)
        for image in (result, original)
    )
    return float(np.nanmean(np.abs(a - b)[32 // scale :]))
