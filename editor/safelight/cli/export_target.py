"""Export target: a file that a command exports to: checked before the work, written and told after
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safelight import actions
from safelight.actions.recipes.process_file import Processed
from safelight.cli.terminal import tell
from safelight.document import Document
from safelight.pixels import deeper
from safelight.workers.live_filters import LiveFilters


@dataclass(frozen=True, slots=True)
class Target:
    """A file to export to, and how. ``overwrite`` replaces one that exists, ``origin`` is where
    what is exported came from.
    """

    path: Path
    choices: actions.ExportOptions
    studio: actions.Studio
    overwrite: bool = False
    origin: actions.Origin | None = None

    def check(self, width: int, height: int) -> None:
        """Raise what ``export`` would raise of a picture of so many pixels, as far as that is known
        before it is computed: ExportError, FileExists, WriteError.
        """
        actions.check_export(
            self.path,
            width,
            height,
            self.choices,
            overwrite=self.overwrite,
            exporters=self.studio.exporters,
        )

    def depth_for(self, document: Document) -> str:
        """The depth to compute in: what a filter makes of a document is not to be rounded to fewer
        bits than the file will have.
        """
        exporters = self.studio.exporters
        deep = actions.depth_in_file(document, self.path, self.choices, exporters=exporters)
        return deeper(deep, document.depth)

    def export(self, document: Document, live: LiveFilters | None = None) -> actions.Exported:
        """Export what a document shows, its cheap filters through ``live``, of the others what was
        kept. Raises LayerFailed, ExportError, FileExists, WriteError.
        """
        return actions.export(
            document,
            self.path,
            self.choices,
            overwrite=self.overwrite,
            live=live,
            exporters=self.studio.exporters,
            origin=self.origin,
        )


def tell_exported(exported: actions.Exported, document: Document) -> None:
    """Tell of a file that was written: its name, the picture's size, its own."""
    _tell(exported.path, document.width, document.height, exported.bytes)


def tell_processed(processed: Processed) -> None:
    """Tell of what came of a recipe: the file's name, the picture's size, its own."""
    _tell(processed.path, processed.width, processed.height, processed.bytes)


def _tell(path: Path, width: int, height: int, count: int) -> None:
    tell(f"{path}  {width} × {height} px  {_file_size(count)}", done=True)


def _file_size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"
