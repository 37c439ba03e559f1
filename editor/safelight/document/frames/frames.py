"""Frames: the pictures of a sequence in order, held by a layer; a document at one of them.

A sequence is no other document: it is a layer that shows one of its pictures at a time. Whatever
lies over that layer lies over every picture.
"""

from __future__ import annotations

from dataclasses import replace
from operator import is_

from safelight.document.document import Document
from safelight.document.frames.frames_content import KIND, USUAL_DURATION, Frames
from safelight.document.frames.layer_keyframes import evaluated
from safelight.document.layer import Layer
from safelight.pixels import Raster


def sequences(document: Document) -> list[str]:
    """The ids of the layers that hold a sequence, bottom first."""
    return [layer.id for layer in document.walk() if layer.kind is KIND]


def length(document: Document) -> int:
    """How many pictures there are to go through: those of the longest sequence; 1 without any."""
    return max((len(each.pictures) for each in _held(document)), default=1)


def position(document: Document) -> int:
    """The picture that is looked at, of the longest sequence; 0 without any."""
    longest = max(_held(document), key=lambda each: len(each.pictures), default=None)
    return 0 if longest is None else longest.shown


def bounds(document: Document) -> tuple[int, int]:
    """The first and the last picture that are played and exported."""
    longest = max(_held(document), key=lambda each: len(each.pictures), default=None)
    if longest is None or longest.bounds is None:
        return 0, length(document) - 1
    return longest.bounds


def durations(document: Document) -> tuple[int, ...]:
    """How long each picture is shown in milliseconds, as the longest sequence says."""
    longest = max(_held(document), key=lambda each: len(each.pictures), default=None)
    return (USUAL_DURATION,) if longest is None else longest.durations


def pictures(document: Document) -> tuple[Raster, ...]:
    """The pictures of the longest sequence; none without any."""
    return max((each.pictures for each in _held(document)), key=len, default=())


def unseen(document: Document) -> set[Raster]:
    """The pictures of sequences that are not looked at, most of which nobody has decoded yet."""
    return {
        picture
        for each in _held(document)
        for picture in each.pictures
        if picture is not each.picture
    }


def files(document: Document) -> set[str]:
    """The paths of the files that the pictures of all sequences were read from."""
    films = (each.film for each in _held(document))
    return {path for film in films if film is not None for path, _ in film.files}


def named_alone(document: Document) -> set[Raster]:
    """The pictures of films that a project names and does not keep."""
    films = (each.film for each in _held(document))
    return {
        picture for film in films if film is not None and not film.kept for picture in film.pictures
    }


def at(document: Document, number: int) -> Document:
    """The document at one of its pictures; a shorter sequence stays at its last one, and whatever
    moves along the sequence has its value there.

    A result that a filter layer has kept for another picture is not shown.
    """
    if not sequences(document):
        return document
    layers = tuple(_moved(layer, number) for layer in document.layers)
    if all(map(is_, layers, document.layers)):
        return document
    return replace(document, layers=layers)


def results_elsewhere(document: Document, seen: Document) -> frozenset[str]:
    """The ids of the filter layers whose results are not shown in ``seen``, the document at one of
    its pictures, since they are of another one.
    """
    there = {layer.id: layer.filter for layer in seen.walk()}
    return frozenset(
        layer.id
        for layer in document.walk()
        if layer.filter is not None
        and layer.filter.kept is not None
        and (held := there.get(layer.id)) is not None
        and held.kept is None
    )


def _moved(layer: Layer, number: int) -> Layer:
    inside = tuple(_moved(item, number) for item in layer.layers)
    held = layer.filter
    if not all(map(is_, inside, layer.layers)):
        layer = replace(layer, content=layer.kind.with_layers(layer.content, inside))
    elif layer.kind is KIND:
        content = layer.content.at(number)
        if content is not layer.content:
            layer = replace(layer, content=content)
    elif held is not None and held.kept is not None and held.kept.frame != number:
        layer = replace(layer, content=replace(held, kept=None))
    return evaluated(layer, number)


def _held(document: Document) -> list[Frames]:
    return [layer.content for layer in document.walk() if layer.kind is KIND]
