"""Raw: what a camera's sensor saw, developed (LibRaw): 16 bit, ProPhoto RGB.

The keyword parameters of ``read`` are what a development can be told; the window's dialog, the
command line and a layer that remembers how it was made have them from there. LibRaw makes pixels of
the mosaic; colours, exposure and lens are done here, on linear light.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from safelight.api import Number
from safelight.document import Metadata
from safelight.files.codecs import jpeg, lens_correction, raw_extent, tiff, tiff_page
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    check_packing,
    check_size,
)
from safelight.files.codecs.raw_colours import (
    COLDEST,
    MOST_BASELINE,
    MOST_EXPOSURE,
    MOST_TINT,
    WARMEST,
    Sensor,
    developed,
    headroom,
    prophoto,
    sensor_of,
)
from safelight.files.codecs.raw_noise import smoothed
from safelight.files.metadata import ifd

NAME = tiff.RAW_FORMAT

_MAKE, _MODEL, _FOCAL, _APERTURE, _LENS = 271, 272, 37386, 33437, 42036
_TURNS = {0: 1, 3: 3, 5: 8, 6: 6}
"""LibRaw's words for how a picture must be turned, as EXIF's."""

_EXPANSION = 64
"""Bytes of pixels that one byte of a raw file becomes at most: lossy ones of a flat wall do."""

_SATURATED = 0.9
"""Where the brightest number of a file is between this and the one that it calls white, a sensor
has saturated a little early: that number is white then, lest bright clouds turn magenta.
"""

_XMP = 700
"""TIFF's tag of an XMP packet."""

_BASELINE = 50730
"""DNG's BaselineExposure: stops by which its maker wants a picture to be brighter."""

AUTO = "auto"
"""Said in place of an exposure: the one that is found for the picture."""

_LONGEST = 1000
"""Pixels a side of a sketch at the most: what is shown of it, and what a slider can wait for."""

Balance = Literal[
    "as shot", "daylight", "cloudy", "shade", "tungsten", "fluorescent", "flash", "custom"
]


def read(
    file: BinaryIO,
    size: int,
    limit: Limit,
    room: Room = np.empty,
    *,
    white_balance: Annotated[Balance, "the light that grey things are grey in"] = "as shot",
    temperature: Annotated[
        float,
        Number(WARMEST, COLDEST, (2000, 12000), 50, "K", logarithmic=True),
        "of the light, where the white balance is custom",
    ] = 5500.0,
    tint: Annotated[
        float,
        Number(-MOST_TINT, MOST_TINT, step=1, ends=("Greener", "More magenta")),
        "of the light, where the white balance is custom",
    ] = 0.0,
    exposure: Annotated[
        float,
        Number(-MOST_EXPOSURE, MOST_EXPOSURE, (-3, 3), 0.05, "EV"),
        "in stops of light, or auto",
    ] = 0.0,
    tone: Annotated[
        Literal["photograph", "linear"],
        "as bright and rich in contrast as a camera shows it, or as the sensor saw it",
    ] = "photograph",
    highlights: Annotated[
        Literal["clip", "blend", "rebuild"],
        "where a colour of the sensor is saturated: white, faded to grey, or made up",
    ] = "blend",
    demosaic: Annotated[
        Literal["AHD", "DCB", "DHT", "AAHD", "PPG", "VNG", "linear"],
        "how three colours a pixel are made of the one that each was seen in",
    ] = "AHD",
    false_colours: Annotated[
        int, Number(0, 5), "take coloured dots from sharp edges, by medians, so many times"
    ] = 0,
    distortion: Annotated[
        bool, "straighten what the lens has bent, where Lensfun knows it"
    ] = False,
    vignetting: Annotated[bool, "brighten the corners that the lens has darkened"] = False,
    fringes: Annotated[bool, "undo the lens's coloured fringes"] = False,
    noise: Annotated[
        float, Number(0.0, 1000.0, step=10), "smooth what is fainter, by wavelets"
    ] = 0.0,
    early_noise: Annotated[
        Literal["off", "light", "full"], "take out noise before the colours are made (FBDD)"
    ] = "off",
) -> Photograph:
    """Develop a raw file of ``size`` bytes."""
    settings = {
        "white_balance": white_balance,
        "temperature": temperature,
        "tint": tint,
        "exposure": exposure,
        "tone": tone,
        "highlights": highlights,
    }
    with _opened(file, size, limit) as (raw, data):
        notes = _missing(raw, data)
        facts = _Facts(raw, data)
        factors = facts.sensor.factors(settings)
        made = _processed(
            raw,
            factors,
            highlights=highlights,
            demosaic=_supported(demosaic, notes),
            fbdd=early_noise,
            medians=false_colours,
        )
        flip, sensor = facts.flip, facts.sensor
        shot, exif = facts.shot, facts.exif
    if noise:
        made = smoothed(made, noise)
    if distortion or vignetting or fringes:
        height, width = made.shape[:2]
        found = lens_correction.correction(
            shot, width, height, distortion=distortion, vignetting=vignetting, fringes=fringes
        )
        if found is None:
            notes.append(unknown_lens(shot))
        else:
            made = lens_correction.corrected(made, found)
    gain = sensor.gain(settings) * (1.0 if highlights == "clip" else headroom(factors))
    pixels = room((*made.shape[:2], 3), np.uint16)
    developed(made, sensor, gain, pixels, sensor.curve(settings))
    return Photograph(
        pixels,
        icc=prophoto(),
        metadata=Metadata(exif=exif),
        notes=notes,
        orientation=_TURNS.get(flip, 1),
    )


