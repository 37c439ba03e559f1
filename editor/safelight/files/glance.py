"""Glance: a picture file looked at in passing: a small picture of it, and what it says of itself.

This is done in the process that is confined, so that what is large never leaves it. Where a format
allows it the decoder makes no more than is seen (``codec.Reducer``); of a raw file the camera's own
JPEG is taken.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document import Metadata, render_srgb
from safelight.files.codecs import codec, jpeg, raw
from safelight.files.codecs.photograph import DamagedError, Limit, OtherKindError, Photograph
from safelight.files.colours.file_colours import as_rgb
from safelight.files.layered_photograph import document_of
from safelight.files.metadata import metadata, stated_picture
from safelight.files.metadata.moment_taken import taken
from safelight.files.metadata.picture_marks import marks_of
from safelight.files.photograph_document import TURNS
from safelight.files.plain_text import plain_text
from safelight.files.untrusted_reader import HERE
from safelight.pixels import to_float
from safelight.pixels.opencv import opencv

GLANCE = "a glance"
"""What ``photograph_parcel.decode`` is asked for instead of a format."""

SIDE = 256
"""Pixels of the longer side of a small picture."""

_LARGEST_PACKET = 4 << 20
"""Bytes of a packet that is given on."""

_LONGEST = 1 << 31


@dataclass(frozen=True, slots=True)
class Glance:
    """What is seen of a file in passing: ``pixels``, uint8 (height, width, 3), sRGB-encoded, of at
    most ``SIDE`` a side, upright. ``width`` and ``height`` are the picture's own, in pixels. The
    ``rating`` of −1 to 5 and the ``label`` are those in the file; None where it says neither.
    ``taken`` is "YYYY-MM-DD hh:mm:ss". ``packet`` is the file's XMP.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    camera: str = ""
    taken: str = ""
    rating: int | None = None
    label: str = ""
    packet: bytes | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """All but what is large, JSON-ready."""
        return {name: getattr(self, name) for name in FACTS}


FACTS = ("width", "height", "camera", "taken", "rating", "label")


def glance(file: BinaryIO, size: int, limit: Limit, told: Mapping[str, Any]) -> list[NDArray[Any]]:
    """Look at a file of the format that is ``told``: facts as JSON and XMP in uint8 (count,), and
    pixels (height, width, 3) of uint8. Raises what codecs do.
    """
    seen = _seen(str(told["format"]), file, size, limit)
    packet = seen.packet or b""
    facts = json.dumps(seen.facts).encode()
    held = packet if len(packet) <= _LARGEST_PACKET else b""
    return [np.frombuffer(facts, np.uint8), np.frombuffer(held, np.uint8), seen.pixels]


def glanced(arrays: Sequence[NDArray[Any]]) -> Glance:
    """What ``glance`` has seen: facts and metadata, each uint8 (count,), and pixels (height, width,
    3) of uint8; they may come from a process that was taken over. Raises DamagedError for what
    cannot be that.
    """
    try:
        facts, packet, pixels = json.loads(arrays[0].tobytes()), arrays[1].tobytes(), arrays[2]
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ValueError("no picture")
        if not (min(pixels.shape[:2]) > 0 and max(pixels.shape[:2]) <= SIDE):
            raise ValueError("no small picture")
        return replace(known(facts), pixels=pixels, packet=packet or None)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise DamagedError("cannot be looked at: what decodes it made no picture") from fault


def known(facts: Mapping[str, Any]) -> Glance:
    """A glance of which only the facts are known. Raises LookupError, TypeError and ValueError."""
    rating = facts["rating"]
    if rating is not None and (type(rating) is not int or not -1 <= rating <= 5):
        raise ValueError("no rating")
    camera, taken, label = (plain_text(str(facts[x]))[:80] for x in ("camera", "taken", "label"))
    width, height = _side(facts["width"]), _side(facts["height"])
    nothing = np.zeros((1, 1, 3), np.uint8)
    return Glance(nothing, width, height, camera, taken, rating, label)


def _side(told: Any) -> int:
    if type(told) is not int or not 0 < told < _LONGEST:
        raise ValueError("no picture is as large")
    return told


def _seen(format: str, file: BinaryIO, size: int, limit: Limit) -> Glance:
    file.seek(0)
    try:
        found = _of_copy(format, file, limit)
        if found is not None:
            return found
        if format == raw.CODEC.name:
            return _of_raw(file, size, limit)
        file.seek(0)
        content = codec(format).decode(file, size, limit, np.empty, {})
    except OtherKindError as error:
        if not error.format:
            raise
        return _seen(error.format, file, size, limit)
    if content.layers is not None and not content.pixels.shape[2]:
        return _of_layers(content)
    height, width = content.pixels.shape[:2]
    return _shown(content, width, height)


