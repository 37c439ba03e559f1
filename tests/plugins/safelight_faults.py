"""A plugin whose filters do everything a filter can do wrong. Installed by tests alone."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from safelight import api


@api.filter("Fine", category="Test")
def fine(image: api.Image, gain: api.Fraction = 0.5) -> api.Image:
    """Does what it should."""
    return image * np.float32(gain)


@api.filter("Repeat", category="Test", scale=2)
def repeat(image: api.Image, gain: api.Fraction = 1.0) -> api.Image:
    """Twice as wide and high."""
    return image.repeat(2, 0).repeat(2, 1) * np.float32(gain)


@api.filter("Slow", category="Test")
def slow(image: api.Image, job: api.Job) -> api.Image:
    """Takes its time and listens."""
    for step in range(600):
        job.progress(step / 600)
        time.sleep(0.1)
    return image


@api.filter("In steps", category="Test")
def in_steps(image: api.Image, job: api.Job) -> api.Image:
    """Says what it does and shows what there is of it."""
    for step in range(1, 5):
        job.progress(step / 5, f"Step {step} of 4\nand no more\u202e")
        job.preview(image * np.float32(step / 4))
        time.sleep(0.1)
    return image


@api.filter("Steps in a mask", category="Test", reach=8)
def steps_in_a_mask(image: api.Image, mask: api.Mask, job: api.Job) -> api.Image:
    """Shows what there is of it, with what lies around it."""
    job.preview(image)
    return image


@api.filter("Held", category="Test", scale=2)
def held(image: api.Image, job: api.Job) -> api.Image:
    """Waits at a gate, a file in a folder that a test lends, for as long as the test likes."""
    _wait(image, job)
    return image.repeat(2, 0).repeat(2, 1)


@api.filter("Held in steps", category="Test")
def held_in_steps(image: api.Image, job: api.Job) -> api.Image:
    """Waits at the gate, says so and shows something red."""
    _wait(image, job, "Step 3 of 20")
    return image


def _wait(image, job, words=""):
    job.progress(0.0, words)
    folder = Path(os.environ.get("SAFELIGHT_GATE", Path(__file__).parent))
    rehearsal = image.shape == (64, 64, 3) and float(image.mean()) == 0.5
    waited = 0
    while not (rehearsal or (folder / "open").exists() or (folder / "late").exists()):
        with contextlib.suppress(OSError):  # nobody has lent a folder to write to
            (folder / "begun").write_bytes(
                b""
            )  # confined, touch() would set a time and make nothing
        waited += 1
        job.progress(1 - 0.999**waited, words)
        if words:
            job.preview(np.broadcast_to(np.float32([1, 0, 0]), image.shape))
        time.sleep(0.02)


@api.filter("Abort", category="Test")
def abort(image: api.Image) -> api.Image:
    """Ends the process the hard way."""
    os.abort()


@api.filter("Segfault", category="Test")
def segfault(image: api.Image) -> api.Image:
    """Reads where there is nothing."""
    ctypes.string_at(0)
    return image


@api.filter("Exit", category="Test")
def leave(image: api.Image) -> api.Image:
    """Ends the process the polite way."""
    os._exit(3)


@api.filter("Sys exit", category="Test")
def sys_exit(image: api.Image) -> api.Image:
    """Raises SystemExit."""
    sys.exit(4)


@api.filter("Raise", category="Test")
def fail(image: api.Image) -> api.Image:
    """Raises."""
    if image.shape != (64, 64, 3) or float(image.mean()) != 0.5:  # not in the rehearsal
        raise ValueError("the moon is in the wrong place")
    return image


@api.filter("Hang", category="Test")
def hang(image: api.Image) -> api.Image:
    """Never comes back, and hears nobody."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(3600)


@api.filter("Not a number", category="Test")
def not_a_number(image: api.Image) -> api.Image:
    """Returns NaN in one pixel."""
    result = image.copy()
    result[-1, -1, 0] = np.nan
    return result


@api.filter("Infinite", category="Test")
def infinite(image: api.Image) -> api.Image:
    """Returns infinity in one pixel."""
    result = image.copy()
    result[0, 0, 2] = np.inf
    return result


@api.filter("Wrong shape", category="Test")
def wrong_shape(image: api.Image) -> api.Image:
    """Returns another size than it declares."""
    return image[::2]


@api.filter("Grey", category="Test")
def grey(image: api.Image) -> api.Image:
    """Returns one channel, but not in the rehearsal."""
    rehearsal = image.shape == (64, 64, 3) and float(image.mean()) == 0.5
    return image if rehearsal else image.mean(axis=2)


@api.filter("Nothing", category="Test")
def nothing(image: api.Image) -> api.Image:
    """Returns None."""


@api.filter("Glutton", category="Test")
def glutton(image: api.Image) -> api.Image:
    """Takes all the memory there is."""
    taken = []
    while True:
        taken.append(np.ones(16 << 20, np.uint8))


@api.filter("Small plates", category="Test")
def small_plates(image: api.Image) -> api.Image:
    """Has memory for small pieces only."""
    if image.shape[0] * image.shape[1] > 200 * 200:
        raise MemoryError("too much at once")
    return image * np.float32(0.5)


@api.filter("Scribble", category="Test")
def scribble(image: api.Image) -> api.Image:
    """Tries to write to the photograph, by every way there is."""
    with contextlib.suppress(ValueError):
        image[:] = 0
    with contextlib.suppress(ValueError):
        image.flags.writeable = True
        image[:] = 0
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if "memfd:safelight" in os.readlink(f"/proc/self/fd/{name}"):
                os.truncate(f"/proc/self/fd/{name}", 0)
    return np.array(image)


@api.filter("Chatter", category="Test")
def chatter(image: api.Image) -> api.Image:
    """Prints, and writes to the descriptor of standard output."""
    print("hello " * 10000)
    os.write(1, b"\0\0\0\5hello")
    sys.stderr.write("a warning\n" * 100)
    return image


@api.filter("Missing network", category="Test")
def missing_network(image: api.Image, job: api.Job) -> api.Image:
    """Its network is not there."""
    return job.run("nowhere.onnx", image)


@api.filter("Corrupt network", category="Test")
def corrupt_network(image: api.Image, job: api.Job) -> api.Image:
    """Its network is damaged."""
    return job.run("corrupt.onnx", image)


@api.filter("Mosaic", category="Test", scale=2)
def mosaic(image: api.Image, job: api.Job) -> api.Image:
    """Its network looks at squares of 16 pixels."""
    return job.run("mosaic.onnx", image)


@api.filter("Where", category="Test")
def where(image: api.Image, region: api.Region) -> api.Image:
    """Draws each pixel's own place, which must not depend on how the picture is cut."""
    result = np.zeros_like(image)
    result[..., 0] = (np.arange(region.x, region.right) % 251 / 250)[None, :]
    result[..., 1] = (np.arange(region.y, region.bottom) % 241 / 240)[:, None]
    return result


@api.hookimpl
def filters():
    return [entry for entry in globals().values() if hasattr(entry, "__safelight_filter__")]
