"""Measure the shipped enlargers on Set5 and Set14, beside bicubic and published figures.

    python -m models.enlarge.measure --data FOLDER [--sets set5 set14] [--json metrics.json]

FOLDER holds a folder with the original pictures for each set. The protocol is the papers': the
original is cut to a multiple of the scale, made smaller with MATLAB's bicubic, enlarged, rounded
to 8 bits, and compared on the Y channel without a border as wide as the scale (a file of a single
channel on that channel). What is measured is every ONNX file that ships, in ONNX Runtime on the
CPU, in tiles where the editor would cut. `--averaged` tells instead what eight turns gain. The sets
serve for this table only: no network has been
trained on them or chosen by them. `--state` writes the figures into the files as well.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

from models import cards, complexity, measurement, precision, resample
from models.pictures import SUFFIXES, read
from models.tiles import Network, networks_of, sha256, state, write_sums

PLUGIN = Path(__file__).parents[2] / "plugins" / "enlarge" / "safelight_enlarge"
DATA = Path(__file__).parents[3] / "shared" / "data" / "eval"
SETS = ("set5", "set14")
SCALES = (2, 4)
SCREEN = 1280 * 720  # pixels of the result that papers count multiply-adds for

FORMS = {"psnr": ".2f", "ssim": ".4f", "gmsd": ".4f", "spectrum": ".2f"}  # see measurement.py
Scores = dict[str, float]  # by the names of FORMS; what is missing was not quoted


@dataclass(frozen=True)
class Published:
    """A row quoted from elsewhere, not measured here. `multiply_adds` in 10⁹ for SCREEN."""

    name: str
    parameters: int  # in thousands
    multiply_adds: float | None
    scores: dict[str, Scores]
    source: str


SWINIR = "SwinIR (Liang et al. 2021), table 3"
FALSR = "FALSR (Chu et al. 2019), table 1"
REVIEW = "Holistic Super-Resolution Review"
SAFMN = "SAFMN (Sun et al. 2023), table 1, from memory"
SPAN = "SPAN (Wan et al. 2024), table 2, from memory"
CARN = "CARN (Ahn et al. 2018), table 1, from memory"


def quoted(psnr5: float, ssim5: float, psnr14: float, ssim14: float) -> dict[str, Scores]:
    return {"set5": {"psnr": psnr5, "ssim": ssim5}, "set14": {"psnr": psnr14, "ssim": ssim14}}


PUBLISHED = {
    2: [
        Published("FSRCNN", 12, 6.0, quoted(37.00, 0.9558, 32.63, 0.9088), FALSR),
        Published("CARN-M", 412, 91.2, quoted(37.53, 0.9583, 33.26, 0.9141), FALSR),
        Published("SAFMN", 228, 51.5, quoted(38.00, 0.9605, 33.54, 0.9177), SAFMN),
        Published("SPAN", 481, None, quoted(38.08, 0.9608, 33.71, 0.9183), SPAN),
        Published("CARN", 1592, 222.8, quoted(37.76, 0.9590, 33.52, 0.9166), SWINIR),
        Published("IMDN", 694, 158.8, quoted(38.00, 0.9605, 33.63, 0.9177), SWINIR),
        Published("SwinIR-light", 878, 195.6, quoted(38.14, 0.9611, 33.86, 0.9206), SWINIR),
    ],
    4: [
        Published("FSRCNN", 12, None, quoted(30.70, 0.8657, 27.59, 0.7535), REVIEW),
        Published("VDSR", 665, None, quoted(31.35, 0.8838, 28.01, 0.7674), REVIEW),
        Published("CARN-M", 412, 32.5, quoted(31.92, 0.8903, 28.42, 0.7762), CARN),
        Published("SAFMN", 240, 13.6, quoted(32.18, 0.8948, 28.60, 0.7813), SAFMN),
        Published("SPAN", 498, None, quoted(32.20, 0.8953, 28.66, 0.7834), SPAN),
        Published("CARN", 1592, 90.9, quoted(32.13, 0.8937, 28.60, 0.7806), SWINIR),
        Published("IMDN", 715, 40.9, quoted(32.21, 0.8948, 28.58, 0.7811), SWINIR),
        Published("SwinIR-light", 897, 49.6, quoted(32.44, 0.8976, 28.77, 0.7858), SWINIR),
    ],
}

Originals = list[tuple[np.ndarray, bool]]  # (h, w, 3) uint8, and whether the file has one channel


def enlarge(network: Network, small: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 through the network to (scale*h, scale*w, 3) uint8."""
    result = network(small.astype(np.float32) / 255)
    return np.rint(result.clip(0, 1) * 255).astype(np.uint8)


