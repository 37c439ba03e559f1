"""Opening: a picture file becomes a document, or an error that says what to do instead."""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api.formats import HEAD
from safelight.document import Document
from safelight.files import foreign, jpeg, metadata, png, provenance, tiff, webp
from safelight.files.adobe_rgb import adobe_rgb_profile
from safelight.files.atomic import plain_name
from safelight.files.content import CHANNELS, Content, DamagedError, Limit, TooLargeError, packed
from safelight.files.memory import free_memory
from safelight.pixels import SRGB, ColourError, Profile, Raster

LIMIT_VARIABLE = "SAFELIGHT_PIXEL_LIMIT"
"""The environment variable that sets the pixel limit."""

LARGEST_LIMIT = 1_000_000_000
"""The default limit on a computer with memory to spare: one gigapixel."""

_CONVERTED_AT_ONCE = 500_000
"""Pixels whose colours are converted in one go, so few that nobody waits for the exact ones."""

_MOST_DOTS = 1_000_000
"""Dots per inch that are believed: 25 nanometres each."""

_SHARE_OF_MEMORY = 0.4
_BYTES_PER_PIXEL = 16
_SUPPORTED = ("JPEG", "PNG", "TIFF", "WebP")


class OpenError(Exception):
    """A file cannot be opened. The text is for the user: the file's name and what to do."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture that was opened: the document, sentences for the user, and the file's format."""

    document: Document
    notes: tuple[str, ...]
    format: str


_untouched: weakref.WeakSet[Raster] = weakref.WeakSet()


def is_untouched(document: Document) -> bool:
    """Whether its pixels are those of a file as it stands, so that the thumbnail still fits."""
    return len(document.layers) == 1 and document.layers[0].content in _untouched


def open_picture(
    path: str | os.PathLike[str],
    *,
    pixel_limit: int | None = None,
    importers: foreign.Importers = tuple,
    first: Callable[[Opened], None] | None = None,
) -> Opened:
    """Open a JPEG, PNG, TIFF, WebP or OpenRaster file, recognised by its content.

    ``importers`` open other formats. Of OpenRaster the layers are kept.

    Depth, alpha, profile and metadata are kept; EXIF orientation is obeyed. What is not RGB
    becomes RGB, and a profile that ``Profile`` cannot hold is converted to sRGB; ``notes`` say
    so. A picture of more than ``pixel_limit`` pixels is refused before anything is decoded.
    Without it SAFELIGHT_PIXEL_LIMIT counts, else ``default_pixel_limit()``.

    Where an exact conversion of the colours takes long, ``first`` is given the picture as a
    coarse conversion makes it: to be looked at meanwhile, and for nothing else.

    Raises OpenError for everything that is not such a picture. May be called on any thread.
    """
    limit = _limit(pixel_limit)
    name = plain_name(path)
    if _is_openraster(path, name):
        from safelight.files.openrasterreading import open_openraster  # it builds on this module

        return open_openraster(path, pixel_limit=limit)
    content, name_of_format = read_content(path, limit, importers=importers)
    try:
        if first is not None and _takes_long(content):
            seen = replace(content, notes=[])
            document, _ = _document(seen, name, exact=False)
            first(Opened(document, tuple(seen.notes), name_of_format))
        document, turned = _document(content, name)
    except MemoryError as error:
        raise OpenError(f"{name} cannot be opened: there is not enough memory.") from error
    if not turned:
        _untouched.add(document.layers[0].raster)
    return Opened(document, tuple(content.notes), name_of_format)


def _is_openraster(path: str | os.PathLike[str], name: str) -> bool:
    """Whether a file is OpenRaster by its beginning, or an archive that calls itself so."""
    with _open_regular(path, name) as file, _in_words(name, None):
        kind = _kind(file.read(HEAD))
    named = os.fspath(path).lower().endswith(".ora")
    return kind == _OPENRASTER or (kind == _ARCHIVE and named)


