"""Filter frames: filters go through the pictures of a sequence, one picture after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.actions.plugin_jobs import Studio
from safelight.actions.sequences.frame_carrier import FrameCarrier
from safelight.actions.stop import Stop
from safelight.api import Declaration, Value
from safelight.document import Document, Layer, edits, frames, render, whole
from safelight.document.frames import Frames
from safelight.document.placement import IDENTITY
from safelight.files.history_spill import Scratch
from safelight.folders import cache_folder
from safelight.pixels import Raster

Hear = Callable[[float], object]
"""Told now and then how much is done, 0 to 1; what it raises ends the work."""


_LOOKED_BACK = 8
"""Pictures that a filter sees before those that it adds after the last one."""


def scratch_folder() -> Path:
    """Where pictures of sequences are set aside."""
    return cache_folder() / "sequences"


def filtered_frames(
    document: Document,
    declaration: Declaration,
    settings: Mapping[str, Value],
    studio: Studio,
    *,
    stop: Stop | None = None,
    hear: Hear = lambda _: None,
) -> Document:
    """The document with a new layer on top: what a filter makes of each of its pictures.

    A filter of sequences goes through them in order and carries on what it says. One that changes
    the size, or adds frames, gives a document of that layer alone. The results are set aside in a
    file. Raises FilterFailed, LayerFailed, Stopped and OSError.
    """
    stop = stop or Stop()
    checked = declaration.settings(settings)
    if declaration.adds:
        return _with_more(document, declaration, checked, studio, stop, hear)
    carrier = FrameCarrier(declaration) if declaration.recurrent else None
    grows = declaration.factor(checked) != 1
    scratch, made = Scratch(scratch_folder()), list[Raster]()
    count = frames.length(document)
    for number in range(count):
        hear(number / count)
        stop.check()
        seen = frames.at(document, number)
        if grows:
            seen = replace(seen, layers=_flat(seen, studio).layers, selection=None)
        before = None if carrier is None else carrier.before(_looked_at(seen, studio))
        job = studio.start(declaration, checked, seen, before=before)
        outcome = stop.finished(job)
        if carrier is not None:
            carrier.keep(job.carried)
        made.append(Raster.from_array(scratch.put(_like(outcome.raster.to_array(), made))))
    hear(1.0)
    held = Frames(tuple(made), frames.durations(document), frames.position(document))
    layer = Layer(declaration.title, held, synthetic="partly" if declaration.invents else "")
    if grows:
        return _alone(document, layer, held.picture)
    return edits.add_layer(layer, None, declaration.title).apply(document)


def _with_more(
    document: Document,
    declaration: Declaration,
    settings: Mapping[str, Value],
    studio: Studio,
    stop: Stop,
    hear: Hear,
) -> Document:
    """A document of the pictures of one, and between or after them those that a filter adds.

    Where the filter began anew nothing is added between. After the last picture each new one is
    made from the one made before it.
    """
    scratch, carrier = Scratch(scratch_folder()), FrameCarrier(declaration)
    shown, lengths = list[Raster](), list[int]()

    def filtered(seen: Document) -> tuple[NDArray[Any], bool]:
        """The filter's result for the next picture, and whether something was carried to it."""
        stop.check()
        before = carrier.before(_looked_at(seen, studio))
        job = studio.start(declaration, settings, seen, before=before)
        pixels = stop.finished(job).raster.to_array()
        carrier.keep(job.carried)
        return pixels, before is not None

    def show(pixels: NDArray[Any], length: int) -> None:
        shown.append(Raster.from_array(scratch.put(_like(pixels, shown))))
        lengths.append(length)

    count, between = frames.length(document), declaration.adds == "between"
    asked = settings.get("frames", 1)
    more = asked if isinstance(asked, int) and not between else 0
    for number, length in enumerate(frames.durations(document)):
        hear(number / (count + more))
        raster = whole(frames.at(document, number), studio.live)
        seen = Document.from_raster(raster, profile=document.profile)
        if between or number >= count - _LOOKED_BACK:
            made, carried = filtered(seen)
            if between and carried:
                half = max(lengths[-1] // 2, 1)
                lengths[-1] = max(lengths[-1] - half, 1)
                show(made, half)
        show(raster.to_array(), length)
    for number in range(more):
        hear((count + number) / (count + more))
        show(made, lengths[-1])
        if number + 1 < more:
            made, _ = filtered(Document.from_raster(shown[-1], profile=document.profile))
    hear(1.0)
    held = Frames(tuple(shown), tuple(lengths), 0)
    layer = Layer(declaration.title, held, synthetic="partly")
    return _alone(document, layer, held.picture)


def _alone(document: Document, layer: Layer, first: Raster) -> Document:
    """A document of a layer of frames alone, as large as the ``first`` of them."""
    return replace(
        document,
        width=first.width,
        height=first.height,
        layers=(layer,),
        selection=None,
        frame=IDENTITY,
    )


def finishing(studio: Studio, stop: Stop) -> Callable[[Document, int], Document]:
    """Makes ready what a document shows at one of its pictures: filter layers that are no matter of
    drawing get their result for it. Asked for one picture after the other, a filter of sequences
    goes through them. Raises FilterFailed, LayerFailed and Stopped.
    """
    carriers: dict[str, FrameCarrier] = {}
    last = -2

    def finished(document: Document, number: int) -> Document:
        nonlocal last
        if number != last + 1:
            carriers.clear()
        last = number
        for found in document.walk():
            layer = document.layer(found.id)
            held = layer.filter
            if held is None or not layer.shown or held.kept is not None:
                continue
            declaration = studio.offers().by_id.get(held.id)
            if declaration is None or studio.is_cheap(declaration, held.settings):
                continue
            before = None
            if declaration.recurrent:
                carrier = carriers.setdefault(layer.id, FrameCarrier(declaration))
                before = carrier.before(_looked_at(document.below(layer.id), studio))
            job = studio.start(
                declaration, held.settings, document, layer_id=layer.id, before=before
            )
            stop.finished(job)
            if declaration.recurrent:
                carriers[layer.id].keep(job.carried)
            document = job.edit().apply(document)
        return document

    return finished


def _flat(document: Document, studio: Studio) -> Document:
    return Document.from_raster(whole(document, studio.live), profile=document.profile)


def _looked_at(document: Document, studio: Studio) -> NDArray[np.float32]:
    """All that a document shows, (height, width, 3) float32, sRGB-encoded."""
    pixels = render(document, document.region, studio.live, "float32")[..., :3]
    return document.profile.to_srgb(pixels)


def _like(pixels: NDArray[Any], made: list[Raster]) -> NDArray[Any]:
    """Pixels with alpha where the first result has it, and without where it has none."""
    if not made or pixels.shape[2] == made[0].channels:
        return pixels
    if made[0].channels == 3:
        return pixels[..., :3]
    full = 1.0 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    opaque = np.full((*pixels.shape[:2], 1), full, pixels.dtype)
    return np.concatenate([pixels, opaque], axis=2)
