"""Base curve: a camera's linear light as a photograph shows it: grey where it was, a soft shoulder.

Light is spread as receptors of an eye answer to it (Naka and Rushton 1966), the log-logistic curve
that raw developers call a sigmoid, scaled so that what saturates the sensor is white.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

GREY = 0.18
"""Of the light of white: the grey card, which the curve leaves as bright as it is."""

_HEADROOM = 0.5
"""Stops that cameras leave above white: ISO 12232 has a grey card at 18 / sqrt(2) % of what
saturates a sensor. A DNG's BaselineExposure counts from there.
"""


@dataclass(frozen=True, slots=True)
class Curve:
    """Light x becomes ``top`` x^1.5 / (x^1.5 + ``bend``), 1 at most."""

    top: float
    bend: float

    def of(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """What becomes of linear light of any shape, 0 and more: float32 of the same shape."""
        made: NDArray[np.float32] = np.sqrt(light)
        made *= light
        below = made + np.float32(self.bend)
        made *= np.float32(self.top)
        made /= below
        return np.minimum(made, np.float32(1), out=made)

    def apply(self, colours: NDArray[np.float32]) -> None:
        """Bend colours (..., 3) of linear light, 0 and more, in place.

        The strongest and the weakest channel follow the curve, and the third stays as far between
        them as it was, so that the hue stays (Adobe's DNG specification, reference code).
        """
        red, green, blue = (colours[..., channel] for channel in range(3))
        high = np.maximum(np.maximum(red, green), blue)
        low = np.minimum(np.minimum(red, green), blue)
        bright, dark = self.of(high), self.of(low)
        share = bright - dark
        apart = high - low
        np.divide(share, apart, out=share, where=apart > 1e-9)
        for channel in (red, green, blue):
            channel -= low
            channel *= share
            channel += dark


def photograph(white: float) -> Curve:
    """The curve on which ``GREY`` stays and light ``white``, 1 at least, becomes 1."""
    grey = GREY**1.5
    bend = grey * (1 - GREY) / (GREY - grey / white**1.5)
    return Curve(1 + bend / white**1.5, bend)


def stops(tone: Any, baseline: float) -> float:
    """Stops of light that a tone adds: none for linear, the camera's headroom for a photograph."""
    return _HEADROOM + baseline if tone == "photograph" else 0.0