def open_data(data: bytes, name: str, *, pixel_limit: int) -> Opened:
    """Open a JPEG, PNG or WebP that is in memory; sentences call it ``name``.

    Raises OpenError for everything that is no such picture of at most ``pixel_limit`` pixels.
    """
    kind = _kind(data[:HEAD])
    if kind not in _READERS:
        raise OpenError(f"{name} is damaged: it is no picture.")
    try:
        content = _READERS[kind](data, pixel_limit)
        document, _ = _document(content, name)
    except TooLargeError as error:
        raise OpenError(f"{name} has {error} pixels, far more than it should.") from error
    except DamagedError as error:
        raise OpenError(f"{name} {error}.") from error
    except MemoryError as error:
        raise OpenError(f"{name} cannot be opened: there is not enough memory.") from error
    return Opened(document, tuple(content.notes), kind)


def default_pixel_limit() -> int:
    """One gigapixel, or what fits into 40 % of the free memory at 16 bytes a pixel.

    16 bytes are a float32 RGBA pixel, what a filter works on.
    """
    free = free_memory()
    if free is None:
        return LARGEST_LIMIT
    return min(LARGEST_LIMIT, int(free * _SHARE_OF_MEMORY) // _BYTES_PER_PIXEL)


def _limit(given: int | None) -> int:
    if given is None:
        given = stated_pixel_limit()
    return default_pixel_limit() if given is None else given


def stated_pixel_limit() -> int | None:
    """What SAFELIGHT_PIXEL_LIMIT says; None without it. Raises OpenError for what is no number."""
    stated = os.environ.get(LIMIT_VARIABLE, "").strip().replace("_", "")
    if not stated:
        return None
    if not stated.isdecimal():
        raise OpenError(f"{LIMIT_VARIABLE} must be a whole number of pixels, like 200000000.")
    return int(stated)


def read_content(
    path: str | os.PathLike[str],
    limit: Limit,
    name: str | None = None,
    *,
    importers: foreign.Importers = tuple,
) -> tuple[Content, str]:
    """What is in a picture file, not yet turned upright or converted, and its format.

    Raises OpenError, which calls the file ``name`` if given.
    """
    name = name or plain_name(path)
    suffix = os.path.splitext(os.fspath(path))[1]
    with _open_regular(path, name) as file, _in_words(name, limit):
        return _read(file, name, suffix, limit, importers)


def read_foreign(
    path: str | os.PathLike[str], limit: Limit, name: str, importer: foreign.Importer
) -> Content:
    """What is in a file of a plugin's format. Raises OpenError, which calls the file ``name``."""
    with _open_regular(path, name) as file, _in_words(name, limit):
        return _read_foreign(file, name, limit, importer)


@contextlib.contextmanager
def _in_words(name: str, limit: Limit) -> Iterator[None]:
    """What goes wrong while a file is read, as an OpenError about the file called ``name``."""
    try:
        yield
    except TooLargeError as error:
        raise OpenError(_too_large(name, error, limit or 0)) from error
    except DamagedError as error:
        raise OpenError(f"{name} {error}.") from error
    except MemoryError as error:
        raise OpenError(f"{name} cannot be opened: there is not enough memory.") from error
    except OSError as error:
        raise OpenError(f"{name} cannot be read: {error.strerror or error}.") from error


def _read(
    file: io.BufferedReader, name: str, suffix: str, limit: Limit, importers: foreign.Importers
) -> tuple[Content, str]:
    head = file.read(HEAD)
    if not head:
        raise OpenError(f"{name} is empty (0 bytes); take another copy of it.")
    kind = _kind(head)
    if kind == "TIFF":
        try:
            # Read in place: these files may be larger than memory.
            return tiff.read(file, _size(file), limit), kind
        except tiff.RawError:
            kind = _RAW
    if kind in _READERS:
        _check_memory(file, name)
        file.seek(0)
        return _READERS[kind](file.read(), limit), kind
    known = importers()
    importer = foreign.choose(known, head, suffix)
    if importer is None:
        raise OpenError(_unknown(name, kind, [item.format.title for item in known]))
    return _read_foreign(file, name, limit, importer), importer.format.title


def _read_foreign(
    file: io.BufferedReader, name: str, limit: Limit, importer: foreign.Importer
) -> Content:
    _check_memory(file, name)
    file.seek(0)
    return foreign.read(importer, file, _size(file), limit)


def _size(file: io.BufferedReader) -> int:
    return os.fstat(file.fileno()).st_size


def _check_memory(file: io.BufferedReader, name: str) -> None:
    """Raise OpenError for a file that the memory has no room for."""
    free, size = free_memory(), _size(file)
    if free is not None and size > free * _SHARE_OF_MEMORY:
        raise OpenError(f"{name} is larger ({size >> 20} MB) than the free memory allows.")


_READERS: dict[str, Callable[[bytes, Limit], Content]] = {
    "JPEG": jpeg.read,
    "PNG": png.read,
    "WebP": webp.read,
}


def _open_regular(path: str | os.PathLike[str], name: str) -> io.BufferedReader:
    """The file, open for reading. Never waits: a FIFO would block until somebody writes."""
    flags = os.O_RDONLY
    for flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, flag, 0)
    try:
        # Asked before opening, because opening a device can already do something.
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise OpenError(f"{name} is a folder; choose a picture in it.")
        if not stat.S_ISREG(mode):
            raise OpenError(f"{name} is not an ordinary file; choose a picture.")
        descriptor = os.open(path, flags)
    except FileNotFoundError as error:
        raise OpenError(f"{name} does not exist; check the name and the folder.") from error
    except PermissionError as error:
        raise OpenError(f"You have no permission to read {name}.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OpenError(f"{name} cannot be read: {reason}.") from error
    # By this roundabout way the file object knows its name, which tifffile asks for.
    file = open(os.fsdecode(path), "rb", opener=lambda *_: descriptor)  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise OpenError(f"{name} is not an ordinary file; choose a picture.")
    return file


_RAW = "a camera's raw file"
_OPENRASTER = "an OpenRaster picture"
_ARCHIVE = "an archive or a document"

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"RIFF....WEBP", "WebP"),
    (rb"II\*\0....CR", _RAW),
    (rb"II(\*\0|\+\0)|MM(\0\*|\0\+)", "TIFF"),
    (rb"IIU\0|IIR[OS]|MMOR|FUJIFILMCCD-RAW|\0MRM", _RAW),
    (rb"....ftypcrx ", _RAW),
    (rb"GIF8[79]a", "a GIF"),
    (rb"....ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)", "a HEIC picture"),
    (rb"....ftypavi[fs]", "an AVIF picture"),
    (rb"....ftyp", "a film"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (rb"%PDF-", "a PDF"),
    (rb"8BPS", "a Photoshop document"),
    (rb"gimp xcf", "a GIMP document"),
    (rb"BM", "a BMP picture"),
    (rb"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (rb"\x00\x00\x01\x00", "an icon file"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file"),
    (rb"\s*(<\?xml.*)?<svg", "an SVG drawing"),
    (rb"PK\x03\x04.{26}mimetypeimage/openraster", _OPENRASTER),
    (rb"PK\x03\x04", _ARCHIVE),
    (rb"P[1-7]\s", "a PNM picture"),
    (rb"#\?(RADIANCE|RGBE)", "a Radiance picture"),
    (rb"SQLite format 3\0", "a database"),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), kind) for pattern, kind in _BEGINNINGS)


