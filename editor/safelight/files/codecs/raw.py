"""Raw: what a camera's sensor saw, developed (LibRaw): 16 bit, ProPhoto RGB.

The keyword parameters of ``read`` are what a development can be told; the window's dialog, the
command line and a layer that remembers how it was made have them from there. LibRaw makes pixels of
the mosaic; colours, exposure and lens are done here, on linear light.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Annotated, BinaryIO, Literal

import numpy as np

from safelight.api import Number
from safelight.document import Metadata
from safelight.files.codecs import jpeg, lens_correction, tiff
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.libraw import (
    TURNS,
    libraw_in_words,
    missing_notes,
    processed,
    supported_demosaic,
    unpacked_raw,
)
from safelight.files.codecs.photograph import Limit, Photograph, Room, check_size
from safelight.files.codecs.raw_colours import (
    COLDEST,
    MOST_EXPOSURE,
    MOST_TINT,
    WARMEST,
    developed,
    headroom,
    prophoto,
)
from safelight.files.codecs.raw_exif import exif_of_raw, xmp_packet
from safelight.files.codecs.raw_facts import RawFacts
from safelight.files.codecs.raw_noise import smoothed

NAME = tiff.RAW_FORMAT

AUTO = "auto"
"""Said in place of an exposure: the one that is found for the picture."""

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
    with unpacked_raw(file, size, limit) as (raw, data):
        notes = missing_notes(raw, data)
        facts = RawFacts(raw, data)
        factors = facts.sensor.factors(settings)
        made = processed(
            raw,
            factors,
            highlights=highlights,
            demosaic=supported_demosaic(demosaic, notes),
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
        orientation=TURNS.get(flip, 1),
    )


def unknown_lens(shot: lens_correction.Shot) -> str:
    """A sentence for a lens that Lensfun does not know."""
    what = shot.lens or "its lens"
    camera = " ".join((shot.make, shot.model)).strip() or "its camera"
    return f"The lens was not corrected: Lensfun does not know {what} on {camera}."


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
        with libraw_in_words():
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
    width, height, turn = int(sizes.width), int(sizes.height), TURNS.get(int(sizes.flip), 1)
    exif = exif_of_raw(data) or (jpeg.exif_of(shown) if shown else None)
    if turn >= 5:
        width, height = height, width
    return Preview(shown, width, height, turn, exif, xmp_packet(data))


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
