"""Every adjustment beside OpenCV, scikit-image, SciPy or its formula in doubles, at each depth."""

import colorsys
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import pytest
import safelight_adjust as adjust
from numpy.polynomial import polynomial
from scipy import interpolate, ndimage
from skimage import color, exposure, filters, util

from safelight import api
from safelight.api import testing
from safelight.api.cube_table import cube_of, cube_text
from safelight.api.tone_table import stages_of
from safelight.pixels import WHITE, composed, from_float, to_float

DEPTHS = ("uint8", "uint16", "float32")
SHARES = np.array([0.2126, 0.7152, 0.0722])
NONE = {"prepared": {"air": [0.85, 0.88, 0.9]}}
"""What a filter that measures the picture first would have found."""

Reference = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Case:
    """An adjustment with settings, and what makes the same of a picture (height, width, 3).

    ``reference`` takes float64 from 0 to 1, or the stored numbers where ``stored`` says so, and the
    settings; it gives the same kind of numbers, NaN where it says nothing of a pixel. ``within`` is
    how far off a value may be (black to white is 1), beside the rounding to the depth;
    ``beyond`` says that the reference goes on below black and above white; ``grey`` that it is
    of pictures without colour.
    """

    name: str
    settings: dict[str, Any]
    reference: Reference
    within: float = 1e-5
    stored: bool = False
    beyond: bool = True
    grey: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name}, {self.reference.__name__}"


def light(values):
    """IEC 61966-2-1, mirrored at black."""
    size = np.abs(values)
    return np.copysign(np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4),
                       values)  # fmt: skip


def encoded(values):
    size = np.abs(values)
    made = np.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055)
    return np.copysign(made, values)


def luma(image):
    return image @ SHARES


def added(image, more):
    return image + more[..., None]


def exposed_by_formula(image, stops):
    return encoded(light(image) * 2**stops)


def exposed_by_skimage(image, stops):
    return color.xyz2rgb(color.rgb2xyz(image) * 2**stops)


def bias(t, b):
    """C. Schlick, "Fast alternatives to Perlin's bias and gain functions", formula of bias."""
    return t / ((1 / b - 2) * (1 - t) + 1)


def gain(t, g):
    """The same, formula of gain."""
    twist = (1 / g - 2) * (1 - 2 * t)
    return np.where(t < 0.5, t / (twist + 1), (twist - t) / (twist - 1))


def lined(function, image, step=1 / 4096):
    """A curve over 0 to 1 that goes on as a line outside of it, as its last piece rises."""
    inside = function(np.clip(image, 0, 1))
    low = (function(np.array(step)) - function(np.array(0.0))) / step
    high = (function(np.array(1.0)) - function(np.array(1 - step))) / step
    return inside + low * np.minimum(image, 0) + high * np.maximum(image - 1, 0)


def schlick(amount):
    """A slider's -100 to 100 as 0.2 to 0.8, even in log odds."""
    return 1 / (1 + 4 ** (-amount / 100))


def bright_by_schlick(image, brightness=0.0, contrast=0.0):
    def both(t):
        return gain(bias(t, schlick(brightness)), schlick(-contrast))

    return lined(both, image)


def lit_by_formula(image, exposure=0.0, contrast=0.0, highlights=0.0, shadows=0.0):
    image = encoded(light(image) * 2**exposure)
    image = lined(lambda t: gain(t, schlick(-contrast)), image)
    b = np.clip(luma(image), 0, 1)
    h = highlights * (0.018 if highlights < 0 else 0.009)
    s = shadows * (0.018 if shadows > 0 else 0.009)
    return added(image, polynomial.polyval(b, [0, s, -3 * s, h + 3 * s, -h - s]))


def levelled_by_formula(image, black, white, gamma=1.0, darkest=0.0, lightest=1.0):
    t = (image - black) / (white - black)
    made = darkest + (lightest - darkest) * np.copysign(np.abs(t) ** (1 / gamma), t)
    # Nearer to black a power is steeper than its table: the docstring says so.
    return made if gamma == 1 else np.where(np.abs(t) < 1 / 256, np.nan, made)


