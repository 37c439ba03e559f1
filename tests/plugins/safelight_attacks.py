"""A stranger's plugin whose filters attack. ``target.json`` beside it says what is where.

What is refused raises, and the host says so; what is not refused returns the picture unchanged.
"""

import ctypes
import json
import mmap
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import numpy as np

from safelight import api

TARGET = json.loads((pathlib.Path(__file__).parent / "target.json").read_text())


def attack(title):
    """A filter that attacks a real picture, not the grey one it is tried with first."""

    def wrap(function):
        def filter(image: api.Image) -> api.Image:
            if image.min() != image.max():
                answer = function(image)
                return image if answer is None else answer
            return image

        filter.__name__ = function.__name__
        filter.__qualname__ = function.__name__
        filter.__module__ = __name__
        filter.__doc__ = title
        return api.filter(title, category="Test")(filter)

    return wrap


@attack("Fine")
def fine(image):
    return image * np.float32(0.5)


@attack("Read home")
def read_home(image):
    pathlib.Path(TARGET["secret"]).read_text()


@attack("List home")
def list_home(image):
    os.listdir(TARGET["home"])


@attack("Read passwords")
def read_passwords(image):
    pathlib.Path("/etc/passwd").read_text()


@attack("Read parent")
def read_parent(image):
    pathlib.Path(f"/proc/{os.getppid()}/environ").read_bytes()


@attack("Write outside")
def write_outside(image):
    pathlib.Path(TARGET["home"], "written").write_text("by a plugin")


@attack("Write own code")
def write_own_code(image):
    pathlib.Path(__file__).write_text("changed")


@attack("Write the editor")
def write_editor(image):
    pathlib.Path(api.__file__).write_text("changed")


@attack("Remove")
def remove(image):
    os.unlink(TARGET["secret"])


@attack("Socket")
def connect(image):
    socket.create_connection(("127.0.0.1", TARGET["port"]), 2).close()


@attack("Datagram")
def datagram(image):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"pixels", ("127.0.0.1", TARGET["port"]))


@attack("Local socket")
def local_socket(image):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\0" + TARGET["abstract"])


@attack("Fork bomb")
def fork_bomb(image):
    while True:
        os.fork()


@attack("Shell")
def shell(image):
    subprocess.run(["/bin/sh", "-c", f"echo > {TARGET['home']}/written"], check=True)


@attack("Thread bomb")
def thread_bomb(image):
    stop = threading.Event()
    try:
        while True:
            threading.Thread(target=stop.wait, daemon=True).start()
    finally:
        stop.set()


@attack("Fill memory")
def fill_memory(image):
    kept = []
    while True:
        kept.append(np.empty(1 << 24))  # not touched: that is slower than the limit


@attack("Fill shared memory")
def fill_shared_memory(image):
    kept = []
    while True:
        kept.append(mmap.mmap(-1, 1 << 27))


@attack("Fill the disk")
def fill_disk(image):
    for number in range(1 << 20):
        with open(f"file{number}", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 1 << 28)
        time.sleep(0.2)  # a test need not fill it in earnest


@attack("Large file")
def large_file(image):
    with open("large", "wb") as file:
        file.truncate(1 << 40)


@attack("Spin")
def spin(image):
    while True:
        pass


@attack("Hold the interpreter")
def hold(image):
    ctypes.PyDLL(None).sleep(600)


@attack("Stop")
def stop(image):
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(600)


@attack("Segfault")
def segfault(image):
    ctypes.string_at(0)


@attack("Exit")
def leave(image):
    os._exit(3)


@attack("Kill the editor")
def kill_editor(image):
    os.kill(TARGET["editor"], signal.SIGKILL)


@attack("Kill all")
def kill_all(image):
    os.kill(-1, signal.SIGKILL)


@attack("Write input")
def write_input(image):
    image[...] = 0


@attack("Force input")
def force_input(image):
    image.setflags(write=True)
    image[...] = 0


@attack("Force input memory")
def force_input_memory(image):
    ctypes.memset(image.ctypes.data, 0, image.nbytes)


@attack("Print")
def say(image):
    print("{" * 100_000)
    os.write(1, b"\x00\xff" * 50_000)
    os.write(2, b"\x00\xff" * 50_000)


@attack("Talk nonsense")
def nonsense(image):
    for descriptor in range(3, 4096):
        try:
            os.write(descriptor, b"\xff" * 64)
        except OSError:
            continue
    time.sleep(600)


@attack("Flood")
def flood(image):
    body = json.dumps({"type": "progress", "job": 1, "fraction": 0.5}).encode()
    frame = len(body).to_bytes(4, "big") + body
    for descriptor in range(3, 4096):  # an editor that has much open gives a high one
        try:
            while True:
                os.write(descriptor, frame * 100)
        except OSError:
            continue


@attack("Wrong shape")
def wrong_shape(image):
    return image[:10]


@attack("Not a picture")
def not_a_picture(image):
    return "a picture"


@attack("Import Qt")
def import_qt(image):
    import PySide6.QtWidgets

    PySide6.QtWidgets.QApplication([])


@attack("Patch numpy")
def patch_numpy(image):
    np.add = np.multiply = np.asarray = np.float32 = None


@attack("Patch the editor")
def patch_editor(image):
    import safelight.workers.far.worker_main as process

    process.Worker = None
    api.VERSION = 99


@attack("Remove limits")
def remove_limits(image):
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    fill_memory(image)


@attack("Debug the editor")
def debug_editor(image):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, os.getppid(), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


@attack("Namespace")
def namespace(image):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


@attack("Remember")
def remember(image):
    kept = pathlib.Path("kept")
    if kept.exists():
        raise RuntimeError("there is something from the last time")
    kept.write_text("for the next time")


@api.hookimpl
def filters():
    return [entry for entry in globals().values() if hasattr(entry, "__safelight_filter__")]
