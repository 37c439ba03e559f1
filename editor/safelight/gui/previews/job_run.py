"""Job run: a job and what the window knows of it: its pieces, how far it is, what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from safelight import actions
from safelight.actions.stop import Stop
from safelight.api import Declaration, Region, Value
from safelight.document import Document, Edit, Layer, edits
from safelight.gui.canvas.mask_tint import Tint
from safelight.gui.canvas.overlay import Overlay
from safelight.gui.canvas.picture import Picture
from safelight.gui.edited_photograph import Edited
from safelight.gui.previews.scaled_document import Seen
from safelight.gui.threads.background import Mailbox
from safelight.gui.widgets.shown_text import duration, plain
from safelight.pixels import SRGB, Raster, make_levels
from safelight.workers.job import Before


@dataclass(frozen=True, slots=True)
class Task:
    """What a filter is run for: a new layer ``above`` another, or one that is there already.

    ``layer`` is the filter layer; None for what changes the picture's size, and what selects.
    """

    declaration: Declaration
    settings: dict[str, Value]
    layer: Layer | None = None
    above: str | None = None
    is_new: bool = True

    @classmethod
    def new(
        cls,
        declaration: Declaration,
        settings: dict[str, Value],
        edited: Edited,
        where: Document | None = None,
    ) -> Task:
        """A new filter layer above the active one, or none; its mask is the selection, or that of
        ``where``.
        """
        if declaration.factor(settings) != 1 or declaration.selects:
            return cls(declaration, settings)
        held = actions.live_filter(declaration, settings)
        layer = edits.with_selection(Layer(declaration.title, held), where or edited.document)
        return cls(declaration, settings, layer, edited.active)

    @property
    def resizes(self) -> bool:
        """Whether the picture gets another size."""
        return self.declaration.factor(self.settings) != 1

    def document(self, document: Document) -> Document:
        """The document with the layer in its place."""
        if self.layer is None or not self.is_new:
            return document
        return self.adding().apply(document)

    def adding(self) -> Edit:
        """The edit that adds the layer."""
        assert self.layer is not None
        return edits.add_layer(self.layer, self.above, self.declaration.title)


class Run:
    """A job and the letters it sends. What is heavy in a letter is prepared on the job's thread.

    With ``seen`` it is over the document at the size at which it is looked at. ``is_whole`` tells
    that it computes all of the picture, as large as that is. A ``draft`` is run with the drafts of
    the filter's networks, where it has some: ``drafted`` says so once it has ended.
    """

    def __init__(
        self,
        session: Edited,
        task: Task,
        region: Region | None,
        focus: Region | None,
        hear: Callable[[Run, actions.JobEvent, Picture | None], None],
        seen: Seen | None = None,
        *,
        draft: bool = False,
    ) -> None:
        document = session.document
        self.task = task
        self.frame = session.frame
        """The frame of a sequence that it is made of."""
        self.seen = seen
        self.done = 0.0
        self.remaining: float | None = None
        self.words = ""
        self._profile = document.profile
        self._glimpse_on_its_way = False
        self._mailbox = Mailbox(session, lambda letter: hear(self, *letter))
        studio = session.studio
        assert studio is not None
        settings: Mapping[str, Value] = task.settings
        layer = task.layer
        if seen is None:
            whole = region or document.region
            self.overlay = Overlay(whole, task.declaration.factor(settings))
            document = task.document(document)
        else:
            region = seen.region(region or document.region)
            self.overlay = Overlay.of_level(region, seen.level)
            held = actions.live_filter(task.declaration, settings)
            settings = studio.live.scaled(held, 0.5**seen.level).settings
            document, layer = seen.document, None
        self._place = region
        self._stop = Stop()
        self.is_whole = seen is None and (region is None or region == session.document.region)
        self.job = studio.start(
            task.declaration,
            settings,
            document,
            layer_id=layer.id if layer is not None else None,
            region=region,
            focus=focus,
            listener=self._listen,
            prepared=session.prepared,
            before=self._carried(session),
            draft=draft and bool(task.declaration.drafts),
        )

    def _carried(self, session: Edited) -> Before:
        """What finds what a filter of sequences carries to the picture that is looked at."""
        layer, studio = self.task.layer, session.studio
        if layer is None or studio is None or not self.declaration.recurrent:
            return None
        from safelight.actions.sequences.finish_frames import carried_later

        whole = self.task.document(session.history.document)
        place = None if self.is_whole else self._place
        return carried_later(whole, layer.id, session.frame, studio, self._stop, place)

    @property
    def drafted(self) -> bool:
        """Whether drafts stood in for networks, so that the result is nearly what it will be."""
        return self.job.drafted

    @property
    def declaration(self) -> Declaration:
        """The filter."""
        return self.task.declaration

    @property
    def title(self) -> str:
        """What people read."""
        return self.declaration.title

    @property
    def said(self) -> str:
        """How far the job is, in words."""
        if self.remaining is None:
            begun = f"{self.done:.0%}" if self.done else "Starting…"
            return f"{plain(self.words)}…" if self.words else begun
        left = f"{self.done:.0%}, {duration(self.remaining)} left"
        return f"{plain(self.words)} · {left}" if self.words else left

    def edit(self) -> Edit:
        """The edit that its result makes. Raises RuntimeError when there is none."""
        made = self.job.edit()
        if self.task.layer is None or not self.task.is_new:
            return made
        adding = self.task.adding()
        return Edit(
            adding.label,
            lambda document: made.apply(adding.apply(document)),
            record=adding.record,
        )

    def take(self, event: actions.JobEvent, picture: Picture | None) -> bool:
        """Note how far the job is, lay what it has made over the picture; whether there is more
        now.
        """
        if isinstance(event, actions.JobProgress):
            self.done, self.remaining, self.words = event.done, event.remaining, event.words
        if picture is None or len(self.job.parts) > 1:
            return False
        if isinstance(event, actions.JobFinished):
            self.overlay.complete(picture)
        elif isinstance(event, actions.JobPiece):
            self.overlay.add(event.region, picture)
        elif isinstance(event, actions.JobGlimpse):
            self._glimpse_on_its_way = False
            self.overlay.show_glimpse(event.region, picture)
        return True

    def end(self) -> None:
        """Stop the job, and hear no more of it."""
        self._mailbox.close()
        self.cancel()

    def cancel(self) -> None:
        """Stop the job, and what it needs of pictures before; its end is heard of."""
        self._stop.ask()
        self.job.cancel()

    def _listen(self, event: actions.JobEvent) -> None:
        picture = None
        if isinstance(event, actions.JobPiece):
            raster = Raster.from_array(self._masked(event.region, event.pixels))
            make_levels(raster)
            picture = self._picture(raster)
        elif isinstance(event, actions.JobGlimpse):
            if self._glimpse_on_its_way:
                return  # the window has not shown the one before
            self._glimpse_on_its_way = True
            picture = Picture(Raster.from_array(event.pixels), SRGB)
        elif isinstance(event, actions.JobFinished) and self.seen is None:
            for raster in event.layers.values():
                make_levels(raster)
            picture = self._picture(event.raster)
        letter: tuple[Any, Picture | None] = (event, picture)
        self._mailbox.post(letter)

    def _masked(self, place: Region, pixels: NDArray[Any]) -> NDArray[Any]:
        """A piece as it is seen; what runs at full size is shown without its mask."""
        if self.seen is None or self._place is None:
            return pixels
        return self.seen.masked(place.move(self._place.x, self._place.y), pixels)

    def _picture(self, raster: Raster) -> Picture:
        """A result for the screen: pixels in the document's colours, a selection in red."""
        return Tint(raster) if raster.channels == 1 else Picture(raster, self._profile)
