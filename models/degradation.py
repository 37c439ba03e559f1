"""What a camera, a phone or the web does to a photograph, as pairs to train restoration with.

Blur, resampling, sensor noise, sharpening and JPEG follow one another in random order, after BSRGAN
(Zhang et al., "Designing a Practical Degradation Model for Deep Blind Image Super-Resolution",
2021), with the kernels of Real-ESRGAN (Wang et al., 2021) at about half their strength: the
pictures that reach an editor come from cameras, not from the fifth messenger in a row.

`degrade` makes one random version of a crop; every step in it is a plain function that can be used
alone. Between steps a picture is (h, w, 3) float32, sRGB-encoded, 0 to 1, and may leave that range
a little. No step moves the picture: kernels are symmetric about their centre sample, resampling
keeps the outer edges where they are, and JPEG grids are moved without moving what is under them.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

Range = tuple[float, float]

BICUBIC = Image.Resampling.BICUBIC
FILTERS = (Image.Resampling.BILINEAR, BICUBIC, Image.Resampling.LANCZOS)
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # BT.601, as in JPEG
# From luminance and two colour differences of equal strength to red, green and blue (BT.601).
FROM_LUMINANCE = np.array([[1, 1, 1], [0, -0.344, 1.772], [1.402, -0.714, 0]], np.float32)
MID_GREY = 0.214  # linear light of the sRGB value 0.5
MID_SLOPE = 1.08  # of the sRGB curve there: encoded change for a small change of light
TABLE = 1 << 16  # entries; fine enough that the steep start of the sRGB curve is under 0.1 levels
WIDEST = 10  # pixels; radius beyond which a kernel is cut off, 21 x 21 as in Real-ESRGAN


@dataclass(frozen=True)
class Degradation:
    """How often, and how strongly, each thing happens.

    Lengths are in pixels of the result, so that they mean the same at every scale; a step that
    comes before the picture is made smaller uses proportionally more. Pairs are (least, most);
    drawn uniformly unless said otherwise.
    """

    # Pairs that are only made smaller, so that a clean picture is not made worse.
    clean: float = 0.12

    # A lens and a sensor's optical filter blur by half a pixel to one; most phones are there.
    blur: float = 0.7
    second_blur: float = 0.15  # of an editing step between camera and web
    blur_sigma: Range = (0.1, 0.9)
    # isotropic, anisotropic, generalised Gaussian, disc (out of focus), sinc (ringing)
    blur_kinds: tuple[float, float, float, float, float] = (0.45, 0.25, 0.12, 0.1, 0.08)
    elongation: Range = (1.0, 2.5)  # of the anisotropic kinds: a hand that shook a little
    shape: Range = (0.7, 2.5)  # of the generalised Gaussian: 2 is Gaussian, less peaked, more flat
    disc_radius: Range = (0.5, 1.3)
    sinc_cutoff: Range = (0.6, 1.0)  # of the Nyquist frequency of the result

    # A picture that was made smaller, or larger, before; to this many times the final size. At
    # most the size it has, or `rescale[1]`. Logarithmic, so that half and double are equals.
    rescaled: float = 0.35
    rescale: Range = (0.7, 1.4)

    # Standard deviation in 8-bit levels at mid-grey. Cameras have denoised before us, so half of
    # Real-ESRGAN's upper end would be rare; logarithmic, because faint noise is the usual case.
    # Of the variance at mid-grey nearly all is photon (Poisson) noise: at a high sensitivity some
    # hundred electrons are read out with an error of about three.
    noise: float = 0.55
    noise_level: Range = (0.5, 8.0)
    photon_share: Range = (0.88, 1.0)
    noise_spread: Range = (0.0, 0.6)  # of a neighbour: 0 is white, 0.5 is a bilinear demosaic
    chroma_noise: Range = (0.4, 1.4)  # strength of the colour noise against the luminance noise

    # Phones sharpen everything they save; stronger than 0.9 shows as white rims.
    sharpened: float = 0.35
    sharpen_sigma: Range = (0.5, 1.1)
    sharpen_amount: Range = (0.2, 0.9)

    # The file itself (last) and the file that it was made from (anywhere before). Cameras write
    # 90 to 97, web sites 75 to 85, messengers down to 60.
    last_jpeg: float = 0.75
    last_quality: tuple[int, int] = (60, 97)
    earlier_jpeg: float = 0.3
    earlier_quality: tuple[int, int] = (70, 97)
    colour_halved: float = 0.6  # share of files with 4:2:0, the default of nearly every program


def fraction(image: np.ndarray) -> np.ndarray:
    """uint8 to float32, 0 to 1."""
    return image.astype(np.float32) * np.float32(1 / 255)


def levels(image: np.ndarray) -> np.ndarray:
    """float, 0 to 1, to uint8: rounded and clipped."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def convolve(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """(h, w, c) with one kernel of odd length over every channel; mirrored beyond the border.

    A kernel of one dimension is laid along both axes in turn, which is several times faster than
    the square of two that it stands for.
    """
    radius = kernel.shape[0] // 2
    padded = np.pad(image, ((radius, radius), (radius, radius), (0, 0)), "symmetric")
    height, width = image.shape[:2]
    weights = kernel.astype(np.float32)
    if weights.ndim == 1:
        rows = sum(w * padded[n : n + height] for n, w in enumerate(weights[::-1]))
        return sum(w * rows[:, n : n + width] for n, w in enumerate(weights[::-1]))
    size = [-(-side // 8) * 8 for side in padded.shape[:2]]  # multiples of 8 transform faster
    spectrum = np.fft.rfft2(padded, size, (0, 1)) * np.fft.rfft2(weights, size)[..., None]
    result = np.fft.irfft2(spectrum, size, (0, 1))
    return result[2 * radius :, 2 * radius :][:height, :width]


def offsets(radius: int) -> tuple[np.ndarray, np.ndarray]:
    """(y, x) of every sample of a kernel from its centre, both (2*radius+1, 2*radius+1)."""
    line = np.arange(-radius, radius + 1, dtype=np.float32)
    return line[:, None], line[None, :]


def gaussian_line(sigma: float) -> np.ndarray:
    """A Gaussian of `sigma` pixels in one dimension. Sums to 1."""
    line, _ = offsets(min(WIDEST, math.ceil(3 * sigma)))
    weights = np.exp(-0.5 * (line[:, 0] / sigma) ** 2)
    return weights / weights.sum()


def gaussian_kernel(
    sigma: float, elongation: float, angle: float, shape: float = 2.0
) -> np.ndarray:
    """A Gaussian of `sigma` pixels along its short axis, `elongation` times that along the long.

    `angle` in radians turns the long axis from x towards y. `shape` is the exponent of the
    generalised Gaussian: 2 the normal one, below it more peaked, above it flatter. Sums to 1.
    """
    y, x = offsets(min(WIDEST, math.ceil(3 * sigma * elongation)))
    along = (x * math.cos(angle) + y * math.sin(angle)) / elongation
    across = y * math.cos(angle) - x * math.sin(angle)
    squared = (along**2 + across**2) / sigma**2
    kernel = np.exp(-0.5 * squared ** (shape / 2))
    return kernel / kernel.sum()


def disc_kernel(radius: float) -> np.ndarray:
    """An evenly filled disc, as a lens out of focus draws a point; its edge is antialiased."""
    y, x = offsets(min(WIDEST, math.ceil(radius)))
    kernel = np.clip(radius + 0.5 - np.hypot(y, x), 0, 1)
    return kernel / kernel.sum()


def sinc_line(cutoff: float) -> np.ndarray:
    """An ideal low-pass, cut off after a few waves: the ringing of a sharp resampling filter.

    `cutoff` is in parts of the Nyquist frequency, above 0 to 1. Sums to 1.
    """
    line, _ = offsets(min(WIDEST, math.ceil(4 / cutoff)))
    wave = np.sinc(cutoff * line[:, 0])
    return wave / wave.sum()


def random_kernel(rng: np.random.Generator, settings: Degradation, ratio: float) -> np.ndarray:
    """A kernel of one of the five kinds, for a picture `ratio` times as large as the result."""
    kinds = np.array(settings.blur_kinds)
    kind = rng.choice(len(kinds), p=kinds / kinds.sum())
    sigma = ratio * rng.uniform(*settings.blur_sigma)
    elongation = rng.uniform(*settings.elongation)
    angle = rng.uniform(0, math.pi)
    if kind == 0:
        return gaussian_line(sigma)
    if kind == 1:
        return gaussian_kernel(sigma / math.sqrt(elongation), elongation, angle)
    if kind == 2:
        shape = rng.uniform(*settings.shape)
        return gaussian_kernel(sigma / math.sqrt(elongation), elongation, angle, shape)
    if kind == 3:
        return disc_kernel(ratio * rng.uniform(*settings.disc_radius))
    return sinc_line(min(1.0, rng.uniform(*settings.sinc_cutoff) / ratio))


def resize(image: np.ndarray, size: tuple[int, int], filter: Image.Resampling) -> np.ndarray:
    """(h, w, 3) float32 to `size` = (height, width), low-passed when that is smaller.

    Pillow's bicubic is the benchmarks' (a = -0.5) except within two samples of the border.
    """
    planes = [
        Image.fromarray(np.ascontiguousarray(image[..., n])).resize(size[::-1], filter)
        for n in range(image.shape[2])
    ]
    return np.stack([np.asarray(plane) for plane in planes], -1)


def random_filter(
    rng: np.random.Generator, size: tuple[int, int], new_size: tuple[int, int]
) -> Image.Resampling:
    """Bilinear, bicubic, Lanczos, or area where whole pixels are averaged.

    Over a fraction of a pixel Pillow's area filter leaves pixels out, which would move edges.
    """
    whole = size[0] % new_size[0] == 0 and size[1] % new_size[1] == 0
    choices = (*FILTERS, Image.Resampling.BOX) if whole else FILTERS
    return choices[rng.integers(len(choices))]


@cache
def light_tables() -> tuple[np.ndarray, np.ndarray]:
    """sRGB to linear light and back (IEC 61966-2-1), each as TABLE values over 0 to 1."""
    x = np.linspace(0, 1, TABLE)
    light = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    encoded = np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055)
    return light.astype(np.float32), encoded.astype(np.float32)


def look_up(table: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The table's value for every sample of an image, which is clipped to 0 to 1."""
    return table[(np.clip(image, 0, 1) * (TABLE - 1) + 0.5).astype(np.intp)]


