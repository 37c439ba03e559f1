"""Signatures: who vouches for a bundle, as minisign writes it (Ed25519 over BLAKE2b-512).

``FILE.minisig`` lies beside the file. Its trusted comment, which is signed too, holds the public
key, so that a first installation can pin it; ``minisign -Vm FILE -P KEY`` verifies the same files.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from safelight.actions.plugins.plugin_store import StoreError
from safelight.files import atomic_write
from safelight.workers.confinement.scratch_folder import read_file
from safelight.workers.minisign import LONGEST, SIGNATURE, TRUSTED, decoded, digest_of, signing_key

_UNTRUSTED = "untrusted comment: "
_PLAIN = b"Ed\0\0B2"
"""A secret key's head: Ed25519, without a password, checked by BLAKE2b."""


def sign(file: Path, secret: Path, *, overwrite: bool = False) -> str:
    """Sign ``file`` by the key in ``secret``, which is made, without a password, where there is
    none; its public half is then put beside it as ``SECRET.pub``. Gives the public key.

    Raises StoreError, FileExists, WriteError.
    """
    number, key = _made(secret) if not secret.exists() else _secret(secret)
    public = _public(number, key.public_key())
    proof = key.sign(_digest(file))
    comment = f"file:{file.name}\tkey:{public}"
    lines = (
        f"{_UNTRUSTED}signature of a plugin for Safelight",
        _coded(b"ED" + number + proof),
        TRUSTED + comment,
        _coded(key.sign(proof + comment.encode())),
    )
    _write(file.with_name(file.name + SIGNATURE), lines, overwrite=overwrite)
    return public


def signer(file: Path) -> str:
    """The public key by which a file is signed; "" = there is no signature beside it.

    Raises StoreError where there is one that is wrong: the file must not be used.
    """
    beside = file.with_name(file.name + SIGNATURE)
    if not beside.exists():
        return ""
    wrong = StoreError(f"{file.name} is refused: its signature is wrong.")
    try:
        return signing_key(_digest(file), read_file(beside, LONGEST))
    except (OSError, ValueError):
        raise wrong from None


def key_name(public: str) -> str:
    """A public key's number as minisign shows it, of 16 digits; "" = none."""
    return decoded(public, 42)[2:10][::-1].hex().upper() if public else ""


def told(public: str) -> str:
    """Whether a plugin is signed, as a sentence."""
    if not public:
        return "It is not signed: nothing says who made it."
    return f"It is signed by the key {key_name(public)}; whose key that is, Safelight cannot know."


def changed(before: str, after: str) -> str:
    """What should be asked when a plugin's key is another one than at its first installation, as a
    sentence; "" = nothing: it is the same, or none was known.
    """
    if not before or before == after:
        return ""
    now = f"this one by the key {key_name(after)}" if after else "this one is not signed"
    return (
        f"What is installed was signed by the key {key_name(before)}, {now}: somebody else may"
        " have made it."
    )


def _made(place: Path) -> tuple[bytes, Ed25519PrivateKey]:
    number, key = os.urandom(8), Ed25519PrivateKey.generate()
    inside = key.private_bytes_raw() + key.public_key().public_bytes_raw()
    check = hashlib.blake2b(b"Ed" + number + inside, digest_size=32).digest()
    with for_the_owner_alone():
        data = _coded(_PLAIN + bytes(48) + number + inside + check)
        _write(place, (f"{_UNTRUSTED}minisign secret key", data))
    public = _public(number, key.public_key())
    name = f"{_UNTRUSTED}minisign public key {key_name(public)}"
    _write(place.with_name(place.name + ".pub"), (name, public))
    return number, key


@contextlib.contextmanager
def for_the_owner_alone() -> Iterator[None]:
    """Files that are made meanwhile are read by nobody else."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _secret(place: Path) -> tuple[bytes, Ed25519PrivateKey]:
    try:
        data = decoded(read_file(place, LONGEST).decode().splitlines()[1], 158)
    except (OSError, ValueError, IndexError):
        raise StoreError(f"{place.name} is no secret key of minisign's.") from None
    if data[:6] != _PLAIN:
        raise StoreError(
            f"{place.name} has a password, which Safelight does not ask for: sign with minisign."
        )
    number, inside, check = data[54:62], data[62:126], data[126:]
    if hashlib.blake2b(b"Ed" + number + inside, digest_size=32).digest() != check:
        raise StoreError(f"{place.name} is damaged.")
    return number, Ed25519PrivateKey.from_private_bytes(inside[:32])


def _public(number: bytes, key: Ed25519PublicKey) -> str:
    return _coded(b"Ed" + number + key.public_bytes_raw())


def _digest(file: Path) -> bytes:
    with file.open("rb") as opened:
        return digest_of(opened)


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _write(place: Path, lines: tuple[str, ...], *, overwrite: bool = False) -> None:
    text = "\n".join((*lines, "")).encode()
    write: Callable[..., object] = lambda file: file.write(text)  # noqa: E731
    atomic_write(place, write, overwrite=overwrite)