def levelled_by_skimage(image, black, white, gamma=1.0, darkest=0.0, lightest=1.0):
    spread = exposure.rescale_intensity(image, in_range=(black, white), out_range=(0.0, 1.0))
    made = exposure.rescale_intensity(
        exposure.adjust_gamma(spread, 1 / gamma), (0.0, 1.0), (darkest, lightest)
    )
    outside = (image < black + (white - black) / 256) | (image > white)
    return np.where(outside, np.nan, made)


def fritsch_carlson(points):
    """Their algorithm of 1980: three-point differences, kept within the circle of radius 3."""
    x, y = np.array(points).T
    rise = np.diff(y) / np.diff(x)
    tangents = np.concatenate([rise[:1], (rise[1:] + rise[:-1]) / 2, rise[-1:]])
    for k, slope in enumerate(rise):
        if slope == 0:
            tangents[k : k + 2] = 0
            continue
        if k and slope * rise[k - 1] < 0:
            tangents[k] = 0
        a, b = tangents[k] / slope, tangents[k + 1] / slope
        if a * a + b * b > 9:
            tangents[k : k + 2] = 3 / math.hypot(a, b) * np.array([a, b]) * slope
    spline = interpolate.CubicHermiteSpline(x, y, tangents)
    return lambda t: spline(np.clip(t, x[0], x[-1]))


def bent_by_scipy(image, rgb=None, luminance=None, red=None):
    if red:
        image = np.dstack([lined(fritsch_carlson(red), image[..., 0]), image[..., 1:]])
    if rgb:
        image = lined(fritsch_carlson(rgb), image)
    if luminance:
        curve = fritsch_carlson(luminance)
        image = added(image, lined(lambda t: curve(t) - t, luma(image)))
    return image


RED, GREEN, BLUE, D65 = (0.64, 0.33), (0.30, 0.60), (0.15, 0.06), (0.3127, 0.3290)
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def xyz(x, y):
    return np.array([x / y, 1, (1 - x - y) / y])


def primaries():
    """Linear sRGB to XYZ, of the primaries' chromaticities (IEC 61966-2-1)."""
    columns = np.stack([xyz(*RED), xyz(*GREEN), xyz(*BLUE)], 1)
    return columns * np.linalg.solve(columns, xyz(*D65))


def daylight(kelvin, tint):
    """CIE 15:2018, 4.1.2, and a step across the locus of 0.0002 in CIE 1960 uv for each tint."""

    def uv(kelvin):
        low = polynomial.polyval(1e3 / kelvin, [0.244063, 0.09911, 2.9678, -4.6070])
        high = polynomial.polyval(1e3 / kelvin, [0.237040, 0.24748, 1.9018, -2.0064])
        x = low if kelvin <= 7000 else high
        y = -3 * x * x + 2.870 * x - 0.275
        return np.array([4 * x, 6 * y]) / (12 * y - 2 * x + 3)

    along = uv(kelvin * 1.01) - uv(kelvin)
    up = np.array([along[1], -along[0]]) / np.linalg.norm(along)
    u, v = uv(kelvin) + 0.0002 * tint * (up if up[1] > 0 else -up)
    return xyz(3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4))


def balanced_by_bradford(image, temperature, tint=0.0):
    gains = (BRADFORD @ daylight(6500.0, 0)) / (BRADFORD @ daylight(temperature, tint))
    cones = BRADFORD @ primaries()
    return encoded(light(image) @ (np.linalg.inv(cones) @ np.diag(gains) @ cones).T)


def auto_lit_by_its_parts(image, temperature, tint, exposure, contrast, curve):
    image = balanced_by_bradford(image, temperature, tint)
    image = bright_by_schlick(exposed_by_formula(image, exposure), contrast=contrast)
    return bent_by_scipy(image, rgb=curve)


def hues(image):
    """Degrees by the standard library, for each pixel."""
    rows = [[colorsys.rgb_to_hsv(*pixel)[0] * 360 for pixel in row] for row in image]
    return np.array(rows)


def vibrant_by_formula(image, amount):
    strong = np.ptp(image, axis=-1)
    turn = np.exp(1j * np.radians(hues(image) - 25))
    skin = 0.4 + 0.6 * np.minimum(np.abs(np.degrees(np.angle(turn))) / 35, 1)
    more = 1 + amount / 100 * np.clip(1 - strong, 0, 1) ** 2 * skin
    grey = luma(image)[..., None]
    return grey + more[..., None] * (image - grey)


