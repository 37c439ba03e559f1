"""Measure the strokes of a painting on photographs, beside those that the network draws.

    python -m models.style.strokes --photos FOLDER --styles FOLDER \
        --features squeezenet1_0_features.npz [--json metrics.json] [--sheet strokes.jpg]

The first photographs and paintings that were kept from training, by their names, each pair once.
What is compared is what the plugin does at its defaults: Quality paints, and its picture guides the
pieces of the painting that the library plugins/exemplar lays. Spectra and directions are compared
with those of the painting made as large as the photograph, as it is at Stroke scale 1. The figures
of measure.py are taken of each photograph with the painting of its own place.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from models import cards, resample
from models.degradation import levels as eight_bit
from models.pictures import SUFFIXES, is_held_out, read
from models.plugincode import plugin_package
from models.style import objective
from models.style.export import PLUGIN
from models.style.measure import (
    CELL,
    GRID,
    JPEG,
    PHOTOGRAPH,
    SHEET,
    Judge,
    Scores,
    Styler,
    fitting,
    ready,
    real,
    thumbnail,
)
from models.style.measured_report import table

SIDE = 288  # pixels of the photographs' shorter side
RINGS = 4  # octaves of a spectrum, from half a cycle a pixel downwards
ANGLES = 12  # bins of directions, over half a turn
CLEARNESS = 8  # bins of how clear they are, 0 to 1
NEAR = 4  # pixels over which a direction is a mean
LUMA = np.array([0.2126, 0.7152, 0.0722])
PAINTING, NETWORK = "strokes from the painting", "strokes from the network"


@dataclass(frozen=True)
class Strokes:
    """How far the strokes of a result are from those of a painting; 0 is best.

    `spectrum`: mean difference of the power in each octave, in octaves. `slope`: difference of the
    slope of power over frequency. `directions`, `clearness`: halved sum of differences of the
    histograms of the directions of light and dark and of how clear they are; 1 is nothing alike.
    """

    spectrum: float
    slope: float
    directions: float
    clearness: float


def spectrum(picture: np.ndarray) -> np.ndarray:
    """The power of (h, w, 3) uint8 in RINGS octaves, the finest first, as logarithms to base 2."""
    light = real(picture) @ LUMA
    light = light - light.mean()
    window = np.outer(*(np.hanning(side) for side in light.shape))
    power = np.abs(np.fft.fft2(light * window)) ** 2 / (window**2).sum()
    down, across = (np.fft.fftfreq(side) for side in light.shape)
    frequency = np.hypot(down[:, None], across[None])
    edges = [(0.5 / 2 ** (n + 1), 0.5 / 2**n) for n in range(RINGS)]
    means = [power[(frequency > low) & (frequency <= high)].mean() for low, high in edges]
    return np.log2(np.array(means) + 1e-9)


def directions(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Histograms, each of sum 1, of the directions of (h, w, 3) uint8 and of how clear they are.

    Of the structure tensor: what changes much counts more.
    """
    light = real(picture) @ LUMA
    down, across = np.gradient(light)
    energy, even, odd = (
        smoothed(part) for part in (across**2 + down**2, across**2 - down**2, 2 * across * down)
    )
    clear = np.hypot(even, odd) / (energy + 1e-9)
    angle = np.arctan2(odd, even) % (2 * np.pi)
    turned = np.histogram(angle, ANGLES, (0, 2 * np.pi), weights=energy * clear)[0]
    distinct = np.histogram(clear, CLEARNESS, (0, 1), weights=energy)[0]
    return turned / max(turned.sum(), 1e-9), distinct / max(distinct.sum(), 1e-9)


def smoothed(plane: np.ndarray) -> np.ndarray:
    """The mean over 2 NEAR + 1 pixels down and across; the edge goes on."""
    kernel = np.full(2 * NEAR + 1, 1 / (2 * NEAR + 1))
    for axis in (0, 1):
        around = [(NEAR, NEAR) if n == axis else (0, 0) for n in (0, 1)]
        padded = np.pad(plane, around, mode="edge")
        plane = np.apply_along_axis(np.convolve, axis, padded, kernel, "valid")
    return plane


def away(result: np.ndarray, painting: np.ndarray) -> Strokes:
    """How far the strokes of one picture are from those of another; both (h, w, 3) uint8."""
    found, wanted = spectrum(result), spectrum(painting)
    slopes = [-np.polyfit(np.arange(RINGS), one, 1)[0] for one in (found, wanted)]
    histograms = zip(directions(result), directions(painting), strict=True)
    turned, distinct = (float(np.abs(a - b).sum() / 2) for a, b in histograms)
    return Strokes(
        float(np.abs(found - wanted).mean()), float(abs(slopes[0] - slopes[1])), turned, distinct
    )


