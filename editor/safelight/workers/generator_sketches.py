"""Generator sketches: small results of a generator with many settings, each as soon as it is done.

A job plans, keeps a document's depth and has a thread of its own: for a thumbnail of a few
milliseconds that is much. Here two workers take what is wanted one after the other, as one piece
each, and what is not wanted any more is left out.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Declaration, Value
from safelight.document import Document
from safelight.pixels import from_float, is_finite
from safelight.workers.conversation import Conversation, Failure, Unwanted
from safelight.workers.network_sight import Sight
from safelight.workers.watchdog import PATIENCE
from safelight.workers.wire import messages
from safelight.workers.wire.blocks import Block
from safelight.workers.wire.messages import Place
from safelight.workers.wire.replies import NO_NUMBERS, sentence
from safelight.workers.worker_pictures import Images, NoImage, Read, no_pictures, plain
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerDied, WorkerProcess

HANDS = 2
"""Workers that sketch at the same time: as many as a pool has."""

_GRACE = 5.0
"""Seconds a worker may take to stop what is not wanted any more: it may be loading a network."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A small result: uint8 (side, side, 3), sRGB-encoded. ``index`` is its place among what
    ``round``, the number that ``want`` gave, has asked for.
    """

    round: int
    index: int
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SketchFailed:
    """A sketch could not be made, so those after it are left out: one sentence that says why."""

    round: int
    message: str
    details: str = ""


SketchListener: TypeAlias = Callable[[Sketch | SketchFailed], None]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One sketch to be made."""

    round: int
    index: int
    side: int
    settings: dict[str, Value]


class Sketcher:
    """Makes small results of one generator. ``listener`` hears of each, on a thread of ours.

    ``pool_of`` gives the pool that runs a plugin's filters. ``read`` gives the pixels of a picture
    that a setting names, as ``Images`` has it.
    """

    def __init__(
        self,
        pool_of: Callable[[str], Pool],
        declaration: Declaration,
        listener: SketchListener,
        *,
        device: str = "auto",
        patience: float = PATIENCE,
        read: Read = no_pictures,
    ) -> None:
        if not declaration.generates:
            raise ValueError(f"{declaration.title} makes nothing out of nothing")
        self.declaration = declaration
        self._pool_of = pool_of
        self._listener = listener
        self._device = device
        self._patience = patience
        self._read = read
        self._lock = threading.Lock()
        self._waiting: deque[_Wanted] = deque()
        self._round = 0
        self._hands = 0

    def want(self, settings: Sequence[Mapping[str, object]], side: int) -> int:
        """Ask for results of these settings, ``side`` pixels a side, and for no others any more.

        The first ones come first. Gives the number of this round. Raises ParameterError for
        settings that are not legal.
        """
        checked = [self.declaration.settings(one) for one in settings]
        with self._lock:
            self._round += 1
            each = enumerate(checked)
            self._waiting = deque(_Wanted(self._round, i, side, one) for i, one in each)
            self._send_for_hands()
            return self._round

    def stop(self) -> None:
        """Make nothing more of what has been asked for."""
        self.want((), 1)

    def _send_for_hands(self) -> None:
        while self._hands < min(HANDS, len(self._waiting)):
            self._hands += 1
            threading.Thread(target=self._work, name="sketches", daemon=True).start()

    def _next(self) -> _Wanted | None:
        """What comes next; None when there is nothing, and then this hand goes."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._hands -= 1
            return None

    # -- on a thread of ours -------------------------------------------------------------------

    def _work(self) -> None:
        """Make what is wanted until there is nothing left."""
        current = self._round
        try:
            while True:
                with self._pool_of(self.declaration.plugin).worker(Failure) as worker:
                    while worker.alive:
                        wanted = self._next()
                        if wanted is None:
                            return
                        current = wanted.round
                        with contextlib.suppress(Unwanted):
                            self._tell(Sketch(current, wanted.index, self._make(worker, wanted)))
        except Failure as failure:
            reason, details = str(failure), failure.details
        except (NoImage, WorkerDied) as error:
            reason, details = str(error), ""
        except MemoryError:
            reason, details = "stopped: there is not enough memory for it", ""
        except Exception as error:  # a fault of ours must end as a message too
            reason, details = f"stopped: {type(error).__name__}: {error}", ""
        self._give_up(current, reason, details)

    def _give_up(self, current: int, reason: str, details: str) -> None:
        """What one cannot do, the others of its round would not either."""
        with self._lock:
            self._hands -= 1
            if current == self._round:
                self._waiting.clear()
            self._send_for_hands()
        plugin = self.declaration.plugin or "no plugin"
        message = f"{self.declaration.title} ({plugin}) {sentence(reason)}"
        self._tell(SketchFailed(current, message, details))

    def _tell(self, event: Sketch | SketchFailed) -> None:
        if event.round == self._round:
            self._listener(event)

    def _make(self, worker: WorkerProcess, wanted: _Wanted) -> NDArray[np.uint8]:
        shape = (wanted.side, wanted.side, 3)
        blank = Document(wanted.side, wanted.side, "uint8", ())
        images = Images(self.declaration, wanted.settings, blank, self._read)
        images.find()
        target = worker.block(wanted.side * wanted.side * 12, writable=True)
        try:
            self._ask(worker, wanted, images, target)
            made = target.array(shape).copy()  # the worker can still write to the block
            if not is_finite(made):
                raise Failure(NO_NUMBERS)
            return np.asarray(from_float(made, "uint8"), np.uint8)
        finally:
            images.take_back(worker)
            worker.give_back(target)

    def _ask(self, worker: WorkerProcess, wanted: _Wanted, images: Images, target: Block) -> None:
        side = wanted.side
        region = images.document.region
        places, _ = images.lend(worker, region)
        talk = Conversation(
            worker,
            self._patience,
            lambda: wanted.round != self._round,
            about=Sight.of(self.declaration, images.document),
        )
        question = messages.Run(
            filter=self.declaration.id,
            settings=plain(self.declaration, wanted.settings),
            images=places,
            device=self._device,
            threads=1,  # two workers with all threads each would be in each other's way
            region=region,
            canvas=region,
            keep=(0, 0, side, side),
            output=Place(target.id, (side, side, 3)),
        )
        try:
            talk.ask(question, messages.Done)
        finally:
            talk.settle(_GRACE)
