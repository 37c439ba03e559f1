"""Pixels of a TIFF page: decoded, in a depth that Safelight keeps, and with channels chosen."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs import pillow_decoder
from safelight.files.codecs import tiff_parts as parts
from safelight.files.codecs import tiff_tags as tags
from safelight.files.codecs.jpeg_damage import ends_early
from safelight.files.codecs.photograph import (
    CHANNELS,
    DamagedError,
    Space,
    undecodable,
    unpremultiplied,
)
from safelight.files.codecs.tiff_checks import check_layout, check_stated
from safelight.files.codecs.tiff_page import Page
from safelight.files.colours import lab, logluv
from safelight.files.metadata import ifd

_QUIET = logging.NullHandler()


def decoded_page(
    file: BinaryIO, size: int, page: Page, notes: list[str], sound: bool
) -> tuple[NDArray[Any], Space, tuple[float, ...]]:
    """Pixels (height, width, samples) of uint8, uint16 or float32, their space, and the kinds of
    the samples behind the colours (TIFF 6.0, ExtraSamples).

    ``size`` is the file's, in bytes; ``sound``: no part is known to be hurt. What a person should
    know is added to ``notes``. Raises DamagedError.
    """
    space: Space | None = {
        tags.WHITE_IS_ZERO: "grey",
        tags.BLACK_IS_ZERO: "grey",
        tags.RGB: "rgb",
        tags.PALETTE: "rgb",
        tags.CMYK: "cmyk",
        tags.YCBCR: "rgb",
        tags.CIE_LAB: "rgb",
        tags.ICC_LAB: "rgb",
        tags.LOG_L: "grey",
        tags.LOG_LUV: "rgb",
    }.get(page.photometric)  # type: ignore[assignment]
    if space is None:
        raise DamagedError(
            f"uses a colour model (number {page.photometric}) that Safelight cannot open;"
            " save it as an RGB TIFF first"
        )
    is_jpeg = page.compression in (6, 7)
    if page.photometric == tags.YCBCR and not is_jpeg or page.compression == 6:
        # tifffile leaves these alone, and they are always 8-bit: Pillow can do them.
        return _with_pillow(file, page), "rgb", ()
    if page.photometric in (tags.LOG_L, tags.LOG_LUV):
        return _logarithms(file, size, page, notes), space, ()
    extra = page.directory.numbers(tags.EXTRA, page.header)
    unsaid = not extra and page.photometric == tags.RGB and page.samples == 4
    if unsaid:
        # What stitches panoramas leaves it to the reader, who takes it for transparency.
        extra = (tags.UNASSOCIATED,)
    colours = 1 if page.photometric == tags.PALETTE else CHANNELS[space]
    alpha = _alpha_in([int(kind) for kind in extra])
    wanted = colours if alpha is None else colours + alpha + 1
    array = _with_tifffile(file, size, page, notes, sound, wanted)
    if page.photometric == tags.PALETTE:
        return array, space, extra
    if page.photometric in (tags.CIE_LAB, tags.ICC_LAB):
        return _from_lab(array, page, notes), space, extra
    array = _to_kept_depth(array, page.bits, notes)
    if unsaid and not array[..., 3].any():
        extra = ()
    if page.photometric == tags.WHITE_IS_ZERO:
        array = array.copy()
        full = 1.0 if array.dtype == np.float32 else np.iinfo(array.dtype).max
        array[..., 0] = full - array[..., 0]
    return array, space, extra


def _from_lab(array: NDArray[Any], page: Page, notes: list[str]) -> NDArray[Any]:
    """Lab of 8 or 16 bits (TIFF 6.0 section 23; ICC Lab as technical note 4 has it)."""
    if page.bits not in (8, 16) or array.shape[2] < 3:
        raise DamagedError(
            "holds Lab colours of a depth that Safelight cannot open; save it as an RGB TIFF first"
        )
    wide = page.bits == 16
    unsigned = np.uint16 if wide else np.uint8
    array = array.astype(array.dtype.newbyteorder("="), copy=False).view(unsigned).copy()
    one = 256 if wide else 1
    if page.photometric == tags.CIE_LAB:
        # Its a* and b* have a sign: the middle is moved to where ICC's Lab has it.
        array[..., 1:3] = np.bitwise_xor(array[..., 1:3], unsigned(128 * one))
        lightness = 65535 if wide else 255
    else:
        lightness = 65280 if wide else 255
    notes.append(lab.NOTE)
    return lab.rgb_of_lab(array, lightness, 128 * one, one)


def _logarithms(file: BinaryIO, size: int, page: Page, notes: list[str]) -> NDArray[Any]:
    """LogL and LogLuv of 32 bits as float32 with sRGB's curve."""
    if page.compression != tags.LOG_RLE or tags.TILES in page.directory.entries:
        raise DamagedError(
            "holds logarithms of light in a packing that Safelight cannot open; save it as a"
            " 32-bit float TIFF first"
        )
    fetch, planes = ifd.file_fetch(file), 4 if page.photometric == tags.LOG_LUV else 2
    rows, there = page.part_size()[1], 0
    numbers = np.zeros((page.height, page.width), np.uint32)
    for top, (offset, count) in zip(range(0, page.height, rows), page.segments(), strict=False):
        down = min(rows, page.height - top)
        part, whole = logluv.unpacked(fetch(offset, count), down, page.width, planes)
        numbers[top : top + down] = part
        there += whole
    if there < page.height:
        _note_ending(there, page.height, notes)
    if planes == 2:
        return logluv.encoded(logluv.luminance(numbers))[..., None]
    return logluv.encoded(logluv.linear_srgb(numbers))


