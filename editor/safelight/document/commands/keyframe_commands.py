"""Keyframe commands: keyframes are set, moved and removed; other edits set them where they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from operator import is_
from typing import Annotated, Any, Literal, TypeAlias

from safelight.api import Number, Value
from safelight.api.kinds import frozen
from safelight.document.commands.command import Edit, EditError, Settings, command
from safelight.document.document import Document
from safelight.document.edits.one_layer import unlocked
from safelight.document.frames import frames
from safelight.document.frames.frames_content import KIND
from safelight.document.frames.keyframes import (
    MOST_FRAMES,
    OF_LAYER,
    SETTING,
    Interpolation,
    Keyframe,
    Track,
)
from safelight.document.frames.layer_keyframes import (
    evaluated,
    track_of,
    value_of,
    with_track,
    with_values,
)
from safelight.document.layer import Layer

_Frame: TypeAlias = Annotated[int, Number(1, MOST_FRAMES), "A frame of the sequence, from 1"]
_Name: TypeAlias = Annotated[
    str, f"What moves: {', '.join(OF_LAYER)}, or {SETTING}NAME; empty: all that moves"
]


def moves(document: Document, layer: Layer | None) -> bool:
    """Whether there is a sequence along which something of the active layer moves."""
    return layer is not None and bool(layer.keyframes) and frames.length(document) > 1


def _has_frames(document: Document, layer: Layer | None) -> bool:
    return layer is not None and frames.length(document) > 1


def _words(verb: str) -> Any:
    def words(given: Settings) -> str:
        return f"{verb} keyframe at {given['frame']}"

    return words


@command("Set keyframe", when=_has_frames, words=_words("Set"))
def set_keyframe(
    document: Document,
    *,
    layer: str = "",
    frame: _Frame = 1,
    values: Annotated[str, "Values by what moves, as JSON; null is the value there now"] = "{}",
    interpolation: Annotated[
        Literal["", "linear", "ease", "hold"], "How it goes on to the next; empty: as it did"
    ] = "",
) -> Document:
    """Have properties of a layer reach values at a frame of the sequence.

    With one keyframe a property stays as it is; from one to the next it goes in a line, with ease
    at both ends, or holds until the next is reached.
    """
    found, at = unlocked(document, layer), frame - 1
    there = evaluated(found, at)
    given = _values(values)
    if not given:
        raise EditError(f"nothing of {found.name} was named that is to move")
    for name, value in given.items():
        now = value_of(there, name) if _is_name(name) else None
        if now is None:
            raise EditError(f"{found.name} has no {name[:40]!r} that could move")
        if value is None:
            value = now
        _check(there, name, value)
        track = track_of(found, name)
        known = None if track is None else track.key(at)
        usual: Interpolation = "linear" if track is None else _before(track, at)
        way = interpolation or (known.interpolation if known else usual)
        made = Keyframe(at, value, way)
        found = with_track(found, name, track.having(made) if track else Track(name, (made,)))
    return document.with_layer(found)


@command("Move keyframe", when=moves, words=_words("Move"))
def move_keyframe(
    document: Document, *, layer: str = "", name: _Name = "", frame: _Frame = 1, to: _Frame = 1
) -> Document:
    """Have a layer's keyframes of one frame at another one, in place of any that are there."""
    found, at = unlocked(document, layer), frame - 1
    for track in _tracks(found, name, at):
        key = track.key(at)
        if key is not None:
            rest = track.without(at)
            moved = replace(key, frame=to - 1)
            found = with_track(
                found, track.name, (rest or Track(track.name, (moved,))).having(moved)
            )
    return document.with_layer(found)


@command("Remove keyframe", when=moves, words=_words("Remove"))
def remove_keyframe(
    document: Document, *, layer: str = "", name: _Name = "", frame: _Frame = 1
) -> Document:
    """Take a layer's keyframes of a frame away. Without its last one a property stays as it was
    there.
    """
    found, at = unlocked(document, layer), frame - 1
    for track in _tracks(found, name, at):
        rest = track.without(at)
        if rest is None and value_of(found, track.name) is not None:
            found = with_values(found, {track.name: track.at(at)})
        found = with_track(found, track.name, rest)
    return document.with_layer(found)


@command("Stop keyframes", when=moves)
def stop_keyframes(
    document: Document, *, layer: str = "", name: _Name = "", frame: _Frame = 1
) -> Document:
    """Take all keyframes of a property away; it stays as it was at a frame."""
    found = unlocked(document, layer)
    for track in found.keyframes if not name else _tracks(found, name, None):
        if value_of(found, track.name) is not None:
            found = with_values(found, {track.name: track.at(frame - 1)})
        found = with_track(found, track.name, None)
    return document.with_layer(found)


@command("Keyframe interpolation", when=moves)
def keyframe_interpolation(
    document: Document,
    *,
    layer: str = "",
    name: _Name = "",
    frame: _Frame = 1,
    interpolation: Interpolation = "linear",
) -> Document:
    """Say how a layer's keyframes of a frame go on to the next: in a line, with ease, or not."""
    found, at = unlocked(document, layer), frame - 1
    for track in _tracks(found, name, at):
        key = track.key(at)
        if key is not None:
            changed = replace(key, interpolation=interpolation)
            found = with_track(found, track.name, track.having(changed))
    return document.with_layer(found)


