"""Local: filters that look at what lies around a pixel, or at where in the picture it lies."""

import math
from typing import Annotated

import numpy as np

from safelight import api

from .colour import luminance
from .light import Percent

Radius = Annotated[
    float,
    api.Number(0.1, 250, slider=(1, 100), step=0.5, unit="px", length=True, logarithmic=True),
]
Amount = Annotated[float, api.Number(0, 100, step=1)]


def blurred(image: np.ndarray, deviation: float) -> np.ndarray:
    """A picture (height, width) or (height, width, channels) under a Gaussian: float32."""
    import cv2

    size = 2 * gaussian_reach(deviation) + 1
    return cv2.GaussianBlur(image, (size, size), deviation, borderType=cv2.BORDER_REPLICATE)


def gaussian_reach(deviation: float) -> int:
    """Pixels around its own that count: beyond three deviations lie 0.3 % of the weight."""
    return math.ceil(3 * deviation)


def _of_radius(radius: float) -> int:
    return gaussian_reach(radius)


def evened(light: np.ndarray, radius: float, rough: float) -> np.ndarray:
    """What is left of ``light`` (height, width) without texture, its strong edges kept: float32.

    The guided filter with itself as its guide. ``rough`` is the deviation up to which something is
    texture.
    """
    return followed(light, light, radius, rough * rough)


def followed(values: np.ndarray, guide: np.ndarray, radius: float, least: float) -> np.ndarray:
    """``values`` smoothed so that they follow the edges of ``guide``: float32 (height, width).

    The guided filter: K. He, J. Sun and X. Tang, "Guided Image Filtering", PAMI 35 (2013), pages
    1397-1409. ``least`` is the variance up to which the guide has no edge.
    """
    import cv2

    size = (2 * box_radius(radius) + 1,) * 2

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.blur(values, size, borderType=cv2.BORDER_REPLICATE)

    at, of = mean(guide), mean(values)
    slope = (mean(guide * values) - at * of) / (
        np.maximum(mean(guide * guide) - at * at, 0) + np.float32(least)
    )
    return mean(slope) * guide + mean(of - slope * at)


def box_radius(radius: float) -> int:
    """Whole pixels of a box, at least one."""
    return max(round(radius), 1)


def evened_reach(radius: float) -> int:
    """Pixels around its own that ``evened`` looks at: two boxes."""
    return 2 * box_radius(radius)


def _smooth(values: np.ndarray, start: float, end: float) -> np.ndarray:
    """0 up to ``start``, 1 from ``end`` on, smoothly between: float32."""
    t = np.clip((values - np.float32(start)) / np.float32(end - start), 0, 1)
    return t * t * (3 - 2 * t)


@api.filter(
    "Shadows and highlights", category="Light", reach=evened_reach, keeps_grey=True, zoomable=True
)
def shadows_highlights(
    image: api.Image,
    shadows: Annotated[Amount, "How much dark parts are lifted"] = 30.0,
    highlights: Annotated[Amount, "How much light parts are lowered"] = 30.0,
    radius: Annotated[Radius, "How large a part counts as dark or light as a whole"] = 30.0,
) -> api.Image:
    """Lift dark parts and lower light ones, and leave the contrast within them.

    What is dark or light as a whole, b, says the picture without its texture (``evened``), so
    strong edges get no halo. It becomes b + 1.8 (shadows b (1 - b)^3 - highlights b^3 (1 - b)),
    which keeps black, white and the order of tones; what stands on it is exposed by as much, in
    linear light. Lifting a base layer alone: F. Durand and J. Dorsey, "Fast Bilateral Filtering for
    the Display of High-Dynamic-Range Images", SIGGRAPH 2002, here with the guided filter.
    """
    base = np.clip(evened(np.clip(luminance(image), 0, 1), radius, 0.15), 1 / 255, 1)
    rest = 1 - base
    lift = np.float32(1.8 * shadows / 100) * base * rest**3
    drop = np.float32(1.8 * highlights / 100) * base**3 * rest
    factor = api.to_linear(base + lift - drop) / api.to_linear(base)
    return api.from_linear(api.to_linear(image) * factor[..., None])