def saturated_by_opencv(image, amount):
    grey = np.tile(SHARES, (3, 1))
    return cv2.transform(image, grey + (1 + amount / 100) * (np.eye(3) - grey))


def turned_by_opencv(image, hue=0.0, saturation=0.0):
    hls = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2HLS)
    hls[..., 0] = (hls[..., 0] + hue) % 360
    hls[..., 2] *= 1 + saturation / 100
    return cv2.cvtColor(hls, cv2.COLOR_HLS2RGB).astype(float)


def lightened_by_formula(image, hues, lightness):
    middle = {"greens": 120, "reds": 0}[hues]
    rows = [[colorsys.rgb_to_hsv(*pixel) for pixel in row] for row in image]
    away = np.array(
        [[abs((h * 360 - middle + 180) % 360 - 180) for h, _, _ in row] for row in rows]
    )
    weight = np.clip((45 - away) / 30, 0, 1) * (np.ptp(image, axis=-1) > 0)
    goal = 1.0 if lightness > 0 else 0.0
    return image + (weight * abs(lightness) / 100)[..., None] * (goal - image)


def mixed_to_grey_by_hue(image, reds, yellows, greens, cyans, blues, magentas):
    made = np.empty(image.shape)
    pure = {0: reds, 1: greens, 2: blues}
    between = {frozenset((0, 1)): yellows, frozenset((1, 2)): cyans, frozenset((0, 2)): magentas}
    for place in np.ndindex(image.shape[:2]):
        low, mid, high = sorted(range(3), key=lambda c: image[place][c])
        values = image[place]
        made[place] = (
            values[low]
            + (values[mid] - values[low]) * between[frozenset((mid, high))] / 100
            + (values[high] - values[mid]) * pure[high] / 100
        )
    return made


def balanced_as_gimp_weighs(image, keep_luminance=True, **shifts):
    """Ramps of 0.25 around 1/3 and 2/3, as GIMP's documentation of Colour Balance draws them."""
    ramp = {
        "shadows": lambda t: np.interp(t, [0.333 - 0.125, 0.333 + 0.125], [1, 0]),
        "midtones": lambda t: np.interp(
            t, [0.333 - 0.125, 0.333 + 0.125, 0.667 - 0.125, 0.667 + 0.125], [0, 1, 1, 0]
        ),
        "highlights": lambda t: np.interp(t, [0.667 - 0.125, 0.667 + 0.125], [0, 1]),
    }
    for kind, weight in ramp.items():
        colour = [0.003 * shifts.get(f"{kind}_{c}", 0.0) for c in ("red", "green", "blue")]
        colour = np.array(colour) - (SHARES @ colour if keep_luminance else 0)
        image = image + weight(luma(image))[..., None] * colour
    return image


def split_by_formula(image, shadows_hue, shadows_strength, highlights_hue, highlights_strength,
                     balance):  # fmt: skip
    for hue, strength, light in (
        (shadows_hue, shadows_strength, False), (highlights_hue, highlights_strength, True),
    ):  # fmt: skip
        pure = np.array(colorsys.hsv_to_rgb(hue / 360, 1, 1))
        colour = 0.25 * strength / 100 * (pure - SHARES @ pure)
        b = np.clip(luma(image), 0, 1)
        t = np.clip((b - (0.5 - 0.003 * balance)) / 0.8 + 0.5, 0, 1)
        smooth = polynomial.polyval(t, [0, 0, 3, -2])
        ends = np.minimum(4 * b, 1) * np.minimum(4 * (1 - b), 1)
        image = image + ((smooth if light else 1 - smooth) * ends)[..., None] * colour
    return image


def mixed_by_opencv(image, **shares):
    names = ("red", "green", "blue")
    rows = [[shares.get(f"{to}_from_{of}", float(to == of)) for of in names] for to in names]
    return cv2.transform(image, np.array(rows))


def mapped_by_numpy(image, colours):
    row = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colours])
    places = np.linspace(0, 1, len(row))
    return np.stack([np.interp(luma(image), places, row[:, c]) for c in range(3)], -1)


