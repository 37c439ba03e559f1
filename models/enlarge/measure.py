"""Measure the shipped enlargers on Set5 and Set14, beside bicubic and published figures.

    python -m models.enlarge.measure --data FOLDER [--json metrics.json]

FOLDER holds `set5/` and `set14/` with the original pictures. The protocol is the papers': the
original is cut to a multiple of the scale, made smaller with MATLAB's bicubic, enlarged, rounded
to 8 bits, and compared on the Y channel without a border as wide as the scale (a file of a single
channel on that channel). What is measured is
the ONNX file that ships, in ONNX Runtime on the CPU. The sets serve for this table only: no
network has been trained on them or chosen by them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: it reports usage by default

import numpy as np
import onnx
import onnxruntime
from PIL import Image

from models import measurement, resample
from models.pictures import SUFFIXES, read

PLUGIN = Path(__file__).parents[2] / "plugins" / "enlarge" / "safelight_enlarge"
DATA = Path(__file__).parents[3] / "shared" / "data" / "eval"
SETS = ("set5", "set14")
SCALES = (2, 4)

# Y-PSNR in dB and SSIM as printed in the papers, quoted, not measured here: FSRCNN (Dong et al.
# 2016), VDSR (Kim et al. 2016), IDN (Hui et al. 2018), CARN (Ahn et al. 2018), IMDN (Hui et al.
# 2019), RLFN (Kong et al. 2022), SwinIR-light (Liang et al. 2021). None: not quoted.
PUBLISHED: dict[int, list[tuple[str, str, tuple[float, float | None], tuple[float, float | None]]]]
PUBLISHED = {
    2: [
        ("bicubic", "-", (33.66, 0.9299), (30.24, 0.8688)),
        ("FSRCNN", "12 k", (37.00, 0.9558), (32.63, 0.9088)),
        ("VDSR", "665 k", (37.53, 0.9587), (33.03, 0.9124)),
        ("IDN", "553 k", (37.83, 0.9600), (33.30, 0.9148)),
        ("CARN", "1592 k", (37.76, 0.9590), (33.52, 0.9166)),
        ("IMDN", "694 k", (38.00, 0.9605), (33.63, 0.9177)),
        ("RLFN", "527 k", (38.07, 0.9607), (33.72, 0.9187)),
        ("SwinIR-light", "878 k", (38.14, 0.9611), (33.86, 0.9206)),
    ],
    4: [
        ("bicubic", "-", (28.42, 0.8104), (26.00, 0.7027)),
        ("FSRCNN", "12 k", (30.71, 0.8657), (27.59, 0.7535)),
        ("VDSR", "665 k", (31.35, None), (28.01, None)),
        ("IDN", "553 k", (31.82, None), (28.25, None)),
        ("CARN", "1592 k", (32.13, 0.8937), (28.60, 0.7806)),
        ("IMDN", "715 k", (32.21, 0.8948), (28.58, 0.7811)),
        ("RLFN", "543 k", (32.24, 0.8952), (28.62, 0.7813)),
        ("SwinIR-light", "897 k", (32.44, 0.8976), (28.77, 0.7858)),
    ],
}


def enlarge(session: onnxruntime.InferenceSession, small: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 through the network to (scale*h, scale*w, 3) uint8."""
    image = small.transpose(2, 0, 1)[None].astype(np.float32) / 255
    result = session.run(["result"], {"image": image})[0][0].transpose(1, 2, 0)
    return np.rint(np.clip(result, 0, 1) * 255).astype(np.uint8)


def originals(folder: Path) -> list[tuple[np.ndarray, bool]]:
    """The pictures of one set, by name: (h, w, 3) uint8, and whether the file has one channel."""
    paths = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]
    return [(read(path), is_grey(path)) for path in paths]


def is_grey(path: Path) -> bool:
    """Whether the file stores a single channel."""
    with Image.open(path) as picture:
        return len(picture.getbands()) == 1 and picture.mode != "P"


def scores(
    pictures: list[tuple[np.ndarray, bool]],
    scale: int,
    method: Callable[[np.ndarray], np.ndarray],
) -> tuple[float, float]:
    """Mean (PSNR in dB, SSIM) of `method`, a function from the small picture to the large one."""
    rows = []
    for picture, grey in pictures:
        height, width = (side - side % scale for side in picture.shape[:2])
        original = picture[:height, :width]
        result = method(resample.resize(original, 1 / scale))
        rows.append(
            (
                measurement.psnr(result, original, scale, grey),
                measurement.ssim(result, original, scale, grey),
            )
        )
    psnr, ssim = np.mean(rows, axis=0)
    return float(psnr), float(ssim)