def as_large(painting: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A painting with about as many pixels as a photograph."""
    return resample.resize(painting, (like[..., 0].size / painting[..., 0].size) ** 0.5)


def painted(photograph: np.ndarray, guide: np.ndarray, painting: np.ndarray) -> np.ndarray:
    """A photograph painted with pieces of a painting, all (h, w, 3) uint8."""
    size = photograph.shape[:2]
    engine = plugin_package("exemplar", "painted_picture")
    small = engine.working_size(size, [painting], 1.0)
    parts = (scaled(picture, small) for picture in (photograph, guide))
    return eight_bit(np.clip(engine.paint(*parts, [real(painting)]).drawn(size), 0, 1))


def scaled(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A uint8 picture as float32 of another size (height, width)."""
    made = Image.fromarray(picture).resize(size[::-1], Image.Resampling.BICUBIC)
    return real(np.asarray(made))


def kept(folder: Path, count: int) -> list[np.ndarray]:
    """The first pictures of a folder that were kept from training, by their names."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return [read(path) for path in paths if is_held_out(path.name)][:count]


def results(
    styler: Styler, photographs: list[np.ndarray], paintings: list[np.ndarray]
) -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]]:
    """Each photograph with each painting, and what each method makes of them."""
    for photograph in photographs:
        for painting in paintings:
            drawn = styler(photograph, ready(painting, SIDE))
            pieces = painted(photograph, drawn, painting)
            made = {PHOTOGRAPH: photograph, NETWORK: drawn, PAINTING: pieces}
            yield photograph, painting, made


def lines(
    strokes: dict[str, list[Strokes]], scores: dict[str, list[Scores]], photographs: int
) -> list[str]:
    """What is said of all pairs: means with their spread, and the figures of measure.py."""
    pairs = len(strokes[PAINTING])
    found = [
        f"Strokes from the painting, beside the network's own, on {pairs} pairs: the first "
        f"{photographs} photographs and the first {pairs // photographs} paintings kept from "
        f"training, {SIDE} pixels of the shorter side, each with each. Distances from the painting "
        "made as large as the photograph, means ± standard deviation over the pairs. Spectrum: of "
        f"the power in {RINGS} octaves, in octaves; slope: of power over frequency, in octaves an "
        "octave; directions and clearness: of histograms of the structure tensor, 0 alike, 1 "
        "nothing alike. Strokes are turned along the photograph's edges, so directions are not "
        "meant to be the painting's.",
        "",
        "| | spectrum | slope | directions | clearness |",
        "|---|---|---|---|---|",
    ]
    for method, each in strokes.items():
        values = np.array([list(asdict(one).values()) for one in each])
        figures = zip(values.mean(0), values.std(0), strict=True)
        cells = " | ".join(f"{mean:.2f} ± {spread:.2f}" for mean, spread in figures)
        found.append(f"| {method} | {cells} |")
    means = {
        method: {"": Scores(*np.mean([list(asdict(one).values()) for one in each], 0).tolist())}
        for method, each in scores.items()
    }
    many = len(scores[PAINTING])
    return [*found, "", f"By the figures above, on {many} of these pairs:", "", *table(means), ""]


def sheet(
    photographs: list[np.ndarray], paintings: list[np.ndarray], made: list[np.ndarray]
) -> Image.Image:
    """The paintings above, the photographs left, of each pair what was `made`, row by row."""
    columns = len(paintings)
    rows = [[None, *paintings]]
    for n, photograph in enumerate(photographs):
        rows.append([photograph, *made[n * columns : (n + 1) * columns]])
    whole = np.full((CELL * len(rows), CELL * (columns + 1), 3), 255, np.uint8)
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            if picture is not None:
                y, x = row * CELL, column * CELL
                whole[y : y + CELL - 2, x : x + CELL - 2] = thumbnail(picture, CELL - 2)
    return Image.fromarray(whole)


def main() -> None:
    parser = cards.options(__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder trained on")
    parser.add_argument("--styles", type=Path, required=True, help="folder of paintings")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet's weights")
    parser.add_argument("--models", type=Path, default=PLUGIN, help="folder of the ONNX files")
    parser.add_argument("--count", type=int, default=SHEET, help="photographs, and paintings")
    parser.add_argument("--sheet", type=Path, help="write all pairs, JPEG")
    measure(parser.parse_args())


def measure(given: argparse.Namespace) -> None:
    """Measure every pair, show what was found, and put it where it was asked for."""
    photographs = [ready(one, SIDE) for one in kept(given.photos, given.count)]
    paintings = kept(given.styles, given.count)
    if not photographs or not paintings:
        raise SystemExit("No photograph or no painting was kept from training.")
    styler = Styler.load(given.models, "quality")
    features = objective.features(given.features)
    strokes: dict[str, list[Strokes]] = {}
    scores: dict[str, list[Scores]] = {}
    pieces = []
    for n, (photograph, painting, made) in enumerate(results(styler, photographs, paintings)):
        pieces.append(made[PAINTING])
        wanted = as_large(painting, photograph)
        for method, result in made.items():
            strokes.setdefault(method, []).append(away(result, wanted))
        if n % len(paintings) == n // len(paintings):
            judge = Judge(features, photograph, fitting(wanted, GRID))
            for method, result in made.items():
                scores.setdefault(method, []).append(judge(result))
    said = lines(strokes, scores, len(photographs))
    if given.sheet:
        sheet(photographs, paintings, pieces).save(given.sheet, quality=JPEG)
        said += [
            f"![Eight photographs with the strokes of eight paintings]({given.sheet.name})",
            "",
        ]
    cards.publish(said, {}, given.json)


if __name__ == "__main__":
    main()
