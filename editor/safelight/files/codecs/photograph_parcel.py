"""Photograph parcel: a photograph as arrays alone, to cross from the decoding process.

The first array is JSON, the second all that is bytes, one after the other; then come the pixels.
What stands beside the pixels, colour profiles and metadata, goes there and back in the same way.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.api import Source
from safelight.document import Metadata
from safelight.files.codecs import codec, lens_correction, raw_sketch
from safelight.files.codecs.photograph import (
    CHANNELS,
    DamagedError,
    Limit,
    OtherKindError,
    PartLost,
    Photograph,
    PhotographLayer,
    PhotographMask,
    Room,
    TooLargeError,
)
from safelight.files.glance import GLANCE, Glance, glance, glanced
from safelight.files.metadata import metadata
from safelight.files.plain_text import plain_text
from safelight.files.provenance import content_credentials
from safelight.files.provenance.provenance import TERMS
from safelight.pixels import Transform
from safelight.pixels.littlecms import CHANNELS as SPACES

_BYTES = ("exif", "xmp", "iptc")
_PLAIN: dict[str, Callable[[Any], Any]] = {
    **{"name": str, "x": int, "y": int, "opacity": float, "mode": str},
    **{"visible": bool, "locked": bool, "role": str, "fill": str},
}
_ROLES = ("plain", "clipped", "atop", "inside", "outside")
_FILL = re.compile("(#[0-9a-f]{6})?")


def decode(
    format: str,
    file: BinaryIO,
    size: int,
    limit: Limit,
    room: Room,
    told: Mapping[str, Any] | None = None,
) -> list[NDArray[Any]]:
    """Decode a file by the codec of a format, told what ``Codec.opening`` lists, or read what
    stands beside pixels, in the process that is confined: facts as JSON in uint8 (count,), then
    bytes and pixels (height, width, channels) of uint8, uint16 or float32. Never raises what a
    codec may: ``opened`` does.
    """

    def made() -> list[NDArray[Any]]:
        if format in _BESIDE:
            return _BESIDE[format](file.read())
        if format == SKETCH:
            return raw_sketch.sketch(file, size, limit, room)
        if format == REDUCED:
            return _reduced(file, limit, told or {})
        if format == GLANCE:
            return glance(file, size, limit, told or {})
        return packed(codec(format).decode(file, size, limit, room, told or {}))

    return guarded(made)


def _reduced(file: BinaryIO, limit: Limit, told: Mapping[str, Any]) -> list[NDArray[Any]]:
    make = codec(str(told["format"])).reduced
    room, least = (int(told["width"]), int(told["height"])), int(told["least"])
    found = None if make is None else make(file, limit, room, least)
    return [] if found is None else packed(found)


def reduced_asked(format: str, room: tuple[int, int], least: int) -> dict[str, Any]:
    """What ``decode`` is told, beside the file, for a smaller copy of a picture of a format, as a
    ``codec.Reducer`` makes it.
    """
    return {"format": format, "width": room[0], "height": room[1], "least": least}


def guarded(made: Callable[[], list[NDArray[Any]]]) -> list[NDArray[Any]]:
    """What ``made`` gives; or, where it raises what a codec may, one array that says so: JSON in
    uint8 (count,), of which ``opened`` and ``raise_what_failed`` make the same error again.
    """
    try:
        return made()
    except TooLargeError as error:
        facts = {"failed": "large", "width": error.width, "height": error.height}
    except OtherKindError as error:
        facts = {"failed": "other", "reason": str(error), "format": error.format}
    except DamagedError as error:
        facts = {"failed": "damaged", "reason": str(error)}
    except OSError as error:
        facts = {"failed": "system", "reason": error.strerror or str(error)}
    except MemoryError:
        facts = {"failed": "memory"}
    return [_text(facts)]


COLOURS, METADATA = "the colours", "the metadata"
"""What ``decode`` is asked for instead of a format, with what ``colours_asked`` and
``metadata_asked`` give as the file.
"""

REDUCED = "a smaller copy"
"""Asks for a smaller copy of a picture, as ``reduced_asked`` says, with the picture as the file."""

SKETCH = "a sketch of a raw file"
"""Asks for a sketch of a raw file."""

LENS = "a lens"
"""Asks for a lens, with what ``lens.asked`` gives."""

SIGNED, CREDENTIALS = "a signed file", "the credentials"
"""Ask for a signature and for credentials, with what ``signing_asked`` and ``reading_asked`` of
``content_credentials`` give.
"""

_LENGTH = struct.Struct("<I")


def colours_asked(colour: NDArray[Any], transform: Transform, exact: bool) -> bytes:
    """A transform, and the pixels (height, width, channels) of uint8, uint16 or float32 that it is
    applied to, as the bytes of a file.
    """
    profiles = [transform.source, transform.target]
    facts = {"shape": colour.shape, "dtype": colour.dtype.name, "exact": exact}
    facts["profiles"] = [None if icc is None else len(icc) for icc in profiles]
    facts |= {"intent": transform.intent, "black_point": transform.black_point}
    text, pixels = json.dumps(facts).encode(), np.ascontiguousarray(colour).data
    return b"".join((_LENGTH.pack(len(text)), text, *filter(None, profiles), pixels))


def metadata_asked(held: Metadata) -> bytes:
    """Metadata as a file."""
    parts = {name: getattr(held, name) for name in _BYTES}
    lengths = {name: None if part is None else len(part) for name, part in parts.items()}
    text = json.dumps(lengths).encode()
    return b"".join((_LENGTH.pack(len(text)), text, *filter(None, parts.values())))


def _asked(data: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = _LENGTH.unpack_from(data)
    end = _LENGTH.size + length
    return json.loads(data[_LENGTH.size : end]), data[end:]


def _colours(data: bytes) -> list[NDArray[Any]]:
    facts, rest = _asked(data)
    profiles: list[bytes | None] = []
    for length in facts["profiles"]:
        profiles.append(None if length is None else rest[:length])
        rest = rest[length or 0 :]
    source, target = profiles
    transform = Transform(source, target, facts["intent"], facts["black_point"])
    made = transform.apply(
        np.frombuffer(rest, facts["dtype"]).reshape(facts["shape"]), facts["exact"]
    )
    return [] if made is None else [made]


def _metadata(data: bytes) -> list[NDArray[Any]]:
    lengths, rest = _asked(data)
    held: dict[str, bytes | None] = {}
    at = 0
    for name, length in lengths.items():
        held[name] = None if length is None else rest[at : at + length]
        at += length or 0
    found = metadata.known(Metadata(held["exif"], held["xmp"], held["iptc"]))
    packing = _Packing()
    facts = {
        "orientation": found.orientation,
        "dpi": found.dpi,
        "adobe_rgb": found.adobe_rgb,
        "synthetic": found.synthetic,
        "facts": dict(found.facts),
        "upright": {name: packing.place(getattr(found.upright, name)) for name in _BYTES},
    }
    return [_text(facts), np.frombuffer(bytes(packing.held), np.uint8)]


_BESIDE: dict[str, Callable[[bytes], list[NDArray[Any]]]] = {
    COLOURS: _colours,
    METADATA: _metadata,
    LENS: lens_correction.told,
    SIGNED: content_credentials.signed,
    CREDENTIALS: content_credentials.reported,
}


def colours_told(
    arrays: Sequence[NDArray[Any]], colour: NDArray[Any], transform: Transform
) -> NDArray[Any] | None:
    """The pixels (height, width, channels) that ``decode`` gives for ``colours_asked``, as high,
    wide and of the depth of ``colour``; None where they could not be converted. Raises PartLost for
    arrays that cannot be such pixels.
    """
    if not arrays:
        return None
    made = arrays[0]
    channels = SPACES.get(transform.gives)
    if made.shape != (*colour.shape[:2], channels) or made.dtype != colour.dtype:
        raise PartLost(_NONSENSE)
    return made


def metadata_told(arrays: Sequence[NDArray[Any]]) -> metadata.Known:
    """The metadata that ``decode`` gives for ``metadata_asked``: facts as JSON and bytes, each
    uint8 (count,). Raises PartLost for arrays that cannot be metadata.
    """
    try:
        facts = json.loads(arrays[0].tobytes())
        turn, synthetic, stated = facts["orientation"], facts["synthetic"], facts["facts"]
        if type(turn) is not int or turn not in range(1, 9) or synthetic not in _SYNTHETIC:
            raise ValueError("no such thing of a photograph")
        exif, xmp, iptc = (_taken(arrays[1], facts["upright"][name]) for name in _BYTES)
        dpi = facts["dpi"]
        return metadata.Known(
            turn,
            facts["adobe_rgb"] is True,
            Metadata(exif, xmp, iptc),
            synthetic,
            {plain_text(name): plain_text(stated[name]) for name in stated},
            None if dpi is None else (float(dpi[0]), float(dpi[1])),
        )
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise PartLost(_NONSENSE) from fault


_SYNTHETIC = ("", *TERMS)
_NONSENSE = "what reads it sent an answer that makes no sense"


@dataclass
class _Packing:
    held: bytearray = field(default_factory=bytearray)
    arrays: list[NDArray[Any]] = field(default_factory=list)

    def photograph(self, found: Photograph) -> dict[str, Any]:
        self.arrays.append(found.pixels)
        kept = found.metadata
        return {
            "pixels": len(self.arrays) - 1,
            "space": found.space,
            "alpha": found.alpha,
            "icc": self.place(found.icc),
            "metadata": {name: self.place(getattr(kept, name)) for name in _BYTES},
            "dpi": kept.dpi,
            "texts": kept.texts,
            "notes": found.notes,
            "orientation": found.orientation,
            "quantisation": found.source.quantisation,
            "layers": None if found.layers is None else [self._layer(x) for x in found.layers],
            "whole": found.whole,
        }

    def _layer(self, layer: PhotographLayer) -> dict[str, Any]:
        inner = layer.photograph
        return {name: getattr(layer, name) for name in _PLAIN} | {
            "photograph": None if inner is None else self.photograph(inner),
            "layers": [self._layer(item) for item in layer.layers],
            "mask": None if layer.mask is None else self._mask(layer.mask),
        }

    def _mask(self, mask: PhotographMask) -> list[int]:
        self.arrays.append(mask.pixels)
        return [len(self.arrays) - 1, mask.x, mask.y, mask.beyond]

    def place(self, data: bytes | None) -> tuple[int, int] | None:
        """Where those bytes are among the ones that are held."""
        if data is None:
            return None
        self.held += data
        return len(self.held) - len(data), len(data)


def packed(photograph: Photograph) -> list[NDArray[Any]]:
    """A photograph as arrays: facts as JSON and bytes, each uint8 (count,), then pixels (height,
    width, channels) of uint8, uint16 or float32.
    """
    packing = _Packing()
    facts = packing.photograph(photograph)
    return [_text(facts), np.frombuffer(bytes(packing.held), np.uint8), *packing.arrays]


def _text(facts: dict[str, Any]) -> NDArray[Any]:
    return np.frombuffer(json.dumps(facts).encode(), np.uint8)


def opened(arrays: Sequence[NDArray[Any]]) -> Photograph:
    """The photograph that arrays of ``decode`` are: facts and bytes, each uint8 (count,), then
    pixels (height, width, channels); they may come from a process that was taken over. Raises what
    the codec did, and DamagedError for what is no photograph.
    """
    raise_what_failed(arrays)
    try:
        return _Opening(arrays).photograph(json.loads(arrays[0].tobytes()))
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise DamagedError(_NO_PHOTOGRAPH) from fault


def reduced(arrays: Sequence[NDArray[Any]]) -> Photograph | None:
    """The smaller copy of a photograph that arrays of ``decode`` are: facts and bytes, each uint8
    (count,), then pixels (height, width, channels); None where there are no arrays.

    Raises what the codec did, and DamagedError for what is no such copy.
    """
    if not arrays:
        return None
    found = opened(arrays)
    height, width = found.pixels.shape[:2]
    if found.whole is None or found.layers is not None or not found.pixels.shape[2]:
        raise DamagedError(_NO_PHOTOGRAPH)
    if not (0 < width <= found.whole[0] <= _LONGEST and 0 < height <= found.whole[1] <= _LONGEST):
        raise DamagedError(_NO_PHOTOGRAPH)
    return found


_LONGEST = 1 << 31
"""Pixels that no side has."""


def sketched(arrays: Sequence[NDArray[Any]]) -> raw_sketch.Sketch:
    """The sketch of a raw file that arrays of ``decode`` are: facts as uint8 (count,), and light
    (height, width, colours) of uint16. Raises what the codec did, and DamagedError for what is no
    sketch.
    """
    raise_what_failed(arrays)
    return raw_sketch.sketched(arrays)


def looked_at(arrays: Sequence[NDArray[Any]]) -> Glance:
    """The glance that arrays of ``decode`` are: facts and XMP, each uint8 (count,), and pixels
    (height, width, 3) of uint8. Raises what the codec did, and DamagedError for what is none.
    """
    raise_what_failed(arrays)
    return glanced(arrays)


_NO_PHOTOGRAPH = "cannot be opened: what decodes it made no photograph"


def raise_what_failed(arrays: Sequence[NDArray[Any]]) -> None:
    """Raise what the codec raised, if it did, of arrays whose first is facts as JSON in uint8
    (count,).
    """
    try:
        facts = json.loads(arrays[0].tobytes())
        failed = facts.get("failed")
        reason = str(facts.get("reason"))[:600]
        if failed is None:
            return
        error: Exception
        if failed == "large":
            error = TooLargeError(int(facts["width"]), int(facts["height"]))
        elif failed == "other":
            error = OtherKindError(reason, str(facts.get("format", ""))[:80])
        else:
            known = {"system": OSError, "memory": MemoryError}
            error = known.get(failed, DamagedError)(reason)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise DamagedError(_NO_PHOTOGRAPH) from fault
    raise error


class _Opening:
    def __init__(self, arrays: Sequence[NDArray[Any]]) -> None:
        self._bytes, self._arrays = arrays[1], arrays[2:]

    def photograph(self, facts: dict[str, Any]) -> Photograph:
        pixels, space = self._arrays[facts["pixels"]], facts["space"]
        alpha = facts["alpha"] is True
        if pixels.ndim != 3 or 0 in pixels.shape[:2]:
            raise ValueError("no picture")
        if pixels.shape[2] and pixels.shape[2] != CHANNELS[space] + alpha:
            raise ValueError("other channels than it says")
        dpi, layers = facts["dpi"], facts["layers"]
        turn = facts["orientation"]
        return Photograph(
            pixels,
            space,
            alpha,
            _taken(self._bytes, facts["icc"]),
            Metadata(
                **{name: _taken(self._bytes, facts["metadata"][name]) for name in _BYTES},
                dpi=None if dpi is None else (float(dpi[0]), float(dpi[1])),
                texts=tuple((str(keyword), str(text)) for keyword, text in facts["texts"]),
            ),
            [str(note) for note in facts["notes"]],
            None if turn is None else int(turn),
            Source(tuple(tuple(map(int, table)) for table in facts["quantisation"])),
            None if layers is None else [self._layer(item) for item in layers],
            None if facts["whole"] is None else (int(facts["whole"][0]), int(facts["whole"][1])),
        )

    def _layer(self, facts: dict[str, Any]) -> PhotographLayer:
        inner = facts["photograph"]
        layer = PhotographLayer(
            str(facts["name"]),
            None if inner is None else self.photograph(inner),
            [self._layer(item) for item in facts["layers"]],
        )
        for name, kind in _PLAIN.items():
            setattr(layer, name, kind(facts[name]))
        if layer.role not in _ROLES or not _FILL.fullmatch(layer.fill):
            raise ValueError("no role or no colour of a layer")
        if facts["mask"] is not None:
            index, x, y, beyond = map(int, facts["mask"])
            pixels = self._arrays[index]
            if (
                pixels.ndim != 3
                or 0 in pixels.shape
                or pixels.shape[2] != 1
                or beyond not in (0, 1)
            ):
                raise ValueError("no mask of a layer")
            layer.mask = PhotographMask(pixels, x, y, beyond)
        return layer


def _taken(held: NDArray[Any], place: list[int] | None) -> bytes | None:
    """The bytes at a place among those that are held. Raises ValueError."""
    if place is None:
        return None
    start, count = int(place[0]), int(place[1])
    if not 0 <= start <= start + count <= len(held):
        raise ValueError("bytes that are not there")
    return held[start : start + count].tobytes()
