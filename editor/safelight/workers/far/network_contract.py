"""Network contract: what a network's file says of itself, read from its metadata properties."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from safelight.workers.far.further_pictures import GUIDES, MASKS, Further
from safelight.workers.far.tensors import (
    BEYOND,
    CHANNELS,
    CHROMA_REACH,
    FITS,
    GRAIN_REACH,
    LAYOUTS,
    RANGES,
    RESULTS,
    RETURN_REACH,
    SPREAD,
    Format,
)
from safelight.workers.pieces import WHOLE


class ModelError(Exception):
    """A network that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a model file says of itself in its metadata properties (``safelight.*``).

    ``reach`` in input pixels, ``scale`` output pixels per input pixel, ``multiple`` of the
    input's sides, ``least`` the shortest side it takes, ``tile`` the piece size in input pixels
    that suits it. ``generates``: it takes no picture, but numbers alone. ``size`` is the (height,
    width) of a network that takes no other, else None; larger pictures are then cut into such
    windows here, smaller ones filled up, or resized whole, as ``fit`` says. ``crop`` is how many
    pixels its result lacks at each edge of ``scale`` times its input. ``beyond`` says what becomes
    of light below 0 and above 1 (``safelight.workers.far.tensors.BEYOND``). ``further`` are the
    inputs that are pictures as well: a mask, a second picture. ``carries`` names the inputs that
    carry something from one frame to the next, and how many times smaller than the frame each is.
    """

    title: str
    scale: int
    reach: int
    multiple: int
    tile: int
    licence: str
    training_data: str
    sha256: str
    format: Format = Format()
    least: int = 1
    size: tuple[int, int] | None = None
    generates: bool = False
    beyond: str = "returned"
    fit: str = "windows"
    crop: int = 0
    further: Further = Further()
    carries: Mapping[str, int] = field(default_factory=dict)

    @property
    def margin(self) -> int:
        """Pixels around its input that it is given besides, because its result lacks them."""
        return -(-self.crop // self.scale)

    def stands_in_for(self, other: Contract) -> bool:
        """Whether this network takes what the other takes and gives what it gives, and so fits into
        pieces that are cut for the other.
        """
        same = replace(
            other,
            title=self.title,
            licence=self.licence,
            training_data=self.training_data,
            sha256=self.sha256,
            reach=self.reach,
            multiple=self.multiple,
            least=self.least,
            tile=self.tile,
        )
        fits = self.reach <= other.reach and other.multiple % self.multiple == 0
        return self == same and fits and self.least <= other.least

    @classmethod
    def read(cls, properties: Mapping[str, str], name: str, sha256: str) -> Contract:
        """The contract in a file's properties. Raises ModelError when it has none."""

        def number(key: str, default: int | None = None) -> int:
            """A length or count; a default stands for what files of old do not say."""
            text = properties.get(f"safelight.{key}", "" if default is None else str(default))
            if not text.isdigit() or int(text) > 1 << 20:
                raise ModelError(f"{name} does not say its {key} (metadata safelight.{key})")
            return int(text)

        if properties.get("safelight.contract") != "1":
            raise ModelError(f"{name} does not explain itself (metadata safelight.contract)")

        def word(key: str, known: Collection[str], default: str = "") -> str:
            text = properties.get(f"safelight.{key}", default or next(iter(known)))
            if text not in known:
                *most, last = known
                raise ModelError(f"{name} has the {key} {text}, not {', '.join(most)} or {last}")
            return text

        def said(key: str) -> str:
            return properties.get(f"safelight.{key}", "")

        scale, reach = max(number("scale", 1), 1), number("reach")
        channels, values = word("channels", CHANNELS), word("range", RANGES)
        format = Format(
            word("layout", LAYOUTS),
            channels,
            values,
            word("result", RESULTS, channels),
            word("result_range", (*RANGES, SPREAD), values),
        )
        if format.result in ("Y", "ab") and scale > 1:
            reach = max(reach, CHROMA_REACH)  # of the colours, which the host resizes
        beyond = word("beyond", BEYOND)
        if beyond == "returned" and scale > 1:
            reach = max(reach, RETURN_REACH)
        elif beyond == "returned" and reach:
            reach += GRAIN_REACH
        height, width = number("height", 0), number("width", 0)
        fit, crop, tile = word("fit", FITS), number("crop", 0), max(number("tile", 448), 16)
        if fit != "windows":
            if not (height and width):
                raise ModelError(f"{name} is shown pictures whole, but does not say their size")
            # With a mask it is shown what is selected, and as much around it as it says.
            reach, tile = (reach if said("mask") else WHOLE), WHOLE
        elif height and 2 * -(-crop // scale) >= min(height, width):
            raise ModelError(f"{name} says that its result lacks more than there is")
        return cls(
            title=properties.get("safelight.title", name),
            scale=scale,
            reach=reach,
            multiple=max(number("multiple", 1), 1),
            tile=tile,
            licence=properties.get("safelight.licence", ""),
            training_data=properties.get("safelight.training_data", ""),
            sha256=sha256,
            format=format,
            least=max(number("least", 1), 1),
            size=(height, width) if height and width else None,
            generates=word("input", ("picture", "numbers")) == "numbers",
            beyond=beyond,
            fit=fit,
            crop=crop,
            further=Further(
                said("mask"), word("mask_range", MASKS), said("guide"), word("guide_fit", GUIDES)
            ),
            carries=_carries(said("carries"), name),
        )


def _carries(text: str, name: str) -> dict[str, int]:
    """What ``previous:1,memory:2`` says: names and sizes. Raises ModelError."""
    found: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        key, _, size = part.strip().partition(":")
        if not key or not size.isdigit() or not 1 <= int(size) <= 16:
            raise ModelError(f"{name} does not say what it carries (metadata safelight.carries)")
        found[key] = int(size)
    return found
