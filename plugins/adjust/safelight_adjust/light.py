"""Light: tones that make a picture lighter, darker, harder or softer."""

import math
from typing import Annotated, Literal

import numpy as np

from safelight import api

LUMINANCE = api.Matrix(((0.2126, 0.7152, 0.0722),) * 3)
"""The luminance (ITU-R BT.709) in all three channels."""

SAMPLES = 4097
"""Samples of a smooth curve from 0 to 1: between two, it bends by less than a 16-bit level."""

Stops = Annotated[float, api.Number(-5, 5, step=0.05, unit="EV")]
Percent = Annotated[float, api.Number(-100, 100, step=1)]
Level = Annotated[float, api.Number(0, 1, step=0.005)]
Channel = Literal["all", "red", "green", "blue"]

STRAIGHT = ((0.0, 0.0), (1.0, 1.0))
"""The points of a curve that changes nothing."""


def _exposed(thumbnail: api.Image) -> dict[str, float]:
    """Stops that bring the geometric mean of the luminance to middle grey, as far as no more than a
    hundredth of the picture becomes white.

    E. Reinhard et al., "Photographic Tone Reproduction for Digital Images", SIGGRAPH 2002, with its
    key of 0.18.
    """
    light = api.to_linear(thumbnail) @ np.array(LUMINANCE.rows[0], np.float32)
    light = np.maximum(light, 1e-4)
    wanted = math.log2(0.18) - float(np.log2(light).mean())
    most = -math.log2(max(float(np.quantile(light, 0.99)), 1e-4))
    return {"stops": round(min(max(min(wanted, max(most, 0.0)), -3.0), 3.0), 2)}


@api.tone("Exposure", category="Light", keeps_grey=True, auto=_exposed)
def exposure(stops: Stops = 0.0) -> api.Table:
    """Make the picture lighter or darker, as if the light had been doubled for each stop.

    y = E(2^stops D(x)), D and E the sRGB transfer function and its inverse (IEC 61966-2-1).
    """
    return api.TO_LINEAR, api.Matrix.scaled(2.0**stops), api.FROM_LINEAR


_USUAL = 0.22
"""Standard deviation of the encoded luminance of a photograph that is neither hard nor soft."""


def _lit(thumbnail: api.Image) -> dict[str, float]:
    """The exposure that ``exposure`` finds; then the contrast that brings the standard deviation of
    the luminance half of the way to the usual one, and as much of highlights and shadows as keeps
    the hundredths at the ends from becoming white or black.
    """
    stops = _exposed(thumbnail)["stops"]
    light = np.clip(api.from_linear(api.to_linear(thumbnail) * np.float32(2.0**stops)), 0, 1)
    light = light @ np.array(LUMINANCE.rows[0], np.float32)
    spread = _USUAL / max(float(light.std()), 0.05)
    bright, dark = (float((light > 0.9).mean()), float((light < 0.1).mean()))
    return {
        "exposure": stops,
        "contrast": float(round(min(max(25 * math.log2(spread), -20), 30))),
        "highlights": float(-round(min(200 * bright, 60))),
        "shadows": float(round(min(150 * dark, 50))),
    }


@api.tone("Light", category="Light", keeps_grey=True, auto=_lit)
def light(
    exposure: Annotated[
        float,
        api.Number(-5, 5, slider=(-3, 3), step=0.05, unit="EV"),
        "Lighter or darker, as if the light were doubled",
    ] = 0.0,
    contrast: Annotated[Percent, "Light and dark further apart, or nearer"] = 0.0,
    highlights: Annotated[Percent, "Light parts lighter, or darker"] = 0.0,
    shadows: Annotated[Percent, "Dark parts lighter, or darker"] = 0.0,
) -> api.Table:
    """Set exposure, contrast, highlights and shadows together, as one table.

    In this order: ``exposure`` in linear light; the contrast of ``brightness_contrast``; then each
    channel is changed by what the luminance b changes by, towards
    b + h b^3 (1 - b) + s b (1 - b)^3, with 1.8 for -100 of the highlights and for 100 of the
    shadows, and half of that the other way, which keeps the curve rising. Black and white stay.
    ``shadows_highlights`` keeps more of the contrast within what it changes, and takes longer.
    """
    stages: list[api.Stage] = []
    if exposure:
        stages += [api.TO_LINEAR, api.Matrix.scaled(2.0**exposure), api.FROM_LINEAR]
    places = np.linspace(0, 1, SAMPLES)
    if contrast:
        stages.append(api.Curves(_gain(places, _share(-contrast))))
    if highlights or shadows:
        lift = (0.018 if shadows > 0 else 0.009) * shadows
        gain = (0.018 if highlights < 0 else 0.009) * highlights
        change = lift * places * (1 - places) ** 3 + gain * places**3 * (1 - places)
        more = api.Matrix(((1, 0, 0), (0, 1, 0), (0, 0, 1)), (1, 1, 1))
        stages.append(api.Mix(api.Curves(change, below="level", above="level"), more))
    return stages


