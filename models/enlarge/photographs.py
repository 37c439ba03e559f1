"""Show the enlargers on ten real photographs, crop beside crop, and print what can be measured.

    python -m models.enlarge.photographs --models FOLDER --data FOLDER --out photographs.jpg

Which photographs, and why, stands in photographs.toml. FOLDER of the models holds the ONNX files
that ship (`fast_faithful_x4.onnx` and so on, those that are there); FOLDER of the data holds the
photographs. There is no original to compare with, so only two things are printed of every result:
whether it shrinks back to the photograph, and how much noise is in the parts that were flat.
"""

from __future__ import annotations

import argparse
import io
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models import measurement, resample
from models.degradation import fraction, levels
from models.pictures import read
from models.tiles import Network

SCALE = 4
MODELS = ("fast", "quality", "photo")
LOOKS = ("faithful", "crisp")
CONTEXT = 64  # pixels around a crop that every enlarger sees, more than any reaches
LARGEST_FILE = 1_500_000  # bytes
SQUARE = 8  # pixels of the photograph; side of the squares in which noise is measured
FLAT = 0.1  # share of the squares that count as flat: those closest to a plane
MOST_NOISE = 3.0  # 8-bit levels; what is less even is texture, so the crop has no flat part
HEAD, FOOT, GAP = 34, 26, 6  # pixels of the sheet
PLUGIN = Path(__file__).parents[2] / "plugins" / "enlarge" / "safelight_enlarge"
DATA = Path(__file__).parents[3] / "shared" / "data" / "eval"
CHOSEN = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Crop:
    """A part of a photograph. `pixels` is (h, w, 3) uint8 with its surroundings.

    The crop itself is `height` x `width` from `top`, `left` on.
    """

    name: str
    why: str
    pixels: np.ndarray
    top: int
    left: int
    height: int
    width: int

    def cut(self, image: np.ndarray, scale: int = 1) -> np.ndarray:
        """The crop out of `pixels`, or out of a picture of them that is `scale` times larger."""
        top, left = self.top * scale, self.left * scale
        return image[top : top + self.height * scale, left : left + self.width * scale]


