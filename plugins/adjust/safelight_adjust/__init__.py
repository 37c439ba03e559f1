"""Adjust: what photographers change first, as tones: light and colour of each pixel alone."""

from typing import Annotated

from safelight import api

Stops = Annotated[float, api.Number(-5, 5)]


@api.tone("Exposure", category="Light", keeps_grey=True)
def exposure(stops: Stops = 0.0) -> api.Table:
    """Make the picture lighter or darker, as if the light had been doubled for each stop."""
    return api.TO_LINEAR, api.Matrix.scaled(2.0**stops), api.FROM_LINEAR


@api.hookimpl
def filters():
    return [exposure]
