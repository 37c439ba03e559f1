"""Minisign: whether a signature fits a file, as minisign writes it (Ed25519 over BLAKE2b-512)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

SIGNATURE = ".minisig"
"""What is put after a file's name for its signature's."""

TRUSTED = "trusted comment: "
LONGEST = 10_000
"""Bytes of a signature that are read."""


def digest_of(file: Any) -> bytes:
    """What is signed of an open file: 64 bytes."""
    return hashlib.file_digest(file, hashlib.blake2b).digest()


def signing_key(digest: bytes, text: bytes) -> str:
    """The public key by which what has this digest is signed in ``text``. Raises ValueError where
    the signature is wrong, or none.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        _, first, comment, second = text.decode().splitlines()
        head, whole = decoded(first, 74), decoded(second, 64)
        said = comment.removeprefix(TRUSTED)
        facts = dict(part.split(":", 1) for part in said.split("\t"))
        public = facts["key"]
        known = decoded(public, 42)
        if head[:2] != b"ED" or known[:2] != b"Ed" or head[2:10] != known[2:10]:
            raise ValueError("it is by another key than it says")
        key = Ed25519PublicKey.from_public_bytes(known[10:])
        key.verify(head[10:], digest)
        key.verify(whole, head[10:] + said.encode())
    except (KeyError, InvalidSignature):
        raise ValueError("it is wrong") from None
    return public


def decoded(text: str, length: int) -> bytes:
    """Bytes from base64. Raises ValueError where they are not so many."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if len(data) != length:
        raise ValueError(f"{len(data)} bytes instead of {length}")
    return data
