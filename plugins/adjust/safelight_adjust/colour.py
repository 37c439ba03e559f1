"""Colour: tones that move colours, and filters that look at how strong or of what hue they are."""

import math
from typing import Annotated, Literal

import numpy as np

from safelight import api

from .light import LUMINANCE, SAMPLES, Percent

Fraction = Annotated[float, api.Number(-1, 1, step=0.01)]
Hue = Annotated[float, api.Number(0, 360, step=1, unit="°")]
HueShift = Annotated[float, api.Number(-180, 180, step=1, unit="°")]
Mixed = Annotated[float, api.Number(-2, 2, slider=(-2, 2), step=0.01)]
Temperature = Annotated[
    float,
    api.Number(2000, 25000, slider=(2500, 15000), step=50, unit="K", logarithmic=True),
    "The light that the picture was taken in: more makes it warmer, less colder",
]
Tint = Annotated[
    float, api.Number(-150, 150, step=1), "Less green and more magenta, or the other way round"
]

_SHARES = np.array([0.2126, 0.7152, 0.0722])
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip
"""Linear sRGB to CIE XYZ (IEC 61966-2-1), white of D65."""

_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
"""CIE XYZ to the cones' responses of the Bradford transform (K. Lam, 1985; ICC.1:2022, annex E)."""

_NEUTRAL = 6504.0
"""Kelvin of D65, the white of sRGB."""


def _white(kelvin: float, tint: float) -> np.ndarray:
    """CIE XYZ, Y = 1, of daylight or, below 4000 K, of a black body; ``tint`` moves it across.

    Daylight: CIE 15:2018, section 4.1.2. Black body: B. Kang et al., "Design of Advanced
    Color-Temperature Control System", Journal of the Korean Physical Society 41 (2002). Both are
    mixed between 3500 and 4500 K. A tint of 100 is 0.02 in CIE 1960 uv, across the locus.
    """
    part = min(max((kelvin - 3500) / 1000, 0.0), 1.0)
    place = (1 - part) * _uv(*_black_body(kelvin)) + part * _uv(*_daylight(max(kelvin, 4000)))
    if tint:
        nearby = kelvin * 1.01
        ahead = (1 - part) * _uv(*_black_body(nearby)) + part * _uv(*_daylight(max(nearby, 4000)))
        along = ahead - place if np.any(ahead != place) else np.array([-1.0, 0.0])
        across = np.array([-along[1], along[0]]) / math.hypot(*along)
        place = place + across * (0.0002 * tint) * (1 if across[1] > 0 else -1)
    u, v = place
    x, y = 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _uv(x: float, y: float) -> np.ndarray:
    """CIE 1960 u, v of CIE 1931 x, y."""
    return np.array([4 * x, 6 * y]) / (-2 * x + 12 * y + 3)


def _daylight(kelvin: float) -> tuple[float, float]:
    t = 1e3 / kelvin
    if kelvin <= 7000:
        x = ((-4.6070 * t + 2.9678) * t + 0.09911) * t + 0.244063
    else:
        x = ((-2.0064 * t + 1.9018) * t + 0.24748) * t + 0.237040
    return x, (-3.0 * x + 2.870) * x - 0.275


def _black_body(kelvin: float) -> tuple[float, float]:
    t = 1e3 / kelvin
    if kelvin <= 4000:
        x = ((-0.2661239 * t - 0.2343589) * t + 0.8776956) * t + 0.179910
    else:
        x = ((-3.0258469 * t + 2.1070379) * t + 0.2226347) * t + 0.240390
    if kelvin <= 2222:
        y = ((-1.1063814 * x - 1.34811020) * x + 2.18555832) * x - 0.20219683
    elif kelvin <= 4000:
        y = ((-0.9549476 * x - 1.37418593) * x + 2.09137015) * x - 0.16748867
    else:
        y = ((3.0817580 * x - 5.87338670) * x + 3.75112997) * x - 0.37001483
    return x, y


