"""What others do without a network, to be compared with: OpenCV's and scikit-image's methods.

A method is a function from the damaged picture, (h, w, 3) float32, and how strong the damage is, to
the cleaned one, the same. Where it has a strength of its own to choose, several are offered under
the same name, and the one that does best on all pictures counts: they get every benefit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np
from skimage import filters, restoration

from models.degradation import fraction, levels

Method = Callable[[np.ndarray, float], np.ndarray]

NLM_STRENGTHS = (0.5, 0.75, 1.0)  # times the noise's standard deviation
TV_WEIGHTS = (0.01, 0.02, 0.04)
UNSHARP_AMOUNTS = (0.5, 1.0, 2.0)
LUCY_ROUNDS = (10, 30)
BORDER = 32  # pixels that Richardson-Lucy is given beyond the border, which it darkens


def opencv_means(strength: float) -> Method:
    """Non-local means (Buades et al. 2005) as in OpenCV, which takes 8-bit pictures only."""

    def method(image: np.ndarray, sigma: float) -> np.ndarray:
        h = 255 * sigma * strength
        return fraction(cv2.fastNlMeansDenoisingColored(levels(image), None, h, h, 7, 21))

    return method


def skimage_means(strength: float) -> Method:
    """Non-local means as in scikit-image, told the noise."""

    def method(image: np.ndarray, sigma: float) -> np.ndarray:
        return restoration.denoise_nl_means(
            image, 5, 6, strength * sigma, sigma=sigma, fast_mode=True, channel_axis=-1
        )

    return method


def wavelets(image: np.ndarray, sigma: float) -> np.ndarray:
    """BayesShrink (Chang et al. 2000) on luminance and colour differences, told the noise."""
    return restoration.denoise_wavelet(
        image, sigma=sigma, convert2ycbcr=True, rescale_sigma=True, channel_axis=-1
    )


def total_variation(weight: float) -> Method:
    """Total variation (Chambolle 2004), which smooths what is neither flat nor an edge."""
    return lambda image, _: restoration.denoise_tv_chambolle(image, weight, channel_axis=-1)


def unsharp(amount: float) -> Method:
    """Unsharp masking with the true width of a Gaussian blur, in pixels.

    Each channel as a picture of its own: scikit-image 0.26 with SciPy 1.17 returns numbers out of
    nowhere for channels that lie between one another in memory.
    """

    def method(image: np.ndarray, width: float) -> np.ndarray:
        planes = [np.ascontiguousarray(image[..., n]) for n in range(3)]
        return np.stack([filters.unsharp_mask(plane, width, amount) for plane in planes], -1)

    return method


def lucy(kernel: np.ndarray, rounds: int) -> Method:
    """Richardson-Lucy (1972), which is told the kernel itself; mirrored beyond the border."""
    inner = slice(BORDER, -BORDER)

    def method(image: np.ndarray, _: float) -> np.ndarray:
        sides = ((BORDER, BORDER), (BORDER, BORDER), (0, 0))
        wide = np.pad(np.clip(image, 0, 1), sides, "symmetric")
        planes = [restoration.richardson_lucy(wide[..., n], kernel, rounds) for n in range(3)]
        return np.stack(planes, -1)[inner, inner]

    return method


DENOISERS: dict[str, list[Method]] = {
    "OpenCV, non-local means": [opencv_means(strength) for strength in NLM_STRENGTHS],
    "scikit-image, non-local means": [skimage_means(strength) for strength in NLM_STRENGTHS],
    "scikit-image, wavelets (BayesShrink)": [wavelets],
}
DEBLOCKERS: dict[str, list[Method]] = {
    "scikit-image, total variation": [total_variation(weight) for weight in TV_WEIGHTS],
}


def deblurrers(kernel: np.ndarray) -> dict[str, list[Method]]:
    """For pictures blurred with `kernel`."""
    return {
        "scikit-image, unsharp mask": [unsharp(amount) for amount in UNSHARP_AMOUNTS],
        "scikit-image, Richardson-Lucy, told the kernel": [
            lucy(kernel, rounds) for rounds in LUCY_ROUNDS
        ],
    }


def best(
    methods: Iterable[Method],
    damaged: list[tuple[np.ndarray, float]],
    score: Callable[[Iterator[np.ndarray]], float],
) -> float:
    """The highest score of any of the methods over all pictures; `score` takes the results."""
    return max(
        score(method(image, level).astype(np.float32) for image, level in damaged)
        for method in methods
    )
