"""Warmth: tint a photograph towards candlelight or daylight."""

from typing import Annotated

import numpy as np

from safelight import api


@api.filter("Warmth", category="Colour")
def warmth(
    image: api.Image,
    amount: Annotated[float, api.Number(-1, 1, slider=(-0.3, 0.3), step=0.01)] = 0.2,
) -> api.Image:
    """Tint the picture towards amber, or towards blue when negative."""
    return image * np.array([1 + amount, 1, 1 - amount], np.float32)


@api.hookimpl
def filters():
    return [warmth]
