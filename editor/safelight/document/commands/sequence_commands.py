"""Sequence commands: frames are moved, deleted, turned round, timed, and bounded by in and out.

Each works on all sequences of a document at once, which lie along one time: of a shorter one as far
as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Annotated, Any, TypeAlias

from safelight.api import Number
from safelight.document.commands.command import EditError, Settings, command
from safelight.document.document import Document
from safelight.document.frames import frames
from safelight.document.frames.frames_content import KIND, LONGEST, Frames
from safelight.document.frames.keyframes import MOST_FRAMES, Track
from safelight.document.layer import Layer

_Numbers: TypeAlias = Annotated[str, "Frames, from 1: 3, 2-5 or 1,4-6; empty: all"]
_Number: TypeAlias = Annotated[int, Number(1, MOST_FRAMES)]
_SUBMENU = "Se&quence"
_PART = re.compile(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?")


def has_sequence(document: Document, layer: Layer | None) -> bool:
    """Whether there is a sequence of several frames."""
    return frames.length(document) > 1


def numbers_in(text: str, count: int) -> list[int]:
    """The frames that a text names, from 0, in order and each once; all for none. Raises EditError
    for what is no such text, and for frames that there are not.
    """
    if not text.strip():
        return list(range(count))
    found: set[int] = set()
    for part in text.split(","):
        told = _PART.fullmatch(part)
        first = int(told[1]) if told else 0
        last = int(told[2] or first) if told else 0
        if not 1 <= first <= last <= count:
            raise EditError(f"{part.strip()[:40]!r} are no frames: there are 1 to {count:,}")
        found.update(range(first - 1, last))
    return sorted(found)


def numbers_told(numbers: Sequence[int]) -> str:
    """Frames, from 0, as a text that ``numbers_in`` reads."""
    parts: list[list[int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(f"{a + 1}-{b + 1}" if b > a else f"{a + 1}" for a, b in parts)


def _words(one: str, several: str) -> Callable[[Settings], str]:
    def words(given: Settings) -> str:
        told = str(given["frames"])
        return several if not told or "-" in told or "," in told else one

    return words


@command(
    "&Delete frames",
    menu="Image",
    submenu=_SUBMENU,
    asks=True,
    when=has_sequence,
    words=_words("Delete frame", "Delete frames"),
)
def delete_frames(document: Document, *, frames: _Numbers = "1") -> Document:
    """Take frames out of the sequence. Keyframes stay at their pictures; one of what is deleted
    goes to the next that stays, with the value there.
    """
    count = _length(document)
    gone = set(numbers_in(frames, count))
    if len(gone) == count:
        raise EditError("a sequence needs a frame: not all can be deleted")
    kept = [number for number in range(count) if number not in gone]
    behind = _places(count, lambda number: int(number not in gone))
    places = [min(at, len(kept) - 1) for at in behind]
    return _with_keys(_arranged(document, kept), places, kept)


@command(
    "&Move frames",
    menu="Image",
    submenu=_SUBMENU,
    asks=True,
    when=has_sequence,
    words=_words("Move frame", "Move frames"),
)
def move_frames(
    document: Document,
    *,
    frames: _Numbers = "1",
    to: Annotated[_Number, "The place of the first of them, from 1"] = 1,
) -> Document:
    """Have frames elsewhere in the sequence, in their order. Keyframes stay in time."""
    count = _length(document)
    moved = numbers_in(frames, count)
    rest = [number for number in range(count) if number not in set(moved)]
    place = min(to - 1, len(rest))
    return _reordered(document, [*rest[:place], *moved, *rest[place:]])


@command("&Reverse frames", menu="Image", submenu=_SUBMENU, when=has_sequence)
def reverse_frames(document: Document, *, frames: _Numbers = "") -> Document:
    """Have frames in the opposite order, at the places where they are."""
    count = _length(document)
    turned = numbers_in(frames, count)
    order = list(range(count))
    for place, number in zip(turned, reversed(turned), strict=True):
        order[place] = number
    return _reordered(document, order)


@command(
    "D&uplicate frames",
    menu="Image",
    submenu=_SUBMENU,
    asks=True,
    when=has_sequence,
    words=_words("Duplicate frame", "Duplicate frames"),
)
def duplicate_frames(document: Document, *, frames: _Numbers = "1") -> Document:
    """Have frames twice, one after the other; nothing is stored twice."""
    count = _length(document)
    twice = set(numbers_in(frames, count))
    order = [number for number in range(count) for _ in range(2 if number in twice else 1)]
    if len(order) > MOST_FRAMES:
        raise EditError(f"a sequence has {MOST_FRAMES:,} frames at most")
    behind = _places(count, lambda number: 2 if number in twice else 1)
    return _with_keys(_arranged(document, order), behind, order)


@command("Frame dura&tion", menu="Image", submenu=_SUBMENU, asks=True, when=has_sequence)
def frame_duration(
    document: Document,
    *,
    frames: _Numbers = "",
    duration: Annotated[int, Number(1, LONGEST, slider=(10, 1000), unit="ms")] = 40,
) -> Document:
    """Say for how long frames are shown, in milliseconds."""
    chosen = set(numbers_in(frames, _length(document)))

    def timed(held: Frames) -> Frames:
        told = enumerate(held.durations)
        return replace(
            held, durations=tuple(duration if at in chosen else each for at, each in told)
        )

    return _each(document, timed)


@command("&In and out", menu="Image", submenu=_SUBMENU, asks=True, when=has_sequence)
def in_and_out(
    document: Document,
    *,
    first: Annotated[_Number, "The first frame that is played and exported, from 1"] = 1,
    last: Annotated[
        Annotated[int, Number(0, MOST_FRAMES)], "The last one; 0: that of the sequence"
    ] = 0,
) -> Document:
    """Have a part of the sequence played and exported; the other frames stay."""
    count = _length(document)
    if not 1 <= first <= (last or count) <= count:
        raise EditError(f"in and out are among 1 to {count:,}, in this order")

    def bounded(held: Frames) -> Frames:
        end = min(last or len(held.pictures), len(held.pictures))
        whole = first == 1 and end == len(held.pictures)
        return replace(held, bounds=None if whole else (min(first, end) - 1, end - 1))

    return _each(document, bounded)


def has_film(document: Document, layer: Layer | None) -> bool:
    """Whether there is a sequence whose pictures lie in files."""
    sequences = (held.content for held in document.walk() if held.kind is KIND)
    return any(held.film is not None for held in sequences)


@command(
    "&Keep in the project",
    menu="Image",
    submenu=_SUBMENU,
    asks=True,
    when=has_film,
    words=lambda given: "Keep frames" if given["keep"] else "Name the frames' files",
)
def keep_frames(
    document: Document,
    *,
    keep: Annotated[bool, "Keep the frames in the project; else it names the files alone"] = True,
) -> Document:
    """Say whether the project keeps the frames of a sequence, or names the files that they lie in,
    which have to stay then.
    """

    def told(held: Frames) -> Frames:
        return held if held.film is None else replace(held, film=replace(held.film, kept=keep))

    return _each(document, told)


def _length(document: Document) -> int:
    count = frames.length(document)
    if not frames.sequences(document):
        raise EditError(f"{document.name} is no sequence")
    return count


def _each(document: Document, change: Callable[[Frames], Frames]) -> Document:
    for layer in document.walk():
        if layer.kind is KIND:
            held = document.layer(layer.id)
            if held.locked:
                raise EditError(f"{held.name} is locked")
            document = document.with_layer(replace(held, content=change(held.content)))
    return document


def _arranged(document: Document, order: list[int]) -> Document:
    def arranged(held: Frames) -> Frames:
        there = [number for number in order if number < len(held.pictures)]
        return held.arranged(there or [len(held.pictures) - 1])

    return _each(document, arranged)


def _reordered(document: Document, order: list[int]) -> Document:
    """The document with its frames in another order; what moves along it stays in time."""
    places = sorted(range(len(order)), key=order.__getitem__)
    return _with_keys(_arranged(document, order), places)


def _places(count: int, times: Callable[[int], int]) -> list[int]:
    """Where each frame comes to lie when each is there so many times."""
    return list(accumulate(map(times, range(count - 1)), initial=0))


def _with_keys(
    document: Document, places: Sequence[int], order: Sequence[int] | None = None
) -> Document:
    """The document with what was computed for a frame, and its keyframes where there is the
    ``order`` in which the frames are now, where frames have come to lie.
    """

    def at(frame: int) -> int:
        return places[min(frame, len(places) - 1)]

    for layer in document.walk():
        changes: dict[str, Any] = {}
        if layer.keyframes and order is not None:
            moved = tuple(_moved(track, at, order) for track in layer.keyframes)
            changes["keyframes"] = moved
        held = layer.filter
        if held is not None and held.kept is not None:
            kept = replace(held.kept, frame=at(held.kept.frame))
            changes["content"] = replace(held, kept=kept)
        if changes:
            document = document.with_layer(replace(document.layer(layer.id), **changes))
    return document


def _moved(track: Track, at: Callable[[int], int], order: Sequence[int]) -> Track:
    """A track whose keyframes lie elsewhere, and have the values that are there."""
    made = {}
    for key in track.keys:
        to = at(key.frame)
        if to not in made or order[to] == key.frame:
            there = key.value if order[to] == key.frame else track.at(order[to])
            made[to] = replace(key, frame=to, value=there)
    return Track(track.name, tuple(made[to] for to in sorted(made)))
