"""Export presets: ways to export that have a name; some are built in, others the user saves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safelight.files import ExportError, ExportOptions, WriteError, atomic_write
from safelight.folders import data_folder
from safelight.pixels import known_profile

_LARGEST = 8 << 20
"""Bytes of a file of presets that is read; profiles are in it."""


def built_in() -> dict[str, ExportOptions]:
    """The presets that are always there."""
    srgb = known_profile("sRGB").icc
    web = ExportOptions(
        format="JPEG",
        settings={"quality": 85.0},
        profile=srgb,
        resize="longest",
        size=2048,
        sharpen="screen",
        metadata="without location",
    )
    mail = ExportOptions(
        format="JPEG", profile=srgb, resize="longest", size=1600, sharpen="screen", kilobytes=500
    )
    return {
        "Web: JPEG, 2048 pixels, sRGB": web,
        "Mail: JPEG, 500 kB": mail,
        "Print: TIFF, 16-bit": ExportOptions(format="TIFF", depth=16),
        "Archive: PNG, 16-bit": ExportOptions(format="PNG", depth=16),
    }


class Presets:
    """The presets in a file, by name in the order of their saving; the built-in ones come first."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or data_folder() / "exports.json"

    def all(self) -> dict[str, ExportOptions]:
        """Every preset. What cannot be read is not there."""
        return built_in() | self.saved()

    def saved(self) -> dict[str, ExportOptions]:
        """The presets that the user has saved."""
        found: dict[str, ExportOptions] = {}
        try:
            if self._path.stat().st_size > _LARGEST:
                return {}
            held = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        for name, told in held.items() if isinstance(held, dict) else ():
            try:
                found[str(name)] = ExportOptions.from_json(told)
            except ExportError:
                continue
        return found

    def save(self, name: str, options: ExportOptions) -> None:
        """Keep a preset; one of that name is replaced. Raises ExportError for a name that cannot
        be, and for a file that cannot be written.
        """
        name = name.strip()
        if not name:
            raise ExportError("A preset needs a name.")
        if name in built_in():
            raise ExportError(f"{name} is built in; choose another name.")
        self._write(self.saved() | {name: options})

    def rename(self, old: str, new: str) -> None:
        """Give a saved preset another name. Raises ExportError as ``save``."""
        held = self.saved()
        if new.strip() != old and new.strip() in held:
            raise ExportError(f"There is a preset {new.strip()} already; choose another name.")
        if old not in held:
            raise ExportError(f"There is no saved preset {old}.")
        self.save(new, held[old])
        if new.strip() != old:
            self.remove(old)

    def remove(self, name: str) -> None:
        """Forget a saved preset. Raises ExportError for one that is not saved."""
        held = self.saved()
        if held.pop(name, None) is None:
            raise ExportError(f"There is no saved preset {name}.")
        self._write(held)

    def named(self, name: str) -> ExportOptions:
        """A preset by its name, or by how its name begins, in any case. Raises ExportError."""
        found = self.all()
        fitting = [x for x in found if x.casefold().startswith(name.strip().casefold())]
        if name in found or len(fitting) == 1:
            return found[name if name in found else fitting[0]]
        raise ExportError(f"There is no preset {name}; there are {'; '.join(found)}.")

    def _write(self, held: Mapping[str, ExportOptions]) -> None:
        text = json.dumps({name: item.to_json() for name, item in held.items()}, indent=1)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(self._path, lambda file: file.write(text.encode("utf-8")), overwrite=True)
        except (OSError, WriteError) as error:
            raise ExportError(f"The preset was not saved: {error}") from error