def _kind(head: bytes) -> str | None:
    """JPEG, PNG, WebP, TIFF, the words for another known format, or None."""
    return next((kind for pattern, kind in _PATTERNS if pattern.match(head)), None)


def _unknown(name: str, kind: str | None, more: list[str]) -> str:
    """Why a file is not opened; ``more`` are the formats that plugins open."""
    *first, last = [*_SUPPORTED, *dict.fromkeys(more)]
    supported = f"Safelight opens {', '.join(first)} and {last}"
    if kind is None:
        return f"{name} is not a picture that Safelight knows; {supported}."
    verb = "develop it to a 16-bit TIFF first" if kind == _RAW else "save it as one of these first"
    return f"{name} is {kind}. {supported}; {verb}."


def _too_large(name: str, error: TooLargeError, limit: int) -> str:
    pixels = error.width * error.height
    return (
        f"{name} has {error.width} x {error.height} pixels ({_mega(pixels)} megapixels), more than"
        f" the limit of {_mega(limit)} megapixels. If you trust the file, raise the limit:"
        f" --pixel-limit {pixels} on the command line, or {LIMIT_VARIABLE}={pixels} in the"
        " environment."
    )


def _mega(pixels: int) -> str:
    return f"{pixels / 1e6:.3g}" if pixels < 1e8 else f"{pixels / 1e6:.0f}"


