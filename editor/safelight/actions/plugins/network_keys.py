"""Network keys: an author locks a network for a buyer, a buyer adds the key that came with it."""

from __future__ import annotations

import os
from pathlib import Path

from safelight.actions.plugins.plugin_store import StoreError
from safelight.actions.plugins.signatures import for_the_owner_alone
from safelight.files import atomic_write
from safelight.workers.confinement.scratch_folder import read_file
from safelight.workers.locked_network import LENGTH, LockedError, NetworkKey, keys_folder, lock
from safelight.workers.onnx_file import LARGEST, OnnxError, read_onnx


def lock_network(
    network: Path, key_file: Path, target: Path, *, buyer: str = "", overwrite: bool = False
) -> NetworkKey:
    """Write ``network``, encrypted, to ``target``, for the key in ``key_file``, which is made for
    ``buyer`` where there is none. Gives the key. Raises StoreError, FileExists, WriteError.
    """
    try:
        read_onnx(network)
        content = read_file(network, LARGEST)
    except OnnxError as error:
        raise StoreError(str(error)) from None
    except OSError as error:
        raise StoreError(f"{network.name} cannot be read: {error.strerror}.") from None
    key = _read(key_file) if key_file.exists() else NetworkKey(os.urandom(LENGTH), buyer)
    try:
        locked = lock(content, key)
    except LockedError as error:
        raise StoreError(f"{network.name} {error}.") from None
    if not key_file.exists():
        _write(key_file, key)
    atomic_write(target, lambda file: file.write(locked), overwrite=overwrite)
    return key


def add_key(path: Path) -> NetworkKey:
    """Keep a key, so that what it locks can be run. Raises StoreError, WriteError."""
    key, folder = _read(path), keys_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"Keys cannot be kept: {error.strerror}.") from None
    _write(folder / f"{key.id}.key", key, overwrite=True)
    return key


def _read(path: Path) -> NetworkKey:
    try:
        return NetworkKey.read(path)
    except LockedError as error:
        raise StoreError(f"{path.name} {error}.") from None


def _write(path: Path, key: NetworkKey, *, overwrite: bool = False) -> None:
    text = key.to_text().encode()
    with for_the_owner_alone():
        atomic_write(path, lambda file: file.write(text), overwrite=overwrite)