def seconds_per_megapixel(session: onnxruntime.InferenceSession, scale: int) -> float:
    """Seconds per megapixel of result: median of five runs on one megapixel of it."""
    side = 1024 // scale
    image = np.random.default_rng(0).random((1, 3, side, side), np.float32)
    session.run(["result"], {"image": image})
    times = []
    for _ in range(5):
        start = time.perf_counter()
        session.run(["result"], {"image": image})
        times.append(time.perf_counter() - start)
    return float(np.median(times)) / (side * scale) ** 2 * 1e6


def parameters(path: Path) -> int:
    """How many trained numbers the file holds."""
    graph = onnx.load(str(path)).graph
    of_layers = {name for node in graph.node if node.op_type == "Conv" for name in node.input}
    return sum(int(np.prod(w.dims)) for w in graph.initializer if w.name in of_layers)


def row(name: str, size: str, cells: list[tuple[float, float | None]], source: str) -> str:
    """One line of the table."""
    shown = [f"{p:.2f} / {'-' if s is None else format(s, '.4f')}" for p, s in cells]
    return f"| {name} | {size} | " + " | ".join(shown) + f" | {source} |"


def table(
    scale: int, models: Path, sets: dict[str, list[tuple[np.ndarray, bool]]]
) -> tuple[list[str], dict[str, Any]]:
    """The lines of one scale's table and its numbers."""
    path = models / f"enlarge_x{scale}.onnx"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    ours = {s: scores(p, scale, lambda small: enlarge(session, small)) for s, p in sets.items()}
    plain = {
        s: scores(p, scale, lambda small: resample.resize(small, scale)) for s, p in sets.items()
    }
    count = parameters(path)
    speed = seconds_per_megapixel(session, scale)
    heads = " | ".join(f"{s.capitalize()} (n = {len(p)})" for s, p in sets.items())
    lines = [
        f"×{scale}: Y-PSNR in dB / SSIM",
        "",
        f"| | parameters | {heads} | |",
        "|---|---|---|---|---|",
        row("bicubic", "-", list(plain.values()), "measured"),
        row("**Enlarge (this)**", f"{count / 1000:.0f} k", list(ours.values()), "measured"),
        *(
            row(name, size, [five, fourteen], "published")
            for name, size, five, fourteen in PUBLISHED[scale]
        ),
        "",
        f"×{scale} takes {speed:.2f} s per megapixel of result "
        f"(ONNX Runtime {onnxruntime.__version__}, float32, {os.cpu_count()} CPU cores).",
        "",
    ]
    gains = ", ".join(f"{ours[s][0] - plain[s][0]:+.2f} dB on {s.capitalize()}" for s in sets)
    lines += [f"Against bicubic, both measured: {gains}.", ""]
    summary = "; ".join(
        f"{s.capitalize()} n={len(sets[s])} Y-PSNR {ours[s][0]:.2f} dB SSIM {ours[s][1]:.4f} "
        f"(bicubic {plain[s][0]:.2f} dB {plain[s][1]:.4f})"
        for s in sets
    )
    numbers = {
        "ours": ours,
        "bicubic": plain,
        "n": {s: len(p) for s, p in sets.items()},
        "parameters": count,
        "seconds_per_megapixel": round(speed, 3),
        "summary": summary,
    }
    return lines, numbers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder with set5/ and set14/")
    parser.add_argument("--models", type=Path, default=PLUGIN, help="folder of the ONNX files")
    parser.add_argument("--json", type=Path, help="write the numbers here too")
    given = parser.parse_args()
    for needed in (
        *(given.data / s for s in SETS),
        *(given.models / f"enlarge_x{scale}.onnx" for scale in SCALES),
    ):
        if not needed.exists():
            print(f"{needed} is missing, so there is nothing to measure.", file=sys.stderr)
            raise SystemExit(1)
    sets = {s: originals(given.data / s) for s in SETS}
    numbers = {}
    for scale in SCALES:
        lines, numbers[f"x{scale}"] = table(scale, given.models, sets)
        print("\n".join(lines))
    if given.json:
        given.json.write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