def spread(noise: np.ndarray, weight: float) -> np.ndarray:
    """Tie white noise (h, w, c) to its neighbours, each taken in by `weight`; variance stays."""
    return convolve(noise, np.array([weight, 1, weight]) / math.sqrt(1 + 2 * weight**2))


def sensor_noise(
    image: np.ndarray,
    rng: np.random.Generator,
    level: float,
    photon_share: float = 0.92,
    neighbours: float = 0.3,
    chroma: float = 1.0,
) -> np.ndarray:
    """Add the noise that a sensor leaves, in linear light, where it arises.

    `level` is the standard deviation of luminance in 8-bit sRGB levels at mid-grey. The variance
    grows with the light by `photon_share` (Poisson) and is even for the rest (read-out), after
    Foi et al., "Practical Poissonian-Gaussian noise modeling" (2008). Interpolating the colour
    filter ties a pixel to its `neighbours` (see `spread`); colour noise is `chroma` times the
    luminance noise and coarser, as it is in files from cameras. The result is clipped to 0 to 1.
    """
    to_light, from_light = light_tables()
    light = look_up(to_light, image)
    white = rng.standard_normal(image.shape, np.float32)
    grain = spread(white, neighbours)
    grain[..., 1:] = spread(grain[..., 1:], 0.5) * (0.5 * chroma)
    grain = grain @ FROM_LUMINANCE
    variance = (level / 255 / MID_SLOPE) ** 2
    deviation = np.sqrt(variance * (1 - photon_share) + variance * photon_share / MID_GREY * light)
    return look_up(from_light, light + deviation * grain)


