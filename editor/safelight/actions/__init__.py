"""Actions: the verbs the window and the command line share. Loads no Qt, no runtime, no torch."""

from safelight.actions.places import cache_folder, state_folder
from safelight.actions.studio import Studio, UnknownFilter
from safelight.document import Document, Edit, History
from safelight.files import (
    FORMATS,
    Exported,
    ExportError,
    ExportOptions,
    FileExists,
    Opened,
    OpenError,
    WriteError,
    atomic_write,
    check_export,
    describe,
    export,
    open_picture,
)
from safelight.files.project import Project, ProjectError, is_project
from safelight.files.recovery import Left, Recovery, left_behind, remove
from safelight.files.spill import Spill
from safelight.workers.job import (
    Job,
    JobCancelled,
    JobEvent,
    JobFailed,
    JobFinished,
    JobPiece,
    JobProgress,
    live_filter,
)
from safelight.workers.pool import WorkerDied

__all__ = [
    "FORMATS",
    "Document",
    "Edit",
    "ExportError",
    "ExportOptions",
    "Exported",
    "FileExists",
    "History",
    "Job",
    "JobCancelled",
    "JobEvent",
    "JobFailed",
    "JobFinished",
    "JobPiece",
    "JobProgress",
    "Left",
    "OpenError",
    "Opened",
    "Project",
    "ProjectError",
    "Recovery",
    "Spill",
    "Studio",
    "UnknownFilter",
    "WorkerDied",
    "WriteError",
    "atomic_write",
    "cache_folder",
    "check_export",
    "describe",
    "export",
    "is_project",
    "left_behind",
    "live_filter",
    "open_picture",
    "remove",
    "state_folder",
]