def _adapted(seen: np.ndarray, wanted: np.ndarray) -> api.Matrix:
    """The matrix of linear sRGB that makes a white that is ``seen`` the one that is ``wanted``."""
    cones = _BRADFORD @ _TO_XYZ
    gains = np.diag((_BRADFORD @ wanted) / (_BRADFORD @ seen))
    return _matrix(np.linalg.inv(cones) @ gains @ cones)


def _matrix(rows: np.ndarray, offset: tuple[float, float, float] = (0, 0, 0)) -> api.Matrix:
    return api.Matrix(tuple(map(tuple, rows.tolist())), offset)


_EXPONENT = 6
"""Shades of grey: between the mean (1) and the largest value (infinite) of each channel."""

_CERTAIN = 0.7
"""How much of what is found is taken away: a sunset stays a little warm."""


def _balanced(thumbnail: api.Image) -> dict[str, object]:
    """Temperature and tint of the light that the picture shows.

    Shades of grey: G. Finlayson and E. Trezzi, "Shades of Gray and Colour Constancy", Color Imaging
    Conference 2004, of what is neither clipped nor black; of the way from the light to white,
    seven tenths. A picture of one pixel is one that should be grey: then it is all of the way, as
    far as temperature and tint can go.
    """
    if thumbnail.shape[:2] == (1, 1):
        return _grey(thumbnail[0, 0])
    light = api.to_linear(thumbnail).astype(np.float64).reshape(-1, 3)
    whole = light[(light.max(1) < 0.98) & (light.max(1) > 0.01)]
    if not len(whole):
        return {"temperature": 6500.0, "tint": 0.0, "grey": []}
    colour = (np.maximum(whole, 0) ** _EXPONENT).mean(0) ** (1 / _EXPONENT)
    goal = (1 - _CERTAIN) * _place(6500.0, 0.0) + _CERTAIN * _seen(colour)
    kelvin, tint = _light_at(goal, np.geomspace(2500, 15000, 120))
    return {"temperature": kelvin, "tint": float(round(min(max(tint, -100), 100))), "grey": []}


def _grey(pixel: np.ndarray) -> dict[str, object]:
    """Temperature and tint that make an encoded colour, (3,), grey; black and white leave both."""
    light = api.to_linear(np.asarray(pixel, np.float32)).astype(np.float64)
    light = np.clip(np.nan_to_num(light), 1e-4, None)
    # The sliders bring the white of 6500 K, not quite that of sRGB, to where the picture's is.
    goal = _seen(light) - _seen(np.ones(3)) + _place(6500.0, 0.0)
    kelvin, _ = _light_at(goal, np.geomspace(2000, 25000, 120))
    for _ in range(2):  # more finely, between the neighbours of the nearest
        kelvins = np.geomspace(max(kelvin / 1.03, 2000), min(kelvin * 1.03, 25000), 61)
        kelvin, tint = _light_at(goal, kelvins)
    tint = float(round(min(max(tint, -150), 150)))
    return {"temperature": kelvin, "tint": tint, "grey": []}


def _light_at(goal: np.ndarray, kelvins: np.ndarray) -> tuple[float, float]:
    """The temperature among ``kelvins`` and the tint whose white is nearest to a place in uv."""
    places = np.array([_place(kelvin, 0.0) for kelvin in kelvins])
    nearest = int(np.square(places - goal).sum(1).argmin())
    kelvin = float(kelvins[nearest])
    across = _place(kelvin, 100.0) - _place(kelvin, 0.0)
    return kelvin, 100 * float((goal - places[nearest]) @ across / (across @ across))


def _seen(colour: np.ndarray) -> np.ndarray:
    """CIE 1960 u, v of a colour, (3,), of linear sRGB."""
    x, y, z = _TO_XYZ @ (colour / max(colour.max(), 1e-9))
    return _uv(x / (x + y + z), y / (x + y + z))


def _place(kelvin: float, tint: float) -> np.ndarray:
    """CIE 1960 u, v of a white."""
    white = _white(kelvin, tint)
    return _uv(*(white[:2] / white.sum()))