@dataclass(frozen=True)
class Camera:
    """A sensor at some sensitivity, and the camera that makes a file of what it has read.

    `electrons` are those of a white pixel, fewer at a higher sensitivity; `read` is the standard
    deviation, in electrons, with which a pixel is read. `balance` are the factors of red, green and
    blue that make white of what the sensor saw. `contrast` is that of the camera's curve: 0 is
    sRGB's own, 0.3 is 1.3 times as steep at mid-grey. A sensor with a `mosaic` sees one colour at
    each pixel, the others are interpolated. `quality` is the JPEG's, None for a file without loss.
    """

    electrons: float
    read: float = 3.0
    balance: tuple[float, float, float] = (1.9, 1.0, 1.6)
    contrast: float = 0.2
    mosaic: bool = True
    quality: int | None = 92


def exposed(light: np.ndarray, rng: np.random.Generator, camera: Camera) -> np.ndarray:
    """Linear light (h, w, 3), 0 to 1, as the camera measures it: not clipped, none of it moved.

    Photons arrive by chance (shot noise: Poisson), and reading adds a Gaussian error; both are made
    stronger with the colour by the white balance. Of a mosaic only the noise is interpolated
    (bilinear), so that what is to be found again is the picture as sharp as it is.
    """
    balance = np.array(camera.balance, np.float32)
    wanted = light / balance * np.float32(camera.electrons)
    counted = rng.poisson(wanted) + camera.read * rng.standard_normal(light.shape)
    noise = ((counted - wanted) * balance / camera.electrons).astype(np.float32)
    if camera.mosaic:
        noise = demosaiced(noise, *(int(n) for n in rng.integers(2, size=2)))
    return light + noise