def _takes_long(content: Content) -> bool:
    """Whether the exact conversion of the colours is something to wait for."""
    height, width = content.pixels.shape[:2]
    icc, colour = content.icc, content.space != "cmyk"
    if icc is None or height * width < _CONVERTED_AT_ONCE:
        return False
    return not (colour and _own_profile(icc, content.space))


def _document(content: Content, name: str, *, exact: bool = True) -> tuple[Document, bool]:
    """The upright RGB document, and whether it had to be turned.

    ``exact``: colours that have to be converted are, at any cost.
    """
    pixels, profile = _rgb(content, exact)
    kept = content.metadata
    if kept.dpi and not all(0 < dots <= _MOST_DOTS for dots in kept.dpi):
        content.notes.append("The resolution that the file states cannot be; it was left out.")
        kept = replace(kept, dpi=None)
    turn = content.orientation or metadata.orientation(kept.exif)
    turned = turn in range(2, 9)
    if turned:
        pixels = _TURNS[turn](pixels)
        kept = replace(
            kept,
            exif=metadata.upright(kept.exif) if kept.exif else None,
            xmp=metadata.upright_xmp(kept.xmp) if kept.xmp else None,
            dpi=kept.dpi[::-1] if kept.dpi and turn >= 5 else kept.dpi,
        )
    document = Document.from_raster(
        Raster.from_array(pixels),
        profile=profile,
        metadata=kept,
        name=name,
        source=content.source,
        synthetic=provenance.stated(kept.xmp),
        grey=content.space == "grey",
    )
    return document, turned


_TURNS: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels.swapaxes(0, 1)[:, ::-1],
    7: lambda pixels: pixels.swapaxes(0, 1)[::-1, ::-1],
    8: lambda pixels: pixels.swapaxes(0, 1)[::-1],
}
"""Views that set a picture upright, by EXIF 2.32 orientation."""


def _rgb(content: Content, exact: bool = True) -> tuple[NDArray[Any], Profile]:
    """The pixels as RGB or RGBA and the profile they are in; adds notes to ``content``."""
    colours = CHANNELS[content.space]
    colour = content.pixels[..., :colours]
    icc = content.icc
    if content.space != "cmyk":
        if icc is None and metadata.says_adobe_rgb(content.metadata.exif):
            icc = adobe_rgb_profile()
            content.notes.append(
                "The camera marked the colours as Adobe RGB without a profile; one was added."
            )
        if icc is None:
            return _with_alpha(content, _as_rgb(colour)), SRGB
        profile = _own_profile(icc, content.space)
        if profile is not None:
            return _with_alpha(content, _as_rgb(colour)), profile
    converted = _converted(colour, icc, content.space, exact) if icc else None
    if converted is not None:
        what = {"grey": "a grey profile", "cmyk": "CMYK", "rgb": "a profile with tables"}
        content.notes.append(f"Colours were converted from {what[content.space]} to sRGB.")
    elif content.space == "cmyk":
        content.notes.append("Colours were converted from CMYK to sRGB without a profile.")
        converted = _cmyk_by_formula(colour)
    else:
        content.notes.append(
            "The colour profile cannot be used and was left out; the colours are taken as sRGB."
        )
        converted = _as_rgb(colour)
    return _with_alpha(content, converted), SRGB


