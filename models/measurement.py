"""How well an enlarged picture matches the original: PSNR and SSIM on luminance, as papers do.

Both compare the Y channel of BT.601 (16 to 235) after leaving out a border as wide as the scale.
`grey` marks a picture whose file holds a single channel: the papers' scripts compare that channel
as it is, 0 to 255, which gives 1.3 dB less than Y would. Set14 has one such file.
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


def smooth(plane: np.ndarray) -> np.ndarray:
    """An 11x11 Gaussian of sigma 1.5 over (h, w), only where it fits wholly (h-10, w-10)."""
    window = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window /= window.sum()
    height, width = plane.shape
    rows = sum(window[k] * plane[k : height - 10 + k] for k in range(11))
    return sum(window[k] * rows[:, k : width - 10 + k] for k in range(11))


def ssim(result: np.ndarray, original: np.ndarray, border: int, grey: bool = False) -> float:
    """Structural similarity of two uint8 pictures on Y (Wang et al., 2004), 1 when equal."""
    a, b = (inside(luminance(image, grey), border) for image in (result, original))
    mean_a, mean_b = smooth(a), smooth(b)
    var_a = smooth(a * a) - mean_a**2
    var_b = smooth(b * b) - mean_b**2
    covariance = smooth(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float(np.mean(top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))))
