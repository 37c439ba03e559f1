"""All that a plugin may import: filters, formats, parameters, Job. Needs numpy and pluggy alone.

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
from safelight.api.formats import (
    Format,
    FormatError,
    Kind,
    RegisteredFormat,
    exporter,
    importer,
    registered_format,
)
from safelight.api.hooks import PROJECT, exporters, filters, hookimpl, hookspec, importers
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
    "Format",
    "FormatError",
    "Fraction",
    "HexColour",
    "Image",
    "Job",
    "Kind",
    "Number",
    "Parameter",
    "ParameterError",
    "Pixels",
    "Reach",
    "Region",
    "Registered",
    "RegisteredFormat",
    "Seed",
    "Settings",
    "SignedFraction",
    "Value",
    "exporter",
    "exporters",
    "filter",
    "filters",
    "from_linear",
    "hookimpl",
    "hookspec",
    "importer",
    "importers",
    "registered",
    "registered_format",
    "to_linear",
]
