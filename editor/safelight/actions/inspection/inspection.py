"""Inspection: all that can be found out of a filter at a place of a photograph, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safelight.actions.inspection.invention_map import invention_map
from safelight.actions.inspection.network_cost import network_cost
from safelight.actions.inspection.pixel_origin import Origin, pixel_origin
from safelight.actions.inspection.robustness import Change, changes
from safelight.actions.inspection.seam_check import Seam, seam_check
from safelight.actions.inspection.tried_filter import NotInspected, TriedFilter
from safelight.workers.watched_networks import Watched

Told = Callable[[float, str], object]
"""Hears how far an inspection is, 0 to 1, and what is being found out."""

_STRONG = 4 / 255
"""What counts as added, of 1: less is hardly seen."""


@dataclass(slots=True)
class Inspection:
    """What was found out of a filter at ``tried.place``. ``result`` is float32 (height · scale,
    width · scale, 3); ``networks`` what they cost; ``invention`` float32 (height · scale,
    width · scale); ``point`` is the pixel (x, y of ``tried.picture``) that ``origin`` is about.
    """

    tried: TriedFilter
    result: NDArray[np.float32]
    networks: tuple[Watched, ...]
    invention: NDArray[np.float32]
    seam: Seam | None
    changes: tuple[Change, ...]
    origin: Origin
    untold: str = ""

    @property
    def point(self) -> tuple[int, int]:
        """The pixel (x, y of ``tried.picture``) that was asked for its origin."""
        return self.origin.point

    def sentences(self) -> Iterator[tuple[str, str]]:
        """A heading, and a sentence for people, of each thing that was found out."""
        declaration = self.tried.declaration
        if not self.networks:
            yield (
                "Networks",
                self.untold or f"{declaration.title} ran no network on this picture.",
            )
        for item in self.networks:
            height, width = self.tried.picture.shape[:2]
            yield (
                f"Network {item.name}",
                f"{item.count} operators, {item.multiply_adds / 1e9:.2f} billion"
                f" multiply-adds and {item.seconds:.2f} s for {width} × {height} pixels on this"
                f" machine; {item.memory / 1e6:.0f} MB of memory at most.",
            )
        yield "What it adds", self._added()
        yield "Seams", self._seams()
        for change in self.changes:
            yield f"The picture {change.change}", _steady(change)
        yield "Where a pixel comes from", self._reach()

    def _added(self) -> str:
        share = float((self.invention > _STRONG).mean())
        mean = 255 * float(self.invention.mean())
        if self.tried.scale > 1:
            explained = "the smoothest picture that is the photograph once it is reduced again"
        else:
            explained = "the photograph with other light and contrast around each place"
        return (
            f"At {share:.0%} of the pixels the result differs by more than 4 of 255 steps from"
            f" {explained}; by {mean:.1f} steps on average. That much was added, and not found in"
            " the picture."
        )

    def _seams(self) -> str:
        if self.seam is None:
            if self.tried.sees_all:
                return "It sees the whole picture at once, so there are no pieces and no seams."
            return "The picture is too small to be cut."
        steps = 255 * self.seam.worst
        if self.seam.visible:
            return (
                f"Cut another way the result differs by up to {steps:.1f} of 255 steps: edges of"
                " pieces may show."
            )
        return f"Cut another way the result is the same (largest difference {steps:.4f} steps)."

    def _reach(self) -> str:
        origin = self.origin
        x, y = origin.point
        words = (
            f"The pixel at {self.tried.place.x + x}, {self.tried.place.y + y} was changed by pixels"
            f" up to {origin.reach} pixels away ({origin.tried} parts covered one by one)."
        )
        if origin.gradients:
            words += " The map is by the gradients of its network, in PyTorch."
        elif self.networks:
            words += f" The map is by covering, not by gradients, as {origin.untold}."
        if origin.declared is None:
            return f"{words} The filter says that it may see the whole picture."
        said = f"{words} The filter says that it sees {origin.declared} pixels around."
        if origin.reach > origin.declared:
            return f"{said} It sees further than it says: edges of pieces may show."
        return said


def _steady(change: Change) -> str:
    made, given = 255 * change.made, 255 * change.given
    if not given:
        return (
            f"The result changes by {made:.2f} of 255 steps besides being moved"
            f" {'(hardly seen).' if made < 0.5 else ': fine detail depends on where it lies.'}"
        )
    return (
        f"The picture changes by {given:.2f} of 255 steps, the result by {made:.2f}:"
        f" {change.gain:.1f} times as much."
    )


def inspect(
    tried: TriedFilter,
    point: tuple[int, int] | None = None,
    told: Told = lambda done, words: None,
) -> Inspection:
    """Find out everything of a filter; ``point`` (x, y of the document) is the pixel that is asked
    for its origin, the middle of the place if none is told. Raises FilterFailed and Stopped.
    """
    height, width = tried.picture.shape[:2]
    x, y = point or (tried.place.x + width // 2, tried.place.y + height // 2)
    at = min(max(x - tried.place.x, 0), width - 1), min(max(y - tried.place.y, 0), height - 1)

    def begin(done: float, words: str) -> None:
        told(done, words)
        tried.stop.check()

    begin(0.0, "what it makes of the picture")
    result = tried.made(tried.picture)
    begin(0.05, "what its networks cost")
    networks: tuple[Watched, ...] = ()
    untold = ""
    try:
        networks, _ = network_cost(tried)
    except NotInspected as reason:
        untold = str(reason)
    begin(0.2, "what it adds")
    invention = invention_map(tried.picture, result)
    begin(0.25, "whether pieces fit together")
    seam = seam_check(tried, result)
    begin(0.35, "how steady it is")
    found = tuple(changes(tried, result))
    origin = pixel_origin(
        tried, at, lambda share: begin(0.5 + share / 2, "where a pixel comes from")
    )
    told(1.0, "")
    return Inspection(tried, result, networks, invention, seam, found, origin, untold)