def _with_pillow(file: BinaryIO, page: Page) -> NDArray[Any]:
    """The page as uint8 RGB (height, width, 3)."""
    file.seek(0)
    with pillow_decoder.opened(file, "TIFF", (page.width, page.height)) as image:
        return np.asarray(image.convert("RGB"))


def _with_tifffile(
    file: BinaryIO, size: int, page: Page, notes: list[str], sound: bool, wanted: int
) -> NDArray[Any]:
    """Pixels (height, width, samples), of which the first ``wanted`` samples have to be there."""
    import tifffile

    segments = page.segments()
    lengths = page.plain_lengths()
    if lengths is not None:
        # What is not packed is as long as it is, whatever the file says.
        segments = [(at, length) for (at, _), length in zip(segments, lengths, strict=True)]
    there = [offset > 0 and offset + count <= size for offset, count in segments]
    cut = bool(segments) and not all(there)
    # The decoder leaves out a part of no length without a word.
    sound = sound and not cut and all(count or not offset for offset, count in segments)
    source: Any = file
    file.seek(0)
    if cut and page.compression == 1:
        # Uncompressed rows count up to the last byte: give the decoder zeros behind it.
        whole = sum(count for _, count in segments)
        if whole > page.width * page.height * page.samples * 8 + 4096 * len(segments):
            raise DamagedError("is damaged: its parts are larger than the picture")
        held = sum(min(max(size - offset, 0), count) for offset, count in segments)
        source = io.BytesIO(file.read() + bytes(whole))
        _note_ending(page.height * held // max(whole, 1), page.height, notes)
    # Without any handler its remarks about odd files would go to the terminal.
    logging.getLogger("tifffile").addHandler(_QUIET)
    try:
        array: NDArray[Any]
        with tifffile.TiffFile(source) as opened:
            first: Any = opened.pages[0]
            check_layout(first, page)
            if lengths is not None and len(first.databytecounts) == len(segments):
                if any(a < b for a, (_, b) in zip(first.databytecounts, segments, strict=True)):
                    notes.append(parts.RESTATED)
                first.databytecounts = tuple(count for _, count in segments)
            try:
                if not sound and page.compression != 1:
                    raise DamagedError("is cut off")
                array = np.asarray(first.asarray(squeeze=False, maxworkers=1))
            except Exception:
                if page.compression == 1:
                    raise
                fetch = ifd.file_fetch(file)
                array = parts.decoded(
                    first, fetch, size, lambda data: check_stated(data, page), notes, wanted
                )
            if page.photometric == tags.PALETTE:
                colours = np.asarray(first.colormap)
                # One bit a pixel comes as truth values, which would choose and not count.
                array = (colours.T[array[..., 0].astype(np.intp)] >> 8).astype(np.uint8)
    except DamagedError:
        raise
    except Exception as error:
        raise undecodable(error, cut_off=False) from error
    # (planes, 1, height, width, samples): one of planes and samples is 1.
    return array[0, 0] if array.shape[0] == 1 else np.moveaxis(array[:, 0, :, :, 0], 0, -1)


def _note_ending(rows: int, height: int, notes: list[str]) -> None:
    """Note that only ``rows`` of ``height`` rows are there. Raises DamagedError for none."""
    if rows == 0:
        raise DamagedError("is cut off: nothing of the picture is left in it")
    notes.append(ends_early(rows, height))


def _to_kept_depth(array: NDArray[Any], bits: int, notes: list[str]) -> NDArray[Any]:
    """Any number type as uint8, uint16 or float32; odd bit counts are spread to full scale."""
    kind = array.dtype
    if kind == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if kind.kind == "f":
        return array.astype(np.float32, copy=False)
    if kind.kind == "i":
        notes.append(
            "The file holds numbers with a sign: the least that there can be became black, the"
            " greatest white."
        )
        array = _without_sign(array)
        kind = array.dtype
    if kind.kind != "u":
        raise DamagedError(
            f"holds {kind.name} numbers; save it with 8, 16 or 32 bits per channel, unsigned"
        )
    if kind.itemsize > 2:
        full = 2.0 ** (bits if bits in (24, 32, 64) else 8 * kind.itemsize) - 1
        return (array / full).astype(np.float32)
    if bits in (8, 16):
        native: NDArray[Any] = array.astype(kind.newbyteorder("="), copy=False)
        return native
    target = np.uint8 if bits < 8 else np.uint16
    full = float(2**bits - 1)
    scaled = array.astype(np.float32) * np.float32(np.iinfo(target).max / full)
    spread: NDArray[Any] = np.rint(scaled).astype(target)
    return spread


def _without_sign(array: NDArray[Any]) -> NDArray[Any]:
    """Signed whole numbers moved so that the least is 0."""
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    unsigned = np.dtype(f"u{native.itemsize}")
    moved: NDArray[Any] = native.view(unsigned) ^ unsigned.type(1 << (8 * native.itemsize - 1))
    return moved


def choose_channels(
    pixels: NDArray[Any],
    colours: int,
    extra: tuple[float, ...],
    page: Page,
    notes: list[str],
) -> tuple[NDArray[Any], bool]:
    """Of (height, width, channels) of any dtype the first ``colours`` channels and the alpha
    channel, not premultiplied, if one of the ``extra`` ones is that; and whether it is there.
    Raises DamagedError where colours are missing.
    """
    if pixels.shape[2] < colours:
        raise DamagedError("is damaged: colour channels are missing")
    present = pixels.shape[2] - colours
    kinds = [int(kind) for kind in extra[:present]]
    found = _alpha_in(kinds)
    dropped = present - (found is not None)
    if dropped > 0:
        word = "channel" if dropped == 1 else "channels"
        notes.append(f"{dropped} extra {word} of unknown meaning left out.")
    if found is None:
        return pixels[..., :colours], False
    if found or dropped:
        pixels = pixels[..., [*range(colours), colours + found]]
    if kinds[found] == tags.ASSOCIATED:
        pixels = unpremultiplied(pixels)
    return pixels, True


def _alpha_in(kinds: Sequence[int]) -> int | None:
    """Which of the extra channels is transparency."""
    return next(
        (i for i, kind in enumerate(kinds) if kind in (tags.ASSOCIATED, tags.UNASSOCIATED)), None
    )
