"""Messages as JSON: what is said is made a JSON object, and read back with every field checked.

A stranger's plugin may have written what is read: each field is checked against its type.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from safelight.api import Region
from safelight.workers.wire.messages import Json, Message


class NoSense(ValueError):
    """What was said is not of the kind that was expected, or lacks what belongs to it."""


Kind = TypeVar("Kind")


def said(message: Message, **changed: Any) -> Json:
    """The JSON object of a message; ``changed`` are fields that are other than in it."""
    return {"type": word(type(message))} | _own(message) | changed


def read(kind: type[Kind], sent: Mapping[str, Any]) -> Kind:
    """The message of that kind that was sent. Raises NoSense.

    What the kind does not know is left out, so that a newer peer may say more.
    """
    if sent.get("type") != word(kind):
        raise NoSense(f"{sent.get('type')!r} is no {word(kind)!r}")
    return _made(kind, sent)


def word(kind: type[Any]) -> str:
    """What a kind of message is called on the wire: ``RunInTurn`` is "run in turn"."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).lower()


def _own(value: Any) -> Json:
    found = {}
    for item in fields(value):
        held = getattr(value, item.name)
        default = item.default_factory() if item.default_factory is not MISSING else item.default
        if default is MISSING or held != default:
            found[item.name] = _plain(held)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Region):
        return [value.x, value.y, value.width, value.height, value.level]
    if is_dataclass(value):
        return _own(value)
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value


def _hints(kind: type[Any]) -> dict[str, Any]:
    """The types of its fields."""
    if kind not in _HINTS:
        _HINTS[kind] = get_type_hints(kind)
    return _HINTS[kind]


_HINTS: dict[type[Any], dict[str, Any]] = {}


def _made(kind: type[Kind], sent: Mapping[str, Any]) -> Kind:
    try:
        given = {
            name: _taken(hint, sent[name]) for name, hint in _hints(kind).items() if name in sent
        }
        return kind(**given)
    except (TypeError, ValueError) as error:  # something is missing, too much, or no collection
        raise NoSense(f"{word(kind)!r}: {error}") from None


def _taken(hint: Any, value: Any) -> Any:
    """``value`` as a field of that type has it. Raises NoSense, TypeError."""
    if hint is Any:
        return value
    if hint is Region:
        return Region(*(_taken(int, side) for side in value))
    if is_dataclass(hint):
        return _made(typing.cast(type[Any], hint), _taken(dict, value))
    origin, inner = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        return None if value is None else _taken(inner[0], value)
    if origin is tuple:
        each = inner[:1] * len(value) if inner[-1:] == (...,) else inner
        return tuple(_taken(one, part) for one, part in zip(each, _taken(list, value), strict=True))
    if origin is not None:  # a mapping from texts
        return {name: _taken(inner[1], one) for name, one in _taken(dict, value).items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise NoSense(f"{value!r} is no {hint.__name__}")
    return value
