"""Monitor profile: the profile that the system has for a screen."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import logging
import sys
from collections.abc import Iterator
from typing import Any

from PySide6.QtGui import QGuiApplication, QScreen

from safelight.api.colour_profile import LARGEST_FILE, IccError, read_icc

_log = logging.getLogger(__name__)


def monitor_profile(screen: QScreen) -> bytes | None:
    """The ICC profile of a screen, as the system has it; None where it has none."""
    try:
        if sys.platform == "darwin":
            found = _by_colorsync(screen)
        elif sys.platform == "win32":
            found = _by_windows(screen)
        else:
            found = _by_x11(screen) or _by_colord(screen)
    except Exception:  # whatever a system's library lacks, colours are then shown as sRGB
        _log.info("the monitor's profile is not found", exc_info=True)
        return None
    return found if found is not None and is_of_a_screen(found) else None


def is_of_a_screen(icc: bytes) -> bool:
    """Whether a profile is one of red, green and blue, as far as its header tells."""
    return len(icc) > 132 and icc[36:40] == b"acsp" and icc[16:20] == b"RGB "


def _by_x11(screen: QScreen) -> bytes | None:
    """The root window's _ICC_PROFILE, or _ICC_PROFILE_n of the n-th screen but the first one (ICC
    Profiles in X specification, 0.4).
    """
    if QGuiApplication.platformName() != "xcb":
        return None
    name = ctypes.util.find_library("X11") or "libX11.so.6"
    x11 = ctypes.CDLL(name)
    x11.XOpenDisplay.restype = x11.XDefaultRootWindow.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    shown = x11.XOpenDisplay(None)
    if not shown:
        return None
    shown = ctypes.c_void_p(shown)
    try:
        screens = QGuiApplication.screens()
        index = screens.index(screen) if screen in screens else 0
        atom = x11.XInternAtom(shown, b"_ICC_PROFILE" + (b"_%d" % index if index else b""), 1)
        return _property(x11, shown, atom) if atom else None
    finally:
        x11.XCloseDisplay(shown)


def _property(x11: Any, shown: ctypes.c_void_p, atom: int) -> bytes | None:
    kind, count, left = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_ulong()
    width, data = ctypes.c_int(), ctypes.c_void_p()
    failed = x11.XGetWindowProperty(
        shown,
        ctypes.c_void_p(x11.XDefaultRootWindow(shown)),
        ctypes.c_ulong(atom),
        ctypes.c_long(0),
        ctypes.c_long(LARGEST_FILE // 4),
        0,
        ctypes.c_ulong(0),  # of any type
        *(ctypes.byref(part) for part in (kind, width, count, left, data)),
    )
    if failed or not data:
        return None
    try:
        return ctypes.string_at(data, count.value) if width.value == 8 else None
    finally:
        x11.XFree(data)


_COLORD = "org.freedesktop.ColorManager"

_PATIENCE = 1000
"""Milliseconds that an answer of colord is waited for: the window waits meanwhile."""


def _by_colord(screen: QScreen) -> bytes | None:
    """What colord has for the output of that name: under Wayland nothing else tells."""
    from PySide6.QtDBus import QDBus, QDBusArgument, QDBusConnection, QDBusMessage, QDBusObjectPath

    bus = QDBusConnection.systemBus()
    if not bus.isConnected():
        return None

    def asked(path: str, part: str, method: str, *words: Any) -> Any:
        call = QDBusMessage.createMethodCall(_COLORD, path, part, method)
        call.setArguments(list(words))
        reply = bus.call(call, QDBus.CallMode.Block, _PATIENCE)
        if reply.type() != QDBusMessage.MessageType.ReplyMessage:
            return None
        return next(iter(reply.arguments()), None)

    def value(path: str, kind: str, name: str) -> Any:
        found = asked(path, "org.freedesktop.DBus.Properties", "Get", f"{_COLORD}.{kind}", name)
        return getattr(found, "variant", lambda: found)()

    def paths_in(found: Any) -> Iterator[str]:
        """What an array of object paths holds, which Qt leaves packed."""
        if not isinstance(found, QDBusArgument) or found.currentSignature() != "ao":
            return
        found.beginArray()
        while not found.atEnd():
            path = found.asVariant()
            if isinstance(path, QDBusObjectPath):
                yield path.path()
        found.endArray()

    manager = "/org/freedesktop/ColorManager"
    device = asked(manager, _COLORD, "FindDeviceByProperty", "XRANDR_name", screen.name())
    if not isinstance(device, QDBusObjectPath):
        return None
    for path in paths_in(value(device.path(), "Device", "Profiles")):  # the usual one first
        with contextlib.suppress(IccError):
            return read_icc(str(value(path, "Profile", "Filename")))
    return None


def _by_colorsync(screen: QScreen) -> bytes | None:
    """The colour space of the display at the screen's corner (Core Graphics)."""
    graphics = ctypes.CDLL(ctypes.util.find_library("CoreGraphics") or "")
    core = ctypes.CDLL(ctypes.util.find_library("CoreFoundation") or "")

    class Point(ctypes.Structure):
        _fields_ = (("x", ctypes.c_double), ("y", ctypes.c_double))

    corner = screen.geometry().topLeft()
    number, count = ctypes.c_uint32(), ctypes.c_uint32()
    graphics.CGGetDisplaysWithPoint.argtypes = (
        *(Point, ctypes.c_uint32),
        *(ctypes.POINTER(ctypes.c_uint32), ctypes.POINTER(ctypes.c_uint32)),
    )
    place = Point(corner.x(), corner.y())
    graphics.CGGetDisplaysWithPoint(place, 1, ctypes.byref(number), ctypes.byref(count))
    if not count.value:
        return None
    graphics.CGDisplayCopyColorSpace.restype = ctypes.c_void_p
    graphics.CGDisplayCopyColorSpace.argtypes = (ctypes.c_uint32,)
    graphics.CGColorSpaceCopyICCData.restype = ctypes.c_void_p
    graphics.CGColorSpaceCopyICCData.argtypes = (ctypes.c_void_p,)
    core.CFDataGetBytePtr.restype, core.CFDataGetBytePtr.argtypes = (
        *(ctypes.c_void_p, (ctypes.c_void_p,)),
    )
    core.CFDataGetLength.restype, core.CFDataGetLength.argtypes = (
        *(ctypes.c_long, (ctypes.c_void_p,)),
    )
    core.CFRelease.argtypes = (ctypes.c_void_p,)
    space = graphics.CGDisplayCopyColorSpace(number)
    if not space:
        return None
    data = graphics.CGColorSpaceCopyICCData(space)
    core.CFRelease(space)
    if not data:
        return None
    try:
        return ctypes.string_at(core.CFDataGetBytePtr(data), core.CFDataGetLength(data))
    finally:
        core.CFRelease(data)


