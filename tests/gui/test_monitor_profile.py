"""The profile of a monitor is that which the system has for it, on every system."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QRect

from safelight.gui.screen import monitor_profile as monitor
from safelight.gui.screen.monitor_profile import monitor_profile
from tests import pictures

ICC = pictures.display_p3_profile()
OTHER = pictures.swapped_profile()


class Screen:
    """What is asked of a screen."""

    def __init__(self, name="DP-1", x=0, y=0):
        self._name, self._place = name, QRect(x, y, 800, 600)

    def name(self):
        return self._name

    def geometry(self):
        return self._place


# -- colord ----------------------------------------------------------------------------------

_SERVICE = """
import json, sys
from PySide6.QtCore import QCoreApplication, QMetaType
from PySide6.QtDBus import (
    QDBusArgument, QDBusConnection, QDBusMessage, QDBusObjectPath, QDBusVariant, QDBusVirtualObject,
)

devices = json.loads(sys.argv[1])
names = list(devices)
files = [file for name in names for file in devices[name] or ()]


def paths(found):
    packed = QDBusArgument()
    packed.beginArray(QMetaType.fromName(b"QDBusObjectPath"))
    for path in found:
        packed.appendVariant(QDBusObjectPath(path))
    packed.endArray()
    return packed


def answer(message):
    told, path = message.arguments(), message.path()
    if message.member() == "FindDeviceByProperty":
        if told[0] != "XRANDR_name" or told[1] not in names:
            return message.createErrorReply("org.freedesktop.ColorManager.NotFound", "no match")
        if devices[told[1]] is None:
            return None
        return QDBusObjectPath(f"/device/{names.index(told[1])}")
    if message.member() == "Get" and told == ["org.freedesktop.ColorManager.Device", "Profiles"]:
        held = devices[names[int(path.split("/")[-1])]]
        return QDBusVariant(paths([f"/profile/{files.index(file)}" for file in held]))
    if message.member() == "Get" and told == ["org.freedesktop.ColorManager.Profile", "Filename"]:
        return QDBusVariant(files[int(path.split("/")[-1])])
    return message.createErrorReply("org.freedesktop.DBus.Error.UnknownMethod", message.member())


class Colord(QDBusVirtualObject):
    def introspect(self, path):
        return ""

    def handleMessage(self, message, connection):
        found = answer(message)
        if found is not None and not isinstance(found, QDBusMessage):
            reply = message.createReply()
            reply.setArguments([found])
            found = reply
        return found is None or connection.send(found)


app = QCoreApplication(["colord"])
bus, colord = QDBusConnection.systemBus(), Colord()
below = QDBusConnection.VirtualObjectRegisterOption.SubPath
assert bus.registerVirtualObject("/", colord, below)
assert bus.registerService("org.freedesktop.ColorManager")
print("ready", flush=True)
app.exec()
"""
"""A service that answers as colord 1.4 does; a device without a list never does."""

_ASKING = """
import json, sys
from PySide6.QtGui import QGuiApplication
from tests.gui.test_monitor_profile import Screen
from safelight.gui.screen.monitor_profile import monitor_profile
app = QGuiApplication(["asking"])
found = {name: monitor_profile(Screen(name)) for name in json.loads(sys.argv[1])}
print(json.dumps({name: icc and icc.hex() for name, icc in found.items()}))
"""

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>"""