def chosen(data: Path) -> list[Crop]:
    """The crops of photographs.toml; SystemExit names a photograph that is missing."""
    said = tomllib.loads(CHOSEN.read_text())
    width, height = said["size"]
    crops = []
    for item in said["photographs"]:
        path = data / item["file"]
        if not path.exists():
            raise SystemExit(f"{path} is missing.")
        left, top = item["at"]
        # Attention windows are counted from the picture's corner: start where one may start.
        x, y = (max(0, side - CONTEXT) // CONTEXT * CONTEXT for side in (left, top))
        pixels = read(path)[y : top + height + CONTEXT, x : left + width + CONTEXT]
        crops.append(Crop(path.name, item["why"], pixels, top - y, left - x, height, width))
    return crops


def enlargements(crops: list[Crop], folder: Path) -> dict[str, list[np.ndarray]]:
    """By name, what bicubic and each network make of every crop with its surroundings."""
    made = {"bicubic": [resample.resize(crop.pixels, SCALE) for crop in crops]}
    for model in MODELS:
        for look in LOOKS:
            path = folder / f"{model}_{look}_x{SCALE}.onnx"
            if path.exists():
                network = Network(path)
                made[f"{model}, {look}"] = [levels(network(fraction(c.pixels))) for c in crops]
    if len(made) == 1:
        raise SystemExit(f"{folder} holds no enlarger: fast_faithful_x{SCALE}.onnx and so on.")
    return made


def squares(image: np.ndarray, side: int) -> np.ndarray:
    """Luminance (0 to 255) of (h, w, 3) uint8 in squares: (count, side * side), row by row."""
    plane = measurement.luminance(image, grey=True)
    rows, columns = (length // side for length in plane.shape)
    parts = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return parts.swapaxes(1, 2).reshape(rows * columns, side * side)


def unevenness(image: np.ndarray, side: int) -> np.ndarray:
    """Standard deviation of each square from the plane that fits it best, in 8-bit levels."""
    y, x = np.mgrid[:side, :side].reshape(2, -1)
    basis = np.linalg.qr(np.stack([np.ones_like(x), x, y], 1).astype(float))[0]
    parts = squares(image, side)
    rest = parts - parts @ basis @ basis.T
    return np.sqrt((rest**2).sum(1) / (side * side - 3))


def noise(result: np.ndarray, original: np.ndarray, scale: int) -> float:
    """Noise of a result where the original is flattest, in 8-bit levels of luminance.

    `scale` times larger than the original; the same places in both. NaN when nothing in the
    original is flat. Compare it with the original's own (scale 1) and with bicubic's: being picked
    as the flattest, these places hold less noise than the picture does.
    """
    before = unevenness(original, SQUARE)
    flat = np.argsort(before)[: max(1, round(FLAT * len(before)))]
    if np.sqrt(np.mean(before[flat] ** 2)) > MOST_NOISE:
        return float("nan")
    return float(np.sqrt(np.mean(unevenness(result, SQUARE * scale)[flat] ** 2)))


def shrinks_back(crop: Crop, result: np.ndarray) -> float:
    """Y-PSNR in dB between a photograph's crop and its enlargement made small again by bicubic.

    High says that nothing the photograph shows was changed; it says nothing about what was added.
    """
    small = resample.resize(result, 1 / SCALE)
    return measurement.psnr(crop.cut(small), crop.cut(crop.pixels), 0)


def facts(crops: list[Crop], made: dict[str, list[np.ndarray]]) -> list[str]:
    """The table: shrinks back in dB / noise in flat parts in levels, a row for each photograph."""
    lines = [
        "Shrinks back to the photograph, Y-PSNR in dB / noise in its flattest parts, 8-bit levels",
        "(-: the crop has no flat part)",
        "",
        f"| photograph | its own noise | {' | '.join(made)} |",
        "|---" * (len(made) + 2) + "|",
    ]
    for n, crop in enumerate(crops):
        original = crop.cut(crop.pixels)
        own = shown(noise(original, original, 1))
        cells = [
            f"{shrinks_back(crop, results[n]):.1f} / "
            + shown(noise(crop.cut(results[n], SCALE), original, SCALE))
            for results in made.values()
        ]
        lines.append(f"| {crop.name} | {own} | {' | '.join(cells)} |")
    return lines


def shown(level: float) -> str:
    """A level of noise as a word of the table."""
    return "-" if np.isnan(level) else f"{level:.2f}"


def sheet(crops: list[Crop], made: dict[str, list[np.ndarray]]) -> Image.Image:
    """All crops under one another, the pixels themselves and every enlargement side by side."""
    height, width = (SCALE * side for side in (crops[0].height, crops[0].width))
    columns = ["as it is"] + list(made)
    size = (
        len(columns) * (width + GAP) - GAP,
        HEAD + len(crops) * (height + FOOT + GAP) - GAP,
    )
    drawn = Image.new("RGB", size, (32, 32, 32))
    pen = ImageDraw.Draw(drawn)
    large, small = (ImageFont.load_default(points) for points in (20, 15))
    for column, name in enumerate(columns):
        pen.text((column * (width + GAP) + 4, 5), name.capitalize(), (230, 230, 230), large)
    for row, crop in enumerate(crops):
        top = HEAD + row * (height + FOOT + GAP)
        nearest = np.kron(crop.cut(crop.pixels), np.ones((SCALE, SCALE, 1), np.uint8))
        images = [nearest] + [crop.cut(results[row], SCALE) for results in made.values()]
        for column, image in enumerate(images):
            drawn.paste(Image.fromarray(image), (column * (width + GAP), top))
        words = f"{crop.name}: {crop.why}"
        pen.text((4, top + height + 3), words, (200, 200, 200), small)
    return drawn


def jpeg(picture: Image.Image) -> bytes:
    """The picture as a JPEG file of at most LARGEST_FILE bytes, as good as fits."""
    for quality in range(94, 40, -4):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality, subsampling="4:4:4", optimize=True)
        if file.tell() <= LARGEST_FILE:
            return file.getvalue()
    raise SystemExit("The contact sheet does not fit into its file: show fewer networks.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=PLUGIN, help="folder of the ONNX files")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the photographs")
    parser.add_argument("--out", type=Path, required=True, help="the contact sheet, a JPEG file")
    given = parser.parse_args()
    crops = chosen(given.data)
    made = enlargements(crops, given.models)
    print("\n".join(facts(crops, made)))
    given.out.write_bytes(jpeg(sheet(crops, made)))
    print(f"\n{given.out}: {given.out.stat().st_size / 1e6:.2f} MB", file=sys.stderr)


if __name__ == "__main__":
    main()
