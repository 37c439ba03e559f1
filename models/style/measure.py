"""Measure the style networks on photographs and paintings kept from training.

    python -m models.style.measure --photos FOLDER --styles FOLDER \
        --features squeezenet1_0_features.npz [--json metrics.json] [--plot losses.svg] \
        [--sheet photographs.jpg]

What is measured is the ONNX files that ship, in ONNX Runtime on the CPU, results rounded to 8 bits,
beside the photograph itself and an optimisation of its pixels with the very losses that the
networks were trained with (gatys.py). Networks are measured at several strengths, the optimisation
with several weights, so that each is a curve. Losses of independent.py were nobody's aim.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models import cards, complexity, measurement, memory, precision, resample
from models.degradation import levels as eight_bit
from models.perceptual import Features
from models.pictures import SUFFIXES, is_held_out, read
from models.style import gatys, independent, objective
from models.style.export import EXACT, PLUGIN, fitting, planes
from models.style.measured_report import (
    CONTENT_SIDE,
    OPTIMISED,
    PHOTOGRAPH,
    STYLE_SIDE,
    Curve,
    Scores,
    cost_line,
    plot,
    protocol,
    table,
)
from models.style.network import WIDTHS
from models.tiles import Network, sha256, state, write_sums

GRID = 96  # sides are multiples of it
LONGEST = 576  # pixels of the longer side of either; what is more is left out
PAIRS = 20
STRENGTHS = (0.25, 0.5, 0.75, 1.0)
SHIFTS = ((0, 2), (2, 0), (2, 2))  # down, right; pixels
MARGIN = 16  # pixels at the border that a shift changes anyway
TRIED = 4  # photographs on which flicker, seams and half precision are measured
CUT = 160  # pixels of the tiles in which seams are looked for
SHEET = 8  # contents and styles of the contact sheet
CELL = 176  # pixels of one of its pictures
JPEG = 88  # quality of the sheet


class Described(Network):
    """A file that tells the tokens of a picture."""

    def tokens(self, picture: np.ndarray) -> np.ndarray:
        """(1, t, c) of (h, w, 3) uint8, whose sides are multiples of the file's."""
        image = np.ascontiguousarray(real(picture).transpose(2, 0, 1)[None])
        return self.session.run(["tokens"], {"image": image})[0]