@api.tone("White balance", category="Colour", auto=_balanced)
def white_balance(
    temperature: Temperature = 6500.0,
    tint: Tint = 0.0,
    grey: Annotated[
        api.Palette, "A colour of the picture that should be grey, picked; it comes before the rest"
    ] = (),
) -> api.Table:
    """Say in what light the picture was taken, and make its white white.

    The white of that light becomes the white of 6500 K by the Bradford transform, in linear light:
    y = E(M D(x)), M = B^-1 diag(B w / B v) B with v the white of that light, w that of 6500 K, B
    from linear sRGB to the cones (ICC.1:2022, annex E). Whites: daylight of CIE 15:2018 from 4500 K
    on, black bodies up to 3500 K; a tint of 100 is 0.02 across that line in CIE 1960 uv.
    *Auto* of a picture of one pixel finds what makes that pixel grey.
    """
    wanted = _white(6500.0, 0.0)
    if grey:
        light = api.to_linear(np.array(_rgb(grey[0]), np.float32)).astype(np.float64)
        seen = _TO_XYZ @ np.maximum(light, 1e-4)
        change = _adapted(seen / seen[1], _TO_XYZ.sum(1))
        rows = np.array(change.rows)
        if (temperature, tint) == (6500.0, 0.0):
            return api.TO_LINEAR, change, api.FROM_LINEAR
        # What the sliders add is on top of the grey.
        rows = np.array(_adapted(_white(temperature, tint), wanted).rows) @ rows
        return api.TO_LINEAR, _matrix(rows), api.FROM_LINEAR
    return api.TO_LINEAR, _adapted(_white(temperature, tint), wanted), api.FROM_LINEAR


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


@api.tone("Saturation", category="Colour", keeps_grey=True)
def saturation(amount: Annotated[Percent, "-100 leaves greys, 100 doubles"] = 0.0) -> api.Table:
    """Make all colours stronger or weaker by the same factor; luminance stays.

    y = L + (1 + amount) (x - L), L the luminance: P. Haeberli, "Matrix Operations for Image
    Processing" (1993), with the shares of ITU-R BT.709.
    """
    factor = 1 + amount / 100
    return _matrix(factor * np.eye(3) + (1 - factor) * np.tile(_SHARES, (3, 1)))


@api.filter("Vibrance", category="Colour", keeps_grey=True, zoomable=True)
def vibrance(
    image: api.Image,
    amount: Annotated[Percent, "Weak colours stronger, strong ones hardly; negative: weaker"] = 0.0,
) -> api.Image:
    """Make weak colours stronger and leave strong ones and skin nearly as they are.

    y = L + (1 + amount (1 - c)^2 w) (x - L): L is the luminance, c the largest channel less the
    smallest, w is 0.4 at the hue of skin (25 degrees) and 1 from 35 degrees away from it on. A
    formula of our own: what others call so is not published.
    """
    largest, smallest = image.max(-1), image.min(-1)
    strong = largest - smallest
    away = np.abs((_hue(image, largest, smallest) - 25 + 180) % 360 - 180)
    skin = np.float32(0.4) + np.float32(0.6) * np.clip(away / 35, 0, 1)
    more = np.float32(1) + np.float32(amount / 100) * np.clip(1 - strong, 0, 1) ** 2 * skin
    grey = luminance(image)
    return grey[..., None] + more[..., None] * (image - grey[..., None])


def luminance(image: np.ndarray) -> np.ndarray:
    """The luminance (ITU-R BT.709) of encoded values: float32 (height, width)."""
    red, green, blue = (np.float32(share) for share in _SHARES)
    return red * image[..., 0] + green * image[..., 1] + blue * image[..., 2]


def _hue(image: np.ndarray, largest: np.ndarray, smallest: np.ndarray) -> np.ndarray:
    """Degrees, 0 for red, 120 for green: float32 (height, width); 0 for greys.

    A. Smith, "Color Gamut Transform Pairs", SIGGRAPH 1978.
    """
    r, g, b = (image[..., channel] for channel in range(3))
    chroma = largest - smallest
    safe = np.where(chroma > 0, chroma, np.float32(1))
    hue = np.where(
        largest == r, (g - b) / safe, np.where(largest == g, 2 + (b - r) / safe, 4 + (r - g) / safe)
    )
    return np.where(chroma > 0, (hue * 60) % 360, np.float32(0)).astype(np.float32)


