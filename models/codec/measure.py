"""Measure the codec on pictures that it never saw, beside JPEG, WebP and AVIF.

    python -m models.codec.measure --set14 FOLDER --samples FOLDER --crops FOLDER \
        --json metrics.json --state

Every picture is written at several qualities by each, whole files count, and read again. Y-PSNR,
SSIM and MS-SSIM are the papers' (models/measurement.py), the last where a picture has five scales.
At the bits that ours needs at a quality, what another format has is taken from the line between its
own two nearest, over the logarithm of bits; the difference in bits at the same Y-PSNR is
Bjøntegaard's (VCEG-M33, 2001), over what two curves share, from straight lines between points
rather than a cubic. Of the samples, the middle counts.
"""

from __future__ import annotations

import io
import resource
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

from models import cards, measurement
from models.codec.export import PLUGIN
from models.pictures import is_held_out, read
from models.plugincode import editor, plugin_package
from models.tiles import sha256, state, write_sums

QUALITIES = (1, 34, 67, 100)  # those that were trained
MIDDLE = 512  # pixels of the middle of a sample
OTHERS: dict[str, tuple[str, Mapping[str, Any], tuple[int, ...]]] = {
    "JPEG": ("JPEG", {"optimize": True, "progressive": True}, (15, 30, 50, 70, 85, 93, 97)),
    "WebP": ("WEBP", {"method": 4}, (5, 25, 50, 75, 90, 96, 100)),
    "AVIF": ("AVIF", {"speed": 6}, (30, 45, 60, 75, 85, 92, 97)),
}
"""Pillow's name of a format, what it is told, and its qualities."""

Codes = Callable[[np.ndarray, int], tuple[int, np.ndarray]]
"""From a picture (h, w, 3) uint8 and a quality to the bytes of its file and what that shows."""

Point = tuple[float, float, float, float, float]
"""Bits a pixel, Y-PSNR in dB, SSIM, PSNR of all colours in dB, MS-SSIM in dB (-10 log10(1 - it)),
NaN of a picture too small for five scales.
"""


def local_job(folder: Path) -> Any:
    """A job that runs the files of a folder, on the processor."""
    api = editor("api")

    class LocalJob(api.Job):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 3
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            self.sessions = {
                name: onnxruntime.InferenceSession(
                    str(folder / name), options, providers=["CPUExecutionProvider"]
                )
                for name in ("encoder.onnx", "decoder.onnx")
            }

        def describe(self, model: str, image: np.ndarray | None, **inputs: Any) -> np.ndarray:
            if image is not None:
                inputs["image"] = np.ascontiguousarray(image.transpose(2, 0, 1)[None])
            return self.sessions[model].run(None, inputs)[0]

        def run(self, model: str, image: np.ndarray, **inputs: Any) -> np.ndarray:
            raise NotImplementedError

        def progress(self, fraction: float, words: str = "") -> None: ...

        def check(self) -> None: ...

    return LocalJob()


def ours(folder: Path = PLUGIN) -> Codes:
    """The plugin itself, with the files of a folder."""
    plugin = plugin_package("codec", "__init__")
    entropy, job = plugin_package("codec", "entropy"), local_job(folder)
    plugin._tables = lambda: entropy.Tables.read(folder / "entropy.npz")

    def coded(picture: np.ndarray, quality: int) -> tuple[int, np.ndarray]:
        data = plugin.write(picture, job, quality=quality)
        return len(data), plugin.read(data, job).pixels

    return coded


def by_pillow(format: str, told: Mapping[str, Any]) -> Codes:
    """A format as Pillow writes it."""

    def coded(picture: np.ndarray, quality: int) -> tuple[int, np.ndarray]:
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, format, quality=quality, **told)
        size = stream.tell()
        with Image.open(stream) as found:
            return size, np.asarray(found.convert("RGB"))

    return coded


def curve(codes: Codes, picture: np.ndarray, qualities: Sequence[int]) -> list[Point]:
    """What a picture costs and is worth at each quality, cheapest first."""
    points = []
    for quality in qualities:
        size, shown = codes(picture, quality)
        bits = 8 * size / picture[..., 0].size
        y_psnr, ssim = measurement.psnr(shown, picture, 0), measurement.ssim(shown, picture, 0)
        colour = measurement.colour_psnr(shown, picture)
        points.append((bits, y_psnr, ssim, colour, five_scales(shown, picture)))
    return sorted(points)


def five_scales(shown: np.ndarray, picture: np.ndarray) -> float:
    """MS-SSIM in dB, in which differences near 1 can be told; NaN of a small picture."""
    if min(picture.shape[:2]) < 176:
        return float("nan")
    return float(-10 * np.log10(max(1 - measurement.ms_ssim(shown, picture), 1e-12)))


def at(points: Sequence[Point], bits: float, what: int) -> float:
    """What a curve has at so many bits, from the line between two points; NaN beyond its ends."""
    known = np.log([point[0] for point in points])
    values = [point[what] for point in points]
    return float(np.interp(np.log(bits), known, values, left=np.nan, right=np.nan))


def more_bits(ours: Sequence[Point], others: Sequence[Point], what: int) -> float:
    """Per cent of bits that ours needs more than another at the same PSNR of luminance (`what` 1)
    or of all colours (3), or at the same MS-SSIM (4), over what both reach; below 0 it needs fewer.
    NaN where they share nothing.
    """
    curves = [np.array(sorted((x[what], np.log(x[0])) for x in each)) for each in (ours, others)]
    low, high = max(x[0, 0] for x in curves), min(x[-1, 0] for x in curves)
    if not low < high:  # NaN too
        return float("nan")
    at_these = np.linspace(low, high, 64)
    mine, theirs = (np.interp(at_these, x[:, 0], x[:, 1]) for x in curves)
    return float(100 * (np.exp((mine - theirs).mean()) - 1))


