"""A plugin with one parameter of every type, and filters that look at other pixels."""

from typing import Annotated, Literal

import numpy as np

from safelight import api


@api.filter("Everything", category="Test")
def everything(
    image: api.Image,
    amount: api.Fraction = 0.25,
    balance: api.SignedFraction = -0.5,
    radius: api.Pixels = 12.0,
    angle: api.Angle = 90.0,
    exposure: Annotated[float, api.Number(-5, 5, slider=(-2, 2), unit="EV")] = 0.0,
    steps: Annotated[int, api.Number(1, 9)] = 3,
    method: Literal["soft", "hard"] = "soft",
    blend: Literal["soft light", "hard light", "vivid light", "linear burn", "pin"] = "pin",
    invert: Annotated[bool, "Turn it round"] = False,
    tint: api.HexColour = "#ffaa00",
    centre: api.Point = (0.5, 0.5),
    part: api.Rectangle = (0.1, 0.2, 0.3, 0.4),
    curve: api.Curve = ((0.0, 0.0), (1.0, 1.0)),
    tones: api.ToneRange = (0.1, 0.8),
    caption: str = "hello",
    style: api.Picture = None,
    depth: api.Layer = None,
    seed: api.Seed = 7,
) -> api.Image:
    """One parameter of every type; the curve is drawn."""
    drawn = np.interp(image, np.linspace(0, 1, 256), api.curve_samples(curve, 256))
    return drawn.astype(np.float32)


@api.filter("Mean of another", category="Test")
def tone(image: api.Image, style: api.Picture = None) -> api.Image:
    """Shows the mean colour of another picture."""
    if style is None:
        return image.copy()
    if style.flags.writeable:
        raise ValueError("the picture can be written to")
    return np.zeros_like(image) + style.mean(axis=(0, 1))


@api.filter("Size of another", category="Test")
def extent(image: api.Image, style: api.Picture = None) -> api.Image:
    """Shows the size of another picture: red is its width, green its height, / 4096."""
    height, width = (0, 0) if style is None else style.shape[:2]
    return np.zeros_like(image) + np.array([width / 4096, height / 4096, 0], np.float32)


@api.filter("Two tones", category="Test")
def two_tones(
    image: api.Image,
    style: Annotated[api.Picture, api.Tray()] = None,
    second_style: Annotated[api.Picture, api.Tray(folded=True)] = None,
    amount: api.Fraction = 1.0,
) -> api.Image:
    """Tint the picture with the mean colours of others."""
    tones = [other.mean(axis=(0, 1)) for other in (style, second_style) if other is not None]
    tint = np.mean(tones, axis=0) if tones else image
    return (image + (tint - image) * amount).astype(np.float32)


@api.filter("Near", category="Test", reach=3)
def near(image: api.Image, layer: api.Layer = None, picture: api.Picture = None) -> api.Image:
    """Shows a layer or a picture as a filter that looks around sees it."""
    if picture is not None:
        return picture[: len(image), : image.shape[1]]
    return image.copy() if layer is None else layer


@api.filter("Copy", category="Test")
def copy(image: api.Image, layer: api.Layer = None) -> api.Image:
    """Shows another layer."""
    return image.copy() if layer is None else layer.copy()


@api.hookimpl
def filters():
    return [everything, tone, extent, two_tones, near, copy]
