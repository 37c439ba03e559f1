"""Probe network: what a network does not say of itself is found out by running it on a test chart.

Shapes come from the graph. What the graph leaves open (range, order of the colours, sizes it
takes, how far it looks) is tried; a decision that the results do not force is called assumed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from safelight.api.testing import photograph
from safelight.workers.far.further_pictures import Further, is_mask, mask_axes
from safelight.workers.far.tensors import COUNTS, LAYOUTS, SPREAD, Format, each_resized, unpacked
from safelight.workers.onnx_file import OnnxError, OnnxFile, Value

Run = Callable[[dict[str, Any]], list[Any]]

KEYS = (
    *("layout", "channels", "range", "result", "result_range", "reach", "multiple", "least"),
    *("fit", "mask", "mask_range", "guide", "guide_fit"),
)
"""What can be said instead of probed, as the metadata properties are called."""

GIVEN, STATED, READ, PROBED, ASSUMED, ASKED = (
    "given",
    "stated by the file",
    "read from the graph",
    "probed",
    "assumed",
    "asked",
)
"""How a property is known. What is *asked* two runs did not tell apart, or not clearly: a person
has to choose by what they make of a picture; until then the likelier is assumed."""

_KINDS = ("float32", "float16", "float64", "uint8", "int32", "int64")
_PIXELS = {"Rgb8": "RGB", "Bgr8": "BGR", "Gray8": "Y"}
"""What ``Image.BitmapPixelFormat`` of ONNX's image metadata says, as the contract says it."""

_NOMINAL = {
    "NominalRange_0_255": "0..255",
    "Normalized_0_1": "0..1",
    "Normalized_1_1": "-1..1",
}
"""What ``Image.NominalPixelRange`` says, as the contract says it."""
_SIDES = (64, 128, 224, 256, 320, 384, 512)
_MULTIPLES = (1, 2, 4, 8, 16, 32, 64)
_SMALLEST_WINDOW, _LARGEST_WINDOW = 16, 4096
_PATIENCE = 4.0
"""Seconds one run of the reach test should take at most; the chart is as large as that allows."""

_KEPT = 0.5
"""Correlation of details with those that went in from which on a result has the same details."""

_CUT = "larger pictures are cut into such windows."
_QUESTIONS = {
    "channels": "whether red or blue comes first",
    "result": "whether a mask or a picture is meant",
    "range": "which range it was made for",
    "fit": "whether its picture or only what it changed should be made as large again",
    "mask_range": "which number says that a pixel is selected",
    "guide": "which of its pictures is the second",
    "guide_fit": "whether the second picture lies on the first or is seen whole",
}
"""What a person is asked, by the property."""

_SEAM = 1 / 1024
"""Difference, of the whole range, below which a seam cannot be seen in eight bits."""

_NOISE = 0.05
"""Standard deviation of the noise that a network of scale 1 is tried with."""

_TELLING, _TELLING_ORDER = 0.95, 0.85
"""How much smaller an error has to be to decide a range, or the order of the colours.

Measured with an enlarger trained here: fed 0..1 where it wants 0..255 its error is an eighth to
a quarter larger; the chart is not natural enough for a few per cent to tell red from blue.
"""

_BROKEN = 0.3
"""Error, of the whole range, from which on nothing of what went in is left in a result."""

_LIKE = 0.2
"""Error, of the whole range, up to which a result is like what went in, so that errors tell."""

_MASK_REACH = 128
"""Pixels around what is selected that a network with a mask is shown, where it takes any size."""

_UNLIKE = 1e-3
"""Difference, of a result's whole range, from which on something has an influence on it."""

_SECONDS = ("style", "ref", "guid", "exemplar", "second", "other", "prev", "target")
"""What the names of second pictures have in them."""

_SLOW_REACH = 64
"""Pixels that a network is taken to look at where that was not probed."""

_TILE, _LARGE_TILE = 448, 1024

_WHOLE_NUMBERS = ("uint8", "int32", "int64")
"""Kinds of numbers in which a picture can only be 0 to 255."""


@dataclass(slots=True)
class Probed:
    """What was found: the contract's ``properties`` without prefix, and ``how`` each was.

    ``size`` is the (height, width) of a network that takes no other. ``notes`` are sentences a
    user should read; ``extras`` the further inputs, each a number, with their ranks, ``kinds`` what
    numpy calls those. ``asks`` has the values to choose from of what has to be asked, the likelier
    first.
    """

    properties: dict[str, str] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)
    asks: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    extras: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    size: tuple[int, int] | None = None

    def set(self, key: str, value: object, how: str) -> None:
        """Note a decision, unless it has been made already."""
        if key not in self.properties:
            self.properties[key] = str(value)
            self.how[key] = how


Tell = Callable[[float, str], None]
"""Is told how far the probing is, 0 to 1, and in a few words what is tried."""

