"""Frames content: pictures in order, of which a layer shows one, each with its duration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from safelight.document.contents.kind import Change, Kind, Picture
from safelight.document.frames.keyframes import MOST_FRAMES
from safelight.document.placement import Place
from safelight.pixels import Raster

LONGEST = 3_600_000
"""Milliseconds that a picture is shown at most: an hour."""

USUAL_DURATION = 40
"""Milliseconds that a picture is shown where nobody says how long: 25 a second."""


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