def filtered_by_lambert(image, colour, density, keep_luminance=True):
    glass = light(np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]))
    through = np.maximum(glass, 1e-4) ** (density / 100)
    return encoded(light(image) * through / (SHARES @ through if keep_luminance else 1))


def inverted_by_skimage(stored):
    return util.invert(stored)


def cut_by_opencv(image, level):
    _, made = cv2.threshold(luma(image), level - 1e-9, 1.0, cv2.THRESH_BINARY)
    made[np.abs(luma(image) - level) < 2.1e-4] = np.nan
    return np.repeat(made[..., None], 3, -1)


def posterised_by_formula(image, tones):
    made = np.minimum(np.floor(np.clip(image, 0, 1) * tones), tones - 1) / (tones - 1)
    step = np.abs(image * tones - np.rint(image * tones)) < 1.1 * tones / 65535
    return np.where(step, np.nan, made)


def looked_up_by_scipy(image, table):
    """Trilinear; the table is of planes, where that and tetrahedra are the same."""
    grid = np.linspace(0, 1, 2)
    points = np.array(
        [[[(1 - r, 0.8 * g, 0.1 + 0.7 * b) for b in grid] for g in grid] for r in grid]
    )
    return interpolate.interpn((grid,) * 3, points, np.clip(image, 0, 1))


PLANES = "LUT_3D_SIZE 2\n" + "".join(
    f"{1 - r} {0.8 * g:.1f} {0.1 + 0.7 * b:.1f}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1)
)
LOOK = cube_text(cube_of(PLANES.encode(), "planes"))


def noir_by_its_parts(image, look):
    grey = np.repeat(luma(image)[..., None], 3, -1)
    return lined(fritsch_carlson(((0, 0), (0.28, 0.17), (0.7, 0.8), (1, 1))), grey)


def box(values, radius):
    return ndimage.uniform_filter(values, 2 * max(round(radius), 1) + 1, mode="nearest")


def guided(values, guide, radius, least):
    """K. He, J. Sun and X. Tang, "Guided Image Filtering", algorithm 1."""
    at, of = box(guide, radius), box(values, radius)
    slope = (box(guide * values, radius) - at * of) / (box(guide**2, radius) - at**2 + least)
    return box(slope, radius) * guide + box(of - slope * at, radius)


def gaussian(values, deviation):
    far = math.ceil(3 * deviation)
    return ndimage.gaussian_filter(values, deviation, mode="nearest", radius=far)


def evened_out_by_scipy(image, shadows, highlights, radius):
    seen = np.clip(luma(image), 0, 1)
    b = np.clip(guided(seen, seen, radius, 0.15**2), 1 / 255, 1)
    goal = b + 1.8 * (shadows / 100 * b * (1 - b) ** 3 - highlights / 100 * b**3 * (1 - b))
    return encoded(light(image) * (light(goal) / light(b))[..., None])


def cleared_by_scipy(image, amount, radius):
    seen = luma(image)
    base = guided(seen, seen, radius, 0.2**2)
    b = np.clip(base, 0, 1)
    return added(image, amount / 100 * 4 * b * (1 - b) * (seen - base))


def strengthened_by_scipy(image, amount, radius):
    seen = luma(image)
    return added(image, amount / 100 * (seen - gaussian(seen, radius)))


def dehazed_by_he(image, amount, radius):
    air = np.array(NONE["prepared"]["air"])
    glow = light(image)
    dark = (np.maximum(glow, 0) / air).min(-1)
    veil = ndimage.minimum_filter(dark, 2 * max(round(radius), 1) + 1, mode="nearest")
    veil = np.clip(guided(np.clip(veil, 0, 1), luma(image), 3 * radius, 1e-3), 0, 1)[..., None]
    if amount < 0:
        through = 1 - 0.6 * -amount / 100 * veil
        return encoded(glow * through + air * (1 - through))
    return encoded((glow - air) / np.maximum(1 - 0.95 * amount / 100 * veil, 0.1) + air)