@api.filter(
    "Clarity",
    category="Detail",
    reach=evened_reach,
    keeps_grey=True,
    zoomable=True,
    purpose="enhance",
)
def clarity(
    image: api.Image,
    amount: Annotated[Percent, "More contrast within the midtones; negative: softer"] = 30.0,
    radius: Annotated[Radius, "How large what stands out is at most"] = 40.0,
) -> api.Image:
    """Make what is in the midtones stand out, or soften it; edges get no halo.

    y = x + amount 4 b (1 - b) (L - b), L the luminance and b that without texture (``evened``):
    detail is added by the weight of the midtones. Detail of the guided filter: K. He, J. Sun and
    X. Tang, PAMI 35 (2013); the weight is our own.
    """
    light = luminance(image)
    base = evened(light, radius, 0.2)
    middle = np.clip(base, 0, 1)
    more = np.float32(amount / 100) * 4 * middle * (1 - middle) * (light - base)
    return image + more[..., None]


@api.filter(
    "Local contrast",
    category="Detail",
    reach=_of_radius,
    keeps_grey=True,
    zoomable=True,
)
def local_contrast(
    image: api.Image,
    amount: Annotated[Percent, "How much stronger; negative: weaker"] = 30.0,
    radius: Annotated[Radius, "Standard deviation of what a pixel is compared with"] = 40.0,
) -> api.Image:
    """Add to each pixel how much lighter or darker it is than what lies around it.

    y = x + amount (L - G L), L the luminance and G a Gaussian: unsharp masking (``sharpen``) with
    a large radius.
    """
    light = luminance(image)
    more = np.float32(amount / 100) * (light - blurred(light, radius))
    return image + more[..., None]