def averaged(network: Network, small: np.ndarray) -> np.ndarray:
    """The same through all eight turns and mirrorings, averaged: the filter's `averaged`."""
    image, total = small.astype(np.float32) / 255, np.float32(0)
    for mirrored in (False, True):
        for turns in range(4):
            view = np.rot90(image[:, ::-1] if mirrored else image, turns)
            result = np.rot90(network(np.ascontiguousarray(view)), -turns)
            total = total + (result[:, ::-1] if mirrored else result)
    return np.rint((total / 8).clip(0, 1) * 255).astype(np.uint8)


def beside(
    name: str, network: Network, sets: dict[str, Originals], method: Callable[..., np.ndarray]
) -> list[str]:
    """The lines of a table: how much nearer another `method` comes with the same network.

    In brackets the standard deviation of the gain from picture to picture.
    """
    lines = [
        f"{name}, its eight turns and mirrorings averaged: Y-PSNR in dB",
        "",
        "| | once | averaged | gain |",
        "|---|---|---|---|",
    ]
    for title, pictures in sets.items():
        pairs = [
            [
                scores([picture], network.scale, lambda small, way=way: way(network, small))["psnr"]
                for way in (enlarge, method)
            ]
            for picture in pictures
        ]
        once, other = np.mean(pairs, 0)
        spread = np.std(np.diff(pairs), ddof=1)
        lines.append(
            f"| {title.capitalize()}, n = {len(pictures)} | {once:.2f} | {other:.2f} | "
            f"{other - once:+.2f} ({spread:.2f}) |"
        )
    return [*lines, ""]