@api.tone("Brightness and contrast", category="Light", keeps_grey=True)
def brightness_contrast(
    brightness: Annotated[Percent, "Lighter or darker midtones; black and white stay"] = 0.0,
    contrast: Annotated[
        Percent, "Light and dark further apart, or nearer; black and white stay"
    ] = 0.0,
) -> api.Table:
    """Make the midtones lighter or darker, and the contrast harder or softer.

    Black, white and, for the contrast, middle grey stay where they are. The curves are bias and
    gain of C. Schlick, "Fast alternatives to Perlin's bias and gain functions", Graphics Gems IV
    (1994), pages 401-403: bias(t) = t / ((1/b - 2) (1 - t) + 1), gain two of it, about the middle.
    A slider's -100 to 100 is b from 0.2 to 0.8, evenly in log odds. At 100 the slope of the
    steepest part is 4.
    """
    places = np.linspace(0, 1, SAMPLES)
    return api.Curves(_gain(_bias(places, _share(brightness)), _share(-contrast)))


def _share(amount: float) -> float:
    """Schlick's parameter, 0.2 to 0.8, of an amount of -100 to 100."""
    return float(4.0 ** (amount / 100) / (1 + 4.0 ** (amount / 100)))


def _bias(t: np.ndarray, share: float) -> np.ndarray:
    return t / ((1 / share - 2) * (1 - t) + 1)


def _gain(t: np.ndarray, share: float) -> np.ndarray:
    upper = t >= 0.5
    folded = np.where(upper, 2 * (1 - t), 2 * t)
    half = _bias(folded, share) / 2
    return np.where(upper, 1 - half, half)


def _stretched(thumbnail: api.Image) -> dict[str, float]:
    """Black and white points that leave a thousandth of all values outside, and the gamma that then
    brings the median half of the way to the middle.
    """
    black, white = (float(value) for value in np.quantile(thumbnail, (0.001, 0.999)))
    black, white = min(max(black, 0.0), 0.4), min(max(white, 0.4), 1.0)
    middle = (float(np.median(thumbnail)) - black) / max(white - black, 0.05)
    middle = min(max(middle, 0.1), 0.9)
    # Between the median and one half, by equal parts of its logarithm.
    gamma = math.sqrt(math.log(middle) / math.log(0.5))
    return {"black": black, "white": white, "gamma": min(max(gamma, 0.7), 1.5)}


@api.tone("Levels", category="Light", auto=_stretched)
def levels(
    black: Annotated[Level, "What becomes the darkest tone"] = 0.0,
    white: Annotated[Level, "What becomes the lightest tone"] = 1.0,
    gamma: Annotated[
        float,
        api.Number(0.1, 10, slider=(0.2, 5), step=0.01, logarithmic=True),
        "Above 1 makes midtones lighter, below 1 darker",
    ] = 1.0,
    darkest: Annotated[Level, "The darkest tone of the result"] = 0.0,
    lightest: Annotated[Level, "The lightest tone of the result"] = 1.0,
    channel: Annotated[Channel, "Which channel is changed"] = "all",
) -> api.Table:
    """Spread the tones between a black and a white point, with the midtones where gamma says.

    y = darkest + (lightest - darkest) ((x - black) / (white - black)) ^ (1 / gamma); below black
    the power is mirrored. Where white is not above black, what is at least black becomes white.
    As in GIMP and Photoshop (GIMP's documentation of *Levels*). The power is a table of 8192 places
    from black to white: within 1e-5 of it from the 256th part on, within 0.006 in the first place.
    """
    width = max(white - black, 1e-3)
    into = api.Matrix.scaled(1 / width), (-black / width,) * 3
    out = api.Matrix.scaled(lightest - darkest), (darkest,) * 3
    stages: list[api.Stage] = [api.Matrix(into[0].rows, into[1])]
    if gamma != 1:
        # Closer near black, where the power is steepest.
        places = np.linspace(-1, 4, 5 * 8192 + 1)
        stages.append(api.Curves(np.sign(places) * np.abs(places) ** (1 / gamma), -1, 4))
    stages.append(api.Matrix(out[0].rows, out[1]))
    return stages if channel == "all" else [_of_channel(stage, channel) for stage in stages]


