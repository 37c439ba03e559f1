"""Watched networks: what each operator of a filter's networks costs on a picture, measured here."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Declaration, Prepared, Region, Value
from safelight.document import Document
from safelight.workers.conversation import Conversation
from safelight.workers.network_sight import Sight
from safelight.workers.watchdog import PATIENCE
from safelight.workers.wire import messages
from safelight.workers.wire.messages import Place
from safelight.workers.wire.replies import visible
from safelight.workers.worker_pictures import Images, Read, filled, no_pictures, plain
from safelight.workers.worker_process import WorkerProcess


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of a network as the runtime runs it: of a ``kind``, making values of ``shape``
    from so many ``parameters``; ``seconds`` and ``multiply_adds`` of all its ``runs`` for one
    picture, ``bytes`` of its result.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    runs: int
    seconds: float
    multiply_adds: int
    bytes: int
    parameters: int


@dataclass(frozen=True, slots=True)
class Choice:
    """An operator of a network's file whose values can be asked for, by their ``tensor``."""

    name: str
    kind: str
    tensor: str


@dataclass(frozen=True, slots=True)
class Watched:
    """What a network costs for one picture: ``operators`` by their cost, ``count`` of them in all,
    ``rest`` = seconds of those that are not listed, ``memory`` = bytes held at most.
    """

    name: str
    bytes: int
    count: int
    seconds: float
    multiply_adds: int
    memory: int
    operators: tuple[Operator, ...]
    rest: float
    choices: tuple[Choice, ...]


def watched(
    worker: WorkerProcess,
    declaration: Declaration,
    settings: Mapping[str, Value],
    picture: NDArray[np.float32],
    *,
    scale: int,
    prepared: Prepared,
    about: Document,
    device: str = "auto",
    network: str = "",
    tensor: str = "",
    point: tuple[int, int] | None = None,
    read: Read = no_pictures,
    unwanted: Callable[[], bool] = lambda: False,
    patience: float = PATIENCE,
) -> tuple[tuple[Watched, ...], NDArray[np.float32] | None, str]:
    """What the networks of a filter cost on ``picture``, float32 (height, width, 3), sRGB-encoded,
    which it makes ``scale`` times as large; and what ``tensor`` of ``network`` holds for it: the
    root of the mean square over its channels, float32 (rows, columns), None where it is no picture.
    With a ``point`` (x, y of ``picture``) nothing is timed: the values are how strongly each pixel
    decides that of the result, by the network's gradients, or None, and a clause that says why.

    ``prepared`` is what the filter has measured, ``about`` the document that the picture is of.
    Raises Failure, Unwanted, NoImage and WorkerDied.
    """
    height, width = picture.shape[:2]
    region = Region(0, 0, width, height)
    talk = Conversation(worker, patience, unwanted, about=Sight.of(declaration, about, region))
    images = Images(declaration, settings, about, read)
    images.find()
    lent = [filled(worker, picture)]
    try:
        places, others = images.lend(worker, region)
        lent += others
        question = messages.Watch(
            filter=declaration.id,
            settings=plain(declaration, settings),
            region=region,
            input=Place(lent[0].id, picture.shape),
            device=device,
            scale=scale,
            images=places,
            prepared=prepared,
            network=network,
            tensor=tensor,
            point=() if point is None else point,
        )
        told = talk.ask(question, messages.Watched)
        found = _understood(talk, told.costs)
        return found, _collected(worker, talk, told.shape), visible(told.untold)
    finally:
        talk.settle(1.0)
        images.take_back(worker)
        for block in lent:
            with contextlib.suppress(OSError):
                worker.give_back(block)


def _collected(
    worker: WorkerProcess, talk: Conversation, shape: tuple[int, ...]
) -> NDArray[np.float32] | None:
    if not shape:
        return None
    if len(shape) != 2 or not all(0 < side <= _LONGEST for side in shape):
        raise talk.nonsense()
    block = worker.block(shape[0] * shape[1] * 4, writable=True)
    try:
        talk.ask(messages.Collect(output=Place(block.id, shape)), messages.Done)
        return np.asarray(np.nan_to_num(block.array(shape)), np.float32)
    finally:
        worker.give_back(block)


_LONGEST = 1 << 14
"""Rows or columns that values may have."""


def _understood(talk: Conversation, told: Sequence[Mapping[str, Any]]) -> tuple[Watched, ...]:
    try:
        return tuple(_network(item) for item in told)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise talk.nonsense() from None


def _network(told: Mapping[str, Any]) -> Watched:
    return Watched(
        visible(str(told["name"])),
        int(told["bytes"]),
        int(told["count"]),
        float(told["seconds"]),
        int(told["multiply_adds"]),
        int(told["memory"]),
        tuple(
            Operator(
                visible(str(item["name"])),
                visible(str(item["kind"])),
                tuple(int(side) for side in item["shape"]),
                int(item["runs"]),
                float(item["seconds"]),
                int(item["multiply_adds"]),
                int(item["bytes"]),
                int(item["parameters"]),
            )
            for item in told["operators"]
        ),
        float(told["rest"]),
        tuple(
            Choice(visible(str(x["name"])), visible(str(x["kind"])), str(x["tensor"]))
            for x in told["choices"]
        ),
    )