def darkened_in_the_corners(image, amount, midpoint, roundness, feather):
    height, width = image.shape[:2]
    half = np.array([width, height]) / 2
    scale = half + (half.max() - half) * (roundness + 100) / 200
    power = 2 + max(-roundness, 0) / 25
    made = np.empty(image.shape)

    def far(x, y):
        return ((abs(x) / scale[0]) ** power + (abs(y) / scale[1]) ** power) ** (1 / power)

    start, end = midpoint / 100 * far(*half), (midpoint + max(feather, 1)) / 100 * far(*half)
    for y, x in np.ndindex(height, width):
        t = min(max((far(x + 0.5 - half[0], y + 0.5 - half[1]) - start) / (end - start), 0), 1)
        stops = -amount / 50 * t * t * (3 - 2 * t)
        made[y, x] = encoded(light(image[y, x]) * 2**stops)
    return made


def place_noise(x, y, seed):
    """SplitMix64 of a place, four sixteenths of it added up: mean 0, deviation 1."""
    full = (1 << 64) - 1
    number = ((x * 0x9E3779B97F4A7C15 & full) ^ (y * 0xC2B2AE3D27D4EB4F & full)) & full
    number = (number + seed * 0x165667B19E3779F9) & full
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & full
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & full
    number ^= number >> 31
    total = sum((number >> (16 * part)) & 0xFFFF for part in range(4)) / 65535
    return (total - 2) * math.sqrt(3)


def grained_by_its_hash(image, amount, size, seed):
    height, width = image.shape[:2]
    far = math.ceil(1.5 * size) if size > 1 else 0
    places = [[(x, y) for x in range(-far, width + far)] for y in range(-far, height + far)]
    noise = np.array([[place_noise(x, y, seed) for x, y in row] for row in places])
    if far:
        blurred = gaussian(noise, size / 2)[far:-far, far:-far]
        noise = blurred * 2 * math.sqrt(math.pi) * size / 2
    b = np.clip(luma(image), 0, 1)
    return added(image, amount / 1000 * 4 * b * (1 - b) * noise)


def sharpened_by_scipy(image, amount, radius, threshold=0.0):
    detail = luma(image) - gaussian(luma(image), radius)
    if threshold:
        t = np.clip((np.abs(detail) - threshold / 2) / (threshold / 2), 0, 1)
        detail = detail * polynomial.polyval(t, [0, 0, 3, -2])
    return added(image, amount / 100 * detail)


def sharpened_by_skimage(image, amount, radius):
    made = filters.unsharp_mask(image[..., 0], radius, amount / 100, preserve_range=True)
    far = math.ceil(4 * radius) + 1  # it mirrors at the edges
    inside = np.full(image.shape, np.nan)
    inside[far:-far, far:-far] = made[far:-far, far:-far, None]
    return inside


def passed_high_by_skimage(image, radius):
    low = filters.gaussian(image, radius, mode="nearest", truncate=3, channel_axis=-1)
    return 0.5 + image - low


def middle_by_opencv(stored, radius):
    return cv2.medianBlur(stored, 2 * radius + 1)


def middle_by_scipy(image, radius):
    side = 2 * radius + 1
    return ndimage.median_filter(image, (side, side, 1), mode="nearest")


def smoothed_by_formula(image, radius, difference):
    """C. Tomasi and R. Manduchi, 1998; colours as far apart as their channels' sum, in a circle."""
    far = math.ceil(3 * radius)
    height, width = image.shape[:2]
    around = np.pad(image, ((far, far), (far, far), (0, 0)), "edge")
    total, weights = np.zeros(image.shape), np.zeros((height, width, 1))
    for dy in range(-far, far + 1):
        for dx in range(-far, far + 1):
            if math.hypot(dx, dy) > far:
                continue
            other = around[far + dy : far + dy + height, far + dx : far + dx + width]
            apart = np.abs(other - image).sum(-1, keepdims=True)
            weight = np.exp(-(apart**2) / (2 * difference**2) - (dx**2 + dy**2) / (2 * radius**2))
            total += weight * other
            weights += weight
    return total / weights


BENT = ((0.0, 0.1), (0.3, 0.25), (0.6, 0.8), (1.0, 0.95))
HUED = {
    "reds": 140.0, "yellows": -30.0, "greens": 40.0, "cyans": 75.0, "blues": -60.0,
    "magentas": 210.0,
}  # fmt: skip
SPLIT = {
    "shadows_hue": 200.0, "shadows_strength": 70.0, "highlights_hue": 40.0,
    "highlights_strength": 50.0, "balance": -30.0,
}  # fmt: skip