def _of_channel(stage: api.Stage, channel: str) -> api.Stage:
    """A stage that changes one channel alone."""
    index = ("red", "green", "blue").index(channel)
    if isinstance(stage, api.Matrix):
        rows, offset = np.eye(3), np.zeros(3)
        rows[index], offset[index] = stage.rows[index], stage.offset[index]
        return api.Matrix(tuple(map(tuple, rows.tolist())), tuple(offset.tolist()))
    assert isinstance(stage, api.Curves)
    places = np.linspace(stage.low, stage.high, stage.samples.shape[-1])
    samples = np.repeat(places[None], 3, 0)
    samples[index] = stage.samples
    return api.Curves(samples, stage.low, stage.high)


@api.tone("Curves", category="Light")
def curves(
    rgb: Annotated[api.Curve, "All channels"] = STRAIGHT,
    luminance: Annotated[
        api.Curve, "Light and dark; colours keep their distance from grey"
    ] = STRAIGHT,
    red: api.Curve = STRAIGHT,
    green: api.Curve = STRAIGHT,
    blue: api.Curve = STRAIGHT,
) -> api.Table:
    """Bend the tones along curves: those of the channels first, then all, then luminance.

    The curves are monotone between their points (``api.curve_samples``). The curve of luminance
    adds to each channel what the luminance changes by.
    """
    stages: list[api.Stage] = []
    if any(curve != STRAIGHT for curve in (red, green, blue)):
        stages.append(api.Curves(np.stack([_bent(curve) for curve in (red, green, blue)])))
    if rgb != STRAIGHT:
        stages.append(api.Curves(_bent(rgb)))
    if luminance != STRAIGHT:
        places = np.linspace(0, 1, SAMPLES)
        more = api.Matrix(((1, 0, 0), (0, 1, 0), (0, 0, 1)), (1, 1, 1))
        stages.append(api.Mix(api.Curves(_bent(luminance) - places), more))
    return stages


def _bent(curve: api.Curve) -> np.ndarray:
    return api.curve_samples(curve, SAMPLES)


@api.tone("Invert", category="Light", keeps_grey=True)
def invert() -> api.Table:
    """Turn the picture into its negative: y = 1 - x in each channel, of encoded values."""
    return api.Matrix(((-1, 0, 0), (0, -1, 0), (0, 0, -1)), (1, 1, 1))


@api.tone("Threshold", category="Light", keeps_grey=True)
def threshold(
    level: Annotated[Level, "Luminance from which on all is white"] = 0.5,
) -> api.Table:
    """Make all black or white: white where the luminance (ITU-R BT.709) is at least the level.

    The luminance is that of encoded values. What is up to 2e-4 below the level counts as at it,
    wholly or in part: sums of shares are rounded.
    """
    half = 1e-4
    step = api.Curves((0.0, 1.0), level - 2 * half, level - half, below="level", above="level")
    return LUMINANCE, step


@api.tone("Posterise", category="Light", keeps_grey=True)
def posterise(
    tones: Annotated[
        int, api.Number(2, 64, slider=(2, 16)), "Tones that are left in each channel"
    ] = 4,
) -> api.Table:
    """Leave a few even tones in each channel: y = floor(n x) / (n - 1), white the last.

    Equally wide steps, as Photoshop has them, of encoded values.
    """
    places = np.linspace(0, 1, 65536)
    steps = np.minimum(np.floor(places * tones), tones - 1) / (tones - 1)
    return api.Curves(steps, below="level", above="level")