BUDGET = 12.0
"""Seconds after which nothing more is tried: what is not known by then is assumed, or asked."""


def probe(
    file: OnnxFile,
    name: str,
    run: Run,
    given: Mapping[str, str],
    tell: Tell = lambda fraction, words: None,
    budget: float = BUDGET,
) -> Probed:
    """Find out how pictures go through a network: ``run`` takes its inputs, gives its outputs.

    ``given`` are decisions the user has made, by KEYS. Raises OnnxError, in a sentence that
    says why this network is no filter; ``run`` may raise it too. A slow network is tried for
    ``budget`` seconds and no longer begins anything then.
    """
    found = Probed()
    for key, value in given.items():
        found.set(key, value, GIVEN)
    if file.metadata.get("safelight.contract") == "1":
        for key, value in _stated(file.metadata).items():
            found.set(key, value, STATED)
    for key, value in _described(file.metadata).items():
        found.set(key, value, STATED)
    _Probe(file, name, run, found, time.monotonic() + budget).all(tell)
    return found


def _described(metadata: Mapping[str, str]) -> dict[str, str]:
    """What a file says by ONNX's own image metadata, of what goes in and comes out."""
    said = {}
    if channels := _PIXELS.get(metadata.get("Image.BitmapPixelFormat", "")):
        said["channels"] = channels
    if values := _NOMINAL.get(metadata.get("Image.NominalPixelRange", "")):
        said["range"] = values
    return said


def _stated(metadata: Mapping[str, str]) -> dict[str, str]:
    """What a file that explains itself says, and what it says by leaving it out."""
    said = {key: metadata[f"safelight.{key}"] for key in KEYS if f"safelight.{key}" in metadata}
    usual = {"layout": "NCHW", "channels": "RGB", "range": "0..1", "multiple": "1", "least": "1"}
    said = usual | said
    return {"result": said["channels"], "result_range": said["range"]} | said


