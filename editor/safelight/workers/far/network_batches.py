"""Network batches: which pictures go through a network in one run, and how they come out again.

A network whose first dimension is free takes several pictures at once. What each picture is given
by name goes along where its first dimension is free, too; the rest is the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Feeds: TypeAlias = dict[str, Any]
"""The inputs of a graph for one picture, by name; that of the picture itself is the first."""

MOST_NUMBERS = 1 << 20
"""Numbers of pictures that go into one run, at most: more gains nothing and takes memory."""


def along(session: Any, feeds: Feeds, pictures: Sequence[str] = ()) -> tuple[str, ...]:
    """The inputs that several pictures are joined in: the first of ``feeds``, and those that are as
    many as it is by the name of their first dimension, or are ``pictures`` themselves. None where
    the network takes and gives one picture alone.
    """
    first = {item.name: item.shape[0] if item.shape else 1 for item in session.get_inputs()}
    made = session.get_outputs()[0].shape
    main = next(iter(feeds), "")
    if isinstance(first.get(main, 1), int) or not made or isinstance(made[0], int):
        return ()
    free = [name for name in feeds if not isinstance(first[name], int)]
    named = first[main] is not None
    return tuple(
        name
        for name in free
        if name == main or name in pictures or (named and first[name] == first[main])
    )


def batches(feeds: Sequence[Feeds], joined: Sequence[str], most: int) -> list[list[int]]:
    """The numbers of what goes into one run each: neighbours whose inputs ``joined`` have one shape
    and whose others are the same, with ``most`` numbers in the first input at most.
    """
    found: list[list[int]] = []
    for number, item in enumerate(feeds):
        if joined and found:
            last = feeds[found[-1][0]]
            room = most // max(np.size(item[joined[0]]), 1)
            if len(found[-1]) < room and _alike(last, item, joined):
                found[-1].append(number)
                continue
        found.append([number])
    return found


def together(feeds: Sequence[Feeds], joined: Sequence[str]) -> Feeds:
    """What one run is given for several pictures."""
    made = dict(feeds[0])
    for name in joined:
        made[name] = np.concatenate([np.asarray(item[name]) for item in feeds])
    return made


def apart(result: Any, count: int) -> list[NDArray[Any]] | None:
    """The result of a run for ``count`` pictures, (count, ...) of any dtype, as a run for each
    alone would give it: (1, ...); None for a result that is not as many.
    """
    whole = np.asarray(result)
    if not whole.ndim or whole.shape[0] != count:
        return None
    return [whole[number : number + 1] for number in range(count)]


def _alike(one: Mapping[str, Any], other: Mapping[str, Any], joined: Sequence[str]) -> bool:
    if one.keys() != other.keys():
        return False
    for name, value in one.items():
        if name in joined:
            shapes = np.shape(value), np.shape(other[name])
            if shapes[0] != shapes[1] or shapes[0][:1] != (1,):
                return False
        elif not np.array_equal(value, other[name]):
            return False
    return True
