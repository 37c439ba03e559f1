"""Network sight: which filter showed what to a network, as whoever keeps account of it is told.

All that a worker's networks are shown is told here: a worker names the networks that it ran with
each answer, and ``workers.conversation`` hands them on with what the conversation is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from safelight.api import Declaration, Region

if TYPE_CHECKING:
    from safelight.document import Document

_MOST, _LONGEST = 64, 300
_HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Sight:
    """What networks are shown: a ``document`` by its name, of ``width`` × ``height`` pixels, by a
    ``filter`` of a ``plugin`` in that ``version``. ``part`` is the piece of the picture, None = all
    of it. What is not known is "" or 0: cheap filters see layers of documents they are not told of.
    """

    document: str = ""
    width: int = 0
    height: int = 0
    filter: str = ""
    plugin: str = ""
    version: str = ""
    part: Region | None = None

    @classmethod
    def of(cls, declaration: Declaration, document: Document, part: Region | None = None) -> Sight:
        """What the networks of a filter are shown of a document."""
        whole = part is None or part == document.region
        return cls(
            document.name,
            document.width,
            document.height,
            declaration.id,
            declaration.plugin,
            declaration.version,
            None if whole else part,
        )


Saw: TypeAlias = Callable[[Sight, str, str], None]
"""Is told a sight, the name of the network that has it, and the hash of the network's file."""


def nobody(sight: Sight, network: str, sha256: str) -> None:
    """Whom nobody keeps account for: made pictures, on which plugins are tried."""


def named_networks(said: Any) -> Mapping[str, str]:
    """The networks that a worker says it ran: hashes by name. Raises ValueError for nonsense."""
    if not isinstance(said, Mapping) or len(said) > _MOST:
        raise ValueError("it names no networks")
    for name, digest in said.items():
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= _LONGEST:
            raise ValueError("a network has no name")
        if not isinstance(digest, str) or not _HASH.fullmatch(digest):
            raise ValueError("a network has no hash")
    return said
