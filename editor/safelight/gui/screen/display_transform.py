"""Display transform: a document's colours into those of the screen, or of a print on it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QThread, Signal
from PySide6.QtGui import QColor, QColorSpace, QColorTransform, QImage

from safelight.actions import cache_folder
from safelight.actions.screen_colours import OUT_OF_GAMUT, PartLost, Screen, Sketch, sketched
from safelight.api import to_linear
from safelight.gui.threads.background import Background
from safelight.pixels import (
    SRGB,
    TONE,
    ColourError,
    Profile,
    from_float,
    prepare_beside,
    profile_name,
    to_float,
)

_KEPT = 16
"""Looks that are remembered: one for each profile of what is open."""

_ROWS = 64
"""Rows of pixels that go through a lattice at a time."""

_KEPT_IMAGES = 200
"""Small images that are remembered as the screen shows them."""

_MARK = (255, 0, 255)
"""What a colour is marked with that the print does not have: nothing in a photograph is that."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """How pixels of ``profile`` come to the screen.

    By Qt where three primaries and curves do it (``quick``; None where nothing is to be done); else
    by the lattices of a ``sketch``, or ``exact``, which takes its time. ``gamut``: what the print
    does not have is marked.
    """

    profile: Profile
    screen: Screen
    quick: QColorTransform | None = None
    sketch: Sketch | None = None
    gamut: bool = False
    exact: bool = False

    def image(self, pixels: NDArray[Any]) -> QImage:
        """Pixels (height, width, 3 or 4) of any depth as an image of the screen's colours."""
        if self.sketch is not None:
            pixels = self._shown(pixels, self.sketch)
        elif pixels.dtype != np.uint8:
            pixels = from_float(to_float(pixels), "uint8")
        pixels = np.ascontiguousarray(pixels)
        height, width, channels = pixels.shape
        alpha = channels == 4
        kind = QImage.Format.Format_RGBA8888 if alpha else QImage.Format.Format_RGB888
        image = QImage(pixels.data, width, height, pixels.strides[0], kind)
        if self.quick is not None and self.sketch is None:
            image = image.copy()
            image.applyColorTransform(self.quick)
        wanted = QImage.Format.Format_ARGB32_Premultiplied if alpha else QImage.Format.Format_RGB32
        return image.convertToFormat(wanted)  # a copy: the pixels need not outlive it

    def _shown(self, pixels: NDArray[Any], sketch: Sketch) -> NDArray[np.uint8]:
        result = np.empty(pixels.shape, np.uint8)
        # What is exact is asked of another process, once; floats of some rows stay in the cache.
        rows = len(pixels) if self.exact else _ROWS
        for top in range(0, len(pixels), rows):
            band = pixels[top : top + rows]
            floats = band.copy() if band.dtype == np.float32 else to_float(band)
            seen, missing = self._exactly(floats) if self.exact else (None, None)
            if seen is not None:
                floats[..., :3] = seen
            else:
                if self.gamut and sketch.missing is not None:
                    missing = sketch.missing.apply(floats)[..., 0]
                sketch.seen.apply(floats, floats)
            result[top : top + rows] = from_float(floats, "uint8")
            if missing is not None:
                result[top : top + rows][missing > OUT_OF_GAMUT, :3] = _MARK
        return result

    def _exactly(
        self, floats: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
        """Colours on the screen, and how far each is from what the print has, where that is asked.

        Nothing where the process that reads profiles is lost meanwhile: the lattices do then.
        """
        colour = np.ascontiguousarray(floats[..., :3])
        try:
            seen = self.screen.seen(colour, self.profile)
            return seen, self.screen.missing(colour, self.profile) if self.gamut else None
        except (ColourError, PartLost):
            return None, None


def tagged(pixels: NDArray[Any], profile: Profile) -> QImage:
    """Pixels (height, width, 3 or 4) of any depth as an image of 8 bits that says which profile its
    numbers are in, for ``Display.shown``. May be called on any thread.
    """
    colour = pixels
    space = None if profile.is_srgb else _space(profile)
    if space is None and not profile.is_srgb:
        colour = profile.to_srgb(to_float(pixels))
    eight = colour if colour.dtype == np.uint8 else from_float(to_float(colour), "uint8")
    packed = np.ascontiguousarray(eight)
    height, width, channels = packed.shape
    kind = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    # A copy: the pixels need not outlive it.
    image = QImage(packed.data, width, height, packed.strides[0], kind).copy()
    if space is not None:
        image.setColorSpace(space)
    return image


PLAIN = Look(SRGB, Screen())
"""How the window's own colours come to the screen: as they are."""


class Display(QObject):
    """What all canvases are shown on. ``changed`` tells that colours come to it in another way.

    Lattices are made on a thread; until they are there, it is looked at as it was before.
    ``failed`` gives the reason why a profile cannot be used.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.screen = Screen()
        self.gamut = False
        self._looks: OrderedDict[tuple[Profile, Screen, bool], Look] = OrderedDict()
        self._last: dict[Profile, Look] = {}
        self._making: set[tuple[Profile, Screen]] = set()
        self._shown: OrderedDict[tuple[int, Profile], tuple[Look, QImage]] = OrderedDict()

    def show_on(self, screen: Screen, gamut: bool = False) -> None:
        """Show everything on another screen, or as another print."""
        if (screen, gamut) != (self.screen, self.gamut):
            self.screen, self.gamut = screen, gamut
            self.changed.emit()

    def look(self, profile: Profile | None) -> Look:
        """How pixels of a profile come to the screen now; the same object while that is so."""
        profile = profile or SRGB
        key = profile, self.screen, self.gamut
        found = self._looks.get(key)
        if found is None:
            quick = _quick(profile, self.screen)
            if quick is _SLOW:
                if QThread.currentThread() is self.thread():
                    self._sketch(profile, self.screen)
                return self._last.get(profile) or self._keep(
                    (profile, Screen(), False), Look(profile, Screen(), _plain(profile))
                )
            found = self._keep(key, Look(profile, self.screen, quick))
        self._looks.move_to_end(key)
        self._last[profile] = found
        return found

    def shown(self, image: QImage, profile: Profile | None = None) -> QImage:
        """A small image in the colours of the screen: what any other part of the window shows of a
        picture is to look as it does on the canvas.

        Its numbers are in ``profile``, in that which it says itself (``tagged``), or else in sRGB.
        By lattices, where there are any: nothing waits for what is exact.
        """
        look = self.look(profile or _profile_in(image))
        if look.quick is None and look.sketch is None or image.isNull():
            return image
        key = image.cacheKey(), look.profile
        known = self._shown.get(key)
        if known is None or known[0] is not look:
            known = look, _seen_by(replace(look, exact=False), image)
            self._shown[key] = known
            while len(self._shown) > _KEPT_IMAGES:
                self._shown.popitem(last=False)
        self._shown.move_to_end(key)
        return known[1]

    def colour(self, colour: QColor) -> QColor:
        """A colour of a picture, sRGB, as the screen shows it."""
        look = self.look(None)
        if look.quick is None and look.sketch is None:
            return colour
        one = np.array([[[colour.red(), colour.green(), colour.blue()]]], np.uint8)
        seen = replace(look, exact=False).image(one).pixelColor(0, 0)
        seen.setAlpha(colour.alpha())
        return seen

    def _keep(self, key: tuple[Profile, Screen, bool], look: Look) -> Look:
        self._looks[key] = look
        while len(self._looks) > _KEPT:
            _, gone = self._looks.popitem(last=False)
            if self._last.get(gone.profile) is gone:
                del self._last[gone.profile]
        return look

    def _sketch(self, profile: Profile, screen: Screen) -> None:
        if (profile, screen) in self._making:
            return
        self._making.add((profile, screen))
        prepare_beside(cache_folder() / "kernels", [TONE])

        def done(sketch: Sketch) -> None:
            self._making.discard((profile, screen))
            exact = screen.proof is not None
            for gamut in (False, True):
                made = Look(profile, screen, None, sketch, gamut, exact)
                self._keep((profile, screen, gamut), made)
            if screen == self.screen:
                self.changed.emit()

        def fail(error: Exception) -> None:
            self._making.discard((profile, screen))
            for gamut in (False, True):
                self._keep((profile, screen, gamut), Look(profile, screen, _plain(profile)))
            if screen == self.screen:
                self.failed.emit(_why(screen, error))

        Background(self, partial(sketched, screen, profile), done, fail)


@lru_cache(maxsize=1)
def display() -> Display:
    """The display of this process."""
    return Display()


def _why(screen: Screen, error: Exception) -> str:
    """Why colours are shown as sRGB, to be said."""
    if screen.monitor is None or screen.proof is not None:
        return str(error)
    name = profile_name(screen.monitor)
    return f"The monitor is taken for sRGB, since its profile, {name}, cannot be used: {error}"


_SLOW = object()
"""Stands for what Qt cannot do."""


@lru_cache(maxsize=_KEPT)
def _quick(profile: Profile, screen: Screen) -> Any:
    """Qt's way from a profile to a screen, None where nothing is to be done, or ``_SLOW``."""
    if screen.proof is not None:
        return _SLOW
    if screen.monitor is None:
        return _plain(profile)
    try:
        monitor = Profile.from_icc(screen.monitor)
    except ColourError:
        return _SLOW
    if monitor.is_srgb:
        return _plain(profile)
    if np.linalg.det(to_linear(monitor.to_srgb(np.eye(3, dtype=np.float32)))) <= 0:
        return _SLOW  # Qt knows no primaries in another turn
    there, own = QColorSpace.fromIccProfile(screen.monitor), _space(profile)
    if own is None or not there.isValid():
        return _SLOW
    return own.transformationToColorSpace(there)


def _plain(profile: Profile) -> QColorTransform | None:
    """The conversion from a profile to the screen, taken as sRGB; None where there is nothing to
    do.
    """
    space = _space(profile)
    if profile.is_srgb or space is None:
        return None
    return space.transformationToColorSpace(QColorSpace(QColorSpace.NamedColorSpace.SRgb))


def _space(profile: Profile) -> QColorSpace | None:
    if profile.is_srgb or profile.icc is None:
        return QColorSpace(QColorSpace.NamedColorSpace.SRgb)
    space = QColorSpace.fromIccProfile(profile.icc)
    return space if space.isValid() else None


def _profile_in(image: QImage) -> Profile:
    """The profile that an image says its numbers are in."""
    icc = bytes(image.colorSpace().iccProfile().data()) if image.colorSpace().isValid() else b""
    return _profile_of(icc) if icc else SRGB


@lru_cache(maxsize=_KEPT)
def _profile_of(icc: bytes) -> Profile:
    try:
        return Profile.from_icc(icc)
    except ColourError:
        return SRGB


def _seen_by(look: Look, image: QImage) -> QImage:
    """An image of 8 bits as a look shows it, with its alpha."""
    alpha = image.hasAlphaChannel()
    kind = QImage.Format.Format_RGBA8888 if alpha else QImage.Format.Format_RGB888
    plain = image.convertToFormat(kind)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), -1)
    channels = 4 if alpha else 3
    pixels = rows[:, : plain.width() * channels].reshape(plain.height(), plain.width(), channels)
    return look.image(pixels)