def _by_windows(screen: QScreen) -> bytes | None:
    """The file that the Windows Color System names for the display at the screen's corner.

    Qt calls a screen by the monitor's own name, which GDI does not know.
    """
    user: Any = ctypes.WinDLL("user32")  # type: ignore[attr-defined,unused-ignore]
    gdi: Any = ctypes.WinDLL("gdi32")  # type: ignore[attr-defined,unused-ignore]

    class Point(ctypes.Structure):
        _fields_ = (("x", ctypes.c_int32), ("y", ctypes.c_int32))

    class MonitorInfo(ctypes.Structure):
        _fields_ = (
            ("size", ctypes.c_uint32),
            ("monitor", ctypes.c_int32 * 4),
            ("work", ctypes.c_int32 * 4),
            ("flags", ctypes.c_uint32),
            ("device", ctypes.c_uint16 * 32),
        )

    user.MonitorFromPoint.restype = ctypes.c_void_p
    user.MonitorFromPoint.argtypes = (Point, ctypes.c_uint32)
    user.GetMonitorInfoW.argtypes = (ctypes.c_void_p, ctypes.POINTER(MonitorInfo))
    gdi.CreateICW.restype = ctypes.c_void_p
    gdi.CreateICW.argtypes = (ctypes.c_wchar_p, ctypes.c_wchar_p, ctypes.c_wchar_p, ctypes.c_void_p)
    gdi.GetICMProfileW.argtypes = (
        *(ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32), ctypes.c_wchar_p),
    )
    gdi.DeleteDC.argtypes = (ctypes.c_void_p,)
    corner = screen.geometry().topLeft()
    monitor = user.MonitorFromPoint(Point(corner.x(), corner.y()), _NEAREST)
    told = MonitorInfo(ctypes.sizeof(MonitorInfo))
    if not monitor or not user.GetMonitorInfoW(monitor, ctypes.byref(told)):
        return None
    device = bytes(told.device).decode("utf-16-le").split("\0")[0]
    context = gdi.CreateICW(device, None, None, None)
    if not context:
        return None
    try:
        size = ctypes.c_uint32(1024)
        path = ctypes.create_unicode_buffer(size.value)
        if not gdi.GetICMProfileW(context, ctypes.byref(size), path):
            return None
    finally:
        gdi.DeleteDC(context)
    with contextlib.suppress(IccError):
        return read_icc(path.value)
    return None


_NEAREST = 2
"""MONITOR_DEFAULTTONEAREST."""
