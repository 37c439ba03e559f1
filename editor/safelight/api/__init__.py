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
    Curve,
    Fraction,
    HexColour,
    Layer,
    Number,
    Parameter,
    ParameterError,
    Picture,
    Pixels,
    Point,
    Rectangle,
    Seed,
    SignedFraction,
    Value,
)
from safelight.api.region import Region
from safelight.api.shapes import curve_samples

__all__ = [
    "PROJECT",
    "VERSION",
    "Angle",
    "Cancelled",
    "Colour",
    "Curve",
    "Declaration",
    "Fraction",
    "HexColour",
    "Image",
    "Job",
    "Layer",
    "Number",
    "Parameter",
    "ParameterError",
    "Picture",
    "Pixels",
    "Point",
    "Reach",
    "Rectangle",
    "Region",
    "Registered",
    "Seed",
    "Settings",
    "SignedFraction",
    "Value",
    "filter",
    "filters",
    "curve_samples",
    "from_linear",
    "hookimpl",
    "hookspec",
    "registered",
    "to_linear",
]
