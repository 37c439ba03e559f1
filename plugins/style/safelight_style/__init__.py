"""Style: a photograph in the style of any picture, with neural networks."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np

from safelight import api

from .codes import as_text, of_text, ready, style_code, whole_code
from .colours import colour_statistics, matched, with_luminance
from .working import GRID, NARROW, SUPPORT, Span, enlarged, reduced

STROKE = 8.0
"""Pixels of the strokes that the networks draw, for one pixel of the working size each."""

FARTHEST = 144
"""Working pixels that a network looks at around its own, at most."""

WEAK = 0.25
"""A strength below which the photograph itself shines through more and more."""

MODELS = {"fast": ("fast.onnx", "fast_code.onnx"), "quality": ("quality.onnx", "quality_code.onnx")}

Stroke = Annotated[
    float,
    api.Number(4, 400, slider=(8, 64), step=1, unit="px", length=True),
    "How large the strokes are: the style picture is seen as much larger",
]
Colours = Annotated[
    Literal["style", "matched", "photograph"],
    "From the style; or the style's, matched to those of the photograph; or the photograph's own,"
    " with the style's luminance alone",
]
Model = Annotated[Literal["fast", "quality"], "Fast, or Quality, which looks where in the style"]


def step_of(stroke_size: float) -> float:
    """Pixels of the picture for one that the network works on."""
    return max(stroke_size / STROKE, 1.0)


def reach_of(stroke_size: float) -> int:
    """What resampling adds to the network's own reach.

    The host learns that from a piece of 64 pixels. Filled up to the grid the piece is larger at
    the working size than it should be, so what is learnt is too little for large strokes.
    """
    step = step_of(stroke_size)
    missing = FARTHEST * step * (1 - 1 / (1 + (GRID - 1 + 2 * NARROW) * step / 64))
    return math.ceil(2 * SUPPORT * step + missing)


def measured(
    image: api.Image, job: api.Job, stroke_size: float, colours: str, model: str
) -> Mapping[str, Any]:
    """What the networks need to know of the whole photograph."""
    own = whole_code(image, step_of(stroke_size), MODELS[model][1], job)
    found: dict[str, Any] = {"own": as_text(own)}
    if colours == "matched":
        mean, covariance = colour_statistics(np.clip(np.nan_to_num(image[::4, ::4]), 0, 1))
        found |= {"mean": mean, "covariance": covariance}
    return found


@api.filter("Style", category="Style", reach=reach_of, prepare=measured, zoomable=True)
def style(
    image: api.Image,
    job: api.Job,
    region: api.Region,
    prepared: api.Prepared,
    style: Annotated[api.Picture, api.Tray(), "A painting, a print, a pattern: any picture"] = None,
    second_style: Annotated[
        api.Picture, api.Tray(folded=True), "Another, to be mixed with the first"
    ] = None,
    mix: Annotated[
        float, api.Number(0, 1, step=0.01, ends=("First", "Second")), "Which of the two counts more"
    ] = 0.5,
    strength: Annotated[api.Fraction, "At less than 1 more of the photograph stays"] = 1.0,
    stroke_size: Stroke = 12.0,
    colours: Colours = "style",
    model: Model = "quality",
) -> api.Image:
    """See the photograph in the style of a picture on the tray, or of two, mixed.

    Any picture can be dropped there. A selection limits it to a part of the photograph.
    """
    shares = _shares(style, second_style, mix, strength)
    if not shares:
        return image.copy()
    network, describes = MODELS[model]
    own = of_text(prepared["own"])[None]
    tokens, weights = [], []
    for picture, share in shares:
        drawn = ready(picture)
        if colours == "matched":
            drawn = matched(drawn, *(np.asarray(prepared[x]) for x in ("mean", "covariance")))
        tokens.append(style_code(drawn, describes, job))
        weights.append(np.full(len(tokens[-1]), share / len(tokens[-1]), np.float32))
    if strength < 1:
        tokens.append(own)
        weights.append(np.float32([1 - strength]))
    told = {"style": np.concatenate(tokens)[None], "shares": np.concatenate(weights)[None]}
    made = _painted(
        image, region, step_of(stroke_size), lambda x: job.run(network, x, own=own, **told)
    )
    if colours == "photograph":
        made = with_luminance(image, made)
    return image + min(strength / WEAK, 1) * (made - image)


def _shares(first: Any, second: Any, mix: float, strength: float) -> list[tuple[Any, float]]:
    """The style pictures that count, and how much each does."""
    if first is None or second is None:
        mix, first, second = 0.0, first if first is not None else second, None
    pairs = [(first, strength * (1 - mix)), (second, strength * mix)]
    return [(picture, share) for picture, share in pairs if picture is not None and share > 0]


def _painted(image: api.Image, region: api.Region, step: float, run: Any) -> api.Image:
    """The network's picture of a piece, at the piece's size.

    Light beyond the range is kept as it is: no painting has any.
    """
    inside = np.clip(image, 0, 1)
    rows, columns = Span(region.y, region.height, step), Span(region.x, region.width, step)
    made = run(np.nan_to_num(reduced(inside, rows, columns)))
    return np.clip(enlarged(made, rows, columns), 0, 1) + (image - inside)


@api.hookimpl
def filters():
    return [style]
