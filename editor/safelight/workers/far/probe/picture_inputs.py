"""Picture inputs: which input takes the picture, in which layout, and which shape comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.workers.far.further_pictures import is_mask
from safelight.workers.far.probe.network_on_trial import Trial
from safelight.workers.far.probe.probe_charts import chart_of
from safelight.workers.far.probe.probed_properties import (
    ASKED,
    ASSUMED,
    MULTIPLES,
    PROBED,
    READ,
)
from safelight.workers.far.tensors import COUNTS, LAYOUTS, Format, unpacked
from safelight.workers.onnx_file import OnnxError, Value

_KINDS = ("float32", "float16", "float64", "uint8", "int32", "int64")
"""Kinds of numbers that pixels can be, as numpy calls them."""

_SIDES = (64, 128, 224, 256, 320, 384, 512)
"""Sides in pixels of the charts that a network of any size is tried with."""

_SMALLEST_WINDOW, _LARGEST_WINDOW = 16, 4096
"""Sides in pixels below which a dimension is no side, and above which a window is too large."""

_SECONDS = ("style", "ref", "guid", "exemplar", "second", "other", "prev", "target")
"""What the names of second pictures have in them."""


def read_inputs(trial: Trial) -> None:
    """Tell the inputs that take a picture from those that take a number. Raises OnnxError."""
    pictures = [item for item in trial.file.inputs if not _is_number(item)]
    trial.main = _assigned(trial, pictures)
    trial.pictures = {item.name: item for item in pictures}
    trial.kind = trial.main.element
    if trial.kind not in _KINDS:
        raise trial.refusal(f"takes {trial.kind or 'no'} tensors, not pixels")
    for item in trial.file.inputs:
        if item.name not in trial.pictures:
            rank = len(item.dimensions or ())
            trial.found.extras[item.name] = rank
            trial.found.kinds[item.name] = item.element
            usual = 0.5 if item.element.startswith("float") else 1
            trial.extras[item.name] = np.full((1,) * rank, usual, item.element)


def _assigned(trial: Trial, pictures: list[Value]) -> Value:
    """The input for the picture; of two or three, which is a mask and which a second picture.

    Raises OnnxError where there are others.
    """
    found, said = trial.found, trial.found.properties
    masks = [item for item in pictures if item.name == said.get("mask")]
    if not masks and len(pictures) > 1:
        sides = [item.dimensions or () for item in pictures]
        masks = [
            item
            for item in pictures
            if is_mask(item.name, item.element, item.dimensions or (), sides)
        ]
    rest = [item for item in pictures if item not in masks]
    if len(masks) > 1 or not 1 <= len(rest) <= 2:
        names = " and ".join(item.text() for item in pictures) or "no picture"
        raise trial.refusal(
            f"takes {names}; a filter has a picture, a mask and a second picture to give"
        )
    if masks:
        found.set("mask", masks[0].name, READ)
    if len(rest) == 1:
        return rest[0]
    told = [any(word in item.name.lower() for word in _SECONDS) for item in rest]
    second = rest[0] if told == [True, False] else rest[1]
    if said.get("guide") not in [item.name for item in rest]:
        said.pop("guide", None)
        found.set("guide", second.name, ASKED)
        found.asks["guide"] = [second.name, *(x.name for x in rest if x is not second)]
    (main,) = (item for item in rest if item.name != said["guide"])
    (guide,) = (item for item in rest if item is not main)
    own, taken = (
        [side for side in item.dimensions or () if isinstance(side, int) and side > 3]
        for item in (guide, main)
    )
    if own and own != taken:
        found.set("guide_fit", "whole", READ)
    return main


def _layouts(trial: Trial) -> list[tuple[str, int]]:
    """Layouts and channel counts that the input's shape allows, the likelier first."""
    sides = trial.main.dimensions
    wanted = trial.found.properties.get("layout")
    rank = 4 if sides is None else len(sides)
    if rank not in (3, 4):
        raise trial.refusal(
            f"takes {trial.main.text()}: {rank} dimensions, not the three or four of a picture"
        )
    sides = sides or (None,) * 4
    found = []
    for layout in LAYOUTS:
        if len(layout) != rank or wanted not in (None, layout):
            continue
        channels, *area = (sides[layout.index(axis)] for axis in "CHW")
        if any(isinstance(side, int) and side < _SMALLEST_WINDOW for side in area):
            continue  # the four of (1, 4, height, width) are channels, not rows
        counts = (3, 1) if not isinstance(channels, int) else (channels,)
        found += [(layout, count) for count in counts if count in (1, 3)]
    said = [item for item in found if isinstance(sides[item[0].index("C")], int)]
    if not found:
        raise trial.refusal(f"takes {trial.main.text()}: no 3 or 1 channels of a picture")
    if rank == 4 and isinstance(sides[0], int) and sides[0] != 1:
        raise trial.refusal(f"takes {sides[0]} pictures at a time, a filter has one to give")
    return said or found


