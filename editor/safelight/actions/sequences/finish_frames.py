"""Finish frames: what a document shows at one of its pictures is made ready to be written.

Filter layers that are no matter of drawing get their result for the picture. Those of sequences are
asked for one picture after the other, and go through them; those that look both ways have then gone
through them backwards as well, and show the mean of what came of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from safelight.actions.plugin_jobs import Studio
from safelight.actions.sequences.frame_carrier import FrameCarrier
from safelight.actions.sequences.frame_pictures import (
    LOOKED_BACK,
    Hear,
    looked_at,
    mean_of,
    scratch_folder,
)
from safelight.actions.stop import Stop, Stopped
from safelight.api import Declaration, Region
from safelight.document import Document, FilterFailed, Kept, LiveFilter, edits
from safelight.document.frames import frames
from safelight.files.project.history_spill import Scratch
from safelight.pixels import Raster
from safelight.workers.carried_on import Arrays
from safelight.workers.conversation import Failure, Unwanted
from safelight.workers.job import Job


class FrameFinisher:
    """Makes a document ready at one of its pictures (``finished``), in the order of the pictures.

    Where a layer's filter looks both ways, all pictures from in to out are gone through when the
    first of them is asked for; results wait in a file then. ``hear`` is told how far that is, and
    ``told`` passes on to it how far the rest is.
    """

    def __init__(self, studio: Studio, stop: Stop, hear: Hear = lambda _: None) -> None:
        self._studio, self._stop, self._hear = studio, stop, hear
        self._carriers: dict[str, FrameCarrier] = {}
        self._results: dict[tuple[str, int], Kept] = {}
        self._scratch = Scratch(scratch_folder())
        self._last = -2
        self._before = 0.0

    def told(self, share: float) -> None:
        """Tell that a ``share`` of what comes after the looking ahead is done."""
        self._hear(self._before + (1 - self._before) * share)

    def finished(self, document: Document, number: int) -> Document:
        """The document at that picture with every result. Raises FilterFailed, LayerFailed, OSError
        and Stopped.
        """
        first, last = frames.bounds(document)
        document = self._begun_anew(document)
        if number == first < last and not self._results:
            self._go_both_ways(document)
        if number != self._last + 1:
            self._carriers.clear()
        self._last = number
        return self._ready(document, number)

    def carried_to(
        self,
        document: Document,
        layer_id: str,
        number: int,
        tell: Callable[[str], object] = lambda _: None,
        region: Region | None = None,
    ) -> Arrays | None:
        """What is carried to the filter of a layer at a picture, from those before it, of which the
        last ones alone are gone through; None where it begins there. ``tell`` is told at which.
        With a ``region`` the filter goes through that part alone, and what is carried is its.

        Arrays float32 (rows, columns, channels), as ``FrameCarrier.before`` gives them. Raises
        FilterFailed, LayerFailed, OSError, Stopped, and KeyError where there is no such filter.
        """
        held = document.layer(layer_id).filter
        carrier = FrameCarrier(self._studio.offers().by_id[held.id if held else ""])
        first, _ = frames.bounds(document)
        for place in range(max(first, number - LOOKED_BACK), number):
            self._stop.check()
            tell(f"Picture {place + 1:,}, which comes before")
            seen = self._begun_anew(frames.at(document, place))
            if region is None:
                self._look(seen, place, layer_id, carrier)
                continue
            seen = self._ready(seen, place, until=layer_id)
            self._gone_through(seen, layer_id, seen.layer(layer_id).filter, carrier, region)
        seen = self._ready(self._begun_anew(frames.at(document, number)), number, until=layer_id)
        return carrier.before(looked_at(seen.below(layer_id), self._studio, region))

    def _ready(self, document: Document, number: int, until: str = "") -> Document:
        """The document with the results of all layers below ``until``."""
        for layer_id, declaration, held in self._costly(document):
            if layer_id == until:
                break
            if (layer_id, number) in self._results:
                result = self._results[layer_id, number]
                document = edits.keep_result(layer_id, result, held).apply(document)
                continue
            carrier = None
            if declaration.recurrent:
                carrier = self._carriers.setdefault(layer_id, FrameCarrier(declaration))
            document = self._made(document, layer_id, held, declaration, carrier)
        return document

    def _begun_anew(self, document: Document) -> Document:
        """The document without results of filters of sequences: one picture's alone carries on
        nothing to the next.
        """
        for found in document.walk():
            held = found.filter
            if held is None or held.kept is None:
                continue
            declaration = self._studio.offers().by_id.get(held.id)
            if declaration is not None and declaration.recurrent:
                bare = replace(document.layer(found.id), content=replace(held, kept=None))
                document = document.with_layer(bare)
        return document

    def _costly(self, document: Document) -> Iterator[tuple[str, Declaration, LiveFilter]]:
        """The layers without a result, from below, that want one."""
        for found in document.walk():
            layer = document.layer(found.id)
            held = layer.filter
            if held is None or not layer.shown or held.kept is not None:
                continue
            declaration = self._studio.offers().by_id.get(held.id)
            if declaration is not None and not self._studio.is_cheap(declaration, held.settings):
                yield layer.id, declaration, held

    def _made(
        self,
        document: Document,
        layer_id: str,
        held: LiveFilter,
        declaration: Declaration,
        carrier: FrameCarrier | None,
    ) -> Document:
        """The document with a layer's result, computed now."""
        if carrier is not None:
            return self._gone_through(document, layer_id, held, carrier).edit().apply(document)
        job = self._studio.start(declaration, held.settings, document, layer_id=layer_id)
        self._stop.finished(job)
        return job.edit().apply(document)

    def _gone_through(
        self,
        document: Document,
        layer_id: str,
        held: LiveFilter | None,
        carrier: FrameCarrier,
        region: Region | None = None,
    ) -> Job:
        """The job of a filter of sequences at its next picture, done; over a region, or all."""
        assert held is not None
        before = carrier.before(looked_at(document.below(layer_id), self._studio, region))
        job = self._studio.start(
            self._studio.offers().by_id[held.id],
            held.settings,
            document,
            layer_id=layer_id,
            region=region,
            before=before,
        )
        self._stop.finished(job)
        carrier.keep(job.carried)
        return job

    # -- both ways -----------------------------------------------------------------------------

    def _go_both_ways(self, document: Document) -> None:
        """Have the results of the layers that look both ways, and of those below them."""
        costly = list(self._costly(document))
        tops = [layer_id for layer_id, declaration, _ in costly if declaration.both_ways]
        if not tops:
            return
        first, last = frames.bounds(document)
        passes, done = 2 * len(tops), 0
        self._before = passes / (passes + 1)
        for top in tops:
            for order in (range(first, last + 1), range(last, first - 1, -1)):
                self._carriers.clear()
                carrier = FrameCarrier(next(each for name, each, _ in costly if name == top))
                for place, number in enumerate(order):
                    share = (done + place / len(order)) / passes
                    self._hear(self._before * share)
                    self._stop.check()
                    seen = self._begun_anew(frames.at(document, number))
                    self._look(seen, number, top, carrier)
                done += 1
        self._carriers.clear()

    def _look(self, document: Document, number: int, top: str, carrier: FrameCarrier) -> None:
        """Have one picture's results up to the layer ``top``: its mean with what it has by now."""
        document = self._ready(document, number, until=top)
        for layer_id, declaration, held in list(self._costly(document)):
            if layer_id == top:
                document = self._made(document, layer_id, held, declaration, carrier)
                break
        for found in document.walk():
            kept = None if found.filter is None else found.filter.kept
            place = found.id, number
            if kept is not None and (found.id == top or place not in self._results):
                pixels = kept.raster.to_array()
                if place in self._results:
                    pixels = mean_of(pixels, self._results[place].raster.to_array())
                raster = Raster.from_array(self._scratch.put(pixels))
                self._results[place] = replace(kept, raster=raster)
            if found.id == top:
                break


def carried_later(
    document: Document,
    layer_id: str,
    number: int,
    studio: Studio,
    stop: Stop,
    region: Region | None = None,
) -> Callable[[Callable[[str], object]], Arrays | None]:
    """``FrameFinisher.carried_to``, once a job asks for it on its own thread."""

    def carried(tell: Callable[[str], object]) -> Arrays | None:
        try:
            return FrameFinisher(studio, stop).carried_to(document, layer_id, number, tell, region)
        except Stopped:
            raise Unwanted from None
        except FilterFailed as error:
            raise Failure(f"could not do the pictures before this one: {error}") from None

    return carried
