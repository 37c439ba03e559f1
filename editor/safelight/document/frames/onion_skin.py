"""Onion skin: a frame seen together with those beside it, as animators look through thin paper."""

from __future__ import annotations

from dataclasses import replace

from safelight.document.contents.content import Group
from safelight.document.document import Document
from safelight.document.frames.frames_content import KIND, Frames
from safelight.document.layer import Layer


def onion_skin(document: Document, share: float) -> Document:
    """The document, for looking only, whose frames are mixed with those before and after, each with
    an opacity of ``share``, 0 to 1. Whatever lies over them lies over the mixture.
    """
    for layer in document.walk():
        if share and layer.kind is KIND:
            held: Frames = layer.content
            sides = [at for at in (-1, 1) if 0 <= held.shown + at < len(held.pictures)]
            mixed = [Layer(layer.name, held.picture, id=f"{layer.id} 0", place=layer.place)]
            for at in sides:
                beside = held.pictures[held.shown + at]
                own = f"{layer.id} {at}"
                mixed.append(Layer(layer.name, beside, share, id=own, place=layer.place))
            document = document.with_layer(replace(layer, content=Group(tuple(mixed))))
    return document