CASES = [
    Case("exposure", {"stops": 1.3}, exposed_by_formula),
    Case("exposure", {"stops": -0.7}, exposed_by_skimage, within=5e-5, beyond=False),
    Case("brightness_contrast", {"brightness": 45.0, "contrast": 60.0}, bright_by_schlick, 3e-5),
    Case("brightness_contrast", {"brightness": -80.0, "contrast": -35.0}, bright_by_schlick, 3e-5),
    Case("light", {"exposure": 0.4, "contrast": 25.0, "highlights": -70.0, "shadows": 50.0},
         lit_by_formula, 3e-5),
    Case("light", {"exposure": -0.4, "highlights": 80.0, "shadows": -90.0}, lit_by_formula),
    Case("levels", {"black": 0.07, "white": 0.9, "darkest": 0.05, "lightest": 0.95},
         levelled_by_formula),
    Case("levels", {"black": 0.05, "white": 0.95, "gamma": 2.2}, levelled_by_formula, 2e-5),
    Case("levels", {"black": 0.05, "white": 0.95, "gamma": 0.6, "lightest": 0.8},
         levelled_by_skimage, 2e-5, beyond=False),
    Case("curves", {"rgb": BENT, "red": ((0.0, 0.0), (0.5, 0.7), (1.0, 1.0))}, bent_by_scipy),
    Case("curves", {"luminance": BENT}, bent_by_scipy),
    Case("white_balance", {"temperature": 9000.0}, balanced_by_bradford, 1e-4),
    # Two matrices of the same primaries, one of them rounded, and little light that is left.
    Case("white_balance", {"temperature": 4600.0, "tint": 35.0}, balanced_by_bradford, 3e-4),
    Case("auto_light", {"temperature": 5000.0, "tint": -20.0, "exposure": 0.5, "contrast": 20.0,
                        "curve": BENT}, auto_lit_by_its_parts, 3e-4),
    Case("vibrance", {"amount": 80.0}, vibrant_by_formula, beyond=False),
    Case("vibrance", {"amount": -60.0}, vibrant_by_formula, beyond=False),
    Case("saturation", {"amount": 55.0}, saturated_by_opencv),
    Case("saturation", {"amount": -100.0}, saturated_by_opencv),
    Case("hue_saturation", {"hue": 75.0}, turned_by_opencv, beyond=False),
    Case("hue_saturation", {"hue": -140.0, "saturation": -40.0}, turned_by_opencv, beyond=False),
    Case("hue_saturation", {"hues": "greens", "lightness": 60.0}, lightened_by_formula,
         beyond=False),
    Case("black_and_white", HUED, mixed_to_grey_by_hue),
    Case("colour_balance", {"shadows_red": 70.0, "midtones_green": -50.0, "highlights_blue": 90.0},
         balanced_as_gimp_weighs),
    Case("colour_balance", {"shadows_blue": -60.0, "keep_luminance": False},
         balanced_as_gimp_weighs),
    Case("split_toning", SPLIT, split_by_formula),
    Case("channel_mixer", {"red_from_red": 0.6, "red_from_green": 0.5, "blue_from_red": -0.4},
         mixed_by_opencv),
    Case("gradient_map", {"colours": ("#102040", "#c04030", "#ffe0a0", "#ffffff")},
         mapped_by_numpy, beyond=False),
    Case("photo_filter", {"colour": "#ec8a00", "density": 60.0}, filtered_by_lambert),
    Case("photo_filter", {"colour": "#2060c0", "density": 35.0, "keep_luminance": False},
         filtered_by_lambert),
    Case("invert", {}, inverted_by_skimage, stored=True),
    Case("threshold", {"level": 0.4}, cut_by_opencv),
    Case("posterise", {"tones": 5}, posterised_by_formula),
    Case("lut", {"table": LOOK}, looked_up_by_scipy, beyond=False),
    Case("looks", {"look": "noir"}, noir_by_its_parts),
    Case("shadows_highlights", {"shadows": 80.0, "highlights": 60.0, "radius": 4.0},
         evened_out_by_scipy, 1e-4, beyond=False),
    Case("clarity", {"amount": 90.0, "radius": 5.0}, cleared_by_scipy, 2e-5),
    Case("clarity", {"amount": -70.0, "radius": 3.0}, cleared_by_scipy, 2e-5),
    Case("local_contrast", {"amount": 70.0, "radius": 4.0}, strengthened_by_scipy),
    Case("dehaze", {"amount": 70.0, "radius": 2.0}, dehazed_by_he, 2e-4, beyond=False, more=NONE),
    Case("dehaze", {"amount": -50.0, "radius": 2.0}, dehazed_by_he, 2e-4, beyond=False, more=NONE),
    Case("vignette", {"amount": 80.0, "midpoint": 25.0, "roundness": 30.0, "feather": 70.0},
         darkened_in_the_corners),
    Case("vignette", {"amount": -40.0, "midpoint": 10.0, "roundness": -60.0, "feather": 50.0},
         darkened_in_the_corners),
    Case("grain", {"amount": 60.0, "size": 0.8, "seed": 11}, grained_by_its_hash),
    Case("grain", {"amount": 90.0, "size": 3.0, "seed": 4}, grained_by_its_hash),
    Case("sharpen", {"amount": 140.0, "radius": 1.4}, sharpened_by_scipy),
    Case("sharpen", {"amount": 250.0, "radius": 2.0, "threshold": 0.04}, sharpened_by_scipy),
    Case("sharpen", {"amount": 100.0, "radius": 1.0}, sharpened_by_skimage, 2e-3, beyond=False,
         grey=True),
    Case("high_pass", {"radius": 3.0}, passed_high_by_skimage),
    Case("median", {"radius": 1}, middle_by_opencv, stored=True),
    Case("median", {"radius": 2}, middle_by_opencv, stored=True),
    Case("median", {"radius": 4}, middle_by_scipy),
    Case("bilateral", {"radius": 2.0, "difference": 0.2}, smoothed_by_formula, 1e-4),
]  # fmt: skip


