"""LibRaw: a camera's raw file, unpacked and processed, and what LibRaw finds wrong, in words."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs import raw_extent
from safelight.files.codecs.photograph import DamagedError, Limit, check_packing, check_size
from safelight.files.codecs.raw_exif import tiff_like

TURNS = {0: 1, 3: 3, 5: 8, 6: 6}
"""LibRaw's words for how a picture must be turned, as EXIF's."""

_EXPANSION = 64
"""Bytes of pixels that one byte of a raw file becomes at most: lossy ones of a flat wall do."""

SATURATED = 0.9
"""Where the brightest number of a file is between this and the one that it calls white, a sensor
has saturated a little early: that number is white then, lest bright clouds turn magenta.
"""


# -- LibRaw ----------------------------------------------------------------------------------------

DEMOSAICS = {
    **{"AHD": "AHD", "DCB": "DCB", "DHT": "DHT", "AAHD": "AAHD"},
    **{"PPG": "PPG", "VNG": "VNG", "linear": "LINEAR"},
}


def is_supported(name: str) -> bool:
    """Whether the LibRaw that is installed was built with the demosaicing of that name."""
    import rawpy

    return bool(getattr(rawpy.DemosaicAlgorithm, DEMOSAICS[name]).isSupported)


def supported_demosaic(name: str, notes: list[str]) -> str:
    """The demosaicing as asked, or AHD, which is always there, with a note."""
    if is_supported(name):
        return name
    notes.append(f"This LibRaw was built without {name}; AHD was used instead.")
    return "AHD"


@contextmanager
def unpacked_raw(file: BinaryIO, size: int, limit: Limit) -> Iterator[tuple[Any, bytes]]:
    """LibRaw with a file of ``size`` bytes whose numbers are unpacked, and the file's bytes. Raises
    DamagedError, TooLargeError and MemoryError.
    """
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
        with libraw_in_words():
            raw.open_buffer(io.BytesIO(data))
        sizes = raw.sizes  # LibRaw has only read tags so far
        width, height = (
            max(getattr(sizes, name), getattr(sizes, f"raw_{name}")) for name in ("width", "height")
        )
        check_size(width, height, limit)
        check_packing(2 * width * height, size, _EXPANSION)
        missing_notes(raw, data)  # of which LibRaw need not notice anything
        with libraw_in_words():
            raw.unpack()
        yield raw, data
    finally:
        raw.close()


@contextmanager
def libraw_in_words() -> Iterator[None]:
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


def processed(
    raw: Any,
    factors: tuple[float, ...],
    *,
    highlights: str = "clip",
    demosaic: str = "AHD",
    fbdd: str = "off",
    medians: int = 0,
    half: bool = False,
) -> NDArray[np.uint16]:
    """Linear numbers of the sensor, balanced by a factor for each colour: uint16 (height, width,
    colours), in each direction half as many where ``half``. Raises DamagedError and MemoryError.
    """
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
    with libraw_in_words():
        made: NDArray[np.uint16] = raw.postprocess(
            demosaic_algorithm=getattr(rawpy.DemosaicAlgorithm, DEMOSAICS[demosaic]),
            half_size=half,
            user_wb=four,
            output_color=rawpy.ColorSpace.raw,
            output_bps=16,
            gamma=(1, 1),
            no_auto_bright=True,
            adjust_maximum_thr=SATURATED,
            highlight_mode=modes[highlights],
            fbdd_noise_reduction=reductions[fbdd],
            median_filter_passes=medians,
            user_flip=0,
        )
    made = made[..., None] if made.ndim == 2 else made
    return made[..., : len(factors)]


def missing_notes(raw: Any, data: bytes) -> list[str]:
    """What is to be said of a raw file ``data`` that ends early. Raises DamagedError."""
    fetch = tiff_like(data)
    sizes = raw.sizes
    return raw_extent.notes(fetch, len(data), sizes.raw_width * sizes.raw_height) if fetch else []
