"""Decoders that do what strangers' files could make one do; the format is the deed."""

import ctypes
import os
import socket
import threading
import time
from pathlib import Path

import numpy as np

from safelight.pixels import bent

_kept = []


def decode(format, file, size, limit, room):
    return [globals()[f"_{format}"](file, size, room)]


def _bytes(file, size, room):
    return np.frombuffer(file.read(), np.uint8)


def _into_a_block(file, size, room):
    made = room((2, 3, 3), np.uint16)
    made[...] = 7
    return made


def _bend(file, size, room):
    bent.WORTH = 0
    light = np.arange(48, dtype=np.uint16).reshape(4, 4, 3)
    made = bent.put_right(light, None, np.full((2, 2), 2, np.float32))
    return made if bent.COMPILED else made[:0]


def _process(file, size, room):
    return np.frombuffer(str(os.getpid()).encode(), np.uint8)


def _crash(file, size, room):
    ctypes.string_at(0)


def _leave(file, size, room):
    os._exit(3)


def _hang(file, size, room):
    time.sleep(3600)


def _eat(file, size, room):
    return np.ones(1 << 40, np.uint8)


def _ask_for_too_much(file, size, room):
    return room((1 << 40,), np.uint8)


def _another_type(file, size, room):
    return np.zeros(4, np.int64)


def _files(file, size, room):
    return np.frombuffer(Path("/etc/passwd").read_bytes(), np.uint8)


def _network(file, size, room):
    socket.create_connection(("127.0.0.1", 9))


def _write_afterwards(file, size, room):
    made = room((1 << 20,), np.uint8)
    made[...] = 7
    _kept.append(made)

    def write():
        while True:
            made[...] = 9

    threading.Timer(0.2, write).start()
    return made
