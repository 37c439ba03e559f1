"""A plugin whose importers and exporters do everything wrong. Installed by tests alone.

An importer is chosen by the file's suffix: ``.huge`` is read by ``huge``.
"""

import contextlib
import ctypes
import os
import sys
import time
from typing import Annotated

import numpy as np

from safelight import api
from safelight.workers.wire import protocol

PIXELS = np.arange(2 * 3 * 3, dtype=np.uint16).reshape(2, 3, 3) * 1000


def reader(function):
    """An importer of files whose suffix is the function's name."""
    name = function.__name__
    return api.importer(name.replace("_", " "), suffixes=(f".{name}",))(function)


def writer(function):
    """An exporter to files whose suffix is the function's name."""
    name = function.__name__
    return api.exporter(name.replace("_", " "), suffixes=(f".{name}",), alpha=True)(function)


def lie(**values):
    """Say that something else was made than there is."""
    honest = protocol.Channel.send

    def send(self, frame, descriptors=()):
        if frame["type"] in ("picture made", "file made"):
            frame = {**frame, **values}
        honest(self, frame, descriptors)

    protocol.Channel.send = send
    return PIXELS.astype(np.uint8)


@reader
def fine(data):
    assert isinstance(data, bytes)
    return PIXELS + len(data)


@reader
def whole(data):
    """A photograph with all that can stand beside its pixels, which the data are made of."""
    profile, exif, xmp, iptc = data.split(b"|SPLIT|")
    notes = ("Its layers were left out.",)
    pixels = np.asfortranarray(PIXELS)
    return api.Photograph(pixels, profile, exif, xmp, iptc, resolution=(300, 240.5), notes=notes)


@reader
def odd_photograph(data):
    return api.Photograph(PIXELS, resolution=(0, 5))


@reader
def swapped(data):
    return PIXELS.astype(">u2")


@reader
def rgba(data):
    return np.dstack([PIXELS, PIXELS[..., :1]])


@reader
def grey_alpha(data):
    return PIXELS[..., :2].astype(np.float32) / 20000


@reader
def lie_beside(data):
    return lie(beside={"parts": [1 << 40, 0, 0, 0], "resolution": None, "notes": []})


@reader
def huge(data):
    return np.broadcast_to(np.uint8(0), (1 << 20, 1 << 20, 3))


@reader
def thin(data):
    return np.broadcast_to(np.uint8(0), (1, 1 << 40, 3))


@reader
def empty(data):
    return np.zeros((0, 7, 3), np.uint8)


@reader
def objects(data):
    return np.full((2, 2, 3), None)


@reader
def doubles(data):
    return PIXELS.astype(np.float64)


@reader
def flat(data):
    return PIXELS[..., 0]


@reader
def five(data):
    return np.zeros((2, 2, 5), np.uint8)


@reader
def nothing(data):
    return None


@reader
def not_a_number(data):
    return np.full((2, 2, 3), np.nan, np.float32)


@reader
def infinite(data):
    return np.full((2, 2, 1), np.inf, np.float32)


@reader
def some_numbers(data):
    pixels = np.full((4, 5, 4), 0.25, np.float32)
    pixels[1, 2, 0], pixels[3, 0, 3] = np.nan, -np.inf
    return pixels


@reader
def odd_alpha(data):
    return np.full((2, 2, 4), 1.5, np.float32)


@reader
def refuse(data):
    raise api.FormatError("it is a drawing of a sheep")


@reader
def fail(data):
    raise ValueError("the moon is in the wrong place")


@reader
def leave(data):
    sys.exit(4)


@reader
def abort(data):
    os.abort()


@reader
def segfault(data):
    return ctypes.string_at(0)


@reader
def hang(data):
    time.sleep(3600)


@reader
def glutton(data):
    taken = []
    while True:
        taken.append(np.empty(1 << 29, np.uint8))


@reader
def descriptors(data):
    """Looks for a way to the file."""
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the descriptor of the listing itself
            place = os.readlink(f"/proc/self/fd/{name}")
            assert not place.endswith(".descriptors"), place
    return PIXELS


@reader
def lie_negative(data):
    return lie(shape=[-2, 3, 3], dtype="uint8")


@reader
def lie_text(data):
    return lie(shape="abc", dtype="uint8")


@reader
def lie_larger(data):
    return lie(shape=[200, 300, 3], dtype="uint8")


@reader
def lie_true(data):
    return lie(shape=[True, 3, 3], dtype="uint8")


@reader
def lie_dtype(data):
    return lie(shape=[2, 3, 3], dtype="object")


@reader
def lie_channels(data):
    return lie(shape=[2, 3, 1 << 30], dtype="uint8")


@reader
def kept(data):
    """What ``write_kept`` has written."""
    return np.frombuffer(data[4:], np.uint16).reshape(2, 3, -1)


@api.exporter("kept", suffixes=(".kept",), depths=("uint8", "uint16"), alpha=True)
def write_kept(pixels):
    assert not pixels.flags.writeable
    return b"KEPT" + pixels.tobytes()


@reader
def lossy(data):
    return np.zeros((2, 3, 3), np.uint8)


@api.exporter("lossy", suffixes=(".lossy",), depths=("uint8",))
def write_lossy(pixels):
    return bytes(pixels[:1].tobytes())


@reader
def other_size(data):
    return np.zeros((1, 1, 3), np.uint8)


@api.exporter("other size", suffixes=(".other_size",))
def write_other_size(pixels):
    return b"x"


@api.exporter("fail", suffixes=(".fail",))
def write_unreadable(pixels):
    return b"x"


@writer
def alone(pixels):
    return memoryview(f"{pixels.dtype} {pixels.shape}".encode())


@writer
def told(pixels, job: api.Job, quality: Annotated[int, api.Number(1, 100)] = 75, dark: bool = True):
    """Says what it was told, and how far it is."""
    for step in range(5):
        job.progress(step / 4, f"Step {step}")
    return f"{quality} {dark}".encode()


@reader
def in_steps(data, job: api.Job):
    """Says how far it is."""
    for step in range(8):
        job.progress(step / 8)
    return PIXELS


@api.exporter("in steps", suffixes=(".in_steps",), alpha=True)
def write_in_steps(pixels):
    return b"what it is made of is known"


@writer
def pictures(pixels):
    return pixels


@writer
def no_bytes(pixels):
    return b""


@writer
def enormous(pixels):
    return lie(size=1 << 40).tobytes()


@writer
def refuse_writing(pixels):
    raise api.FormatError("it has too many sheep")


@writer
def crash_writing(pixels):
    os.abort()


@writer
def hang_writing(pixels):
    time.sleep(3600)


def _of(kind):
    marked = (getattr(x, "__safelight_format__", None) for x in globals().values())
    return [item.function for item in marked if item and item.format.kind == kind]


@api.hookimpl
def importers():
    return _of("importer")


@api.hookimpl
def exporters():
    return _of("exporter")