def demosaiced(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """What bilinear interpolation makes of (h, w, 3) seen through a Bayer filter.

    The filter's first red pixel is at (`down`, `right`), each 0 or 1.
    """
    rows, columns = (np.arange(side) for side in image.shape[:2])
    red_row, red_column = (rows + down) % 2 == 0, (columns + right) % 2 == 0
    red = red_row[:, None] & red_column
    blue = ~red_row[:, None] & ~red_column
    seen = np.stack([red, ~(red | blue), blue], -1)
    apart = np.array([0.5, 1, 0.5], np.float32)
    coarse = convolve(image * seen, apart)
    row = image[..., 1:2] * seen[..., 1:2]
    cross = np.array([[0, 0.25, 0], [0.25, 1, 0.25], [0, 0.25, 0]], np.float32)
    return np.concatenate([coarse[..., :1], convolve(row, cross), coarse[..., 2:]], -1)


@cache
def tone_tables(contrast: float) -> tuple[np.ndarray, np.ndarray]:
    """A file's values to linear light and back, through a camera's curve; see `Camera`."""
    x = np.linspace(0, 1, TABLE)
    curve = x - contrast * np.sin(2 * np.pi * x) / (2 * np.pi)
    to_light, from_light = light_tables()
    before = np.interp(x, curve, x)
    light = np.interp(before, x, to_light)
    return light.astype(np.float32), np.interp(from_light, x, curve).astype(np.float32)


def taken(
    image: np.ndarray,
    rng: np.random.Generator,
    camera: Camera,
    colour_halved: bool = True,
    shift: tuple[int, int] = (0, 0),
) -> np.ndarray:
    """A picture as a camera would have taken it: (h, w, 3) of 8 bits, as float32 from 0 to 1.

    `colour_halved` and `shift` are those of its `jpeg`.
    """
    to_light, from_light = tone_tables(camera.contrast)
    result = look_up(from_light, exposed(look_up(to_light, image), rng, camera))
    if camera.quality is None:
        return fraction(levels(result))
    return jpeg(result, camera.quality, colour_halved, shift)


def sharpen(image: np.ndarray, sigma: float, amount: float) -> np.ndarray:
    """Unsharp masking of luminance alone, as cameras do: edges overshoot by up to `amount`."""
    plane = (image @ LUMINANCE)[..., None]
    return image + np.float32(amount) * (plane - convolve(plane, gaussian_line(sigma)))


def jpeg(
    image: np.ndarray, quality: int, colour_halved: bool = True, shift: tuple[int, int] = (0, 0)
) -> np.ndarray:
    """Through a JPEG file and back, with 4:2:0 (`colour_halved`) or 4:4:4.

    `shift` = (down, right) pixels by which the picture's corner lies inside the file's first
    block: a crop of a larger file does not start where a block does.
    """
    down, right = shift
    pixels = np.pad(levels(image), ((down, 0), (right, 0), (0, 0)), "edge")
    file = io.BytesIO()
    sampling = "4:2:0" if colour_halved else "4:4:4"
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=sampling)
    with Image.open(file) as picture:
        return fraction(np.asarray(picture)[down:, right:])


