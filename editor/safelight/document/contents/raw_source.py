"""Raw source: what a layer remembers of the raw file that its pixels were made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from safelight.api import Value


@dataclass(frozen=True, slots=True)
class Developed:
    """A raw file and the settings it was developed with, so that it can be developed again.

    ``path`` is where the file lay, ``sha256`` the digest of its bytes in hexadecimal digits,
    ``camera`` what took it. ``pixels`` is the digest of the layer's pixels as they were developed,
    in such digits too: others have been edited since. ``file`` are the raw file's own bytes where
    the project keeps them, None where it only names the file.
    """

    path: str
    sha256: str
    camera: str = ""
    settings: Mapping[str, Value] = field(default_factory=dict)
    pixels: str = ""
    file: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))
