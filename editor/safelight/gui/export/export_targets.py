"""Export targets: the formats that can be chosen, ours and plugins', and the name of a new file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from safelight import actions
from safelight.api import Format, Parameter


@dataclass(frozen=True, slots=True)
class ExportTarget:
    """A format to choose: what the export calls it, its suffixes, its depths."""

    id: str
    suffixes: tuple[str, ...]
    depths: tuple[str, ...]
    alpha: bool
    ours: bool = True
    options: tuple[Parameter, ...] = ()
    layers: bool = False


OURS = {
    codec.name: ExportTarget(
        *(codec.name, codec.suffixes, codec.depths, codec.alpha),
        options=codec.options,
        layers=codec.write_document is not None,
    )
    for codec in actions.exported_formats()
}
"""The editor's own formats, by name."""


def of_plugins(formats: Sequence[Format]) -> dict[str, ExportTarget]:
    """What plugins export, by title; a title that is taken names its plugin."""
    found: dict[str, ExportTarget] = {}
    for item in formats:
        if not item.reads:
            taken = item.title in OURS or item.title in found
            name = f"{item.title} ({item.plugin})" if taken else item.title
            found[name] = ExportTarget(
                *(item.id, item.suffixes, item.depths, item.alpha), ours=False, options=item.options
            )
    return found


def proposed_name(
    document: actions.Document, source: Path | None, targets: Mapping[str, ExportTarget]
) -> Path:
    """A new name beside the source: ``photo-edited.jpg``, or ``-2`` and so on where taken."""
    folder = source.parent if source is not None else Path.home()
    if not os.access(folder, os.W_OK):
        folder = Path.home()
    old = source or Path(document.name)
    fitting = [item for item in targets.values() if old.suffix.lower() in item.suffixes]
    ending = old.suffix if fitting else ".jpg"
    if document.has_alpha and not (fitting and fitting[0].alpha):
        ending = ".png"
    number, path = 1, folder / f"{old.stem}-edited{ending}"
    while path.exists():
        number += 1
        path = folder / f"{old.stem}-edited-{number}{ending}"
    return path


def asked_name(parent: QWidget, path: str, targets: Mapping[str, ExportTarget]) -> str:
    """The file that the user names in the system's dialog; "" for none."""
    endings = " ".join(f"*{end}" for x in targets.values() for end in x.suffixes)
    # The dialog's own question is left out: the button says Replace, and the label why.
    only_once = QFileDialog.Option.DontConfirmOverwrite
    kinds = f"Pictures ({endings})"
    return QFileDialog.getSaveFileName(parent, "Export to", path, kinds, options=only_once)[0]