def pictured(case, depth):
    """A small photograph as stored at a depth; its floats go beyond black and white if they may."""
    beyond = 0.2 if case.beyond and depth == "float32" else 0.0
    picture = testing.photograph(40, 33, beyond=beyond)
    if case.grey:
        picture = np.repeat(picture[..., 1:2], 3, -1)
    return from_float(picture, depth)


def made(case, stored):
    """What the editor makes of stored pixels: floats, before they are stored again."""
    image = to_float(stored)
    function = getattr(adjust, case.name)
    if api.registered(function).declaration.tone:
        return composed(stages_of(function(**case.settings))).apply(image)
    whole = api.Region(0, 0, image.shape[1], image.shape[0])
    placed = {"vignette": {"region": whole, "canvas": whole}, "grain": {"region": whole}}
    return function(image, **case.settings, **case.more, **placed.get(case.name, {}))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_adjustment_is_what_others_make_of_the_same_picture(case, depth):
    stored = pictured(case, depth)
    white = WHITE[depth]
    result = from_float(made(case, stored), depth).astype(float) / white
    if case.stored:
        goal = case.reference(stored, **case.settings).astype(float) / white
    else:
        goal = case.reference(stored.astype(float) / white, **case.settings)
    told = np.isfinite(goal)
    assert told.mean() > 0.5
    if depth != "float32":
        goal = np.rint(np.clip(goal, 0, 1) * white) / white
    elif not case.beyond:
        result, goal = np.clip(result, 0, 1), np.clip(goal, 0, 1)
    allowed = case.within * np.maximum(1, np.abs(goal))
    if depth != "float32":  # one more where both are rounded on either side of a half
        allowed = (np.floor(allowed * white) + (0 if case.stored else 1)) / white
    off = np.abs(result - goal)
    assert (off <= allowed + 1e-9)[told].all(), f"off by {(off - allowed)[told].max() * white:.3g}"
    # And it does something: else any reference that does nothing would agree.
    assert np.abs(result - stored.astype(float) / white).max() > 0.02


def test_every_adjustment_is_compared():
    names = {api.registered(item).declaration.name for item in adjust.ADJUSTMENTS}
    assert names == {case.name for case in CASES}
