"""All that a plugin may import: filters, formats, parameters, Job. Needs numpy and pluggy alone.

from safelight import api

@api.filter("Warmth", category="Colour")
def warmth(image: api.Image, amount: api.SignedFraction = 0.2) -> api.Image: ...
"""

import warnings

from safelight.api import kinds
from safelight.api.carried import Before, Carried
from safelight.api.colour_profile import icc_bytes
from safelight.api.compound_values import curve_samples
from safelight.api.cube_table import cube_stages
from safelight.api.declaration import Declaration, Settings
from safelight.api.decoded_difference import with_difference
from safelight.api.filter import (
    VERSION,
    filter,
    generator,
    registered,
    selector,
    sequence_filter,
    tone,
)
from safelight.api.filter_job import Cancelled, Job
from safelight.api.format import (
    Format,
    FormatError,
    FormatKind,
    RegisteredFormat,
    exporter,
    importer,
    registered_format,
)
from safelight.api.hooks import PROJECT, exporters, filters, hookimpl, hookspec, importers
from safelight.api.image import Image, Mask, from_linear, to_linear
from safelight.api.imported_photograph import Photograph
from safelight.api.kinds import *  # noqa: F403 - so that a kind of parameter is named in one place
from safelight.api.latent_codes import between, chosen, drawn
from safelight.api.parameters import (
    Angle,
    Colour,
    Fraction,
    HexColour,
    Latent,
    Number,
    Parameter,
    ParameterError,
    Pixels,
    Seed,
    SignedFraction,
    Tray,
    Unless,
)
from safelight.api.prepare import Prepare, Prepared, Source, Unfit
from safelight.api.region import Region
from safelight.api.registered_filter import Reach, Registered
from safelight.api.tone_table import (
    FROM_LINEAR,
    TO_LINEAR,
    Curves,
    Lattice,
    Matrix,
    Mix,
    Stage,
    Table,
    TableError,
    Transfer,
)

__all__ = [
    "FROM_LINEAR",
    "PROJECT",
    "TO_LINEAR",
    "VERSION",
    "Angle",
    "Before",
    "Cancelled",
    "Carried",
    "Colour",
    "Curves",
    "Declaration",
    "Format",
    "FormatError",
    "FormatKind",
    "Fraction",
    "HexColour",
    "Image",
    "Job",
    "Latent",
    "Lattice",
    "Mask",
    "Matrix",
    "Mix",
    "Number",
    "Parameter",
    "ParameterError",
    "Photograph",
    "Pixels",
    "Prepare",
    "Prepared",
    "Reach",
    "Region",
    "Registered",
    "RegisteredFormat",
    "Seed",
    "Settings",
    "SignedFraction",
    "Source",
    "Stage",
    "Table",
    "TableError",
    "Transfer",
    "Tray",
    "Unfit",
    "Unless",
    "between",
    "chosen",
    "cube_stages",
    "drawn",
    "exporter",
    "exporters",
    "filter",
    "filters",
    "curve_samples",
    "from_linear",
    "generator",
    "hookimpl",
    "hookspec",
    "icc_bytes",
    "importer",
    "importers",
    "registered",
    "registered_format",
    "selector",
    "sequence_filter",
    "to_linear",
    "tone",
    "with_difference",
]
__all__ += kinds.__all__

GOING: dict[str, tuple[object, str]] = {}
"""What goes with the next release: its value, and what to use instead, by its name.

A name is moved here from ``__all__`` one release before it goes, so that a plugin that uses it
warns where its author sees it: in the tests that ``pytest --safelight`` runs.
"""


def __getattr__(name: str) -> object:
    if name not in GOING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value, instead = GOING[name]
    text = f"api.{name} goes with the next release of Safelight: {instead}"
    warnings.warn(text, DeprecationWarning, stacklevel=2)
    return value