HUES = {"reds": 0, "yellows": 60, "greens": 120, "cyans": 180, "blues": 240, "magentas": 300}
"""The middle of each range of hues in degrees."""

_FULL, _NONE = 15.0, 45.0
"""Degrees from its middle up to which a range counts wholly, and from which on not at all."""


@api.filter("Hue, saturation, lightness", category="Colour", keeps_grey=True, zoomable=True)
def hue_saturation(
    image: api.Image,
    hues: Annotated[
        Literal["all", "reds", "yellows", "greens", "cyans", "blues", "magentas"],
        "Which colours are changed",
    ] = "all",
    hue: Annotated[HueShift, "How far colours are turned on the colour wheel"] = 0.0,
    saturation: Percent = 0.0,
    lightness: Percent = 0.0,
) -> api.Image:
    """Turn, strengthen or lighten all colours, or those of one range of hues.

    HSL: A. Smith, "Color Gamut Transform Pairs", SIGGRAPH 1978, and G. Joblove and D. Greenberg
    in the same year. Saturation: y = l + (1 + amount) (x - l), l the mean of the largest and the
    smallest channel. Lightness: y = x + amount (1 - x), or (1 + amount) x below 0. A range counts
    wholly up to 15 degrees from its middle and fades out at 45, as the ranges of Photoshop do.
    """
    largest, smallest = image.max(-1), image.min(-1)
    weight = np.ones(image.shape[:-1], np.float32)
    if hues != "all":
        found = _hue(image, largest, smallest)
        away = np.abs((found - HUES[hues] + 180) % 360 - 180)
        weight = np.clip((_NONE - away) / (_NONE - _FULL), 0, 1).astype(np.float32)
        weight = weight * (largest > smallest)
    middle = (largest + smallest)[..., None] / 2
    result = image
    if hue:
        result = _turned(image, weight * np.float32(hue), middle)
    if saturation:
        factor = 1 + weight[..., None] * np.float32(saturation / 100)
        result = middle + (result - middle) * factor
    if lightness:
        goal = np.float32(1 if lightness > 0 else 0)
        share = weight[..., None] * np.float32(abs(lightness) / 100)
        result = result + share * (goal - result)
    # What does not count keeps its values to the bit.
    return np.where(weight[..., None] > 0, result, image).astype(np.float32)