def _haze(thumbnail: api.Image) -> dict[str, list[float]]:
    """The colour of the air: the mean of the haziest thousandth of the picture, in linear light."""
    light = api.to_linear(np.clip(thumbnail, 0, 1))
    dark = _darkest(light, 7)
    count = max(dark.size // 1000, 1)
    chosen = np.argpartition(dark.ravel(), -count)[-count:]
    air = light.reshape(-1, 3)[chosen].mean(0)
    return {"air": [float(value) for value in np.maximum(air, 0.05)]}


def _darkest(light: np.ndarray, radius: int) -> np.ndarray:
    """The darkest channel within a square around each pixel: float32 (height, width)."""
    import cv2

    kernel = np.ones((2 * radius + 1,) * 2, np.uint8)
    return cv2.erode(light.min(-1), kernel, borderType=cv2.BORDER_REPLICATE)


@api.filter(
    "Dehaze",
    category="Light",
    reach=lambda radius: box_radius(radius) + 2 * box_radius(3 * radius),
    prepare=_haze,
    keeps_grey=True,
    zoomable=True,
    purpose="restore",
)
def dehaze(
    image: api.Image,
    prepared: api.Prepared,
    amount: Annotated[Percent, "How much of the haze goes; negative: more of it"] = 50.0,
    radius: Annotated[
        float,
        api.Number(1, 60, slider=(2, 40), step=1, unit="px", length=True),
        "How large a part is looked at for something dark",
    ] = 12.0,
) -> api.Image:
    """Take the veil off that air lays over what is far, or lay one over it.

    K. He, J. Sun and X. Tang, "Single Image Haze Removal Using Dark Channel Prior", PAMI 33 (2011),
    pages 2341-2353, in linear light, refined by the guided filter: J = (I - A) / t + A with
    t = max(1 - 0.95 amount v, 0.1), v the smallest channel of I / A within a square. Below 0 air is
    laid over the picture, I t + A (1 - t) with t = 1 - 0.6 amount v.
    """
    air = np.array(prepared["air"], np.float32)
    light = api.to_linear(image)
    veil = np.clip(_darkest(np.clip(light, 0, None) / air, box_radius(radius)), 0, 1)
    veil = np.clip(followed(veil, luminance(image), 3 * radius, 1e-3), 0, 1)
    if amount >= 0:
        through = np.maximum(1 - np.float32(0.95 * amount / 100) * veil, np.float32(0.1))[..., None]
        return api.from_linear((light - air) / through + air)
    thicker = (1 - np.float32(0.6 * -amount / 100) * veil)[..., None]
    return api.from_linear(light * thicker + air * (1 - thicker))


@api.filter(
    "Sharpen",
    category="Detail",
    reach=_of_radius,
    keeps_grey=True,
    zoomable=True,
    purpose="enhance",
)
def sharpen(
    image: api.Image,
    amount: Annotated[float, api.Number(0, 500, slider=(0, 300), step=1, unit="%")] = 80.0,
    radius: Annotated[
        float,
        api.Number(0.1, 250, slider=(0.3, 10), step=0.1, unit="px", length=True),
        "Standard deviation of the Gaussian: the width of edges that become sharper",
    ] = 1.0,
    threshold: Annotated[
        float,
        api.Number(0, 0.5, slider=(0, 0.1), step=0.001),
        "Differences up to which nothing changes, so that noise stays as it is",
    ] = 0.0,
) -> api.Image:
    """Make edges sharper: unsharp masking.

    y = x + amount d, d the luminance less that under a Gaussian, cut off at three deviations; below
    the threshold d fades out (smoothstep from its half). R. Gonzalez and R. Woods, "Digital Image
    Processing", 4th edition (2018), section 3.6. The luminance alone, so that edges get no coloured
    rims.
    """
    light = luminance(image)
    detail = light - blurred(light, radius)
    if threshold:
        detail *= _smooth(np.abs(detail), threshold / 2, threshold)
    return image + np.float32(amount / 100) * detail[..., None]


@api.filter("High pass", category="Detail", reach=_of_radius, keeps_grey=True, zoomable=True)
def high_pass(
    image: api.Image,
    radius: Annotated[Radius, "Standard deviation of what is taken away"] = 10.0,
) -> api.Image:
    """Leave what is finer than a radius, around middle grey, to be laid over with Overlay.

    y = 0.5 + x - G x, G a Gaussian, cut off at three deviations.
    """
    return np.float32(0.5) + image - blurred(image, radius)


@api.filter(
    "Median", category="Detail", reach=lambda radius: radius, keeps_grey=True, purpose="restore"
)
def median(
    image: api.Image,
    radius: Annotated[int, api.Number(1, 5, unit="px")] = 1,
) -> api.Image:
    """Take the middle value of the square around each pixel, which removes dust and single dots.

    Each channel on its own, edges repeated: J. Tukey, "Exploratory Data Analysis" (1977).
    """
    side = 2 * radius + 1
    height, width = image.shape[:2]
    padded = np.pad(image, ((radius, radius), (radius, radius), (0, 0)), mode="edge")
    result = np.empty(image.shape, np.float32)
    for top in range(0, height, 32):
        rows = padded[top : min(top + 32, height) + 2 * radius]
        around = np.lib.stride_tricks.sliding_window_view(rows, (side, side), (0, 1))
        flat = around.reshape(*around.shape[:3], side * side)
        middle = side * side // 2
        result[top : top + 32] = np.partition(flat, middle, -1)[..., middle]
    return result


@api.filter(
    "Smooth surfaces",
    category="Detail",
    reach=_of_radius,
    keeps_grey=True,
)
def bilateral(
    image: api.Image,
    radius: Annotated[
        float,
        api.Number(0.5, 20, slider=(1, 10), step=0.5, unit="px", length=True),
        "Standard deviation of distances",
    ] = 4.0,
    difference: Annotated[
        float,
        api.Number(0.01, 1, slider=(0.02, 0.4), step=0.01),
        "Standard deviation of differences of colour: beyond, something is an edge",
    ] = 0.1,
) -> api.Image:
    """Even surfaces out and keep their edges: the bilateral filter.

    C. Tomasi and R. Manduchi, "Bilateral Filtering for Gray and Color Images", ICCV 1998: the mean
    of a circle of three deviations, weighted by exp(-d^2 / (2 difference^2) - r^2 / (2 radius^2)),
    r the distance and d the sum of the three channels' differences, as OpenCV takes it.
    """
    import cv2

    size = 2 * gaussian_reach(radius) + 1
    return cv2.bilateralFilter(
        np.ascontiguousarray(image), size, difference, radius, borderType=cv2.BORDER_REPLICATE
    )


@api.filter("Vignette", category="Light", keeps_grey=True, zoomable=True)
def vignette(
    image: api.Image,
    region: api.Region,
    canvas: api.Region,
    amount: Annotated[Percent, "Darker corners; negative: lighter ones"] = 40.0,
    midpoint: Annotated[Amount, "How far from the middle it begins"] = 40.0,
    roundness: Annotated[Percent, "A circle at 100, the picture's own shape at -100"] = 0.0,
    feather: Annotated[Amount, "How softly it goes over"] = 60.0,
) -> api.Image:
    """Darken or lighten the corners of what is shown, as a lens does, in linear light.

    y = E(2^(-amount / 50 w) D(x)), D and E the sRGB transfer function and its inverse: at 100 the
    corners are two stops darker. w is smoothstep of the distance from the middle, from ``midpoint``
    on over ``feather``, both as parts of the way to the corner. It stays centred where the picture
    is cropped. A formula of our own, as are those of others.
    """
    half = np.array([canvas.width, canvas.height], np.float32) / 2
    x = np.abs(np.arange(region.x, region.right, dtype=np.float32) + 0.5 - canvas.x - half[0])
    y = np.abs(np.arange(region.y, region.bottom, dtype=np.float32) + 0.5 - canvas.y - half[1])
    share = np.float32((roundness + 100) / 200)
    longer = half.max()
    scale = half + (longer - half) * share  # from the picture's shape to a circle
    power = 2 + 4 * max(-roundness, 0) / 100  # towards the rectangle
    across, down = (x / scale[0]) ** power, (y / scale[1]) ** power
    far = (across[None] + down[:, None]) ** np.float32(1 / power)
    corner = float(((half / scale) ** power).sum() ** (1 / power))
    start = midpoint / 100 * corner
    end = start + max(feather / 100, 0.01) * corner
    weight = _smooth(far, start, end)
    factor = np.exp2(np.float32(-amount / 50) * weight)
    return api.from_linear(api.to_linear(image) * factor[..., None])


@api.filter(
    "Grain", category="Detail", reach=lambda size: gaussian_reach(size / 2), keeps_grey=True
)
def grain(
    image: api.Image,
    region: api.Region,
    amount: Annotated[Amount, "How strong: its deviation in midtones is a tenth at 100"] = 25.0,
    size: Annotated[
        float,
        api.Number(0.5, 10, slider=(0.5, 6), step=0.1, unit="px", length=True),
        "How large a grain is",
    ] = 1.5,
    seed: api.Seed = 0,
) -> api.Image:
    """Lay film grain over the picture: strongest in midtones, none in black and white.

    y = x + amount / 10 4 L (1 - L) n, L the luminance, n noise of deviation 1 under a Gaussian of
    half the size: nearly Gaussian noise, each value a function of the seed and of the place
    (SplitMix64), so pieces agree. The weight is our own.
    """
    deviation = size / 2
    far = gaussian_reach(deviation) if size > 1 else 0
    noise = _noise(
        region.x - far, region.y - far, image.shape[1] + 2 * far, image.shape[0] + 2 * far, seed
    )
    if far:
        noise = blurred(noise, deviation)[far:-far, far:-far] * np.float32(
            2 * math.sqrt(math.pi) * deviation
        )
    light = np.clip(luminance(image), 0, 1)
    weight = 4 * light * (1 - light)
    return image + (np.float32(amount / 1000) * weight * noise)[..., None]


def _noise(left: int, top: int, width: int, height: int, seed: int) -> np.ndarray:
    """Numbers of mean 0 and deviation 1, each of its place alone: float32 (height, width).

    Hashes of the place (Steele, Lea and Flood, SplitMix64, 2014), made normal by the sum of four
    uniform numbers.
    """
    x = np.arange(left, left + width, dtype=np.int64).astype(np.uint64)
    y = np.arange(top, top + height, dtype=np.int64).astype(np.uint64)
    with np.errstate(over="ignore"):
        place = x[None] * np.uint64(0x9E3779B97F4A7C15) ^ y[:, None] * np.uint64(0xC2B2AE3D27D4EB4F)
        number = place + np.uint64(seed) * np.uint64(0x165667B19E3779F9)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            number = (number ^ (number >> np.uint64(shift))) * np.uint64(factor)
        number ^= number >> np.uint64(31)
    parts = [(number >> np.uint64(16 * part)) & np.uint64(0xFFFF) for part in range(4)]
    total = sum(part.astype(np.float32) for part in parts) / np.float32(65535)
    return (total - np.float32(2)) * np.float32(math.sqrt(3))