def middle(picture: np.ndarray, side: int = MIDDLE) -> np.ndarray:
    """The middle of a picture, or all of a small one."""
    y, x = (max(0, (length - side) // 2) for length in picture.shape[:2])
    return np.ascontiguousarray(picture[y : y + side, x : x + side])


def table(name: str, pictures: Sequence[np.ndarray], codes: Codes) -> tuple[list[str], float]:
    """Rows of one set of pictures, and the mean Y-PSNR of ours at the second quality."""
    mine = [curve(codes, picture, QUALITIES) for picture in pictures]
    theirs = {
        title: [curve(by_pillow(format, told), picture, grid) for picture in pictures]
        for title, (format, told, grid) in OTHERS.items()
    }
    rows = []
    for number, quality in enumerate(QUALITIES):
        here = [points[number] for points in mine]
        cells = [pair([point[1] for point in here], [point[2] for point in here])]
        for curves in theirs.values():
            found = [
                [at(points, point[0], what) for points, point in zip(curves, here, strict=True)]
                for what in (1, 2)
            ]
            cells.append(pair(*found))
        bits = float(np.mean([point[0] for point in here]))
        rows.append(
            f"| {name}, n = {len(pictures)} | {quality} | {bits:.3f} | {' | '.join(cells)} |"
        )
    for what, of in ((1, "PSNR of luminance"), (3, "PSNR of all colours"), (4, "MS-SSIM")):
        cells = []
        for curves in theirs.values():
            each = [more_bits(a, b, what) for a, b in zip(mine, curves, strict=True)]
            cells.append(f"{np.nanmean(each):+.0f} %, fewer in {sum(x < 0 for x in each)}")
        rows.append(f"| {name} | same {of} | bits, ours to theirs | – | {' | '.join(cells)} |")
    return rows, float(np.mean([points[1][1] for points in mine]))


def pair(psnr: Sequence[float], ssim: Sequence[float]) -> str:
    """Means of both over the pictures of which they are known, and of how many where not of all."""
    known = np.isfinite(psnr)
    if not known.any():
        return "–"
    few = "" if known.all() else f" ({known.sum()})"
    return f"{np.mean(np.array(psnr)[known]):.2f} / {np.mean(np.array(ssim)[known]):.4f}{few}"


def speeds(codes_of: Mapping[str, tuple[Codes, int]], picture: np.ndarray) -> str:
    """Seconds of the processor a megapixel, to write and read again, in turn; medians of three."""
    times: dict[str, list[float]] = {name: [] for name in codes_of}
    for _ in range(4):
        for name, (codes, quality) in codes_of.items():
            before = resource.getrusage(resource.RUSAGE_SELF)
            codes(picture, quality)
            after = resource.getrusage(resource.RUSAGE_SELF)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            times[name].append(spent / (picture[..., 0].size / 1e6))
    told = [f"{name} {np.median(spent[1:]):.2f}" for name, spent in times.items()]
    return (
        "Processor seconds a megapixel, written and read again, medians of three in turn on a busy"
        f" machine: {', '.join(told)}."
    )


def main() -> None:
    parser = cards.options(__doc__.splitlines()[0])
    parser.add_argument("--set14", type=Path, required=True)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--crops", type=Path, required=True, help="those kept from training count")
    parser.add_argument("--folder", type=Path, default=PLUGIN, help="of the files")
    parser.add_argument("--most", type=int, default=1000, help="pictures of a set")
    given = parser.parse_args()
    sets = {
        "Set14": [read(path) for path in sorted(given.set14.iterdir())],
        "samples": [middle(read(path)) for path in sorted(given.samples.iterdir())],
        "kept crops": [read(p) for p in sorted(given.crops.glob("*.jpg")) if is_held_out(p.name)],
    }
    codes = ours(given.folder)
    lines = [
        "Y-PSNR in dB / SSIM at the bits a pixel that ours needs; of the others, from the line"
        " between their two nearest qualities (in brackets: how many pictures' lines reach as far)."
        " Last rows of each set: bits of ours beside theirs at the same PSNR or MS-SSIM (five"
        " scales, the paper's weights), and in how many pictures ours are fewer. JPEG, WebP and"
        " AVIF as Pillow writes them (progressive JPEG with"
        " codes of its own, WebP at effort 4, AVIF at speed 6), colour at half the resolution, ours"
        " at the full one; whole files count.",
        "",
        "| pictures | quality | bits a pixel | .slv | " + " | ".join(OTHERS) + " |",
        "|---|---:|---:|---|" + "---|" * len(OTHERS),
    ]
    figures = []
    for name, pictures in sets.items():
        rows, psnr = table(name, pictures[: given.most], codes)
        lines += rows
        figures.append(f"{psnr:.2f} dB on {name}")
        print(*rows, sep="\n", flush=True)
    timed = {"ours": (codes, 34)} | {
        title: (by_pillow(format, told), grid[2]) for title, (format, told, grid) in OTHERS.items()
    }
    lines += ["", speeds(timed, sets["kept crops"][0])]
    if given.state:
        for name in ("encoder", "decoder"):
            words = f"Y-PSNR at quality {QUALITIES[1]}: {', '.join(figures)}"
            state(given.folder / f"{name}.onnx", {"metrics": words})
        write_sums(given.folder)
    files = {n: {"sha256": sha256(given.folder / f"{n}.onnx")} for n in ("encoder", "decoder")}
    cards.publish(lines, files, given.json)


if __name__ == "__main__":
    main()