def _sizes(trial: Trial, layout: str) -> Sequence[tuple[int, int]]:
    """Sizes worth a try: the one the graph states, or some."""
    sides = trial.main.dimensions or (None,) * 4
    height, width = (sides[layout.index(axis)] for axis in "HW")
    fixed = [side for side in (height, width) if isinstance(side, int)]
    if not fixed:
        return [(side, side) for side in _SIDES]
    size = (
        height if isinstance(height, int) else fixed[0],
        width if isinstance(width, int) else fixed[0],
    )
    if max(size) > _LARGEST_WINDOW:
        raise trial.refusal(f"takes pictures of {size[1]} × {size[0]} alone, too large to cut")
    trial.found.size = size
    return [size]


def first_run(trial: Trial) -> None:
    """Find a layout and a size that work, and what comes out."""
    failure: OnnxError | None = None
    for layout, count in _layouts(trial):
        for size in _sizes(trial, layout):
            channels = _channels(trial, count)
            # Not the fixed range: overflowing values are no reason to think it does not run.
            try:
                result = trial.raw(Format(layout, channels, "0..1"), chart_of(*size))
            except OnnxError as error:
                failure = failure or error
                continue
            trial.base = size
            trial.found.set("layout", layout, READ if count in _said(trial) else PROBED)
            trial.found.set("channels", channels, READ if count == 1 else ASSUMED)
            _read_result(trial, result, layout, count)
            trial.base = (size[0] - 2 * trial.margin, size[1] - 2 * trial.margin)
            return
    raise failure or trial.refusal("does not run")


def _said(trial: Trial) -> tuple[int | str | None, ...]:
    return trial.main.dimensions or ()


def _channels(trial: Trial, count: int) -> str:
    """What the channels are, as far as their number tells. Raises OnnxError."""
    named = trial.found.properties.get("channels")
    if named is None:
        return "RGB" if count == 3 else "Y"
    if COUNTS.get(named) != count:
        raise trial.refusal(f"takes {count} channels, which cannot be {named}")
    return named


def _read_result(trial: Trial, result: NDArray[Any], layout: str, count: int) -> None:
    """What the shape of a result tells. Raises OnnxError for one that is no picture."""
    shape = " × ".join(map(str, np.shape(result)))
    try:
        height, width, channels = unpacked(np.asarray(result), layout).shape
    except ValueError:
        raise trial.refusal(f"gives {shape} numbers, not a picture") from None
    tall, wide = trial.base
    fits = not height % tall and not width % wide and height // tall == width // wide
    if fits:
        trial.scale = height // tall
    elif cropped := _cropped(trial, height, width, layout, count):
        trial.scale, trial.crop = cropped
        trial.margin = -(-trial.crop // trial.scale)
        trial.found.set("crop", trial.crop, PROBED)
    elif trial.found.size is not None:
        trial.found.set("fit", "whole", READ)
    elif height < tall or width < wide:
        raise trial.refusal(
            f"makes {width} × {height} pixels of {wide} × {tall}: smaller than what went in"
        )
    else:
        raise trial.refusal(
            f"makes {width} × {height} pixels of {wide} × {tall}, not a whole number of times"
            " as many each way"
        )
    kinds = {1: _single(trial, result, count), 2: "ab", 3: "RGB"}
    if channels not in kinds:
        raise trial.refusal(f"gives {channels} channels for each pixel, not a picture")
    kind = kinds[channels]
    if kind == "ab" and count == 1:
        trial.found.properties["channels"] = "L"
    trial.found.set("result", kind, ASSUMED if channels == 3 else READ)
    if COUNTS.get(trial.found.properties["result"]) != channels:
        named = trial.found.properties["result"]
        raise trial.refusal(f"gives {channels} channels, which cannot be {named}")


def _cropped(
    trial: Trial, height: int, width: int, layout: str, count: int
) -> tuple[int, int] | None:
    """The scale, and the pixels that the result lacks at each edge; None unless it lacks the
    same at every size, as where convolutions are not padded.
    """
    tall, wide = trial.base
    if trial.found.size is not None:
        scale = -(-height // tall)
    else:
        step = MULTIPLES[-1]
        format = Format(layout, _channels(trial, count), "0..1")
        try:
            larger = trial.raw(format, chart_of(tall + step, wide + 2 * step))
            taller, wider = unpacked(larger, layout).shape[:2]
        except (OnnxError, ValueError):
            return None
        scale = (taller - height) // step
        if (taller - height, wider - width) != (scale * step, scale * 2 * step):
            return None
    lacks = scale * tall - height
    if scale < 1 or lacks != scale * wide - width or lacks % 2 or not 0 < 2 * lacks < height:
        return None
    return scale, lacks // 2


def _single(trial: Trial, result: NDArray[Any], count: int) -> str:
    """What one channel of a result is: luma of luma, else a mask where it ends in one."""
    if count == 1:
        return "Y"
    return "mask" if trial.file.last in ("Sigmoid", "HardSigmoid", "Softmax") else "grey"


def _is_number(value: Value) -> bool:
    """Whether an input is one number, such as a noise level, and not a picture."""
    sides = value.dimensions
    if sides is None or not value.element.startswith(("float", "int", "bool")):
        return False
    return len(sides) <= 1 or all(side == 1 for side in sides)
