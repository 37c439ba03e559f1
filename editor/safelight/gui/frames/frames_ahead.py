"""Frames ahead: frames of a sequence are decoded and drawn for the screen before they are due."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from safelight.document import Document
from safelight.gui.canvas.picture import Picture
from safelight.gui.canvas.tile_store import Key, Maker, Tiles, Wanted
from safelight.gui.threads.background import Mailbox

MOST = 128 << 20
"""Bytes of frames that are ready, or being made so, at the most."""

_NEWEST = 0.3
"""Share that the newest frame has in how long a frame takes."""


@dataclass(slots=True)
class _Frame:
    """What is ready of a frame: of each picture that is seen of it, the tiles that the view needs,
    and those that are there.
    """

    pictures: list[Picture]
    view: object = None
    needs: dict[Key, Wanted] = field(default_factory=dict)
    images: dict[Key, QImage] = field(default_factory=dict)

    @property
    def missing(self) -> list[Wanted]:
        return [wanted for key, wanted in self.needs.items() if key not in self.images]

    @property
    def ready(self) -> bool:
        return bool(self.needs) and len(self.images) == len(self.needs)

    @property
    def size(self) -> int:
        """Bytes of it once it is ready."""
        made = sum(image.sizeInBytes() for image in self.images.values())
        return made + sum(wanted.size for wanted in self.missing)

    def shows(self, documents: Sequence[Document]) -> bool:
        """Whether those documents are what it shows: the same values, whoever made them."""
        return len(documents) == len(self.pictures) and all(
            picture.document is not None and picture.document.looks_like(document)
            for picture, document in zip(self.pictures, documents, strict=True)
        )


class FramesAhead:
    """Has frames made ready on a thread, as the canvas needs them now, in the order in which they
    are asked for; those that are ready stay while there is room.

    Whatever is ready is of documents and of a view, and is found by these: of what was edited, or
    is seen otherwise, nothing is found. ``documents`` gives what is seen of a frame, nothing where
    that cannot be told before; ``picture`` a document for the screen; ``needs`` what tiles of it
    are seen, which are the same while ``view`` is; ``tiles`` is where the canvas finds them.
    ``arrived`` is called when a frame is ready.
    """

    def __init__(
        self,
        owner: QObject,
        documents: Callable[[int], Sequence[Document]],
        picture: Callable[[Document], Picture],
        needs: Callable[[Picture], Iterable[Wanted]],
        view: Callable[[], object],
        tiles: Tiles,
        arrived: Callable[[], None],
    ) -> None:
        self._documents, self._picture, self._needs = documents, picture, needs
        self._view, self._tiles, self._arrived = view, tiles, arrived
        self._frames: dict[int, _Frame] = {}
        self._mailbox = Mailbox(owner, self._take)
        self._maker = Maker(self._mailbox)
        self._since = time.monotonic()
        self._under_way: int | None = None
        self.pace = 0.0
        """Seconds that a frame takes, more or less, as the last ones did."""

    @property
    def held(self) -> int:
        """Bytes of what is ready, and of what is being made so."""
        return sum(frame.size for frame in self._frames.values())

    @property
    def under_way(self) -> int | None:
        """The frame that is being made, which is not to be given up for another one: where each
        takes longer than it is shown, none would ever be ready.
        """
        return self._under_way

    def can(self, number: int) -> bool:
        """Whether what will be seen of a frame is known."""
        return bool(self._documents(number))

    def is_ready(self, number: int) -> bool:
        """Whether a frame can be shown at once, as it is now."""
        frame = self._frames.get(number)
        return frame is not None and frame.ready and frame.shows(self._documents(number))

    def prepare(self, numbers: Iterable[int], most: int = MOST) -> None:
        """Have frames made ready, the first of them first, as many as there is room for in ``most``
        bytes. What was asked for before, and is not now, is not made.
        """
        planned: dict[int, _Frame] = {}
        room, view = most, self._view()
        for number in numbers:
            frame = self._needed(number, view)
            if frame is None:
                break
            room -= frame.size
            if room < 0 and planned:
                break
            planned[number] = frame
        self._make_room(planned, room)
        wanted = [each for frame in planned.values() for each in frame.missing]
        self._frames.update(planned)
        if self._under_way is None:
            self._since = time.monotonic()
        self._under_way = next((n for n, frame in planned.items() if frame.missing), None)
        self._maker.want([(each.key, each.make) for each in wanted])

    def picture(self, number: int, document: Document) -> Picture | None:
        """What was made of a document at a frame; None where nothing was. What is ready of it is
        put where the canvas finds it.
        """
        frame = self._frames.get(number)
        if frame is None:
            return None
        for picture in frame.pictures:
            if picture.document is not None and picture.document.looks_like(document):
                for key, image in frame.images.items():
                    self._tiles.keep(key, image)
                return picture
        return None

    def forget(self) -> None:
        """Nothing that is ready will be looked at any more."""
        self._frames.clear()
        self._under_way = None
        self._maker.want([])

    def close(self) -> None:
        """Let go of everything, and make nothing more. Does not wait."""
        self.forget()
        self._mailbox.close()

    def _needed(self, number: int, view: object) -> _Frame | None:
        """A frame as the canvas needs it now, with what is ready of it."""
        documents = self._documents(number)
        if not documents:
            return None
        frame = self._frames.get(number)
        if frame is None or not frame.shows(documents):
            frame = _Frame([self._picture(document) for document in documents])
        elif frame.view == view:
            return frame
        frame.view = view
        needs = [each for picture in frame.pictures for each in self._needs(picture)]
        frame.needs = {each.key: each for each in needs}
        known = {key: frame.images.get(key) or self._tiles.peek(key) for key in frame.needs}
        frame.images = {key: image for key, image in known.items() if image is not None}
        return frame

    def _make_room(self, planned: dict[int, _Frame], room: int) -> None:
        """Give up what is not planned, until there is room for the rest: first what is not there
        whole, and then what was asked for longest ago.
        """
        others = {n: frame for n, frame in self._frames.items() if n not in planned}
        room -= sum(frame.size for frame in others.values() if frame.ready)
        for number, frame in others.items():
            if not frame.ready:
                del self._frames[number]
            elif room < 0:
                room += frame.size
                del self._frames[number]
        for number in planned:
            self._frames.pop(number, None)  # those asked for last are the last to go

    def _take(self, letter: tuple[Key, QImage]) -> None:
        key, image = letter
        for number, frame in self._frames.items():
            if key in frame.needs:
                frame.images[key] = image
                if frame.ready:
                    self._ended(number)
                return

    def _ended(self, number: int) -> None:
        now = time.monotonic()
        took, self._since = now - self._since, now
        self.pace = took if not self.pace else self.pace + _NEWEST * (took - self.pace)
        frames = self._frames.items()
        self._under_way = next((n for n, frame in frames if not frame.ready), None)
        self._arrived()
