"""Turn trained weights into an ONNX file that the plugin ships, check it, and describe it.

    python -m models.enlarge.export --model fast --look faithful --scale 4 --weights OUT/weights.npz

The file is called as the filter looks for it: `fast_faithful_x4.onnx`. What is checked, and what a
file states, is in models/onnxfile.py; words come from card.toml, and measure.py adds the figures.
With `--variants PHOTOS` a half-precision and an eight-bit version are made and compared with it
on photographs kept from training (models/precision.py): they go to `--variants-out`, and what fails
its check is not kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from models import cards, onnxfile, precision
from models.enlarge.network import FAMILIES, build
from models.pictures import SUFFIXES, is_held_out, read
from models.training import load_all_weights

MODELS = {"fast": "fast", "quality": "quality", "photo": "fast"}  # and the usual family of each
LOOKS = ("faithful", "crisp")
SCALES = (2, 4)
TILES = {"fast": 448, "quality": 240}  # interior of a tile in input pixels: what suits the memory
CALIBRATION = 32  # photographs that the ranges of eight bits are taken from
SIDE = 96  # input pixels of each
HELD_OUT_SIDE = 384  # pixels of the originals that a variant may lose on
PLUGIN = Path(__file__).parents[2] / "plugins" / "enlarge" / "safelight_enlarge"
SAMPLES = Path(__file__).parents[2] / "resources" / "samples"


def export(
    model: str, look: str, scale: int, weights: Path, folder: Path, family: str
) -> onnxfile.Report:
    """Export, check, describe and place one file. Raises SystemExit where a check fails."""
    words = cards.words(Path(__file__).parent)
    network = build(family, scale)
    load_all_weights(network, weights, f"{family} ×{scale}")
    exact = network.multiple == 1
    title = f"{words['title']} ×{scale}, {words['models'][model]['title']}, {look}"
    return onnxfile.export(
        network.merged(),
        folder / f"{model}_{look}_x{scale}.onnx",
        cards.properties(words, title) | {"tile": str(TILES[family])},
        multiple=network.multiple,
        reach=network.reach if exact else network.multiple,
        exact=exact,
        photographs={} if exact else samples(),
    )


def samples() -> dict[str, np.ndarray]:
    """The middle of each sample photograph, (h, w, 3) float32, by name: to look for seams in."""
    return {
        path.stem: real(middle(read(path), onnxfile.SEAM_SIDE)) for path in pictures_of(SAMPLES)
    }


def pictures_of(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]


def middle(picture: np.ndarray, side: int) -> np.ndarray:
    """The middle `side` squared pixels of a picture, or what there is."""
    y, x = (max(0, (length - side) // 2) for length in picture.shape[:2])
    return picture[y : y + side, x : x + side]


def real(picture: np.ndarray) -> np.ndarray:
    """uint8 as float32 in 0 to 1."""
    return picture.astype(np.float32) / 255


def variants(source: Path, photos: Path, folder: Path) -> None:
    """Make, compare and report the half-precision and eight-bit versions of one file."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = pictures_of(photos)
    held_out = [middle(read(p), HELD_OUT_SIDE) for p in paths if is_held_out(p.name)]
    trained = [middle(read(p), SIDE) for p in paths if not is_held_out(p.name)][:CALIBRATION]
    trained = [picture for picture in trained if picture.shape[:2] == (SIDE, SIDE)]
    if not (held_out and trained):
        raise SystemExit(f"{photos} holds too few photographs to compare on.")
    half, eight = (folder / f"{source.stem}_{kind}.onnx" for kind in ("float16", "int8"))
    psnr, difference = precision.half(source, half, [real(p[:SIDE, :SIDE]) for p in held_out])
    print(f"{half.name}: at least {psnr:.1f} dB and at most {difference:.5f} from float32")
    trade = precision.eight_bit(source, eight, [real(picture) for picture in trained], held_out)
    print(f"{eight.name}: {trade}")
    if not trade.worth_it():
        eight.unlink()
        print(f"{eight.name} was not kept")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--look", choices=LOOKS, default="faithful")
    parser.add_argument("--scale", type=int, choices=SCALES, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="weights.npz of a training")
    parser.add_argument("--family", choices=FAMILIES, help="the network, where not the usual one")
    parser.add_argument("--out", type=Path, default=PLUGIN, help="folder for the ONNX file")
    parser.add_argument("--variants", type=Path, metavar="PHOTOS", help="folder of photographs")
    parser.add_argument("--variants-out", type=Path, help="folder for them (default: --out)")
    given = parser.parse_args()
    report = export(
        given.model,
        given.look,
        given.scale,
        given.weights,
        given.out,
        given.family or MODELS[given.model],
    )
    print(report)
    if given.variants:
        variants(report.path, given.variants, given.variants_out or given.out)


if __name__ == "__main__":
    main()