@dataclass(frozen=True)
class Styler:
    """Both files of a size."""

    name: str
    paints: Network
    describes: Described

    @classmethod
    def load(cls, folder: Path, name: str) -> Styler:
        """The files of a size in a folder."""
        return cls(name, Network(folder / f"{name}.onnx"), Described(folder / f"{name}_code.onnx"))

    def given(
        self, photograph: np.ndarray, style: np.ndarray, strength: float = 1.0
    ) -> dict[str, np.ndarray]:
        """What the network takes beside the photograph; both pictures uint8."""
        # The means of all cells, which are equally large, are those of the whole.
        own, told = self.describes.tokens(photograph).mean(1), self.describes.tokens(style)
        shares = np.full(told.shape[:2], strength / told.shape[1])
        both = np.concatenate([shares, [[1 - strength]]], 1).astype(np.float32)
        return {"own": own, "style": np.concatenate([told, own[:, None]], 1), "shares": both}

    def beside(self, style: np.ndarray, image: np.ndarray) -> dict[str, np.ndarray]:
        """The same for an image in float32; a small one is laid out repeatedly."""
        counts = [-(-GRID // length) for length in image.shape[:2]]
        return self.given(eight_bit(fitting(np.tile(image, (*counts, 1)), GRID)), style)

    def __call__(
        self, photograph: np.ndarray, style: np.ndarray, strength: float = 1.0
    ) -> np.ndarray:
        """The photograph (h, w, 3) in the style of the other picture; all uint8."""
        given = self.given(photograph, style, strength)
        return eight_bit(self.paints.whole(real(photograph), **given))


def real(picture: np.ndarray) -> np.ndarray:
    """uint8 to float32, 0 to 1."""
    return picture.astype(np.float32) / 255


def tensor(picture: np.ndarray) -> Tensor:
    """(h, w, 3) uint8 to (1, 3, h, w), 0 to 1."""
    return planes(real(picture))


def ready(picture: np.ndarray, side: int) -> np.ndarray:
    """A picture of which the shorter side has `side` pixels, the longer at most LONGEST.

    Its middle, on the grid.
    """
    small = resample.resize(picture, side / min(picture.shape[:2]))
    small = small[tuple(slice((n - min(n, LONGEST)) // 2, None) for n in small.shape[:2])]
    return np.ascontiguousarray(fitting(small[:LONGEST, :LONGEST], GRID))


def held_out(folder: Path, side: int) -> list[np.ndarray]:
    """Those pictures of a folder that were kept from training, in the order of their names.

    Raises SystemExit where there are none.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    kept = [ready(read(path), side) for path in paths if is_held_out(path.name)]
    if not kept:
        raise SystemExit(f"No picture in {folder} was kept from training.")
    return kept


Method = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From a photograph and a style to a picture of the photograph's size, (h, w, 3) uint8 all."""


class Judge:
    """All that results for one photograph and one style are compared with, computed once."""

    def __init__(self, features: Features, photograph: np.ndarray, style: np.ndarray):
        self.features, self.photograph, self.style = features, photograph, style
        with torch.no_grad():
            self.content = objective.by_layer(features, tensor(photograph))
            self.wanted = objective.styles(objective.by_layer(features, tensor(style)))
        self.colours = independent.colours(style)

    @torch.no_grad()
    def __call__(self, result: np.ndarray) -> Scores:
        """How good a result (h, w, 3) uint8 is."""
        answers = objective.by_layer(self.features, tensor(result))
        found = objective.losses(answers, self.content, self.wanted)
        its = independent.colours(result)
        return Scores(
            float(found.content),
            float(found.style),
            independent.texture_distance(tensor(result), tensor(self.style)),
            independent.colour_distance(result, self.style),
            measurement.edge_ssim(result, self.photograph),
            float(np.abs(its.mean - self.colours.mean).mean()),
            float(np.abs(its.deviation - self.colours.deviation).mean()),
        )


def mean(scores: Iterable[Scores]) -> Scores:
    """The mean of each figure."""
    return Scores(*np.mean([list(asdict(one).values()) for one in scores], 0).tolist())


def optimise(
    features: Features, weight: float, steps: int, photograph: np.ndarray, style: np.ndarray
) -> np.ndarray:
    """What gatys.py makes of pictures, all (h, w, 3) uint8."""
    made = gatys.optimised(tensor(photograph), tensor(style), features, weight, steps)
    return eight_bit(made[0].permute(1, 2, 0).numpy())


@dataclass(frozen=True)
class Measured:
    """Mean scores by method and setting, and the median time of the cores in seconds by method.

    `every` is over all pairs, without the optimisation; `few` over those that were optimised, so
    that all methods are compared on the same ones.
    """

    every: dict[str, Curve]
    few: dict[str, Curve]
    seconds: dict[str, float]


def measure(
    pairs: list[tuple[np.ndarray, np.ndarray]],
    stylers: list[Styler],
    features: Features,
    optimised: int,
    steps: int = gatys.STEPS,
) -> Measured:
    """All methods on pairs of a photograph and a style, the optimisation on the first of them.

    They take turns, so that a machine that is busy is busy for all of them. A network's time is
    that of its three files' runs: of the photograph's own token, of the style's, of the picture.
    """
    rows: dict[str, dict[str, list[Scores]]] = {}
    times: dict[str, list[float]] = {}
    for n, (photograph, style) in enumerate(pairs):
        judge = Judge(features, photograph, style)
        for method, setting, make in methods(stylers, features, steps, n < optimised):
            start = time.process_time()
            result = make(photograph, style)
            times.setdefault(method, []).append(time.process_time() - start)
            rows.setdefault(method, {}).setdefault(setting, []).append(judge(result))
    every, few = (
        {
            method: {setting: mean(kept[:count]) for setting, kept in by_setting.items()}
            for method, by_setting in rows.items()
        }
        for count in (len(pairs), optimised or len(pairs))
    )
    every.pop(OPTIMISED, None)
    return Measured(every, few, {name: float(np.median(took)) for name, took in times.items()})


def methods(
    stylers: list[Styler], features: Features, steps: int, optimised: bool
) -> Iterator[tuple[str, str, Method]]:
    """Every method, each of its settings, and how it makes its picture."""
    yield PHOTOGRAPH, "", lambda photograph, style: photograph
    for styler in stylers:
        for strength in STRENGTHS:
            yield styler.name, f"{strength:g}", partial(styler, strength=strength)
    if optimised:
        for weight in gatys.WEIGHTS:
            yield OPTIMISED, f"{weight:g}", partial(optimise, features, weight, steps)


def beside_optimisation(found: Scores, curve: Curve) -> tuple[float, str]:
    """A style loss in parts of the optimisation's at the same content loss, and that in words.

    Between two results of the optimisation a straight line is taken. Where all have more content
    loss, or all less, it is compared with the nearest, which says less; the words tell.
    """
    points = sorted((scores.content, scores.style) for scores in curve.values())
    contents, styles = zip(*points, strict=True)
    ratio = found.style / float(np.interp(found.content, contents, styles))
    if found.content < contents[0]:
        said = "that of the optimised pictures with the least content loss, which is more"
    elif found.content > contents[-1]:
        said = "that of the optimised pictures with the most content loss, which is less"
    else:
        said = "the optimisation's at the same content loss"
    return ratio, said


def flicker(
    styler: Styler, photographs: Iterable[np.ndarray], styles: Iterable[np.ndarray]
) -> dict[str, float]:
    """How much a result changes when the photograph is moved by two pixels, in 8-bit levels.

    Mean absolute difference after moving the result back, without MARGIN at the border, for each
    of SHIFTS. The moved photograph is measured anew, as a user's crop would be.
    """
    found: dict[str, list[float]] = {f"{down}, {right}": [] for down, right in SHIFTS}
    for photograph, style in zip(photographs, styles, strict=True):
        height, width = (side - GRID for side in photograph.shape[:2])
        still = styler(photograph[:height, :width], style).astype(float)
        for down, right in SHIFTS:
            part = photograph[down : down + height, right : right + width]
            moved = styler(np.ascontiguousarray(part), style)
            away = still[down:, right:] - moved[: height - down, : width - right]
            inner = measurement.inside(np.abs(away), MARGIN)
            found[f"{down}, {right}"].append(float(inner.mean()))
    return {shift: float(np.mean(values)) for shift, values in found.items()}


def seam(styler: Styler, photograph: np.ndarray, style: np.ndarray) -> float:
    """Largest difference of a picture in tiles of CUT pixels from the whole, in 8-bit levels."""
    given, image = styler.given(photograph, style), real(photograph)
    parts = styler.paints.in_tiles(image, CUT, styler.paints.reach, **given)
    return 255 * float(np.abs(parts - styler.paints.whole(image, **given)).max())


def sheet(styler: Styler, photographs: list[np.ndarray], styles: list[np.ndarray]) -> Image.Image:
    """A photograph in each row, a style in each column: the styles above, the photographs left."""
    photographs, styles = photographs[:SHEET], styles[:SHEET]
    made = [[None, *styles]]
    made += [[photo, *(styler(photo, style) for style in styles)] for photo in photographs]
    whole = np.full((CELL * len(made), CELL * len(made[0]), 3), 255, np.uint8)
    for row, pictures in enumerate(made):
        for column, picture in enumerate(pictures):
            if picture is not None:
                y, x = row * CELL, column * CELL
                whole[y : y + CELL - 2, x : x + CELL - 2] = thumbnail(picture, CELL - 2)
    return Image.fromarray(whole)


def thumbnail(picture: np.ndarray, side: int) -> np.ndarray:
    """The middle square of a picture at another size."""
    shorter = min(picture.shape[:2])
    y, x = ((length - shorter) // 2 for length in picture.shape[:2])
    square = Image.fromarray(np.ascontiguousarray(picture[y : y + shorter, x : x + shorter]))
    return np.asarray(square.resize((side, side), Image.Resampling.LANCZOS))


def costs(
    stylers: list[Styler], photographs: list[np.ndarray], style: np.ndarray
) -> dict[str, dict[str, Any]]:
    """What the files that make pictures take; half precision is made, compared, thrown away."""
    networks = [styler.paints for styler in stylers]
    told = [styler.given(photographs[0], style) for styler in stylers]
    speeds = precision.speeds(networks, given=told)
    found: dict[str, dict[str, Any]] = {}
    for styler, network, given, speed in zip(stylers, networks, told, speeds, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            target, images = Path(folder) / "half.onnx", [real(p) for p in photographs]
            try:
                least, largest = precision.half(
                    network.path, target, images, partial(styler.beside, style), EXACT
                )
                half: dict[str, Any] = {"least_psnr": least, "largest_difference": largest}
            except SystemExit as reason:
                half = {"refused": str(reason)}
        found[styler.name] = {
            "parameters": int(network.properties["parameters"]),
            "multiply_adds": complexity.multiply_adds(network.path, given),
            "seconds_per_megapixel": asdict(speed),
            "peak_memory_mib": memory.peak(network.path, given),
            "half_precision": half,
        }
    return found


def comparison(measured: Measured, stylers: list[Styler]) -> tuple[list[str], dict[str, Any]]:
    """Each network beside the optimisation: lines, and numbers by network."""
    lines, numbers = [], {}
    for styler in stylers:
        curve = measured.few[styler.name]
        quicker = measured.seconds[OPTIMISED] / measured.seconds[styler.name]
        lines.append(
            f"- `{styler.name}` takes 1/{quicker:.0f} of the optimisation's time "
            f"({measured.seconds[styler.name]:.2f} core-s, codes included, against "
            f"{measured.seconds[OPTIMISED]:.1f})"
        )
        ratios = {}
        for strength, scores in curve.items():
            ratio, said = beside_optimisation(scores, measured.few[OPTIMISED])
            lines.append(
                f"    - strength {strength}: content loss {scores.content:.2f}, style loss "
                f"{scores.style:.2f}, {ratio:.2f} times {said}"
            )
            ratios[strength] = ratio
        numbers[styler.name] = {"style_ratio": ratios, "times_as_fast": quicker}
    return lines, numbers


def report(
    measured: Measured, stylers: list[Styler], pairs: int, optimised: int, steps: int
) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """The lines of the card about losses, and the numbers of each network."""
    lines = [protocol(pairs, optimised, steps), "", *table(measured.every), ""]
    files = {
        styler.name: {"scores": {s: asdict(x) for s, x in measured.every[styler.name].items()}}
        for styler in stylers
    }
    if optimised:
        lines += [f"On the first {optimised} pairs:", "", *table(measured.few, True), ""]
        said, numbers = comparison(measured, stylers)
        lines += [*said, ""]
        for name, figures in numbers.items():
            files[name] |= figures
    return lines, files


def options() -> argparse.ArgumentParser:
    parser = cards.options(__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder trained on")
    parser.add_argument("--styles", type=Path, required=True, help="folder of paintings")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet's weights")
    parser.add_argument("--models", type=Path, default=PLUGIN, help="folder of the ONNX files")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="photographs with a style each")
    parser.add_argument("--optimised", type=int, default=PAIRS, help="of them, by optimisation too")
    parser.add_argument("--steps", type=int, default=gatys.STEPS, help="of the optimisation")
    parser.add_argument("--plot", type=Path, help="write content against style loss, SVG")
    parser.add_argument("--sheet", type=Path, help="write photographs in all styles, JPEG")
    return parser


def main() -> None:
    given = options().parse_args()
    names = [name for name in WIDTHS if (given.models / f"{name}.onnx").exists()]
    if not names:
        print(f"{given.models} holds no network, so there is nothing to measure.")
        sys.exit(1)
    stylers = [Styler.load(given.models, name) for name in names]
    photographs, styles = (
        held_out(given.photos, CONTENT_SIDE),
        held_out(given.styles, STYLE_SIDE),
    )
    pairs = list(islice(zip(cycle(photographs), cycle(styles), strict=False), given.pairs))
    optimised = min(given.optimised, len(pairs))
    measured = measure(pairs, stylers, objective.features(given.features), optimised, given.steps)
    lines, files = report(measured, stylers, len(pairs), optimised, given.steps)
    cost = costs(stylers, photographs[:TRIED], styles[0])
    for styler in stylers:
        flickers = flicker(styler, photographs[:TRIED], styles[:TRIED])
        seams = max(seam(styler, *pair) for pair in pairs[:TRIED])
        own = files[styler.name]
        own |= {"flicker": flickers, "seam": seams} | cost[styler.name]
        moved = ", ".join(f"{value:.2f} for ({shift})" for shift, value in flickers.items())
        lines.append(
            f"`{styler.name}`: where the photograph is moved (down, right) by pixels, the result "
            f"moved back differs on average by {moved}, of 255; tiles of {CUT} pixels differ from "
            f"the whole by at most {seams:.1e} of 255"
        )
        lines.append("")
        lines += [cost_line(styler.name, cost[styler.name], given.hardware), ""]
    write(given, measured, lines, files)
    if given.sheet:
        sheet(stylers[-1], photographs, styles).save(given.sheet, quality=JPEG)


def write(
    given: argparse.Namespace, measured: Measured, lines: list[str], files: dict[str, Any]
) -> None:
    """Show what was found, and put it where it was asked for."""
    if given.plot:
        given.plot.write_text(plot(measured.few))
        lines += [f"![Content loss against style loss]({given.plot.name})", ""]
    for name, figures in list(files.items()):
        scores = figures["scores"]["1"]
        said = f"content {scores['content']:.3f}, style {scores['style']:.3f}"
        for file in (name, f"{name}_code"):
            path = given.models / f"{file}.onnx"
            if given.state:
                state(path, {"metrics": said})
            files.setdefault(file, {})["sha256"] = sha256(path)
    if given.state:
        write_sums(given.models)
    cards.publish(lines, files, given.json)


if __name__ == "__main__":
    main()
