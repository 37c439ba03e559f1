"""Files: pictures in and out, and the one way to write a user's file."""

from safelight.files.atomic import Written, atomic_write
from safelight.files.codecs import CODECS, Codec
from safelight.files.codecs.photograph import DamagedError, TooLargeError
from safelight.files.codecs.plugin_codec import EncodingError, Exporter, Importer
from safelight.files.exports.export import (
    Origin,
    check_export,
    content_of,
    depth_in_file,
    encoded,
    export,
    seen_in,
)
from safelight.files.exports.export_formats import ending_of, exported_formats
from safelight.files.exports.export_options import (
    PROFILES,
    ExportOptions,
    finishes,
    profile_in,
    profile_of,
)
from safelight.files.exports.export_outcome import Exported, ExportError
from safelight.files.exports.export_size import sides
from safelight.files.exports.exported_pixels import narrowed
from safelight.files.metadata import metadata_commands
from safelight.files.metadata.kept_metadata import MetadataChoice
from safelight.files.metadata.metadata import describe
from safelight.files.open_errors import OpenError
from safelight.files.open_picture import open_data, open_picture
from safelight.files.photograph_document import Opened
from safelight.files.pixel_limit import default_pixel_limit
from safelight.files.project.project import (
    Project,
    ProjectChanged,
    ProjectError,
    ProjectInUse,
    is_project,
)
from safelight.files.project.recovery import Left, Recovery, left_behind, remove
from safelight.files.provenance.content_credentials import can_sign
from safelight.files.provenance.provenance import declared
from safelight.files.raw_layers import (
    developed_again,
    raw_bytes,
    sketch_again,
    sketch_raw,
    with_raw_file,
)
from safelight.files.read_photograph import look_at
from safelight.files.untrusted_reader import HERE, Reading
from safelight.files.write_errors import FileExists, WriteError

__all__ = [
    "can_sign",
    "Origin",
    "CODECS",
    "Codec",
    "DamagedError",
    "EncodingError",
    "ExportError",
    "ExportOptions",
    "Exported",
    "Exporter",
    "FileExists",
    "Importer",
    "Left",
    "MetadataChoice",
    "PROFILES",
    "OpenError",
    "Opened",
    "Project",
    "ProjectChanged",
    "ProjectError",
    "ProjectInUse",
    "HERE",
    "Reading",
    "Recovery",
    "TooLargeError",
    "WriteError",
    "Written",
    "atomic_write",
    "check_export",
    "content_of",
    "declared",
    "default_pixel_limit",
    "depth_in_file",
    "describe",
    "encoded",
    "ending_of",
    "export",
    "exported_formats",
    "finishes",
    "narrowed",
    "is_project",
    "left_behind",
    "look_at",
    "metadata_commands",
    "open_data",
    "open_picture",
    "remove",
    "profile_in",
    "profile_of",
    "seen_in",
    "sides",
    "developed_again",
    "raw_bytes",
    "sketch_again",
    "sketch_raw",
    "with_raw_file",
]
