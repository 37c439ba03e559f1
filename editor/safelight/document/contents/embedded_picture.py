"""Embedded picture: a picture that a setting holds itself, as text, and takes along with it.

The text is a ``data:`` URI (RFC 2397) with the picture's title as a parameter:
``data:image/webp;title=Water%20Lilies;base64,UklGR…``.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import quote, unquote

_BEGINNING = "data:image/"
_LONGEST_TITLE = 120
_UNTITLED = "Untitled"


class EmbeddedError(ValueError):
    """A text that holds no picture; the message continues the picture's name."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The bytes of a picture file, its media type (``image/webp``) and its title."""

    media: str
    title: str
    data: bytes

    def text(self) -> str:
        """The URI."""
        title = quote(_tidy(self.title), safe="")
        return f"data:{self.media};title={title};base64,{base64.b64encode(self.data).decode()}"

    @classmethod
    def read(cls, text: str) -> Embedded:
        """The inverse of ``text``. Raises EmbeddedError."""
        head, comma, body = text.partition(",")
        media, *rest = head[len("data:") :].split(";")
        if not is_embedded(text) or not comma or not rest or rest[-1] != "base64":
            raise EmbeddedError("is damaged: its text is no picture")
        try:
            data = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError) as error:
            raise EmbeddedError("is damaged: its text is no picture") from error
        return cls(media, _title(head), data)


def is_embedded(text: str) -> bool:
    """Whether a setting holds a picture; otherwise it is the path of one."""
    return text.startswith(_BEGINNING)


def named(text: str) -> str:
    """What to call a picture where people read it: its title, or the path as it is."""
    return _title(text.partition(",")[0]) if is_embedded(text) else text


def _title(head: str) -> str:
    fields = (item.partition("=") for item in head.split(";")[1:])
    return next((_tidy(unquote(value)) for name, _, value in fields if name == "title"), _UNTITLED)


def _tidy(title: str) -> str:
    """A title on one line, of a bearable length; it may be a stranger's."""
    printable = "".join(c if c.isprintable() else " " for c in title[: 4 * _LONGEST_TITLE])
    return " ".join(printable.split())[:_LONGEST_TITLE] or _UNTITLED
