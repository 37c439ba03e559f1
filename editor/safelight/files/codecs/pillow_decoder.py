"""Pillow decoder: the second way to decode what the first does not take, or takes otherwise."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from safelight.files.codecs.photograph import DamagedError, undecodable

if TYPE_CHECKING:
    from PIL.Image import Image


@contextlib.contextmanager
def opened(
    file: BinaryIO, format: str, size: tuple[int, int] | None, *, cut_off: bool = False
) -> Iterator[Image]:
    """An image of Pillow's ``format`` and of the width and height that were checked, if any.

    Raises DamagedError for another size, and for whatever goes wrong inside; ``cut_off`` as
    ``undecodable`` has it.
    """
    from PIL import Image

    try:
        with Image.open(file, formats=[format]) as image:
            if size is not None and image.size != size:
                raise DamagedError("is damaged: it states its size twice, and differently")
            yield image
    except DamagedError:
        raise
    except Exception as error:
        raise undecodable(error, cut_off=cut_off) from error
