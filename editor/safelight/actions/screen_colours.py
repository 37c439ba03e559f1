"""Screen colours: a document's colours as a monitor shows them, and as a print would look."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from safelight.actions.open_confined import CONFINED
from safelight.api import Lattice
from safelight.files.codecs.photograph import PartLost
from safelight.pixels import (
    SRGB,
    ColourError,
    Intent,
    Profile,
    Tone,
    Transform,
    composed,
    lab,
    profile_name,
)
from safelight.pixels.littlecms import CHANNELS

STEPS = 33
"""Points a side of the lattice that stands for the exact colours until those are there."""

OUT_OF_GAMUT = 5.0
"""How far (CIE 1976 ΔE*ab) a colour comes back from a print that is said not to have it.

A table is rounded by one or two of these; LittleCMS takes the same.
"""

Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Proof:
    """A print that is looked at before it is made: its profile, grey, RGB or CMYK, and how colours
    come into it. ``paper_white``: the colour of the paper is seen, and how dark its black is.
    """

    icc: bytes
    intent: Intent = "relative"
    black_point: bool = True
    paper_white: bool = False

    @property
    def name(self) -> str:
        """What the profile calls itself."""
        return profile_name(self.icc)


@dataclass(frozen=True, slots=True)
class Screen:
    """What colours are shown on: the ``monitor``'s profile, None for sRGB, and of what print.

    All pixels are float32 (height, width, 3), encoded.
    """

    monitor: bytes | None = None
    proof: Proof | None = None

    def seen(self, pixels: Pixels, profile: Profile) -> Pixels:
        """Pixels (height, width, 3) of ``profile``, float32, in the colours of the monitor.

        Two conversions, one after the other, each in floats. Raises ColourError and PartLost.
        """
        if self.proof is None:
            return _through(pixels, Transform(profile.icc, self.monitor))
        proof = self.proof
        ink = _printed(pixels, profile, proof, proof.intent)
        if proof.paper_white:
            return _through(ink, Transform(proof.icc, self.monitor, "absolute", False))
        return _through(ink, Transform(proof.icc, self.monitor, "relative", proof.black_point))

    def missing(self, pixels: Pixels, profile: Profile) -> NDArray[np.float32]:
        """How far each pixel (height, width) comes back from the print, in ΔE*ab.

        There and back is relative colorimetric whatever the proof's intent: the others move colours
        that the print does have. Raises ColourError and PartLost.
        """
        assert self.proof is not None
        proof = self.proof
        ink = _printed(pixels, profile, proof, "relative")
        back = _through(ink, Transform(proof.icc, None, "relative", proof.black_point))
        apart = lab(profile.to_srgb(pixels)) - lab(back)
        return np.asarray(np.sqrt((apart**2).sum(axis=-1)), np.float32)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A screen's colours by lattices: fast, and close. ``missing`` gives ΔE*ab in each channel."""

    seen: Tone
    missing: Tone | None


@lru_cache(maxsize=8)
def sketched(screen: Screen, profile: Profile) -> Sketch:
    """The lattices for documents of ``profile``. Takes its time. Raises ColourError, PartLost."""
    places = np.linspace(0, 1, STEPS, dtype=np.float32)
    grid = np.stack(np.meshgrid(places, places, places, indexing="ij"), axis=-1)
    nodes = np.ascontiguousarray(grid.reshape(STEPS * STEPS, STEPS, 3))
    seen = composed([Lattice(screen.seen(nodes, profile).reshape(grid.shape))])
    if screen.proof is None:
        return Sketch(seen, None)
    missing = np.repeat(screen.missing(nodes, profile).reshape(*grid.shape[:3], 1), 3, axis=3)
    return Sketch(seen, composed([Lattice(missing)]))


def check_proof(proof: Proof) -> None:
    """Raises ColourError and PartLost for a print that colours cannot come into and back from."""
    if CHANNELS.get(proof.icc[16:20]) is None:
        raise ColourError(f"{proof.name} is for no grey, RGB or CMYK")
    Screen(None, proof).seen(np.zeros((1, 1, 3), np.float32), SRGB)


def _printed(pixels: Pixels, profile: Profile, proof: Proof, intent: Intent) -> Pixels:
    """Pixels in the numbers of the print, of which none is below nothing or above all."""
    made = _through(pixels, Transform(profile.icc, proof.icc, intent, proof.black_point))
    return np.clip(made, 0, 1)


def _through(pixels: Pixels, transform: Transform) -> Pixels:
    made = CONFINED.converted(np.ascontiguousarray(pixels), transform, True)
    if made is None:
        names = [profile_name(icc) for icc in (transform.source, transform.target) if icc]
        raise ColourError(f"colours cannot be converted by {' and '.join(names)}")
    return made


__all__ = [
    "OUT_OF_GAMUT",
    "STEPS",
    "ColourError",
    "PartLost",
    "Proof",
    "Screen",
    "Sketch",
    "check_proof",
    "sketched",
]