def random_jpeg(
    image: np.ndarray, rng: np.random.Generator, settings: Degradation, quality: tuple[int, int]
) -> np.ndarray:
    """A JPEG of random quality and sampling, its grid anywhere against the picture."""
    return jpeg(
        image,
        int(rng.integers(quality[0], quality[1] + 1)),
        bool(rng.random() < settings.colour_halved),
        (int(rng.integers(16)), int(rng.integers(16))),
    )


class Course:
    """One picture on its way to the result: `image` now, `size` (height, width) at the end."""

    def __init__(
        self,
        image: np.ndarray,
        size: tuple[int, int],
        rng: np.random.Generator,
        settings: Degradation,
    ):
        self.image, self.size, self.rng, self.settings = image, size, rng, settings

    @property
    def ratio(self) -> float:
        """How many times larger than the result the picture still is."""
        return self.image.shape[0] / self.size[0]

    def blur(self) -> None:
        self.image = convolve(self.image, random_kernel(self.rng, self.settings, self.ratio))

    def resize_to(self, size: tuple[int, int]) -> None:
        now = self.image.shape[:2]
        if now != size:
            self.image = resize(self.image, size, random_filter(self.rng, now, size))

    def shrink(self) -> None:
        self.resize_to(self.size)

    def rescale(self) -> None:
        least, most = self.settings.rescale
        ratio = math.exp(self.rng.uniform(math.log(least), math.log(max(most, self.ratio))))
        height, width = self.size
        self.resize_to((max(1, round(height * ratio)), max(1, round(width * ratio))))

    def add_noise(self) -> None:
        s = self.settings
        least, most = s.noise_level
        level = math.exp(self.rng.uniform(math.log(least), math.log(most)))
        ranges = (s.photon_share, s.noise_spread, s.chroma_noise)
        drawn = [self.rng.uniform(*limits) for limits in ranges]
        self.image = sensor_noise(self.image, self.rng, level, *drawn)

    def sharpen(self) -> None:
        sigma = self.ratio * self.rng.uniform(*self.settings.sharpen_sigma)
        amount = self.rng.uniform(*self.settings.sharpen_amount)
        self.image = sharpen(self.image, sigma, amount)

    def earlier_jpeg(self) -> None:
        self.image = random_jpeg(self.image, self.rng, self.settings, self.settings.earlier_quality)


def degrade(
    large: np.ndarray,
    scale: int,
    rng: np.random.Generator,
    settings: Degradation = Degradation(),
) -> np.ndarray:
    """A random worse version of a photograph, `scale` times smaller.

    `large` is (h, w, 3) uint8 sRGB with sides that are multiples of `scale`; the result is
    (h/scale, w/scale, 3) uint8. With a scale of 1 the size stays. The same state of `rng` gives the
    same result. Raises ValueError when the sides do not divide.
    """
    height, width = large.shape[:2]
    if height % scale or width % scale:
        raise ValueError(f"a picture of {width} x {height} cannot be made {scale} times smaller")
    size = (height // scale, width // scale)
    course = Course(fraction(large), size, rng, settings)
    if rng.random() < settings.clean:
        return levels(resize(course.image, size, BICUBIC)) if scale > 1 else large.copy()
    likely: list[tuple[float, Callable[[], None]]] = [
        (1.0, course.shrink),
        (settings.blur, course.blur),
        (settings.second_blur, course.blur),
        (settings.rescaled, course.rescale),
        (settings.noise, course.add_noise),
        (settings.sharpened, course.sharpen),
        (settings.earlier_jpeg, course.earlier_jpeg),
    ]
    steps = [step for probability, step in likely if rng.random() < probability]
    for n in rng.permutation(len(steps)):
        steps[n]()
    course.shrink()  # a rescaling may have come last
    if rng.random() < settings.last_jpeg:
        course.image = random_jpeg(course.image, rng, settings, settings.last_quality)
    return levels(course.image)