def _of_copy(format: str, file: BinaryIO, limit: Limit) -> Glance | None:
    """A file of which no more is decoded than is seen; None where all of it has to be."""
    reduced = codec(format).reduced
    content = None
    with contextlib.suppress(DamagedError):  # the whole may open as far as it goes
        content = None if reduced is None else reduced(file, limit, (2 * SIDE, 2 * SIDE), 1)
    return None if content is None or content.whole is None else _shown(content, *content.whole)


def _of_raw(file: BinaryIO, size: int, limit: Limit) -> Glance:
    """A raw file as its camera shows it, or developed where it shows nothing."""
    held = raw.preview(file, size, limit)
    said = Metadata(exif=held.exif, xmp=held.xmp)
    found = None
    if held.jpeg:
        with contextlib.suppress(DamagedError):
            found = _of_copy(jpeg.CODEC.name, io.BytesIO(held.jpeg), limit)
    if found is None:
        file.seek(0)
        content = raw.CODEC.decode(file, size, limit, np.empty, {})
        height, width = content.pixels.shape[:2]
        return _shown(content, width, height)
    pixels = found.pixels
    lies = held.turn >= 5 and pixels.shape[1] > pixels.shape[0]
    if lies or held.turn in (2, 3, 4):
        pixels = TURNS[held.turn](pixels)
    return replace(_told(said), pixels=_packed(pixels), width=held.width, height=held.height)


def _of_layers(content: Photograph) -> Glance:
    """A file of layers that holds no picture of them all."""
    document = document_of(content, "", HERE)
    level = (max(document.width, document.height) // (2 * SIDE)).bit_length()
    width, height = (-(-side >> level) for side in (document.width, document.height))  # rounded up
    pixels = _eight_bits(render_srgb(document, Region(0, 0, width, height, level)))
    return replace(
        _told(content.metadata), pixels=pixels, width=document.width, height=document.height
    )


def _shown(content: Photograph, width: int, height: int) -> Glance:
    """A picture of ``width`` x ``height`` as it lies in its file, of which ``content`` may be a
    reduced copy.
    """
    said = content.metadata
    seen = replace(content, pixels=_reduced(content.pixels), notes=[])
    rgb, profile = as_rgb(seen, stated_picture.says_adobe_rgb(said.exif), HERE.converted, False)
    shown = to_float(rgb)
    shown[..., :3] = profile.to_srgb(np.ascontiguousarray(shown[..., :3]))
    pixels = _eight_bits(shown)
    turn = content.orientation or stated_picture.orientation(said.exif, said.xmp)
    if turn in TURNS:
        pixels = _packed(TURNS[turn](pixels))
        if turn >= 5:
            width, height = height, width
    return replace(_told(said), pixels=pixels, width=width, height=height)


def _reduced(pixels: NDArray[Any]) -> NDArray[Any]:
    """Pixels (height, width, channels) of any depth, at most ``SIDE`` a side, by their averages."""
    height, width, channels = pixels.shape
    scale = SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    cv2 = opencv()
    parts = [
        cv2.resize(_packed(pixels[..., at : at + 4]), size, interpolation=cv2.INTER_AREA)
        for at in range(0, channels, 4)
    ]
    return np.concatenate([part.reshape(*part.shape[:2], -1) for part in parts], axis=2)


def _eight_bits(shown: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Pixels (height, width, 3 or 4), sRGB-encoded, what is transparent on white."""
    shown = _reduced(np.nan_to_num(shown))
    if shown.shape[2] == 4:
        shown = shown[..., :3] * shown[..., 3:] + (1 - shown[..., 3:])
    eight: NDArray[np.uint8] = np.rint(shown.clip(0, 1) * 255).astype(np.uint8)
    return eight


def _packed(pixels: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(pixels)


def _told(said: Metadata) -> Glance:
    """What the metadata of a file say."""
    marks = marks_of(said.xmp, said.exif)
    moment = taken(said)
    return Glance(
        np.zeros((1, 1, 3), np.uint8),
        1,
        1,
        camera=metadata.describe(said).get("camera", "")[:80],
        taken=f"{moment:%Y-%m-%d %H:%M:%S}" if moment is not None else "",
        rating=None if marks is None else marks.rating,
        label="" if marks is None else marks.label,
        packet=said.xmp,
    )
