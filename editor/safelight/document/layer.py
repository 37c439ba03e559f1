"""Layer: one entry of a document."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

from safelight.pixels import Raster


def _new_id() -> str:
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Layer:
    """Pixels with a name. ``opacity`` is 0 to 1; ``id`` stays the same while a layer is edited."""

    name: str
    raster: Raster
    opacity: float = 1.0
    visible: bool = True
    id: str = field(default_factory=_new_id)