def _turned(image: np.ndarray, degrees: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Colours turned in HSL: lightness and saturation stay."""
    largest, smallest = image.max(-1), image.min(-1)
    half = (largest - smallest)[..., None] / 2
    turned = ((_hue(image, largest, smallest) + degrees) % 360)[..., None] / 60
    # Each channel is a trapezium over the wheel, a third of a turn apart.
    offsets = np.array([0, 4, 2], np.float32)
    place = np.abs((turned + offsets) % 6 - 3)
    return middle + half * (2 * np.clip(place - 1, 0, 1) - 1)


@api.filter("Black and white", category="Colour", keeps_grey=True, zoomable=True)
def black_and_white(
    image: api.Image,
    reds: Annotated[float, api.Number(-200, 300, step=1, unit="%")] = 40.0,
    yellows: Annotated[float, api.Number(-200, 300, step=1, unit="%")] = 60.0,
    greens: Annotated[float, api.Number(-200, 300, step=1, unit="%")] = 40.0,
    cyans: Annotated[float, api.Number(-200, 300, step=1, unit="%")] = 60.0,
    blues: Annotated[float, api.Number(-200, 300, step=1, unit="%")] = 20.0,
    magentas: Annotated[float, api.Number(-200, 300, step=1, unit="%")] = 80.0,
) -> api.Image:
    """Make greys of colours, each colour as light as its slider says.

    A colour is grey (its smallest channel), plus a secondary colour (the middle one less the
    smallest), plus a primary one (the largest less the middle one), each weighted by its slider:
    y = low + s (mid - low) + p (high - mid). Greys stay as they are, and neighbouring hues go over
    into each other without a step. The sliders and where they begin are Photoshop's.
    """
    low, mid, high = np.moveaxis(np.sort(image, -1), -1, 0)
    first, last = image.argmax(-1), image.argmin(-1)
    primary = np.array([reds, greens, blues], np.float32)[first] / 100
    secondary = np.array([cyans, magentas, yellows], np.float32)[last] / 100
    grey = low + (mid - low) * secondary + (high - mid) * primary
    return np.repeat(grey[..., None], 3, -1).astype(np.float32)


def _weights(kind: str) -> api.Curves:
    """How much shadows, midtones or highlights count over the luminance.

    Straight slopes of a quarter of the range around thirds, as GIMP's colour balance has them
    (its documentation of *Colour Balance*, gimp_operation_color_balance).
    """
    x = np.linspace(0, 1, SAMPLES)
    falling = np.clip((x - 0.333) / -0.25 + 0.5, 0, 1)
    rising = np.clip((x - 0.667) / 0.25 + 0.5, 0, 1)
    weight = {"shadows": falling, "highlights": rising, "midtones": (1 - falling) * (1 - rising)}
    return api.Curves(weight[kind], below="level", above="level")


def _kept_light(colour: np.ndarray) -> np.ndarray:
    """A colour less its luminance: what is added of it changes no luminance."""
    return colour - float(_SHARES @ colour)


@api.tone("Colour balance", category="Colour")
def colour_balance(
    shadows_red: Annotated[Percent, "Cyan to red"] = 0.0,
    shadows_green: Annotated[Percent, "Magenta to green"] = 0.0,
    shadows_blue: Annotated[Percent, "Yellow to blue"] = 0.0,
    midtones_red: Annotated[Percent, "Cyan to red"] = 0.0,
    midtones_green: Annotated[Percent, "Magenta to green"] = 0.0,
    midtones_blue: Annotated[Percent, "Yellow to blue"] = 0.0,
    highlights_red: Annotated[Percent, "Cyan to red"] = 0.0,
    highlights_green: Annotated[Percent, "Magenta to green"] = 0.0,
    highlights_blue: Annotated[Percent, "Yellow to blue"] = 0.0,
    keep_luminance: Annotated[bool, "Change colours alone, no light"] = True,
) -> api.Table:
    """Shift the colours of shadows, midtones and highlights, each on its own.

    y = x + 0.3 amount w(L), range after range: w is 1 where a range counts wholly, between them in
    slopes of a quarter around thirds of the luminance L, as in GIMP (its documentation of *Colour
    Balance*). There 100 is 0.7 and the lightness that of HSL; here the whole of a slider is of use,
    and what is kept is the luminance: the colour that is added is taken less its own.
    """
    shifts = {
        "shadows": (shadows_red, shadows_green, shadows_blue),
        "midtones": (midtones_red, midtones_green, midtones_blue),
        "highlights": (highlights_red, highlights_green, highlights_blue),
    }
    stages = []
    for kind, shift in shifts.items():
        if any(shift):
            colour = 0.003 * np.array(shift)
            stages.append(_tinted(kind, _kept_light(colour) if keep_luminance else colour))
    return stages


def _tinted(kind: str, colour: np.ndarray) -> api.Mix:
    """A stage that adds a colour to what counts as shadows, midtones or highlights."""
    red, green, blue = (float(value) for value in colour)
    return api.Mix(_weights(kind), _matrix(np.eye(3), (red, green, blue)))


@api.tone("Split toning", category="Colour")
def split_toning(
    shadows_hue: Hue = 220.0,
    shadows_strength: Annotated[float, api.Number(0, 100, step=1, unit="%")] = 20.0,
    highlights_hue: Hue = 45.0,
    highlights_strength: Annotated[float, api.Number(0, 100, step=1, unit="%")] = 20.0,
    balance: Annotated[Percent, "More of the highlights' colour, or of the shadows'"] = 0.0,
) -> api.Table:
    """Give shadows one tint and highlights another; luminance stays.

    y = x + strength / 4 w(L) (hue - its luminance): at 100 % a tint is a quarter of the way to the
    pure hue. The weight of the highlights is smoothstep over the luminance L, 0.8 wide, its middle
    moved by ``balance`` between 0.2 and 0.8; that of the shadows is the rest; both fade in the
    quarters at black and white. A formula of our own: what others call so is not published.
    """
    x = np.linspace(0, 1, SAMPLES)
    middle = 0.5 - 0.3 * balance / 100
    t = np.clip((x - middle) / 0.8 + 0.5, 0, 1)
    light = t * t * (3 - 2 * t)
    # Black and white take no tint, or they would be no black and no white.
    ends = np.clip(4 * x, 0, 1) * np.clip(4 * (1 - x), 0, 1)
    stages = []
    for hue, strength, weight in (
        (shadows_hue, shadows_strength, (1 - light) * ends),
        (highlights_hue, highlights_strength, light * ends),
    ):
        colour = 0.0025 * strength * _kept_light(np.array(_pure(hue)))
        red, green, blue = (float(value) for value in colour)
        curve = api.Curves(weight, below="level", above="level")
        stages.append(api.Mix(curve, _matrix(np.eye(3), (red, green, blue))))
    return stages


def _pure(hue: float) -> tuple[float, float, float]:
    """The strongest colour of a hue in degrees."""
    red, green, blue = (
        min(max(abs((hue / 60 + offset) % 6 - 3) - 1, 0.0), 1.0) for offset in (0, 4, 2)
    )
    return red, green, blue


@api.tone("Channel mixer", category="Colour")
def channel_mixer(
    red_from_red: Mixed = 1.0,
    red_from_green: Mixed = 0.0,
    red_from_blue: Mixed = 0.0,
    green_from_red: Mixed = 0.0,
    green_from_green: Mixed = 1.0,
    green_from_blue: Mixed = 0.0,
    blue_from_red: Mixed = 0.0,
    blue_from_green: Mixed = 0.0,
    blue_from_blue: Mixed = 1.0,
    keep_greys: Annotated[bool, "Scale each row to 1, so that greys stay grey"] = False,
) -> api.Table:
    """Make each channel a sum of shares of red, green and blue: y = M x, of encoded values."""
    rows = np.array(
        [
            [red_from_red, red_from_green, red_from_blue],
            [green_from_red, green_from_green, green_from_blue],
            [blue_from_red, blue_from_green, blue_from_blue],
        ]
    )
    if keep_greys:
        sums = rows.sum(1, keepdims=True)
        rows = np.where(np.abs(sums) > 0.01, rows / np.where(sums == 0, 1, sums), rows)
    return _matrix(rows)


@api.tone("Gradient map", category="Colour")
def gradient_map(
    colours: Annotated[api.Palette, "From what black becomes to what white becomes"] = (
        "#1b1036",
        "#b0413e",
        "#ffd9a0",
    ),
) -> api.Table:
    """Give each luminance a colour of its own, from a row of colours.

    Over the luminance (ITU-R BT.709) of encoded values; between the colours, evenly apart, it is
    linear in encoded values. One colour goes from black to it; none gives greys.
    """
    row = [_rgb(colour) for colour in colours]
    if len(row) < 2:
        row = [(0.0, 0.0, 0.0), *(row or [(1.0, 1.0, 1.0)])]
    return LUMINANCE, api.Curves(np.array(row, np.float32).T)


@api.tone("Photo filter", category="Colour")
def photo_filter(
    colour: Annotated[api.HexColour, "The colour of the glass"] = "#ec8a00",
    density: Annotated[float, api.Number(0, 100, step=1, unit="%")] = 25.0,
    keep_luminance: Annotated[bool, "As if exposed longer for the glass"] = True,
) -> api.Table:
    """Hold a coloured glass before the lens: light times the glass's colour, in linear light.

    y = E(D(x) g^density), g the glass's colour as light, D and E the sRGB transfer function and its
    inverse: at 100 % the glass is as the colour; below, that to the power of its density (Beer and
    Lambert's law). Luminance is kept for white: g^density is divided by its own.
    """
    glass = api.to_linear(np.array(_rgb(colour), np.float32)).astype(np.float64)
    through = np.maximum(glass, 1e-4) ** (density / 100)
    if keep_luminance:
        through = through / float(_SHARES @ through)
    red, green, blue = (float(value) for value in through)
    return api.TO_LINEAR, api.Matrix.scaled(red, green, blue), api.FROM_LINEAR
