"""Receipts: all that it takes to make a filter's kept result again, and whether it comes out so.

A receipt names the pixels that the filter saw, the plugin, the networks and the settings, the seed
among them, and what the result was computed with. ``verified`` computes the result afresh.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.actions.plugin_jobs import Studio
from safelight.actions.stop import Stop
from safelight.api import Region
from safelight.document import Document, Kept, Live, LiveFilter, render
from safelight.pixels import Raster
from safelight.workers.job_events import Listener

FORMAT = "safelight-receipt"
VERSION = 1

_ROWS = 512
"""Rows that are hashed or compared at once."""


class NoReceipt(Exception):
    """Why there is nothing to be made again: a sentence."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a layer's kept result was made of. ``input`` and ``result`` are SHA-256 of pixels, row
    by row as the document holds them; ``key`` is of all that decides about the result together.
    ``networks`` are SHA-256 by name; ``made_with`` is as ``Kept`` has it.
    """

    layer: str
    filter: str
    title: str
    plugin: str
    version: str
    settings: Mapping[str, Any]
    networks: Mapping[str, str]
    input: str
    result: str
    key: str
    width: int
    height: int
    depth: str
    made_with: Mapping[str, str]

    def told(self) -> dict[str, Any]:
        """The receipt as JSON has it."""
        return {"format": FORMAT, "version": VERSION, "receipt": asdict(self)}

    def to_json(self) -> str:
        """The receipt as a JSON text."""
        return json.dumps(self.told(), indent=2, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a result that was made afresh compares with the kept one: ``worst`` is the largest
    difference and ``share`` that of the samples that differ, both of 1; ``fits`` tells whether what
    lies below and the settings are still those it was made of. ``others`` says what is another now
    than it was then, a sentence each.
    """

    worst: float
    share: float
    fits: bool
    others: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether each sample is what it was."""
        return not self.share

    def sentences(self) -> Iterator[str]:
        """What to tell people."""
        if self.same:
            yield "Made afresh, the result is the same, sample by sample."
        else:
            yield (
                f"Made afresh, the result differs at {self.share:.1%} of its samples, by"
                f" {255 * self.worst:.3g} of 255 steps at most."
            )
        if not self.fits:
            yield "The picture below or the settings have changed since the result was made."
        yield from self.others


def receipt_of(document: Document, layer_id: str, live: Live | None = None) -> Receipt:
    """The receipt of what a layer keeps. Raises NoReceipt, KeyError and LayerFailed."""
    held, kept = _held(document, layer_id)
    below = document if held.generates else document.below(layer_id)
    seen = "" if held.generates else _digest(below, lambda band: render(below, band, live))
    made = kept.raster
    return Receipt(
        document.layer(layer_id).name,
        held.id,
        held.title,
        held.plugin,
        held.version,
        dict(held.settings),
        dict(kept.models),
        seen,
        _digest(made, made.read),
        kept.key,
        made.width,
        made.height,
        made.depth,
        dict(kept.made_with),
    )


def verified(
    studio: Studio,
    document: Document,
    layer_id: str,
    stop: Stop | None = None,
    listener: Listener | None = None,
) -> Verdict:
    """Make a layer's result afresh, and compare. Raises NoReceipt, UnknownFilter, FilterFailed,
    Stopped and KeyError.
    """
    held, kept = _held(document, layer_id)
    declaration = studio.filter(held.id)
    job = studio.start(declaration, held.settings, document, layer_id=layer_id, listener=listener)
    made = (stop or Stop()).finished(job).raster
    worst, share = _difference(kept.raster, made)
    now = job.made_with | {f"network {name}": text for name, text in job.models.items()}
    then = dict(kept.made_with) | {f"network {name}": text for name, text in kept.models.items()}
    then.setdefault("plugin", f"{held.plugin} {held.version}".strip())
    return Verdict(worst, share, job.key == kept.key, tuple(_others(then, now)))


def _held(document: Document, layer_id: str) -> tuple[LiveFilter, Kept]:
    layer = document.layer(layer_id)
    held = layer.filter
    if held is None or held.kept is None:
        raise NoReceipt(f"{layer.name} keeps no result of a filter.")
    return held, held.kept


def _others(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(then.keys() | now.keys()):
        before, after = then.get(name, ""), now.get(name, "")
        if before and before != after:
            yield f"The {name} was {_short(before)}, and is {_short(after) or 'not there'} now."


def _short(text: str) -> str:
    """A hash in its first digits, another text as it is."""
    return f"{text[:12]}…" if len(text) == 64 and text.isalnum() else text


def _digest(of: Document | Raster, read: Callable[[Region], NDArray[Any]]) -> str:
    digest = hashlib.sha256(f"{of.width} {of.height} {of.depth}".encode())
    for top in range(0, of.height, _ROWS):
        band = Region(0, top, of.width, _ROWS).intersect(of.region)
        digest.update(np.ascontiguousarray(read(band)).tobytes())
    return digest.hexdigest()


def _difference(one: Raster, other: Raster) -> tuple[float, float]:
    """The largest difference, of 1, and the share of samples that differ; alpha does not count."""
    if (one.width, one.height, one.depth) != (other.width, other.height, other.depth):
        return 1.0, 1.0
    white = 1.0 if one.depth == "float32" else float(np.iinfo(one.depth).max)
    worst, count = 0.0, 0
    for top in range(0, one.height, _ROWS):
        band = Region(0, top, one.width, _ROWS).intersect(one.region)
        apart = one.read(band)[..., :3] != other.read(band)[..., :3]
        if apart.any():
            count += int(apart.sum())
            parts = [part.read(band)[..., :3].astype(np.float64) for part in (one, other)]
            worst = max(worst, float(np.abs(parts[0] - parts[1]).max()) / white)
    return worst, count / (one.width * one.height * 3)