def write_small(folder: Path, sets: dict[str, Originals], scale: int) -> None:
    """Write what the pictures of the sets are reduced to, SET_00.png and so on, for another program
    to enlarge.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, pictures in sets.items():
        for n, (picture, _) in enumerate(pictures):
            height, width = (side - side % scale for side in picture.shape[:2])
            small = resample.resize(picture[:height, :width], 1 / scale)
            Image.fromarray(small).save(folder / f"{name}_{n:02}.png")


def another(
    title: str,
    folder: Path,
    scale: int,
    networks: dict[str, Network],
    sets: dict[str, Originals],
) -> list[str]:
    """The lines of a table: what another program has made of `write_small`'s, beside our files.

    In brackets the standard deviation of Y-PSNR from picture to picture.
    """

    def row(name: str, shown: str, method: Callable[[int, np.ndarray], np.ndarray]) -> str:
        found = [
            scores([picture], scale, lambda small, n=n: method(n, small))
            for n, picture in enumerate(sets[name])
        ]
        mean = {form: float(np.mean([one[form] for one in found])) for form in FORMS}
        spread = np.std([one["psnr"] for one in found], ddof=1)
        where = f"{name.capitalize()}, n = {len(found)}"
        return f"| {shown} | {where} | {cell(mean, *FORMS)} ({spread:.2f}) |"

    lines = [
        f"×{scale}, bicubic reductions, beside {title}: Y-PSNR in dB / SSIM / GMSD / spectral "
        "distance",
        "",
        "| | | |",
        "|---|---|---|",
    ]
    for name in sets:
        lines.append(row(name, title, lambda n, _, s=name: read(folder / f"{s}_{n:02}.png")))
        for file, network in networks.items():
            made = row(name, f"**{file}**", lambda _, small, with_=network: enlarge(with_, small))
            lines.append(made)
    return [*lines, ""]


def originals(folder: Path) -> Originals:
    """The pictures of one set, by name."""
    paths = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]
    return [(read(path), is_grey(path)) for path in paths]


def is_grey(path: Path) -> bool:
    """Whether the file stores a single channel."""
    with Image.open(path) as picture:
        return len(picture.getbands()) == 1 and picture.mode != "P"


def scores(pictures: Originals, scale: int, method: Callable[[np.ndarray], np.ndarray]) -> Scores:
    """Mean of every measure for `method`, a function from the small picture to the large one."""
    rows = []
    for picture, grey in pictures:
        height, width = (side - side % scale for side in picture.shape[:2])
        original = picture[:height, :width]
        result = method(resample.resize(original, 1 / scale))
        rows.append(
            {
                "psnr": measurement.psnr(result, original, scale, grey),
                "ssim": measurement.ssim(result, original, scale, grey),
                "gmsd": measurement.gmsd(result, original, scale),
                "spectrum": measurement.spectral_distance(result, original, scale),
            }
        )
    return {name: float(np.mean([row[name] for row in rows])) for name in FORMS}


def bicubic(scale: int, sets: dict[str, Originals]) -> dict[str, Scores]:
    """What plain interpolation reaches on each set."""
    return {
        name: scores(pictures, scale, lambda small: resample.resize(small, scale))
        for name, pictures in sets.items()
    }


def measure(network: Network, sets: dict[str, Originals]) -> dict[str, Any]:
    """The numbers of one file, apart from its speed."""
    found = {
        name: scores(pictures, network.scale, lambda small: enlarge(network, small))
        for name, pictures in sets.items()
    }
    return {
        "scale": network.scale,
        "parameters": int(network.properties["parameters"]),
        "multiply_adds": complexity.multiply_adds(network.path) * SCREEN / network.scale**2,
        "scores": found,
    }


def summary(numbers: dict[str, Any], plain: dict[str, Scores], sets: dict[str, Originals]) -> str:
    """The figures of one file as it states them itself."""
    return "; ".join(
        f"{s.capitalize()} n={len(sets[s])} Y-PSNR {found['psnr']:.2f} dB "
        f"SSIM {found['ssim']:.4f} (bicubic {plain[s]['psnr']:.2f} dB {plain[s]['ssim']:.4f})"
        for s, found in numbers["scores"].items()
    )


def row(
    name: str,
    parameters: float | None,
    multiply_adds: float | None,
    speed: dict[str, float] | None,
    found: dict[str, Scores],
    sets: dict[str, Originals],
    source: str,
) -> str:
    """One line of the table. Parameters in thousands, multiply-adds in 10⁹."""
    shown = [format_or_dash(parameters, ".0f"), format_or_dash(multiply_adds, ".1f")]
    shown += [format_or_dash(speed and speed[of], ".2f") for of in ("passed", "processor")]
    shown += [cell(found.get(name_of_set, {}), "psnr", "ssim") for name_of_set in sets]
    return f"| {name} | {' | '.join(shown)} | {source} |"


def cell(found: Scores, *names: str) -> str:
    return " / ".join(format_or_dash(found.get(name), FORMS[name]) for name in names)


def format_or_dash(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def table(
    scale: int,
    plain: dict[str, Scores],
    files: dict[str, dict[str, Any]],
    sets: dict[str, Originals],
) -> list[str]:
    """The lines of one scale's table."""
    heads = " | ".join(f"{s.capitalize()}, n = {len(p)}" for s, p in sets.items())
    lines = [
        f"×{scale}: Y-PSNR in dB / SSIM",
        "",
        f"| | parameters, k | multiply-adds, G | s per MP | core-s per MP | {heads} | source |",
        "|" + "---|" * (6 + len(sets)),
        row("bicubic", None, None, None, plain, sets, "measured"),
    ]
    for p in PUBLISHED[scale]:
        lines.append(row(p.name, p.parameters, p.multiply_adds, None, p.scores, sets, p.source))
    for name, n in files.items():
        if n["scale"] == scale:
            size = n["parameters"] / 1e3, n["multiply_adds"] / 1e9, n["seconds_per_megapixel"]
            lines.append(row(f"**{name}**", *size, n["scores"], sets, "measured"))
    return [*lines, ""]


