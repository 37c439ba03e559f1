"""Network file: its bytes, as they go to a runtime: as they were recorded, signed and unlocked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from safelight.workers.confinement.scratch_folder import read_file
from safelight.workers.locked_network import LockedError, unlock
from safelight.workers.minisign import LONGEST, SIGNATURE, signing_key

SUMS = "SHA256SUMS"
"""Beside a plugin's networks: their hashes, in the form that sha256sum writes and checks."""

RECORDED: dict[str, str] = {}
"""Hashes of networks by path, as they were when their plugin was installed, for this process."""

KEYS: dict[str, bytes] = {}
"""Secrets by id of what networks of this process are locked with."""


class NetworkChanged(Exception):
    """A network that is not what it was, or cannot be unlocked; a clause after its name."""


def network_content(path: Path) -> tuple[bytes, str]:
    """What a network's file holds for a runtime, and the hash of the file. It has to be what was
    recorded of it (at its installation, or in SHA256SUMS beside it), what a signature beside it
    says, and unlocked by a key that is here. Raises NetworkChanged, OSError.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    for recorded in (RECORDED.get(str(path), ""), sums(path.parent).get(path.name, "")):
        if recorded and recorded != digest:
            raise NetworkChanged(
                "is refused: it was changed or damaged since it was installed, its hash is another"
                " one. Install its plugin again"
            )
    beside = path.with_name(path.name + SIGNATURE)
    if beside.exists():
        try:
            signing_key(hashlib.blake2b(content).digest(), read_file(beside, LONGEST))
        except (OSError, ValueError):
            raise NetworkChanged(
                "is refused: its signature is wrong, made for another file or changed since."
                " Install its plugin again"
            ) from None
    try:
        return unlock(content, KEYS), digest
    except LockedError as error:
        raise NetworkChanged(str(error)) from None


def sums(folder: Path) -> Mapping[str, str]:
    """Recorded hashes by file name; nothing where none are recorded."""
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split(maxsplit=1) for line in lines if line.strip())
    return {pair[1].lstrip("*"): pair[0] for pair in pairs if len(pair) == 2}