def unknown_lens(shot: lens_correction.Shot) -> str:
    """A sentence for a lens that Lensfun does not know."""
    what = shot.lens or "its lens"
    camera = " ".join((shot.make, shot.model)).strip() or "its camera"
    return f"The lens was not corrected: Lensfun does not know {what} on {camera}."


@dataclass(frozen=True, slots=True)
class Sketch:
    """A raw file half as large, or smaller, and not yet balanced: ``light`` (height, width,
    colours) of uint16, linear, at most 1,000 pixels a side; of ``width`` x ``height`` pixels when
    developed; ``orientation`` is EXIF's.

    ``demosaics`` are those that LibRaw was built with. ``lens`` is what Lensfun calls the lens, ""
    where it does not know it, ``shot`` what the file says of it.
    """

    light: NDArray[np.uint16]
    sensor: Sensor
    width: int
    height: int
    orientation: int
    shot: lens_correction.Shot
    demosaics: tuple[str, ...]

    @property
    def camera(self) -> str:
        """Make and model."""
        make, model = self.shot.make, self.shot.model
        return model if model.lower().startswith(make.split(" ")[0].lower()) else f"{make} {model}"


def sketch(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> list[NDArray[Any]]:
    """A ``Sketch`` as arrays: facts as JSON, uint8 (count,), and the light, uint16 (height, width,
    colours). Raises what ``read`` does, and OtherKindError for a TIFF file that is no raw one.
    """
    tiff.check_raw(file)
    with _opened(file, size, limit) as (raw, data):
        facts = _Facts(raw, data)
        full = raw.sizes.width, raw.sizes.height  # which are others once it has been halved
        seen = _binned(raw, facts.make)
        if seen is None:
            even = (1.0,) * facts.sensor.colours
            seen = _shrunk(_processed(raw, even, half=True), full[0])
        told = {
            "sensor": facts.sensor.to_json(),
            "size": full,
            "orientation": _TURNS.get(facts.flip, 1),
            "shot": [getattr(facts.shot, name) for name in lens_correction.Shot.__slots__],
            "demosaics": [name for name in _DEMOSAICS if _is_supported(name)],
        }
    light = room(seen.shape, np.uint16)
    light[...] = seen
    return [np.frombuffer(json.dumps(told).encode(), np.uint8), light]


def _binned(raw: Any, make: str) -> NDArray[np.uint16] | None:
    """A sketch's light, added up from the mosaic itself as LibRaw halves it; None for what is no
    plain mosaic of three colours in squares of two pixels, or may lie askew.
    """
    import rawpy

    sizes, pattern = raw.sizes, raw.raw_pattern
    plain = raw.raw_type == rawpy.RawType.Flat and raw.num_colors == 3
    if not plain or pattern is None or pattern.shape != (2, 2) or sizes.pixel_aspect != 1:
        return None
    mosaic = raw.raw_image_visible
    even = sizes.height % 2 == 0 == sizes.width % 2 and mosaic.shape == (sizes.height, sizes.width)
    if not even or mosaic.dtype != np.uint16 or make.upper().startswith("FUJI"):
        return None
    step = max(-(-max(mosaic.shape) // (2 * _LONGEST)), 1)
    high, wide = (side // 2 // step * step for side in mosaic.shape)
    if min(high, wide) < 1:
        return None
    sums = np.zeros((3, high // step, wide // step), np.uint32)
    counts, blacks = [0] * 3, [0.0] * 3
    for y, x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        seen = int(raw.raw_color(sizes.top_margin + y, sizes.left_margin + x))
        colour = 1 if seen == 3 else seen
        counts[colour] += 1
        blacks[colour] += raw.black_level_per_channel[seen]
        plane = mosaic[y::2, x::2][:high, :wide]
        for down in range(step):
            for across in range(step):
                sums[colour] += plane[down::step, across::step]
    if counts != [1, 2, 1]:
        return None
    most = raw.white_level - min(raw.black_level_per_channel)
    brightest = int(mosaic.max()) - min(raw.black_level_per_channel)
    if _SATURATED * most < brightest < most:
        most = brightest
    if most <= 0:
        return None
    light = np.empty((*sums.shape[1:], 3), np.uint16)
    for colour, total in enumerate(sums):
        share = total / np.float32(counts[colour] * step * step) - np.float32(
            blacks[colour] / counts[colour]
        )
        share *= np.float32(65535 / most)
        light[..., colour] = np.clip(share, 0, 65535) + np.float32(0.5)
    return light


def _shrunk(made: NDArray[np.uint16], width: int) -> NDArray[np.uint16]:
    """What LibRaw has halved, of a picture that is ``width`` pixels wide, no larger than a sketch;
    it halves nothing that has no mosaic.
    """
    half = 2 if made.shape[1] > 0.7 * width else 1
    step = half * max(-(-max(made.shape[:2]) // (half * _LONGEST)), 1)
    high, wide = (max(side // step, 1) * min(step, side) for side in made.shape[:2])
    down, across = min(step, high), min(step, wide)
    if step == 1:
        return made
    total = np.zeros((high // down, wide // across, made.shape[2]), np.uint32)
    for y in range(down):
        for x in range(across):
            total += made[y:high:down, x:wide:across]
    made[: len(total), : total.shape[1]] = total // (down * across)
    return made[: len(total), : total.shape[1]]


def sketched(arrays: Sequence[NDArray[Any]]) -> Sketch:
    """The ``Sketch`` of arrays that ``sketch`` gave: facts as uint8 (count,), light as uint16
    (height, width, colours). The arrays may come from a process that was taken over. Raises
    DamagedError.
    """
    try:
        told, light = json.loads(arrays[0].tobytes()), arrays[1]
        sensor = Sensor.from_json(told["sensor"])
        width, height = (int(side) for side in told["size"])
        turn = int(told["orientation"])
        make, model, name, focal, aperture = told["shot"]
        demosaics = tuple(name for name in _DEMOSAICS if name in told["demosaics"])
        if light.ndim != 3 or light.dtype != np.uint16 or 0 in light.shape[:2]:
            raise ValueError("no picture")
        if light.shape[2] != sensor.colours or turn not in range(1, 9) or min(width, height) < 1:
            raise ValueError("another picture than it says")
        camera, model, name = _clean(make), _clean(model), _clean(name)
        shot = lens_correction.Shot(camera, model, name, _number(focal), _number(aperture))
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise DamagedError("cannot be opened: what decodes it made no picture") from fault
    return Sketch(light, sensor, width, height, turn, shot, demosaics)


# -- LibRaw ----------------------------------------------------------------------------------------

_DEMOSAICS = {
    **{"AHD": "AHD", "DCB": "DCB", "DHT": "DHT", "AAHD": "AAHD"},
    **{"PPG": "PPG", "VNG": "VNG", "linear": "LINEAR"},
}


def _is_supported(name: str) -> bool:
    import rawpy

    return bool(getattr(rawpy.DemosaicAlgorithm, _DEMOSAICS[name]).isSupported)


def _supported(name: str, notes: list[str]) -> str:
    """The demosaicing as asked, or AHD, which is always there, with a note."""
    if _is_supported(name):
        return name
    notes.append(f"This LibRaw was built without {name}; AHD was used instead.")
    return "AHD"


@contextmanager
def _opened(file: BinaryIO, size: int, limit: Limit) -> Iterator[tuple[Any, bytes]]:
    """LibRaw with a file whose numbers are unpacked, and the file's bytes."""
    try:
        import rawpy
    except ImportError as error:
        raise DamagedError(
            "is a camera's raw file, and rawpy, which develops those, is not installed here;"
            " pip install rawpy"
        ) from error
    file.seek(0)
    data = file.read()
    raw = rawpy.RawPy()
    try:
        with _in_words():
            raw.open_buffer(io.BytesIO(data))
        sizes = raw.sizes  # LibRaw has only read tags so far
        width, height = (
            max(getattr(sizes, name), getattr(sizes, f"raw_{name}")) for name in ("width", "height")
        )
        check_size(width, height, limit)
        check_packing(2 * width * height, size, _EXPANSION)
        _missing(raw, data)  # of which LibRaw need not notice anything
        with _in_words():
            raw.unpack()
        yield raw, data
    finally:
        raw.close()


@contextmanager
def _in_words() -> Iterator[None]:
    """What LibRaw finds wrong, as a DamagedError that says so."""
    import rawpy

    try:
        yield
    except rawpy.LibRawFileUnsupportedError as error:
        raise DamagedError(
            "is a camera's raw file that LibRaw does not know, or a damaged one;"
            " convert it to DNG first"
        ) from error
    except rawpy.LibRawTooBigError as error:
        raise DamagedError("is too large a raw file for LibRaw; convert it to DNG first") from error
    except (rawpy.LibRawUnspecifiedError, rawpy.LibRawOutOfOrderCallError) as error:
        raise DamagedError(
            "is a raw file of a kind that LibRaw cannot develop; convert it to DNG first"
        ) from error
    except rawpy.LibRawError as error:
        reason = error.args[0] if error.args else "no reason given"
        words = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        if "memory" in words.lower():
            raise MemoryError from error
        raise DamagedError(f"is damaged or cut off ({words.lower()})") from error


def _processed(
    raw: Any,
    factors: tuple[float, ...],
    *,
    highlights: str = "clip",
    demosaic: str = "AHD",
    fbdd: str = "off",
    medians: int = 0,
    half: bool = False,
) -> NDArray[np.uint16]:
    """Balanced linear numbers of the sensor, (height, width, colours)."""
    import rawpy

    four = [*factors, *[0.0] * 4][:4]
    if len(factors) == 1:
        four = [factors[0]] * 4
    modes = {
        "clip": rawpy.HighlightMode.Clip,
        "blend": rawpy.HighlightMode.Blend,
        "rebuild": rawpy.HighlightMode.ReconstructDefault,
    }
    reductions = {
        "off": rawpy.FBDDNoiseReductionMode.Off,
        "light": rawpy.FBDDNoiseReductionMode.Light,
        "full": rawpy.FBDDNoiseReductionMode.Full,
    }
    with _in_words():
        made: NDArray[np.uint16] = raw.postprocess(
            demosaic_algorithm=getattr(rawpy.DemosaicAlgorithm, _DEMOSAICS[demosaic]),
            half_size=half,
            user_wb=four,
            output_color=rawpy.ColorSpace.raw,
            output_bps=16,
            gamma=(1, 1),
            no_auto_bright=True,
            adjust_maximum_thr=_SATURATED,
            highlight_mode=modes[highlights],
            fbdd_noise_reduction=reductions[fbdd],
            median_filter_passes=medians,
            user_flip=0,
        )
    made = made[..., None] if made.ndim == 2 else made
    return made[..., : len(factors)]


class _Facts:
    """What a raw file says besides its numbers."""

    def __init__(self, raw: Any, data: bytes) -> None:
        self.flip = int(raw.sizes.flip)
        colours = int(raw.num_colors)
        self.sensor = sensor_of(
            list(raw.camera_whitebalance),
            list(raw.daylight_whitebalance),
            np.array(raw.color_matrix),
            np.array(raw.rgb_xyz_matrix),
            3 if colours == 3 else min(max(colours, 1), 4),
            _baseline(data),
        )
        self.exif = _exif(data) or _exif_of_preview(raw)
        said = _Said(self.exif)
        name = said.text(_LENS, ifd.EXIF_DIRECTORY) or _clean(raw.lens.model)
        self.make = said.text(_MAKE)
        self.shot = lens_correction.Shot(
            self.make,
            said.text(_MODEL),
            name,
            said.number(_FOCAL, ifd.EXIF_DIRECTORY) or _number(raw.other.focal_length),
            said.number(_APERTURE, ifd.EXIF_DIRECTORY) or _number(raw.other.aperture),
        )


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) and 0 < value < 1e5 else 0.0


def _clean(text: object) -> str:
    shown = "".join(letter for letter in str(text or "") if letter.isprintable())
    return " ".join(shown.split())[:80]


class _Said:
    """An EXIF block, for a few of its tags."""

    def __init__(self, exif: bytes | None) -> None:
        self._directory: ifd.Directory | None = None
        try:
            fetch = ifd.bytes_fetch(exif or b"")
            self._header = ifd.Header.read(fetch)
            self._directory = ifd.read_directory(fetch, self._header, self._header.first)
        except ifd.DirectoryError:
            return

    def _in(self, inside: int) -> ifd.Directory:
        if self._directory is None:
            return ifd.Directory()
        return self._directory.children.get(inside, ifd.Directory()) if inside else self._directory

    def text(self, tag: int, inside: int = 0) -> str:
        entry = self._in(inside).entries.get(tag)
        if entry is None or entry.type != 2:
            return ""
        return _clean(entry.value.split(b"\0")[0].decode("utf-8", "replace"))

    def number(self, tag: int, inside: int = 0) -> float:
        directory = self._in(inside)
        found = directory.numbers(tag, self._header) if directory.entries else ()
        return _number(found[0]) if found else 0.0


# -- EXIF of formats that each keep it elsewhere ---------------------------------------------------


def _tiff_like(data: bytes) -> ifd.Fetch | None:
    """The file as a TIFF; Olympus and Panasonic write numbers of their own in place of its 42."""
    if data[:4] in (b"IIRO", b"IIRS", b"IIU\0"):
        data = data[:2] + b"*\0" + data[4:]
    elif data[:4] == b"MMOR":
        data = data[:2] + b"\0*" + data[4:]
    elif data[:4] not in (b"II*\0", b"MM\0*"):
        return None
    return ifd.bytes_fetch(data)


def _baseline(data: bytes) -> float:
    """The stops that a DNG states to be added, 0 for other files."""
    fetch = _tiff_like(data)
    if fetch is None:
        return 0.0
    try:
        header = ifd.Header.read(fetch)
        found = ifd.read_directory(fetch, header, header.first).numbers(_BASELINE, header)
    except (ifd.DirectoryError, struct.error):
        return 0.0
    stops = float(found[0]) if found else 0.0
    return stops if abs(stops) <= MOST_BASELINE else 0.0


def _missing(raw: Any, data: bytes) -> list[str]:
    """What is to be said of a file that ends early. Raises DamagedError."""
    fetch = _tiff_like(data)
    sizes = raw.sizes
    return raw_extent.notes(fetch, len(data), sizes.raw_width * sizes.raw_height) if fetch else []


def _exif(data: bytes) -> bytes | None:
    """What a raw file tells about the photograph, as an EXIF block."""
    try:
        fetch = _tiff_like(data)
        if fetch is not None:
            return tiff_page.exif_of(fetch)
        if data.startswith(b"FUJIFILMCCD-RAW") and len(data) > 92:
            start, length = struct.unpack_from(">II", data, 84)
            return jpeg.exif_of(data[start : start + length])
        if data[4:12] == b"ftypcrx ":
            return _exif_of_boxes(data[: 1 << 20])
        if data.startswith(b"\0MRM"):
            at = data[: 1 << 16].find(b"\0TTW")
            return tiff_page.exif_of(ifd.bytes_fetch(data[at + 8 :])) if at >= 0 else None
    except (DamagedError, ifd.DirectoryError, struct.error):
        return None
    return None


def _exif_of_boxes(data: bytes) -> bytes | None:
    """Canon's CR3 keeps the directories in three boxes, each a TIFF of its own."""
    found: dict[bytes, ifd.Directory] = {}
    order = "<"
    for name in (b"CMT1", b"CMT2", b"CMT4"):
        at = data.find(name)
        if at < 0:
            continue
        fetch = ifd.bytes_fetch(data[at + 4 :])
        header = ifd.Header.read(fetch)
        order = header.order
        found[name] = ifd.read_directory(fetch, header, header.first)
    if b"CMT1" not in found:
        return None
    main = tiff_page.described(found[b"CMT1"])
    for name, tag in ((b"CMT2", ifd.EXIF_DIRECTORY), (b"CMT4", ifd.GPS_DIRECTORY)):
        if name in found and found[name].entries:
            main.children[tag] = found[name]
    return ifd.structure(main, order)


def _exif_of_preview(raw: Any) -> bytes | None:
    """The EXIF of the JPEG that a camera puts into its raw file to be looked at."""
    import rawpy

    try:
        found = raw.extract_thumb()
    except rawpy.LibRawError:
        return None
    return jpeg.exif_of(found.data) if found.format == rawpy.ThumbFormat.JPEG else None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a raw file holds to be looked at: a ``jpeg``; "" where it holds none. ``width`` and
    ``height`` are those of the picture, set upright, in pixels; ``turn`` sets the JPEG upright
    (EXIF 2.32). ``exif`` and ``xmp`` are the file's.
    """

    jpeg: bytes
    width: int
    height: int
    turn: int
    exif: bytes | None
    xmp: bytes | None


def preview(file: BinaryIO, size: int, limit: Limit) -> Preview:
    """What a raw file holds to be looked at; the sensor's numbers are not read. Raises DamagedError
    and TooLargeError.
    """
    import rawpy

    file.seek(0)
    data = file.read()
    raw = rawpy.RawPy()
    try:
        with _in_words():
            raw.open_buffer(io.BytesIO(data))
        sizes = raw.sizes
        check_size(sizes.raw_width, sizes.raw_height, limit)
        try:
            found = raw.extract_thumb()
            shown = found.data if found.format == rawpy.ThumbFormat.JPEG else b""
        except rawpy.LibRawError:
            shown = b""
    finally:
        raw.close()
    width, height, turn = int(sizes.width), int(sizes.height), _TURNS.get(int(sizes.flip), 1)
    exif = _exif(data) or (jpeg.exif_of(shown) if shown else None)
    if turn >= 5:
        width, height = height, width
    return Preview(shown, width, height, turn, exif, _packet(data))


def _packet(data: bytes) -> bytes | None:
    """The XMP of a raw file that is laid out as a TIFF."""
    fetch = _tiff_like(data)
    try:
        if fetch is None:
            return None
        header = ifd.Header.read(fetch)
        entry = ifd.read_directory(fetch, header, header.first).entries.get(_XMP)
        return entry.value if entry is not None else None
    except (ifd.DirectoryError, struct.error):
        return None


CODEC = Codec(
    NAME,
    suffixes=(
        *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".srf", ".raf", ".orf"),
        *(".rw2", ".raw", ".rwl", ".pef", ".srw", ".x3f", ".3fr", ".fff", ".iiq", ".mos", ".mef"),
        *(".mrw", ".erf", ".kdc", ".dcr", ".k25", ".gpr"),
    ),
    beginnings=(
        rb"II\*\0....CR",
        rb"IIU\0|IIR[OS]|MMOR|FUJIFILMCCD-RAW|\0MRM|FOVb|II\x1a\0\0\0HEAPCCDR",
        rb"....ftypcrx ",
    ),
    read=read,
    depths=("uint16",),
    alpha=False,
)
"""Raw files that begin as a TIFF does are found out by the TIFF codec, which gives them here."""