def looks(
    scale: int,
    plain: dict[str, Scores],
    files: dict[str, dict[str, Any]],
    sets: dict[str, Originals],
) -> list[str]:
    """The lines of one scale's table of what PSNR does not see; less is better."""
    rows = {"bicubic": plain} | {
        f"**{name}**": n["scores"] for name, n in files.items() if n["scale"] == scale
    }
    return [
        f"×{scale}: GMSD / spectral distance in dB",
        "",
        f"| | {' | '.join(s.capitalize() for s in sets)} |",
        "|" + "---|" * (1 + len(sets)),
        *(
            f"| {name} | {' | '.join(cell(found[s], 'gmsd', 'spectrum') for s in sets)} |"
            for name, found in rows.items()
        ),
        "",
    ]


def protocol(rounds: int, hardware: str) -> str:
    """How the figures of the tables came about, for the reader of a card."""
    return (
        "Original cut to a multiple of the scale, reduced with MATLAB's bicubic (a = -0.5, "
        "antialiased), enlarged, rounded to 8 bits, compared on Y without a border as wide as the "
        "scale. No set was used in training or to choose anything. Rows marked measured are "
        f"the ONNX files that ship, in ONNX Runtime {onnxruntime.__version__} on the CPU, float32, "
        "in the tiles the editor cuts; the others are quoted from the source named, a dash where "
        f"it does not say. Multiply-adds are for a result of 1280×720. Seconds per megapixel of "
        f"result on {hardware}, median of {rounds} rounds in which all files took turns: those "
        "that passed, longer where the machine had other work, and those of the cores, added up. "
        "GMSD (Xue et al. 2014) tells whether edges are where they were, the spectral distance "
        "whether there is as much fine detail as there was; 0 is best for both."
    )


def main() -> None:
    parser = cards.options(__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the sets")
    parser.add_argument("--sets", nargs="+", default=SETS, help="folders in it")
    parser.add_argument("--models", type=Path, default=PLUGIN, help="folder of the ONNX files")
    parser.add_argument("--rounds", type=int, default=precision.ROUNDS, help="of timing")
    parser.add_argument(
        "--averaged", action="store_true", help="what the mean of eight turns gains, alone"
    )
    parser.add_argument("--small", type=Path, help="write what is reduced ×4 there, and no more")
    parser.add_argument(
        "--another", nargs=2, metavar=("TITLE", "FOLDER"), help="what was made of that, alone"
    )
    given = parser.parse_args()
    paths = networks_of(given.models)
    folders = [given.data / name for name in given.sets]
    for needed in (*folders, *([] if paths else [given.models / "*.onnx"])):
        if not needed.exists():
            print(f"{needed} is missing, so there is nothing to measure.", file=sys.stderr)
            raise SystemExit(1)
    sets = {folder.name: originals(folder) for folder in folders}
    if given.small:
        write_small(given.small, sets, max(SCALES))
        return
    networks = {path.stem: Network(path) for path in paths}
    if given.another:
        title, folder, scale = given.another[0], Path(given.another[1]), max(SCALES)
        fitting = {name: network for name, network in networks.items() if network.scale == scale}
        cards.publish(another(title, folder, scale, fitting, sets), {}, given.json)
        return
    if given.averaged:
        lines = [
            line
            for name, network in networks.items()
            if name.endswith(f"faithful_x{network.scale}")
            for line in beside(name, network, sets, averaged)
        ]
        cards.publish(lines, {}, given.json)
        return
    speeds = precision.speeds(list(networks.values()), given.rounds)
    files = {}
    for (name, network), speed in zip(networks.items(), speeds, strict=True):
        files[name] = measure(network, sets) | {"seconds_per_megapixel": asdict(speed)}
    lines = [protocol(given.rounds, given.hardware), ""]
    for scale in sorted({network.scale for network in networks.values()}):
        plain = bicubic(scale, sets)
        lines += table(scale, plain, files, sets) + looks(scale, plain, files, sets)
        for name, network in networks.items():
            if network.scale == scale and given.state:
                state(network.path, {"metrics": summary(files[name], plain, sets)})
    if given.state:
        write_sums(given.models)
    for name, network in networks.items():
        files[name]["sha256"] = sha256(network.path)
    cards.publish(lines, files, given.json)


if __name__ == "__main__":
    main()