class _Probe:
    """The steps, in order; each leaves what it found in ``found``."""

    def __init__(
        self, file: OnnxFile, name: str, run: Run, found: Probed, until: float = math.inf
    ) -> None:
        self._file = file
        self._name = name
        self._run = run
        self._found = found
        self._until = until
        self._main = file.inputs[0] if file.inputs else Value("", "", None)
        self._extras: dict[str, Any] = {}
        self._pictures: dict[str, Value] = {}
        self._guide: NDArray[np.float32] | None = None
        self._kind = "float32"
        self._base = (0, 0)
        self._scale = 1
        self._crop = self._margin = 0
        self._cost = 0.0

    def all(self, tell: Tell) -> None:
        """Every step. Raises OnnxError."""
        steps = (
            ("reading what goes in", self._read_inputs),
            ("running it", self._first_run),
            ("trying the mask", self._find_mask),
            ("trying the second picture", self._find_guide),
            ("comparing results", self._check_sense),
            ("trying ranges", self._find_range),
            ("trying orders of colours", self._find_order),
            ("looking at the result", self._ask_result),
            ("trying sizes", self._find_sizes),
            ("looking for seams", self._find_reach),
            ("putting it in words", self._summarise),
        )
        for number, (words, step) in enumerate(steps):
            tell(number / len(steps), words)
            step()

    def _late(self) -> bool:
        """Whether the time is over in which more is tried."""
        return time.monotonic() > self._until

    # -- what goes in ------------------------------------------------------------------------

    def _read_inputs(self) -> None:
        pictures = [item for item in self._file.inputs if not _is_number(item)]
        self._main = self._assigned(pictures)
        self._pictures = {item.name: item for item in pictures}
        self._kind = self._main.element
        if self._kind not in _KINDS:
            raise self._refusal(f"takes {self._kind or 'no'} tensors, not pixels")
        for item in self._file.inputs:
            if item.name not in self._pictures:
                rank = len(item.dimensions or ())
                self._found.extras[item.name] = rank
                self._found.kinds[item.name] = item.element
                usual = 0.5 if item.element.startswith("float") else 1
                self._extras[item.name] = np.full((1,) * rank, usual, item.element)

    def _assigned(self, pictures: list[Value]) -> Value:
        """The input for the picture; of two or three, which is a mask and which a second picture.

        Raises OnnxError where there are others.
        """
        found, said = self._found, self._found.properties
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
            raise self._refusal(
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

    def _layouts(self) -> list[tuple[str, int]]:
        """Layouts and channel counts that the input's shape allows, the likelier first."""
        sides = self._main.dimensions
        wanted = self._found.properties.get("layout")
        rank = 4 if sides is None else len(sides)
        if rank not in (3, 4):
            raise self._refusal(
                f"takes {self._main.text()}: {rank} dimensions, not the three or four of a picture"
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
            raise self._refusal(f"takes {self._main.text()}: no 3 or 1 channels of a picture")
        if rank == 4 and isinstance(sides[0], int) and sides[0] != 1:
            raise self._refusal(f"takes {sides[0]} pictures at a time, a filter has one to give")
        return said or found

    def _sizes(self, layout: str) -> Sequence[tuple[int, int]]:
        """Sizes worth a try: the one the graph states, or some."""
        sides = self._main.dimensions or (None,) * 4
        height, width = (sides[layout.index(axis)] for axis in "HW")
        fixed = [side for side in (height, width) if isinstance(side, int)]
        if not fixed:
            return [(side, side) for side in _SIDES]
        size = (
            height if isinstance(height, int) else fixed[0],
            width if isinstance(width, int) else fixed[0],
        )
        if max(size) > _LARGEST_WINDOW:
            raise self._refusal(f"takes pictures of {size[1]} × {size[0]} alone, too large to cut")
        self._found.size = size
        return [size]

    def _first_run(self) -> None:
        """Find a layout and a size that work, and what comes out."""
        failure: OnnxError | None = None
        for layout, count in self._layouts():
            for size in self._sizes(layout):
                channels = self._channels(count)
                # Not the fixed range: overflowing values are no reason to think it does not run.
                try:
                    result = self._raw(Format(layout, channels, "0..1"), _chart(*size))
                except OnnxError as error:
                    failure = failure or error
                    continue
                self._base = size
                self._found.set("layout", layout, READ if count in self._said() else PROBED)
                self._found.set("channels", channels, READ if count == 1 else ASSUMED)
                self._read_result(result, layout, count)
                self._base = (size[0] - 2 * self._margin, size[1] - 2 * self._margin)
                return
        raise failure or self._refusal("does not run")

    def _said(self) -> tuple[int | str | None, ...]:
        return self._main.dimensions or ()

    def _channels(self, count: int) -> str:
        """What the channels are, as far as their number tells. Raises OnnxError."""
        named = self._found.properties.get("channels")
        if named is None:
            return "RGB" if count == 3 else "Y"
        if COUNTS.get(named) != count:
            raise self._refusal(f"takes {count} channels, which cannot be {named}")
        return named

    def _read_result(self, result: NDArray[Any], layout: str, count: int) -> None:
        """What the shape of a result tells. Raises OnnxError for one that is no picture."""
        shape = " × ".join(map(str, np.shape(result)))
        try:
            height, width, channels = unpacked(np.asarray(result), layout).shape
        except ValueError:
            raise self._refusal(f"gives {shape} numbers, not a picture") from None
        tall, wide = self._base
        fits = not height % tall and not width % wide and height // tall == width // wide
        if fits:
            self._scale = height // tall
        elif cropped := self._cropped(height, width, layout, count):
            self._scale, self._crop = cropped
            self._margin = -(-self._crop // self._scale)
            self._found.set("crop", self._crop, PROBED)
        elif self._found.size is not None:
            self._found.set("fit", "whole", READ)
        elif height < tall or width < wide:
            raise self._refusal(
                f"makes {width} × {height} pixels of {wide} × {tall}: smaller than what went in"
            )
        else:
            raise self._refusal(
                f"makes {width} × {height} pixels of {wide} × {tall}, not a whole number of times"
                " as many each way"
            )
        kinds = {1: self._single(result, count), 2: "ab", 3: "RGB"}
        if channels not in kinds:
            raise self._refusal(f"gives {channels} channels for each pixel, not a picture")
        kind = kinds[channels]
        if kind == "ab" and count == 1:
            self._found.properties["channels"] = "L"
        self._found.set("result", kind, ASSUMED if channels == 3 else READ)
        if COUNTS.get(self._found.properties["result"]) != channels:
            named = self._found.properties["result"]
            raise self._refusal(f"gives {channels} channels, which cannot be {named}")

    def _cropped(self, height: int, width: int, layout: str, count: int) -> tuple[int, int] | None:
        """The scale, and the pixels that the result lacks at each edge; None unless it lacks the
        same at every size, as where convolutions are not padded.
        """
        tall, wide = self._base
        if self._found.size is not None:
            scale = -(-height // tall)
        else:
            step = _MULTIPLES[-1]
            format = Format(layout, self._channels(count), "0..1")
            try:
                larger = self._raw(format, _chart(tall + step, wide + 2 * step))
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

    def _single(self, result: NDArray[Any], count: int) -> str:
        """What one channel of a result is: luma of luma, else a mask where it ends in one."""
        if count == 1:
            return "Y"
        return "mask" if self._file.last in ("Sigmoid", "HardSigmoid", "Softmax") else "grey"

    # -- what lies beside the picture ----------------------------------------------------------

    def _find_mask(self) -> None:
        """Which number of a mask says that a pixel is selected.

        What is selected is to be made anew: what was there has no influence on the result.
        """
        found = self._found
        if "mask" not in found.properties:
            return
        if self._scale != 1:
            raise self._refusal("takes a mask and makes another size, which no filter can do")
        if found.properties["result"] == "mask":
            found.properties["result"] = "grey"  # what it makes is put where the mask says
        kind = self._pictures[found.properties["mask"]].element
        numbers, bytes = ["0..1", "1..0"], ["0..255", "255..0"]
        options = numbers if kind == "bool" else bytes + numbers if kind == "uint8" else None
        options = options or numbers + bytes
        if "mask_range" in found.properties:
            return
        chart = _chart(*self._base)
        hole = _hole(chart)
        other = np.where(hole[..., np.newaxis] > 0, 1 - chart, chart)
        holding: dict[str, NDArray[Any]] = {}
        for option in options:
            found.properties["mask_range"] = option
            first, second = (self._tried(image) for image in (chart, other))
            if not self._differ(first, second):
                holding[option] = first
        del found.properties["mask_range"]
        options = [*holding, *(item for item in options if item not in holding)]
        alike = all(not self._differ(holding[options[0]], item) for item in holding.values())
        how = PROBED if holding and alike else ASKED
        found.set("mask_range", options[0], how)
        if how == ASKED:
            found.asks["mask_range"] = options

    def _find_guide(self) -> None:
        """Whether the second picture lies on the first: then a part of it changes that alone."""
        found = self._found
        if "guide" not in found.properties or "guide_fit" in found.properties:
            return
        chart = _chart(*self._base)
        corner = chart.copy()
        tall, wide = (side // 4 for side in chart.shape[:2])
        corner[:tall, :wide] = 1 - corner[:tall, :wide]
        try:
            self._guide = chart
            first = self._tried(chart)
            self._guide = corner
            second = self._tried(chart)
        except OnnxError:  # it takes no second picture of a size of its own
            found.set("guide_fit", "aligned", ASSUMED)
            return
        finally:
            self._guide = None
        layout = found.properties["layout"]
        if not self._differ(first, second):
            raise self._refusal("gives the same result whatever the second picture is")
        far = [unpacked(item, layout)[2 * tall :, 2 * wide :] for item in (first, second)]
        if not self._differ(*far):
            found.set("guide_fit", "aligned", PROBED)
            return
        found.set("guide_fit", "whole", ASKED)
        found.asks["guide_fit"] = ["whole", "aligned"]

    def _tried(self, image: NDArray[np.float32]) -> NDArray[Any]:
        """The result of the likeliest range, for comparisons. Raises OnnxError."""
        values = "0..255" if self._kind in _WHOLE_NUMBERS else "0..1"
        return self._raw(self._format(values), image)

    def _differ(self, one: NDArray[Any], other: NDArray[Any]) -> bool:
        """Whether two results differ by more than rounding."""
        one, other = one.astype(np.float64), other.astype(np.float64)
        span = max(float(np.ptp(one)), float(np.ptp(other)), 1e-9)
        return not float(np.abs(one - other).max()) <= _UNLIKE * span

    def _beside(self, format: Format, image: NDArray[np.float32]) -> dict[str, Any]:
        """Tensors of a mask and of a second picture for that image, as the network takes them."""
        known = self._found.properties
        mask, guide = known.get("mask", ""), known.get("guide", "")
        if not mask and not guide:
            return {}
        for name in filter(None, (mask, guide)):
            if mask_axes(self._sides(name), format.layout) is None:
                raise self._refusal(f"takes {self._pictures[name].text()}, which is no picture")
        usual = "0..255" if mask and self._pictures[mask].element == "uint8" else "0..1"
        further = Further(
            *(mask, known.get("mask_range", usual)),
            *(guide, "whole" if self._guide is not None else known.get("guide_fit", "aligned")),
        )
        # As one picture twice: what is found out of ranges and orders holds for both.
        second = image if self._guide is None else self._guide
        given = {mask: _hole(image), guide: second}
        stack, rest = further.stacked(image, {name: given[name] for name in further.names})
        sides = {name: self._sides(name) for name in further.names}
        kinds = {name: self._pictures[name].element for name in further.names}
        step = int(known.get("multiple", 1))
        return dict(further.tensors(stack, rest, format, sides, kinds, step))

    def _sides(self, name: str) -> tuple[int | str | None, ...]:
        """The dimensions of an input, four where it does not say how many."""
        sides = self._pictures[name].dimensions
        return (None,) * 4 if sides is None else sides

    # -- whether it makes sense ----------------------------------------------------------------

    def _check_sense(self) -> None:
        """Refuse results that have nothing to do with the picture."""
        format, chart = self._format("0..1"), _chart(*self._base)
        self._raw(format, chart)  # the first run reserves memory
        start = time.perf_counter()
        first = self._raw(format, chart)
        self._cost = (time.perf_counter() - start) / (self._base[0] * self._base[1])
        span = float(np.ptp(first.astype(np.float64))) if np.isfinite(first).all() else 1.0
        if np.abs(first - self._raw(format, chart)).max() > 0.01 * span:
            raise self._refusal("gives another result each time for the same picture")
        other = self._raw(format, np.ascontiguousarray(1 - chart))
        white = self._raw(self._format("0..255"), chart)
        if np.array_equal(first, other) and np.array_equal(first, white):
            raise self._refusal("gives the same result whatever goes in")

    # -- what the numbers mean -----------------------------------------------------------------

    def _find_range(self) -> None:
        """Which numbers are black and white: the range in which it does its task best."""
        found = self._found
        if found.properties["result"] == "ab":
            self._assume_lab()
            return
        wanted = found.properties.get("range")
        tried: list[tuple[float, bool, str, str]] = []
        skipped: list[str] = []
        for values in (wanted,) if wanted else self._ranges():
            if tried and self._late():
                skipped.append(values)
                continue
            made = found.properties.get("result_range") or self._made(values)
            if made:
                error = self._error(self._format(values, made))
                tried.append((error, values != made, values, made))
        if not tried and found.properties["result"] == "grey" and found.size is not None:
            # Such as a depth, in units of its own: only seen whole it has a least and a greatest.
            found.set("fit", "whole", READ)
            tried = [
                (math.inf, False, values, SPREAD)
                for values in ((wanted,) if wanted else self._ranges())
                if self._planes(self._format(values, SPREAD), _chart(*self._base)) is not None
            ]
        if not tried:
            raise self._refusal("gives values that are no picture in any range that is known")
        best = min(tried)[0]
        # Networks without biases and clipping work alike in several ranges; of a result that is
        # unlike what went in, as a mask or a painting is, no error tells anything.
        unlike = best > _LIKE or found.properties["result"] == "mask"
        alike = tried if unlike else [item for item in tried if item[0] <= best / _TELLING]
        _, _, values, made = min(alike, key=lambda item: item[1])
        # A network that changes a picture much does less in a wrong range: only ranges in which
        # nothing of the picture is left are ruled out by an error.
        left = tried if unlike else [item for item in tried if item[0] < _BROKEN]
        how = PROBED if len(left) == 1 and len(tried) > 1 and not skipped else ASKED
        if len(tried) == 1 and not skipped:
            how = READ if self._kind in _WHOLE_NUMBERS else ASSUMED
        found.set("range", values, how)
        found.set("result_range", made, how)
        if found.how["range"] == ASKED:
            others = [item[2] for item in sorted(left) if item[2] != values]
            found.asks["range"] = [values, *others, *skipped]

    def _assume_lab(self) -> None:
        """Of a colouriser nothing can be compared with the chart but how large its colours are."""
        grey = self._found.properties["channels"] in ("L", "Y")
        self._found.set("range", "0..100" if grey else "0..1", ASSUMED)
        values = self._raw(self._format(self._found.properties["range"]), _chart(*self._base))
        self._found.set("result_range", "-1..1" if np.abs(values).max() <= 2 else "0..1", PROBED)

    def _ranges(self) -> Sequence[str]:
        if self._kind in _WHOLE_NUMBERS:
            return ("0..255",)
        if self._found.properties["channels"] in ("Y", "L"):
            return ("0..1", "0..255", "-1..1")
        return ("0..1", "0..255", "-1..1", "imagenet", "caffe")

    def _made(self, values: str) -> str:
        """The range of the result, by its numbers; "" when they are no picture's."""
        result = self._raw(self._format(values), _chart(*self._base)).astype(np.float64)
        if not np.isfinite(result).all():
            return ""
        if self._file.outputs[0].element in _WHOLE_NUMBERS:
            return "0..255"
        low, high = np.percentile(result, (1, 99))
        if self._file.last == "Tanh":
            return "-1..1"
        if high > 4 or low < -4:
            return "0..255" if low > -150 and high < 400 else ""
        return "-1..1" if low < -0.35 else "0..1"

    def _find_order(self) -> None:
        """Whether red or blue comes first: the order in which it does its task best."""
        found = self._found
        if COUNTS[found.properties["channels"]] != 3:
            return
        orders = ("RGB", "BGR")
        ins = orders if found.how["channels"] == ASSUMED else (found.properties["channels"],)
        coloured = COUNTS[found.properties["result"]] == 3
        free = coloured and found.how["result"] == ASSUMED
        # Nearly every network gives colours in the order in which it takes them.
        both = orders if ins[0] == "RGB" else orders[::-1]
        outs = both if free else (found.properties["result"],)
        errors: dict[tuple[str, str], float] = {}
        for taken in ins if coloured else ins[:1]:
            for made in outs:
                if not errors or not self._late():
                    error = self._error(self._format(taken=taken, result=made))
                    errors[taken, made] = error
        plain = next(iter(errors))
        best = min(errors, key=lambda item: errors[item])
        told = errors[best] <= _LIKE and errors[best] < _TELLING_ORDER * errors[plain]
        for key, value in zip(("channels", "result"), best if told else plain, strict=True):
            found.properties[key] = value
            if found.how[key] == ASSUMED:
                # Both orders leave a picture: an error makes one likelier, and forces neither.
                found.how[key] = ASKED if len(ins) > 1 else ASSUMED
        if found.how["channels"] == ASKED:
            found.asks["channels"] = [found.properties["channels"], _other(found, "channels")]

    def _ask_result(self) -> None:
        """Whether one channel made of three is a mask or a picture is for a person to say."""
        found = self._found
        kinds = ("mask", "grey")
        if found.properties["result"] in kinds and found.how["result"] == READ:
            best = found.properties["result"]
            found.how["result"] = ASKED
            found.asks["result"] = [best, *(item for item in kinds if item != best)]

    def _error(self, format: Format) -> float:
        """How far the result is from what was meant: root mean square, of the whole range."""
        spoilt, meant = self._task()
        planes = self._planes(format, spoilt)
        if planes is None:
            return math.inf
        if planes.shape[:2] != meant.shape[:2]:
            planes = each_resized(planes, (meant.shape[1], meant.shape[0]))
        wanted = meant if planes.shape[2] == 3 else meant @ np.array([[0.299], [0.587], [0.114]])
        wrong = (planes.clip(-0.5, 1.5) - wanted) ** 2
        if "mask" in self._found.properties:
            wrong = wrong[_hole(meant) == 0]  # what is made anew is meant to be another
        return float(np.sqrt(np.mean(wrong)))

    def _task(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A spoilt chart and what it was: reduced for an enlarger, with noise for the others.

        A network fed as it was trained does better than one fed otherwise, even where the
        results look alike.
        """
        tall, wide = (side * self._scale for side in self._base)
        meant = _chart(tall, wide)
        if self._scale == 1:
            noise = np.random.default_rng(2).normal(0, _NOISE, meant.shape)
            return (meant + noise).astype(np.float32), meant
        return _resized(meant, self._base), meant

    # -- sizes and reach -------------------------------------------------------------------------

    def _find_sizes(self) -> None:
        """The multiple of the sides that it wants, and the shortest side."""
        found = self._found
        if found.size is not None:
            return
        tall, wide = (side + 2 * self._margin for side in self._base)
        fitting = (
            step
            for step in _MULTIPLES
            if not self._late() and self._takes(tall + step, wide + 3 * step, step) is not None
        )
        multiple = next(fitting, 0)
        if not multiple and self._late():
            # Nothing wider is usual than what it was run with.
            found.set("multiple", _MULTIPLES[-1], ASSUMED)
            found.set("least", _MULTIPLES[-1], ASSUMED)
            return
        if not multiple:
            found.size = self._base
            found.notes.append(
                f"It calls its size free, but takes {wide} × {tall} alone: larger pictures are cut."
            )
            return
        found.set("multiple", multiple, PROBED)
        step = int(found.properties["multiple"])
        sides = sorted({-(-side // step) * step for side in _MULTIPLES}, reverse=True)
        least = -(-tall // step) * step
        for side in sides:
            if self._late() or self._takes(side, side, step) is None:
                break
            least = side
        found.set("least", least, PROBED)

    def _takes(self, height: int, width: int, step: int) -> NDArray[np.float32] | None:
        """The result for that size; None when it fails or has another size."""
        if height % step or width % step:
            return None
        try:
            planes = self._format().planes(self._fed(self._format(), _chart(height, width)))
        except (OnnxError, ValueError):
            return None
        lacks = 2 * self._crop
        if planes.shape[:2] != (height * self._scale - lacks, width * self._scale - lacks):
            return None
        return planes if np.isfinite(planes).all() else None

    def _find_reach(self) -> None:
        """How many pixels around its own a result pixel depends on, and where windows may lie.

        Two windows that overlap are compared: where they differ, one of them lacked something.
        """
        found = self._found
        if "mask" in found.properties:
            self._show_surroundings()
            return
        if "reach" in found.properties or found.properties.get("fit", "windows") != "windows":
            found.set("reach", 0, ASSUMED)
            return
        side = self._window()
        step, reach = self._shifted(side)
        if reach is None and self._late():
            self._assume_reach()
            return
        if found.size is None and found.how["multiple"] == PROBED and reach is not None:
            found.properties["multiple"] = str(step)
        if reach is None and found.size is not None:
            self._see_whole()
            found.set("reach", 0, ASSUMED)
            return
        if reach is None:
            found.notes.append(
                "It looks at the whole picture, or further than could be probed: where pieces"
                " meet, a seam may show."
            )
        # One chart at these weights shows less than another picture may: a quarter more.
        stated = min(side // 4, 64) if reach is None else reach + -(-reach // 4)
        stated = max(stated, self._margin)  # what is not padded looks at all that it crops
        found.set("reach", stated, ASSUMED if reach is None else PROBED)
        found.set("tile", _LARGE_TILE if reach is None else _TILE, ASSUMED)

    def _show_surroundings(self) -> None:
        """A network with a mask is shown what is selected and as much around it as is likely."""
        found = self._found
        found.set("tile", _TILE, ASSUMED)
        if found.size is None:
            found.set("reach", _MASK_REACH, ASSUMED)
            return
        found.set("fit", "whole", ASSUMED)
        found.set("reach", max(min(found.size) // 2, 1), ASSUMED)

    def _assume_reach(self) -> None:
        """It is too slow to look for seams."""
        found = self._found
        found.set("reach", _SLOW_REACH, ASSUMED)
        found.set("tile", _TILE, ASSUMED)
        found.notes.append(
            f"It is slow: how far it looks was not probed, {_SLOW_REACH} pixels are assumed; a"
            " seam may show where pieces meet."
        )

    def _see_whole(self) -> None:
        """A network of one size that nowhere leaves off looking is shown pictures whole.

        Where the small pictures' details are its result's, only what it changes is resized.
        """
        found = self._found
        if found.properties["result"] not in ("RGB", "BGR", "Y") or self._scale > 1:
            found.set("fit", "whole", PROBED)
            return
        chart = _chart(*self._base)
        made = self._planes(self._format(), chart)
        kept = 0.0
        if made is not None:
            details = [_details(planes.mean(axis=2)) for planes in (chart, made)]
            one, other = (item / max(float(np.linalg.norm(item)), 1e-9) for item in details)
            kept = float((one * other).sum())
        best = "change" if kept > _KEPT else "whole"
        found.set("fit", best, ASKED)
        found.asks["fit"] = [best, *(item for item in ("whole", "change") if item != best)]

    def _shifted(self, side: int) -> tuple[int, int | None]:
        """The step on whose grid windows have to lie, and the reach; None when none is enough."""
        if self._late():
            return 1, None
        if self._found.size is not None:
            return 1, self._seam(side, side // 2 + 1)
        middle = max(side // 2 // 64, 1) * 64
        least = int(self._found.properties["multiple"])
        coarse = max(_MULTIPLES[-1], least)
        for step in (*(item for item in _MULTIPLES if item >= least), coarse):
            if self._late():
                break
            reach = self._seam(side, middle + step % 64)
            if reach is not None:
                return step, reach
            if self._seam(side, middle) is None:
                break  # not even where every grid fits: it is no matter of the grid
        return least, None

    def _window(self) -> int:
        """The side of the windows that the reach is tested with."""
        if self._found.size is not None:
            return min(self._base)
        affordable = math.sqrt(_PATIENCE / max(self._cost, 1e-9))
        return int(min(max(affordable, max(self._base), 192), 384)) // 64 * 64

    def _seam(self, side: int, shift: int) -> int | None:
        """How far from a window's end its result is right; None when it nowhere is."""
        size = self._base if self._found.size is not None else (side, side)
        tall, wide = size
        picture = _chart(tall, wide + shift)
        first = self._planes(self._format(), picture[:, :wide])
        second = self._planes(self._format(), picture[:, shift:])
        if first is None or second is None:
            return None
        scale, unit = self._scale, 128 if self._found.properties["result"] == "ab" else 1
        difference = np.abs(first[:, shift * scale :] - second[:, : (wide - shift) * scale])
        columns = difference.max(axis=(0, 2)).reshape(-1, scale).max(axis=1) / unit
        distances = np.minimum(np.arange(columns.size), np.arange(columns.size)[::-1])
        wrong = distances[columns > self._visible()]
        reach = int(wrong.max()) + 1 if wrong.size else 0
        return reach if reach < columns.size // 2 - 1 else None

    def _visible(self) -> float:
        """Results in whole steps of eight bits may differ by one for nothing."""
        rounded = {"Round", "Floor", "Ceil"} & set(self._file.operators)
        whole = self._file.outputs[0].element == "uint8" or rounded
        return 1.5 / 255 if whole else _SEAM

    def _summarise(self) -> None:
        found = self._found
        found.set("scale", self._scale, PROBED)
        found.set("tile", _TILE, ASSUMED)
        if found.size is not None:
            found.set("height", found.size[0], READ)
            found.set("width", found.size[1], READ)
            whole = found.properties.get("fit", "windows") != "windows"
            found.notes.append(
                f"It takes {found.size[1]} × {found.size[0]} pixels at a time; "
                + (self._resized_words() if whole else _CUT)
            )
        if "guide" in found.properties:
            found.notes.append(
                "It takes a second picture, and is given the picture itself where none is chosen;"
                " the preview shows it with a test chart."
            )
        if "mask" in found.properties:
            found.notes.append(
                "It fills what is selected; in the preview that is the middle of the picture."
            )
        for key, values in found.asks.items():
            found.notes.append(
                f"Its results do not tell {_QUESTIONS[key]}: {values[0]} is assumed,"
                f" {' or '.join(values[1:])} may be meant. Compare what they make of a picture."
            )
        if self._main.element == "float16":
            found.notes.append("It computes with half precision.")

    def _resized_words(self) -> str:
        if "mask" in self._found.properties:
            return "what is selected, with what lies around it, is resized to that."
        return "pictures are resized to that, whole."

    # -- running ---------------------------------------------------------------------------------

    def _format(
        self, values: str = "", made: str = "", *, taken: str = "", result: str = ""
    ) -> Format:
        """How pictures go through, as far as it is known or is being tried."""
        known = self._found.properties
        return Format(
            known["layout"],
            taken or known["channels"],
            values or known.get("range", "0..1"),
            result or known["result"],
            made or known.get("result_range", "0..1"),
        )

    def _raw(self, format: Format, image: NDArray[np.float32]) -> NDArray[Any]:
        """The first output for ``image``, of which nothing is lacking.

        Raises OnnxError where the network fails.
        """
        margin, scale = self._margin, self._scale
        if not margin:
            return self._fed(format, image)
        height, width = image.shape[:2]
        multiple = int(self._found.properties.get("multiple", 1))
        ends = ((margin, margin + -(side + 2 * margin) % multiple) for side in (height, width))
        result = self._fed(format, np.pad(image, (*ends, (0, 0)), mode="edge"))
        first = margin * scale - self._crop
        planes = unpacked(result, format.layout)
        planes = planes[first : first + height * scale, first : first + width * scale]
        planes = planes if "HWC" in format.layout else planes.transpose(2, 0, 1)
        return planes[np.newaxis] if format.layout.startswith("N") else planes

    def _fed(self, format: Format, image: NDArray[np.float32]) -> NDArray[Any]:
        """The first output as it is. Raises OnnxError where the network fails."""
        feeds = {self._main.name: format.tensor(image, self._kind), **self._extras}
        feeds |= self._beside(format, image)
        return np.asarray(self._run(feeds)[0])

    def _planes(self, format: Format, image: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """The result as (height, width, channels); None when it is no number or no such shape."""
        try:
            planes = format.planes(self._raw(format, image))
        except ValueError:
            return None
        return planes if np.isfinite(planes).all() else None

    def _refusal(self, reason: str) -> OnnxError:
        return OnnxError(f"{self._name} {reason}.")


def _is_number(value: Value) -> bool:
    """Whether an input is one number, such as a noise level, and not a picture."""
    sides = value.dimensions
    if sides is None or not value.element.startswith(("float", "int", "bool")):
        return False
    return len(sides) <= 1 or all(side == 1 for side in sides)


def _hole(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """A mask (height, width) to try: 1 in the middle, 0 elsewhere."""
    tall, wide = image.shape[:2]
    mask = np.zeros((tall, wide), np.float32)
    mask[tall * 3 // 8 : tall * 5 // 8, wide * 3 // 8 : wide * 5 // 8] = 1
    return mask


def _chart(height: int, width: int) -> NDArray[np.float32]:
    """The test chart: sky, grass, hard edges, fine lines, texture; the colours of a photograph."""
    return photograph(width, height, seed=1)


def _details(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a plane has beyond the mean of its neighbours."""
    around = sum(np.roll(plane, step, axis) for axis in (0, 1) for step in (-1, 1))
    return np.asarray(plane - around / 4, np.float32)[1:-1, 1:-1]


def _other(found: Probed, key: str) -> str:
    return "BGR" if found.properties[key] == "RGB" else "RGB"


def _resized(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Reduced to (height, width), bicubic, as enlargers are trained."""
    height, width = size
    planes = [
        PillowImage.fromarray(np.ascontiguousarray(image[..., index])).resize(
            (width, height), PillowImage.Resampling.BICUBIC
        )
        for index in range(3)
    ]
    return np.stack([np.asarray(plane, np.float32) for plane in planes], axis=2)


def sentences(found: Probed) -> Iterator[tuple[str, str, str]]:
    """What was found as (property, value, how), in the order a reader wants it."""
    order = ("scale", *KEYS, "crop", "height", "width", "tile")
    for key in order:
        if key in found.properties:
            yield key, found.properties[key], found.how[key]
