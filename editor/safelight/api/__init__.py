"""All that a plugin may import: filter, parameters, hooks, Job. Needs numpy and pluggy alone.

from safelight import api

@api.filter("Warmth", category="Colour")
def warmth(image: api.Image, amount: api.SignedFraction = 0.2) -> api.Image: ...
"""

from safelight.api.filter import (
    VERSION,
    Declaration,
    Reach,
    Registered,
    Settings,
    filter,
    registered,
)
from safelight.api.hooks import PROJECT, filters, hookimpl, hookspec
from safelight.api.image import Image, from_linear, to_linear
from safelight.api.job import Cancelled, Job
from safelight.api.parameters import (
    Angle,
    Colour,
    Fraction,
    HexColour,
    Number,
    Parameter,
    ParameterError,
    Pixels,
    Seed,
    SignedFraction,
    Value,
)
from safelight.api.region import Region

__all__ = [
    "PROJECT",
    "VERSION",
    "Angle",
    "Cancelled",
    "Colour",
    "Declaration",
    "Fraction",
    "HexColour",
    "Image",
    "Job",
    "Number",
    "Parameter",
    "ParameterError",
    "Pixels",
    "Reach",
    "Region",
    "Registered",
    "Seed",
    "Settings",
    "SignedFraction",
    "Value",
    "filter",
    "filters",
    "from_linear",
    "hookimpl",
    "hookspec",
    "registered",
    "to_linear",
]