def _is_name(name: str) -> bool:
    return name in OF_LAYER or name.startswith(SETTING)


def _before(track: Track, at: int) -> Interpolation:
    """How the keyframe before a frame goes on."""
    earlier = [key for key in track.keys if key.frame < at]
    return earlier[-1].interpolation if earlier else track.keys[0].interpolation


def _tracks(layer: Layer, name: str, at: int | None) -> tuple[Track, ...]:
    """The tracks that are meant, with a keyframe at a frame. Raises EditError for none."""
    found = tuple(
        track
        for track in layer.keyframes
        if name in ("", track.name) and (at is None or track.key(at) is not None)
    )
    if not found:
        where = "" if at is None else f" at {at + 1:,}"
        raise EditError(f"{layer.name} has no keyframe{where}{f' of {name}' if name else ''}")
    return found


def _values(text: str) -> dict[str, Value | None]:
    try:
        given = json.loads(text)
        found = {str(name): None if x is None else frozen(x) for name, x in given.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise EditError("the values of keyframes are a JSON object") from None
    if any(isinstance(value, Mapping) for value in found.values()):
        raise EditError("the value of a keyframe is no JSON object")
    return found


def _check(layer: Layer, name: str, value: Value) -> None:
    """Raise EditError for a value that a property cannot have."""
    now = value_of(layer, name)
    numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (now, value))
    try:
        if not numbers and type(now) is not type(value):
            raise TypeError(name)
        made = value_of(with_values(layer, {name: value}), name)
    except (ValueError, TypeError):
        made = None
    if made is None or (name in _EXACT and made != value):
        raise EditError(f"{name} of {layer.name} cannot be {str(value)[:40]!r}")


_EXACT = frozenset(OF_LAYER) - {"mask_place"}
"""What has the value that it is given, or refuses it."""


# -- edits of what moves ---------------------------------------------------------------------


def on_frame(document: Document, seen: Document, edit: Edit, number: int) -> Edit:
    """An edit as it is made while a frame is looked at.

    ``seen`` is ``frames.at(document, number)``, which the edit is applied to. What it has changed
    that moves becomes a keyframe at that frame; all else that moves is as it was. The edit itself
    where nothing moves. Raises what the edit does.
    """
    if not any(layer.keyframes for layer in document.walk()):
        return edit
    changed = edit.apply(seen)
    if changed is seen:
        return replace(edit, apply=lambda _: document, renders=None)
    made, told = _rebased(document, seen, changed, number)
    record = edit.record
    if len(told) == 1:
        ((layer, values),) = told.items()
        record = set_keyframe(layer=layer, frame=number + 1, values=json.dumps(values)).record
    return replace(edit, apply=lambda _: made, renders=None, record=record)


def _rebased(
    document: Document, seen: Document, changed: Document, number: int
) -> tuple[Document, dict[str, dict[str, Value]]]:
    """What was changed of a frame, as a change of the whole; and the keyframes that this made."""
    base = {layer.id: layer for layer in document.walk()}
    before = {layer.id: layer for layer in seen.walk()}
    told: dict[str, dict[str, Value]] = {}

    def back(layer: Layer) -> Layer:
        own, was = base.get(layer.id), before.get(layer.id)
        if own is None or was is None:
            return layer
        inside = tuple(map(back, layer.layers))
        if not layer.is_group and (layer is was or layer == was):
            return own
        if not all(map(is_, inside, layer.layers)):
            layer = replace(layer, content=layer.kind.with_layers(layer.content, inside))
        if layer.kind is KIND and own.kind is KIND:
            layer = replace(layer, content=layer.content.at(own.content.shown))
        held, kept = layer.filter, own.filter.kept if own.filter else None
        if held is not None and held.kept is None and kept is not None and kept.frame != number:
            layer = replace(layer, content=replace(held, kept=kept))
        return _with_base(layer, own, was, number, told)

    layers = tuple(map(back, changed.layers))
    return replace(changed, layers=layers), told


def _with_base(
    layer: Layer, own: Layer, was: Layer, number: int, told: dict[str, dict[str, Value]]
) -> Layer:
    """A layer whose moving properties are what they were before any keyframe counted."""
    rest: dict[str, Value] = {}
    for track in layer.keyframes:
        now, then = value_of(layer, track.name), value_of(was, track.name)
        first = value_of(own, track.name)
        if now is None or then is None or first is None or track_of(own, track.name) is None:
            continue
        if now != then and track_of(own, track.name) == track:
            key = track.key(number)
            way = key.interpolation if key else _before(track, number)
            layer = with_track(layer, track.name, track.having(Keyframe(number, now, way)))
            told.setdefault(layer.id, {})[track.name] = now
        if track.name == "mask_gradient":
            layer = _with_gradient_of(layer, own)
        elif now != first:
            rest[track.name] = first
    return with_values(layer, rest)


def _with_gradient_of(layer: Layer, own: Layer) -> Layer:
    """A layer with the mask of another where both are made by gradients of one kind."""
    laid, first = layer.mask_gradient, own.mask_gradient
    if laid is None or first is None:
        return layer
    kinds = [(x.gradient.shape, x.inverted, x.how, x.base) for x in (laid, first)]
    if kinds[0] != kinds[1]:
        return layer
    return replace(layer, mask=own.mask, mask_gradient=first)