def _as_rgb(colour: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else colour


def _with_alpha(content: Content, colour: NDArray[Any]) -> NDArray[Any]:
    if not content.alpha:
        return colour
    if np.may_share_memory(colour, content.pixels):
        # Nothing was converted: the file's own array holds both already.
        return content.pixels
    return np.concatenate([colour, content.pixels[..., -1:]], axis=2)


def _own_profile(icc: bytes, space: str) -> Profile | None:
    """The profile as a document can have it; None for what has to be converted."""
    try:
        if space == "grey" and icc[16:20] == b"GRAY":
            return Profile.from_grey(icc)
        # Grey pixels under an RGB profile are that profile's greys.
        return Profile.from_icc(icc) if icc[16:20] == b"RGB " else None
    except ColourError:
        return None


def _converted(
    colour: NDArray[Any], icc: bytes, space: str, exact: bool = True
) -> NDArray[Any] | None:
    """The pixels in sRGB by way of their profile (LittleCMS), relative colorimetric with black
    point compensation; None when that cannot be done.

    Left to itself, LittleCMS squeezes a profile of tables into one coarse grid: ten times as
    fast, and off by up to some hundreds of 65,535.
    """
    import imagecodecs

    signature, spelled = {
        "grey": (b"GRAY", "gray"),
        "rgb": (b"RGB ", "rgb"),
        "cmyk": (b"CMYK", "cmyk"),
    }[space]
    if icc[16:20] != signature or (space == "cmyk" and colour.dtype == np.float32):
        return None
    flags: int = imagecodecs.CMS.FLAGS.BLACKPOINTCOMPENSATION
    if exact:
        flags |= imagecodecs.CMS.FLAGS.NOOPTIMIZE
    srgb = imagecodecs.cms_profile("srgb")
    result = np.empty((*colour.shape[:2], 3), colour.dtype)
    # LittleCMS makes a coarse grid anew for each band, so these are larger.
    at_once = _CONVERTED_AT_ONCE if exact else 16 * _CONVERTED_AT_ONCE
    rows = max(at_once // colour.shape[1], 1)

    def convert(top: int) -> None:
        band = packed(colour[top : top + rows])
        made = imagecodecs.cms_transform(
            band[..., 0] if space == "grey" else band,
            icc,
            srgb,
            colorspace=spelled,
            outcolorspace="rgb",
            intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
            flags=flags,
        )
        # A grey's channels may differ in their last bit: then it would be none any more.
        result[top : top + rows] = made[..., 1:2] if space == "grey" else made

    try:
        # In bands, so that only the result is as large as the picture, and every core has some.
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for _ in threads.map(convert, range(0, len(colour), rows)):
                pass
    except Exception:
        # Whatever a broken profile makes the library say, the picture is still there.
        return None
    return result


def _cmyk_by_formula(ink: NDArray[Any]) -> NDArray[Any]:
    """CMYK without a profile: what each ink lets through, multiplied."""
    result = np.empty((*ink.shape[:2], 3), ink.dtype)
    full = 1.0 if ink.dtype == np.float32 else float(np.iinfo(ink.dtype).max)
    for top in range(0, len(ink), 256):
        clear = 1 - ink[top : top + 256].astype(np.float64) / full
        light = clear[..., :3] * clear[..., 3:] * full
        result[top : top + 256] = light if ink.dtype == np.float32 else np.rint(light)
    return result
