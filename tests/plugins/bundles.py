"""Bundles of a plugin, as ``plugins bundle`` writes them."""

import hashlib
import json
import zipfile

from safelight.actions.plugins.plugin_index import BUNDLE

CARD = "Duskness, by a <b>stranger</b>.\n\n## Changes\n\nIt is darker.\n"


def shelve(folder, made, version="1.0"):
    """The bundle of it, as ``plugins bundle`` writes it, with a card of what has changed."""
    folder.mkdir(exist_ok=True)
    packed = folder / made.name
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data + b"\n" + CARD.encode() if name.endswith("METADATA") else data)
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    path = folder / f"dusk-{version}{BUNDLE}"
    facts = {"name": "safelight-dusk", "version": version, "sha256": {made.name: digest}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bundle.json", json.dumps(facts))
        archive.write(packed, f"wheels/{made.name}")
    packed.unlink()
    return path
