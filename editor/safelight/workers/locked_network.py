"""Locked network: a network's file that its author has encrypted, with a key for each buyer.

AES-256 in Galois/Counter Mode (NIST SP 800-38D) over the whole file: who lacks the key reads
nothing, and a changed byte is refused. It is decrypted in the memory of the process that runs it
and nowhere else. Who has the key can decrypt it for good: a key is no leash.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from safelight.folders import data_folder
from safelight.workers.confinement.scratch_folder import read_file

KIND = "safelight network key"
LENGTH = 32
"""Bytes of a key."""

_MARK = b"SAFELIGHT LOCKED NETWORK 1\n"
_ID, _NONCE, _TAG = 8, 12, 16
_LARGEST = (1 << 31) - 1
_MOST = 10_000


class LockedError(Exception):
    """A network that cannot be unlocked, or a key that is none; a clause after its name."""


@dataclass(frozen=True, slots=True)
class NetworkKey:
    """A key, and whom its author has made it for."""

    secret: bytes
    buyer: str = ""

    @property
    def id(self) -> str:
        """What tells it from others and tells nothing of it: 16 digits."""
        return hashlib.sha256(b"safelight network key\n" + self.secret).hexdigest()[: 2 * _ID]

    def to_text(self) -> str:
        """As a file of its own."""
        facts = {"kind": KIND, "id": self.id, "for": self.buyer, "key": self.secret.hex()}
        return json.dumps(facts, indent=1) + "\n"

    @classmethod
    def read(cls, path: Path) -> NetworkKey:
        """The key in a file. Raises LockedError."""
        try:
            facts = json.loads(read_file(path, _MOST))
            key = cls(bytes.fromhex(facts["key"]), str(facts.get("for", "")))
            if facts["kind"] != KIND or len(key.secret) != LENGTH or facts["id"] != key.id:
                raise ValueError
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise LockedError("is no key of a network, or is damaged") from None
        return key


def lock(content: bytes, key: NetworkKey) -> bytes:
    """A network's file, encrypted. Raises LockedError for a large one, or one that is already."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if key_id(content):
        raise LockedError("is encrypted already")
    if len(content) > _LARGEST - _TAG:
        raise LockedError("has more than 2 GB")
    head, nonce = _MARK + bytes.fromhex(key.id), os.urandom(_NONCE)
    return head + nonce + AESGCM(key.secret).encrypt(nonce, content, head)


def unlock(content: bytes, keys: Mapping[str, bytes]) -> bytes:
    """What a file holds that may be locked; ``keys`` are secrets by id. Raises LockedError."""
    wanted = key_id(content)
    if not wanted:
        return content
    if wanted not in keys:
        raise LockedError(
            f"is encrypted, and its key {wanted} is not here: “safelight models add-key FILE” adds"
            " the one that its author gave you"
        )
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    first = len(_MARK) + _ID
    head, nonce, rest = content[:first], content[first : first + _NONCE], content[first + _NONCE :]
    try:
        return AESGCM(keys[wanted]).decrypt(nonce, rest, head)
    except (InvalidTag, ValueError):
        raise LockedError("cannot be decrypted: it is damaged, or was changed") from None


def key_id(content: bytes) -> str:
    """The id of the key that a file is locked with; "" = it is not locked."""
    first = len(_MARK) + _ID
    if not content.startswith(_MARK) or len(content) < first:
        return ""
    return content[len(_MARK) : first].hex()


def locked_with(path: Path) -> str:
    """The id of the key that a file on the disk is locked with; "" where it is not locked, or not
    there. Only the file's beginning is read.
    """
    with contextlib.suppress(OSError), path.open("rb") as file:
        return key_id(file.read(len(_MARK) + _ID))
    return ""


def keys_folder() -> Path:
    """Where the keys lie that were added, each under its id."""
    return data_folder() / "network-keys"


def keys_for(networks: Iterable[Path]) -> dict[str, bytes]:
    """The secrets by id of what some networks are locked with, as far as they were added. Where no
    key was, no network is looked at.
    """
    folder = keys_folder()
    if not folder.is_dir():
        return {}
    found = {}
    for wanted in {locked_with(path) for path in networks} - {""}:
        with contextlib.suppress(LockedError):
            key = NetworkKey.read(folder / f"{wanted}.key")
            found[key.id] = key.secret
    return found
