"""Plugin bundle: an installed plugin with all it needs, as one file."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from safelight.actions.plugins.declared_files import missing
from safelight.actions.plugins.declared_files import place as place_of
from safelight.actions.plugins.plugin_archive import sha256
from safelight.actions.plugins.plugin_store import Installed, StoreError
from safelight.files import atomic_write


def bundle(
    plugin: Installed, target: Path, weights: Path | None = None, *, overwrite: bool = False
) -> Path:
    """Write an installed plugin with all it needs as one file that installs without a network.

    What was fetched for it lies in ``weights`` and goes along; None = nothing is taken.
    Raises StoreError, FileExists, WriteError.
    """
    wheels = sorted((plugin.folder / "wheels").glob("*.whl"))
    if not wheels:
        raise StoreError(f"The wheels of {plugin.name} are gone: install it again.")
    files = plugin.files if weights else ()
    for file in missing(weights, files) if weights else ():
        raise StoreError(
            f"{file.name} of {plugin.name} has not been fetched, and a bundle carries it: first"
            f" “safelight plugins fetch {plugin.name}”."
        )
    hashes = {wheel.name: sha256(wheel) for wheel in wheels}
    facts = {"name": plugin.name, "version": plugin.version, "sha256": hashes}

    def write(file: Any) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("bundle.json", json.dumps(facts))
            for wheel in wheels:
                archive.write(wheel, f"wheels/{wheel.name}")
            for path in {place_of(weights, item) for item in files} if weights else ():
                archive.write(path, f"files/{path.name}")

    atomic_write(target, write, overwrite=overwrite)
    return target
