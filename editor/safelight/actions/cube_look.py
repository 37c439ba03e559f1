"""Cube look: a document's adjustments as a table of colours, a .cube file that others take too."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from safelight.api.cube_table import tidy_title
from safelight.document import Document, Layer, LayerFailed, Live, render_srgb
from safelight.files import atomic_write
from safelight.files.sentences import listed
from safelight.pixels import SRGB, Profile, Raster, converted

SIDES = (33, 65)
"""Points along each side of the cube of colours that a look may have."""

SUFFIX = ".cube"

_SAME = 1e-5
"""How far apart the results of one colour at two places may be, by rounding."""

Colours = NDArray[np.float32]


class LookError(Exception):
    """A document whose adjustments no table of colours can hold; the message is a sentence or two
    that name the layers.
    """


def look_of(document: Document, live: Live, side: int = SIDES[0]) -> Colours:
    """What the layers above the picture make of each colour: float32 (side, side, side, 3).

    ``[b, g, r]`` is what becomes of blue, green and red at even places from black to white,
    sRGB-encoded, unclipped. The picture is the lowest layer that is shown; all that is shown above
    it counts, with its amount and its blend mode. Raises LookError where that depends on more than
    a pixel's colour, and LayerFailed for a layer that cannot be computed.
    """
    shown = [layer for layer in document.layers if layer.shown]
    layers = [_bare(layer) for layer in shown[1:]]
    if not layers:
        raise LookError(
            f"{document.name} has no adjustment above its picture: a look is made of them."
        )
    places = np.linspace(0, 1, side, dtype=np.float32)
    blue, green, red = np.meshgrid(places, places, places, indexing="ij")
    colours = np.stack([red, green, blue], -1)
    unfit = [f"“{layer.name}”, which {why}" for layer in layers if (why := _unfit(layer, live))]
    if unfit:
        raise LookError(
            f"No table of colours can hold {listed(unfit, '; ')}. Hide what is to be left out."
        )
    return _through(layers, colours, document.profile, live)


def save_look(
    document: Document,
    path: str | os.PathLike[str],
    live: Live,
    side: int = SIDES[0],
    *,
    overwrite: bool = False,
) -> None:
    """Write what ``look_of`` gives as a .cube file (Adobe, "Cube LUT Specification" 1.0, 2013).

    Raises what ``look_of`` and ``atomic_write`` raise.
    """
    colours = look_of(document, live, side)
    title = tidy_title(PurePath(document.name).stem).replace('"', "'") or "Untitled"
    head = f'TITLE "{title}"\n# sRGB to sRGB, made by Safelight\nLUT_3D_SIZE {side}\n'
    rows = (np.round(colours.reshape(-1, 3).astype(float), 6) + 0.0).tolist()  # no "-0.000000"
    lines = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in rows)
    data = f"{head}{lines}\n".encode()
    atomic_write(path, lambda file: file.write(data), overwrite=overwrite)


def _bare(layer: Layer) -> Layer:
    """A layer without the result that was kept of its filter for this picture."""
    filter = layer.filter
    if filter is None or filter.generates or filter.kept is None:
        return layer
    return replace(layer, content=replace(filter, kept=None))


def _unfit(layer: Layer, live: Live) -> str:
    """Why a layer changes more than colours, as a clause; "" where it changes nothing else.

    Whether a filter looks at where a pixel lies is tried: the same colours, in another order.
    """
    filter = layer.filter
    for told, why in (
        (layer.is_group, "is a group"),
        (layer.clipped, "is clipped to the layer below"),
        (layer.mask is not None, "has a mask"),
        (layer.pixels is not None or (filter and filter.generates), "has pixels of its own"),
        (filter and filter.texture, "keeps the texture below"),
    ):
        if told:
            return why
    if filter is None:
        return ""
    reach = live.reach(filter, 0)
    if reach is None:
        fault = live.failure(filter)
        return f"cannot be computed: {fault}" if fault else "looks at more than one pixel's colour"
    if reach:
        return "looks at what lies around a pixel"
    random = np.random.default_rng(1)
    order, colours = random.permutation(512), random.random((8, 64, 1, 3), np.float32)
    shuffled = colours.reshape(512, 3)[order].reshape(colours.shape)
    try:
        one, other = (
            _through([replace(layer, opacity=1.0)], tried, SRGB, live).reshape(512, 3)
            for tried in (colours, shuffled)
        )
    except LayerFailed as error:
        return f"cannot be computed: {error.reason}"
    if np.abs(one[order] - other).max() > _SAME:
        return "looks at where in the picture a pixel lies"
    return ""


def _through(layers: Sequence[Layer], colours: Colours, profile: Profile, live: Live) -> Colours:
    """What layers make of colours (a, b, c, 3), sRGB-encoded, in a document of a profile."""
    rows = colours.reshape(colours.shape[0], -1, 3)
    own = converted(rows, SRGB, profile)
    if np.abs(profile.to_srgb(own) - rows).max() > 1e-3:  # a space of greys holds no colours
        own, profile = rows, SRGB
    raster = Raster.from_array(np.ascontiguousarray(own, np.float32))
    document = replace(
        Document.from_raster(raster, profile=profile),
        layers=(Layer("Colours", raster), *layers),
    )
    made = render_srgb(document, document.region, live)
    return np.ascontiguousarray(made[..., :3], np.float32).reshape(colours.shape)
