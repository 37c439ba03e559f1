"""Filter frames: filters go through the pictures of a sequence, one picture after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from safelight.actions.plugin_jobs import Studio
from safelight.actions.sequences.frame_carrier import FrameCarrier
from safelight.actions.sequences.frame_pictures import (
    LOOKED_BACK,
    Hear,
    like,
    looked_at,
    mean_of,
    scratch_folder,
)
from safelight.actions.stop import Stop
from safelight.api import Declaration, Value
from safelight.document import Document, Layer, edits, whole
from safelight.document.frames import frames
from safelight.document.frames.frames_content import Frames
from safelight.document.placement import IDENTITY
from safelight.files.project.history_spill import Scratch
from safelight.pixels import Raster


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

    A filter of sequences goes through them in order and carries on what it says; one that looks
    both ways has gone through them backwards before, and the mean of both counts. One that changes
    the size, or adds frames, gives a document of that layer alone. The results are set aside in a
    file. Raises FilterFailed, LayerFailed, Stopped and OSError.
    """
    stop = stop or Stop()
    checked = declaration.settings(settings)
    if declaration.adds:
        return _with_more(document, declaration, checked, studio, stop, hear)
    grows = declaration.factor(checked) != 1
    scratch, count = Scratch(scratch_folder()), frames.length(document)
    made: dict[int, Raster] = {}
    orders = [range(count)]
    if declaration.both_ways and count > 1:
        orders = [range(count - 1, -1, -1), *orders]
    for turn, order in enumerate(orders):
        carrier = FrameCarrier(declaration) if declaration.recurrent else None
        for place, number in enumerate(order):
            hear((turn + place / count) / len(orders))
            stop.check()
            seen = frames.at(document, number)
            if grows:
                seen = replace(seen, layers=_flat(seen, studio).layers, selection=None)
            before = None if carrier is None else carrier.before(looked_at(seen, studio))
            job = studio.start(declaration, checked, seen, before=before)
            pixels = like(stop.finished(job).raster.to_array(), list(made.values()))
            if carrier is not None:
                carrier.keep(job.carried)
            if number in made:
                pixels = mean_of(pixels, made[number].to_array())
            made[number] = Raster.from_array(scratch.put(pixels))
    hear(1.0)
    shown = tuple(made[number] for number in range(count))
    held = Frames(shown, frames.durations(document), frames.position(document))
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
        """The filter's result for the next picture, (height, width, channels) in the document's
        depth, and whether something was carried to that picture.
        """
        stop.check()
        before = carrier.before(looked_at(seen, studio))
        job = studio.start(declaration, settings, seen, before=before)
        pixels = stop.finished(job).raster.to_array()
        carrier.keep(job.carried)
        return pixels, before is not None

    def show(pixels: NDArray[Any], length: int) -> None:
        shown.append(Raster.from_array(scratch.put(like(pixels, shown))))
        lengths.append(length)

    count, between = frames.length(document), declaration.adds == "between"
    asked = settings.get("frames", 1)
    more = asked if isinstance(asked, int) and not between else 0
    for number, length in enumerate(frames.durations(document)):
        hear(number / (count + more))
        raster = whole(frames.at(document, number), studio.live)
        seen = Document.from_raster(raster, profile=document.profile)
        if between or number >= count - LOOKED_BACK:
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


def _flat(document: Document, studio: Studio) -> Document:
    return Document.from_raster(whole(document, studio.live), profile=document.profile)
