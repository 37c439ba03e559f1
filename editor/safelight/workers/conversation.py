"""Conversation: the host's end of what is said with a worker about one matter.

Questions carry the matter's number, and answers about another are not heard. A worker that gets
nowhere, or answers what makes no sense, is ended; why there is no answer is one exception.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from safelight.workers.network_sight import Sight, named_networks
from safelight.workers.watchdog import LOOK, PATIENCE, Patience
from safelight.workers.wire import message_json, messages
from safelight.workers.wire.message_json import NoSense, word
from safelight.workers.wire.protocol import Frame
from safelight.workers.wire.replies import told, visible
from safelight.workers.worker_process import WorkerDied, WorkerProcess, WorkerSilent

Kind = TypeVar("Kind", bound=messages.Answer)
Other = TypeVar("Other", bound=messages.Answer)


_ON_THE_WAY: dict[str, type[messages.Progress | messages.Glimpsed]] = {
    word(kind): kind for kind in (messages.Progress, messages.Glimpsed)
}
"""What is said before an answer, by its word."""


class Failure(Exception):
    """Why there is no answer, as a part of a sentence after the name of what was to give it.

    ``reason`` is the worker's own word, ``details`` may be a traceback; ``kind`` is that of
    ``messages.Failed``, or "silent", or "nonsense".
    """

    def __init__(self, text: str, details: str = "", kind: str = "", reason: str = "") -> None:
        super().__init__(text)
        self.details = details
        self.kind = kind
        self.reason = reason or text


class Unwanted(Exception):
    """Nobody wants the answer any more; the worker may still be at it."""


class Conversation:
    """What is said with ``worker`` about one matter, by one thread.

    ``patience`` is how many seconds of its own time (``workers.watchdog``) the worker may get
    nowhere; ``unwanted`` says whether nobody wants the answers any more. ``told`` is told what the
    worker says on its way to an answer. ``about`` is what networks are shown in it.
    """

    _numbers = itertools.count(1)

    def __init__(
        self,
        worker: WorkerProcess,
        patience: float = PATIENCE,
        unwanted: Callable[[], bool] = lambda: False,
        told: Callable[[messages.Progress | messages.Glimpsed], None] = lambda message: None,
        about: Sight | None = None,
    ) -> None:
        self._number = next(Conversation._numbers)
        self._unanswered = 0
        self._worker = worker
        self._limit = patience
        self._unwanted = unwanted
        self._told = told
        self._about = about or Sight()
        self._seeing: dict[str, str] = {}

    def ask(self, question: messages.Question, kind: type[Kind]) -> Kind:
        """The answer to a question. Raises Failure, Unwanted and WorkerDied."""
        self.say(question)
        return self.hear(kind)

    def say(self, question: messages.Question) -> None:
        """Ask, and go on: the answer is heard later. Raises WorkerDied."""
        self._worker.send(message_json.said(question, job=self._number))
        self._unanswered += 1

    def hear(self, kind: type[Kind], piece: int = 0) -> Kind:
        """The answer to the oldest open question, which was about that piece, if about one.

        Raises Failure, Unwanted and WorkerDied.
        """
        return self._understood(kind, self._next(), piece)

    def hear_either(self, one: type[Kind], other: type[Other]) -> Kind | Other:
        """The answer to the oldest open question, of one kind or the other. Raises as ``hear``."""
        frame = self._next()
        if frame["type"] == word(one):
            return self._understood(one, frame)
        return self._understood(other, frame)

    def saw(self, networks: object) -> None:
        """Have account kept that these networks, hashes by name, are shown what this is about: of
        each once. Raises Failure where they are none.
        """
        try:
            found = named_networks(networks)
        except ValueError:
            raise self.nonsense() from None
        for name, digest in found.items():
            if self._seeing.get(name) != digest:
                self._seeing[name] = digest
                self._worker.saw(self._about, name, digest)

    def nonsense(self) -> Failure:
        """What to raise where an answer makes no sense; the worker is ended."""
        self._worker.kill()
        return Failure("sent an answer that makes no sense and was stopped", kind="nonsense")

    def settle(self, grace: float) -> None:
        """Leave nothing under way: have the worker stop within ``grace`` seconds, or end it."""
        with contextlib.suppress(WorkerDied):
            if self._unanswered:
                self._worker.send(message_json.said(messages.Cancel(), job=self._number))
            patience = self._worker.patience(grace)
            while self._unanswered:
                frame = self._hear_some(None)
                if frame is not None and "networks" in frame:
                    with contextlib.suppress(Failure):
                        self.saw(frame["networks"])
                if patience.over() and self._unanswered:
                    self._worker.kill()
                    return

    def _next(self) -> Frame:
        patience = self._worker.patience(self._limit)
        while True:
            if self._unwanted():
                raise Unwanted
            frame = self._hear_some(patience)
            if frame is not None:
                return frame
            if patience.over():
                self._worker.kill()
                text = f"did not answer for {self._limit:g} s and was stopped"
                raise Failure(text, kind="silent")

    def _hear_some(self, patience: Patience | None) -> Frame | None:
        """An answer, if one comes soon; progress is told to ``patience``."""
        with contextlib.suppress(WorkerSilent):
            frame = self._worker.reply(LOOK)
            if frame.get("job") != self._number:
                return None  # the last words of what was cancelled
            kind = _ON_THE_WAY.get(frame["type"])
            if kind is None:
                self._unanswered -= 1
                return frame
            if patience is not None:
                patience.hear(frame)
                self._told(self._on_the_way(kind, frame))
        return None

    def _on_the_way(
        self, kind: type[messages.Progress | messages.Glimpsed], frame: Frame
    ) -> messages.Progress | messages.Glimpsed:
        """What a worker says before its answer. Raises Failure."""
        try:
            return message_json.read(kind, frame)
        except NoSense:
            raise self.nonsense() from None

    def _understood(self, kind: type[Kind], frame: Frame, piece: int = 0) -> Kind:
        """An answer of that kind, about that piece. Raises Failure."""
        if "networks" in frame:
            self.saw(frame["networks"])
        try:
            if frame.get("piece", 0) != piece:
                raise NoSense("it is about another piece")
            if frame["type"] != word(messages.Failed):
                return message_json.read(kind, frame)
            failed = message_json.read(messages.Failed, frame)
            reason, details = visible(failed.reason), visible(failed.details, lines=True)
            failed = replace(failed, reason=reason, details=details)
        except NoSense:
            raise self.nonsense() from None
        raise Failure(told(failed), failed.details, failed.kind, failed.reason)
