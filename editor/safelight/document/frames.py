"""Frames: the pictures of a sequence in order, held by a layer; a document at one of them.

A sequence is no other document: it is a layer that shows one of its pictures at a time. Whatever
lies over that layer lies over every picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from operator import is_
from typing import TYPE_CHECKING, Any

from safelight.document.keyframes import MOST_FRAMES, evaluated
from safelight.document.kind import Change, Kind, Picture
from safelight.document.placement import Place
from safelight.pixels import Raster

if TYPE_CHECKING:
    from safelight.document.document import Document
    from safelight.document.layer import Layer

USUAL_DURATION = 40
"""Milliseconds that a picture is shown where nobody says how long: 25 a second."""

LONGEST = 3_600_000
"""Milliseconds that a picture is shown at most: an hour."""


@dataclass(frozen=True, slots=True)
class Film:
    """The files that the pictures of a sequence lie in: one for all, or one for each.

    ``files`` are their paths, each with what the file is known by (``film_files.mark_of``);
    ``pictures`` all of their pictures, in order. A project keeps the pictures where they are
    ``kept``; else it names the files, and reads them again when it is opened.
    """

    files: tuple[tuple[str, str], ...]
    pictures: tuple[Raster, ...]
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Frames:
    """Pictures of one size, number of channels and depth, and how long each is shown in
    milliseconds. ``shown`` is the one that is looked at. The same picture may be there many times.
    ``bounds`` are the first and the last that are played and exported; None: all of them. ``film``
    names the files that they lie in, as far as they lie in files.
    """

    pictures: tuple[Raster, ...]
    durations: tuple[int, ...]
    shown: int = 0
    bounds: tuple[int, int] | None = None
    film: Film | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.pictures) <= MOST_FRAMES:
            raise ValueError(f"a sequence has 1 to {MOST_FRAMES:,} pictures")
        if len(self.durations) != len(self.pictures):
            raise ValueError("every picture of a sequence has a duration, and nothing else has")
        if not all(1 <= each <= LONGEST for each in self.durations):
            raise ValueError("a picture is shown for 1 ms to an hour")
        if not 0 <= self.shown < len(self.pictures):
            raise ValueError(f"a sequence of {len(self.pictures)} has no picture {self.shown}")
        if self.bounds is not None:
            first, last = self.bounds
            if not 0 <= first <= last < len(self.pictures):
                raise ValueError("in and out of a sequence are pictures of it, in this order")
        kinds = {(each.width, each.height, each.channels, each.depth) for each in self.pictures}
        if len(kinds) > 1:
            raise ValueError("the pictures of a sequence are of one size, depth and kind")

    @property
    def picture(self) -> Raster:
        """The picture that is looked at."""
        return self.pictures[self.shown]

    def at(self, number: int) -> Frames:
        """The sequence looked at in another place; beyond the end, at its last picture."""
        number = min(max(number, 0), len(self.pictures) - 1)
        if number == self.shown:
            return self
        made = copy(self)  # nothing else is looked at again: a film is played so
        object.__setattr__(made, "shown", number)
        return made

    def arranged(self, order: Sequence[int]) -> Frames:
        """A sequence of the pictures with those numbers, in that order, each with its duration.

        In and out stay where they are in time where there are as many pictures as before.

        Raises ValueError for none, and IndexError for a number that there is not.
        """
        places = list(order)
        where = places.index(self.shown) if self.shown in places else 0
        bounds = self.bounds
        if bounds is not None and len(places) != len(self.pictures):  # they stay at their pictures
            first, last = bounds
            still = [at for at, place in enumerate(places) if first <= place <= last]
            bounds = (still[0], still[-1]) if still else None
        return Frames(
            tuple(self.pictures[place] for place in places),
            tuple(self.durations[place] for place in places),
            where,
            bounds,
            self.film,
        )


class FramesKind(Kind):
    """Who answers for a layer that holds frames."""

    name = "frames"
    icon = "film"

    def check(self, content: Frames) -> None:
        if content.picture.channels == 1:
            raise ValueError("the pictures of a sequence have 3 or 4 channels")

    def pixels(self, content: Frames) -> Raster:
        return content.picture

    def sample(self, content: Frames) -> Raster:
        return content.pictures[0]

    def rasters(self, content: Frames) -> Iterator[Raster]:
        yield from dict.fromkeys(content.pictures)

    def changed(self, content: Frames, change: Change) -> Frames:
        made = {picture: change(picture) for picture in dict.fromkeys(content.pictures)}
        return replace(content, pictures=tuple(made[picture] for picture in content.pictures))

    def fits(self, content: Frames, place: Place, picture: Picture) -> bool:
        return False

    def seen(self, content: Frames, place: Place, picture: Picture) -> Raster:
        return picture.view(content.picture, place)

    def key(self, content: Frames, masked: bool, layers: Callable[[Any], list[Any]]) -> list[Any]:
        return ["pixels", content.picture.digest().hex()]

    def described(self, content: Frames) -> str:
        return f"Sequence of {len(content.pictures):,}"


KIND = FramesKind()
"""The one of them."""


def sequences(document: Document) -> list[str]:
    """The ids of the layers that hold a sequence, bottom first."""
    return [layer.id for layer in document.walk() if layer.kind is KIND]


def length(document: Document) -> int:
    """How many pictures there are to go through: those of the longest sequence; 1 without any."""
    return max((len(each.pictures) for each in _held(document)), default=1)


def position(document: Document) -> int:
    """The picture that is looked at, of the longest sequence; 0 without any."""
    longest = max(_held(document), key=lambda each: len(each.pictures), default=None)
    return 0 if longest is None else longest.shown


def bounds(document: Document) -> tuple[int, int]:
    """The first and the last picture that are played and exported."""
    longest = max(_held(document), key=lambda each: len(each.pictures), default=None)
    if longest is None or longest.bounds is None:
        return 0, length(document) - 1
    return longest.bounds


def durations(document: Document) -> tuple[int, ...]:
    """How long each picture is shown in milliseconds, as the longest sequence says."""
    longest = max(_held(document), key=lambda each: len(each.pictures), default=None)
    return (USUAL_DURATION,) if longest is None else longest.durations


def pictures(document: Document) -> tuple[Raster, ...]:
    """The pictures of the longest sequence; none without any."""
    return max((each.pictures for each in _held(document)), key=len, default=())


def unseen(document: Document) -> set[Raster]:
    """The pictures of sequences that are not looked at, most of which nobody has decoded yet."""
    return {
        picture
        for each in _held(document)
        for picture in each.pictures
        if picture is not each.picture
    }


def at(document: Document, number: int) -> Document:
    """The document at one of its pictures; a shorter sequence stays at its last one, and whatever
    moves along the sequence has its value there.

    A result that a filter layer has kept for another picture is not shown.
    """
    if not sequences(document):
        return document
    layers = tuple(_moved(layer, number) for layer in document.layers)
    if all(map(is_, layers, document.layers)):
        return document
    return replace(document, layers=layers)


def _moved(layer: Layer, number: int) -> Layer:
    inside = tuple(_moved(item, number) for item in layer.layers)
    held = layer.filter
    if not all(map(is_, inside, layer.layers)):
        layer = replace(layer, content=layer.kind.with_layers(layer.content, inside))
    elif layer.kind is KIND:
        content = layer.content.at(number)
        if content is not layer.content:
            layer = replace(layer, content=content)
    elif held is not None and held.kept is not None and held.kept.frame != number:
        layer = replace(layer, content=replace(held, kept=None))
    return evaluated(layer, number)


def _held(document: Document) -> list[Frames]:
    return [layer.content for layer in document.walk() if layer.kind is KIND]
