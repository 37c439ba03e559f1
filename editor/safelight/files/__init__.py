"""Files: pictures in and out, and the one way to write a user's file."""

from safelight.files.atomic import FileExists, WriteError, Written, atomic_write
from safelight.files.export import (
    FORMATS,
    Exported,
    ExportError,
    ExportOptions,
    check_export,
    export,
)
from safelight.files.metadata import MetadataChoice, describe
from safelight.files.opening import Opened, OpenError, default_pixel_limit, open_picture

__all__ = [
    "FORMATS",
    "ExportError",
    "ExportOptions",
    "Exported",
    "FileExists",
    "MetadataChoice",
    "OpenError",
    "Opened",
    "WriteError",
    "Written",
    "atomic_write",
    "check_export",
    "default_pixel_limit",
    "describe",
    "export",
    "open_picture",
]