@pytest.fixture
def bus():
    """A bus of its own that takes the system's place; the surroundings of who is to use it."""
    daemon = shutil.which("dbus-daemon")
    if daemon is None:
        pytest.skip("dbus-daemon is not installed")
    with tempfile.TemporaryDirectory() as folder:  # the path of a socket is at most 107 bytes
        config = Path(folder) / "bus.conf"
        config.write_text(_BUS.format(path=Path(folder) / "socket"))
        words = [daemon, f"--config-file={config}", "--nofork", "--print-address"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as running:
            address = running.stdout.readline().strip()
            yield os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": address, "QT_QPA_PLATFORM": "offscreen"}
            running.kill()


def asked(bus, names):
    words = [sys.executable, "-c", _ASKING, json.dumps(names)]
    root = Path(__file__).parents[2]
    told = subprocess.run(words, env=bus, cwd=root, capture_output=True, text=True, timeout=300)
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    return {name: icc and bytes.fromhex(icc) for name, icc in found.items()}


@pytest.mark.skipif(sys.platform != "linux", reason="colord is Linux's")
def test_colord_tells_the_profile_of_an_output_by_its_name(bus, tmp_path):
    files = {"good": ICC, "other": OTHER, "broken": b"hello" * 100}
    files["ink"] = pictures.press_profile()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    held = {
        "DP-1": ["good"],
        "eDP-1": ["other", "good"],
        "DP-2": ["missing", "broken", "good"],
        "DP-3": [],
        "DP-4": ["ink"],
        "DP-5": ["broken"],
    }
    devices = {name: [str(tmp_path / file) for file in found] for name, found in held.items()}
    devices["DP-6"] = None  # of which nobody ever answers
    words = [sys.executable, "-c", _SERVICE, json.dumps(devices)]
    with subprocess.Popen(words, env=bus, stdout=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout.readline() == "ready\n"
            found = asked(bus, [*devices, "HDMI-7"])
        finally:
            service.kill()
    assert found == {
        "DP-1": ICC,
        "eDP-1": OTHER,
        "DP-2": ICC,
        **dict.fromkeys(("DP-3", "DP-4", "DP-5", "DP-6", "HDMI-7")),
    }


@pytest.mark.skipif(sys.platform != "linux", reason="colord is Linux's")
def test_a_bus_without_colord_has_no_profile(bus):
    assert asked(bus, ["DP-1"]) == {"DP-1": None}


def test_no_bus_at_all_has_no_profile():
    lost = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus", "QT_QPA_PLATFORM": "offscreen"}
    assert asked(os.environ | lost, ["DP-1"]) == {"DP-1": None}


# -- macOS and Windows: their functions, with the C signatures that their headers have ---------


class Point(ctypes.Structure):
    """CGPoint."""

    _fields_ = (("x", ctypes.c_double), ("y", ctypes.c_double))


class Mac:
    """Core Graphics and Core Foundation with one display beside another; counts what is held.

    Handles are 64 bits wide: one that is cut to an int is a wrong one.
    """

    SPACE, DATA = 0x7F00_1234_5678, 0x7F00_9876_5432

    def __init__(self, profiles):
        self.held, self.profiles = [], profiles
        self.buffer = None
        number, many = ctypes.c_uint32, ctypes.POINTER(ctypes.c_uint32)
        handle = ctypes.c_void_p
        made = ctypes.CFUNCTYPE
        self.CGGetDisplaysWithPoint = made(ctypes.c_int32, Point, number, many, many)(self._at)
        self.CGDisplayCopyColorSpace = made(handle, number)(self._space)
        self.CGColorSpaceCopyICCData = made(handle, handle)(self._data)
        self.CFDataGetBytePtr = made(handle, handle)(self._bytes)
        self.CFDataGetLength = made(ctypes.c_long, handle)(self._length)
        self.CFRelease = made(None, handle)(self._release)

    def _at(self, point, most, displays, count):
        assert most == 1
        displays[0] = 2 if point.x >= 800 else 1
        count[0] = 0 if point.x < 0 else 1
        return 0

    def _space(self, display):
        if display not in self.profiles:
            return 0
        self.icc = self.profiles[display]
        self.held.append(self.SPACE)
        return self.SPACE

    def _data(self, space):
        assert space == self.SPACE
        if self.icc is None:
            return 0
        self.held.append(self.DATA)
        self.buffer = ctypes.create_string_buffer(self.icc, len(self.icc))
        return self.DATA

    def _bytes(self, data):
        assert data == self.DATA
        return ctypes.addressof(self.buffer)

    def _length(self, data):
        assert data == self.DATA
        return len(self.buffer)

    def _release(self, thing):
        self.held.remove(thing)


@pytest.mark.parametrize(
    ("x", "profiles", "found"),
    [
        (0, {1: ICC, 2: OTHER}, ICC),
        (800, {1: ICC, 2: OTHER}, OTHER),
        (0, {}, None),  # a display without a space
        (0, {1: None}, None),  # a space without a profile
        (-5, {1: ICC}, None),  # no display there
        (0, {1: b"hello" * 100}, None),
        (0, {1: pictures.press_profile()}, None),
    ],
)
def test_colorsync_tells_the_profile_of_the_display_at_the_screens_corner(
    monkeypatch, x, profiles, found
):
    mac = Mac(profiles)
    monkeypatch.setattr(monitor.sys, "platform", "darwin")
    monkeypatch.setattr(monitor.ctypes, "CDLL", lambda name: mac)
    assert monitor_profile(Screen(x=x)) == found
    assert mac.held == []


class GdiPoint(ctypes.Structure):
    """POINT."""

    _fields_ = (("x", ctypes.c_int32), ("y", ctypes.c_int32))


class MonitorInfo(ctypes.Structure):
    """MONITORINFOEXW."""

    _fields_ = (
        ("cbSize", ctypes.c_uint32),
        ("rcMonitor", ctypes.c_int32 * 4),
        ("rcWork", ctypes.c_int32 * 4),
        ("dwFlags", ctypes.c_uint32),
        ("szDevice", ctypes.c_uint16 * 32),
    )


class Windows:
    """User32 and GDI with two displays."""

    MONITOR, CONTEXT = 0x7F00_1111_2222, 0x7F00_3333_4444

    def __init__(self, files):
        self.files, self.open = files, 0
        handle, made = ctypes.c_void_p, ctypes.CFUNCTYPE
        text, whole = ctypes.c_wchar_p, ctypes.c_int32
        self.MonitorFromPoint = made(handle, GdiPoint, ctypes.c_uint32)(self._monitor)
        self.GetMonitorInfoW = made(whole, handle, ctypes.POINTER(MonitorInfo))(self._info)
        self.CreateICW = made(handle, text, text, text, handle)(self._context)
        number = ctypes.POINTER(ctypes.c_uint32)
        self.GetICMProfileW = made(whole, handle, number, handle)(self._profile)
        self.DeleteDC = made(whole, handle)(self._delete)

    def _monitor(self, point, flags):
        assert flags == 2
        return self.MONITOR + (point.x >= 800)

    def _info(self, monitor, info):
        assert info[0].cbSize == ctypes.sizeof(MonitorInfo) == 104
        name = "\\\\.\\DISPLAY" + str(monitor - self.MONITOR + 1)
        data = name.encode("utf-16-le").ljust(64, b"\0")
        ctypes.memmove(ctypes.addressof(info[0]) + MonitorInfo.szDevice.offset, data, 64)
        return 1

    def _context(self, device, other, port, mode):
        assert (other, port, mode) == (None, None, None)
        self.device = device
        self.open += 1
        return self.CONTEXT

    def _profile(self, context, size, path):
        assert context == self.CONTEXT
        found = self.files.get(self.device)
        if found is None or len(found) >= size[0]:
            return 0
        buffer = ctypes.create_unicode_buffer(found)
        ctypes.memmove(path, buffer, ctypes.sizeof(buffer))
        return 1

    def _delete(self, context):
        assert context == self.CONTEXT
        self.open -= 1
        return 1


def test_windows_tells_the_file_of_the_display_at_the_screens_corner(monkeypatch, tmp_path):
    one, two = tmp_path / "sRGB.icm", tmp_path / "Größe.icc"
    one.write_bytes(ICC)
    two.write_bytes(OTHER)
    windows = Windows({"\\\\.\\DISPLAY1": str(one), "\\\\.\\DISPLAY2": str(two)})
    monkeypatch.setattr(monitor.sys, "platform", "win32")
    monkeypatch.setattr(monitor.ctypes, "WinDLL", lambda name: windows, raising=False)
    # Qt's name of it is that of the monitor.
    assert monitor_profile(Screen("DELL U2718Q")) == ICC
    assert monitor_profile(Screen("DELL U2718Q", 800)) == OTHER
    for path, data in ((two, b"hello"), (one, None)):
        path.unlink()
        if data is not None:
            path.write_bytes(data)
    assert monitor_profile(Screen()) is None
    assert monitor_profile(Screen(x=800)) is None
    windows.files.clear()
    assert monitor_profile(Screen()) is None
    assert windows.open == 0


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_a_system_that_lacks_a_library_or_a_function_has_no_profile(monkeypatch, platform):
    def missing(name):
        raise OSError("no such library")

    monkeypatch.setattr(monitor.sys, "platform", platform)
    for loader in ("CDLL", "WinDLL"):
        monkeypatch.setattr(monitor.ctypes, loader, missing, raising=False)
    assert monitor_profile(Screen()) is None
    for loader in ("CDLL", "WinDLL"):
        monkeypatch.setattr(monitor.ctypes, loader, lambda name: SimpleNamespace(), raising=False)
    assert monitor_profile(Screen()) is None
