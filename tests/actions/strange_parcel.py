"""What decodes, with faults where it reads what stands beside pixels: the bytes say which."""

import ctypes
import time

import numpy as np

from safelight.files.codecs import photograph_parcel


def decode(format, file, size, limit, room):
    if format in (photograph_parcel.COLOURS, photograph_parcel.METADATA):
        data = file.read()
        file.seek(0)
        if b"CRASH" in data:
            ctypes.string_at(0)
        if b"HANG" in data:
            time.sleep(3600)
        if b"NONSENSE" in data:
            return [np.zeros(5, np.uint8)]
    return photograph_parcel.decode(format, file, size, limit, room)
