"""Style: a photograph in the style of any picture, with neural networks."""

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import numpy as np

from safelight import api

from .codes import as_text, of_text, ready, style_code, whole_code
from .colours import colour_statistics, matched, with_luminance
from .working_size import GRID, NARROW, SUPPORT, Span, enlarged, reduced

STROKE = 8.0
"""Pixels of the strokes that the networks draw, for one pixel of the working size each."""

FARTHEST = 144
"""Working pixels that a network looks at around its own, at most."""

WEAK = 0.25
"""A strength below which the photograph itself shines through more and more."""

PAINTING, NETWORK = "from the painting", "from the network"

MODELS = {"fast": ("fast.onnx", "fast_code.onnx"), "quality": ("quality.onnx", "quality_code.onnx")}

Strokes = Annotated[
    Literal["from the painting", "from the network"],
    "From the painting: pieces of it, laid as the network says; or as the network draws them",
]
Scale = Annotated[
    float,
    api.Number(0.25, 2, step=0.05, unit="×", logarithmic=True),
    "How large the painting's strokes come out: at 1 as if it were as large as the photograph",
]
Detail = Annotated[
    float,
    api.Number(0, 1, step=0.01, ends=("Broad", "Fine")),
    "How much of the photograph's fine structure is kept, with finer strokes",
]
Stroke = Annotated[
    float,
    api.Number(4, 400, slider=(8, 64), step=1, unit="px", length=True),
    "How large the strokes are that the network draws: the style picture is seen as much larger",
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
    image: api.Image, job: api.Job, strokes: str, stroke_size: float, colours: str, model: str
) -> Mapping[str, Any]:
    """What is needed to know of the whole photograph: a small version, or what networks need."""
    found: dict[str, Any]
    if strokes == PAINTING:
        from .strokes import seen, whole  # numba comes with it: not before it is asked for

        found = seen(image)
        looked_at = whole(found)
    else:
        own = whole_code(image, step_of(stroke_size), MODELS[model][1], job)
        found = {"own": as_text(own)}
        looked_at = np.clip(np.nan_to_num(image[::4, ::4]), 0, 1)
    if colours == "matched":
        mean, covariance = colour_statistics(looked_at)
        found |= {"mean": mean, "covariance": covariance}
    return found


def upgraded(settings: dict[str, api.Value], version: str) -> Mapping[str, object]:
    """Settings of a version without strokes from the painting: those were the network's."""
    return {"strokes": NETWORK} | settings


@api.filter(
    "Style",
    category="Style",
    reach=reach_of,
    prepare=measured,
    zoomable=True,
    upgrade=upgraded,
)
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
    strokes: Strokes = PAINTING,
    stroke_scale: Scale = 1.0,
    detail: Detail = 0.5,
    stroke_size: Stroke = 12.0,
    colours: Colours = "style",
    model: Model = "quality",
) -> api.Image:
    """Paint the photograph with the strokes of a picture on the tray, or of two, mixed.

    Any picture can be dropped there. A selection limits it to a part of the photograph.
    """
    shares = _shares(style, second_style, mix, strength)
    if not shares:
        return image.copy()
    recoloured = _recolouring(prepared) if colours == "matched" else _as_it_is
    if strokes == PAINTING:
        made = _with_pieces(
            image, region, prepared, shares, recoloured, (stroke_scale, detail, model), job
        )
        part = strength
    else:
        own = of_text(prepared["own"])[None]
        told = _told(shares, recoloured, strength, own, model, job)
        network = MODELS[model][0]
        made = _painted(
            image, region, step_of(stroke_size), lambda x: job.run(network, x, own=own, **told)
        )
        part = min(strength / WEAK, 1)
    if colours == "photograph":
        made = with_luminance(image, made)
    return image + part * (made - image)


def _as_it_is(picture: api.Image) -> api.Image:
    return picture


def _recolouring(prepared: api.Prepared) -> Callable[[api.Image], api.Image]:
    """What gives a style picture the photograph's colours."""
    mean, covariance = (np.asarray(prepared[name]) for name in ("mean", "covariance"))
    return lambda picture: matched(picture, mean, covariance)


def _told(
    shares: list[tuple[Any, float]],
    recoloured: Callable[[api.Image], api.Image],
    strength: float,
    own: Any,
    model: str,
    job: api.Job,
) -> dict[str, Any]:
    """What a network is told of the styles; ``own`` is the photograph's token."""
    tokens, weights = [], []
    for picture, share in shares:
        drawn = recoloured(ready(picture))
        tokens.append(style_code(drawn, MODELS[model][1], job))
        weights.append(np.full(len(tokens[-1]), share / len(tokens[-1]), np.float32))
    if strength < 1:
        tokens.append(own)
        weights.append(np.float32([1 - strength]))
    return {"style": np.concatenate(tokens)[None], "shares": np.concatenate(weights)[None]}


def _with_pieces(
    image: api.Image,
    region: api.Region,
    prepared: api.Prepared,
    shares: list[tuple[Any, float]],
    recoloured: Callable[[api.Image], api.Image],
    settings: tuple[float, float, str],
    job: api.Job,
) -> api.Image:
    """The piece of the photograph painted with pieces of the style pictures.

    The strength does not count here, so that nothing is painted anew for another one.
    """
    model = settings[-1]
    total = sum(share for _, share in shares)
    shares = [(picture, share / total) for picture, share in shares]

    def guided(small: api.Image) -> api.Image:
        own = whole_code(small, 1.0, MODELS[model][1], job)[None]
        told = _told(shares, recoloured, 1.0, own, model, job)
        place = api.Region(0, 0, small.shape[1], small.shape[0])
        network = MODELS[model][0]
        return _painted(small, place, 1.0, lambda x: job.run(network, x, own=own, **told))

    pictures = [recoloured(np.clip(np.nan_to_num(picture), 0, 1)) for picture, _ in shares]
    from .strokes import painted  # as in what prepares

    made = painted(prepared, pictures, [share for _, share in shares], settings, guided, job)
    part = (region.y, region.x, region.bottom, region.right)
    drawn = made.drawn(tuple(prepared["size"]), part)
    return drawn + (image - np.clip(image, 0, 1))


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
