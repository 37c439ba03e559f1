"""Small files of the formats that a library of C or Python decodes, to be changed and cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import imagecodecs

from tests import pictures

CASES = Path(__file__).parent / "cases"


def _case(name: str) -> Callable[[], bytes]:
    return (CASES / name).read_bytes


def _avif() -> bytes:
    return bytes(imagecodecs.avif_encode(pictures.noise(40, 30, 4), 100, speed=10))


SEEDS: dict[str, Callable[[], bytes]] = {
    "photograph.heic": _case("photograph.heic"),
    "quarters_alpha.heic": _case("quarters_alpha.heic"),
    "gradient_10_bit.heic": _case("gradient_10_bit.heic"),
    "avif": _avif,
}
"""What makes each file, by a name that begins with its format's."""
